"""How tensors are kept: by strides, or as coordinates and values. `torch.strided`, `Tensor.layout`, and what `layout=` takes.

PyTorch's layouts of blocks have their names here, so that what asks for them is refused by name.
"""

from __future__ import annotations

from autogradkit.core.c_types import CType


class layout(metaclass=CType):  # noqa: N801 - PyTorch's name
    """A way to be kept; compared by identity.

    >>> import autogradkit as torch
    >>> torch.ones(2, layout=torch.strided).layout
    torch.strided
    """

    __slots__ = ("compresses", "name")

    name: str
    compresses: int | None  # the dimension of which only is kept where each of its places begins

    def __init__(self, name: str, compresses: int | None = None) -> None:
        self.name = name
        self.compresses = compresses

    @property
    def kind(self) -> str:
        """The name that refusals have for it: "SparseCsr", "Strided"."""
        return "Sparse" if self.name == "sparse_coo" else "".join([part.capitalize() for part in self.name.split("_")])

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name  # the one of this module


strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr", compresses=0)
sparse_csc = layout("sparse_csc", compresses=1)
sparse_bsr = layout("sparse_bsr")
sparse_bsc = layout("sparse_bsc")
jagged = layout("jagged")


def refuse_blocks(wanted: layout) -> None:
    """Raise NotImplementedError for a layout that PyTorch has and this package has not, or has of nested tensors alone."""
    if wanted is sparse_bsr or wanted is sparse_bsc:
        raise NotImplementedError(
            f"{wanted} is not available: of PyTorch's sparse layouts autogradkit has torch.sparse_coo, torch.sparse_csr and "
            "torch.sparse_csc"
        )
    if wanted is jagged:
        raise NotImplementedError(
            "torch.jagged is the layout of nested tensors: torch.nested.nested_tensor(parts, layout=torch.jagged)"
        )
