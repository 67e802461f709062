"""Where parameters and samples may lie: each constraint checks a batch of values.

A constraint has `check(value)`, which gives a bool for each value (for each event, where one has `event_dim` dimensions),
`is_discrete` and `event_dim`. Rests on the ops; distributions name those of their parameters and of their support,
transforms those of what they take and give, and the registry finds transforms by them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor

__all__ = [
    "Constraint", "MixtureSameFamilyConstraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property",
    "greater_than", "greater_than_eq", "half_open_interval", "independent", "integer_interval", "interval",
    "is_dependent", "less_than", "lower_cholesky", "lower_triangular", "multinomial", "nonnegative",
    "nonnegative_integer", "one_hot", "positive", "positive_definite", "positive_integer", "positive_semidefinite",
    "real", "real_vector", "simplex", "square", "stack", "symmetric", "unit_interval",
]  # fmt: skip


class Constraint:
    """A region of values."""

    is_discrete: Any = False
    event_dim: Any = 0

    def check(self, value: Any) -> Tensor:
        """A bool for each event of `value`: whether it lies inside."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__.removeprefix('_')}({self._bounds()})"

    def _bounds(self) -> str:
        return ""


# -- known only of an instance -----------------------------------------------------------------------------------------


class _Dependent(Constraint):
    """A region that other parameters decide, so that it is known of an instance only."""

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> None:
        self._is_discrete = is_discrete
        self._event_dim = event_dim

    @property
    def is_discrete(self) -> bool:
        if self._is_discrete is NotImplemented:
            raise NotImplementedError(".is_discrete cannot be determined statically")
        return self._is_discrete

    @property
    def event_dim(self) -> int:
        if self._event_dim is NotImplemented:
            raise NotImplementedError(".event_dim cannot be determined statically")
        return self._event_dim

    def __call__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> _Dependent:
        """The same with what is known of it."""
        return _Dependent(
            is_discrete=self._is_discrete if is_discrete is NotImplemented else is_discrete,
            event_dim=self._event_dim if event_dim is NotImplemented else event_dim,
        )

    def check(self, value: Any) -> Tensor:
        raise ValueError("Cannot determine validity of dependent constraint")


class _DependentProperty(property, _Dependent):
    """A property that gives an instance's constraint, and a dependent constraint where the class is asked.

    It decorates a method, with `is_discrete` and `event_dim` where those do not depend on the instance.
    """

    def __init__(
        self,
        fn: Callable[..., Any] | None = None,
        *,
        is_discrete: Any = NotImplemented,
        event_dim: Any = NotImplemented,
    ) -> None:
        super().__init__(fn)
        self._is_discrete = is_discrete
        self._event_dim = event_dim

    def __call__(self, fn: Callable[..., Any]) -> _DependentProperty:
        return _DependentProperty(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


def is_dependent(constraint: Any) -> bool:
    """Whether a constraint is known of an instance only."""
    return isinstance(constraint, _Dependent)


# -- of other constraints ----------------------------------------------------------------------------------------------


class _OfBase(Constraint):
    """A constraint around another one."""

    def __init__(self, base_constraint: Constraint) -> None:
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> bool:
        return self.base_constraint.is_discrete

    def _all_over(self, result: Tensor, value: Any, shape: Any, dims: int) -> Tensor:
        if len(shape) < dims:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.dim()}")
        return result.reshape((*shape[: len(shape) - dims], -1)).all(-1)

    def _bounds(self) -> str:
        return repr(self.base_constraint)


class _IndependentConstraint(_OfBase):
    """A constraint whose last batch dimensions belong to the event: it holds where it holds all over them."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        super().__init__(base_constraint)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def event_dim(self) -> int:
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Any) -> Tensor:
        result = self.base_constraint.check(value)
        return self._all_over(result, value, result.shape, self.reinterpreted_batch_ndims)

    def _bounds(self) -> str:
        return f"{super()._bounds()}, {self.reinterpreted_batch_ndims}"


class MixtureSameFamilyConstraint(_OfBase):
    """The constraint of a mixture's samples: that of its components, without their dimension."""

    @property
    def event_dim(self) -> int:
        return self.base_constraint.event_dim

    def check(self, value: Any) -> Tensor:
        components = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        return self._all_over(components, value, value.shape, self.event_dim)


class _Joined(Constraint):
    """Constraints of the parts of a value along one dimension."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        assert all(isinstance(each, Constraint) for each in cseq)
        self.cseq = list(cseq)
        self.dim = dim

    @property
    def is_discrete(self) -> bool:
        return any(each.is_discrete for each in self.cseq)

    @property
    def event_dim(self) -> int:
        return max(each.event_dim for each in self.cseq)


class _Cat(_Joined):
    """Parts of given lengths, as `torch.cat` joins them."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        assert len(self.lengths) == len(self.cseq)

    def check(self, value: Any) -> Tensor:
        assert -value.dim() <= self.dim < value.dim()
        parts = value.split([*self.lengths, value.size(self.dim) - sum(self.lengths)], self.dim)[: len(self.cseq)]
        return ak.cat([each.check(part) for each, part in zip(self.cseq, parts, strict=True)], self.dim)


