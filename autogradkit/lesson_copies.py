"""The learner's own copies of the lessons: laid out, renewed with the package, never overwritten once edited.

Rests on `files`; the command line uses it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from autogradkit.files import open_file, write_whole

FIRST = "00_start_here.ipynb"
SUBFOLDER = "tutorials"
_MANIFEST = ".autogradkit-lessons.json"


@dataclass
class Copied:
    """What `copy_lessons` did, by paths relative to the folder of lessons."""

    new: list[str] = field(default_factory=list)  # were not there
    renewed: list[str] = field(default_factory=list)  # unedited copies of an older version
    kept: list[str] = field(default_factory=list)  # edited, left alone
    beside: list[str] = field(default_factory=list)  # the new versions of edited lessons, under names of their own


def lessons_folder() -> Path:
    """Where the lessons are that came with this installation. Raises FileNotFoundError if there are none."""
    package = Path(__file__).parent
    for folder in (package / "_lessons", package.parent / SUBFOLDER):
        if (folder / FIRST).is_file():
            return folder
    raise FileNotFoundError(f"this installation of autogradkit has no lessons: {FIRST} is missing")


def copy_lessons(source: Path, folder: Path) -> Copied:
    """Bring the lessons of `source` into `folder`, and say what was done.

    A manifest remembers every file as it was written: a copy that still is as it was gets the newer version, an edited
    one is left alone and the newer version is put beside it, once. A link counts as edited: nothing is written through it.
    """
    manifest_file = folder / _MANIFEST
    manifest = _read_manifest(manifest_file)
    done = Copied()
    for file in sorted(path for path in source.rglob("*") if path.suffix in (".ipynb", ".md")):
        if ".ipynb_checkpoints" in file.parts:
            continue
        name = file.relative_to(source).as_posix()
        content = file.read_bytes()
        shipped, target = _digest(content), folder / name
        if not os.path.lexists(target):
            _write(target, content)
            done.new.append(name)
        elif target.is_symlink() or (present := _digest(_read(target))) != shipped:
            if not target.is_symlink() and present == manifest.get(name):
                _write(target, content)
                done.renewed.append(name)
            else:
                done.kept.append(name)
                if manifest.get(name) != shipped:
                    beside = _free_name(target)
                    _write(beside, content)
                    done.beside.append(beside.relative_to(folder).as_posix())
        manifest[name] = shipped
    _write(manifest_file, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return done


def _read_manifest(file: Path) -> dict[str, str]:
    try:
        found = json.loads(_read(file))
    except (FileNotFoundError, ValueError, RecursionError):  # without a manifest every differing file counts as edited
        return {}
    return found if isinstance(found, dict) else {}


def _free_name(target: Path) -> Path:
    number = 1
    while True:
        candidate = target.with_name(f"{target.stem}-new{'' if number == 1 else number}{target.suffix}")
        if not os.path.lexists(candidate):
            return candidate
        number += 1


def _read(file: Path) -> bytes:
    try:
        with open_file(file) as opened:
            return opened.read()
    except ValueError as error:  # no file
        raise OSError(errno.EINVAL, str(error), str(file)) from None


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
