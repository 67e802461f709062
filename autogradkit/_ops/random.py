"""Random fills in place: `Tensor.normal_`, `uniform_`, `bernoulli_`, `exponential_`, `random_`.

Rests on the draws in core, which give PyTorch's numbers for PyTorch's seeds. To autograd the numbers drawn are
constants: a fill of a result is recorded, and its gradient is zero. `sampling.py` makes new tensors with these.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.create import like
from autogradkit._ops.declare import k
from autogradkit._ops.op import Op
from autogradkit.core import draws
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.random import Generator, default_generator
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor

# What PyTorch calls the integer types in its messages.
_C_NAMES = {"uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long"}

_CPP_NAMES = _C_NAMES | {"int16": "short int", "int64": "long int"}


def stream_of(generator: Any) -> Generator:
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(f"argument 'generator' must be torch.Generator, not {type(generator).__name__}")
    return generator


def _require_floating(array: Array, kernel: str) -> None:
    kind = from_numpy_dtype(array.dtype)
    if not (kind.is_floating_point or kind.is_complex):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{SCALAR_TYPE_NAMES[kind]}'")


# -- drawing into memory: arrays of the layout of `self` -----------------------------------------------------------------


def _reals(array: Array, draw: Callable[[int, np.dtype[Any]], Array]) -> Array:
    """Fill `array`, a complex one part by part."""
    if array.dtype.kind == "c":
        parts = draw(2 * array.size, array.real.dtype)
        return draws.fill(array, parts.view(array.dtype))
    return draws.fill(array, draw(array.size, array.dtype))


def uniform_(self: Array, from_: float = 0, to: float = 1, *, generator: Any = None) -> Array:
    """Fill with numbers drawn evenly from [from, to).

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).uniform_(-1, 1)
    tensor([-0.0075,  0.5364])
    """
    _require_floating(self, "check_uniform_bounds")
    if from_ > to:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={from_:g} > to={to:g}",
        )
    stream = stream_of(generator)
    return _reals(like(self, self.dtype), lambda count, kind: draws.uniform(stream, count, kind, from_, to))


def normal_(self: Array, mean: float = 0, std: float = 1, *, generator: Any = None) -> Array:
    """Fill with normal numbers of the given mean and standard deviation.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).normal_(10, 0.5)
    tensor([10.7705,  9.8533])
    """
    require_std(std)
    _require_floating(self, "normal_kernel_cpu")
    stream = stream_of(generator)
    dense = self.flags.c_contiguous
    if self.dtype.kind == "c":
        half = std / math.sqrt(2)
        made = _reals(
            like(self, self.dtype), lambda count, kind: draws.normal(stream, count, kind, 0, half, dense=dense)
        )
        return made + self.dtype.type(mean)
    return _reals(like(self, self.dtype), lambda count, kind: draws.normal(stream, count, kind, mean, std, dense=dense))


def require_std(std: float) -> None:
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def exponential_(self: Array, lambd: float = 1, *, generator: Any = None) -> Array:
    """Fill with exponential numbers of the given rate.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).exponential_()
    tensor([3.5083, 1.2304])
    """
    kind = from_numpy_dtype(self.dtype)
    if not kind.is_floating_point:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {SCALAR_TYPE_NAMES[kind]}"
        )
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    stream = stream_of(generator)
    return _reals(like(self, self.dtype), lambda count, kind: draws.exponential(stream, count, kind, lambd))


def cauchy_(self: Array, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Array:
    """Fill with Cauchy numbers of the given median and scale.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(1).cauchy_()
    tensor([10.5977])
    """
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    if not from_numpy_dtype(self.dtype).is_floating_point:
        kind = _CPP_NAMES.get(self.dtype.name, self.dtype.name)
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {kind}"
        )
    stream = stream_of(generator)
    return _reals(like(self, self.dtype), lambda count, kind: draws.cauchy(stream, count, kind, median, sigma))


def log_normal_(self: Array, mean: float = 1, std: float = 2, *, generator: Any = None) -> Array:
    """Fill with numbers whose logarithm is normal with the given mean and standard deviation.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(1).log_normal_(0, 1)
    tensor([4.6692])
    """
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    kind = from_numpy_dtype(self.dtype)
    if not kind.is_floating_point:
        raise NotImplementedError(f"\"log_normal_cpu\" not implemented for '{SCALAR_TYPE_NAMES[kind]}'")
    stream = stream_of(generator)
    return _reals(like(self, self.dtype), lambda count, kind: draws.log_normal(stream, count, kind, mean, std))


def geometric_(self: Array, p: float, *, generator: Any = None) -> Array:
    """Fill with how many trials it takes to succeed once, each with probability `p`.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(4).geometric_(0.5)
    tensor([1., 1., 2., 1.])
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    kind = from_numpy_dtype(self.dtype)
    if kind is dtypes.bool_ or kind.is_complex:
        raise NotImplementedError(f"\"geometric_cpu\" not implemented for '{SCALAR_TYPE_NAMES[kind]}'")
    drawn = draws.trials(stream_of(generator), self.size, p)
    return draws.fill(like(self, self.dtype), drawn.astype(self.dtype))


