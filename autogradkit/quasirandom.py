"""Sobol's points, as PyTorch's `torch.quasirandom` draws them: they fill a cube more evenly than random ones.

The direction numbers are Joe and Kuo's, from a file of SciPy's. Rests on tensors and their random numbers.
"""

from __future__ import annotations

import functools as _functools
import importlib.resources as _resources
import typing as _typing

import numpy as _np

import autogradkit as _ak
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import wrap as _wrap

_Array = _np.ndarray[_typing.Any, _typing.Any]


class SobolEngine:
    """A sequence of points in [0, 1)^dimension, of up to 21,201 dimensions; with `scramble` turned at random.

    Raises ValueError for other dimensions.

    >>> import autogradkit as torch
    >>> torch.quasirandom.SobolEngine(2).draw(4)
    tensor([[0.0000, 0.0000],
            [0.5000, 0.5000],
            [0.7500, 0.2500],
            [0.2500, 0.7500]])
    """

    MAXBIT = 30
    MAXDIM = 21201

    @_entry
    def __init__(self, dimension: int, scramble: bool = False, seed: int | None = None) -> None:
        if dimension > self.MAXDIM or dimension < 1:
            raise ValueError(f"Supported range of dimensionality for SobolEngine is [1, {self.MAXDIM}]")
        self.seed = seed
        self.scramble = scramble
        self.dimension = dimension
        self.sobolstate = _wrap(_directions(dimension, self.MAXBIT))
        self.shift = self._scramble() if scramble else _ak.zeros(dimension, dtype=_ak.int64)
        self.quasi = self.shift.clone()
        self._first_point = (self.quasi / 2**self.MAXBIT).reshape(1, -1)
        self.num_generated = 0

    @_entry
    def draw(self, n: int = 1, out: _ak.Tensor | None = None, dtype: _ak.dtype | None = None) -> _ak.Tensor:
        """The next `n` points, (n, dimension), in `dtype` or the default one."""
        dtype = dtype or _ak.get_default_dtype()
        first = self._first_point.to(dtype)
        if self.num_generated:
            result = self._next(n, dtype)
        else:
            result = first if n == 1 else _ak.cat((first, self._next(n - 1, dtype)), dim=-2)
        self.num_generated += n
        return result if out is None else out.resize_as_(result).copy_(result)

    @_entry
    def draw_base2(self, m: int, out: _ak.Tensor | None = None, dtype: _ak.dtype | None = None) -> _ak.Tensor:
        """The next 2ᵐ points. Raises ValueError where with these there is no power of two of them."""
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                f"The balance properties of Sobol' points require n to be a power of 2. {self.num_generated} points have been "
                f"previously generated, then: n={self.num_generated}+2**{m}={total}. If you still want to do this, please use "
                "'SobolEngine.draw()' instead."
            )
        return self.draw(n=n, out=out, dtype=dtype)

    def reset(self) -> SobolEngine:
        """Begin anew."""
        self.quasi.copy_(self.shift)
        self.num_generated = 0
        return self

    def fast_forward(self, n: int) -> SobolEngine:
        """Leave out `n` points."""
        self._walk(n if self.num_generated else n - 1)
        self.num_generated += n
        return self

    def _next(self, n: int, dtype: _ak.dtype) -> _ak.Tensor:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {[n, self.dimension]}")
        return _wrap(self._walk(n)).to(dtype).mul_(2.0**-self.MAXBIT)

    def _walk(self, n: int) -> _Array:
        """The next `n` points as whole numbers, `MAXBIT` bits each: of the one before, with one direction turned."""
        numbers = _np.arange(n) + max(self.num_generated - 1, 0)
        rightmost_zeros = _np.bitwise_count(numbers & ~(numbers + 1))
        steps = self.sobolstate.numpy().T[rightmost_zeros]
        points = _np.bitwise_xor.accumulate(_np.concatenate((self.quasi.numpy()[None], steps)), 0)
        self.quasi = _wrap(points[-1].copy())
        return points[1:]

    def _scramble(self) -> _ak.Tensor:
        """Multiply the directions by random lower triangles of bits, and give a random shift."""
        generator = None if self.seed is None else _ak.Generator().manual_seed(self.seed)
        bits = _np.arange(self.MAXBIT)
        shift = _ak.randint(2, (self.dimension, self.MAXBIT), generator=generator) @ _wrap(1 << bits)
        lower = _np.tril(_ak.randint(2, (self.dimension, self.MAXBIT, self.MAXBIT), generator=generator).numpy())
        lower[:, bits, bits] = 1
        state = self.sobolstate.numpy()
        # [dimension, bit from the highest, direction]
        turned = (state[:, None] >> bits[::-1, None] & 1).astype(_np.float32)
        turned = _np.matmul(lower.astype(_np.float32), turned).astype(_np.int64) & 1
        _np.copyto(state, _np.add.reduce(turned << bits[::-1, None], 1))
        return shift

    def __repr__(self) -> str:
        told = [f"dimension={self.dimension}"]
        told += ["scramble=True"] if self.scramble else []
        told += [] if self.seed is None else [f"seed={self.seed}"]
        return f"{type(self).__name__}({', '.join(told)})"


@_functools.cache
def _numbers() -> tuple[_Array, _Array]:
    """(primitive polynomials by their bits, the first directions), a row for each dimension."""
    with (_resources.files("scipy") / "stats" / "_sobol_direction_numbers.npz").open("rb") as file:
        tables = _np.load(file)
        return tables["poly"], tables["vinit"]


def _directions(dimension: int, bits: int) -> _Array:
    """The directions of each dimension, by Bratley and Fox's recurrence, highest bit first."""
    polynomials, first = (each[:dimension] for each in _numbers())
    degree = _np.frexp(polynomials)[1] - 1
    found = _np.ones((dimension, bits), _np.int64)
    width = min(bits, first.shape[1])
    found[1:, :width] = first[1:, :width]
    for place in range(bits):
        for each in range(1, min(place, int(degree.max())) + 1):
            rows = (degree == each).nonzero()[0]
            direction = found[rows, place - each].copy()
            for back in range(each):
                taken = polynomials[rows] >> (each - 1 - back) & 1
                direction ^= taken * found[rows, place - back - 1] << (back + 1)
            found[rows, place] = direction
    return found << _np.arange(bits)[::-1]


__getattr__ = _absent_from("quasirandom")
