"""What PyTorch's families share, by PyTorch's names: parameters of one shape, `probs` beside `logits`, lazy attributes.

Rests on the ops. The families use it, and so do scripts that define families of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autogradkit as ak
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]


@entry
def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Tensors and numbers as tensors of one shape; a number takes the dtype of the first tensor, else the default.

    Raises ValueError for what is neither.

    >>> import autogradkit as torch
    >>> torch.distributions.utils.broadcast_all(torch.tensor([1.0, 2.0]), 3)
    (tensor([1., 2.]), tensor([3., 3.]))
    """
    if not all(_is_tensor_like(value) or isinstance(value, (int, float)) for value in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    dtype = next((value.dtype for value in values if isinstance(value, Tensor)), ak.get_default_dtype())
    return ak.broadcast_tensors(
        *(value if _is_tensor_like(value) else ak.tensor(value, dtype=dtype) for value in values)
    )


def _is_tensor_like(value: Any) -> bool:
    return hasattr(type(value), "__torch_function__")


def _standard_normal(shape: Sequence[int], dtype: Any, device: Any) -> Tensor:
    """Normal draws of mean 0 and variance 1."""
    return ak.empty(shape, dtype=dtype, device=device).normal_()


def _sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """The sum over the last `dim` dimensions."""
    return value.reshape((*value.shape[:-dim], -1)).sum(-1) if dim else value


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities kept off 0 and 1 by the dtype's epsilon, so that their logarithms are finite."""
    eps = ak.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities of logits: each by itself, or those of a last dimension that sum to one."""
    return ak.sigmoid(logits) if is_binary else logits.softmax(-1)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logits of probabilities: log-odds, or logarithms."""
    clamped = clamp_probs(probs)
    logarithm = ak.log(clamped)
    return logarithm - ak.log1p(-clamped) if is_binary else logarithm


class _PropertyOfClass(property):
    """A lazy property as the class shows it, where no instance is asked."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        super().__init__(wrapped)


class lazy_property:  # noqa: N801 - PyTorch's name
    """An attribute that is computed when it is first read, with gradients, and then kept by the instance."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__
        self.__name__ = wrapped.__name__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return _PropertyOfClass(self.wrapped)
        with ak.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.__name__, value)
        return value


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements on and below a diagonal of square matrices, row by row, as a vector each.

    >>> import autogradkit as torch
    >>> torch.distributions.utils.tril_matrix_to_vec(torch.tensor([[1, 9], [2, 3]]))
    tensor([1, 2, 3])
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = ak.tril_indices(n, n, diag)
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Square matrices with the elements of vectors on and below a diagonal, row by row, and zeros above.

    Raises ValueError where no triangle has so many elements.

    >>> import autogradkit as torch
    >>> torch.distributions.utils.vec_to_tril_matrix(torch.tensor([1.0, 2.0, 3.0]))
    tensor([[1., 0.],
            [2., 3.]])
    """
    count = vec.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > ak.finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {count} which cannot be expressed as the lower triangular part of a "
            "square D x D matrix."
        )
    size = round(n)
    matrix = ak.zeros((*vec.shape[:-1], size, size), dtype=vec.dtype)
    rows, columns = ak.tril_indices(size, size, diag)
    matrix[..., rows, columns] = vec
    return matrix


__getattr__ = _absent_from("distributions.utils")
