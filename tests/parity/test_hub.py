"""`hub` beside PyTorch's: its folder, files that are there or are fetched, and the functions of a `hubconf.py`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

import autogradkit as ak

HUBCONF = '''
dependencies = ["math"]
from beside import OFFSET as _offset

def net(width, depth=2):
    """A net."""
    return [width + _offset] * depth

def other():
    pass
'''
LIBRARIES = (ak.hub, torch.hub)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of both libraries, with a repository."""
    monkeypatch.setattr(ak.hub, "_chosen", None)  # both are put back in the end
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    for hub in LIBRARIES:
        hub.set_dir(str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "somebody_nets_main"
    repository.mkdir(parents=True)
    (repository / "hubconf.py").write_text(HUBCONF)
    (repository / "beside.py").write_text("OFFSET = 40\n")
    return tmp_path / "hub"


@pytest.mark.parametrize(
    "environment", [{}, {"TORCH_HOME": "~/elsewhere"}, {"XDG_CACHE_HOME": "/caches"}, {"TORCH_HOME": "", "HOME": "/me"}]
)
def test_where_files_are_looked_for(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ak.hub.get_dir() == torch.hub.get_dir()


def test_a_chosen_folder(folder: Path) -> None:
    assert ak.hub.get_dir() == str(folder)


@pytest.mark.parametrize("name", ["net.pth", "other.pth"])
def test_a_state_dict_is_fetched_once(
    folder: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    published = tmp_path / "net.pth"
    torch.save({"weight": torch.arange(3.0)}, published)
    for hub, place in zip(LIBRARIES, (None, str(tmp_path / "theirs")), strict=True):
        state = hub.load_state_dict_from_url(published.as_uri(), place, file_name=name, progress=False)
        assert state["weight"].tolist() == [0, 1, 2]
    ours, theirs = capsys.readouterr().out.splitlines()
    assert ours.replace(str(folder / "checkpoints"), str(tmp_path / "theirs")) == theirs
    assert (folder / "checkpoints" / name).read_bytes() == published.read_bytes()
    uri = published.as_uri()
    published.unlink()
    assert ak.utils.model_zoo.load_url(uri, file_name=name)["weight"].tolist() == [0, 1, 2]


def test_what_has_another_digest_is_refused(folder: Path, tmp_path: Path) -> None:
    torch.save({}, tmp_path / "made.pth")
    content = (tmp_path / "made.pth").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / f"net-{digest[:8]}.pth").write_bytes(content)
    (tmp_path / "net-00000000.pth").write_bytes(content)
    for hub in LIBRARIES:
        right = (tmp_path / f"net-{digest[:8]}.pth").as_uri()
        assert hub.load_state_dict_from_url(right, check_hash=True, progress=False) == {}
        with pytest.raises(RuntimeError) as said:
            hub.load_state_dict_from_url((tmp_path / "net-00000000.pth").as_uri(), check_hash=True, progress=False)
        assert str(said.value) == f'invalid hash value (expected "00000000", got "{digest}")'
    assert [each.name for each in (folder / "checkpoints").iterdir()] == [f"net-{digest[:8]}.pth"]


def test_what_a_file_names_is_not_run_unasked(folder: Path) -> None:
    (folder / "checkpoints").mkdir()
    torch.save({"run": print}, folder / "checkpoints" / "net.pth")
    url = "https://nowhere.invalid/net.pth"
    with pytest.raises(Exception, match="Weights only load failed"):
        ak.hub.load_state_dict_from_url(url)
    assert ak.hub.load_state_dict_from_url(url, weights_only=False)["run"] is print


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "call",
    [
        "load(folder, 'net', 2, source='local')",
        "load(folder, 'net', width=2, depth=1, source='LOCAL')",
        "load('somebody/nets', 'net', 3, verbose=False)",
        "load('somebody/nets:main', 'net', 3)",
        "list('somebody/nets')",
        "help('somebody/nets', 'net')",
        "load(folder, 'net', source='gitlab')",
        "load(folder, 'nett', source='local')",
        "load(folder, 'dependencies', source='local')",
        "load(folder, 3, source='local')",
    ],
)
def test_programs_of_a_folder(call: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for hub in LIBRARIES:
        names = {
            **{name: getattr(hub, name) for name in ("load", "list", "help")},
            "folder": str(folder / "somebody_nets_main"),
        }
        outcome: Any
        try:
            outcome = eval(call, names)
        except (ValueError, RuntimeError) as error:
            outcome = type(error), str(error)
        told.append((outcome, capsys.readouterr()))
    assert told[0] == told[1]


def test_missing_dependencies(folder: Path) -> None:
    file = folder / "somebody_nets_main" / "hubconf.py"
    file.write_text(HUBCONF.replace('"math"', '"math", "nowhere_at_all", "nor_here"'))
    for hub in LIBRARIES:
        with pytest.raises(RuntimeError, match=r"^Missing dependencies: nowhere_at_all, nor_here$"):
            hub.load(str(file.parent), "net", source="local")


@pytest.mark.usefixtures("folder")
def test_programs_are_not_fetched() -> None:
    for name in ("somebody/other", "somebody/nets:v2"):
        with pytest.raises(
            RuntimeError, match=r"autogradkit fetches no programs: clone https://github.com/somebody/\w+, and"
        ):
            ak.hub.load(name, "net")
    with pytest.raises(RuntimeError, match="fetches no programs"):
        ak.hub.load("somebody/nets", "net", force_reload=True)
