"""Files are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import autogradkit as torch
from autogradkit.files import read_bounded, write_whole
from autogradkit.lesson_copies import copy_lessons
from autogradkit.vision.history import History
from autogradkit.vision.idx import read_idx
from autogradkit.vision.io import read_file, read_image
from autogradkit.vision.utils import save_image
from tests.every_case import every_case


def fill_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing reaches the disk."""

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)


def interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next write is interrupted."""

    def stop(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)


def test_a_new_file_and_an_older_one_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_whole(file, b"first")
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()
    file.chmod(0o640)
    write_whole(file, b"second")
    assert file.read_bytes() == b"second"
    assert file.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.json"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "real" / "a.json")
    write_whole(link, b"x")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.json").read_bytes() == b"x"


@pytest.mark.parametrize("accident", [fill_disk, interrupt])
def test_the_older_file_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accident: object) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    with torch.record() as trace:
        (x * x).backward()
    trace.save(tmp_path / "t.json")
    History([], []).save(tmp_path / "h.json")
    older = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert callable(accident)
    accident(monkeypatch)
    for save in (lambda: trace.save(tmp_path / "t.json"), lambda: History([], []).save(tmp_path / "h.json")):
        with pytest.raises((OSError, KeyboardInterrupt)) as raised:
            save()
        if isinstance(raised.value, OSError):
            assert str(tmp_path) in str(raised.value)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == older


def test_a_full_disk_leaves_no_half_lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "00.ipynb").write_text("zero")
    with monkeypatch.context() as full:
        fill_disk(full)
        with pytest.raises(OSError, match="No space left on device"):
            copy_lessons(tmp_path / "shipped", tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []
    assert copy_lessons(tmp_path / "shipped", tmp_path / "mine").new == ["00.ipynb"]


def test_a_full_disk_leaves_the_older_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.png").write_bytes(b"old")
    with monkeypatch.context() as patch:
        fill_disk(patch)
        with pytest.raises(OSError, match=r"old\.png"):
            save_image(torch.zeros(3, 2, 2), tmp_path / "old.png")
    assert (tmp_path / "old.png").read_bytes() == b"old"
    save_image(torch.zeros(3, 2, 2), tmp_path / "old.png")
    assert read_image(str(tmp_path / "old.png")).shape == (3, 2, 2)


def test_links_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(OSError, match="circle"):
        write_whole(tmp_path / "circle", b"x")
    assert (tmp_path / "circle").is_symlink()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere.*a\.json"):
        write_whole(tmp_path / "nowhere" / "a.json", b"x")


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123456")
    assert read_bounded(tmp_path / "a", 6) == b"123456"
    with pytest.raises(ValueError, match="larger than 5 bytes"):
        read_bounded(tmp_path / "a", 5)


READERS = (torch.Trace.load, History.load, read_idx, torch.load, read_file)


@pytest.mark.parametrize("read", READERS)
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"pipe.*: it is a pipe, not a file: copy what it gives into a file"):
        read(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "plug"))
        with pytest.raises(ValueError, match=r"plug.*: it is a socket, not a file"):
            read(tmp_path / "plug")


@every_case("read", READERS)
@every_case("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_refused_and_not_read(read: Callable[[str], object], device: str) -> None:
    with pytest.raises(ValueError, match=f"{device}.*: it is a device, not a file"):
        read(device)


@pytest.mark.parametrize("read", READERS[:4])  # torchvision's `read_file` raises RuntimeError for both
def test_a_folder_and_a_missing_file_are_named(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        read(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        read(tmp_path / "absent")


@pytest.mark.parametrize("read", READERS[:2])
def test_a_huge_file_is_refused_unread(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)  # of which nothing is on the disk
    with pytest.raises(ValueError, match=r"huge: the file is larger than"):
        read(tmp_path / "huge")


@pytest.mark.parametrize("read", READERS[:2])
@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, '{"version": ' + "9" * 50_000 + "}"])
def test_json_that_python_cannot_read_is_no_traceback_of_the_parser(
    tmp_path: Path, read: Callable[[Path], object], text: str
) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"a\.json: .*the text is not JSON"):
        read(tmp_path / "a.json")


def test_a_file_that_grows_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"123")
    measure = os.fstat

    def grow(descriptor: int) -> os.stat_result:
        found = measure(descriptor)
        with file.open("ab") as more:
            more.write(bytes(1000))
        return found

    monkeypatch.setattr(os, "fstat", grow)
    with pytest.raises(ValueError, match="grew while it was read"):
        read_bounded(file, 10_000)
