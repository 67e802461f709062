"""PyTorch's `torch.utils.checkpoint`: part of a network keeps nothing of its forward pass, and runs again in backward.

Rests on hooks on saved tensors: what a node saves is replaced by a place to put it, and the first place that is asked for runs
the function again, which fills all of them. The older way (`use_reentrant=True`) is one custom function that runs a backward
within backward. Both run it again with the random numbers, and the precision (`autocast`), of the first time.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from autogradkit.amp import autocast, get_autocast_dtype, is_autocast_enabled
from autogradkit.autograd import Function
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.random import default_generator
from autogradkit.core.tensor import Tensor, version_of
from autogradkit.core.warning import warn
from autogradkit.engine.backward import backward as _run_backward
from autogradkit.engine.modes import MODE, enable_grad, no_grad
from autogradkit.engine.packing import saved_tensors_hooks
from autogradkit.engine.saved import saved_was_edited
from autogradkit.random import fork_rng
from autogradkit.utils.checkpoint_log import OpLog, both_runs
from autogradkit.utils.selective_checkpoint import CheckpointPolicy as CheckpointPolicy
from autogradkit.utils.selective_checkpoint import SelectiveCheckpointContext as SelectiveCheckpointContext
from autogradkit.utils.selective_checkpoint import (
    create_selective_checkpoint_contexts as create_selective_checkpoint_contexts,
)

_DEFAULT = (
    "is recommended, but if you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs "
    "for more details on the differences between the two variants."
)


class CheckpointError(RuntimeError):
    """The function did something else when it ran again."""


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Two contexts, for the first run and for the second, which do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """Devices that the tensors in `args` are on beside the processor, and their generators' states: none."""
    return [], []


def set_device_states(devices: Iterable[int], states: Iterable[Tensor], *, device_type: str | None = None) -> None:
    """Set the states of the generators of devices. Raises AttributeError for any, as PyTorch's build for processors does."""
    if device_type != "meta" and any(True for _ in zip(devices, states, strict=False)):
        raise AttributeError("module 'torch.cpu' has no attribute 'device'")


class _Settings:
    """What `set_checkpoint_early_stop` and `set_checkpoint_debug_enabled` have set; None leaves it to the call."""

    early_stop: bool | None = None
    debug: bool | None = None


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """In its block, whether functions are checkpointed with `debug=True`; None leaves it to the call."""
    before = _Settings.debug
    _Settings.debug = enabled
    try:
        yield
    finally:
        _Settings.debug = before


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """In its block, whether functions stop, when they run again, once all is there that backward needs."""
    before = _Settings.early_stop
    _Settings.early_stop = enable
    try:
        yield
    finally:
        _Settings.early_stop = before


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn where none of the inputs requires a gradient."""
    if not any(each.requires_grad for each in inputs if isinstance(each, Tensor)):
        warn("None of the inputs have requires_grad=True. Gradients will be None")


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same, each tensor cut off from its graph, as a leaf that requires a gradient where it did."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple(
        each.detach().requires_grad_(each.requires_grad) if isinstance(each, Tensor) else each for each in inputs
    )


class _Again:
    """How a function is run once more: with the random numbers and the precision of now, if it is to be."""

    def __init__(self, preserve_rng_state: bool) -> None:
        self._state = default_generator.get_state() if preserve_rng_state else None
        self._precision = {"enabled": is_autocast_enabled("cpu"), "dtype": get_autocast_dtype("cpu")}

    def run(self, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """What it gives."""
        with fork_rng(enabled=self._state is not None):
            if self._state is not None:
                default_generator.set_state(self._state)
            with autocast("cpu", **self._precision):
                return function(*args, **kwargs)


# -- without a backward within backward --------------------------------------------------------------------------------


class _Place:
    """Where a saved tensor was; `tensor` is it, from the second run until it is taken."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self) -> None:
        self.tensor: Tensor | None = None


class _EnoughError(Exception):
    """All is there: the second run ends."""


class _Frame:
    """One call of a checkpointed function: its arguments, and the places for what it saves."""

    def __init__(
        self,
        run: Callable[..., Any],
        args: tuple[Any, ...],
        early_stop: bool,
        compares: bool,
        logs: tuple[OpLog, OpLog] | None,
    ) -> None:
        self._run = run
        self._logs = logs
        self._args = args
        self._versions = [version_of(each) if isinstance(each, Tensor) else 0 for each in args]
        self._early_stop = early_stop
        self._compares = compares
        self._places: list[weakref.ref[_Place]] = []  # weak, for what nobody asks for any more need not be kept
        self._described: list[dict[str, Any]] = []
        self._filled = 0

    def hooks(self) -> saved_tensors_hooks:
        """Those of the first run."""
        return saved_tensors_hooks(self._leave_place, self._take)

    def _leave_place(self, tensor: Tensor) -> _Place:
        place = _Place()
        self._places.append(weakref.ref(place))
        self._described.append(_description(tensor))
        return place

    def _take(self, place: _Place) -> Tensor:
        if place.tensor is None:
            try:
                self._run_again()
            except CheckpointError as error:
                if self._logs is None:
                    raise
                raise CheckpointError(both_runs(*self._logs, str(error))) from error
        tensor, place.tensor = place.tensor, None
        assert tensor is not None
        return tensor

    def _run_again(self) -> None:
        for each, version in zip(self._args, self._versions, strict=True):
            if isinstance(each, Tensor) and version_of(each) != version:
                raise saved_was_edited(each._array, each._node, each._output_nr, version_of(each), version)
        self._filled = 0
        mismatched: list[str] = []

        def fill(tensor: Tensor) -> Tensor:
            tensor = tensor.detach()
            at = self._filled
            self._filled += 1
            if at >= len(self._places):
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward "
                    "pass.\n"
                )
            place = self._places[at]()
            if place is not None:
                place.tensor = tensor
                if self._compares and _description(tensor) != self._described[at]:
                    mismatched.append(
                        f"tensor at position {at}:\nsaved metadata: {self._described[at]}\n"
                        f"recomputed metadata: {_description(tensor)}\n"
                    )
            if self._early_stop and self._filled == len(self._places):
                raise _EnoughError
            return tensor

        with contextlib.suppress(_EnoughError), saved_tensors_hooks(fill, lambda tensor: tensor), enable_grad():
            self._run(*self._args)
        if self._filled != len(self._places):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self._places)}\n"
                f"Number of tensors saved during recomputation: {self._filled}.\n"
            )
        if mismatched:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the "
                f"forward pass.\n{''.join(mismatched)}.\n"
            )


