"""`autocast`: in its block products and convolutions compute in 16 bits, and what loses too much by that in float32.

Rests on `casting`, which has the lists. What is set belongs to a thread. Blocks for other devices than the processor can be
entered and change nothing: no tensor is there.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

import numpy as np

from autogradkit.amp.casting import Casting
from autogradkit.core.device import device as _device
from autogradkit.core.dtype import bfloat16, float16, float64
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.recording import RECORDERS
from autogradkit.core.steps import Step, at_once
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import ATTENTION, MODE

_DEVICES = ("cpu", "cuda", "mtia", "maia", "xpu", "ipu", "hpu", "xla", "mps", "privateuseone")
_LOW = (bfloat16, float16)


class _State(threading.local):
    """What the blocks around have set, by device."""

    def __init__(self) -> None:
        self.enabled: dict[str, bool] = {}
        self.dtypes: dict[str, Dtype] = {}
        self.remembers = True
        self.depth = 0
        self.remembered: dict[int, tuple[Tensor, Tensor]] = {}


STATE = _State()


@entry
def is_autocast_available(device_type: str) -> bool:
    """Whether there can be an `autocast` block for such a device."""
    return _device(device_type).type in _DEVICES


@entry
def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether a block for such a device is on.

    >>> import autogradkit as torch
    >>> with torch.autocast("cpu"):
    ...     torch.is_autocast_enabled("cpu")
    True
    """
    return STATE.enabled.get(_device(device_type).type, False)


@entry
def get_autocast_dtype(device_type: str) -> Dtype:
    """What a block for such a device casts to: bfloat16 for the processor, float16 for others, unless it says otherwise."""
    kind = _device(device_type).type
    return STATE.dtypes.get(kind, bfloat16 if kind in ("cpu", "xla") else float16)


def _set(enabled: dict[str, bool], dtypes: dict[str, Dtype], remembers: bool, depth: int) -> None:
    casting = None
    if enabled.get("cpu"):
        casting = Casting(dtypes.get("cpu", bfloat16), STATE.remembered if remembers else None)
    steps: list[Step] = [
        (setattr, STATE, "enabled", enabled),
        (setattr, STATE, "dtypes", dtypes),
        (setattr, STATE, "remembers", remembers),
        (setattr, STATE, "depth", depth),
        (setattr, MODE, "casting", casting),
    ]
    if not depth:
        steps.append((STATE.remembered.clear,))
    if casting is not None and MODE.casting is None:
        steps.append((RECORDERS.append, ATTENTION))
    elif casting is None and MODE.casting is not None:
        steps.append((RECORDERS.remove, ATTENTION))
    at_once(steps)


def change(**values: Any) -> None:
    """Set some of what blocks set: `enabled`, `dtypes`, `remembers`, `depth`."""
    _set(**{name: getattr(STATE, name) for name in ("enabled", "dtypes", "remembers", "depth")} | values)


class autocast:  # noqa: N801 - PyTorch's name
    """A block, or a decorator, in which ops cast their operands: products, convolutions and linear layers to `dtype`.

    `dtype` is bfloat16 or float16; for another one it warns, and nothing is cast. A parameter is cast once in the outermost block
    unless `cache_enabled` is False. Raises RuntimeError for what is no device.

    >>> import autogradkit as torch
    >>> with torch.autocast("cpu"):
    ...     torch.ones(2, 2) @ torch.ones(2, 2)
    tensor([[2., 2.],
            [2., 2.]], dtype=torch.bfloat16)
    """

    def __init__(
        self, device_type: str, dtype: Dtype | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self.device = device_type
        if not is_autocast_available(device_type):
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self._remembers = STATE.remembers if cache_enabled is None else cache_enabled
        if enabled and device_type == "cuda":
            warn("CUDA is not available or torch_xla is imported. Disabling autocast.")
            enabled = False
        elif enabled and self.fast_dtype not in _LOW:
            name = device_type.upper()
            warn(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{name} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently."
            )
            enabled = False
        self._enabled = enabled

    def __enter__(self) -> autocast:
        self._before = STATE.enabled, STATE.dtypes, STATE.remembers, STATE.depth
        enabled, dtypes, _, depth = self._before
        try:
            _set(
                {**enabled, self.device: self._enabled},
                {**dtypes, self.device: self.fast_dtype},
                self._remembers,
                depth + 1,
            )
        except BaseException:  # an interrupt: `with` does not leave what it has not entered
            _set(*self._before)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            _set(*self._before)
        except BaseException:  # an interrupt that came just then
            _set(*self._before)
            raise

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. Did you mean to use autocast as a context "
                "manager? For example:\n    with torch.autocast(device_type=...):\n        output = model(input)"
            )

        @functools.wraps(func)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return run


# -- custom functions --------------------------------------------------------------------------------------------------


def _cast(value: Any, wanted: Dtype) -> Any:
    if isinstance(value, Tensor):
        return value.to(wanted) if value.is_floating_point() and value.dtype is not float64 else value
    if isinstance(value, (str, bytes, np.ndarray)):
        return value
    if isinstance(value, Mapping):
        return {_cast(key, wanted): _cast(each, wanted) for key, each in value.items()}
    if isinstance(value, Iterable):
        cast = (_cast(each, wanted) for each in value)
        return type(value)(cast) if isinstance(value, (list, tuple)) else cast
    return value


def _require_name(device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Dtype | None = None) -> Any:
    """A decorator of `forward` of a custom function: in a block it casts the tensors given to `cast_inputs`, and no op casts.

    Without `cast_inputs` the ops in `forward` cast as the block says, which `custom_bwd` then repeats in `backward`.
    """
    _require_name(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def run(*args: Any, **kwargs: Any) -> Any:
        enabled = is_autocast_enabled(device_type)
        args[0]._dtype = get_autocast_dtype(device_type)
        args[0]._fwd_used_autocast = enabled and cast_inputs is None
        if cast_inputs is None or not enabled:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(*_cast(args, cast_inputs), **_cast(kwargs, cast_inputs))

    return run


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """A decorator of `backward` of a custom function whose `forward` has `custom_fwd`: its ops cast as those of `forward` did."""
    _require_name(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def run(*args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return run
