"""Tables whose rows are picked by number: `Embedding` one by one, `EmbeddingBag` brought together bag by bag."""

from __future__ import annotations

from typing import Any, TypeVar

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn import functional, init
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Embedding", "EmbeddingBag"]

T = TypeVar("T", bound="_Table")


class _Table(Module):
    """A table of rows, one of which may stand for padding: it begins as zeros and receives no gradient."""

    padding_idx: int | None

    def _take_padding(self, padding_idx: int | None, name: str) -> None:
        if padding_idx is not None:
            if not -self.num_embeddings <= padding_idx < max(self.num_embeddings, 1):
                raise AssertionError(f"{name} must be within num_embeddings")
            if padding_idx < 0:
                padding_idx += self.num_embeddings
        self.padding_idx = padding_idx

    def _take_weight(self, given: Tensor | None, trained: bool, device: Any, dtype: Dtype | None) -> None:
        shape = [self.num_embeddings, self.embedding_dim]
        if given is None:
            self.weight = unfilled(shape, device, dtype)
            self.weight.requires_grad = trained
            self.reset_parameters()
            return
        if list(given.shape) != shape:
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        self.weight = Parameter(given, requires_grad=trained)

    def reset_parameters(self) -> None:
        """Draw the table anew, from the standard normal distribution."""
        init.normal_(self.weight)
        self._fill_padding_idx_with_zero()

    def _fill_padding_idx_with_zero(self) -> None:
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)


def _sizes_of(embeddings: Tensor) -> tuple[int, int]:
    if embeddings.dim() != 2:
        raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
    rows, columns = embeddings.shape
    return rows, columns


class Embedding(_Table):
    """The row of a table (num_embeddings, embedding_dim) that each integer names: (*) → (*, embedding_dim).

    See `nn.functional.embedding` for `padding_idx`, `max_norm` and `scale_grad_by_freq`. Raises AssertionError for a
    padding row that the table does not have.

    >>> import autogradkit as torch
    >>> torch.nn.Embedding(10, 3)(torch.tensor([[1, 2], [4, 9]])).shape
    torch.Size([2, 2, 3])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Embedding(5, 3), m.tensor([[0, 4], [2, 4]])),
            (m.nn.Embedding(5, 2, padding_idx=-2, scale_grad_by_freq=True), m.tensor([3, 0, 0, 3, 1])),
            (m.nn.Embedding(4, 3, max_norm=0.5, norm_type=1.0, dtype=m.float64), m.tensor([1, 1, 3])),
        ]

    @entry
    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self._take_padding(padding_idx, "Padding_idx")
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self._take_weight(_weight, not _freeze, device, dtype)
        self.sparse = sparse

    @classmethod
    @entry
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """One whose table is a given matrix, sharing its memory; frozen unless told otherwise.

        >>> import autogradkit as torch
        >>> torch.nn.Embedding.from_pretrained(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))(torch.tensor([1]))
        tensor([[3., 4.]])
        """
        rows, columns = _sizes_of(embeddings)
        how = padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
        return cls(rows, columns, *how, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Tensor:
        """The rows that `input` names."""
        how = self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        return functional.embedding(input, self.weight, *how)

    def extra_repr(self) -> str:
        parts = [
            f"{self.num_embeddings}, {self.embedding_dim}",
            "" if self.padding_idx is None else f"padding_idx={self.padding_idx}",
            "" if self.max_norm is None else f"max_norm={self.max_norm}",
            "" if self.norm_type == 2 else f"norm_type={self.norm_type}",
            "" if self.scale_grad_by_freq is False else f"scale_grad_by_freq={self.scale_grad_by_freq}",
            "" if self.sparse is False else "sparse=True",
        ]
        return ", ".join(part for part in parts if part)


class EmbeddingBag(_Table):
    """The "sum", "mean" or "max" of the rows of a table that each bag of integers names: (bags, embedding_dim).

    See `nn.functional.embedding_bag` for bags and weights. Raises AssertionError for a padding row that the table does not
    have.

    >>> import autogradkit as torch
    >>> torch.nn.EmbeddingBag(10, 3, mode="sum")(torch.tensor([1, 2, 4, 9]), offsets=torch.tensor([0, 3])).shape
    torch.Size([2, 3])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        numbers, offsets = m.tensor([3, 0, 0, 3, 1]), m.tensor([0, 2, 2])
        return [
            *[(m.nn.EmbeddingBag(5, 3, mode=mode), m.tensor([[0, 4], [2, 4]])) for mode in ("sum", "mean", "max")],
            (m.nn.EmbeddingBag(5, 2, padding_idx=-2, scale_grad_by_freq=True), numbers, offsets),
            (m.nn.EmbeddingBag(5, 2, mode="sum", include_last_offset=True), numbers, m.tensor([0, 2, 5]), m.rand(5)),
            (m.nn.EmbeddingBag(4, 3, max_norm=0.5, norm_type=1.0, dtype=m.float64), numbers, offsets),
        ]

    @entry
    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self._take_padding(padding_idx, "padding_idx")
        self._take_weight(_weight, True, device, dtype)
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset

    @classmethod
    @entry
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """One whose table is a given matrix, sharing its memory; frozen unless told otherwise.

        >>> import autogradkit as torch
        >>> torch.nn.EmbeddingBag.from_pretrained(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))(torch.tensor([[0, 1]]))
        tensor([[2., 3.]])
        """
        rows, columns = _sizes_of(embeddings)
        how = max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings, include_last_offset, padding_idx
        made = cls(rows, columns, *how)
        made.weight.requires_grad = not freeze
        return made

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """One row for each bag."""
        how = self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse
        last = per_sample_weights, self.include_last_offset, self.padding_idx
        return functional.embedding_bag(input, self.weight, offsets, *how, *last)

    def extra_repr(self) -> str:
        parts = [
            f"{self.num_embeddings}, {self.embedding_dim}",
            "" if self.max_norm is None else f"max_norm={self.max_norm}",
            "" if self.norm_type == 2 else f"norm_type={self.norm_type}",
            "" if self.scale_grad_by_freq is False else f"scale_grad_by_freq={self.scale_grad_by_freq}",
            f"mode={self.mode!r}",
            "" if self.padding_idx is None else f"padding_idx={self.padding_idx!r}",
        ]
        return ", ".join(part for part in parts if part)
