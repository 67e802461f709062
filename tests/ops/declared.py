"""What the tests ask of declarations, in one place: only here do they know how the package keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autogradkit as torch
import autogradkit.fft
import autogradkit.linalg
import autogradkit.nn
import autogradkit.special  # all four: the names of their ops are declared when they are imported
from autogradkit._ops.declare import PUBLISHED, PYTHON_FUNCTIONS, SETS, k
from autogradkit._ops.declare.names import EDITS as EDITS
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.unloaded import load_all

load_all()  # of families that are declared when they are asked for, too

NAMESPACE = k  # what formulas may call
# What `autogradkit.<name>` offers.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **PYTHON_FUNCTIONS,
    **{name: owner.front("function", name) for name, owner in PUBLISHED.items()},
}


@dataclass(frozen=True)
class Declared:
    """A declared op that has gradients."""

    name: str
    call: Callable[..., Any]
    in_place: Callable[..., Any] | None
    formulas: dict[str, Callable[..., Any]]  # by differentiable parameter
    draws: bool  # what it gives is drawn at random
    make_samples: Callable[[Callable[..., torch.Tensor]], Iterable[tuple[Any, ...]]] | None
    allocated: bool  # whether its caller makes the memory that its kernel writes into

    def differentiated(self, *args: Any) -> Any:
        """What a call gives, of several results those that have a gradient."""
        found = self.call(*args)
        return tuple([each for each in found if each.requires_grad]) if isinstance(found, tuple) else found

    def samples(self, seed: int) -> list[tuple[Any, ...]]:
        """Argument tuples, with float64 tensors that require grad, the same for the same seed."""
        assert self.make_samples is not None
        stream = np.random.default_rng(seed)

        def make(*shape: int, low: float = -2.0, high: float = 2.0) -> torch.Tensor:
            numbers = torch.from_numpy(np.asarray(stream.uniform(low, high, shape)))
            # NumPy's arrays without elements have strides of 0, which gradcheck refuses as PyTorch's does.
            return numbers.clone(memory_format=torch.contiguous_format).requires_grad_()

        return [tuple(sample) for sample in self.make_samples(make)]


def kernel_results(op: Declared, sample: tuple[Any, ...]) -> list[np.ndarray[Any, Any]]:
    """What the op's kernel writes for a sample, by the general way, as arrays."""
    overload: Any = op.call
    found = overload.run(overload.filled(sample, {}))
    return [each.detach().numpy() for each in (found if isinstance(found, tuple) else (found,))]


def _name(overload: Overload) -> str:
    kernel = overload.kernel.__name__
    return f"{overload.owner.name if kernel == '_' else kernel}/{overload.node_name}"


# Ops for sparse tensors alone are held to PyTorch in tests/parity/test_sparse*.py: their formulas run on tensors, always.
SPARSE = "autogradkit._ops.sparse."
OVERLOADS = [
    overload
    for owner in SETS
    for overload in owner.overloads
    if not (overload.kernel.__module__ or "").startswith(SPARSE)
]
DIFFERENTIABLE = {
    _name(each): Declared(
        _name(each),
        each,
        each.in_place_call if each.owner.in_place and each.in_place and each.self_at == 0 and not each.view else None,
        dict(each.formulas),
        each.kind == "random",
        each.samples,
        bool(each.pointwise or each.reduces or each.edits or each.meta),
    )
    for each in OVERLOADS
    if each.formulas
}
