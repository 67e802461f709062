"""Inference mode: ops record nothing, and what they make counts no edits and never joins a graph.

Rests on modes. A tensor made there has a version counter that does not count, which its views and `detach()`es share as any
other: they are inference tensors, too. The counter refuses what PyTorch refuses: an edit outside of the mode, when the edit is
to be counted, which comes before its write; being saved for backward, when its version is to be kept. Whoever reads the mode
pays nothing for it. While it is on, a recorder hears of every op of the thread and marks what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from autogradkit.core.recording import RECORDERS, Recorder
from autogradkit.core.steps import at_once
from autogradkit.core.storage import VersionCounter
from autogradkit.core.tensor import Tensor
from autogradkit.core.views import INFERENCE, NO_GRAD
from autogradkit.engine.modes import MODE, ContextDecorator

if TYPE_CHECKING:
    from autogradkit.core.facts import Declaration

_new = object.__new__


class InferenceCounter(VersionCounter):
    """The version counter of what was made in inference mode, which users cannot read, and graphs cannot keep."""

    __slots__ = ("count",)

    count: int
    shows_views = False
    tells = True  # the quick lanes of edits leave it to the general way

    @property
    def value(self) -> int:
        """How many edits there were."""
        return self.count

    @value.setter
    def value(self, version: int) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.require_editable()
        self.count = version

    def require_editable(self) -> None:
        """Raises RuntimeError outside of inference mode."""
        if MODE.inference is None:
            raise RuntimeError(
                "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
                "tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
            )

    @property
    def to_save(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Raises RuntimeError, except in a transform of `func`, which sees every tensor as one of its own."""
        if MODE.transforms:
            return self.count
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
            "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in "
            "autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
        )

    def read(self) -> int:
        """Raises RuntimeError."""
        raise RuntimeError("Inference tensors do not track version counter.")

    def of_data(self) -> VersionCounter:
        """That of `.data`, which is an inference tensor, too."""
        return begun()


def begun() -> InferenceCounter:
    """The counter of a tensor that was just made in inference mode."""
    counter = _new(InferenceCounter)
    counter.count = 0
    return counter


def is_inference(tensor: Tensor) -> bool:
    """Whether a tensor was made in inference mode, or is a view of one that was."""
    return isinstance(tensor._counter, InferenceCounter)


def as_made(tensor: Tensor) -> Tensor:
    """The tensor, which no recorder hears being made, as it is made in inference mode where that is on."""
    if MODE.inference is not None:
        tensor._counter = begun()
    return tensor


class InferenceMarker(Recorder):
    """Hears of each op that one thread runs in inference mode, and makes its new tensors inference tensors."""

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        if kind != "detach":  # the same tensor, outside of its graph
            self.mark_new(result, args, kwargs)

    def mark_new(self, result: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Make inference tensors of the new tensors in a result; new views remember where they were made."""
        known = _tensors_in((*args, *kwargs.values()))
        for each in _tensors_in((result,)):
            if _is_old(each, known):
                if each._view is not None and each._view.creation == NO_GRAD and not any(each is one for one in known):
                    each._view.creation = INFERENCE
            elif each._view is None:
                each._counter = begun()


def _tensors_in(values: Iterable[Any]) -> list[Tensor]:
    """The tensors among the values, and in the lists among them."""
    found: list[Tensor] = []
    for value in values:
        some = cast("Iterable[Any]", value) if isinstance(value, (list, tuple)) else (value,)
        for each in some:
            if isinstance(each, Tensor):
                found.append(each)
    return found


def _is_old(tensor: Tensor, known: list[Tensor]) -> bool:
    """Whether a result is one of the operands, or shares the versions of one."""
    counter = tensor._counter
    return any(tensor is each or (counter is not None and counter is each._counter) for each in known)


def marks_alone() -> bool:
    """Whether the mode is on and nobody else listens: then an op need not be told of."""
    return len(RECORDERS) == 1 and RECORDERS[0] is MODE.inference


def marked(run: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What `run` gives, by its quickest way, with the new tensors in it marked: as the marker itself would do, which rests."""
    marker = cast("InferenceMarker", MODE.inference)
    try:
        try:
            RECORDERS.remove(marker)
            result = run(*args, **kwargs)
        finally:
            if marker not in RECORDERS:
                RECORDERS.append(marker)
    except BaseException:  # an interrupt may have come in these lines
        if marker not in RECORDERS:
            RECORDERS.append(marker)
        raise
    # As usual: unless it is an operand, it is new
    if result.__class__ is Tensor and result._counter is None and not kwargs:
        for each in args:
            if each is result:
                return result
        result._counter = begun()
        return result
    marker.mark_new(result, args, kwargs)
    return result


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on.

    >>> import autogradkit as torch
    >>> with torch.inference_mode():
    ...     torch.is_inference_mode_enabled()
    True
    """
    return MODE.inference is not None


def _switch(inference: bool, grad: bool) -> None:
    """Turn inference mode on or off; `grad` is what `is_grad_enabled()` says from then on."""
    if not inference:
        if isinstance(MODE.inference, InferenceMarker):
            MODE.inference.end()
        MODE.inference = None
        MODE.grad = grad
        return
    if MODE.inference is None:
        MODE.grad = False
        marker = InferenceMarker()
        at_once([(RECORDERS.append, marker), (setattr, MODE, "inference", marker)])
    MODE.grad = grad


class inference_mode(ContextDecorator):  # noqa: N801 - PyTorch's name
    """As `no_grad`, and what is made inside can never be part of a graph: it counts no edits.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad, y.is_inference()
    (False, True)
    """

    mode = True

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        made = super().__new__(cls)
        if not isinstance(mode, bool):
            return made(mode)
        made.mode = mode
        return made

    def clone(self) -> inference_mode:
        """Another of the same mode."""
        return self.__class__(self.mode)

    def __enter__(self) -> None:
        self._previous = (MODE.inference is not None, MODE.asked)
        try:
            _switch(self.mode, not self.mode)
        except BaseException:  # an interrupt: `with` does not leave what it has not entered
            _switch(*self._previous)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            _switch(*self._previous)
        except BaseException:  # an interrupt that came just then
            _switch(*self._previous)
            raise
