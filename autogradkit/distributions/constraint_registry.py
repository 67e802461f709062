"""`biject_to` and `transform_to`: from a constraint to a transform that leads into it from all real numbers.

The transforms of `biject_to` have an inverse and a logarithm of their determinant, as changes of variables need;
`transform_to` may give simpler ones that only lead there, as optimizing needs. Rests on constraints and transforms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints, transforms
from autogradkit.distributions.constraints import Constraint
from autogradkit.distributions.transforms import Transform

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]

Factory = Callable[[Any], Transform]


class ConstraintRegistry:
    """Transforms by the class of the constraint that they lead into.

    >>> import autogradkit as torch
    >>> D = torch.distributions
    >>> D.transform_to(D.constraints.simplex)(torch.zeros(4))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    def __init__(self) -> None:
        self._registry: dict[type, Factory] = {}
        super().__init__()

    @entry
    def register(self, constraint: Any, factory: Factory | None = None) -> Any:
        """Have `factory` make the transforms into constraints of this one's class; without it, a decorator."""
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, Constraint) else constraint
        if not (isinstance(kind, type) and issubclass(kind, Constraint)):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._registry[kind] = factory
        return factory

    @entry
    def __call__(self, constraint: Any) -> Transform:
        """The transform into a constraint. Raises NotImplementedError where none is registered."""
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _in_both(constraint: Any) -> Callable[[Factory], Factory]:
    def register(factory: Factory) -> Factory:
        biject_to.register(constraint, factory)
        return transform_to.register(constraint, factory)

    return register


@_in_both(constraints.real)
def _of_real(constraint: Any) -> Transform:
    return transforms.identity_transform


@_in_both(constraints.greater_than)
@_in_both(constraints.greater_than_eq)
def _of_greater_than(constraint: Any) -> Transform:
    return transforms.ComposeTransform(
        [transforms.ExpTransform(), transforms.AffineTransform(constraint.lower_bound, 1)]
    )


@_in_both(constraints.less_than)
def _of_less_than(constraint: Any) -> Transform:
    return transforms.ComposeTransform(
        [transforms.ExpTransform(), transforms.AffineTransform(constraint.upper_bound, -1)]
    )


@_in_both(constraints.interval)
@_in_both(constraints.half_open_interval)
def _of_interval(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if not isinstance(low, Tensor) and not isinstance(high, Tensor) and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)])


biject_to.register(constraints.simplex, lambda constraint: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda constraint: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda constraint: transforms.LowerCholeskyTransform())
transform_to.register(constraints.positive_definite, lambda constraint: transforms.PositiveDefiniteTransform())
transform_to.register(constraints.positive_semidefinite, lambda constraint: transforms.PositiveDefiniteTransform())


@_in_both(constraints.corr_cholesky)
def _of_corr_cholesky(constraint: Any) -> Transform:
    return transforms.CorrCholeskyTransform()


def _of_parts(registry: ConstraintRegistry) -> None:
    """Register what leads into constraints of constraints: the same registry's transforms of the parts."""

    @registry.register(constraints.independent)
    def _of_independent(constraint: Any) -> Transform:
        base = registry(constraint.base_constraint)
        return transforms.IndependentTransform(base, constraint.reinterpreted_batch_ndims)

    @registry.register(constraints.cat)
    def _of_cat(constraint: Any) -> Transform:
        parts = [registry(each) for each in constraint.cseq]
        return transforms.CatTransform(parts, constraint.dim, constraint.lengths)

    @registry.register(constraints.stack)
    def _of_stack(constraint: Any) -> Transform:
        return transforms.StackTransform([registry(each) for each in constraint.cseq], constraint.dim)


_of_parts(biject_to)
_of_parts(transform_to)
