"""`Fuzzer`: tensors of random sizes and layouts to time statements on, the same for a seed as PyTorch's.

Rests on NumPy's `RandomState`, whose stream decides sizes and layouts, and on this package's, which decides the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

import autogradkit
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import float32
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

_TRIES = 1000  # until the parameters are given up


class ParameterAlias(NamedTuple):
    """A value that stands for another parameter's: a size that is sometimes equal to another."""

    alias_to: str

    def __repr__(self) -> str:
        return f"ParameterAlias[alias_to: {self.alias_to}]"


class FuzzedParameter:
    """A random number: "uniform" or "loguniform" from `minval` to `maxval`, or a value of a dict by its probability.

    One that is `strict` is not drawn again where others did not fit. Raises AssertionError for what is no distribution.

    >>> FuzzedParameter("rows", minval=3, maxval=3, distribution="uniform").sample(np.random.RandomState(0))
    3
    """

    @entry
    def __init__(
        self,
        name: str,
        minval: float | None = None,
        maxval: float | None = None,
        distribution: str | dict[Any, float] | None = None,
        strict: bool = False,
    ) -> None:
        if isinstance(distribution, dict):
            if any(each < 0 for each in distribution.values()):
                raise AssertionError("Probabilities cannot be negative")
            if abs(sum(distribution.values()) - 1) > 1e-5:
                raise AssertionError("Distribution is not normalized")
            for bound, value in (("minval", minval), ("maxval", maxval)):
                if value is not None:
                    raise AssertionError(f"When passing a custom distribution, '{bound}' must be None")
        elif distribution not in ("uniform", "loguniform"):
            raise AssertionError(f"Unknown distribution: {distribution}")
        self.name = name
        self.strict = strict
        self._minval, self._maxval, self._distribution = minval, maxval, distribution

    def sample(self, state: np.random.RandomState) -> Any:
        """The next value from a stream."""
        if isinstance(self._distribution, dict):
            place = state.choice(len(self._distribution), p=tuple(self._distribution.values()))
            return list(self._distribution)[place]
        low: Any = self._minval
        high: Any = self._maxval
        if self._distribution == "loguniform":
            return min(max(int(2 ** state.uniform(np.log2(low), np.log2(high))), low), high)
        if isinstance(low, int) and isinstance(high, int):
            return int(state.randint(low, high + 1))
        return state.uniform(low, high)


class FuzzedTensor:
    """A tensor whose sizes are numbers or names of parameters, often permuted in memory, or a part of a larger one (`steps`).

    Of the sizes and steps as many count as the parameter `dim_parameter` says. A choice of parameters that does not keep to the
    bounds (elements, bytes) is drawn again.
    """

    def __init__(
        self,
        name: str,
        size: tuple[str | int, ...],
        steps: tuple[str | int, ...] | None = None,
        probability_contiguous: float = 0.5,
        min_elements: int | None = None,
        max_elements: int | None = None,
        max_allocation_bytes: int | None = None,
        dim_parameter: str | None = None,
        roll_parameter: str | None = None,
        dtype: Dtype = float32,
        cuda: bool = False,
        tensor_constructor: Callable[..., Tensor] | None = None,
    ) -> None:
        self.name = name
        self._size, self._steps = size, steps or ()
        self._probability_contiguous = probability_contiguous
        self._elements = (
            0 if min_elements is None else min_elements,
            math.inf if max_elements is None else max_elements,
        )
        self._max_bytes = math.inf if max_allocation_bytes is None else max_allocation_bytes
        self._dim_parameter = dim_parameter
        self._roll_parameter = roll_parameter  # which PyTorch keeps as well, and does not use
        self._dtype, self._cuda = dtype, cuda
        self._tensor_constructor = tensor_constructor or self.default_tensor_constructor

    @staticmethod
    def default_tensor_constructor(size: Any, dtype: Dtype, **kwargs: Any) -> Tensor:
        """Numbers from 0 to 1, or whole ones from 1 to 126."""
        if dtype.is_floating_point or dtype.is_complex:
            return autogradkit.rand(size=size, dtype=dtype)
        return autogradkit.randint(1, 127, size=size, dtype=dtype)

    def _sizes(self, params: Mapping[Any, Any]) -> tuple[list[int], list[int]]:
        dim = len(self._size) if self._dim_parameter is None else params[self._dim_parameter]
        size, steps = ([params.get(each, each) for each in given][:dim] for given in (self._size, self._steps))
        return [*size, *[1] * (dim - len(size))], [*steps, *[1] * (dim - len(steps))]

    def satisfies_constraints(self, params: Mapping[str, Any]) -> bool:
        """Whether the tensor of these parameters keeps to the bounds."""
        size, steps = self._sizes(params)
        least, most = self._elements
        held = math.prod(size) * math.prod(steps) * self._dtype.itemsize
        return least <= math.prod(size) <= most and held <= self._max_bytes

    def _new_tensor(self, params: Mapping[str, Any], state: np.random.RandomState) -> tuple[Tensor, dict[str, Any]]:
        size, steps = self._sizes(params)
        whole = tuple(number * step for number, step in zip(size, steps, strict=True))
        tensor = self._tensor_constructor(size=whole, dtype=self._dtype, **params)
        if self._cuda:
            tensor = tensor.cuda()
        order = np.arange(len(size))
        if state.rand() > self._probability_contiguous:
            while len(size) > 1 and (order == np.arange(len(size))).all():
                order = state.permutation(len(size))
            tensor = tensor.permute(order.tolist()).contiguous().permute(np.argsort(order).tolist())
        tensor = tensor[tuple(slice(0, held, step) for held, step in zip(whole, steps, strict=True))]
        return tensor, {
            "numel": tensor.numel(),
            "order": order,
            "steps": tuple(steps),
            "is_contiguous": tensor.is_contiguous(),
            "dtype": str(self._dtype),
        }


