"""The node of a custom function: what it saves, how its backward is called, how a forward is tied to it.

Rests on the engine; `function.py` has the classes that users derive from.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from autogradkit._ops.declare.overriding import overriding
from autogradkit.autograd.function_jvp import push_forward
from autogradkit.core import errors
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import learners_stack
from autogradkit.core.recording import reported
from autogradkit.core.steps import at_once
from autogradkit.core.storage import offset_of, root_of, strided
from autogradkit.core.strides import element_strides, view_strides
from autogradkit.core.tensor import Tensor, as_class, bump_version, counter_of, reading_to_save, wrap
from autogradkit.core.views import CUSTOM, MULTI_OUTPUT, alias, view_of
from autogradkit.engine.dual import DualLevel
from autogradkit.engine.history import check_in_place, edge_of, rebased_history, requires_grad
from autogradkit.engine.modes import DUAL_LEVELS, MODE, forward_grad, no_grad, set_grad_enabled
from autogradkit.engine.node import SEQUENCE, Node
from autogradkit.engine.packing import Packed, packed
from autogradkit.engine.saved import FREED, SavedOutput, saved_was_edited
from autogradkit.engine.saved_tensor import SavedTensor
from autogradkit.engine.validate import expected_of, of_no_numbers

# What nodes with a `jvp` send while `func.jvp` runs its first backward (function_pushed.py); else None.
PUSHED: ContextVar[Callable[[Any, list[Any]], list[Any]] | None] = ContextVar("pushed", default=None)


class Template(NamedTuple):
    """What an argument was."""

    shape: tuple[int, ...]
    dtype: Any


class FunctionCtx:
    """What `forward` and `backward` share: saved tensors, flags, and any attribute the user sets."""

    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (or None) for backward. Raises TypeError for anything else."""
        for index, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {index} is of type {type(tensor).__name__}"
                )
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (or None) for `jvp`, which finds them in `saved_tensors`. Raises TypeError for anything else."""
        for index, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    "save_for_forward can only save tensors, but argument "
                    f"{index} is of type {type(tensor)}, which is not a tensor."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs `forward` edits in place; they must be returned."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether a gradient that did not arrive is given to `backward` as zeros (the default) or as None."""
        if not isinstance(value, bool):
            raise TypeError(
                "set_materialize_grads received an invalid combination of arguments - got (), but expected (bool)"
            )
        self._materialize = value

    # What was named while `forward` runs.
    to_save: tuple[Tensor | None, ...] | None = None
    saved_for_forward: tuple[Tensor | None, ...] | None = None
    dirty_tensors: tuple[Tensor, ...] | None = None
    non_differentiable: tuple[Tensor, ...] | None = None
    _materialize: bool = True

    def _checked_marks(self) -> None:
        """Raise RuntimeError where something else than a tensor was marked; PyTorch's texts end like this."""
        if not all(isinstance(each, Tensor) for each in self.dirty_tensors or ()):
            raise RuntimeError("mark_dirty can only accept variables, but argument ")
        if not all(isinstance(each, Tensor) for each in self.non_differentiable or ()):
            raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")

    def _forget(self) -> None:
        """Let go of what `forward` named: an output among it owns the node, and would keep it alive for ever."""
        self.to_save = self.saved_for_forward = self.dirty_tensors = self.non_differentiable = None


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

    saved_variables = saved_tensors

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
        target, number = self.edges[2 * index], self.edges[2 * index + 1]
        if target is None:  # nobody gets it but a hook
            return None if self.hooks is None else answer if create_graph else answer._array
        shape, kind = expected_of(target, number)
        got = answer._array.shape
        extra = len(got) - len(shape)
        if extra < 0 or any(n not in (1, m) for n, m in zip(shape, got[extra:], strict=True)):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {index} - got {list(got)} but expected shape "
                f"compatible with {list(shape)}"
            )
        if answer.is_meta:
            raise of_no_numbers(got, self, index)
        if answer._array.dtype.kind == "c" and kind.kind != "c":
            raise RuntimeError(
                "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but got "
                "false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
            )
        # A view: the user may hold on to the array, so it must not become somebody's .grad.
        return answer if create_graph else answer._array[...]

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{self.name()} object at {id(self):#x}>"


def wrap_gradient(gradient: Any) -> Tensor:
    """A gradient as the user's backward sees it."""
    return gradient if isinstance(gradient, Tensor) else wrap(gradient)


def run_forward(
    node: BackwardCFunction, context: FunctionCtx, args: tuple[Any, ...], forward: Callable[[], Any]
) -> Any:
    """Call the user's forward, and tie its outputs to `node` if any argument requires grad."""
    edges: list[Any] = []
    for value in args:
        edges += edge_of(value) if isinstance(value, Tensor) else ()
    context.needs_input_grad = tuple(isinstance(value, Tensor) and requires_grad(value) for value in args)
    node.edges = tuple(edges)
    node._given = tuple(isinstance(value, Tensor) for value in args)
    records = MODE.grad and any(context.needs_input_grad)
    level: DualLevel | None = DUAL_LEVELS[0] if DUAL_LEVELS and MODE.forward else None
    tangents = [level.tangent_of(each) if level and isinstance(each, Tensor) else None for each in args]
    with no_grad(), forward_grad(False):
        given = forward()
    outputs: tuple[Any, ...] = given if isinstance(given, tuple) else (given,)
    context._checked_marks()
    for dirty in context.dirty_tensors or ():
        bump_version(dirty)
    results: list[Any] = []
    templates: list[Any] = []
    for output in outputs:
        tensor = _output(output, args, context, records, len(outputs) > 1) if isinstance(output, Tensor) else output
        results.append(tensor)
        templates += (tensor._array.shape, tensor._array.dtype) if isinstance(tensor, Tensor) else ((), None)
    if any(all(dirty is not output for output in outputs) for dirty in context.dirty_tensors or ()):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
            "modified inplace must all be outputs of the Function."
        )
    node.outputs = tuple(templates)
    if records:
        if MODE.anomaly:
            node.ensure_hooks().traceback = learners_stack(sys._getframe())
        _tie(node, context, args, outputs, results)
    node._materialize = context._materialize
    if level is not None and any(each is not None for each in tangents):
        push_forward(level, node._jvp, context, args, tangents, outputs, results)
    if MODE.transforms and isinstance(node._function, type) and node._function._has_jvp():
        node._kept_forward = context.saved_for_forward
        node.arguments = tuple([Template(x.shape, x.dtype) if isinstance(x, Tensor) else None for x in args])
    context._forget()
    return tuple(results) if isinstance(given, tuple) else results[0]


