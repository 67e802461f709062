"""Files of data sets: fetched whole or not at all, checked, unpacked; the names are those of `torchvision.datasets.utils`.

Rests on the standard library and on `downloads`. The data sets of this package use it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from autogradkit.core.frames import entry
from autogradkit.downloads import MOST_DOWNLOADED, fetch

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz")


@entry
def calculate_md5(fpath: str | Path, chunk_size: int = 1024 * 1024) -> str:
    """The MD5 digest of a file's content.

    >>> file = Path(tempfile.mkdtemp()) / "empty"; file.touch(); calculate_md5(file)
    'd41d8cd98f00b204e9800998ecf8427e'
    """
    digest = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while piece := file.read(chunk_size):
            digest.update(piece)
    return digest.hexdigest()


def check_integrity(fpath: str | Path, md5: str | None = None) -> bool:
    """Whether there is such a file, with that digest where one is given."""
    return os.path.isfile(fpath) and (md5 is None or calculate_md5(fpath) == md5)


@entry
def download_url(
    url: str,
    root: str | Path,
    filename: str | None = None,
    md5: str | None = None,
    most: int = MOST_DOWNLOADED,
) -> None:
    """Fetch a file into the folder `root`, unless it is there, and show how far it is.

    It takes its name once it is complete and has its digest: what was cut off leaves nothing behind. Raises URLError where
    nothing answers, RuntimeError where the answer is another file.

    >>> folder = Path(tempfile.mkdtemp()); _ = (folder / "there").write_text("12345")
    >>> download_url("https://nowhere.invalid/there", folder, md5="827ccb0eea8a706c4c34a16891f84e7b")
    """
    folder = Path(root).expanduser()
    target = folder / (filename or os.path.basename(url))
    folder.mkdir(parents=True, exist_ok=True)
    if check_integrity(target, md5):
        return

    def check(part: str) -> None:
        if not check_integrity(part, md5):
            raise RuntimeError("File not found or corrupted.")

    fetch(url, target, check, most=most)


@entry
def extract_archive(
    from_path: str | Path, to_path: str | Path | None = None, remove_finished: bool = False
) -> str | Path:
    """Unpack a `.tar` (also compressed), a `.zip` or a single `.gz` file into a folder, which is returned.

    A file is unpacked beside its place and takes it when all of the archive is. Nothing is written outside of the folder.

    >>> folder = Path(tempfile.mkdtemp()); _ = (folder / "digits.gz").write_bytes(gzip.compress(b"0123"))
    >>> extract_archive(folder / "digits.gz").read_bytes()
    b'0123'
    """
    folder = Path(os.path.dirname(from_path) if to_path is None else to_path)
    name = os.path.basename(from_path)
    folder.mkdir(parents=True, exist_ok=True)
    result = folder
    with tempfile.TemporaryDirectory(prefix=f".{name[:100]}.", dir=folder) as place:
        beside = Path(place)
        if name.endswith(_TARS):
            with tarfile.open(from_path) as tar:
                tar.extractall(beside, filter="data")
        elif name.endswith(".zip"):
            with zipfile.ZipFile(from_path) as archive:
                archive.extractall(beside)
        elif name.endswith(".gz"):
            result = folder / name.removesuffix(".gz")
            with gzip.open(from_path) as packed, open(beside / result.name, "wb") as file:
                shutil.copyfileobj(packed, file)
        else:
            raise RuntimeError(f"Unknown compression or archive type: '{Path(from_path).suffix}'.")
        for file in [each for each in beside.rglob("*") if not each.is_dir()]:
            target = folder / file.relative_to(beside)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
    if remove_finished:
        os.remove(from_path)
    return os.fspath(result) if isinstance(from_path, str) else result


@entry
def download_and_extract_archive(
    url: str,
    download_root: str | Path,
    extract_root: str | Path | None = None,
    filename: str | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """`download_url`, then `extract_archive`."""
    folder = os.path.expanduser(download_root)
    filename = filename or os.path.basename(url)
    download_url(url, folder, filename, md5)
    extract_archive(os.path.join(folder, filename), extract_root or folder, remove_finished)


@entry
def verify_str_arg(
    value: str, arg: str | None = None, valid_values: Iterable[str] | None = None, custom_msg: str | None = None
) -> str:
    """The value, where it is one of those. Raises ValueError, with torchvision's words, where it is not.

    >>> verify_str_arg("tets", "split", ("train", "test"))
    Traceback (most recent call last):
    ...
    ValueError: Unknown value 'tets' for argument split. Valid values are {'train', 'test'}.
    """
    if not isinstance(value, str):
        what = "" if arg is None else f" for argument {arg}"
        raise ValueError(f"Expected type str{what}, but got type {type(value)}.")
    if valid_values is not None and value not in valid_values:
        listed = "', '".join(map(str, valid_values))
        raise ValueError(custom_msg or f"Unknown value '{value}' for argument {arg}. Valid values are {{'{listed}'}}.")
    return value
