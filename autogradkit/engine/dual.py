"""Forward mode: while a level is on, tensors may have tangents, and every op gives its results theirs.

Rests on backward. An op's tangent is the gradient of a gradient: backward's result is linear in what it begins with, and its
slope is the Jacobian. So each op with a dual operand is run a second time with a graph of its own, which is differentiated
twice and let go; a view is taken of the tangent as well. Outside a level nobody pays: the level sends ops the general way, as
anomaly detection does (`ATTENTION`), and only that way asks `DUAL_LEVELS`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, cast

import numpy as np

from autogradkit.core.printing import FURTHER_NOTES
from autogradkit.core.random import Generator, default_generator
from autogradkit.core.recording import RECORDERS
from autogradkit.core.steps import at_once
from autogradkit.core.storage import Bytes
from autogradkit.core.strides import element_strides, empty_strided
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.views import ChainedView, steps_in
from autogradkit.engine.backward import grad as gradients_of
from autogradkit.engine.history import requires_grad
from autogradkit.engine.modes import ATTENTION, DUAL_LEVELS, MODE, enable_grad, forward_grad
from autogradkit.engine.required import OPS

_OUT = "Trying to use forward AD with {}_out that does not support it because it is an out= function"


class DualOp(Protocol):
    """What a level asks of a declared op (`_ops/declare/overload.py`)."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def view(self) -> bool: ...
    @property
    def composition(self) -> bool: ...
    @property
    def recipe(self) -> Any: ...
    @property
    def edit_recipe(self) -> Any: ...
    @property
    def first_tensor(self) -> int: ...
    def run(self, values: Sequence[Any], out: Any = None) -> Any: ...
    def edit(self, values: Sequence[Any]) -> Tensor: ...


