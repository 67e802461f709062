"""How the kernel of a convolution moves over its input. The convolutions' kernels rest on it."""

from __future__ import annotations

from typing import NamedTuple


class Window(NamedTuple):
    """How a kernel moves over its input: one number for each dimension; here rows and columns."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1

    def output_size(self, size: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
        """The sizes of the result for an input and a kernel of these sizes."""
        return tuple(
            [
                (n + 2 * p - d * (k - 1) - 1) // s + 1
                for n, k, s, p, d in zip(size, kernel, self.stride, self.padding, self.dilation, strict=True)
            ]
        )
