"""One overload: one of PyTorch's schemas, one node. What it computes, how it is recorded, and the facts that follow from it.

Made by the decorator of names.py. Rests on signature (what may be given), memory (where results go), recipe (how it is
differentiated) and the engine. What is costly to work out is worked out when it is first asked for.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare import entries, memory
from autogradkit._ops.declare.recipe import Formula, Recipe, names_of, origin
from autogradkit._ops.declare.rules import rule_of
from autogradkit._ops.declare.signature import OUT, OUTS, REQUIRED, Parameter, Signature, parameters_of
from autogradkit._ops.declare.writing import (
    into_out,
    require_apart,
    require_castable,
    require_no_grad,
    require_same_dtype,
    require_writable,
)
from autogradkit.core.facts import OpFacts
from autogradkit.core.recording import RECORDERS, run_observed
from autogradkit.core.tensor import Tensor, bump_version, reseat, wrap
from autogradkit.core.views import MULTI_OUTPUT, NO_GRAD, PLAIN, view_of
from autogradkit.engine.graph import check_in_place
from autogradkit.engine.modes import MODE

if TYPE_CHECKING:
    from autogradkit._ops.declare.names import OverloadSet
    from autogradkit._ops.declare.source import Call, Source

Samples = Callable[[Callable[..., Tensor]], Iterable[tuple[Any, ...]]]


class Overload:
    """One of the forms that a name may be called in."""

    def __init__(
        self,
        owner: OverloadSet,
        kernel: Callable[..., Any],
        *,
        node: str | None = None,
        in_place_node: str | None = None,
        vjp: dict[str, Formula] | None = None,
        group: tuple[str, Formula] | None = None,
        pointwise: str | None = None,
        promotes: str | None = None,
        as_number: str | None = None,
        ufunc: np.ufunc | None = None,
        reduces: bool = False,
        result_dtype: Callable[..., np.dtype[Any]] | None = None,
        edits: bool | str = False,
        overlaps: bool = False,
        meta: Callable[..., Any] | None = None,
        view: bool = False,
        composition: bool = False,
        lane: Callable[[Source, Call, int], None] | None = None,
        factory: bool = False,
        outputs: str = "result",
        differentiable_outputs: int | None = None,
        returns: Callable[[Sequence[Tensor]], Any] | None = None,
        refuse: Callable[..., None] | None = None,
        dtypes: Callable[..., None] | None = None,
        out: bool | None = None,
        apart: bool = False,
        out_dtype: Callable[[np.dtype[Any], np.dtype[Any]], None] | None = None,
        in_place: bool = True,
        edit: Callable[..., Tensor] | None = None,
        variants: str = "function method",
        deprecated: bool = False,
        random: bool = False,
        label: str | None = None,
        rule: str | None = None,
        samples: Samples | None = None,
    ) -> None:
        self.owner = owner
        self.kernel = kernel
        self.node_name = node or _camel(owner.name) + "Backward0"
        self.in_place_node = in_place_node
        self.formulas = {
            name: each for names, each in (vjp or {}).items() for name in names.split() if name != as_number
        }
        self.group = None if group is None else group[1]
        if group is not None:
            self.formulas = dict.fromkeys(group[0].split(), group[1])
        self.pointwise = pointwise
        self._promotes = promotes
        self._as_number = as_number
        self.ufunc = ufunc
        self.reduces = reduces
        self.result_dtype = result_dtype
        self.edits = edits
        self.overlaps = overlaps
        self.meta = meta
        self.view = view
        self.composition = composition or factory
        self.lane = lane
        self.factory = factory
        self.outputs = tuple(outputs.split())
        self.differentiable_outputs = len(self.outputs) if differentiable_outputs is None else differentiable_outputs
        self.returns = returns or tuple
        self.refuse = refuse
        self.dtypes = dtypes
        self.takes_out = not (view or self.composition) if out is None else out
        self.apart = apart
        converts = pointwise is not None or reduces or self.composition
        self.require_out_dtype = out_dtype or (require_castable if converts else require_same_dtype)
        self.in_place = in_place and (edit is not None or not (composition or factory) or owner.only_in_place)
        self.composed_edit = edit
        self.variants = variants
        self.deprecated = deprecated
        self.label = label or owner.name.strip("_")
        self.rule_given = rule
        self.samples = samples
        self.kind = "create" if factory else "view" if view else "random" if random else "op"
        self.several_views = view and str(kernel.__annotations__.get("return", "")).startswith("tuple")
        self.plans: dict[Any, memory.PointwisePlan] = {}
        self._require_known_names()

    def _require_known_names(self) -> None:
        code = self.kernel.__code__
        known = {*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *self.outputs, "needs"}
        for parameter, formula in self.formulas.items():
            for name in (parameter, *[origin(asked)[0] for asked in names_of(formula)]):
                if name not in known:
                    raise TypeError(
                        f"{self.owner.name}: a formula asks for '{name}', which is no parameter or output of it"
                    )

    # -- what it may be called with ---------------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The kernel's parameters without `out`."""
        return parameters_of(self.kernel, self._as_number)

    @cached_property
    def index(self) -> dict[str, int]:
        """Where each parameter stands."""
        return {p.name: i for i, p in enumerate(self.parameters)}

    @cached_property
    def positional(self) -> int:
        """How many parameters come by position."""
        return sum(not p.keyword for p in self.parameters)

    @cached_property
    def defaults(self) -> tuple[Any, ...]:
        """The parameters' defaults."""
        return tuple([p.default for p in self.parameters])

    @cached_property
    def signature(self) -> Signature:
        """As a function."""
        out = [OUT if len(self.outputs) == 1 else OUTS] if self.takes_out and "out" not in self.index else []
        return Signature(self.owner.name, [*self.parameters, *out], deprecated=self.deprecated)

    @cached_property
    def self_at(self) -> int | None:
        """Where `self` stands, for an overload that is a method, or an operator, too."""
        if not self.owner.operators and not ("method" in self.variants and "method" in self.owner.variants):
            return None
        at = self.index.get("self")
        return at if at is not None and self.parameters[at].kind.is_tensor else None

    @cached_property
    def method_signature(self) -> Signature | None:
        """As a method, without `self`; None where it is none."""
        if self.self_at is None:
            return None
        rest = [p for i, p in enumerate(self.parameters) if i != self.self_at]
        return Signature(self.owner.name, rest, deprecated=self.deprecated)

    def filled(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
        """Values in order of the parameters from a call within the package, which is known to fit."""
        values = [*args, *self.defaults[len(args) :]]
        for name, value in kwargs.items():
            values[self.index[name]] = value
        return values

    # -- facts ----------------------------------------------------------------------------------------------------------

    @cached_property
    def tensors_at(self) -> tuple[int, ...]:
        """Where tensors, and lists of tensors, stand."""
        return tuple([i for i, p in enumerate(self.parameters) if p.kind.is_tensor])

    @cached_property
    def first_tensor(self) -> int:
        """Where the tensor stands whose dimensions are meant."""
        return self.tensors_at[0] if self.tensors_at else 0

    @cached_property
    def dims(self) -> tuple[int, ...]:
        """Where single dimensions stand, which are counted from the front before the kernel runs."""
        return (
            ()
            if self.composition or self.reduces
            else tuple([i for i, p in enumerate(self.parameters) if p.spelled == "Dim"])
        )

    @cached_property
    def promotes(self) -> tuple[int, ...]:
        """Where the operands stand that take part in promotion; numbers among them arrive as arrays."""
        if self._promotes is not None:
            return tuple([self.index[name] for name in self._promotes.split()])
        number = () if self._as_number is None else (self.index[self._as_number],)
        return tuple(sorted({*self.tensors_at, *number}))

    @cached_property
    def operands(self) -> tuple[int, ...]:
        """Where the operands of a pointwise op stand: what is promoted, and tensors that are only broadcast."""
        return tuple(sorted({*self.promotes, *self.tensors_at}))

    def result_of(self, numpy_dtype: np.dtype[Any], values: Sequence[Any]) -> np.dtype[Any]:
        """The dtype of a reduction's result."""
        if self.result_dtype is None:
            return numpy_dtype
        wanted = values[self.index["dtype"]] if "dtype" in self.index else None
        return self.result_dtype(numpy_dtype, wanted)

    def keeps(self, values: Sequence[Any]) -> bool:
        """Whether a reduction keeps its dimensions as ones."""
        at = self.index.get("keepdim")
        return at is not None and values[at]

    @cached_property
    def recipe(self) -> Recipe | None:
        """How it is differentiated, or None."""
        return Recipe(self) if self.formulas else None

    @cached_property
    def doc(self) -> str:
        """The documentation of this overload, or an empty string."""
        return inspect.getdoc(self.kernel) or ""

    @cached_property
    def schema(self) -> str:
        """PyTorch's schema of it."""
        parts: list[str] = []
        for i, p in enumerate(self.parameters):
            if p.keyword and i == self.positional:
                parts.append("*")
            text = f"{p.kind.schema}{'?' if p.optional else ''} {p.public if p.name.endswith('_') else p.name}"
            parts.append(text if p.default is REQUIRED else f"{text}={_literal(p.default)}")
        result = "Tensor[]" if self.several_views else "Tensor"
        if len(self.outputs) > 1:
            result = "(" + ", ".join(f"Tensor {name}" for name in self.outputs) + ")"
        return f"{self.owner.name}({', '.join(parts)}) -> {result}"

    @property
    def name(self) -> str:
        """The name that users call it by, without an in-place form's underscore."""
        return self.owner.name.removesuffix("_") if self.owner.only_in_place else self.owner.name

    @property
    def facts(self) -> OpFacts:
        """What pictures need to know of it."""
        return OpFacts(self.label, self.pointwise is not None, self.rule if self.formulas else "", tuple(self.index))

    @cached_property
    def rule(self) -> str:
        """The local derivatives as a picture shows them, one line for each input."""
        return self.rule_given or rule_of(self.formulas, self.group)

    # -- computing --------------------------------------------------------------------------------------------------

    def run_kernel(self, values: Sequence[Any], out: Any = None) -> Any:
        """Call the kernel with arrays and plain values; it writes into `out`, if that is given."""
        if self.ufunc is not None and len(values) == len(self.operands):
            return self.ufunc(*values, out=out)
        named = self.named(values)
        if out is not None:
            named["out"] = out
        return self.kernel(*values[: self.positional], **named)

    def named(self, values: Sequence[Any]) -> dict[str, Any]:
        """The values that go by name."""
        at = self.positional
        return dict(zip([p.name for p in self.parameters[at:]], values[at:], strict=True)) if at < len(values) else {}

    def arrays_of(self, values: Sequence[Any]) -> list[Any]:
        """The values with arrays in place of tensors."""
        found = list(values)
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

    def on_arrays(self, *args: Any, **kwargs: Any) -> Any:
        """What it computes from arrays, for gradient formulas; nothing is recorded."""
        values = self.filled(args, kwargs)
        if self.composition:
            raise TypeError(f"{self.owner.name} is composed of other ops, which a formula must name")
        return memory.compute(self, values)

    def run(self, values: Sequence[Any], out: Any = None) -> Any:
        """The op on bound values: compute, wrap, record. Reports to nobody."""
        if self.composition:
            made = self._composed(self.kernel, values)
            if out is None:
                return made
            results = made if isinstance(made, (list, tuple)) else (made,)
            return into_out(
                self.owner.name, self.tensors_in(values), [each._array for each in results], out, self.require_out_dtype
            )
        if self.dtypes is not None:
            self.dtypes(*values)
        if self.refuse is not None:
            self.refuse(*values)
        if out is not None:
            return self._write(values, out)
        if self.pointwise is not None:
            return self._run_pointwise(values)
        computed = memory.compute(self, self.arrays_of(values))
        several = isinstance(computed, (list, tuple))
        results = self.wrapped(values, computed if several else (computed,), several)
        if self.records(values) and results and results[0]._array.dtype.kind not in "iub":
            assert self.recipe is not None
            self.recipe.record(values, values, results)
        return self.returns(results) if several else results[0]

    def _run_pointwise(self, values: Sequence[Any]) -> Tensor:
        arrays = list(values)
        for i in self.operands:
            value = arrays[i]
            if isinstance(value, Tensor):
                arrays[i] = value._array
        plan = memory.pointwise_plan(self, arrays)
        result = wrap(memory.fill_pointwise(self, arrays, plan))
        if self.records(values) and plan.result.kind not in "iub":
            assert self.recipe is not None
            self.recipe.record(self.promoted(values, plan.common), values, (result,))
        return result

    def _composed(self, body: Callable[..., Any], values: Sequence[Any]) -> Any:
        return body(*values[: self.positional], **self.named(values))

    def wrapped(self, values: Sequence[Any], arrays: Sequence[Any], several: bool) -> list[Tensor]:
        """Tensors around what was computed; views for a view op."""
        if not self.view:
            return [wrap(each if each.__class__ is np.ndarray else np.asarray(each)) for each in arrays]
        creation = NO_GRAD if not MODE.grad else MULTI_OUTPUT if several else PLAIN
        return [view_of(values[self.first_tensor], each, creation) for each in arrays]

    def _write(self, values: Sequence[Any], out: Any) -> Any:
        """The result in what `out=` names: straight into it where it has the right form, else copied and resized."""
        tensors = self.tensors_in(values)
        if isinstance(out, Tensor) and (self.pointwise is not None or self.reduces):
            arrays = self.arrays_of(values)
            shape = self._result_shape(arrays)
            if out._array.shape == shape:
                require_no_grad(self.owner.name, (*tensors, out))
                self.require_out_dtype(self._result_dtype(arrays), out._array.dtype)
                require_writable(out._array, [each._array for each in tensors])
                memory.compute(self, arrays, out._array)
                bump_version(out)
                return out
        if self.apart:  # such an op looks at the memory before it resizes `out=`
            for each in out if isinstance(out, (list, tuple)) else (out,):
                require_apart(each._array, [tensor._array for tensor in tensors])
        computed = memory.compute(self, self.arrays_of(values))
        written = into_out(self.owner.name, tensors, computed, out, self.require_out_dtype)
        return written if isinstance(written, Tensor) else self.returns(written)

    def _result_dtype(self, arrays: Sequence[Any]) -> np.dtype[Any]:
        if self.pointwise is not None:
            return memory.pointwise_plan(self, arrays).result
        return self.result_of(arrays[self.first_tensor].dtype, arrays)

    def _result_shape(self, arrays: Sequence[Any]) -> tuple[int, ...]:
        if self.pointwise is not None:
            return memory.pointwise_plan(self, arrays).shape
        dim = arrays[self.index["dim"]] if "dim" in self.index else None
        return memory.reduction_plan(arrays[self.first_tensor].shape, dim, self.keeps(arrays))[1]

    def edit(self, values: Sequence[Any]) -> Tensor:
        """The in-place form on bound values: every check comes before the first write."""
        if self.composition:
            return self._composed(self.composed_edit or self.kernel, values)
        values = list(values)
        target: Tensor = values[self.first_tensor]
        records = self.records(values)
        if self.dtypes is not None:
            self.dtypes(*values)
        if self.refuse is not None:
            self.refuse(*values)
        check_in_place(target, records)
        if self.view:
            return self._edit_geometry(target, values, records)
        if not self.overlaps:
            require_writable(target._array, [each._array for each in self.tensors_in(values) if each is not target])
        recipe = self.recipe if records else None
        arrays = self.arrays_of(values)
        remember = None
        if recipe is not None:
            pointwise = self.pointwise is not None
            saved = self.promoted(values, memory.pointwise_plan(self, arrays).common) if pointwise else values
            remember = recipe.prepare_edit(saved, values)
        memory.compute(self, arrays, target._array)
        bump_version(target)
        if remember is not None:
            remember()
        return target

    def _edit_geometry(self, target: Tensor, values: Sequence[Any], records: bool) -> Tensor:
        """The in-place form of a view op: the tensor itself takes the geometry of the view."""
        array = memory.compute(self, self.arrays_of(values))
        recipe = self.recipe if records else None
        remember = None if recipe is None else recipe.prepare_edit(values, values, array)
        reseat(target, array)
        bump_version(target)
        if remember is not None:
            remember()
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
        """The operands as they are saved: a tensor without grad that was cast for the computation is saved cast."""
        return [
            wrap(value._array.astype(common))
            if i in self.promotes
            and isinstance(value, Tensor)
            and not value.requires_grad
            and value._array.dtype != common
            else value
            for i, value in enumerate(values)
        ]

    # -- calls within the package -----------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run this overload, reported to whoever records; for compositions and formulas, whose arguments fit."""
        if RECORDERS and not self.composition:
            return run_observed(self, self.kind, self._call, args, kwargs)
        return self.run(self.filled(args, kwargs))

    @cached_property
    def straight(self) -> Callable[..., Any]:
        """The overload as a generated function of its positional parameters, for compositions on the hot path."""
        return entries.write_straight(self)

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        return self.run(self.filled(args, kwargs))

    def in_place_call(self, *args: Any, **kwargs: Any) -> Tensor:
        """Run the in-place form, as `__call__` does."""
        if RECORDERS:
            return run_observed(self, "inplace", self._edit, args, kwargs)
        return self.edit(self.filled(args, kwargs))

    def _edit(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.edit(self.filled(args, kwargs))


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    return "0." if isinstance(value, float) and not value else str(value)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