class DualLevel:
    """The tangents of one level, each kept for as long as its tensor lives."""

    def __init__(self) -> None:
        # By the tensors' ids: (a reference that takes the entry away, the tangent; None: it has none, whatever its base has).
        self._known: dict[int, tuple[weakref.ref[Tensor], Tensor | None]] = {}
        # The same by the tensors' arrays, which is what a node keeps of its own result.
        self._of_arrays: dict[int, tuple[weakref.ref[Any], Tensor]] = {}

    def begin(self) -> None:
        """Give results tangents from now on."""
        at_once([(RECORDERS.append, ATTENTION), (FURTHER_NOTES.append, self.note), (DUAL_LEVELS.append, self)])

    def end(self) -> None:
        """Forget all tangents."""
        at_once([(DUAL_LEVELS.remove, self), (FURTHER_NOTES.remove, self.note), (RECORDERS.remove, ATTENTION)])
        self._known.clear()
        self._of_arrays.clear()

    def note(self, tensor: Tensor) -> str | None:
        """What the text of a tensor says of its tangent."""
        tangent = self.shown(tensor)
        return None if tangent is None else f"tangent={tangent}"

    def shown(self, tensor: Tensor) -> Tensor | None:
        """The tangent as users see it: within the methods of a custom function they see none."""
        return self.tangent_of(tensor) if MODE.forward else None

    # -- tangents ------------------------------------------------------------------------------------------------------

    def keep(self, tensor: Tensor, tangent: Tensor | None) -> None:
        """Remember the tangent of a tensor, or that it has none."""
        _remember(self._known, tensor, tangent)
        if tangent is not None:
            _remember(self._of_arrays, tensor._array, tangent)

    def recall(self, output: Tensor) -> None:
        """Give a node's own result, made anew of what the node kept, the tangent that it had."""
        known = self._of_arrays.get(id(output._array))
        if known is not None:
            self.keep(output, known[1])

    def tangent_of(self, tensor: Tensor) -> Tensor | None:
        """The tangent of a tensor; that of a view is a view of its base's."""
        known = self._known.get(id(tensor))
        if known is not None:
            return known[1]
        if tensor._view is None or (whole := self.tangent_of(tensor._view.base)) is None:
            return None
        tangent = _part(whole, tensor._view.base, tensor)
        self.keep(tensor, tangent)
        return tangent

    def attach(self, tensor: Tensor, tangent: Tensor) -> None:
        """Make `tangent` the tangent of a tensor: as it is where it lies in memory as the tensor does, else copied.

        One that is there already is written into, and a view's is a part of its base's. Raises RuntimeError for another shape.
        """
        require_same_size(tensor, tangent)
        old = self.tangent_of(tensor)
        if old is None and tensor._view is not None:
            base = tensor._view.base
            like = base._memory
            kind = tangent._array.dtype if like.dtype == tensor._memory.dtype else like.dtype
            whole = wrap(empty_strided(like.shape, element_strides(like), kind))
            whole._array.fill(0)
            self.keep(base, whole)
            old = self.tangent_of(tensor)
        if old is not None:
            OPS.copy_(old, tangent)
        else:
            self.keep(tensor, laid_out(tangent, tensor))

    # -- ops -----------------------------------------------------------------------------------------------------------

    def run(self, op: DualOp, values: Sequence[Any], out: Any = None) -> Any:
        """The op on bound values, its results with their tangents. Raises NotImplementedError for dual tensors and `out`."""
        duals = self._duals(values) if MODE.forward else []
        if out is not None and (duals or (MODE.forward and self._duals([out]))):
            raise NotImplementedError(_OUT.format(op.name))
        if not duals or op.composition or op.recipe is None:  # what a composition calls comes here itself
            return op.run(values, out)
        if op.view:
            result = op.run(values)
            [(_, tangent)] = duals
            with forward_grad(False):
                moved = op.run([tangent if place == op.first_tensor else each for place, each in enumerate(values)])
            for each, its in zip(_tensors_in([result]), _tensors_in([moved]), strict=True):
                self.keep(each, its)
            return result
        tangents = _pushed(op, op.run, op.recipe, values, duals, None)
        result = op.run(values)
        for each, tangent in zip(_tensors_in([result]), tangents, strict=True):
            if tangent is not None:
                self.attach(each, tangent)
        return result

    def edit(self, op: DualOp, values: Sequence[Any]) -> Tensor:
        """The op's in-place form on bound values; the tangent is edited in place, too."""
        duals = self._duals(values) if MODE.forward else []
        if not duals or op.composition:
            return op.edit(values)
        target: Tensor = values[op.first_tensor]
        if op.view:
            result = op.edit(values)
            with forward_grad(False):
                op.edit([duals[0][1] if place == op.first_tensor else each for place, each in enumerate(values)])
            return result
        [tangent] = _pushed(op, op.edit, op.edit_recipe, values, duals, target)
        result = op.edit(values)
        if tangent is None and (old := self.tangent_of(target)) is not None:
            OPS.zero_(old)
        elif tangent is not None:
            self.attach(target, tangent)
        return result

    def _duals(self, values: Iterable[Any]) -> list[tuple[Tensor, Tensor]]:
        """The tensors among the values that have a tangent, each once, with it; none in inference mode."""
        if MODE.inference is not None or not self._known:
            return []
        found = {id(each): (each, self.tangent_of(each)) for each in _tensors_in(values)}
        return [(each, tangent) for each, tangent in found.values() if tangent is not None]


def _remember(entries: dict[int, tuple[weakref.ref[Any], Any]], key: Any, value: Any) -> None:
    """Put an entry for as long as `key` lives."""
    place, forget = id(key), entries.pop
    entries[place] = weakref.ref(key, lambda _: forget(place, None)), value