def bernoulli_(self: Array, p: float = 0.5, *, generator: Any = None) -> Array:
    """Fill with ones, each with probability `p`, and zeros.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(4).bernoulli_(0.5)
    tensor([0., 0., 1., 0.])
    """
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    return draws.fill(like(self, self.dtype), draws.chances(stream_of(generator), self.size, p))


def bernoulli_each(self: Array, p: Array, *, generator: Any = None) -> Array:
    """Ones with the probabilities in `p`, which is broadcast, and zeros."""
    require_probabilities(p)
    chance = np.broadcast_to(p, self.shape).transpose(draws.memory_order(self)).ravel()
    return draws.fill(like(self, self.dtype), draws.chances_each(stream_of(generator), chance))


def require_probabilities(p: Array) -> None:
    kind = from_numpy_dtype(p.dtype)
    if not kind.is_floating_point:
        raise NotImplementedError(f"\"bernoulli_tensor_cpu_p_\" not implemented for '{SCALAR_TYPE_NAMES[kind]}'")
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, "
            "please report an enhancement request to PyTorch.)"
        )


def random_(self: Array, *, generator: Any = None) -> Array:
    """Fill with whole numbers from 0 over all that the dtype holds exactly."""
    return draws.fill(like(self, self.dtype), draws.any_values(stream_of(generator), self.size, self.dtype))


def random_between(self: Array, low: int, high: int, *, generator: Any = None) -> Array:
    """Fill with whole numbers from `low` up to, without, `high`."""
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    kind = from_numpy_dtype(self.dtype)
    if kind.category < dtypes.FLOATING:
        first, last = (0, 1) if kind is dtypes.bool_ else (np.iinfo(self.dtype).min, np.iinfo(self.dtype).max)
        for name, value in (("from", low), ("to - 1", high - 1)):
            if not first <= value <= last:
                raise RuntimeError(f"{name} is out of bounds for {_C_NAMES.get(kind.name, kind.name)}")
    drawn = draws.integers(stream_of(generator), self.size, low, high)
    return draws.fill(like(self, self.dtype), drawn.astype(self.dtype))


# -- as ops that autograd records ----------------------------------------------------------------------------------------


def constant(kernel: Callable[..., Array], node: str, *parameters: str) -> Op:
    """Declare an op whose gradient, for each of `parameters`, is zero."""
    declared = Op(kernel, name=f"{kernel.__name__}/{node}", node=node, kind="random", method=False, function=False)
    declared.set_formulas(dict.fromkeys(parameters, k.zeros_like), None)
    return declared


