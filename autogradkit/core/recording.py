"""Where ops, the engine and modules report what happens, for whoever is listening.

`RECORDERS` is empty in ordinary use and every entry point tests just that (`if RECORDERS:`), so that recording costs
nothing when nobody records. The tracing floor appends a `Recorder`; ops, the engine, `Tensor.grad` and `nn.Module`
call it. While an op that it will be told of runs, and while it is told, it rests: it is out of the list, so that what the op
calls goes the quickest ways. What runs in a thread that nobody hears does so too, once `heeded` has said so.
`GRAD_LISTENERS` hear of gradients alone, while ops and backward go their quickest ways. This module knows no op
and no tensor, so that everything above can import it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autogradkit.core.facts import Declaration


class Recorder:
    """A listener that lets everything pass: a subclass overrides what it wants to hear.

    Tensors handed over must not be kept alive by it. An op's `kind` is "op", "view", "inplace", "create" or "random";
    "detach" is what leaves the graph.
    """

    def __init__(self) -> None:
        self.thread = threading.get_ident()  # it hears this thread only
        self.rests = 0  # reasons for which it hears nothing now
        self.ended = False  # it hears no more, also where it rested when it was stopped

    def begin(self) -> None:
        """Hear from now on."""
        RECORDERS.append(self)

    def end(self) -> None:
        """Hear no more."""
        self.ended = True
        if self in RECORDERS:
            RECORDERS.remove(self)

    def mark(self) -> Any:
        """Where it stands: how many reasons it has to rest, and what else begins and ends."""
        return self.rests

    def back(self, mark: Any) -> None:
        """Stand where `mark` was taken, whatever has begun since and not ended; called again it changes nothing."""
        self.rests = mark
        if self in RECORDERS:
            if mark or self.ended:
                RECORDERS.remove(self)
        elif not (mark or self.ended):
            RECORDERS.append(self)

    def op_begins(self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """An op is about to run; `op` or `op_failed` follows. One that is "inplace" writes into one of these arguments."""

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        """An op finished."""

    def op_failed(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: BaseException
    ) -> None:
        """An op raised."""

    def composition_begins(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """What is made of other ops, each of which is told, is about to run; `composition_ends` follows."""

    def composition_ends(self) -> None:
        """It returned or raised."""

    def memory_given(self, tensor: Any) -> None:
        """NumPy is given an array in the memory of a tensor, into which it may write."""

    def backward_begin(self, call: int, roots: tuple[Any, ...], accumulate: bool, options: dict[str, bool]) -> None:
        """`backward()` (`accumulate`) or `autograd.grad()` started; `call` numbers the calls of this process."""

    def node(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        """A node ran: gradients of its outputs came in, gradients of its inputs (edges) went out."""

    def gradients_may_change(self) -> None:
        """Gradients that were handed over may be written into: by hooks that are about to run, or by adding another in place."""

    def gradients_given(self, target: Any, gradients: Sequence[Any]) -> None:
        """The user's code is about to be given these gradients, each of one result of the node `target`, or of this leaf."""

    def accumulate(self, call: int, tensor: Any, before: Any, contribution: Any, after: Any) -> None:
        """A leaf's (or retained) `.grad` took a contribution. `before` is None or an array copied before the sum."""

    def backward_end(self, call: int, error: BaseException | None) -> None:
        """The call returned, or raised `error`."""

    def grad_assigned(self, tensor: Any, old: Any, new: Any) -> None:
        """`tensor.grad = new` by user code or an optimizer (None clears it)."""

    def grad_returned(self, inputs: tuple[Any, ...], results: tuple[Any, ...]) -> None:
        """`autograd.grad()`, which began last, returns these gradients, None for what was not used."""

    def module_enter(self, module: Any) -> None:
        """`module.__call__` began."""

    def module_exit(self, module: Any) -> None:
        """`module.__call__` returned or raised."""


RECORDERS: list[Recorder] = []


