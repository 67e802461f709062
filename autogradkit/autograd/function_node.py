"""The node of a custom function: what it saves, and how its backward and its `jvp` are called.

Rests on the engine; `function_forward.py` ties a forward to it, `function.py` has the classes that users derive from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from autogradkit.autograd.function_ctx import FunctionCtx
from autogradkit.core import errors
from autogradkit.core.errors import c_type_name
from autogradkit.core.recording import reported
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn
from autogradkit.engine.history import edge_of
from autogradkit.engine.modes import DUAL_LEVELS, MODE, set_grad_enabled
from autogradkit.engine.node import SEQUENCE, Node
from autogradkit.engine.packing import Packed
from autogradkit.engine.saved import FREED, SavedOutput, saved_was_edited
from autogradkit.engine.saved_tensor import SavedTensor
from autogradkit.engine.validate import expected_of, of_another_device

# What nodes with a `jvp` send while `func.jvp` runs its first backward (function_pushed.py); else None.
PUSHED: ContextVar[Callable[[Any, list[Any]], list[Any]] | None] = ContextVar("pushed", default=None)


class Template(NamedTuple):
    """What an argument was."""

    shape: tuple[int, ...]
    dtype: Any


class BackwardCFunction(Node, FunctionCtx):
    """The node of a custom function; it is also the `ctx` that the user's methods get."""

    calls_user = True
    _saved: Any = ()
    _versions: tuple[int, ...] = ()
    _function: Any = None  # the Function subclass, or the instance in the old style
    _given: tuple[bool, ...] = ()  # which arguments were tensors
    # Where the function has a `jvp`, and a transform may ask for it: what the arguments were, and what was saved for it.
    arguments: tuple[Template | None, ...] | None = None
    _kept_forward: tuple[Tensor | None, ...] | None = None

    def c_name(self) -> str:
        return "torch._C._FunctionBase"

    def __dir__(self) -> list[str]:
        return list(object.__dir__(self))

    def __init__(self) -> None:
        self.hooks = None
        self.sequence = next(SEQUENCE)
        self.edges = ()
        self.outputs = ()

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` kept. Raises RuntimeError once freed, or where a tensor was edited since."""
        if self._saved is FREED:
            raise errors.backward_twice(self)
        if self.saved_for_forward:  # within jvp
            return self.saved_for_forward
        if not self._saved and self.to_save:  # within forward
            return self.to_save
        tensors: list[Tensor | None] = []
        for value, version in zip(self._saved, self._versions, strict=True):
            if value is None:
                tensors.append(None)
                continue
            if isinstance(value, Packed):
                tensors.append(value.tensor(self))
                continue
            array, counter = (
                (value._array, value._counter) if isinstance(value, Tensor) else (value.array, value.counter)
            )
            # As in PyTorch, it may have been detached in place
            if counter is not None and int(counter.value) != version:
                own = isinstance(value, SavedOutput)
                maker, number = (self, value.number) if own else edge_of(value)
                raise saved_was_edited(
                    array, maker if isinstance(maker, Node) else None, number, counter.value, version
                )
            tensors.append(value if isinstance(value, Tensor) else self.output_tensor(value))
        return tuple(tensors)

    @property
    def saved_variables(self) -> tuple[Tensor | None, ...]:
        """The older name of `saved_tensors`, with PyTorch's warning."""
        warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning)
        return self.saved_tensors

    @property
    def _raw_saved_tensors(self) -> tuple[SavedTensor, ...]:
        if self._saved is FREED:
            raise errors.backward_twice(self)
        return tuple(
            [
                SavedTensor.of(self, "_saved", place, None, lambda place=place: self.saved_tensors[place])
                for place in range(len(self._saved))
            ]
        )

    def output_tensor(self, value: SavedOutput) -> Tensor:
        """The tensor of the graph that a saved output is."""
        tensor = wrap(value.array)
        tensor._counter = value.counter
        tensor._node = self
        tensor._output_nr = value.number
        tensor._requires_grad = True
        for level in DUAL_LEVELS:
            level.recall(tensor)
        return tensor

    def release(self) -> None:
        self._saved = FREED  # also where nothing was saved: asking for it is refused from now on

    def apply(self, gradients: Sequence[Any], create_graph: bool) -> Sequence[Any]:
        given = [
            wrap_gradient(gradient) if gradient is not None else self._missing(number)
            for number, gradient in enumerate(gradients)
        ]
        with set_grad_enabled(create_graph and MODE.grad):
            answer = self._backward(given)
        answers = answer if isinstance(answer, tuple) else (answer,)
        count = len(self._given)
        if len(answers) > count and all(each is None for each in answers[count:]):
            answers = answers[:count]
        if len(answers) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got {len(answers)})"
            )
        sent: list[Any] = []
        for index, (each, given_a_tensor) in enumerate(zip(answers, self._given, strict=True)):
            if given_a_tensor:
                sent.append(self._checked(len(sent), each, create_graph))
            elif each is not None:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position {index + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
        return sent

    def _backward(self, gradients: list[Any]) -> Any:
        function = self._function
        pushed = PUSHED.get()
        if pushed is not None and self.arguments is not None:
            return tuple(pushed(self, gradients))
        if not isinstance(function, type):
            return function.backward(*gradients)
        return function._derivative()(self, *gradients)

    def _jvp(self, context: FunctionCtx, *tangents: Any) -> Any:
        return self._function.jvp(*(() if context is not self else (self,)), *tangents)

    def pushed(self, *tangents: Tensor | None) -> Any:
        """What the function's `jvp` gives for the tangents of its arguments."""
        self.saved_for_forward = self._kept_forward
        try:
            return self._function.jvp(self, *tangents)
        finally:
            self.saved_for_forward = None

    def _missing(self, number: int) -> Tensor | None:
        if not self._materialize or self.outputs[2 * number + 1] is None:
            return None
        shape, kind = self.outputs[2 * number : 2 * number + 2]
        return reported("zeros", "create", lambda shape: wrap(np.zeros(shape, kind)), shape)

    def _checked(self, index: int, answer: Any, create_graph: bool) -> Any:
        if answer is None:
            return None
        if not isinstance(answer, Tensor):
            raise RuntimeError(f"expected Variable or None (got {c_type_name(answer)})")
        whole = create_graph or answer.__class__ is SparseTensor  # a sparse gradient stands for itself
        target, number = self.edges[2 * index], self.edges[2 * index + 1]
        if target is None:  # nobody gets it but a hook
            return None if self.hooks is None else answer if whole else answer._array
        shape, kind = expected_of(target, number)
        got = answer._array.shape
        extra = len(got) - len(shape)
        if extra < 0 or any(n not in (1, m) for n, m in zip(shape, got[extra:], strict=True)):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {index} - got {list(got)} but expected shape "
                f"compatible with {list(shape)}"
            )
        if answer.is_meta:
            raise of_another_device(got, True, self, index)
        if answer._array.dtype.kind == "c" and kind.kind != "c":
            raise RuntimeError(
                "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but got "
                "false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
            )
        # A view: the user may hold on to the array, so it must not become somebody's .grad.
        return answer if whole else answer._array[...]

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{self.name()} object at {id(self):#x}>"


def wrap_gradient(gradient: Any) -> Tensor:
    """A gradient as the user's backward sees it."""
    return gradient if isinstance(gradient, Tensor) else wrap(gradient)
