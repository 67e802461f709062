"""PyTorch's `torch.utils.data._utils.pin_memory`: batches whose memory an accelerator reads, of which there is none."""

from __future__ import annotations

from typing import Any

from autogradkit.core.frames import entry as _entry
from autogradkit.utils._pytree import tree_map as _tree_map


@_entry
def pin_memory(data: Any, device: Any = None) -> Any:
    """The batch with what can be pinned in it pinned; so a batch with a tensor raises RuntimeError, as in PyTorch.

    >>> pin_memory(["a", 3])
    ['a', 3]
    """
    return _tree_map(lambda each: each.pin_memory() if hasattr(each, "pin_memory") else each, data)
