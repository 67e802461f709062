"""How tensors lie in memory: by strides, the only way here. `torch.strided`, `Tensor.layout`, and what `layout=` takes."""

from __future__ import annotations

from autogradkit.core.c_types import CType


class layout(metaclass=CType):  # noqa: N801 - PyTorch's name
    """A way to lie in memory; compared by identity.

    >>> import autogradkit as torch
    >>> torch.ones(2, layout=torch.strided).layout
    torch.strided
    """

    __slots__ = ("name",)

    name: str

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name  # the one of this module


strided = layout("strided")
