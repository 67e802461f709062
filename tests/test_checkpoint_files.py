"""Checkpoints from strangers, damaged ones, and disks that are full: refused with a reason, and nothing is run or lost."""

from __future__ import annotations

import errno
import io
import os
import pickle
import pickletools
import random
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

import autogradkit as torch
from tests.every_case import every_case


def written(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def with_pickle(content: bytes) -> io.BytesIO:
    """A checkpoint whose pickle is this one."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written(torch.ones(3)))) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name.endswith("data.pkl") else old.read(name))
    file.seek(0)
    return file


class Runs:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def test_a_file_that_runs_something_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO(written([torch.ones(2), Runs(f"touch {tmp_path / 'ran'}")]))
    with pytest.raises(pickle.UnpicklingError, match=r"unsupported GLOBAL posix\.system whose module posix is blocked"):
        torch.load(file)
    assert not (tmp_path / "ran").exists()
    file.seek(0)
    assert torch.serialization.get_unsafe_globals_in_checkpoint(file) == ["posix.system"]


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x03tQ"


@every_case(
    "content",
    [
        b"ctorch\nTensor\n(J\x00\x00\x00\x7ftR.",  # a tensor of two billion elements
        b"cbuiltins\nbytearray\n(J\x00\x00\x00\x7ftR.",
        b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x03\x00\x00\x00hextR.",
        b"cbuiltins\neval\n(X\x01\x00\x00\x001tR.",
        b"ctorch.nn.modules.linear\nLinear\n(K\x02K\x02tR.",
        b"ctorch\nFloatStorage\n)R.",
        b"ctorch\nfloat32\n)R.",
        b"(X\x01\x00\x00\x00aX\x01\x00\x00\x00btR.",
        b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nTensor\nctorch\nTensor\n(J\x00\x00\x00\x7ft}tR.",
    ],
)
def test_nothing_is_called_that_rebuilds_no_tensor(content: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
            torch.load(with_pickle(b"\x80\x02" + content))
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (b"K\x00K\x04\x85K\x01\x85", "out of bounds for storage of size 12"),
        (b"K\x02K\x02\x85K\x01\x85", "out of bounds for storage of size 12"),
        (b"J\xff\xff\xff\xffK\x01\x85K\x01\x85", "no geometry of a tensor"),
        (b"K\x00K\x02\x85J\xff\xff\xff\xff\x85", "no geometry of a tensor"),
        (b"K\x00K\x02\x85K\x01K\x01\x86", "no geometry of a tensor"),
        (b"K\x00X\x01\x00\x00\x00a\x85K\x01\x85", "no geometry of a tensor"),
    ],
)
def test_no_tensor_reaches_beyond_its_memory(geometry: bytes, said: str) -> None:
    content = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + geometry + b"\x89}tR."
    with pytest.raises((pickle.UnpicklingError, RuntimeError), match=said):
        torch.load(with_pickle(content))


def test_a_file_changes_no_inner_attribute() -> None:
    made = b"ctorch._utils\n_rebuild_tensor_v2\n", b"(" + STORAGE + b"K\x00K\x03\x85K\x01\x85\x89}t"
    content = b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(" + made[0] + b"ctorch\nTensor\n" + made[1]
    with pytest.raises(pickle.UnpicklingError, match="'_array' of a Tensor is not for a file to set"):
        torch.load(with_pickle(content + b"}X\x06\x00\x00\x00_arrayNstR."))


def test_memory_follows_what_the_file_holds() -> None:
    huge = b"\x80\x02" + STORAGE.replace(b"K\x03", b"J\x00\x00\x00\x7f") + b"."
    tracemalloc.start()
    try:
        with pytest.raises(RuntimeError, match=r"storage has wrong byte size: expected 8522825728 got 12"):
            torch.load(with_pickle(huge))
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data.pkl", b"\0" * 10_000_000)
        file.seek(0)
        with pytest.raises(RuntimeError, match="compressed"):
            torch.load(file)
        assert tracemalloc.get_traced_memory()[1] < 15e6
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")  # a changed byte may name another one
def test_damaged_files_are_loaded_or_refused() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    net = torch.nn.Linear(3, 2)
    whole = written({"net": net.state_dict(), "x": torch.arange(6).reshape(2, 3).t(), "plain": [1, "a", b"b", {2.5}]})
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        content = archive.read("archive/data.pkl")
    said: list[str] = []
    for number in range(1_000):
        changed = bytearray(content if number % 2 else whole)
        for _ in range(chance.choice((1, 1, 3))):
            place = chance.randrange(len(changed))
            if chance.random() < 0.8:
                changed[place] = chance.randrange(256)
            else:
                del changed[place + 1 :]
        try:
            torch.load(with_pickle(bytes(changed)) if number % 2 else io.BytesIO(bytes(changed)))
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            said.append(str(error))
    assert len(said) > 500
    assert all(said)


def test_what_is_refused_names_file_place_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    whole = with_pickle(b"\x80\x02]q\x00(K\x01").getvalue()
    cases = {
        b"": r"the file is empty: .* Load an older copy",
        whole: r"the file ends within the pickle, at byte 8: it was cut off or damaged\. Load an older copy",
        with_pickle(
            b"\x80\x02ctor"
        ).getvalue(): r"the file ends within a name in the pickle, at byte 6: .* save it again",
        with_pickle(b"\x80\x02K\x01t.").getvalue(): r"Weights only load failed\.",
        whole[:40]: r"PytorchStreamReader failed reading zip archive",
    }
    for content, text in cases.items():
        path.write_bytes(content)
        with pytest.raises((EOFError, pickle.UnpicklingError, RuntimeError), match=text) as refused:
            torch.load(path)
        notes = refused.value.__notes__
        assert notes[-1] == f"autogradkit: the file is {path}"
        assert isinstance(refused.value, pickle.UnpicklingError) == ("before byte 5 of the pickle" in notes[0])


@every_case(
    "given",
    [
        torch.eye(2).to_sparse(),
        torch.eye(2).to_sparse_csr(),
        torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    ],
)
def test_what_is_not_dense_has_no_place_on_the_meta_device(given: torch.Tensor) -> None:
    with pytest.raises(NotImplementedError, match="tensors are not available on the meta device"):
        torch.load(io.BytesIO(written([given])), map_location="meta")


def test_a_checksum_is_checked() -> None:
    content = bytearray(written(torch.ones(3)))
    place = content.index(b"\x00\x00\x80?" * 3)
    content[place] ^= 1
    with pytest.raises(RuntimeError, match=r"failed reading file archive/data/0: Bad CRC-32"):
        torch.load(io.BytesIO(bytes(content)))


def test_what_cannot_be_written_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.pt"
    torch.save({"a": torch.ones(2)}, path)
    with pytest.raises(AttributeError, match="Can't pickle"):
        torch.save({"a": torch.zeros(2), "b": lambda: 1}, path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        torch.save({"a": torch.zeros(2)}, path)
    assert torch.load(path)["a"].tolist() == [1, 1]
    assert os.listdir(tmp_path) == ["net.pt"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="it is a pipe, not a file"):
        torch.load(tmp_path / "pipe")


@pytest.mark.parametrize("option", [{"pickle_protocol": 1}, {"pickle_module": pickletools}])
def test_what_is_not_written_is_said(option: dict[str, Any]) -> None:
    with pytest.raises(
        NotImplementedError, match="autogradkit writes by Python's pickle alone, by its protocols from 2"
    ):
        torch.save(1, io.BytesIO(), **option)


def test_a_file_of_torchscript_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("data.pkl", "constants.pkl"):
            archive.writestr(f"model/{name}", b"")
    file.seek(0)
    with pytest.raises(RuntimeError, match="autogradkit loads no TorchScript archives"):
        torch.load(file)
