"""The learner's copies of the lessons: renewed while unedited, never overwritten once edited."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autogradkit.lesson_copies import copy_lessons


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    (folder / "zh").mkdir(parents=True)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "00.ipynb").write_text("zero")
    (folder / "01.ipynb").write_text("one")
    (folder / "zh" / "00.ipynb").write_text("零", encoding="utf-8")
    (folder / "notes.txt").write_text("not a lesson")
    (folder / ".ipynb_checkpoints" / "00.ipynb").write_text("old")
    return folder


def test_first_copy(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    done = copy_lessons(source, mine)
    assert done.new == ["00.ipynb", "01.ipynb", "zh/00.ipynb"]
    assert (mine / "zh" / "00.ipynb").read_text(encoding="utf-8") == "零"
    assert sorted(path.name for path in mine.iterdir()) == [".autogradkit-lessons.json", "00.ipynb", "01.ipynb", "zh"]


def test_nothing_to_do_the_second_time(source: Path, tmp_path: Path) -> None:
    copy_lessons(source, tmp_path / "mine")
    done = copy_lessons(source, tmp_path / "mine")
    assert (done.new, done.renewed, done.kept, done.beside) == ([], [], [], [])


def test_edits_are_never_overwritten(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy_lessons(source, mine)
    (mine / "00.ipynb").write_text("zero, with my notes")
    done = copy_lessons(source, mine)
    assert (done.kept, done.beside) == (["00.ipynb"], [])
    assert (mine / "00.ipynb").read_text() == "zero, with my notes"


def test_a_newer_version_renews_what_is_unedited_and_goes_beside_what_is(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy_lessons(source, mine)
    (mine / "00.ipynb").write_text("zero, with my notes")
    (source / "00.ipynb").write_text("zero, better")
    (source / "01.ipynb").write_text("one, better")
    done = copy_lessons(source, mine)
    assert (done.renewed, done.kept, done.beside) == (["01.ipynb"], ["00.ipynb"], ["00-new.ipynb"])
    assert (mine / "00.ipynb").read_text() == "zero, with my notes"
    assert (mine / "00-new.ipynb").read_text() == "zero, better"
    assert (mine / "01.ipynb").read_text() == "one, better"
    assert copy_lessons(source, mine).beside == []
    (source / "00.ipynb").write_text("zero, best")
    assert copy_lessons(source, mine).beside == ["00-new2.ipynb"]
    assert (mine / "00-new.ipynb").read_text() == "zero, better"


def test_files_of_the_learner_that_were_there_first_stay(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "00.ipynb").write_text("something of mine")
    done = copy_lessons(source, mine)
    assert (done.kept, done.beside) == (["00.ipynb"], ["00-new.ipynb"])
    assert (mine / "00.ipynb").read_text() == "something of mine"


@pytest.mark.parametrize("manifest", ["", "{", "[1, 2]"])
def test_a_spoilt_manifest_loses_no_edit(source: Path, tmp_path: Path, manifest: str) -> None:
    mine = tmp_path / "mine"
    copy_lessons(source, mine)
    (mine / "00.ipynb").write_text("mine")
    (mine / ".autogradkit-lessons.json").write_text(manifest)
    copy_lessons(source, mine)
    assert (mine / "00.ipynb").read_text() == "mine"


def test_a_deleted_copy_comes_back(source: Path, tmp_path: Path) -> None:
    copy_lessons(source, tmp_path / "mine")
    (tmp_path / "mine" / "01.ipynb").unlink()
    assert copy_lessons(source, tmp_path / "mine").new == ["01.ipynb"]


def test_nothing_is_written_through_a_link(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "00.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    done = copy_lessons(source, mine)
    assert (done.kept, done.beside) == (["00.ipynb"], ["00-new.ipynb"])
    assert not (tmp_path / "elsewhere.ipynb").exists()
    assert (mine / "00-new.ipynb").read_text() == "zero"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000, b"[1, 2]", b""])
def test_a_damaged_manifest_counts_every_file_as_edited(source: Path, tmp_path: Path, content: bytes) -> None:
    mine = tmp_path / "mine"
    copy_lessons(source, mine)
    (mine / ".autogradkit-lessons.json").write_bytes(content)
    (source / "00.ipynb").write_text("zero, better")
    done = copy_lessons(source, mine)
    assert (done.kept, done.beside) == (["00.ipynb"], ["00-new.ipynb"])


def test_a_pipe_in_the_place_of_a_lesson_is_refused_and_not_waited_for(source: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    os.mkfifo(tmp_path / "mine" / "00.ipynb")
    with pytest.raises(OSError, match=r"it is a pipe, not a file.*mine/00\.ipynb"):
        copy_lessons(source, tmp_path / "mine")


def test_a_pipe_in_the_place_of_the_manifest_counts_as_none(source: Path, tmp_path: Path) -> None:
    copy_lessons(source, tmp_path / "mine")
    (tmp_path / "mine" / "01.ipynb").write_text("mine")
    manifest = tmp_path / "mine" / ".autogradkit-lessons.json"
    manifest.unlink()
    os.mkfifo(manifest)
    with pytest.raises(OSError, match="autogradkit-lessons"):  # it cannot be replaced either
        copy_lessons(source, tmp_path / "mine")
    assert (tmp_path / "mine" / "01.ipynb").read_text() == "mine"
