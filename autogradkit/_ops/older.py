"""What PyTorch keeps of older versions, and mostly warns of: resize, resize_as, reinforce, volatile, is_distributed, name.

Rests on declare; what it removed from linear algebra stands in linalg/removed.py.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any, NoReturn

from autogradkit._ops.declare import op, python_method
from autogradkit.core.tensor import Tensor, read_only
from autogradkit.core.warning import warn

_REINFORCE = """reinforce() was removed.
torch.distributions is there instead: sample an action of a Categorical, keep its log_prob(action), and call backward() of
-log_prob * reward."""


def _resized(self: Tensor, sizes: Sequence[Any]) -> Tensor:
    count = reduce(operator.mul, sizes, 1)
    if count != self._array.size:
        held = "x".join(map(str, self._array.shape))
        raise RuntimeError(
            f"requested resize to {'x'.join(map(str, sizes))} ({count} elements in total), but the given tensor has a size of "
            f"{held} ({self._array.size} elements). autograd's resize can only change the shape of a given tensor, while "
            "preserving the number of elements. "
        )
    return self.contiguous().view(*sizes)


@python_method("resize")
def _resize(self: Tensor, *sizes: Any) -> Tensor:
    """As `reshape` of sizes with as many elements; deprecated.

    >>> import warnings
    >>> import autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):
    ...     print(torch.arange(4).resize(2, 2))
    tensor([[0, 1],
            [2, 3]])
    """
    warn("non-inplace resize is deprecated")
    return _resized(self, sizes)


@python_method("resize_as")
def _resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """As `reshape_as`; deprecated.

    >>> import warnings
    >>> import autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):
    ...     print(torch.arange(4).resize_as(torch.ones(2, 2)).shape)
    torch.Size([2, 2])
    """
    warn("non-inplace resize_as is deprecated")
    sizes: Any = tensor.size()  # asked of whatever is given
    return _resized(self, sizes)


@python_method("reinforce")
def _reinforce(self: Tensor, reward: Any) -> NoReturn:
    """Raises RuntimeError: PyTorch removed it."""
    raise RuntimeError(_REINFORCE)


@op(composition=True)
def is_distributed(self: Tensor) -> bool:
    """Always False.

    >>> import autogradkit as torch
    >>> torch.ones(1).is_distributed()
    False
    """
    return False


def _name(self: Tensor) -> None:
    """Always None."""


def _get_volatile(self: Tensor) -> bool:
    """Always False: it was removed."""
    warn("volatile was removed (Variable.volatile is always False)")
    return False


def _set_volatile(self: Tensor, *value: Any) -> None:
    warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.")


Tensor.name = read_only("name", _name)  # pyright: ignore[reportAttributeAccessIssue]
Tensor.volatile = property(_get_volatile, _set_volatile, _set_volatile)
