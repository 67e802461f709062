"""Which blocks of scores a mask leaves, for `flex_attention`: `BlockMask`, with what prints it.

Here the mask's function is asked about every score whatever the blocks say; they are kept, counted and drawn as PyTorch does,
whose kernel leaves out the empty ones. Rests on tensors' methods.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Self

import autogradkit as ak
from autogradkit.core.frames import entry

BLOCK = 128
WHOLE = 1 << 30  # of a mask that leaves everything

Mask = Callable[[Any, Any, Any, Any], Any]


def noop_mask(batch: Any, head: Any, token_q: Any, token_kv: Any) -> Any:
    """The mask that leaves everything."""
    return batch.new_ones(size=(), dtype=ak.bool, device=batch.device)


def sliced_mask(batch: Any, head: Any, token_q: Any, token_kv: Any) -> Any:
    """What stands for the mask of a part, whose places are others. Raises RuntimeError."""
    raise RuntimeError(
        "Cannot use mask_mod from a sliced BlockMask. When you slice a BlockMask using [], the mask_mod attribute is reset. You "
        "must set it from the original BlockMask's mask_mod."
    )


sliced_mask.__name__ = "_sliced_mask_mod_error"


def to_ordered(dense: Any) -> tuple[Any, Any]:
    """Of each row how many blocks there are, and their columns, followed by those of the others; as int32."""
    dense = dense.to(ak.int32)
    columns = ak.argsort(dense, dim=-1, descending=True, stable=True)
    return tuple(each.to(ak.int32).contiguous() for each in (dense.sum(dim=-1), columns))  # pyright: ignore[reportReturnType]


def to_dense(counts: Any, columns: Any) -> Any:
    """1 where there is a block, of what `to_ordered` gives."""
    present = ak.arange(columns.shape[-1], dtype=ak.int32) < counts.unsqueeze(-1)
    return ak.zeros(columns.shape, dtype=ak.int32).scatter(-1, columns.long(), present.to(ak.int32))


def _transposed(counts: Any, columns: Any) -> tuple[Any, Any]:
    return to_ordered(to_dense(counts, columns).transpose(-2, -1))


def _with_both(number: str, count: Any, columns: Any) -> None:
    if (count is None) != (columns is None):
        raise AssertionError(f"full_{number}_num_blocks and full_{number}_indices must be both provided or omitted")


class BlockMask:
    """The blocks of (batches, heads, queries, keys) that a mask leaves wholly (`full_…`) or in part, by rows and by columns.

    `create_block_mask` makes one. Raises RuntimeError for fewer than two dimensions.
    """

    @entry
    def __init__(
        self,
        seq_lengths: tuple[int, int],
        kv_num_blocks: Any,
        kv_indices: Any,
        full_kv_num_blocks: Any,
        full_kv_indices: Any,
        q_num_blocks: Any,
        q_indices: Any,
        full_q_num_blocks: Any,
        full_q_indices: Any,
        BLOCK_SIZE: tuple[int, int] = (BLOCK, BLOCK),  # noqa: N803 - PyTorch's
        mask_mod: Mask = noop_mask,
    ) -> None:
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        _with_both("kv", full_kv_num_blocks, full_kv_indices)
        _with_both("q", full_q_num_blocks, full_q_indices)
        self.seq_lengths = seq_lengths
        self.kv_num_blocks = kv_num_blocks
        self.kv_indices = kv_indices
        self.full_kv_num_blocks = full_kv_num_blocks
        self.full_kv_indices = full_kv_indices
        self.q_num_blocks = q_num_blocks
        self.q_indices = q_indices
        self.full_q_num_blocks = full_q_num_blocks
        self.full_q_indices = full_q_indices
        self.BLOCK_SIZE = BLOCK_SIZE
        self.mask_mod = mask_mod

    @classmethod
    @entry
    def from_kv_blocks(
        cls,
        kv_num_blocks: Any,
        kv_indices: Any,
        full_kv_num_blocks: Any = None,
        full_kv_indices: Any = None,
        BLOCK_SIZE: int | tuple[int, int] = BLOCK,  # noqa: N803 - PyTorch's
        mask_mod: Mask | None = None,
        seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
    ) -> Self:
        """The mask of blocks that are told by rows: how many in each, and in which columns."""
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        _with_both("kv", full_kv_num_blocks, full_kv_indices)
        nothing = None, None
        by_columns = _transposed(kv_num_blocks, kv_indices) if compute_q_blocks else nothing
        has_full = compute_q_blocks and full_kv_num_blocks is not None
        full_by_columns = _transposed(full_kv_num_blocks, full_kv_indices) if has_full else nothing
        size = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
        return cls(
            seq_lengths or (kv_indices.shape[-2] * size[0], kv_indices.shape[-1] * size[1]),
            kv_num_blocks,
            kv_indices,
            full_kv_num_blocks,
            full_kv_indices,
            *by_columns,
            *full_by_columns,
            size,
            mask_mod or noop_mask,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """(batches, heads, queries, keys); batches and heads that share a mask are 1."""
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """How many scores there are."""
        return int(ak.Size(self.shape).numel())

    def sparsity(self) -> float:
        """How many percent of the scores are in blocks that are left out."""
        blocks = self.kv_num_blocks.sum()
        if self.full_kv_num_blocks is not None:
            blocks = blocks + self.full_kv_num_blocks.sum()
        return 100 * (1 - blocks.item() * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1] / self.numel())

    def to_dense(self) -> Any:
        """1 for each block that is not left out, as int32."""
        partial = to_dense(self.kv_num_blocks, self.kv_indices)
        if self.full_kv_num_blocks is None:
            return partial
        return partial | to_dense(self.full_kv_num_blocks, self.full_kv_indices)

    def to_string(self, grid_size: int | tuple[int, int] = (20, 20), limit: int = 4) -> str:
        """A drawing of each batch and head, `limit` at most, in that many rows and columns at most: full, mixed, empty."""
        dense = self.to_dense()
        rows, columns = grid_size if isinstance(grid_size, tuple) else (grid_size, grid_size)
        drawn: list[str] = []
        for number, place in enumerate(itertools.product(*map(range, dense.shape[:-2]))):
            if number == limit:
                drawn += [
                    "...",
                    "To print out more, set BlockMask.to_string(limit=N)",
                    "You can also index (BlockMask[batch, head]) to choose a specific batch or head",
                ]
                break
            drawn.append("\n".join((str(place), *_lines(dense[place], rows, columns), "")))
        return "\n".join(drawn)

    def __str__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%, \n{self.to_string().strip()}\n)"

    def __repr__(self) -> str:
        sizes = {name: None if (held := getattr(self, name)) is None else held.shape for name in _BLOCKS}
        told = {
            **sizes,
            "BLOCK_SIZE": self.BLOCK_SIZE,
            "shape": self.shape,
            "sparsity": f"{self.sparsity():.2f}%",
            "mask_mod": getattr(self.mask_mod, "__name__", self.mask_mod),
        }
        return "BlockMask(\n" + ",\n".join(f"    {name}={value}" for name, value in told.items()) + "\n)"

    @entry
    def __getitem__(self, index: Any) -> BlockMask:
        """The mask of some batches, heads and rows of blocks, which keep their dimensions; its function is to be set anew."""
        chosen = [*(index if isinstance(index, tuple) else (index,)), slice(None), slice(None), slice(None)][:3]
        parts = tuple(
            slice(at % size, at % size + 1) if isinstance(at, int) and -size <= at < size else at
            for at, size in zip(chosen, self.kv_num_blocks.shape, strict=False)
        )
        full = self.full_kv_num_blocks is not None
        return BlockMask.from_kv_blocks(
            self.kv_num_blocks[parts],
            self.kv_indices[parts],
            self.full_kv_num_blocks[parts] if full else None,
            self.full_kv_indices[parts] if full else None,
            self.BLOCK_SIZE,
            sliced_mask,
            self.seq_lengths,
            self.q_indices is not None,
        )

    def _adjust(self, new_q_len: int, new_kv_len: int) -> BlockMask:
        """The mask of the first queries and keys, or of more of them."""
        rows, columns = -(-new_q_len // self.BLOCK_SIZE[0]), -(-new_kv_len // self.BLOCK_SIZE[1])
        partial = to_ordered(to_dense(self.kv_num_blocks, self.kv_indices)[..., :rows, :columns])
        full = (None, None)
        if self.full_kv_num_blocks is not None:
            full = to_ordered(to_dense(self.full_kv_num_blocks, self.full_kv_indices)[..., :rows, :columns])
        lengths = new_q_len, new_kv_len
        return self.from_kv_blocks(*partial, *full, self.BLOCK_SIZE, self.mask_mod, lengths, self.q_indices is not None)

    def to(self, device: Any) -> BlockMask:
        """The mask with its blocks on a device."""
        moved = [getattr(self, name) for name in _BLOCKS]
        return BlockMask(
            self.seq_lengths,
            *(None if each is None else each.to(device) for each in moved),
            BLOCK_SIZE=self.BLOCK_SIZE,
            mask_mod=self.mask_mod,
        )


_BLOCKS = [f"{full}{of}_{what}" for of in ("kv", "q") for full in ("", "full_") for what in ("num_blocks", "indices")]


def _lines(dense: Any, rows: int, columns: int) -> Iterator[str]:
    tall, wide = (max(1, -(-size // most)) for size, most in zip(dense.shape, (rows, columns), strict=True))
    for row in range(0, dense.shape[0], tall):
        part = [
            dense[row : row + tall, column : column + wide].float().mean().item()
            for column in range(0, dense.shape[1], wide)
        ]
        yield "".join(2 * ("█" if share == 1 else " " if share == 0 else "░") for share in part)
