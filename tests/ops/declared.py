"""What the tests ask of declarations, in one place: only here do they know how the package keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autogradkit as torch
from autogradkit._ops import k
from autogradkit._ops.op import PUBLIC, REGISTRY

NAMESPACE = k  # what formulas may call
FUNCTIONS: dict[str, Callable[..., Any]] = PUBLIC  # what `autogradkit.<name>` offers


@dataclass(frozen=True)
class Declared:
    """A declared op that has gradients."""

    name: str
    call: Callable[..., Any]
    in_place: Callable[..., Any] | None
    formulas: dict[str, Callable[..., Any]]  # by differentiable parameter
    make_samples: Callable[[Callable[..., torch.Tensor]], Iterable[tuple[Any, ...]]] | None

    def samples(self, seed: int) -> list[tuple[Any, ...]]:
        """Argument tuples, with float64 tensors that require grad, the same for the same seed."""
        assert self.make_samples is not None
        stream = np.random.default_rng(seed)

        def make(*shape: int, low: float = -2.0, high: float = 2.0) -> torch.Tensor:
            return torch.from_numpy(np.asarray(stream.uniform(low, high, shape))).requires_grad_()

        return [tuple(sample) for sample in self.make_samples(make)]


DIFFERENTIABLE = {
    name: Declared(
        name,
        op.entry,
        op.entry.in_place if op.in_place else None,
        dict(op.formulas),
        op.samples,
    )
    for name, op in sorted(REGISTRY.items())
    if op.node_class is not None
}
