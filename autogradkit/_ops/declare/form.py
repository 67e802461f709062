"""What a declaration says: an overload's options, its parameters, and the facts that follow from them.

Made by the decorator of names.py; overload.py adds what an overload does. What is costly to work out is worked out when it
is first asked for. The options, beside the memory words that memory.py explains:

- `node`, `in_place_node`: the node's name where it is not the op's with "Backward0", and where the in-place form has another;
- `vjp`: a formula for each differentiable parameter (recipe.py); `group`: (parameters, formula) where one formula gives all;
  `edit_vjp`: those of the in-place form, where only that has a gradient, as an edit keeps the dtype; `floats_only`: an edit of
  integers is not recorded; `gradient_version`: how often PyTorch edits the gradient of the first input, or of each that is
  named, while making it;
- `rule`: what a picture shows of the formulas, where reading them does not read well; `label`: what it calls the op; `sign`: the
  operator that it is written as, where the name's own operators do not say so; `usual`: what a picture leaves out of a call,
  though it must be given;
- `other_first`: PyTorch's kernel has the operands the other way around, and the second decides the strides;
- `unary`: its numbers are no operands of PyTorch's kernel, and have no part in the strides;
- `wide_numbers`: a number that meets half precision stays a float32, in which both are computed and rounded once;
- `contiguous`: a pointwise result is laid out so, whatever the operands are;
- `promotes`: the operands that take part in promotion, if these are not just the tensors; `ufunc`: NumPy's own function,
  which is the kernel wherever other parameters have their defaults; `result_dtype`: of a reduction, from (NumPy dtype, dtype=);
- `refuse`: a function of the values that raises where PyTorch does not allow them; `dtypes`: likewise, but asked only where
  some operand is neither float32 nor float64; `edit_dtypes`, `edit_refuse`: those of the in-place
  form, where it has others;
- `outputs`, `differentiable_outputs`, `returns`: names of several results, how many of them have gradients (or the slice of
  those that do), their tuple;
- `view`: the result is a view; `composition`: made of other ops, of whose calls each is recorded; `factory`: likewise, recorded
  as what makes a tensor; `random`: drawn; `lane`: writes a straight line of its own (lanes.py);
- `reads`: a query's answer as source, tried before the arguments are looked at (entries.py);
- `laid_out`: whether what `out=` names, where it is resized, gets the strides of the result;
- `out_warning`: what PyTorch warns of where a composition is given `out=`;
- `real_gradient`: of complex results PyTorch has no gradient, and refuses to record them once they are computed;
- `written_by`: what writes into the `out=` of a composition, and refuses gradients by that name, or has none ("aten::..."); a
  function of the values where it depends on them. Where `out_dtype` is of the composition's own making, its other checks come
  before that, too. "copy_" is differentiated;
- `refuses_complex`: where a real operand gets a complex gradient PyTorch does not take its real part, and refuses;
- `warns_of_resizing`: whether a warning comes where `out=` has elements and is resized;
- `into_any`: what `out=` names is written at once, whatever its dtype, in which it is computed;
- `written`: how often PyTorch edits the result while making it, from the values; of a composition what `out=` names, beyond
  once;
- `out`, `in_place`, `variants`: whether PyTorch has an `out=`, an in-place form, a function and a method of this form;
- `bare_out`: PyTorch's form with `out=` is generated over the other one: it has no gradient, like an op without any, and
  resizes before it looks at the dtype;
- `refuse_out`: raises, from `out=` and the values, what is refused before anything is computed; of a composition before
  gradients are;
- `out_dtype`: raises, from the result's dtype and the `out`'s, where they are not those that most ops of its kind take;
- `edit_resizes`: the in-place form gives self the shape of the result, where that is another, as PyTorch lets it;
- `structured`: the in-place form says of another shape what PyTorch's structured kernels say;
- `out_decides`: without `dtype=` it is computed in the dtype of `out`;
- `apart`: `out` may not even be the very memory of an operand; PyTorch looks at it as it is "given" or "resized";
- `deferred`: the kernel writes nothing, but returns the step (core.steps) that does, as `writing` in memory.py wants it; one
  that `edits` a step with three arguments;
- `edit`: the in-place form of a composition; `overlaps`: which memory an edit may write and read at once (writing.py);
- `unmeasured`: why a finite difference would not be the gradient, where it would not;
- `deprecated`: a form that still runs and is not listed; `samples`: makes argument tuples for the tests.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare.plans import PointwisePlan
from autogradkit._ops.declare.recipe import Formula, names_of, origin
from autogradkit._ops.declare.refusals import is_by_kernel
from autogradkit._ops.declare.rules import rule_of
from autogradkit._ops.declare.signature import OUT, OUTS, REQUIRED, Parameter, Signature, parameters_of
from autogradkit._ops.declare.writing import require_castable, require_same_dtype, require_writable
from autogradkit.core.facts import OpFacts
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor

if TYPE_CHECKING:
    from autogradkit._ops.declare.names import OverloadSet
    from autogradkit._ops.declare.source import Call, Source

UNIMPLEMENTED = "torch::autograd::NotImplemented"  # the `node=` of what PyTorch has no derivative for

SIGNS = {
    "__add__": "+", "__sub__": "-", "__rsub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//",
    "__mod__": "%", "__pow__": "**", "__neg__": "-", "__matmul__": "@", "__invert__": "~", "__and__": "&", "__or__": "|",
    "__xor__": "^", "__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">=",
}  # fmt: skip

Samples = Callable[[Callable[..., Tensor]], Iterable[tuple[Any, ...]]]


class Form:
    """One of the forms that a name may be called in, as it was declared."""

    def __init__(
        self,
        owner: OverloadSet,
        kernel: Callable[..., Any],
        *,
        node: str | None = None,
        in_place_node: str | None = None,
        vjp: dict[str, Formula] | None = None,
        group: tuple[str, Formula] | None = None,
        edit_vjp: dict[str, Formula] | None = None,
        floats_only: bool = False,
        gradient_version: int | dict[str, int] = 0,
        pointwise: str | None = None,
        contiguous: bool = False,
        unary: bool = False,
        wide_numbers: bool = False,
        other_first: bool = False,
        promotes: str | None = None,
        as_number: str | None = None,
        ufunc: np.ufunc | None = None,
        reduces: bool = False,
        result_dtype: Callable[..., np.dtype[Any]] | None = None,
        edits: bool | str = False,
        deferred: bool = False,
        overlaps: Callable[[Array, Sequence[Any]], None] = require_writable,
        meta: Callable[..., Any] | None = None,
        view: bool = False,
        composition: bool = False,
        lane: Callable[[Source, Call, int], None] | None = None,
        reads: Sequence[str] = (),
        factory: bool = False,
        outputs: str = "result",
        differentiable_outputs: int | slice | None = None,
        returns: Callable[[Sequence[Tensor]], Any] | None = None,
        refuse: Callable[..., None] | None = None,
        dtypes: Callable[..., None] | None = None,
        edit_dtypes: Callable[..., None] | None = None,
        edit_refuse: Callable[..., None] | None = None,
        edit_resizes: bool = False,
        out: bool | None = None,
        out_warning: str = "",
        real_gradient: bool = False,
        written_by: str | Callable[..., str] = "",
        refuses_complex: bool = False,
        into_any: bool = False,
        warns_of_resizing: bool = True,
        written: Callable[..., int] | None = None,
        laid_out: bool | None = None,
        apart: str = "",
        out_decides: bool = False,
        bare_out: bool = False,
        refuse_out: Callable[..., None] | None = None,
        structured: bool = False,
        out_dtype: Callable[[np.dtype[Any], np.dtype[Any]], None] | None = None,
        in_place: bool = True,
        edit: Callable[..., Tensor] | None = None,
        variants: str = "function method",
        deprecated: bool = False,
        random: bool = False,
        label: str | None = None,
        sign: str = "",
        usual: dict[str, Any] | None = None,
        rule: str | None = None,
        unmeasured: str = "",
        samples: Samples | None = None,
    ) -> None:
        self.owner = owner
        self.kernel = kernel
        self.node_name = node or _camel(owner.name) + "Backward0"
        self.in_place_node = in_place_node
        self.formulas = {
            name: each for names, each in (vjp or {}).items() for name in names.split() if name != as_number
        }
        if edit_vjp and as_number is None:  # PyTorch's form with a tensor is its second
            self.in_place_node = in_place_node or _camel(owner.name) + "Backward1"
        self.edit_formulas = {name: each for name, each in (edit_vjp or {}).items() if name != as_number}
        self.group = None if group is None else group[1]
        if group is not None:
            self.formulas = dict.fromkeys(group[0].split(), group[1])
        self.pointwise = pointwise
        self.contiguous = contiguous
        self.unary = unary
        self.wide_numbers = wide_numbers
        self.other_first = other_first
        self._promotes = promotes
        self._as_number = as_number
        self.ufunc = ufunc
        self.reduces = reduces
        self.result_dtype = result_dtype
        self.edits = edits
        self.deferred = deferred
        self.floats_only = floats_only
        self._gradient_version = gradient_version
        self.overlaps = overlaps
        self.meta = meta
        self.view = view
        self.composition = composition or factory
        self.lane = lane
        self.reads = reads
        self.factory = factory
        self.outputs = tuple(outputs.split())
        self.several = str(kernel.__annotations__.get("return", "")).startswith("tuple")  # as many as there are
        given = differentiable_outputs
        self.differentiable_outputs = given if isinstance(given, slice) else slice(given)
        self.returns = returns or tuple
        self.refuse = refuse
        self.dtypes = dtypes
        self.edit_dtypes = edit_dtypes or dtypes
        self.edit_refuse = edit_refuse or refuse
        self.edit_resizes = edit_resizes
        self.takes_out = not (view or self.composition) if out is None else out
        self.apart = apart
        self.out_decides = out_decides
        self.bare_out = bare_out
        self.refuse_out = refuse_out
        self.structured = structured
        self.out_warning = out_warning
        self.real_gradient = real_gradient
        self.written_by = written_by
        self.refuses_complex = refuses_complex
        self.into_any = into_any
        self.warns_of_resizing = warns_of_resizing
        self.written = written
        self.laid_out = (pointwise is not None or meta is not None or composition) if laid_out is None else laid_out
        converts = pointwise is not None or reduces or self.composition
        self.require_out_dtype = out_dtype or (require_castable if converts else require_same_dtype)
        self.in_place = in_place and (edit is not None or not (composition or factory) or owner.only_in_place)
        self.composed_edit = edit
        self.variants = variants
        self.deprecated = deprecated
        self.label = label or owner.name.strip("_")
        self.usual = usual or {}
        self.sign = sign or next((SIGNS[each] for each in owner.operators if each in SIGNS), "")
        self.rule_given = rule
        self.unmeasured = unmeasured
        self.samples = samples
        self.kind = "random" if random else "create" if factory else "view" if view else "op"
        self.plans: dict[Any, PointwisePlan] = {}
        self.lane_plans: dict[Any, tuple[Any, ...] | None] = {}
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

    @cached_property
    def checks(self) -> tuple[list[Any], list[Any]]:
        """(checks before anything else, checks of PyTorch's kernel, after those of shapes and dtypes)."""
        return self._ordered(self.dtypes, self.refuse)

    @cached_property
    def edit_checks(self) -> tuple[list[Any], list[Any]]:
        """The same, of the in-place form."""
        return self._ordered(self.edit_dtypes, self.edit_refuse)

    def _ordered(self, *checks: Any) -> tuple[list[Any], list[Any]]:
        dtypes = checks[0]
        found = [check for check in checks if check is not None]
        pointwise = self.pointwise is not None
        late = [check for check in found if is_by_kernel(check) or (check is dtypes and not pointwise)]
        return [check for check in found if check not in late], late

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

    @property
    def by_place(self) -> int:
        """How many arguments it takes where PyTorch takes them by place alone, all of them required; else 0."""
        return self.kernel.__code__.co_posonlyargcount

    @cached_property
    def defaults(self) -> tuple[Any, ...]:
        """The parameters' defaults."""
        return tuple([p.default for p in self.parameters])

    @cached_property
    def signature(self) -> Signature:
        """As a function."""
        out = (
            [OUT if len(self.outputs) == 1 and not self.several else OUTS]
            if self.takes_out and "out" not in self.index
            else []
        )
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

    @property
    def is_unimplemented(self) -> bool:
        """Whether PyTorch gives it a node that refuses when it runs."""
        return self.node_name == UNIMPLEMENTED

    @property
    def written_as(self) -> str:
        """What PyTorch calls the form with `out=` where that has a node that refuses when it runs; else nothing."""
        return f"aten::{self.owner.name}" if self.is_unimplemented or self.bare_out else ""

    @property
    def refuses_whole(self) -> bool:
        """Whether PyTorch refuses to record what gives whole numbers: by `dtype=`, or of some that an edit put in the graph."""
        return self.owner.name != "to" and not self.is_unimplemented

    @cached_property
    def gradient_versions(self) -> tuple[int, ...]:
        """How often PyTorch edits the gradient of each input while making it; empty for never."""
        given = self._gradient_version
        if not given:
            return ()
        names = list(self.formulas)
        by_name = given if isinstance(given, dict) else {names[0]: given}
        return tuple([by_name.get(name, 0) for name in names])

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

    @cached_property
    def _others(self) -> tuple[int, ...]:
        return tuple([i for i in range(len(self.parameters)) if i not in self.operands])

    def is_by_ufunc(self, values: Sequence[Any], common: np.dtype[Any]) -> bool:
        """Whether NumPy's own function does it: there is one, and what is no operand has its default, and is not complex."""
        others = self._others
        return (
            self.ufunc is not None
            and not (others and common.kind == "c")
            and not any(values[i] is not self.defaults[i] for i in others)
        )

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
    def doc(self) -> str:
        """The documentation of this overload, or an empty string."""
        return inspect.getdoc(self.kernel) or ""

    @cached_property
    def schema(self) -> str:
        """PyTorch's schema of it."""
        parts: list[str] = []
        # In schemas of factories the memory format comes last, in Python's front before the other keywords.
        for p in sorted(self.parameters, key=lambda p: self.factory and p.name == "memory_format"):
            if p.keyword and "*" not in parts:
                parts.append("*")
            if self.factory and p.name in ("out", "requires_grad"):  # of Python's front only
                continue
            optional = "?" if p.optional and p.default != () else ""
            text = f"{p.kind.schema}{optional} {p.public if p.name.endswith('_') else p.name}"
            default: Any = None if self.factory and p.optional and p.default is False else p.default
            if p.one_for_all:
                default = default[0]
            parts.append(text if default is REQUIRED else f"{text}={_literal(default)}")
        result = "Tensor[]" if self.several else "Tensor"
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
        return self._facts

    @cached_property
    def _facts(self) -> OpFacts:
        usual = [self.usual.get(p.name, p.default) for p in self.parameters]
        return OpFacts(
            label=self.label,
            pointwise=self.pointwise is not None,
            rule=self.rule if self.formulas else "",
            parameters=tuple(self.index),
            defaults=tuple(["" if each is REQUIRED else repr(each) for each in usual]),
            spread=self.method_signature is not None and self.method_signature.varargs,
            sign=self.sign,
        )

    @cached_property
    def rule(self) -> str:
        """The local derivatives as a picture shows them, one line for each input."""
        return self.rule_given or rule_of(self.formulas, self.group)


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:.0f}." if isinstance(value, float) and value.is_integer() else str(value)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
