"""One overload: one of PyTorch's schemas, one node. What it computes, and how a call of it is recorded.

Rests on form (what was declared), memory (where results go), out (what `out=` names), recipe (how it is differentiated),
entries (straight lines) and the engine. names.py chooses among overloads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from autogradkit._ops.declare import memory, plans, straight
from autogradkit._ops.declare.batched import edit_batched, run_batched
from autogradkit._ops.declare.dispatching import edit_told, is_told, run_told
from autogradkit._ops.declare.form import Form
from autogradkit._ops.declare.meta import edit_meta, run_meta
from autogradkit._ops.declare.out import compose_into, require_undifferentiated, write_into
from autogradkit._ops.declare.overlaps import require_once, require_writable, unless_the_same
from autogradkit._ops.declare.precision import CAST
from autogradkit._ops.declare.recipe import Recipe
from autogradkit._ops.declare.refusals import is_unless_empty
from autogradkit._ops.declare.source import refuse_complex, refuse_whole
from autogradkit._ops.declare.sparse import edit_sparse, run_sparse
from autogradkit._ops.declare.writing import require_castable, require_shape
from autogradkit.core.batched import BATCHES, has_batched
from autogradkit.core.frames import shorten
from autogradkit.core.meta import META, has_meta
from autogradkit.core.pending import bits_of, reading, unread
from autogradkit.core.quiet import quietly
from autogradkit.core.recording import RECORDERS, composed, observed
from autogradkit.core.sparse import SPARSE, SparseArray, around, has_sparse
from autogradkit.core.steps import Step, take
from autogradkit.core.storage import Array
from autogradkit.core.tensor import PENDING, Tensor, wrap, write_at_once
from autogradkit.core.views import INFERENCE, MULTI_OUTPUT, NO_GRAD, PLAIN, alias, view_of
from autogradkit.engine.dispatching import DISPATCHING
from autogradkit.engine.history import check_in_place, requires_grad
from autogradkit.engine.modes import DUAL_LEVELS, MODE
from autogradkit.engine.ownership import set_version
from autogradkit.engine.reseating import reseating
from autogradkit.engine.saved import cast_to_save


def _around_other(made: Any) -> Tensor:
    """A tensor around what a kernel made that is no array: a number of NumPy's, or a sparse array."""
    return around(made if isinstance(made, SparseArray) else np.asarray(made))


