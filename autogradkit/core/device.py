"""Devices: the CPU is the only one, and asking for another says so as a CPU build of PyTorch does.

Factories without `device=` make their tensors on the default device, which may be any that can be named, and ask
`require_default`. It is set for good, or for the block of `with torch.device(...)`, each for its thread.
"""

from __future__ import annotations

import functools
import re
import threading
from types import TracebackType
from typing import Any, NoReturn, cast

from autogradkit.core.c_types import CType
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry, shorten
from autogradkit.core.integers import require_int64
from autogradkit.core.warning import warn_once

NO_ACCELERATOR = "Cannot access accelerator device when none is available."
_KNOWN = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, "
    "privateuseone"
)
_MKLDNN = (
    "'mkldnn' is no longer used as device type. So torch.device('mkldnn') will be deprecated and removed in the future. Please "
    "use other valid device types instead."
)
_FORM = re.compile(r"([a-zA-Z_]+)(?::(0|[1-9]\d*))?")


@functools.cache
def _parsed(text: str) -> tuple[str, int | None]:
    """(the type, the index) that a string such as "cuda:1" names. Raises RuntimeError for what is none."""
    if not text:
        raise RuntimeError("Device string must not be empty")
    found = _FORM.fullmatch(text)
    if found is None:
        raise RuntimeError(f"Invalid device string: '{text}'")
    name, number = found.groups()
    if name not in _KNOWN.split(", "):
        raise RuntimeError(f"Expected one of {_KNOWN} device type at start of device string: {name}")
    if number is not None and int(number) >= 2**31:
        raise RuntimeError(f"Could not parse device index '{number}' in device string '{text}'")
    return name, None if number is None else int(number)


def _asked(given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
    """(the type or device, the index) of a call, in either of its two forms. Raises TypeError, with PyTorch's texts."""
    unknown = [name for name in named if name not in ("device", "type", "index")]
    if unknown and given:
        raise TypeError(f"device() got an unexpected keyword argument '{unknown[0]}'")
    names = ("type", "index")[: len(given)]
    call = dict(zip(names, given, strict=False)) | named
    if len(given) + len(named) == 1 and (given or "device" in named or isinstance(named.get("type"), str)):
        [kind] = (*given, *named.values())
        if isinstance(kind, bytes):
            kind = kind.decode()
        if isinstance(kind, (str, int, device)):
            return kind, None
        raise TypeError(
            _NO_FORM.format(c_type_name(kind), _misfit(f"arguments have invalid types: (!{_spelled(kind)}!)"))
        )
    if len(given) > 2 or len(call) < len(given) + len(named) or "type" not in call:
        kinds = ", ".join(map(c_type_name, given)) + "".join(f"{k}={c_type_name(v)}, " for k, v in named.items())
        wrong = _misfit(f"keywords were incorrect: {', '.join(named)}") if named else ""
        raise TypeError(_NO_FORM.format(kinds, wrong))
    for place, (name, wanted) in enumerate((("type", str), ("index", int)), 1):
        value = call.get(name)
        if not isinstance(value, wanted) or isinstance(value, bool):
            if name == "index" and value is None:
                continue
            where = f" (position {place})" if len(given) >= place else ""
            raise TypeError(f"device(): argument '{name}'{where} must be {wanted.__name__}, not {c_type_name(value)}")
    return call["type"], call.get("index")


_NO_FORM = (
    "device() received an invalid combination of arguments - got ({}), but expected one of:\n * (torch.device device)\n{} * (str "
    "type, int index = -1)\n"
)


def _misfit(what: str) -> str:
    return f"      didn't match because some of the {what}\n"


def _spelled(value: Any) -> str:
    """A type as the parser's second line has it, which looks into lists."""
    if not isinstance(value, list):
        return c_type_name(value)
    elements = cast("list[Any]", value)
    return f"list of [{', '.join(map(c_type_name, elements))}]"


def _named(kind: Any, index: Any) -> tuple[str, int | None]:
    """(the type, the index) of what was asked for. Raises RuntimeError for an index that is none, and for a number alone."""
    if isinstance(kind, device):
        return kind.type, kind.index
    if isinstance(kind, int):
        require_cpu(kind)
    if index is not None:
        require_int64(index)
    name, number = _parsed(kind)
    if index is None:
        return name, number
    if number is not None:
        raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {kind}")
    if index < 0:
        raise RuntimeError("Device index must not be negative")
    return name, index


class device(metaclass=CType):  # noqa: N801 - PyTorch's name
    """Where a tensor lives.

    >>> import autogradkit as torch
    >>> torch.device("cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    index: int | None
    type: str

    def __init__(self, *given: Any, **named: Any) -> None:
        try:
            usual = len(given) == 1 and not named and given[0].__class__ is str
            name, number = _parsed(given[0]) if usual else _named(*_asked(given, named))
        except BaseException as error:
            shorten(error)
            raise
        if name == "mkldnn":
            warn_once(_MKLDNN)
        set_slot = object.__setattr__
        set_slot(self, "type", name)
        set_slot(self, "index", number)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        if name in self.__slots__:
            raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")
        raise AttributeError(f"'torch.device' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> NoReturn:
        self.__setattr__(name, None)

    def __lt__(self, other: object) -> Any:
        if isinstance(other, device):
            raise TypeError("comparison not implemented")
        return NotImplemented

    __le__ = __gt__ = __ge__ = __lt__

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
        before = DEFAULT.blocks
        try:
            DEFAULT.blocks = (*before, self)
            return self
        except BaseException:  # an interrupt that came just then
            DEFAULT.blocks = before
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            DEFAULT.leave()
        except RuntimeError:
            raise
        except BaseException:  # an interrupt that came just then
            DEFAULT.leave()
            raise


CPU = device("cpu")
META = device("meta")


def require_cpu(wanted: str | int | device | None) -> None:
    """Raise, with PyTorch's text for a build without CUDA, unless `wanted` is the CPU or None."""
    if wanted is None:
        return
    if isinstance(wanted, int):
        require_int64(wanted)
        if wanted < 0:
            raise RuntimeError("Device index must not be negative")
        raise RuntimeError(NO_ACCELERATOR)
    asked = device(wanted)
    if asked.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if asked.type != "cpu":
        raise RuntimeError(f"autogradkit computes on the CPU only; there is no device '{asked}'. Use device='cpu'.")


class OutOfMemoryError(RuntimeError):
    """A device has no memory left; the processor's is Python's to refuse, by MemoryError."""


class AcceleratorError(RuntimeError):
    """What a device reports, of which there is none; programs catch it."""


OutOfMemoryError.__module__ = AcceleratorError.__module__ = "torch"


class _Default(threading.local):
    """The default device of a thread: that of the innermost block, else the one set, else the CPU."""

    set: device | None = None
    blocks: tuple[device, ...] = ()

    def leave(self) -> None:
        """Leave the innermost block. Raises RuntimeError where there is none."""
        if not self.blocks:
            raise RuntimeError("trying to pop from empty mode stack")
        self.blocks = self.blocks[:-1]


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
    DEFAULT.set = None if device is None else Device(device)


class DeviceObjType:
    """The type that devices have in PyTorch's translated code, which packages name in annotations. Nothing is of it."""
