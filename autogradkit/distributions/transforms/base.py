"""What all transforms share: calling them, their inverse, the last pair that was computed, and shapes.

Rests on the constraints, which say where a transform leads from and to.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints

Shape = Any  # a Size, as it comes


def sum_rightmost(value: Tensor, dims: int) -> Tensor:
    """The sum over the last `dims` dimensions."""
    if dims == 0:
        return value
    return value.reshape((*value.shape[:-dims], -1)).sum(-1)


class Transform:
    """The base of all transforms.

    A subclass gives `domain`, `codomain`, `_call` and, where it has them, `_inverse` and `log_abs_det_jacobian`; `bijective`
    says that the inverse gives back just what went in, `sign` whether it rises or falls. With `cache_size=1` the last pair is
    kept, so that inverting what the transform has given costs nothing and is exact.

    >>> import autogradkit as torch
    >>> transform = torch.distributions.ExpTransform()
    >>> transform(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    >>> transform.inv(torch.tensor([1.0]))
    tensor([0.])
    """

    bijective: Any = False
    domain: Any
    codomain: Any

    @entry
    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._inv: Any = None  # weakly: the inverse knows this one
        self._cached_x_y: tuple[Any, Any] = (None, None)
        super().__init__()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_inv": None}

    @property
    def event_dim(self) -> int:
        """How many dimensions an event has, where that is the same on both sides."""
        if self.domain.event_dim == self.codomain.event_dim:
            return self.domain.event_dim
        raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")

    @property
    def inv(self) -> Transform:
        """The inverse, whose inverse is this."""
        inverse = None if self._inv is None else self._inv()
        if inverse is None:
            inverse = _InverseTransform(self)
            self._inv = weakref.ref(inverse)
        return inverse

    if TYPE_CHECKING:
        sign: Any
    else:

        @property
        def sign(self) -> Any:
            """1 where the transform of a number rises, -1 where it falls."""
            raise NotImplementedError

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same transform with another `cache_size`."""
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f"{type(self)}.with_cache is not implemented")

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None  # pyright: ignore[reportAssignmentType] - as in PyTorch

    @entry
    def __call__(self, x: Any) -> Any:
        """The transform of x."""
        if self._cache_size == 0:
            return self._call(x)
        if x is not self._cached_x_y[0]:
            self._cached_x_y = x, self._call(x)
        return self._cached_x_y[1]

    def _inv_call(self, y: Any) -> Any:
        if self._cache_size == 0:
            return self._inverse(y)
        if y is not self._cached_x_y[1]:
            self._cached_x_y = self._inverse(y), y
        return self._cached_x_y[0]

    def _call(self, x: Any) -> Any:
        raise NotImplementedError

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Tensor:
        """log |dy/dx|, of what went in and came out."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def forward_shape(self, shape: Shape) -> Shape:
        """The shape of what comes out of a shape that goes in."""
        return shape

    def inverse_shape(self, shape: Shape) -> Shape:
        """The shape that goes in, of one that comes out."""
        return shape


class _InverseTransform(Transform):
    """A transform the other way around."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(cache_size=transform._cache_size)
        self._inv: Any = transform  # strongly, unlike a transform its inverse

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        return self._inv.codomain

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        return self._inv.domain

    @property
    def bijective(self) -> bool:
        return self._inv.bijective

    @property
    def sign(self) -> Any:
        return self._inv.sign

    @property
    def inv(self) -> Transform:
        return self._inv

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self.inv.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and self._inv == other._inv

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._inv!r})"

    @entry
    def __call__(self, x: Any) -> Any:
        return self._inv._inv_call(x)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Tensor:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Shape) -> Shape:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return self._inv.forward_shape(shape)
