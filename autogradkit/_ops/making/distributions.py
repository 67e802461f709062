"""Random tensors whose distribution tensors give: normal, bernoulli, multinomial.

Rests on the fills in random.py, which give PyTorch's numbers for PyTorch's seeds.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, function, k, op
from autogradkit._ops.declare.kinds import Array, Generator, OutOptions, Sizes, SymInt
from autogradkit._ops.declare.refusals import undifferentiated
from autogradkit._ops.declare.writing import require_castable, saying
from autogradkit._ops.making.fills import (
    fill_bernoulli,
    fill_bernoulli_each,
    fill_normal,
)
from autogradkit._ops.making.options import filled_tensor
from autogradkit._ops.reduction.order import largest_of
from autogradkit.core import draws
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, int64
from autogradkit.core.quiet import quiet
from autogradkit.core.random import default_generator
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import element_strides, empty_strided
from autogradkit.core.tensor import Tensor

normal = function("normal", variants="function")


def _require_real_deviation(mean: Any, std: Any, generator: Any = None) -> None:
    _require_deviation(std._array if isinstance(std, Tensor) else std)


@quiet
def _require_deviation(std: Any) -> None:
    if isinstance(std, np.ndarray):
        if std.dtype.kind == "c":
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if not (std >= 0).all():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def _of_both(mean: Any, std: Any, generator: Any = None) -> Any:
    tensors = [each for each in (mean, std) if isinstance(each, np.ndarray)]
    return broadcast_shapes(*[each.shape for each in tensors]), tensors[0].dtype


def _normal_of(mean: Any, std: Any, generator: Any, out: Array) -> None:
    drawn = empty_strided(out.shape, element_strides(out), out.dtype)  # the order of drawing depends on strides
    if isinstance(std, np.ndarray):
        fill_normal(drawn, 0, 1, generator)
        np.multiply(drawn, std, drawn, casting="unsafe")
    else:
        fill_normal(drawn, 0, std, generator)
    if not isinstance(mean, np.ndarray):
        mean = out.dtype.type(mean)
    np.add(drawn, mean, out, casting="unsafe")


def _any_but_complex(result: np.dtype[Any], out: np.dtype[Any]) -> None:
    """Numbers are drawn for `out`, whatever its dtype, which may refuse; a complex mean is not real."""
    if result.kind == "c" and out.kind in "fV":
        require_castable(result, out)


_draws = partial(
    normal.overload,
    meta=_of_both,
    refuse=_require_real_deviation,
    real_gradient=True,
    random=True,
    into_any=True,
    out_dtype=_any_but_complex,
)


@_draws(node="NormalBackward3", vjp={"mean std": k.zeros_like}, rule="∂mean, ∂std = 0")
def _(mean: Array, std: Array, *, generator: Generator | None = None, out: Array) -> None:
    """Normal numbers, of one mean and standard deviation (then with `size`), or of one for each element.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.normal(torch.tensor([0.0, 100.0]), 1.0)
    tensor([ 1.5410, 99.7066])
    """
    _normal_of(mean, std, generator, out)


@_draws(node="NormalBackward1", vjp={"mean": k.zeros_like}, rule="∂mean = 0")
def _(mean: Array, std: float = 1, *, generator: Generator | None = None, out: Array) -> None:
    _normal_of(mean, std, generator, out)


@_draws(node="NormalBackward2", vjp={"std": k.zeros_like}, rule="∂std = 0")
def _(mean: float, std: Array, *, generator: Generator | None = None, out: Array) -> None:
    _normal_of(mean, std, generator, out)


@normal.overload(factory=True, random=True)
def _(mean: float, std: float, size: Sizes, *, generator: Generator | None = None, **options: OutOptions) -> Any:
    return filled_tensor(size, lambda array: fill_normal(array, mean, std, generator), options, name="normal")


bernoulli = function("bernoulli")


def _contiguous(self: Array, p: Any = None, generator: Any = None) -> Any:
    return self.shape, self.dtype


@bernoulli.overload(
    meta=_contiguous,
    real_gradient=True,
    random=True,
    into_any=True,
    out_dtype=lambda result, out: None,
    warns_of_resizing=False,
    vjp={"self": k.zeros_like},
    rule="∂self = 0",
)
def _(self: Array, *, generator: Generator | None = None, out: Array) -> None:
    """Ones with the probabilities in `input`, and zeros; with `p`, all of that one probability.

    >>> import autogradkit as torch
    >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    fill_bernoulli_each(out, self, generator)


@bernoulli.overload(
    node=UNIMPLEMENTED,
    meta=_contiguous,
    random=True,
    out=False,
    vjp={"self": undifferentiated("bernoulli")},
    rule="∂self is not implemented in PyTorch",
)
def _(self: Array, p: float, *, generator: Generator | None = None, out: Array) -> None:
    fill_bernoulli(out, p, generator)


# -- by weights --------------------------------------------------------------------------------------------------------


def _require_floats_in_rows(self: Tensor, *_: Any) -> None:
    if self.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not self.dtype.is_floating_point:
        name = SCALAR_TYPE_NAMES[self.dtype]
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {name}")


def _draws_by(self: Array, num_samples: int, replacement: bool = False, generator: Any = None) -> Any:
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > self.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if self.shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if self.size:
        _require_weights(self, searched=replacement and num_samples > 1)
    elif math.prod(self.shape[:-1]):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    return (*self.shape[:-1], num_samples), int64.numpy


@quiet
def _require_weights(weights: Array, searched: bool) -> None:
    if not searched and not ((weights >= 0) & (weights < np.inf)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    refused = weights[~((weights >= 0) & (weights < np.inf))]
    if refused.size and not refused[0] >= 0:  # NaN too
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    if refused.size:
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    if (weights.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


@op(
    meta=_draws_by,
    refuse=_require_floats_in_rows,
    random=True,
    into_any=True,
    result_dtype=lambda *_: int64.numpy,
    out_dtype=saying("multinomial expects {result} tensor out, got: {out}"),
    warns_of_resizing=False,
)
def multinomial(
    self: Array, num_samples: SymInt, replacement: bool = False, *, generator: Generator | None = None, out: Array
) -> None:
    """Numbers of columns, drawn for each row of `input` with the weights that it holds.

    Weights need not sum to one. Raises RuntimeError for weights that are negative, not finite or all zero, and for more
    draws than columns without replacement.

    >>> import autogradkit as torch
    >>> torch.multinomial(torch.tensor([0.0, 3.0, 0.0]), 4, replacement=True)
    tensor([1, 1, 1, 1])
    """
    if not out.size:
        return
    rows = self.reshape(-1, self.shape[-1])
    stream = generator or default_generator
    if replacement and num_samples != 1:
        drawn = draws.categories(stream, rows, num_samples)
    elif num_samples == 1:
        drawn = draws.races(stream, rows).argmax(axis=1)
    else:
        _, drawn = largest_of(draws.races(stream, rows), 1, num_samples)
    np.copyto(out, drawn.reshape(out.shape))
