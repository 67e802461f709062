"""`load`: checkpoints of this package and of PyTorch, archives and the stream of before version 1.6.

By default only weights: tensors and plain containers of them, and no code of the file's choice. Rests on names, on the
restricted unpickler and on legacy.
"""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import zipfile
from collections.abc import Callable
from typing import IO, Any, cast

import numpy as np

from autogradkit.core.device import device
from autogradkit.core.errors import with_note
from autogradkit.core.frames import entry
from autogradkit.core.storage import Array
from autogradkit.core.storages import UntypedStorage
from autogradkit.files import open_file
from autogradkit.serialization import legacy
from autogradkit.serialization.names import ALLOWED, StorageKind, WithoutNumbers, found, sparse_checked, trusted
from autogradkit.serialization.restricted import NotAllowed, Unpickler

_CORRUPT = (
    " This is an internal miniz error. If you are seeing this error, there is a high likelihood that your checkpoint file is "
    "corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the file was "
    "modified after saving."
)
_NO_CUDA = (
    "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a CPU-only "
    "machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
)
_RERUN = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to `True`. "
    "Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in arbitrary code "
    "execution. Do it only if you got the file from a trusted source."
)
_ASKED = (  # of what was not refused on purpose
    "Please file an issue with the following so that we can make `weights_only=True` compatible with your use case: "
    "WeightsUnpickler error: "
)
_TYPES = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
    "https://pytorch.org/docs/stable/generated/torch.load.html."
)

_NO_STORAGE = (
    "TypedStorage.__init__ received an invalid combination of arguments. Expected one of:\n * (*, torch.device device, "
    "torch.dtype dtype)\n * (int size, *, torch.device device, torch.dtype dtype)\n * (Sequence data, *, torch.device device, "
    "torch.dtype dtype)\n * (*, UntypedStorage wrap_storage, torch.dtype dtype)\nArgument 'wrap_storage' must be "
    "UntypedStorage, but got {}"
)

MAP_LOCATION = Callable[[UntypedStorage, str], UntypedStorage] | device | str | dict[str, str] | None


@entry
def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: MAP_LOCATION = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """What `save`, here or in PyTorch, wrote into a file.

    `weights_only`, as it is by default, refuses a file that names anything but tensors, containers of them and what
    `add_safe_globals` was given; False runs whatever the file asks for. With `mmap` a file's memory is read when it is
    needed. `map_location` may name the CPU, or "meta" for sizes without numbers; what it raises, if it is a function, leaves
    as it is. Raises UnpicklingError for what is not allowed or no pickle, RuntimeError for a file that was cut off or changed,
    EOFError for an empty one, OSError as `open` does.

    >>> import io, autogradkit as torch
    >>> file = io.BytesIO(); torch.save([torch.ones(2), "text"], file); _ = file.seek(0)
    >>> torch.load(file)
    [tensor([1., 1.]), 'text']
    """
    if weights_only is None:
        weights_only = pickle_module is None
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if pickle_module not in (None, pickle) or set(pickle_load_args) - {"encoding", "errors"}:
        raise NotImplementedError(
            "autogradkit unpickles with Python's own pickle, without further arguments than `encoding`"
        )
    if mmap and not isinstance(f, str | os.PathLike):
        raise ValueError("f must be a file path in order to use the mmap argument")
    try:
        return _opened(f, _location(map_location), weights_only, mmap, pickle_load_args)
    except _NotPlacedError as error:
        raise cast("Exception", error.__cause__) from None


def _file_at(f: str | os.PathLike[str]) -> io.BufferedReader:
    try:
        return open_file(os.fspath(f))
    except ValueError as error:
        raise ValueError(f"{os.fspath(f)} cannot be read: {error}") from None


def _opened(f: Any, restores: Restore, weights_only: bool, mmap: bool | None, pickle_load_args: dict[str, Any]) -> Any:
    if isinstance(f, str | os.PathLike):
        path = os.fspath(f)
        with _file_at(f) as file, sparse_checked():
            try:
                return _load(file, path if mmap else None, restores, weights_only, pickle_load_args)
            except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
                with_note(error, f"the file is {path}")
                raise
    try:
        f.seek(f.tell())
    except (io.UnsupportedOperation, AttributeError) as error:
        raise type(error)(
            f"{error}. You can only torch.load from a file that is seekable. Please pre-load the data into a buffer like "
            "io.BytesIO and try to load from it instead."
        ) from None
    with sparse_checked():
        return _load(f, None, restores, weights_only, pickle_load_args)


Restore = Callable[[str, UntypedStorage], UntypedStorage]


