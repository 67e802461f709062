"""How tensors are kept: by strides, or as coordinates and values. `torch.strided`, `Tensor.layout`, and what `layout=` takes.

PyTorch's compressed layouts have their names here, so that what asks for them is refused by name.
"""

from __future__ import annotations

from autogradkit.core.c_types import CType


class layout(metaclass=CType):  # noqa: N801 - PyTorch's name
    """A way to be kept; compared by identity.

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
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")
sparse_csc = layout("sparse_csc")
sparse_bsr = layout("sparse_bsr")
sparse_bsc = layout("sparse_bsc")


def refuse_compressed(wanted: layout) -> None:
    """Raise NotImplementedError for a layout that PyTorch has and this package has not."""
    if wanted is not strided and wanted is not sparse_coo:
        raise NotImplementedError(
            f"{wanted} is not available: of PyTorch's sparse layouts autogradkit has torch.sparse_coo"
        )