class Fuzzer:
    """Draws parameters that keep to all bounds and `constraints`, and tensors of them. Raises ValueError for a name used twice.

    >>> fuzzer = Fuzzer(
    ...     parameters=[FuzzedParameter("n", minval=1, maxval=9, distribution="uniform")],
    ...     tensors=[FuzzedTensor("x", size=("n", 2))],
    ...     seed=0,
    ... )
    >>> [(params, tensors["x"].shape) for tensors, properties, params in fuzzer.take(2)]
    [({'n': 6}, torch.Size([6, 2])), ({'n': 5}, torch.Size([5, 2]))]
    """

    @entry
    def __init__(
        self,
        parameters: list[FuzzedParameter | list[FuzzedParameter]],
        tensors: list[FuzzedTensor | list[FuzzedTensor]],
        constraints: list[Callable[..., bool]] | None = None,
        seed: int | None = None,
    ) -> None:
        self._seed = int(np.random.RandomState().randint(0, 2**32 - 1, dtype=np.int64)) if seed is None else seed
        self._parameters: list[FuzzedParameter] = list(_flat(parameters, FuzzedParameter))
        self._tensors: list[FuzzedTensor] = list(_flat(tensors, FuzzedTensor))
        self._constraints = constraints or []
        twice = {each.name for each in self._parameters} & {each.name for each in self._tensors}
        if twice:
            raise ValueError(f"Duplicate names in parameters and tensors: {twice}")
        self._drawn = self._rejected = 0

    def take(self, n: int) -> Iterator[tuple[dict[str, Tensor], dict[str, dict[str, Any]], dict[str, Any]]]:
        """`n` times: tensors by name, what each is like, and the parameters. Seeds this package's random numbers."""
        state = np.random.RandomState(self._seed)
        autogradkit.manual_seed(int(state.randint(0, 2**63, dtype=np.int64)))
        for _ in range(n):
            params = self._fitting(state)
            made = {each.name: each._new_tensor(params, state) for each in self._tensors}
            yield {name: each[0] for name, each in made.items()}, {name: each[1] for name, each in made.items()}, params

    @property
    def rejection_rate(self) -> float:
        """The share of drawn parameters that did not fit."""
        return self._rejected / self._drawn if self._drawn else 0.0

    def _fitting(self, state: np.random.RandomState) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for _ in range(_TRIES):
            drawn = {
                each.name: kept[each.name] if each.name in kept else each.sample(state) for each in self._parameters
            }
            kept = {each.name: drawn[each.name] for each in self._parameters if each.strict}
            params = {name: _resolved(name, drawn) for name in drawn}
            self._drawn += 1
            fits = all(fit(params) for fit in self._constraints)
            if fits and all(each.satisfies_constraints(params) for each in self._tensors):
                return params
            self._rejected += 1
        raise ValueError("Failed to generate a set of valid parameters.")


def _flat(values: Iterable[Any], kind: type) -> Iterator[Any]:
    for each in values:
        yield from [each] if isinstance(each, kind) else each


def _resolved(name: str, drawn: Mapping[str, Any]) -> Any:
    """The value that a parameter has, or stands for."""
    for _ in drawn:
        value = drawn[name]
        if not isinstance(value, ParameterAlias):
            return value
        name = value.alias_to
    raise ValueError(f"ParameterAlias cycle detected\n{dict(drawn)}")