class _NotPlacedError(Exception):
    """What `map_location` raised stands in `__cause__`, and leaves as it is: it is nothing that the file does."""


def _location(wanted: Any) -> Restore:
    """Where memory goes, by the place that it comes from."""
    if isinstance(wanted, device):
        wanted = str(wanted)

    def place(location: str, storage: UntypedStorage) -> UntypedStorage:
        if wanted is None:
            return default_restore_location(storage, location)
        if isinstance(wanted, str):
            return default_restore_location(storage, wanted)
        if isinstance(wanted, dict):
            return default_restore_location(storage, str(wanted.get(location, location)))
        try:
            found = wanted(storage, location)
            if found is not None and not isinstance(found, UntypedStorage):
                raise TypeError(_NO_STORAGE.format(type(found)))
        except Exception as error:
            raise _NotPlacedError from error
        return default_restore_location(storage, location) if found is None else found

    return place


@entry
def default_restore_location(storage: UntypedStorage, location: str) -> UntypedStorage:
    """The storage itself, if the CPU is where it should be; as many bytes that are not there, for "meta".

    Raises RuntimeError for any other place.

    >>> import autogradkit as torch
    >>> memory = torch.ones(2).untyped_storage()
    >>> torch.serialization.default_restore_location(memory, "cpu") is memory
    True
    """
    if location.startswith("cuda"):
        raise RuntimeError(_NO_CUDA)
    if location == "meta":
        return WithoutNumbers.of(storage.flat(np.dtype(np.uint8)))
    if location != "cpu":
        raise RuntimeError(
            f"don't know how to restore data location of torch.storage.UntypedStorage (tagged with {location})"
        )
    return storage


def location_tag(storage: UntypedStorage) -> str:
    """Where a storage's memory is: "cpu"."""
    return "cpu"


def _load(file: Any, mapped: str | None, restores: Restore, weights_only: bool, options: dict[str, Any]) -> Any:
    start = file.tell()
    first = file.read(4)
    file.seek(start)
    if first[:4] == b"PK\x03\x04":
        archive = Archive(file, mapped)
        stream, memory = io.BytesIO(archive.record("data.pkl")), archive.memory
        return _unpickled(stream, storages(memory, restores), weights_only, options)
    if mapped is not None:
        raise RuntimeError(
            f"mmap can only be used with files saved with `torch.save({mapped}, _use_new_zipfile_serialization=True), please "
            "torch.save your checkpoint with this option in order to use mmap."
        )
    if not first:
        empty = "the file is empty: it was cut off, or never written. Load an older copy, or save it again"
        raise EOFError(empty) if weights_only else with_note(EOFError("Ran out of input"), empty)

    def unpickle(persistent_load: Callable[[Any], Any]) -> Any:
        return _unpickled(file, persistent_load, weights_only, options)

    return legacy.load(file, unpickle, restores)


def storages(memory: Callable[[str, int], Array], restores: Restore) -> Callable[[Any], Any]:
    """What the persistent ids of a pickle stand for: memory, read once for each key."""
    known: dict[str, Array] = {}

    def persistent_load(named: Any) -> Any:
        if not isinstance(named, tuple) or not named or named[0] != "storage":
            kind = named[0] if isinstance(named, tuple) and named else named
            raise pickle.UnpicklingError(f"Only persistent_load of storage is allowed, but got {kind}")
        _, kind, key, location, count = named[:5]
        if not isinstance(kind, StorageKind) or type(count) is not int or count < 0 or not isinstance(key, str):
            raise pickle.UnpicklingError(f"no storage of a file: {named[1:5]}")
        if key not in known:
            known[key] = memory(key, count * kind.itemsize)
        return kind.on(restores(str(location), UntypedStorage.of(known[key])))

    return persistent_load