_SEVERAL_BESIDE_AN_EDITED_VIEW = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one "
    "Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a view (using "
    ".clone() for example) or make your Function only return one Tensor (potentially splitting it into two Functions: one "
    "doing the inplace that returns a single Tensor and a second one that does the other operations). You can ask on the forum "
    "https://discuss.pytorch.org/ if you need help to do this change."
)


def _output(output: Tensor, args: tuple[Any, ...], context: FunctionCtx, records: bool, several: bool) -> Tensor:
    """An output as the caller gets it: an input that was returned unedited comes back as a view of it.

    Where no gradient is recorded, one that requires grad comes back detached.
    """
    unmarked = all(output is not each for each in context.non_differentiable or ())
    if not (records and unmarked) and requires_grad(output) and any(output is each for each in args):
        return alias(output)
    if any(output is each for each in context.dirty_tensors or ()):
        if records:
            one_of_many = output._view is not None and output._view.creation == MULTI_OUTPUT
            if not one_of_many and requires_grad(output) and edge_of(output)[0] is output:
                raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
            check_in_place(output, True)
            if several and output._view is not None:
                raise RuntimeError(_SEVERAL_BESIDE_AN_EDITED_VIEW)
        return output
    how = MULTI_OUTPUT if several else CUSTOM
    if any(value is output for value in args):  # though another may share its memory, as one that was detached does
        return _of_its_class(view_of(output, _viewed(output._memory), how), output)
    for value in args:
        if isinstance(value, Tensor) and _is_made_of(output, value):
            return _of_its_class(view_of(value, output._array, how), output)
    return output


def _is_made_of(output: Tensor, value: Tensor) -> bool:
    """Whether an output is a view on the memory of an argument, or, without elements, of what that is."""
    base = value if value._view is None else value._view.base
    known = output._view is not None and output._view.base is base
    arrays = value._array, output._array
    return known or (all(each.__class__ is np.ndarray for each in arrays) and root_of(arrays[0]) is root_of(arrays[1]))


def _of_its_class(view: Tensor, output: Tensor) -> Tensor:
    """The view, seen as one of the class that a user derived from Tensor, where `forward` returned such a one."""
    return as_class(view, type(output)) if overriding((output,), {}) else view


def _viewed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array with the strides of `view_as(itself)`, which are others in dimensions of size one."""
    strides = element_strides(array)
    return strided(array, array.shape, view_strides(array.shape, strides, array.shape) or strides, offset_of(array))


def _tie(
    node: BackwardCFunction,
    context: FunctionCtx,
    args: tuple[Any, ...],
    outputs: tuple[Any, ...],
    results: list[Any],
) -> None:
    for number, (output, result) in enumerate(zip(outputs, results, strict=True)):
        if not isinstance(result, Tensor) or any(output is each for each in context.non_differentiable or ()):
            continue
        if result._array.dtype.kind not in "fc" and not result.dtype.is_floating_point:
            continue
        if any(output is each for each in context.dirty_tensors or ()):
            at_once([*rebased_history(result, node, 0)[0], (setattr, result, "_grad", None)])  # as in PyTorch
        else:
            result._node = node
            result._output_nr = number
            result._requires_grad = True
            if result._view is not None:
                result._view.creation = MULTI_OUTPUT if len(outputs) > 1 else CUSTOM
                result._view.version = counter_of(result).value
    saved: list[Any] = []
    versions: list[int] = []
    for tensor in context.to_save or ():
        value: Any = tensor
        for number, output in enumerate(outputs):
            # Its own output, unless that is an input too: saved without the tensor, which owns the node.
            if tensor is None or output is not tensor or results[number]._node is not node:
                continue
            if not any(tensor is each for each in args):
                counter_of(tensor)
                value = SavedOutput(tensor, number)
        if tensor is not None and any(tensor is each for each in context.dirty_tensors or ()):
            value = SavedOutput(tensor, next(i for i, output in enumerate(outputs) if output is tensor))
        versions.append(0 if tensor is None else reading_to_save(tensor))
        if MODE.packing is not None and tensor is not None:
            own = isinstance(value, SavedOutput)
            value = packed(node.output_tensor(value), value.number) if own else packed(tensor)
        saved.append(value)
    node._saved = tuple(saved)
    node._versions = tuple(versions)
