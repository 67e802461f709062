"""The few ops that differentiation itself needs, handed up by `_ops` at import: the engine imports no op."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor
from autogradkit.core.views import ViewStep

if TYPE_CHECKING:
    from autogradkit.engine.node import Node


class RequiredOps:
    """Filled in by `autogradkit/_ops/__init__.py`. Those on arrays serve plain backward, those on tensors create_graph."""

    sum_array: Callable[[Array, tuple[int, ...]], Array]  # sum over the dimensions that broadcasting added
    add: Callable[[Tensor, Tensor], Tensor]
    add_: Callable[[Tensor, Tensor], Tensor]
    sum_to_size: Callable[[Tensor, tuple[int, ...]], Tensor]
    cast: Callable[[Tensor, Any], Tensor]  # to a NumPy dtype
    real: Callable[[Tensor], Tensor]  # the real parts of complex numbers
    clone: Callable[[Tensor], Tensor]
    contiguous_clone: Callable[[Tensor], Tensor]
    stack: Callable[[list[Tensor]], Tensor]  # along a new first dimension
    detach: Callable[[Tensor], Tensor]
    ones_like: Callable[[Tensor], Tensor]
    copy_: Callable[[Tensor, Tensor], Tensor]
    zero_: Callable[[Tensor], Tensor]
    as_strided: Callable[[Tensor, np.dtype[Any], tuple[int, ...], tuple[int, ...], int], Tensor]  # seen as that dtype
    replay_view_steps: Callable[[Tensor, tuple[ViewStep, ...]], Tensor]  # by the steps that made a view
    renewal: Callable[[Tensor, Tensor], Node]  # that makes this view of a base which replaces its own
    view_as_kind: Callable[[Array, np.dtype[Any]], Array]  # memory as complex numbers or pairs of real ones


OPS = RequiredOps()