class GradListener:
    """Hears what becomes of every `.grad`, in every thread. It must neither keep a tensor alive nor raise."""

    def will_accumulate(self, tensor: Any) -> None:
        """Backward is about to add to the `.grad` that `tensor` has; it is not called where there is none yet."""

    def grads_taken(self, call: int, tensors: Sequence[Any]) -> None:
        """The `.grad` of each of these, which had none, is what this call of backward brought, untouched since."""

    def accumulated(self, call: int, tensor: Any, gradient: Any) -> None:
        """`tensor.grad` took `gradient`, an array of either kind, in this call of backward; hooks have not run since."""

    def grad_assigned(self, tensor: Any, new: Any) -> None:
        """`tensor.grad = new`, which is a tensor."""

    def grads_cleared(self, tensors: Sequence[Any]) -> None:
        """The `.grad` of each of these, which had one, was set to None by user code or an optimizer."""


GRAD_LISTENERS: list[GradListener] = []

CALLS = itertools.count()  # numbers the calls of backward

EVERY_THREAD = -1  # the `thread` of what heeds all of them


def listeners() -> list[Recorder]:
    """The recorders that listen to this thread and do not rest."""
    here = threading.get_ident()
    return [recorder for recorder in RECORDERS.copy() if recorder.thread == here]  # other threads change the list


def heeded() -> bool:
    """Whether `RECORDERS`, which has somebody, has somebody who heeds this thread."""
    here = threading.get_ident()
    for recorder in RECORDERS.copy():  # noqa: SIM110 - `any` would take three times as long, for every op
        if recorder.thread in (here, EVERY_THREAD):
            return True
    return False


def rest(recorders: Sequence[Recorder]) -> None:
    """Let recorders of this thread hear nothing until they are put back; may be nested."""
    for recorder in recorders:
        recorder.rests += 1
        if recorder in RECORDERS:
            RECORDERS.remove(recorder)


Marks = list[tuple[Recorder, Any]]


def marks_of(recorders: Sequence[Recorder]) -> Marks:
    """Where these recorders stand, for `restore`."""
    return [(recorder, recorder.mark()) for recorder in recorders]


def restore(marks: Marks) -> None:
    """Have each recorder stand where it stood.

    Call it in a `finally`, and once more in an `except BaseException` around that: an interrupt may come just then.
    """
    for recorder, mark in marks:
        recorder.back(mark)


@contextmanager
def unheard() -> Generator[None]:
    """While a picture reads tensors itself, what it calls is no part of anybody's trace."""
    active = listeners()
    marks = marks_of(active)
    try:
        try:
            rest(active)
            yield
        finally:
            restore(marks)
    except BaseException:
        restore(marks)
        raise


def observed(
    declaration: Declaration, kind: str, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run an op and report it once, whatever it calls inside."""
    active = listeners()
    if not active:
        return run(*args, **kwargs)
    marks = marks_of(active)
    try:
        try:
            rest(active)
            for recorder in active:
                recorder.op_begins(declaration, kind, args, kwargs)
            try:
                result = run(*args, **kwargs)
            except BaseException as error:
                for recorder in active:
                    recorder.op_failed(declaration, kind, args, kwargs, error)
                raise
            for recorder in active:
                recorder.op(declaration, kind, args, kwargs, result)
            return result
        finally:
            restore(marks)
    except BaseException:
        restore(marks)
        raise


def composed(
    declaration: Declaration, kind: str, run: Callable[[], Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run what is made of other ops, and tell where it begins and ends; they are told themselves."""
    active = listeners()
    marks = marks_of(active)
    try:
        try:
            for recorder in active:
                recorder.composition_begins(declaration, kind, args, kwargs)
            return run()
        finally:
            for recorder in active:
                recorder.composition_ends()
            restore(marks)
    except BaseException:
        restore(marks)
        raise


def reported(name: str, kind: str, make: Callable[..., Any], *args: Any) -> Any:
    """A tensor that no declared op makes, reported under this name."""
    if not RECORDERS:
        return make(*args)
    from autogradkit.core.facts import named  # which nobody needs while nobody listens

    return observed(named(name), kind, make, args, {})
