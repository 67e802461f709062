"""`torch.PyTorchFileReader`: the records of an archive, by their names, for who reads tensors one by one.

Rests on `zipfile`. What it reads is bytes: nothing is unpickled here.
"""

from __future__ import annotations

import os
import zipfile
from typing import IO

from autogradkit.core.dtype import dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


class PyTorchFileReader:
    """An archive that `save` or PyTorch wrote: a file, or its path. Raises RuntimeError for what is none."""

    @entry
    def __init__(self, file: str | os.PathLike[str] | IO[bytes]) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OverflowError):
            raise _failure("reading zip archive: not a ZIP archive") from None
        names = self._archive.namelist()
        if not names:
            raise RuntimeError("[enforce fail at inline_container.cc:171] . archive does not contain any files")
        folder, slash, _ = names[0].partition("/")
        if not slash:
            raise RuntimeError(
                f"[enforce fail at inline_container.cc:180] . file in archive is not in a subdirectory: {names[0]}"
            )
        self._folder = folder + slash
        if not (self.has_record("version") or self.has_record(".data/version")):
            raise RuntimeError(
                'Expected hasRecord("version") to be true, but got false.  (Could this error message be improved?  If so, please '
                "report an enhancement request to PyTorch.)"
            )

    def get_all_records(self) -> list[str]:
        """The names of the records."""
        return [name.removeprefix(self._folder) for name in self._archive.namelist()]

    def has_record(self, name: str) -> bool:
        """Whether there is one of that name."""
        return self._folder + name in self._archive.namelist()

    @entry
    def get_record(self, name: str) -> bytes:
        """Its bytes. Raises RuntimeError where there is none."""
        try:
            return self._archive.read(self._folder + name)
        except KeyError:
            raise _failure(f"locating file {name}: file not found") from None

    @entry
    def get_storage_from_record(self, name: str, numel: int, dtype: dtype) -> Tensor:
        """An empty tensor, whose storage are its bytes, so many elements of the dtype."""
        from autogradkit import frombuffer

        return frombuffer(bytearray(self.get_record(name)), dtype=dtype, count=numel)[:0]


def _failure(what: str) -> RuntimeError:
    return RuntimeError(
        f"PytorchStreamReader failed {what}. This is an internal miniz error. If you are seeing this error, there is a high "
        "likelihood that your checkpoint file is corrupted. This can happen if the checkpoint was not saved properly, was "
        "transferred incorrectly, or the file was modified after saving."
    )