_UNIFORM = constant(uniform_, "UniformBackward0", "self")
_NORMAL = constant(normal_, "NormalBackward0", "self")
_EXPONENTIAL = constant(exponential_, "ExponentialBackward0", "self")
_CAUCHY = constant(cauchy_, "CauchyBackward0", "self")
_LOG_NORMAL = constant(log_normal_, "LogNormalBackward0", "self")
_GEOMETRIC = constant(geometric_, "GeometricBackward0", "self")
_BERNOULLI = constant(bernoulli_, "BernoulliBackward2", "self")
_BERNOULLI_EACH = constant(bernoulli_each, "BernoulliBackward1", "self", "p")
_RANDOM = constant(random_, "RandomBackward2", "self")
_RANDOM_BELOW = constant(random_between, "RandomBackward1", "self")
_RANDOM_BETWEEN = constant(random_between, "RandomBackward0", "self")


def _choose_random(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Op, tuple[Any, ...]]:
    """Which of the three signatures of `random_` is meant, and its arguments in full."""
    low, high = kwargs.pop("from_", None), kwargs.pop("to", None)
    bounds = [*args[1:], *([low] if low is not None else []), *([high] if high is not None else [])]
    if not bounds:
        return _RANDOM, args[:1]
    if len(bounds) == 1 and low is None:
        return _RANDOM_BELOW, (args[0], 0, bounds[0])
    if len(bounds) == 1 or bounds[1] is None:
        bounds[1:] = [2**63]
    return _RANDOM_BETWEEN, (args[0], *bounds)


def _choose_bernoulli(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Op, tuple[Any, ...]]:
    p = args[1] if len(args) > 1 else kwargs.get("p")
    return (_BERNOULLI_EACH if isinstance(p, Tensor) else _BERNOULLI), args


def _default(signature: inspect.Signature, parameter: str) -> Any:
    return signature.parameters[parameter].default if parameter in signature.parameters else None


def _attach(kernel: Callable[..., Array], choose: Callable[..., tuple[Op, tuple[Any, ...]]], **parameters: str) -> None:
    """Make the fill a method; `parameters` annotates those that the method takes in more forms than the kernel."""
    name = kernel.__name__

    def fill(*args: Any, **kwargs: Any) -> Tensor:
        if "from" in kwargs:  # PyTorch's name, and a keyword of Python
            kwargs["from_"] = kwargs.pop("from")
        op, args = choose(args, kwargs)
        if RECORDERS:
            return observed(name, "inplace", op.run_in_place, args, kwargs)
        return op.run_in_place(*args, **kwargs)

    signature = inspect.signature(kernel)
    taken = signature.parameters | {
        parameter: inspect.Parameter(parameter, _EITHER, default=_default(signature, parameter), annotation=annotation)
        for parameter, annotation in parameters.items()
    }
    taken |= {
        "self": taken["self"].replace(annotation="Tensor"),
        "generator": taken["generator"].replace(annotation="Generator | None"),
    }
    ordered = sorted(taken.values(), key=lambda parameter: parameter.kind)
    fill.__signature__ = signature.replace(parameters=ordered, return_annotation="Tensor")
    fill.__name__ = fill.__qualname__ = name
    fill.__doc__ = kernel.__doc__
    fill.__module__ = "autogradkit"
    setattr(Tensor, name, fill)


_EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD

_attach(uniform_, lambda args, kwargs: (_UNIFORM, args))
_attach(normal_, lambda args, kwargs: (_NORMAL, args))
_attach(exponential_, lambda args, kwargs: (_EXPONENTIAL, args))
_attach(cauchy_, lambda args, kwargs: (_CAUCHY, args))
_attach(log_normal_, lambda args, kwargs: (_LOG_NORMAL, args))
_attach(geometric_, lambda args, kwargs: (_GEOMETRIC, args))
_attach(bernoulli_, _choose_bernoulli, p="Tensor | float")
_attach(random_, _choose_random, from_="int | None", to="int | None")
