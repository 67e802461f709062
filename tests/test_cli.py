"""The command line, as somebody types it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import autogradkit
from autogradkit import cli, lesson_copies
from tests.every_case import every_case
from tests.lab_server import described

ROOT = Path(__file__).parent.parent


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"autogradkit {autogradkit.__version__}\n"
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    assert "lab" in capsys.readouterr().out
    assert cli.main([]) == 2
    assert "usage: autogradkit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["lab", "--port", "no"], "'no' is no port"),
        (["lab", "--port", "0"], "'0' is no port"),
        (["lab", "--port", "65536"], "'65536' is no port"),
        (["train"], "the following arguments are required: network"),
        (["train", "resnet"], "invalid choice: 'resnet'"),
        (["train", "mlp", "--epochs", "0"], "'0' should be a whole number, from 1 to 999999999"),
        (["train", "mlp", "--seed", "x"], "'x' is no seed: a whole number of at most 64 bits is"),
        (["train", "mlp", "--seed", "9" * 5000], "is no seed"),
        (["train", "mlp", "--epochs", "9" * 5000], "should be a whole number"),
    ],
)
def test_refuses_what_it_does_not_know(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_train_reaches_its_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "mlp"]) == 0
    said = capsys.readouterr()
    assert "mlp, seed 0, 12 epochs of 79 batches" in said.out
    assert "epoch 12: loss" in said.out
    assert "the recipe's target is 92%" in said.out
    assert "948/948" in said.err


def test_train_a_single_epoch_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "mlp", "--epochs", "1", "--seed", "3", "--quiet"]) == 0
    said = capsys.readouterr()
    assert "mlp, seed 3, 1 epochs" in said.out
    assert len(said.out.splitlines()) == 2
    assert "of the test digits named rightly" in said.out
    assert said.err == ""


def test_train_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("autogradkit.vision.train.Training.steps", interrupted)
    assert cli.main(["train", "lenet", "--quiet"]) == 130
    assert "Interrupted." in capsys.readouterr().err


def test_lab_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jupyterlab" else found(name))
    assert cli.main(["lab", str(tmp_path / "x")]) == 1
    said = capsys.readouterr().out
    assert "needs jupyterlab, which this Python does not have" in said
    assert "-m pip install jupyterlab" in said
    assert not (tmp_path / "x").exists()


def test_lab_says_where_it_cannot_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / lesson_copies.FIRST).write_text("{}")
    monkeypatch.setattr(lesson_copies, "lessons_folder", lambda: shipped)
    (tmp_path / "file").write_text("in the way")
    assert cli.main(["lab", str(tmp_path / "file")]) == 1
    assert "The lessons cannot be copied" in capsys.readouterr().err


def answer_of(address: str, deadline: float) -> Any:
    """What a server that describes itself a moment before it listens answers."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.mark.wide
@pytest.mark.long
def test_lab_serves_the_first_lesson(tmp_path: Path) -> None:
    """The real thing, as a process of its own: lessons copied, JupyterLab up on the first one."""
    environment = os.environ | {"JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "PYTHONPATH": str(ROOT)}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "autogradkit", "lab", "mine", "--no-browser"],
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 90
        server = described(tmp_path / "runtime", process, tmp_path / "log", deadline)
        assert Path(server["root_dir"]) == tmp_path / "mine"
        assert server["hostname"] in ("localhost", "127.0.0.1")
        with pytest.raises(urllib.error.HTTPError, match="403"):  # without the token
            answer_of(f"{server['url']}api/contents/", deadline)
        ask = f"{server['url']}api/contents/tutorials/00_start_here.ipynb?content=0&token={server['token']}"
        assert answer_of(ask, deadline)["type"] == "notebook"
        setting = "lab/api/settings/@jupyterlab/apputils-extension:notification"
        news = answer_of(f"{server['url']}{setting}?token={server['token']}", deadline)["schema"]["properties"]
        assert (news["fetchNews"]["default"], news["checkForUpdates"]["default"]) == ("false", False)
    finally:
        process.terminate()
        process.wait(120)  # on a busy machine
    assert "/lab/tree/tutorials/00_start_here.ipynb" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("output", "status", "told"),
    [
        (">/dev/full", 1, "autogradkit: what it prints cannot be written: No space left on device\n"),
        ("| true", 141, ""),
        (">&-", 0, ""),
        (">/dev/null 2>&-", 0, ""),
    ],
)
def test_where_its_output_goes_is_no_reason_for_a_traceback(output: str, status: int, told: str) -> None:
    command = f"{sys.executable} -m autogradkit train mlp --epochs 1 --quiet {output}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", told)


@every_case("unbuffered", ["", "1"])
@every_case(
    "arguments status told",
    [
        ("--help >/dev/full", 1, "autogradkit: what it prints cannot be written: No space left on device\n"),
        ("--version >/dev/full", 1, "autogradkit: what it prints cannot be written: No space left on device\n"),
        ("train --help >/dev/full", 1, "autogradkit: what it prints cannot be written: No space left on device\n"),
        ("--help >/dev/full 2>&1", 1, ""),
        ("train nope 2>/dev/full", 2, ""),
        ("train nope 2>&-", 2, ""),
        ("lab /proc/x 2>/dev/full", 1, ""),
        ("--version >&- 2>&-", 0, ""),
    ],
)
def test_help_that_cannot_be_written_is_no_success(arguments: str, status: int, told: str, unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = ["bash", "-c", f"{sys.executable} -m autogradkit {arguments}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", told)


def test_lab_of_a_user_who_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "~nosuchuser/x", "--no-browser"]) == 1
    assert "There is no folder ~nosuchuser/x" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["/dev/null", "/dev/null/x", "pipe", "circle/x", "a" * 300])
def test_lab_where_no_folder_can_be(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("circle").symlink_to("circle")
    assert cli.main(["lab", folder, "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert folder in said
    assert said.endswith("Name another folder: autogradkit lab FOLDER\n")
    assert sorted(os.listdir()) == ["circle", "pipe"]
