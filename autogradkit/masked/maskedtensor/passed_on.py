"""Ops that move elements about and compute nothing: done to the data and to the mask alike. Rests on core."""

from __future__ import annotations

from typing import Any

from autogradkit.masked.maskedtensor.core import closed, data_of, mask_of, opened, operators


@operators(
    "select", "transpose", "split", "t", "slice", "slice_backward", "select_backward", "index", "expand", "view", "_unsafe_view",
    "_reshape_alias", "cat", "unsqueeze", "unfold", "unfold_backward", "im2col", "col2im", "stack",
)  # fmt: skip
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    data = func(*opened(args, data_of), **opened(kwargs, data_of))
    return closed(data, func(*opened(args, mask_of), **opened(kwargs, mask_of)))