class Overload(Form):
    """One of the forms that a name may be called in."""

    @cached_property
    def recipe(self) -> Recipe | None:
        """How it is differentiated, or None."""
        return Recipe(self, self.formulas) if self.formulas else None

    @cached_property
    def edit_recipe(self) -> Recipe | None:
        """How its in-place form is differentiated, or None."""
        return Recipe(self, self.edit_formulas) if self.edit_formulas else self.recipe

    # -- computing --------------------------------------------------------------------------------------------------

    def run_kernel(self, values: Sequence[Any], out: Any = None) -> Any:
        """Call the kernel with arrays and plain values; it writes into `out`, if that is given."""
        if self.ufunc is not None and len(values) == len(self.operands):
            return self.ufunc(*values, out=out)
        named = self.named(values)
        if out is not None:
            named["out"] = out
        made = self.kernel(*values[: self.positional], **named)
        return take(made) if self.deferred else made

    def prepared(self, values: Sequence[Any], out: Array) -> Step:
        """What the kernel of a `deferred` op would do."""
        return self.kernel(*values[: self.positional], **self.named(values), out=out)

    def named(self, values: Sequence[Any]) -> dict[str, Any]:
        """The values that go by name."""
        at = self.positional
        return dict(zip([p.name for p in self.parameters[at:]], values[at:], strict=True)) if at < len(values) else {}

    def arrays_of(self, values: Sequence[Any]) -> list[Any]:
        """The values with arrays in place of tensors: of their numbers, or for a view of the memory that it shows."""
        found = list(values)
        if self.view:
            found[self.first_tensor] = found[self.first_tensor]._memory
        for i in self.tensors_at:
            value = found[i]
            if isinstance(value, Tensor):
                found[i] = value._array
            elif isinstance(value, (list, tuple)):
                found[i] = [each._array if isinstance(each, Tensor) else each for each in value]
        for i in self.promotes:
            value = found[i]
            if isinstance(value, Tensor):
                found[i] = value._array
        return found

    @cached_property
    def on_arrays(self) -> Callable[..., Any]:
        """What it computes from arrays, for gradient formulas; nothing is recorded."""
        if self.composition:
            raise TypeError(f"{self.owner.name} is composed of other ops, which a formula must name")
        return straight.write_on_arrays(self)

    def run(self, values: Sequence[Any], out: Any = None) -> Any:
        """The op on bound values: compute, wrap, record. Reports to nobody."""
        if BATCHES and (has_batched(values) or has_batched((out,))):
            return run_batched(self, values, out)
        if DISPATCHING and is_told(self, (*values, out)):
            return run_told(self, values, out)
        if PENDING and not (self.view or self.composition) and (several := unread((*values, out))):
            with reading(several):
                return self.run(values, out)
        if SPARSE and (has_sparse(values) or has_sparse((out,))):
            return run_sparse(self, values, out)
        if META and (has_meta(values) or has_meta((out,))):
            return run_meta(self, values, out)
        if isinstance(out, (list, tuple)) and not self.several and len(out) != len(self.outputs):
            raise TypeError(f"expected tuple of {len(self.outputs)} elements but got {len(out)}")
        asked = values
        if self.out_decides and isinstance(out, Tensor):
            values = self._decided(values, out)
        if self.composition:
            return self.composed(self.kernel, values) if out is None else compose_into(self, values, asked, out)
        if out is not None and (self.written_as or self.formulas):
            require_undifferentiated(self, values, out)
        memory.require_numbers(self, values)
        early, late = self.checks
        for check in early:
            check(*values)
        if out is not None and self.refuse_out is not None:
            self.refuse_out(out, *asked)
        if late and self.pointwise is not None and isinstance(out, Tensor):
            arrays = self.arrays_of(values)
            memory.require_promotable(self, arrays)
            self.require_out_dtype(plans.pointwise_plan(self, arrays).result, out._array.dtype)
        for check in late:
            self.ask_late(check, values)
        if out is not None:
            return write_into(self, values, out)
        if self.pointwise is not None:
            return self._run_pointwise(values)
        computed = quietly(memory.compute, self, self.arrays_of(values))
        several = isinstance(computed, (list, tuple))
        results = self.wrapped(values, computed if several else (computed,), several)
        if self.written is not None:
            for result in results:
                set_version(result, self.written(*values))
        self.record_results(values, results)
        return self.returns(results) if several else results[0]

    def _decided(self, values: Sequence[Any], out: Tensor) -> list[Any]:
        """The values with the dtype that `out` decides where none is given."""
        decided = [*values]
        if values[self.index["dtype"]] is None:
            decided[self.index["dtype"]] = out.dtype
        return decided

    def ask_late(self, check: Callable[..., None], values: Sequence[Any]) -> None:
        """A check that PyTorch's kernel makes: what is wrong with sizes and dimensions is said before what it refuses."""
        try:
            check(*values)
        except (RuntimeError, TypeError):  # NotImplementedError among them
            has_elements = memory.require_described(self, self.arrays_of(values))
            if has_elements or not is_unless_empty(check):
                raise

    def refuse_dtypes(self, *values: Any) -> None:
        """The check of dtypes as a lane asks for it."""
        memory.require_numbers(self, values)
        early, _ = self.checks
        for check in self.dtypes:
            if check in early:
                check(*values)
            else:
                self.ask_late(check, values)

    def refuse_late(self, *values: Any) -> None:
        """The check of a kernel's as a lane asks for it."""
        assert self.refuse is not None
        self.ask_late(self.refuse, values)

    def _run_pointwise(self, values: Sequence[Any]) -> Tensor:
        arrays = list(values)
        for i in self.operands:
            value = arrays[i]
            if isinstance(value, Tensor):
                arrays[i] = value._array
        plan = plans.pointwise_plan(self, arrays)
        result = wrap(quietly(memory.fill_pointwise, self, arrays, plan))
        if self.written is not None:
            set_version(result, self.written(*values))
        if self.records(values):
            self._record(self.promoted(values, plan.common), values, (result,))
        return result

    def record_results(self, values: Sequence[Any], results: Sequence[Tensor]) -> None:
        """Record a call whose operands are saved as they are."""
        self._record(values, values, results)

    def _record(self, saved: Sequence[Any], values: Sequence[Any], results: Sequence[Tensor]) -> None:
        if not results or not self.records(values):
            return
        assert self.recipe is not None
        kind = results[0]._array.dtype.kind
        if kind == "c" and self.real_gradient:
            refuse_complex(self.owner.name)
        if kind not in "iub":
            self.recipe.record(saved, values, results)
        elif self.refuses_whole:
            refuse_whole(results[0]._array)

    def composed(self, body: Callable[..., Any], values: Sequence[Any]) -> Any:
        """The result of a composition, whose `body` runs on tensors."""
        return body(*values[: self.positional], **self.named(values))

    def wrapped(self, values: Sequence[Any], arrays: Sequence[Any], several: bool) -> list[Tensor]:
        """Tensors around what was computed; views for a view op."""
        if not self.view:
            return [wrap(each) if each.__class__ is np.ndarray else _around_other(each) for each in arrays]
        if not self.formulas:
            return [alias(values[self.first_tensor], each) for each in arrays]
        silent = NO_GRAD if MODE.inference is None else INFERENCE
        creation = silent if not MODE.grad else MULTI_OUTPUT if several else PLAIN
        return [view_of(values[self.first_tensor], each, creation) for each in arrays]

    def edit(self, values: Sequence[Any]) -> Tensor:
        """The in-place form on bound values: every check comes before the write, which is there with its history or not."""
        if BATCHES and has_batched(values):
            return edit_batched(self, values)
        if DISPATCHING and is_told(self, values):
            return edit_told(self, values)
        if PENDING and not (self.view or self.composition) and (several := unread(values)):
            with reading(several):
                return self.edit(values)
        if SPARSE and has_sparse(values):
            return edit_sparse(self, values)
        if META and has_meta(values):
            return edit_meta(self, values)
        if self.composition:
            return self.composed(self.composed_edit or self.kernel, values)
        values = list(values)
        target: Tensor = values[self.first_tensor]
        if self.out_decides:
            values = self._decided(values, target)
        recipe = self.edit_recipe
        # What PyTorch has no gradient of looks at its target, too, before a kernel says that it takes no such numbers.
        asks = (
            recipe is None and self.is_unimplemented and MODE.grad and any(map(requires_grad, self.tensors_in(values)))
        )
        if recipe is not None and not (MODE.grad and recipe.asked_for(values)):
            recipe = None
        if self.floats_only and target._array.dtype.kind in "iub":
            recipe = None
        records = recipe is not None
        check_in_place(target, records or asks)
        memory.require_numbers(self, values)
        early, late = self.edit_checks
        for check in early:
            check(*values)
        if self.view:
            return self._edit_geometry(target, values, recipe)
        at = self.first_tensor
        others = self.tensors_in((*values[:at], *values[at + 1 :]))
        if self.structured:
            memory.require_structure(self, self.arrays_of(values), target._array)
        if self.overlaps is unless_the_same:  # `copy_`, which PyTorch has read and write what is pending where it lies
            turns = PENDING and others and bits_of(others[0]) != bits_of(target)
            (require_writable if turns else self.overlaps)(target._memory, [each._memory for each in others])
        else:
            self.overlaps(target._array, [each._array for each in others])
            if target.__class__ in PENDING:  # what was read of it lies apart
                require_once(target._memory, ())
        arrays = self.arrays_of(values)
        if late and self.pointwise is not None:
            memory.require_promotable(self, arrays)
            plan = plans.pointwise_plan(self, arrays)
            require_shape(target._array.shape, plan.shape)
            require_castable(plan.result, target._array.dtype)
        for check in late:
            self.ask_late(check, values)
        if self.edit_resizes:
            made = quietly(memory.compute, self, arrays)
            if made.shape != target._array.shape:
                return self._reseat(target, values, made, recipe)
        write = quietly(memory.writing, self, arrays, target._array)
        history: Sequence[Step] = ()
        if recipe is not None:
            pointwise = self.pointwise is not None
            saved = self.promoted(values, plans.pointwise_plan(self, arrays).common) if pointwise else values
            history = recipe.prepare_edit(saved, values)
        write_at_once(target, [write, *history])
        return target

    def _edit_geometry(self, target: Tensor, values: Sequence[Any], recipe: Recipe | None) -> Tensor:
        """The in-place form of a view op: the tensor itself takes the geometry of the view."""
        array = self.run_kernel(memory.counted_dims(self, self.arrays_of(values)))
        return self._reseat(target, values, array, recipe)

    def _reseat(self, target: Tensor, values: Sequence[Any], array: Array, recipe: Recipe | None) -> Tensor:
        history: Sequence[Step] = () if recipe is None else recipe.prepare_edit(values, values, array)
        write_at_once(target, [*reseating(target, array), *history])
        return target

    def tensors_in(self, values: Sequence[Any]) -> list[Tensor]:
        """The tensors among the values, those in lists too."""
        lists = [value if isinstance(value, (list, tuple)) else (value,) for value in values]
        return [each for each in itertools.chain.from_iterable(lists) if isinstance(each, Tensor)]

    # -- recording --------------------------------------------------------------------------------------------------

    def records(self, values: Sequence[Any]) -> bool:
        """Whether a call with these values is to be recorded."""
        return self.recipe is not None and MODE.grad and self.recipe.asked_for(values)

    def promoted(self, values: Sequence[Any], common: np.dtype[Any]) -> Sequence[Any]:
        """The operands as they are saved: of whole numbers that were cast for the computation that is noted."""
        cast = self.promotes[:-1] if memory.is_wide(self, self.arrays_of(values), common) else self.promotes
        return [
            cast_to_save(value, common) if i in cast and isinstance(value, Tensor) else value
            for i, value in enumerate(values)
        ]

    # -- calls within the package -----------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run this overload, reported to whoever records; for compositions and formulas, whose arguments fit."""
        try:
            if len(args) > self.positional or BATCHES or SPARSE or META or PENDING:
                return self.general(*args, **kwargs)
            if self.composition:
                if RECORDERS or DISPATCHING:
                    return self.general(*args, **kwargs)
                return self.composed(self.kernel, self.filled(args, kwargs))
            if kwargs and not kwargs.keys() <= self.keywords:
                return self.general(*args, **kwargs)
            return self.straight(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    def general(self, *args: Any, **kwargs: Any) -> Any:
        """`__call__` of arguments that are unusual, or while somebody records."""
        if RECORDERS and MODE.casting is not None and self.owner.name in CAST:
            return MODE.casting.call(self, self.owner.name, args, kwargs)
        if RECORDERS and (self.factory or not self.composition):
            return observed(self, self.kind, self._call, args, kwargs)
        if RECORDERS:
            return composed(self, "op", lambda: self.run(self.filled(args, kwargs)), args, kwargs)
        return self.run(self.filled(args, kwargs))

    @cached_property
    def straight(self) -> Callable[..., Any]:
        """The overload as a generated function of its positional parameters, for compositions on the hot path."""
        return straight.write_straight(self)

    @cached_property
    def straight_edit(self) -> Callable[..., Any]:
        """The in-place form likewise."""
        return straight.write_straight_edit(self)

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        return self.run_dual(self.filled(args, kwargs))

    def in_place_call(self, *args: Any, **kwargs: Any) -> Tensor:
        """Run the in-place form, as `__call__` does."""
        try:
            unusual = RECORDERS or self.composition or BATCHES or SPARSE or META or PENDING
            if unusual or len(args) > self.positional or (kwargs and not kwargs.keys() <= self.keywords):
                return self.general_edit(*args, **kwargs)
            return self.straight_edit(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    def general_edit(self, *args: Any, **kwargs: Any) -> Tensor:
        """`in_place_call` of arguments that are unusual, or while somebody records."""
        if RECORDERS:
            return observed(self, "inplace", self._edit, args, kwargs)
        return self.edit(self.filled(args, kwargs))

    def _edit(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.edit_dual(self.filled(args, kwargs))

    def run_dual(self, values: Sequence[Any], out: Any = None) -> Any:
        """`run`, with tangents while forward mode is on."""
        return DUAL_LEVELS[0].run(self, values, out) if DUAL_LEVELS else self.run(values, out)

    def edit_dual(self, values: Sequence[Any]) -> Tensor:
        """`edit`, with tangents while forward mode is on."""
        return DUAL_LEVELS[0].edit(self, values) if DUAL_LEVELS else self.edit(values)
