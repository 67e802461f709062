"""What all distributions share: shapes, the validation of parameters and values, and what follows from other properties.

A family names its parameters and their constraints in `arg_constraints`, sets them as attributes, and calls this constructor
with its batch shape and event shape. What it may leave to this class: `sample` (a draw without its graph), `stddev`,
`perplexity`, `expand`, its repr. Rests on the constraints.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.own import is_own
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.distributions import constraints
from autogradkit.distributions.utils import lazy_property

Method = Callable[..., Any]


def of_value(method: Method) -> Method:
    """A method of a value, which is looked at first where the distribution validates its arguments."""

    @functools.wraps(method)
    def called(self: Any, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return method(self, value)

    return called


class Distribution:
    """The base of all distributions.

    `batch_shape` counts distributions that are independent and not alike; `event_shape` is that of one draw. With
    `validate_args`, which is the default unless Python runs with `-O`, parameters and values outside their constraints raise
    ValueError.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> normal = torch.distributions.Normal(torch.tensor([0.0, 10.0]), 1.0)
    >>> normal
    Normal(loc: torch.Size([2]), scale: torch.Size([2]))
    >>> normal.sample()
    tensor([1.5410, 9.7066])
    >>> normal.log_prob(torch.tensor([0.0, 10.0]))
    tensor([-0.9189, -0.9189])
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args = __debug__
    _ENTRIES: ClassVar[tuple[str, ...]] = (
        "__init__", "expand", "sample", "rsample", "log_prob", "cdf", "icdf", "entropy", "enumerate_support",
    )  # fmt: skip

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if is_own(cls):  # a learner's methods are seen in tracebacks, ours are not
            for name in cls._ENTRIES:
                if name in vars(cls):
                    setattr(cls, name, entry(vars(cls)[name]))

    @staticmethod
    @entry
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions validate what they are given, where `validate_args` does not say."""
        if value not in [True, False]:
            raise ValueError
        Distribution._validate_args = value

    @entry
    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape = Size(batch_shape)
        self._event_shape = Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._validate_parameters()
        super().__init__()

    def _validate_parameters(self) -> None:
        try:
            arg_constraints = self.arg_constraints
        except NotImplementedError:
            arg_constraints = {}
            warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                UserWarning,
            )
        for name, constraint in arg_constraints.items():
            if constraints.is_dependent(constraint):
                continue
            if name not in self.__dict__ and _is_lazy(type(self), name):
                continue  # follows from another parameter
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    # -- what it is --------------------------------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> Size:
        """How many distributions there are, by dimension."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw of one of them."""
        return self._event_shape

    if TYPE_CHECKING:  # families have attributes in their place
        arg_constraints: Any
        support: Any
    else:

        @property
        def arg_constraints(self) -> dict[str, constraints.Constraint]:
            """The constraints of the parameters, by their names."""
            raise NotImplementedError

        @property
        def support(self) -> Any:
            """The constraint of the draws."""
            raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The likeliest value."""
        raise NotImplementedError(f"{self.__class__} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation, √variance."""
        return self.variance.sqrt()

    # -- what it does ------------------------------------------------------------------------------------------------------

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws, of shape `sample_shape` + `batch_shape` + `event_shape`, without a graph."""
        with ak.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws that depend on the parameters, and so have gradients with respect to them."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """`n` draws. Deprecated: `sample((n,))`."""
        warn("`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning)
        return self.sample(Size((n,)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of each event, or of the density at it."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw up to the value."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which a draw has the given probability."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values that a draw may have, along a first dimension; expanded to the batch shape, or of size 1 there."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The expected negative logarithm of the probability of a draw."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """exp(entropy): of how many equal possibilities it would be."""
        return ak.exp(self.entropy())

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same with its parameters expanded to another batch shape; no memory is copied.

        A class of the learner's with a constructor of its own says itself how.
        """
        family = next((kind for kind in type(self).__mro__ if is_own(kind)), Distribution)
        if family is Distribution:
            raise NotImplementedError
        new = self._get_checked_instance(family, _instance)
        batch_shape = Size(batch_shape)
        for name, constraint in self.arg_constraints.items():
            if name in self.__dict__:
                value = self.__dict__[name]
                inner = value.shape[value.dim() - constraint.event_dim :]
                setattr(new, name, value.expand(batch_shape + inner))
        self._expand_further(new, batch_shape)
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        """Give `new` what else a distribution of this family has."""

    # -- for families ------------------------------------------------------------------------------------------------------

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        """The shape of draws."""
        if not isinstance(sample_shape, Size):
            sample_shape = Size(sample_shape)
        return Size(sample_shape + self._batch_shape + self._event_shape)

    def _validate_sample(self, value: Any) -> None:
        """Raise ValueError where a value is not of the support, or its shape does not fit."""
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        if value.shape[value.dim() - len(self._event_shape) :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        expected = self._batch_shape + self._event_shape
        if any(i != 1 and j != 1 and i != j for i, j in zip(reversed(value.shape), reversed(expected), strict=False)):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {expected}.")
        try:
            support = self.support
        except NotImplementedError:
            warn(
                f"{self.__class__} does not define `support` to enable sample validation. Please initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                UserWarning,
            )
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the support "
                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """The instance that `expand` fills: what is given, else an empty one of this class.

        Raises NotImplementedError where a subclass of `cls` has a constructor of its own, as nobody here knows what it sets.
        """
        if _instance is None and type(self).__init__ is not cls.__init__:
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method must also define a "
                "custom .expand() method."
            )
        return self.__new__(type(self)) if _instance is None else _instance

    def __repr__(self) -> str:
        given = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        told = [f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in given.items()]
        return f"{type(self).__name__}({', '.join(told)})"


def _is_lazy(kind: type, name: str) -> bool:
    return any(isinstance(vars(each).get(name), lazy_property) for each in kind.__mro__)