class _Stack(_Joined):
    """One slice for each constraint, as `torch.stack` joins them."""

    def check(self, value: Any) -> Tensor:
        assert -value.dim() <= self.dim < value.dim()
        slices = zip(self.cseq, value.unbind(self.dim), strict=False)
        return ak.stack([each.check(part) for each, part in slices], self.dim)


# -- of numbers --------------------------------------------------------------------------------------------------------


class _Real(Constraint):
    """Any number; NaN is none."""

    def check(self, value: Any) -> Tensor:
        return value == value


class _Boolean(Constraint):
    """0 and 1."""

    is_discrete = True

    def check(self, value: Any) -> Tensor:
        return (value == 0) | (value == 1)


class _Above(Constraint):
    """Numbers above a bound."""

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def _bounds(self) -> str:
        return f"lower_bound={self.lower_bound}"


class _GreaterThan(_Above):
    def check(self, value: Any) -> Tensor:
        return self.lower_bound < value


class _GreaterThanEq(_Above):
    def check(self, value: Any) -> Tensor:
        return self.lower_bound <= value


class _IntegerGreaterThan(_Above):
    is_discrete = True

    def check(self, value: Any) -> Tensor:
        return (value % 1 == 0) & (value >= self.lower_bound)


class _LessThan(Constraint):
    """Numbers below a bound."""

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def _bounds(self) -> str:
        return f"upper_bound={self.upper_bound}"

    def check(self, value: Any) -> Tensor:
        return value < self.upper_bound


class _Between(Constraint):
    """Numbers between two bounds."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound

    def _bounds(self) -> str:
        return f"lower_bound={self.lower_bound}, upper_bound={self.upper_bound}"


class _Interval(_Between):
    def check(self, value: Any) -> Tensor:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _HalfOpenInterval(_Between):
    def check(self, value: Any) -> Tensor:
        return (self.lower_bound <= value) & (value < self.upper_bound)


class _IntegerInterval(_Between):
    is_discrete = True

    def check(self, value: Any) -> Tensor:
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


# -- of vectors --------------------------------------------------------------------------------------------------------


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Tensor:
        return boolean.check(value).all(-1) & value.sum(-1).eq(1)


class _Simplex(Constraint):
    """Numbers that are not negative and sum to one, but for rounding."""

    event_dim = 1

    def check(self, value: Any) -> Tensor:
        return ak.all(value >= 0, dim=-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _Multinomial(Constraint):
    """Counts that sum to at most the bound."""

    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Any) -> Tensor:
        return (value >= 0).all(dim=-1) & (value.sum(dim=-1) <= self.upper_bound)


# -- of matrices -------------------------------------------------------------------------------------------------------


class _LowerTriangular(Constraint):
    event_dim = 2

    def check(self, value: Any) -> Tensor:
        return (value.tril() == value).flatten(-2).all(-1)


class _LowerCholesky(Constraint):
    """Lower triangles with a positive diagonal."""

    event_dim = 2

    def check(self, value: Any) -> Tensor:
        return lower_triangular.check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(Constraint):
    """Lower triangles with a positive diagonal whose rows have length one."""

    event_dim = 2

    def check(self, value: Any) -> Tensor:
        tolerance = ak.finfo(value.dtype).eps * value.size(-1) * 10
        row_norm = ak.linalg.norm(value.detach(), dim=-1)  # pyright: ignore[reportAttributeAccessIssue]
        return lower_cholesky.check(value) & (row_norm - 1.0).abs().le(tolerance).all(dim=-1)


class _Square(Constraint):
    event_dim = 2

    def check(self, value: Any) -> Tensor:
        return ak.full(value.shape[:-2], value.shape[-2] == value.shape[-1], dtype=ak.bool)


class _Symmetric(_Square):
    def check(self, value: Any) -> Tensor:
        square_check = super().check(value)
        return ak.isclose(value, value.mT, atol=1e-6).all(-2).all(-1) if square_check.all() else square_check


class _PositiveSemidefinite(_Symmetric):
    def check(self, value: Any) -> Tensor:
        symmetric = super().check(value)
        return ak.linalg.eigvalsh(value).ge(0).all(-1) if symmetric.all() else symmetric  # pyright: ignore[reportAttributeAccessIssue]


class _PositiveDefinite(_Symmetric):
    def check(self, value: Any) -> Tensor:
        symmetric = super().check(value)
        return ak.linalg.cholesky_ex(value).info.eq(0) if symmetric.all() else symmetric  # pyright: ignore[reportAttributeAccessIssue]


# -- by PyTorch's names ------------------------------------------------------------------------------------------------

dependent = _Dependent()
dependent_property: Any = _DependentProperty  # which makes what a subclass may have an attribute in place of
independent = _IndependentConstraint
cat = _Cat
stack = _Stack
real = _Real()
real_vector = independent(real, 1)
boolean = _Boolean()
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
interval = _Interval
half_open_interval = _HalfOpenInterval
integer_interval = _IntegerInterval
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
positive_integer = _IntegerGreaterThan(1)
nonnegative_integer = _IntegerGreaterThan(0)
unit_interval = _Interval(0.0, 1.0)
one_hot = _OneHot()
simplex = _Simplex()
multinomial = _Multinomial
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
