"""A small GPT over letters, and how it writes. Rests on nn; `recipe.py` says how it is trained."""

from __future__ import annotations

from autogradkit import nn
from autogradkit._ops.selection.joining import cat
from autogradkit.core.random import Generator
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn import functional


class Block(nn.Module):
    """Each letter looks at those before it, by several heads; then a perceptron works on each by itself.

    Both add to what comes in, and normalize what they read (Radford et al., 2019). (N, T, width) → (N, T, width).
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """What the block makes of a batch of sequences."""
        x = x + self.dropout(self._attend(self.norm1(x)))
        return x + self.dropout(self.mlp(self.norm2(x)))

    def _attend(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(found.transpose(1, 2).flatten(2))


class GPT(nn.Module):
    """A causal transformer: the numbers of letters, (N, T), → logits of the letter that follows each, (N, T, letters).

    At most `length` letters at a time. The table of letters is the readout, too.

    >>> import autogradkit as torch
    >>> GPT(30)(torch.zeros(2, 5, dtype=torch.int64)).shape
    torch.Size([2, 5, 30])
    """

    def __init__(
        self, letters: int, length: int = 64, width: int = 96, heads: int = 4, depth: int = 2, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.length = length
        self.letters = nn.Embedding(letters, width)
        self.places = nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(Block(width, heads, dropout) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.apply(_init_weights)

    def forward(self, numbers: Tensor) -> Tensor:
        """The logits of a batch of texts."""
        x = self.letters(numbers) + self.places.weight[: numbers.shape[1]]
        return functional.linear(self.norm(self.blocks(x)), self.letters.weight)

    def write(self, start: Tensor, count: int, generator: Generator | None = None) -> Tensor:
        """Go on from `start`, (T,), by `count` letters, each drawn by its probability: (T + count,).

        In evaluation mode; the model's own mode is put back.

        >>> import autogradkit as torch
        >>> GPT(30).write(torch.tensor([3]), 4).shape
        torch.Size([5])
        """
        training = self.training
        self.eval()
        try:
            with no_grad():
                for _ in range(count):
                    chances = self(start[None, -self.length :])[0, -1].softmax(0)
                    start = cat([start, chances.multinomial(1, generator=generator)])
        finally:
            self.train(training)
        return start


def _init_weights(module: nn.Module) -> None:
    """Small random weights, and biases of zero."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.05)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
