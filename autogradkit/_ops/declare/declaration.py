"""What a declaration may say: the options of an overload, and what each is where it is not given.

Made by the decorator of names.py; form.py has the facts that follow from it, overload.py what an overload does. The options,
beside the memory words that memory.py explains:

- `node`, `in_place_node`: the node's name where it is not the op's with "Backward0", and where the in-place form has another;
- `vjp`: a formula for each differentiable parameter (recipe.py); `group`: (parameters, formula) where one formula gives all;
  `edit_vjp`: those of the in-place form, where only that has a gradient, as an edit keeps the dtype; `floats_only`: an edit of
  integers is not recorded; `gradient_version`: how often PyTorch edits the gradient of the first input, or of each that is
  named, while making it;
- `rule`: what a picture shows of the formulas, where reading them does not read well; `label`: what it calls the op,
  `{stride}` standing for how many strides there are; `sign`: the operator that it is written as, where the name's own
  operators do not say so; `usual`: what a picture leaves out of a call, though it must be given;
- `other_first`: PyTorch's kernel has the operands the other way around, and the second decides the strides;
- `unary`: its numbers are no operands of PyTorch's kernel, and have no part in the strides;
- `wide_numbers`: a number that meets half precision stays a float32, in which both are computed and rounded once;
- `contiguous`: a pointwise result is laid out so, whatever the operands are;
- `promotes`: the operands that take part in promotion, if these are not just the tensors; `ufunc`: NumPy's own function,
  which is the kernel wherever other parameters have their defaults; `result_dtype`: of a reduction, from (NumPy dtype, dtype=);
- `refuse`: a function of the values that raises where PyTorch does not allow them; `dtypes`: likewise, but asked only where
  some operand is neither float32 nor float64, one or several in a row; `edit_dtypes`, `edit_refuse`: those of the
  in-place form, where it has others;
- `outputs`, `differentiable_outputs`, `returns`: names of several results, how many of them have gradients (or the slice of
  those that do), their tuple;
- `view`: the result is a view; or a class that makes of the kernel what straight lines call in its place, and that knows
  the view again (known_views.py); `composition`: made of other ops, of whose calls each is recorded; `factory`: likewise,
  recorded as what makes a tensor; `random`: drawn; `lane`: writes a straight line of its own (lanes.py);
- `reads`: a query's answer as source, tried before the arguments are looked at (entries.py);
- `laid_out`: whether what `out=` names, where it is resized, gets the strides of the result; or only where it was "empty";
- `out_warning`: what PyTorch warns of where a composition is given `out=`;
- `real_gradient`: of complex results PyTorch has no gradient, and refuses to record them once they are computed;
- `written_by`: what writes into the `out=` of a composition, and refuses gradients by that name, or has none ("aten::..."); a
  function of the values where it depends on them. Where `out_dtype` is of the composition's own making, its other checks come
  before that, too. "copy_" is differentiated;
- `refuses_complex`: where a real operand gets a complex gradient PyTorch does not take its real part, and refuses;
- `warns_of_resizing`: whether a warning comes where `out=` has elements and is resized; or what gives it, from `out` and the
  arrays, where it is of other sizes than those of the result;
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
  `apart_from`: of which operands, where not of all;
- `deferred`: the kernel writes nothing, but returns the step (core.steps) that does, as `writing` in memory.py wants it; one
  that `edits` a step with three arguments;
- `writes`: the parameters whose tensors the kernel writes beside its result, as running statistics, which no version counts;
- `into`: the form with `out=` of a composition, from its values and `out`, where that is no copy of what it makes;
- `edit`: the in-place form of a composition; `overlaps`: which memory an edit may write and read at once (overlaps.py);
- `unmeasured`: why a finite difference would not be the gradient, where it would not;
- `deprecated`: a form that still runs and is not listed; `samples`: makes argument tuples for the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autogradkit._ops.declare.overlaps import require_writable
from autogradkit._ops.declare.plans import PointwisePlan
from autogradkit._ops.declare.recipe import Formula, names_of, origin
from autogradkit._ops.declare.unsigned import requiring_kernel
from autogradkit._ops.declare.writing import require_castable, require_same_dtype
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor

if TYPE_CHECKING:
    from autogradkit._ops.declare.call import Call
    from autogradkit._ops.declare.names import OverloadSet
    from autogradkit._ops.declare.source import Source

UNIMPLEMENTED = "torch::autograd::NotImplemented"  # the `node=` of what PyTorch has no derivative for

SIGNS = {
    "__add__": "+", "__sub__": "-", "__rsub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//",
    "__mod__": "%", "__pow__": "**", "__neg__": "-", "__matmul__": "@", "__invert__": "~", "__and__": "&", "__or__": "|",
    "__xor__": "^", "__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">=",
}  # fmt: skip

Checks = Callable[..., None] | tuple[Callable[..., None], ...] | None
Samples = Callable[[Callable[..., Tensor]], Iterable[tuple[Any, ...]]]


class Declaration:
    """What was said of one of the forms that a name may be called in.

    The options are kept as they were given until something is asked of the form: most of the names that a program loads it
    never calls, and they cost neither time nor memory.
    """

    def __init__(self, owner: OverloadSet, kernel: Callable[..., Any], options: dict[str, Any]) -> None:
        self.owner = owner
        self.kernel = kernel
        self._options = options

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            options = self.__dict__.get("_options")
            if options is not None:
                self._declare(**options)
                self.__dict__.pop("_options", None)  # another thread may have been here meanwhile
            return object.__getattribute__(self, name)

    def _declare(
        self,
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
        reduces: bool | Callable[..., Any] = False,
        result_dtype: Callable[..., np.dtype[Any]] | None = None,
        edits: bool | str = False,
        deferred: bool = False,
        overlaps: Callable[[Array, Sequence[Any]], None] = require_writable,
        meta: Callable[..., Any] | None = None,
        view: bool | Callable[[Any], Any] = False,
        composition: bool = False,
        lane: Callable[[Source, Call, int], None] | None = None,
        reads: Sequence[str] = (),
        factory: bool = False,
        outputs: str = "result",
        differentiable_outputs: int | slice | None = None,
        returns: Callable[[Sequence[Tensor]], Any] | None = None,
        refuse: Callable[..., None] | None = None,
        dtypes: Checks = None,
        edit_dtypes: Checks = None,
        edit_refuse: Callable[..., None] | None = None,
        edit_resizes: bool = False,
        out: bool | None = None,
        out_warning: str = "",
        real_gradient: bool = False,
        written_by: str | Callable[..., str] = "",
        refuses_complex: bool = False,
        into_any: bool = False,
        into: Callable[..., Any] | None = None,
        warns_of_resizing: bool | Callable[..., None] = True,
        written: Callable[..., int] | None = None,
        writes: str = "",
        laid_out: bool | Literal["empty"] | None = None,
        apart: str = "",
        apart_from: str = "",
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
        owner, kernel = self.owner, self.kernel
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
        self.reduces = bool(reduces)
        self.reducer = reduces if callable(reduces) else None
        self.result_dtype = result_dtype
        self.edits = edits
        self.deferred = deferred
        self.floats_only = floats_only
        self._gradient_version = gradient_version
        self.overlaps = overlaps
        self.meta = meta
        self.view = bool(view)
        self.straight_kernel = view(kernel) if callable(view) else kernel
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
        checks = _several(dtypes)
        self.dtypes = checks if pointwise or deferred else requiring_kernel(owner.name, checks)
        self.edit_dtypes = _several(edit_dtypes) or self.dtypes
        self.edit_refuse = edit_refuse or refuse
        self.edit_resizes = edit_resizes
        self.takes_out = not (view or self.composition) if out is None else out
        self.apart = apart
        self.apart_from = apart_from.split()
        self.out_decides = out_decides
        self.bare_out = bare_out
        self.refuse_out = refuse_out
        self.structured = structured
        self.out_warning = out_warning
        self.real_gradient = real_gradient
        self.written_by = written_by
        self.refuses_complex = refuses_complex
        self.into_any = into_any
        self.into = into
        self.warns_of_resizing = warns_of_resizing
        self.written = written
        self.writes = tuple(writes.split())
        like_results = pointwise is not None or meta is not None or composition
        self.laid_out: bool | Literal["empty"] = like_results if laid_out is None else laid_out
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
        self.edit_plans: dict[Any, bool] = {}
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


def _several(checks: Checks) -> tuple[Callable[..., None], ...]:
    return checks if isinstance(checks, tuple) else () if checks is None else (checks,)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
