"""A public name: its overloads, the choice among them, and what it publishes.

    clamp = function("clamp", "clip", in_place=True)

    @clamp.overload(node="ClampBackward1", pointwise=SAME, vjp={"self": lambda g, self, min, max: ...})
    def clamp_numbers(self: Array, min: Scalar | None = None, max: Scalar | None = None, *, out: Array) -> None:
        \"\"\"Elements below `min` become `min`, those above `max` become `max`.\"\"\"

From this follow `autogradkit.clamp` and `clip`, the methods, `clamp_`, `out=`, the node, the picture's rule, the entry in the
stub. The functions are written when a name is first used (entries.py); what they do not handle comes to `call` here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from types import MethodType
from typing import Any

from autogradkit._ops.declare import entries
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.overriding import STATE, dispatch_failed, handled, overriding
from autogradkit._ops.declare.precision import CAST
from autogradkit._ops.declare.signature import REQUIRED, MisfitError, Signature, refusal
from autogradkit._ops.declare.unloaded import Names, attach
from autogradkit.core.frames import shorten
from autogradkit.core.recording import RECORDERS, composed, observed
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once
from autogradkit.engine import inference
from autogradkit.engine.modes import MODE

SETS: list[OverloadSet] = []  # every declared name, internal ones too
OVERLOADS: dict[str, Overload] = {}  # what formulas call by `k.<name>`: the kernel's name, or its set's
PUBLISHED: Names[OverloadSet] = Names()  # what the package offers as functions, aliases included
METHODS: dict[str, tuple[OverloadSet, str]] = {}  # what Tensor got from them: operators and in-place forms too, and how

# The ways in which a name is called; each has a generated function of its own.
FUNCTION, METHOD, OPERATOR, IN_PLACE, EDIT = "function", "method", "operator", "in_place", "edit"
# The in-place forms that PyTorch has as functions, too: `torch.relu_(x)`, called by EDIT.
EDITS = frozenset(
    (
        "abs_", "acos_", "acosh_", "addmv_", "alpha_dropout_", "arccos_", "arccosh_", "arcsin_", "arcsinh_", "arctan_",
        "arctanh_", "as_strided_", "asin_", "asinh_", "atan_", "atanh_", "ceil_", "celu_", "clamp_", "clamp_max_", "clamp_min_",
        "clip_", "conj_physical_", "cos_", "cosh_", "deg2rad_", "detach_", "dropout_", "erf_", "erfc_", "exp2_", "exp_", "expm1_",
        "feature_alpha_dropout_", "feature_dropout_", "fill_", "fix_", "floor_", "frac_", "gcd_", "i0_", "index_put_",
        "lcm_", "ldexp_", "log10_", "log1p_", "log2_", "log_", "logit_", "nan_to_num_", "neg_", "negative_", "rad2deg_",
        "reciprocal_", "relu_", "resize_as_", "round_", "rrelu_", "rsqrt_", "selu_", "sigmoid_", "sin_", "sinc_",
        "sinh_", "sqrt_", "square_", "tan_", "tanh_", "threshold_", "trunc_", "xlogy_", "zero_",
    )
)  # fmt: skip


# Operators that overrides know by their own names, as in PyTorch; `+` is `add` to them, and `<` is `lt`.
OWN_NAMES = frozenset(
    (
        "__eq__", "__and__", "__or__", "__xor__", "__lshift__", "__rshift__", "__iand__", "__ior__", "__ixor__", "__ilshift__",
        "__irshift__", "__floordiv__",
    )
)  # fmt: skip


class OverloadSet:
    """A name with its overloads, in PyTorch's order."""

    __slots__ = ("_is_attached", "aliases", "in_place", "name", "only_in_place", "operators", "overloads", "variants")

    def __init__(self, name: str, aliases: Sequence[str], in_place: bool, operators: str, variants: str) -> None:
        self.name = name
        self.aliases = tuple(aliases)
        self.operators = tuple(operators.split())
        self.variants = variants
        self.only_in_place = name.endswith("_") and not name.endswith("__")
        self.in_place = in_place or self.only_in_place
        self.overloads: list[Overload] = []
        self._is_attached = False
        SETS.append(self)
        if "function" in variants and not self.only_in_place:
            for each in (name, *aliases):
                PUBLISHED[each] = self
        for each in (name, *aliases) if self.in_place else ():
            edit = each if self.only_in_place else each + "_"
            if edit in EDITS:
                PUBLISHED[edit] = self

    def overload(self, **options: Any) -> Callable[[Callable[..., Any]], Overload]:
        """Declare a form of the name: the options are those of `Overload`, the decorated function is the kernel.

        `numbers="other"`: also the form with a number in place of the tensor `other`, an overload of its own in PyTorch.
        """

        numbers = options.pop("numbers", None)

        def declare(kernel: Callable[..., Any]) -> Overload:
            made = Overload(self, kernel, options)
            self.overloads.append(made)
            if numbers is not None:
                self.overloads.append(Overload(self, kernel, options | {"as_number": numbers}))
            if kernel.__name__ != "_":
                OVERLOADS[kernel.__name__ if self.only_in_place else kernel.__name__.removesuffix("_")] = made
            elif not (options.get("composition") or options.get("factory")):
                OVERLOADS.setdefault(self.name, made)
            if not self._is_attached and "self" in kernel.__code__.co_varnames:
                self._attach()
            return made

        return declare

    def _attach(self) -> None:
        """Put the name, its aliases and operators into Tensor."""
        self._is_attached = True
        for each in (self.name, *self.aliases) if "method" in self.variants else ():
            if self.only_in_place:
                self._attach_as(each, IN_PLACE)
            else:
                self._attach_as(each, METHOD)
                if self.in_place:
                    self._attach_as(each + "_", IN_PLACE)
        for each in self.operators:
            self._attach_as(each, IN_PLACE if each.startswith("__i") and each != "__invert__" else OPERATOR)

    def _attach_as(self, name: str, how: str) -> None:
        METHODS[name] = self, how
        attach(name, Attribute(self, name, how))

    @property
    def edit_name(self) -> str:
        """The name of the in-place form."""
        return self.name if self.only_in_place else self.name + "_"

    @property
    def doc(self) -> str:
        """The documentation: that of the first overload that has some."""
        return next((each.doc for each in self.overloads if each.doc), "")

    # -- calling ----------------------------------------------------------------------------------------------------

    @functools.cache  # noqa: B019 - sets live as long as the process
    def forms(self, how: str) -> list[tuple[Overload, Signature]]:
        """The overloads that a way of calling has, with their parameters as it takes them."""
        if how == FUNCTION:
            return [(each, each.signature) for each in self.overloads if "function" in each.variants]
        if how == EDIT:
            edits = [each for each in self.overloads if each.in_place and each.parameters[0].kind.is_tensor]
            return [(each, Signature(self.edit_name, each.parameters, deprecated=each.deprecated)) for each in edits]
        methods = [(each, each.method_signature) for each in self.overloads if how != IN_PLACE or each.in_place]
        found = [(each, signature) for each, signature in methods if signature is not None]
        if how == IN_PLACE:
            return [(o, Signature(self.edit_name, s.parameters, deprecated=s.deprecated)) for o, s in found]
        return found

    def choose(
        self, args: Sequence[Any], kwargs: dict[str, Any], how: str, name: str
    ) -> tuple[Overload, list[Any], Any]:
        """(the overload that a call means, its values, `out`). Raises TypeError with PyTorch's text if there is none.

        `name` is what the caller said: the set's or an alias of it.
        """
        forms = self.forms(how)
        if how in (FUNCTION, EDIT):
            rest = args
            by_place = forms[0][0].by_place
            if by_place and (kwargs or len(args) != by_place):
                called = f"torch._VariableFunctionsClass.{name}()"
                if kwargs:
                    raise TypeError(f"{called} takes no keyword arguments")
                raise TypeError(f"{called} takes exactly one argument ({len(args)} given)")
        else:
            if not args:
                raise TypeError(f"unbound method TensorBase.{name}() needs an argument")
            if not isinstance(args[0], Tensor):
                given = type(args[0]).__name__
                raise TypeError(
                    f"descriptor '{name}' for 'torch._C.TensorBase' objects doesn't apply to a '{given}' object"
                )
            rest = args[1:]
            if len(forms) == 1 and not forms[0][1].parameters and (rest or kwargs):
                called = f"{type(args[0]).__name__}.{name}()"
                if kwargs:
                    raise TypeError(f"{called} takes no keyword arguments")
                raise TypeError(f"{called} takes no arguments ({len(rest)} given)")
        for overload, signature in forms:
            if signature.name != name:  # as lists that do not fit are refused at once
                signature = Signature(name, signature.parameters, deprecated=signature.deprecated)
            try:
                values = signature.match(rest, kwargs, False)
            except MisfitError:
                continue
            if overload.deprecated:
                message = _deprecation(signature, [each for o, each in forms if not o.deprecated])
                warn_once(message, what="a deprecated overload")
            out = None
            if how == EDIT:
                return overload, values, None
            if how != FUNCTION:
                assert overload.self_at is not None
                values.insert(overload.self_at, args[0])
            elif overload.takes_out and "out" not in overload.index:
                out = values.pop()
            return overload, values, out
        named = [Signature(name, signature.parameters, deprecated=signature.deprecated) for _, signature in forms]
        raise refusal(name, named, rest, kwargs)

    def call(self, args: Sequence[Any], kwargs: dict[str, Any], how: str, name: str) -> Any:
        """The general way of every call: ask for overrides, choose an overload, run it, report it to whoever records."""
        found = overriding(args, kwargs)
        if found or (RECORDERS and STATE.modes):
            return self._overridden(found, args, kwargs, how, name)
        if not RECORDERS:
            overload, values, out = self.choose(args, kwargs, how, name)
            return overload.edit(values) if how in (IN_PLACE, EDIT) else overload.run(values, out)
        if MODE.casting is not None and self.name in CAST and how not in (IN_PLACE, EDIT) and kwargs.get("out") is None:
            return MODE.casting.call(self.front(how, name), self.name, args, kwargs)
        if inference.marks_alone():
            return inference.marked(self.front(how, name), args, kwargs)
        try:
            overload, values, out = self.choose(args, kwargs, how, name)
        except TypeError as error:
            kind = "inplace" if how in (IN_PLACE, EDIT) else "op"
            return observed(self.overloads[0], kind, _raising(error), tuple(args), kwargs)
        if overload.composition and not overload.factory:  # what it calls is reported
            edits = how in (IN_PLACE, EDIT)
            run = partial(overload.edit_dual, values) if edits else partial(overload.run_dual, values, out)
            return composed(overload, "inplace" if edits else "op", run, tuple(args), kwargs)
        if how in (IN_PLACE, EDIT):
            return observed(overload, "inplace", lambda *_a, **_k: overload.edit_dual(values), tuple(args), kwargs)
        given = tuple(args)
        if how == METHOD and overload.self_at:  # `x.where(condition, y)` is told in the order of the parameters
            given = (*given[1 : overload.self_at + 1], given[0], *given[overload.self_at + 1 :])
        return observed(overload, overload.kind, lambda *_a, **_k: overload.run_dual(values, out), given, kwargs)

    def _overridden(
        self, overriders: Sequence[Any], args: Sequence[Any], kwargs: dict[str, Any], how: str, name: str
    ) -> Any:
        """What the user's modes and classes make of a call; an operator that they do not know is left to the other operand."""
        as_method = name in self.operators and "method" in self.variants and name not in OWN_NAMES
        function = self.front(how, (self.edit_name if how == IN_PLACE else self.name) if as_method else name)
        forms = self.forms(how)
        bare = how in (METHOD, IN_PLACE) and len(forms) == 1 and not forms[0][1].parameters
        result = handled(function, overriders, args, kwargs or None, (type(args[0]),) if bare else ())
        if result is NotImplemented and name not in self.operators:
            home = "torch" if how in (FUNCTION, EDIT) else "torch.Tensor"
            raise dispatch_failed(f"{home}.{name}", overriders)
        return result

    def front(self, how: str, name: str = "") -> Callable[..., Any]:
        """The function behind a way of calling, written when first asked for; `name` is the set's or an alias."""
        name = name or self.name
        if how == FUNCTION and name in EDITS:
            how = EDIT
        return self._written(how, name)

    @functools.cache  # noqa: B019 - sets live as long as the process
    def _written(self, how: str, name: str) -> Callable[..., Any]:
        made: Any = entries.write(self, how, name)
        made.__name__ = made.__qualname__ = name
        made.__module__ = "autogradkit"
        made.__doc__ = self.doc
        if how in (IN_PLACE, EDIT) and not self.only_in_place:
            made.__doc__ = f"In-place version of `{self.name}`: writes into `self`, and returns it."
        made.__signature__ = self.signature(how)
        if how not in (FUNCTION, EDIT):
            return made
        cls = inspect.Parameter("cls", inspect.Parameter.POSITIONAL_ONLY)
        made.__signature__ = made.__signature__.replace(parameters=[cls, *made.__signature__.parameters.values()])
        return MethodType(made, _VariableFunctionsClass)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.front(FUNCTION)(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    def signature(self, how: str) -> inspect.Signature:
        """What `inspect.signature` says: the overload with the most parameters."""
        kind = inspect.Parameter
        overload, chosen = max(
            (form for form in self.forms(how) if not form[1].deprecated or len(self.overloads) == 1),
            key=lambda form: len(form[1].parameters),
        )
        shown = list(chosen.parameters)
        as_function = how in (FUNCTION, EDIT)
        if not as_function:
            assert overload.self_at is not None
            shown.insert(0, overload.parameters[overload.self_at])
        optional = False
        found: list[inspect.Parameter] = []
        for i, p in enumerate(shown):
            name = "self" if not as_function and i == 0 else p.public
            if name in ("from", "lambda"):
                name = p.name
            default = kind.empty if p.default is REQUIRED else p.default
            if not p.keyword:
                optional = optional or default is not kind.empty
                if optional and default is kind.empty:
                    default = None  # in PyTorch a parameter without default may follow one with; in Python it may not
            place = kind.KEYWORD_ONLY if p.keyword else kind.POSITIONAL_OR_KEYWORD
            annotation = p.kind.stub + (" | None" if p.optional else "")
            found.append(kind(name, place, default=default, annotation=annotation))
        return inspect.Signature(found, return_annotation="Tensor")


class _Functions(type):
    def __getattr__(cls, name: str) -> Callable[..., Any]:
        owner = published(name) or next((each for each in SETS if name in (each.name, *each.aliases)), None)
        if owner is None:
            raise AttributeError(f"type object '{cls.__name__}' has no attribute '{name}'")
        return owner.front(FUNCTION, name)


class _VariableFunctionsClass(metaclass=_Functions):
    """What the functions are methods of, as in PyTorch, and so by what pickles name them.

    Python binds a function that stands in a class to the objects of the class, but not what is a method already:
    `act = torch.tanh` in a class is called with the input alone. A call costs as much as that of a function.
    """


class Attribute:
    """Stands in Tensor until a method is first asked for; then the generated function takes its place."""

    __slots__ = ("how", "name", "owner")

    def __init__(self, owner: OverloadSet, name: str, how: str) -> None:
        self.owner, self.name, self.how = owner, name, how

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        made = self.owner.front(self.how, self.name)
        setattr(Tensor, self.name, made)
        return made if instance is None else made.__get__(instance, cls)


def _deprecation(given: Signature, others: Sequence[Signature]) -> str:
    listed = "".join(f"\n\t{each.name}{each}" for each in others)
    return (
        f"This overload of {given.name} is deprecated:\n\t{given.name}{given}\nConsider using one of the following signatures "
        f"instead:{listed}"
    )


def _raising(error: Exception) -> Callable[..., Any]:
    def call(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    return call


def function(
    name: str, *aliases: str, in_place: bool = False, operators: str = "", variants: str = "function method"
) -> OverloadSet:
    """Begin a name; `aliases` are further names for it.

    `in_place`: also `Tensor.name_`; a name that ends in `_` is in place only. `operators`: the special methods that run it,
    "__mul__ __rmul__ __imul__". `variants`: PyTorch's word for whether it is a function, a method (which takes a parameter
    `self`), both, or, as an empty string, neither.
    """
    return OverloadSet(name, aliases, in_place, operators, variants)


def op(
    *aliases: str,
    name: str | None = None,
    in_place: bool = False,
    operators: str = "",
    variants: str = "function method",
    **options: Any,
) -> Callable[[Callable[..., Any]], Overload]:
    """Declare a name that has one form only: `function` and `overload` in one, the kernel's name being the name.

    @op(in_place=True, pointwise=INT_TO_FLOAT, ufunc=np.exp, vjp={"self": lambda g, result: g * k.conj(result)})
    def exp(self: Array, *, out: Array) -> None:
        \"\"\"eˣ. ...\"\"\"
    """

    def declare(kernel: Callable[..., Any]) -> Overload:
        owner = function(name or kernel.__name__, *aliases, in_place=in_place, operators=operators, variants=variants)
        return owner.overload(**options)(kernel)

    return declare


def published(name: str) -> OverloadSet | None:
    """What the package offers as the function `name`; where no family has it, those that wait are loaded."""
    try:
        return PUBLISHED[name]
    except KeyError:
        return None


def namespaced(prefix: str) -> dict[str, Callable[..., Any]]:
    """The functions of a namespace, `linalg` or `fft`, by what they are called there: PyTorch's messages say `linalg_det`."""
    return {
        name.removeprefix(prefix): owner.front(FUNCTION, name)
        for owner in SETS
        for name in (owner.name, *owner.aliases)
        if name.startswith(prefix) and not owner.only_in_place
    }
