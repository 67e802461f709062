"""`torch.nn.attention.flex_attention`: attention whose scores a function changes, which PyTorch compiles; here the names alone.

Packages import them for models that ask for such attention; it refuses, and `scaled_dot_product_attention` takes any mask.
"""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit.core.frames import entry

_DEFAULT_SPARSE_BLOCK_SIZE = 128


def _refuse() -> NoReturn:
    raise NotImplementedError(
        "autogradkit does not have attention that is compiled from a function; use scaled_dot_product_attention with a mask"
    )


class BlockMask:
    """Which blocks of scores a mask leaves. Raises NotImplementedError."""

    @entry
    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        _refuse()


class AuxRequest:
    """What beside the result is wanted. Raises NotImplementedError."""

    @entry
    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        _refuse()


@entry
def create_block_mask(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Raises NotImplementedError."""
    _refuse()


@entry
def flex_attention(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Raises NotImplementedError."""
    _refuse()
