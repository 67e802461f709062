"""Devices: the CPU is the only one, and asking for another says so as a CPU build of PyTorch does."""

from __future__ import annotations

from autogradkit.core.c_types import CType
from autogradkit.core.errors import c_type_name

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


CPU = device("cpu")


def require_cpu(wanted: str | int | device | None) -> None:
    """Raise, with PyTorch's text for a build without CUDA, unless `wanted` is the CPU or None."""
    if wanted is None:
        return
    if isinstance(wanted, int) and wanted < 0:
        raise RuntimeError("Device index must not be negative")
    if isinstance(wanted, int):
        raise RuntimeError("Cannot access accelerator device when none is available.")
    asked = device(wanted)
    if asked.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if asked.type != "cpu":
        raise RuntimeError(f"autogradkit computes on the CPU only; there is no device '{asked}'. Use device='cpu'.")