def _unpickled(stream: Any, persistent_load: Callable[[Any], Any], weights_only: bool, options: dict[str, Any]) -> Any:
    if not weights_only:
        return _Trusting(stream, persistent_load, options).load()
    try:
        return Unpickler(stream, persistent_load).load()
    except NotAllowed as error:
        raise pickle.UnpicklingError(
            "Weights only load failed. This file can still be loaded, to do so you have two options, \033[1mdo those steps only "
            f"if you trust the source of the checkpoint\033[0m. \n\t(1) {_RERUN}\n\t(2) Alternatively, to load with "
            "`weights_only=True` please check the recommended steps in the following error message.\n\tWeightsUnpickler "
            f"error: {error}{_TYPES}"
        ) from None
    except (pickle.UnpicklingError, TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
        asked = "" if str(error).endswith(" is blocked.") else _ASKED
        refused = pickle.UnpicklingError(f"Weights only load failed. {_RERUN}\n{asked}\n\n{error}{_TYPES}")
        raise with_note(refused, f"that is what stands before byte {stream.tell()} of the pickle") from None


class _Trusting(pickle.Unpickler):
    """Python's own, with PyTorch's names for what is here."""

    def __init__(self, stream: Any, persistent_load: Callable[[Any], Any], options: dict[str, Any]) -> None:
        super().__init__(stream, **options)
        self.persistent_load = persistent_load

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        return found(module_name, global_name)


_LEAST = 22  # bytes of a zip file without entries


class Archive:
    """The zip file that `save` writes: a folder with a pickle and the memory of its tensors."""

    def __init__(self, file: Any, mapped: str | None) -> None:
        try:
            # A zip file's reader asks `seekable`, which not every object has that a tensor can be loaded from.
            self._zip = zipfile.ZipFile(file if hasattr(file, "seekable") else io.BytesIO(file.read()))
        except (zipfile.BadZipFile, OSError, ValueError, OverflowError, NotImplementedError) as error:
            whole = isinstance(error, zipfile.BadZipFile) and file.seek(0, 2) >= _LEAST
            reason = "failed finding central directory" if whole else "not a ZIP archive"
            raise RuntimeError(f"PytorchStreamReader failed reading zip archive: {reason}.{_CORRUPT}") from None
        names = self._zip.namelist()
        self._folder = names[0].partition("/")[0] if names else ""
        self._mapped = mapped
        if f"{self._folder}/constants.pkl" in names:
            raise RuntimeError(
                "autogradkit loads no TorchScript archives: save the state_dict of the model in PyTorch, and load that"
            )
        order = self.record("byteorder") if f"{self._folder}/byteorder" in names else b"little"
        self._swapped = order == b"big"

    def record(self, name: str) -> bytes:
        """A file of the archive. Raises RuntimeError where it is not there, or is not what was written."""
        return self._read(self._entry(name))

    def _entry(self, name: str) -> zipfile.ZipInfo:
        try:
            entry = self._zip.getinfo(f"{self._folder}/{name}")
        except KeyError:
            raise RuntimeError(f"PytorchStreamReader failed locating file {name}: file not found.{_CORRUPT}") from None
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise RuntimeError(
                f"autogradkit reads no compressed checkpoints, and {name} is compressed: unpack it, and zip it with -0"
            )
        return entry

    def _read(self, entry: zipfile.ZipInfo) -> bytes:
        try:
            return self._zip.read(entry)
        except (
            zipfile.BadZipFile,
            EOFError,
            OSError,
            ValueError,
            OverflowError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise RuntimeError(
                f"PytorchStreamReader failed reading file {entry.filename}: {error}.{_CORRUPT}"
            ) from None

    def memory(self, key: str, nbytes: int) -> Array:
        """The bytes of a storage, to be written too. Raises RuntimeError where the archive has another number of them."""
        entry = self._entry(f"data/{key}")
        if entry.file_size != nbytes:
            raise RuntimeError(f"storage has wrong byte size: expected {nbytes} got {entry.file_size}")
        if self._swapped:
            raise RuntimeError(
                "autogradkit reads checkpoints of little-endian machines only, and this one is big-endian"
            )
        if self._mapped is not None and nbytes:
            return np.memmap(self._mapped, np.uint8, "c", self._start_of(entry), (nbytes,)).view(np.ndarray)
        return np.frombuffer(bytearray(self._read(entry)), np.uint8)

    def _start_of(self, entry: zipfile.ZipInfo) -> int:
        """Where an entry's content begins: behind its header, whose name and extra field may be longer than the directory's."""
        file: Any = self._zip.fp
        file.seek(entry.header_offset + 26)
        lengths = file.read(4)
        return entry.header_offset + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")


def get_unsafe_globals_in_checkpoint(f: str | os.PathLike[str] | IO[bytes]) -> list[str]:
    """What a file names that only its user can trust; nothing of it is run."""
    if isinstance(f, str | os.PathLike):
        with _file_at(f) as file:
            content = Archive(file, None).record("data.pkl")
    else:
        content = Archive(f, None).record("data.pkl")
    named = [
        arg.replace(" ", ".")
        for code, arg, _ in pickletools.genops(content)
        if code.name == "GLOBAL" and isinstance(arg, str)
    ]
    known = {*ALLOWED, *trusted()}
    return [each for each in dict.fromkeys(named) if each not in known]