def _tensors_in(values: Iterable[Any]) -> list[Tensor]:
    """The tensors among the values, and in the lists among them."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += [each for each in cast("Sequence[Any]", value) if isinstance(each, Tensor)]
    return found


def _pushed(
    op: DualOp,
    run: Callable[[Sequence[Any]], Any],
    recipe: Any,
    values: Sequence[Any],
    duals: Sequence[tuple[Tensor, Tensor]],
    target: Tensor | None,
) -> list[Tensor | None]:
    """The tangent of each tensor that `run(values)` gives, None of what has no gradient; `target` is what it edits.

    Random numbers that it draws will be drawn again.
    """
    differentiable = _tensors_in([values[place] for place in recipe.differentiable]) if recipe is not None else []
    duals = [pair for pair in duals if any(pair[0] is each for each in differentiable)]
    generators = [each for each in (default_generator, *values) if isinstance(each, Generator)]
    drawn = [each.get_state() for each in generators] if op.kind == "random" else []
    goes_on = bool(MODE.grad) and any(requires_grad(each) for each in _tensors_in((*values, *[t for _, t in duals])))
    stand_ins: dict[int, Tensor] = {}
    with forward_grad(False), enable_grad():
        inputs: list[Tensor] = []
        for tensor, _ in duals:
            if goes_on and requires_grad(tensor):
                seen = stand_ins[id(tensor)] = OPS.clone(tensor)
            else:
                seen = stand_ins[id(tensor)] = wrap(tensor._array)
                seen._requires_grad = True
            inputs.append(seen)
        if target is not None:
            stand_ins[id(target)] = OPS.clone(stand_ins.get(id(target), target))
        given = run([_replaced(each, stand_ins) for each in values])
        for generator, state in zip(generators, drawn, strict=False):
            generator.set_state(state)
        results = _tensors_in([given])
        outputs = [each for each in results if requires_grad(each)]
        if not outputs:
            return [None] * len(results)
        seeds = [wrap(np.zeros_like(each._array)) for each in outputs]
        for each in seeds:
            each._requires_grad = True
        slopes = gradients_of(outputs, inputs, seeds, create_graph=True, allow_unused=True)
    pairs = [
        (slope, tangent if tangent._array.dtype == slope._array.dtype else OPS.cast(tangent, slope._array.dtype))
        for slope, (_, tangent) in zip(slopes, duals, strict=True)
        if slope is not None and requires_grad(slope)
    ]
    changes: Sequence[Tensor | None] = [None] * len(seeds)
    if pairs:
        moving, tangents = zip(*pairs, strict=True)
        with forward_grad(False):
            changes = gradients_of(moving, seeds, tangents, create_graph=goes_on, allow_unused=True)
    found: dict[int, Tensor] = {}
    known = {_place(tangent) for _, tangent in duals}
    for output, change in zip(outputs, changes, strict=True):
        if change is None:
            change = wrap(np.zeros_like(output._array))
        elif _place(change) in known:  # passed on as it is, but an edit of one is none of the other
            with forward_grad(False):
                change = OPS.clone(change)
        known.add(_place(change))
        found[id(output)] = change
    return [found.get(id(each)) for each in results]


def _place(tensor: Tensor) -> int:
    return Bytes(tensor._memory).data_ptr()


def require_same_size(tensor: Tensor, tangent: Tensor) -> None:
    """Raise RuntimeError for a tangent of another shape."""
    if tangent._array.shape != tensor._array.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor._array.shape)} while the given forward gradient is of size "
            f"{list(tangent._array.shape)}."
        )


def laid_out(tangent: Tensor, tensor: Tensor) -> Tensor:
    """The tangent itself where it lies in its storage as the tensor in its own, else a copy that does."""
    array, like = tangent._memory, tensor._memory
    strides, offset = element_strides(like), tensor.storage_offset()
    count, wanted = (Bytes(each).nbytes() // each.itemsize for each in (array, like))
    if (element_strides(array), tangent.storage_offset(), count) == (strides, offset, wanted):
        return tangent
    whole = wrap(np.zeros(wanted, array.dtype))
    return OPS.copy_(OPS.as_strided(whole, array.dtype, like.shape, strides, offset), tangent)


def _part(whole: Tensor, base: Tensor, view: Tensor) -> Tensor:
    """The part of a base's tangent that is the tangent of a view."""
    array, like, record = view._memory, base._memory, view._view
    if isinstance(record, ChainedView):
        return OPS.replay_view_steps(whole, steps_in(record.steps, like, whole.storage_offset()))
    kind = whole._array.dtype if array.dtype == like.dtype else array.dtype
    begins = (whole.storage_offset() - base.storage_offset()) * like.itemsize // array.itemsize
    return OPS.as_strided(whole, kind, array.shape, element_strides(array), view.storage_offset() + begins)


def _replaced(value: Any, stand_ins: dict[int, Tensor]) -> Any:
    if isinstance(value, (list, tuple)):
        several = cast("Sequence[Any]", value)
        replaced = [stand_ins.get(id(each), each) for each in several]
        return replaced if any(one is not each for one, each in zip(replaced, several, strict=True)) else several
    return stand_ins.get(id(value), value)
