"""Devices: the CPU is the only one, and asking for another says so as a CPU build of PyTorch does.

Factories without `device=` make their tensors on the default device, which may be any that can be named, and ask
`require_default`. It is set for good, or for the block of `with torch.device(...)`, each for its thread.
"""

from __future__ import annotations

import threading
from types import TracebackType

from autogradkit.core.c_types import CType
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry

NO_ACCELERATOR = "Cannot access accelerator device when none is available."
_KNOWN = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, "
    "privateuseone"
)


class device(metaclass=CType):  # noqa: N801 - PyTorch's name
    """Where a tensor lives.

    >>> import autogradkit as torch
    >>> torch.device("cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    index: int | None
    type: str

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if isinstance(type, int):
            require_cpu(type)
        if not isinstance(type, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = c_type_name(type)
            raise TypeError(
                f"device() received an invalid combination of arguments - got ({kind}), but expected one of:"
            )
        name, separator, number = type.partition(":")
        if name not in _KNOWN.split(", "):
            raise RuntimeError(f"Expected one of {_KNOWN} device type at start of device string: {name}")
        if separator:
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        self.type = name
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self) -> tuple[type[device], tuple[str, int | None]]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        DEFAULT.blocks = (*DEFAULT.blocks, self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if not DEFAULT.blocks:
            raise RuntimeError("trying to pop from empty mode stack")
        DEFAULT.blocks = DEFAULT.blocks[:-1]


CPU = device("cpu")
META = device("meta")


def require_cpu(wanted: str | int | device | None) -> None:
    """Raise, with PyTorch's text for a build without CUDA, unless `wanted` is the CPU or None."""
    if wanted is None:
        return
    if isinstance(wanted, int) and wanted < 0:
        raise RuntimeError("Device index must not be negative")
    if isinstance(wanted, int):
        raise RuntimeError(NO_ACCELERATOR)
    asked = device(wanted)
    if asked.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if asked.type != "cpu":
        raise RuntimeError(f"autogradkit computes on the CPU only; there is no device '{asked}'. Use device='cpu'.")


class OutOfMemoryError(RuntimeError):
    """A device has no memory left; the processor's is Python's to refuse, by MemoryError."""


OutOfMemoryError.__module__ = "torch"


class _Default(threading.local):
    """The default device of a thread: that of the innermost block, else the one set, else the CPU."""

    set: device | None = None
    blocks: tuple[device, ...] = ()


DEFAULT = _Default()


def is_meta(wanted: str | int | device | None) -> bool:
    """Whether tensors are made, or asked for, without numbers; None is the default device. Raises for a third device."""
    if wanted is None:
        if not DEFAULT.blocks and DEFAULT.set is None:
            return False
        wanted = _default()
    if isinstance(wanted, (str, device)) and device(wanted).type == "meta":
        return True
    require_cpu(wanted)
    return False


def _default() -> device:
    return DEFAULT.blocks[-1] if DEFAULT.blocks else DEFAULT.set or CPU


@entry
def get_default_device() -> device:
    """The device on which factories without `device=` make their tensors. Raises as they do where it is not here.

    >>> import autogradkit as torch
    >>> torch.get_default_device()
    device(type='cpu')
    """
    is_meta(None)  # which refuses what is not here
    return _default()


Device = device  # where a parameter has its name


@entry
def set_default_device(device: str | int | Device | None) -> None:
    """Set that device, with None to what it was at first. Factories refuse one that is not here, not this."""
    if isinstance(device, int):
        require_cpu(device)  # which refuses every number
    DEFAULT.set = None if device is None else Device(device)  # pyright: ignore[reportArgumentType]
