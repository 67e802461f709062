"""The ways of choosing what is pruned: at random, by size, whole slices by their norms, by a mask, or nothing."""

from __future__ import annotations

import numbers
from typing import Any

from autogradkit._ops.making.filled import zeros_like
from autogradkit._ops.making.sampling import rand, rand_like
from autogradkit.core.frames import entry
from autogradkit.nn.utils.pruning import BasePruningMethod


class Identity(BasePruningMethod):
    """Prunes nothing more."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask so far."""
        return default_mask

    @classmethod
    def apply(cls, module: Any, name: str) -> Any:
        """Put a mask on a parameter."""
        return super().apply(module, name)


class _Amount(BasePruningMethod):
    """What prunes a number of things, or a share of all."""

    @entry
    def __init__(self, amount: float) -> None:
        whole = isinstance(amount, numbers.Integral)
        if not isinstance(amount, numbers.Real):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if amount < 0 or (not whole and float(amount) > 1.0):
            raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
        self.amount = amount

    def _count(self, size: int) -> int:
        count: Any = self.amount if isinstance(self.amount, numbers.Integral) else round(self.amount * size)
        if count > size:
            raise ValueError(f"amount={count} should be smaller than the number of parameters to prune={size}")
        return count


class _Unstructured(_Amount):
    PRUNING_TYPE = "unstructured"

    def _chosen(self, t: Any, count: int) -> Any:
        """Where those are that go."""
        raise NotImplementedError

    @entry
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask so far, and 0 for those that are chosen."""
        count = self._count(t.nelement())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[self._chosen(t, count)] = 0
        return mask


class RandomUnstructured(_Unstructured):
    """Prunes numbers at random."""

    def _chosen(self, t: Any, count: int) -> Any:
        drawn: Any = rand_like(t)
        return drawn.view(-1).topk(count).indices

    @classmethod
    def apply(cls, module: Any, name: str, amount: float) -> Any:
        """Prune a parameter."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(_Unstructured):
    """Prunes the smallest numbers, whatever their sign."""

    def _chosen(self, t: Any, count: int) -> Any:
        return t.abs().view(-1).topk(count, largest=False).indices

    @classmethod
    def apply(cls, module: Any, name: str, amount: float, importance_scores: Any = None) -> Any:
        """Prune a parameter by its numbers or by the scores."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class _Structured(_Amount):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _slices_to_keep(self, t: Any, size: int, count: int) -> Any:
        """Which slices stay."""
        raise NotImplementedError

    @entry
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask so far, and 0 for the slices that go."""
        if t.dim() <= 1:
            raise ValueError(
                f"Structured pruning can only be applied to multidimensional tensors. Found tensor of shape {t.shape} with "
                f"{t.dim()} dims"
            )
        if self.dim >= t.dim():
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        size = t.shape[self.dim]
        count = self._count(size)
        if not count:
            return default_mask
        mask = zeros_like.owner(t)
        mask[(*(slice(None),) * (self.dim % t.dim()), self._slices_to_keep(t, size, count))] = 1
        return mask.mul_(default_mask.to(dtype=mask.dtype))


class RandomStructured(_Structured):
    """Prunes slices at random."""

    def _slices_to_keep(self, t: Any, size: int, count: int) -> Any:
        drawn: Any = rand(size)
        return drawn > drawn.kthvalue(count).values

    @classmethod
    def apply(cls, module: Any, name: str, amount: float, dim: int = -1) -> Any:
        """Prune a parameter."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Structured):
    """Prunes the slices whose `n`-norms are smallest."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _slices_to_keep(self, t: Any, size: int, count: int) -> Any:
        others = [at for at in range(t.dim()) if at != self.dim % t.dim()]
        return t.norm(p=self.n, dim=others).topk(size - count, largest=True).indices

    @classmethod
    def apply(cls, module: Any, name: str, amount: float, n: Any, dim: int, importance_scores: Any = None) -> Any:
        """Prune a parameter by its norms or by those of the scores."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is 0."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    @entry
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Both masks together. Raises AssertionError where their sizes differ."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Any, name: str, mask: Any) -> Any:
        """Prune a parameter."""
        return super().apply(module, name, mask=mask)
