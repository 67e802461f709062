"""PyTorch's `torch.backends.opt_einsum`: a package that orders products, which is not asked here.

`einsum` goes from left to right. The switches answer as PyTorch's do where the package is not installed.
"""

from __future__ import annotations

import contextlib
from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """False."""
    return False


def get_opt_einsum() -> Any:
    """None: the package, where it is."""
    return None


@_entry
def flags(enabled: bool | None = None, strategy: str | None = None) -> contextlib.AbstractContextManager[None]:
    """A block in which the package is not asked. Raises ValueError for one in which it is, and for a way of ordering."""
    if enabled:
        raise ValueError(
            "opt_einsum is not available, so setting `enabled` to True will not reap the benefits of calculating an optimal "
            "path for einsum. torch.einsum will fall back to contracting from left to right. To enable this optimal path "
            "calculation, please install opt-einsum."
        )
    if strategy is not None:
        raise ValueError(
            f"opt_einsum is not available, so setting `strategy` to {strategy} will not be meaningful. torch.einsum will bypass "
            "path calculation and simply contract from left to right. Please install opt_einsum or unset `strategy`."
        )
    return contextlib.nullcontext()


__getattr__ = _absent_from("backends.opt_einsum")