def _description(tensor: Tensor) -> dict[str, Any]:
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}


# -- with one ----------------------------------------------------------------------------------------------------------


class CheckpointFunction(Function):
    """The older way."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        """Run it, and keep its arguments alone."""
        if not any(each.requires_grad for each in args if isinstance(each, Tensor)):
            warn("None of the inputs have requires_grad=True. Gradients will be None")
        ctx.run_function = run_function
        ctx.again = _Again(preserve_rng_state)
        ctx.others = [None if isinstance(each, Tensor) else each for each in args]
        ctx.tensors_at = [at for at, each in enumerate(args) if isinstance(each, Tensor)]
        ctx.save_for_backward(*(args[at] for at in ctx.tensors_at))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Run it again, and backward from what it gave."""
        if MODE.wants_some:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter "
                "to .backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without "
                "passing the `inputs` argument."
            )
        inputs = list(ctx.others)
        for at, tensor in zip(ctx.tensors_at, ctx.saved_tensors, strict=True):
            inputs[at] = tensor
        leaves = detach_variable(tuple(inputs))
        with enable_grad():
            outputs = ctx.again.run(ctx.run_function, leaves, {})
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        roots = [
            (output, gradient)
            for output, gradient in zip(outputs, grad_outputs, strict=False)
            if isinstance(output, Tensor) and output.requires_grad
        ]
        if not roots:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        _run_backward([output for output, _ in roots], [gradient for _, gradient in roots])
        return None, None, *(each.grad if isinstance(each, Tensor) else None for each in leaves)


# -- what is called ----------------------------------------------------------------------------------------------------


@entry
def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """`function(*args, **kwargs)`, of which backward runs again what it needs, instead of keeping it.

    `preserve_rng_state=False` lets it draw other random numbers then. Of `use_reentrant=False` alone: `context_fn` gives contexts
    for the first run and the second; `determinism_check="none"` does not compare sizes and dtypes of both; with
    `early_stop=False` the second run goes to the end; with `debug=True` an error lists the ops of both runs. Raises
    CheckpointError in backward where the second run saves something else.

    >>> import autogradkit as torch
    >>> from autogradkit.utils.checkpoint import checkpoint
    >>> runs = []
    >>> def cube(x):
    ...     runs.append(x.item())
    ...     return x * x * x
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> checkpoint(cube, x, use_reentrant=False).backward()
    >>> x.grad, runs
    (tensor(12.), [2.0, 2.0])
    """
    if use_reentrant is None:
        warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling "
            f"checkpoint without use_reentrant will raise an exception. use_reentrant=False {_DEFAULT}"
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs and use_reentrant:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant:
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism_check}")
    logs = None
    if debug if _Settings.debug is None else _Settings.debug:
        if context_fn is not noop_context_fn:
            raise ValueError("debug=True is incompatible with non-default context_fn")
        first, second = logs = OpLog(), OpLog()
    else:
        first, second = context_fn()
    again = _Again(preserve)

    def run_again(*given: Any) -> None:
        with second:
            again.run(function, given, kwargs)

    if not MODE.grad:
        return function(*args, **kwargs)
    stops = early_stop if _Settings.early_stop is None else _Settings.early_stop
    frame = _Frame(run_again, args, stops, determinism_check == "default", logs)
    with frame.hooks(), first:
        return function(*args, **kwargs)


@entry
def checkpoint_sequential(
    functions: Any, segments: int, input: Tensor, use_reentrant: bool | None = None, **kwargs: Any
) -> Tensor:
    """Functions, or the layers of a Sequential, one after the other: in `segments`, of which all but the last are checkpointed.

    >>> import autogradkit as torch
    >>> from autogradkit.utils.checkpoint import checkpoint_sequential
    >>> net = torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Tanh(), torch.nn.Tanh())
    >>> x = torch.tensor([0.5], requires_grad=True)
    >>> checkpoint_sequential(net, 3, x, use_reentrant=False)
    tensor([0.4068], grad_fn=<TanhBackward0>)
    """
    if use_reentrant is None:
        warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In version "
            f"2.9 we will raise an exception if use_reentrant is not passed. use_reentrant=False {_DEFAULT}"
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    layers = list(functions.children()) if hasattr(functions, "children") else functions
    size = len(layers) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        part = _one_after_the_other(layers[start:end])
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _one_after_the_other(layers[end:])(input)


def _one_after_the_other(layers: Any) -> Callable[[Any], Any]:
    def run(input: Any) -> Any:
        for each in layers:
            input = each(input)
        return input

    return run


__getattr__ = _absent_from("utils.checkpoint")
