"""Activations that bend at 0 or at a threshold. Each calls its namesake in `nn.functional`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.constructors import OwnConstructor
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn import functional
from autogradkit.nn.init import constant_
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = [
    "CELU",
    "ELU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "Softshrink",
    "Threshold",
]  # fmt: skip


class Editing(OwnConstructor, Module):
    """An activation that may overwrite its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        shown = super().extra_repr()
        if not self.inplace:
            return shown
        return f"{shown}, inplace=True" if shown else "inplace=True"


class ReLU(Editing):
    """max(x, 0), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.ReLU()(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ReLU(), m.randn(2, 4)), (m.nn.ReLU(inplace=True), m.randn(2, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """max(x, 0), elementwise."""
        return functional.relu(input, self.inplace)


class LeakyReLU(Editing):
    """x where it is above 0, `negative_slope` times it elsewhere.

    >>> import autogradkit as torch
    >>> torch.nn.LeakyReLU(0.1)(torch.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """

    _shown = ("negative_slope",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LeakyReLU(), m.randn(2, 4)), (m.nn.LeakyReLU(0.2, inplace=True), m.randn(2, 4))]

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        """x where it is above 0, `negative_slope` times it elsewhere."""
        return functional.leaky_relu(input, self.negative_slope, self.inplace)


class RReLU(Editing):
    """x where it is above 0; elsewhere a slope times it, drawn between `lower` and `upper` in training, else their mean.

    >>> import autogradkit as torch
    >>> torch.nn.RReLU(0.25, 0.75).eval()(torch.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    _shown = (
        "lower",
        "upper",
    )

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.RReLU(), m.randn(2, 4)), (m.nn.RReLU(0.2, 0.5, inplace=True), m.randn(2, 4))]

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.lower = lower
        self.upper = upper

    def forward(self, input: Tensor) -> Tensor:
        """x where it is above 0."""
        return functional.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Threshold(Editing):
    """x where it is above `threshold`, `value` elsewhere.

    >>> import autogradkit as torch
    >>> torch.nn.Threshold(1.0, -1.0)(torch.tensor([0.5, 2.0]))
    tensor([-1.,  2.])
    """

    _shown = (
        "threshold",
        "value",
    )

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Threshold(0.1, 20), m.randn(2, 4)), (m.nn.Threshold(0.1, 20, inplace=True), m.randn(2, 4))]

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """x where it is above `threshold`, `value` elsewhere."""
        return functional.threshold(input, self.threshold, self.value, self.inplace)


class ELU(Editing):
    """x above 0, `alpha` · (eˣ − 1) below.

    >>> import autogradkit as torch
    >>> torch.nn.ELU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    _shown = ("alpha",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ELU(), m.randn(2, 4)), (m.nn.ELU(0.5, inplace=True), m.randn(2, 4))]

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        """x above 0, `alpha` · (eˣ − 1) below."""
        return functional.elu(input, self.alpha, self.inplace)


class CELU(Editing):
    """x above 0, `alpha` · (exp(x / `alpha`) − 1) below.

    >>> import autogradkit as torch
    >>> torch.nn.CELU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    _shown = ("alpha",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.CELU(), m.randn(2, 4)), (m.nn.CELU(0.5, inplace=True), m.randn(2, 4))]

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        """x above 0, `alpha` · (exp(x / `alpha`) − 1) below."""
        return functional.celu(input, self.alpha, self.inplace)


class SELU(Editing):
    """elu with the numbers that keep mean and variance through many layers.

    >>> import autogradkit as torch
    >>> torch.nn.SELU()(torch.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.SELU(), m.randn(2, 4)), (m.nn.SELU(inplace=True), m.randn(2, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """elu with the numbers that keep mean and variance through many layers."""
        return functional.selu(input, self.inplace)


class Hardtanh(Editing):
    """x, no less than `min_val` and no more than `max_val`. Raises AssertionError where these are not in order.

    >>> import autogradkit as torch
    >>> torch.nn.Hardtanh()(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    _shown = ("min_val", "max_val")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Hardtanh(), m.randn(2, 4)), (m.nn.Hardtanh(-0.5, 0.25, inplace=True), m.randn(2, 4))]

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__(inplace)
        self.min_val = _renamed("min_value", "min_val", min_value, min_val)
        self.max_val = _renamed("max_value", "max_val", max_value, max_val)
        if self.max_val <= self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        """x within the bounds."""
        return functional.hardtanh(input, self.min_val, self.max_val, self.inplace)


def _renamed(old: str, new: str, given: float | None, value: float) -> float:
    if given is None:
        return value
    warn(f"keyword argument `{old}` is deprecated and renamed to `{new}`", FutureWarning)
    return given


class ReLU6(Hardtanh):
    """max(x, 0), no more than 6.

    >>> import autogradkit as torch
    >>> torch.nn.ReLU6()(torch.tensor([-1.0, 9.0]))
    tensor([0., 6.])
    """

    _shown = ()

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ReLU6(), m.randn(2, 4)), (m.nn.ReLU6(inplace=True), m.randn(2, 4))]

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Hardsigmoid(Module):
    """(x + 3) / 6, no less than 0 and no more than 1.

    >>> import autogradkit as torch
    >>> torch.nn.Hardsigmoid()(torch.tensor([-1.0, 2.0]))
    tensor([0.3333, 0.8333])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Hardsigmoid(), m.randn(2, 4)), (m.nn.Hardsigmoid(inplace=True), m.randn(2, 4))]

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """(x + 3) / 6, no less than 0 and no more than 1."""
        return functional.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    """x · hardsigmoid(x), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.Hardswish()(torch.tensor([-1.0, 2.0]))
    tensor([-0.3333,  1.6667])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Hardswish(), m.randn(2, 4)), (m.nn.Hardswish(inplace=True), m.randn(2, 4))]

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """x · hardsigmoid(x), elementwise."""
        return functional.hardswish(input, self.inplace)


class Hardshrink(Module):
    """x where it is beyond ± `lambd`, 0 between.

    >>> import autogradkit as torch
    >>> torch.nn.Hardshrink()(torch.tensor([-1.0, 0.25]))
    tensor([-1.,  0.])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Hardshrink(), m.randn(2, 4)), (m.nn.Hardshrink(0.3), m.randn(2, 4))]

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """x where it is beyond ± `lambd`, 0 between."""
        return functional.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(Module):
    """x drawn nearer to 0 by `lambd`, 0 within it.

    >>> import autogradkit as torch
    >>> torch.nn.Softshrink()(torch.tensor([-1.0, 0.25]))
    tensor([-0.5000,  0.0000])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Softshrink(), m.randn(2, 4)), (m.nn.Softshrink(0.3), m.randn(2, 4))]

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """x drawn nearer to 0 by `lambd`, 0 within it."""
        return functional.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class PReLU(Module):
    """x where it is above 0; elsewhere a learned slope times it, one for all or one for each channel (dimension 1).

    >>> import autogradkit as torch
    >>> torch.nn.PReLU()(torch.tensor([-1.0, 2.0])).tolist()
    [-0.25, 2.0]
    """

    _shown = ("num_parameters",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.PReLU(), m.randn(2, 4)), (m.nn.PReLU(3, 0.1), m.randn(2, 3, 4))]

    @entry
    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Dtype | None = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = unfilled(num_parameters, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every slope to its initial value."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """x, times its slope where it is not above 0."""
        return functional.prelu(input, self.weight)
