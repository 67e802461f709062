"""Tensors that stand for one sample of a batch within `vmap`: the whole batch in the place of an ndarray.

Rests on tensor. A `BatchedTensor` is a tensor whose `_array` is a `BatchArray`: it has the shape and the dtype of one sample, and
nothing that could be read as memory, so what asks only for these serves both, and what wants elements fails at once. As with
sparse tensors (sparse.py) the class is its own, so that only the general way of calls sees one, where
`_ops/declare/batched.py` computes all samples; and `BATCHES` is empty where no `vmap` runs.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Never, cast

import numpy as np

from autogradkit.core.errors import NoArrayError, within_transform
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor, wrap

_ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try "
    "to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please file a "
    "bug report."
)
_CONTROL_FLOW = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that yet, "
    "please file an issue at https://github.com/pytorch/pytorch/issues ."
)
_MEMORY = "Cannot access data pointer of Tensor that doesn't have storage"


class Batch:
    """A call of `vmap` that is under way: how many samples, how deep in others, and how it treats random numbers.

    `of_gradients`: it is `is_grads_batched`'s, whose samples PyTorch takes for another kind of tensor.
    """

    __slots__ = ("number", "of_gradients", "randomness", "size", "thread")

    def __init__(self, size: int, randomness: str = "error", of_gradients: bool = False) -> None:
        self.of_gradients = of_gradients
        self.size = size
        self.randomness = randomness
        self.thread = threading.get_ident()
        self.number = len(under_way()) + 1


BATCHES: list[Batch] = []  # the calls that are under way, the innermost last


@contextmanager
def running(batch: Batch) -> Generator[None]:
    """The block in which tensors are samples of `batch`."""
    BATCHES.append(batch)
    try:
        yield
    finally:
        BATCHES.remove(batch)


def under_way() -> list[Batch]:
    """The calls that are under way in this thread, the innermost last."""
    here = threading.get_ident()
    return [each for each in BATCHES if each.thread == here]


class NotOfBatchError(NoArrayError):
    """Raised where strides, or memory, of one sample are asked for: it has none of its own."""

    def __init__(self) -> None:
        super().__init__(_MEMORY)


class BatchArray:
    """All samples of a batch, seen as one."""

    __slots__ = ("__weakref__", "batch", "samples")

    batch: Batch
    samples: Tensor  # its first dimension is the batch's

    def __init__(self, batch: Batch, samples: Tensor) -> None:
        self.batch = batch
        self.samples = samples

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of a sample."""
        return self.samples._array.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype."""
        return self.samples._array.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions of a sample."""
        return self.samples._array.ndim - 1

    @property
    def size(self) -> int:
        """The number of elements of a sample."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.samples._array.itemsize

    def _lies_nowhere(self, *_: Any, **__: Any) -> Never:
        raise NotOfBatchError

    def __getattr__(self, name: str) -> Never:
        raise NotOfBatchError

    __getitem__ = __setitem__ = __array__ = __array_ufunc__ = _lies_nowhere

    def item(self) -> Never:
        """Refuses: there is one number for each sample."""
        raise RuntimeError(_ITEM)


class BatchedTensor(Tensor):
    """One sample as `vmap`'s function sees it. Its class is called Tensor, as it is in PyTorch."""

    __slots__ = ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Never:
        self.numpy()

    def numpy(self, *, force: bool = False) -> Never:
        """Refuses: there is no array."""
        raise RuntimeError(_MEMORY)

    def tolist(self) -> Never:
        """Refuses: there is no array."""
        raise RuntimeError(_MEMORY)

    def data_ptr(self) -> Never:
        """Refuses: there is no memory of its own."""
        raise RuntimeError(_MEMORY)

    def __bool__(self) -> Never:
        raise RuntimeError(_CONTROL_FLOW)

    def __repr__(self) -> str:
        array: Any = self._array
        value = "\n".join("    " + line for line in repr(array.samples).splitlines())
        return f"BatchedTensor(lvl={array.batch.number}, bdim=0, value=\n{value}\n)"

    def __format__(self, spec: str) -> str:
        if not self._array.ndim:
            self._array.item()
        return object.__format__(self, spec)

    def stride(self, dim: int | None = None) -> Any:
        """The strides of a sample."""
        array: Any = self._array
        strides = array.samples.stride()[1:]
        return strides if dim is None else strides[dim]

    def is_contiguous(self, *, memory_format: Any = None) -> bool:
        """Whether the elements of all samples lie one after the other."""
        array: Any = self._array
        return array.samples.is_contiguous()

    def requires_grad_(self, requires_grad: bool = True) -> Never:
        """Refuses: an inner derivative is taken by `func.grad` and its kin."""
        raise within_transform("requires_grad_", "(or perhaps using torch.autograd.functional.* APIs) ")

    def __deepcopy__(self, memo: dict[int, Any]) -> Never:
        raise NotImplementedError("Cannot access storage of BatchedTensorImpl")


BatchedTensor.__name__ = BatchedTensor.__qualname__ = Tensor.__name__
BatchedTensor.__module__ = Tensor.__module__


def wrap_batched(samples: Tensor, batch: Batch) -> Tensor:
    """One sample of `samples`, whose first dimension is the batch's."""
    return wrap(cast("Any", BatchArray(batch, samples)), BatchedTensor)


def samples_of(tensor: Any, batch: Batch) -> Tensor | None:
    """All samples that a tensor is one of; None where it is the same for all samples of this batch."""
    if tensor.__class__ is BatchedTensor and tensor._array.batch is batch:
        return tensor._array.samples
    return None


def batches_of(tensor: Any) -> list[Batch]:
    """The batches that a tensor is one sample of, the outermost first."""
    found: list[Batch] = []
    while tensor.__class__ is BatchedTensor:
        found.insert(0, tensor._array.batch)
        tensor = tensor._array.samples
    return found


def unwrapped(tensor: Any, batches: Sequence[Batch]) -> Any:
    """All samples of all these batches, whose dimensions come first, the outermost's before all.

    What further, inner batches it is a sample of it remains.
    """
    if tensor.__class__ is BatchedTensor and tensor._array.batch not in batches:
        inner = unwrapped(tensor._array.samples, batches)
        return wrap_batched(inner.movedim(len(batches), 0), tensor._array.batch)
    for batch in reversed(batches):
        samples = samples_of(tensor, batch)
        tensor = tensor.expand(batch.size, *tensor._array.shape) if samples is None else samples
    return tensor


def rewrapped(tensor: Any, batches: Sequence[Batch]) -> Any:
    """One sample of what `unwrapped` gives."""
    if tensor.__class__ is BatchedTensor and tensor._array.batch not in batches:
        inner = rewrapped(tensor._array.samples.movedim(0, len(batches)), batches)
        return wrap_batched(inner, tensor._array.batch)
    for batch in batches:
        tensor = wrap_batched(tensor, batch)
    return tensor


def has_batched(values: Sequence[Any]) -> bool:
    """Whether some of these values, or of those in lists among them, is one sample of a batch."""
    for each in values:  # noqa: SIM110 - `any` would take three times as long, for every call
        if each.__class__ is BatchedTensor or (each.__class__ in (list, tuple) and has_batched(each)):
            return True
    return False


def innermost(values: Sequence[Any]) -> Batch | None:
    """The innermost batch that some of these values are samples of."""
    found: Batch | None = None
    for each in values:
        its: Any = None
        if each.__class__ is BatchedTensor:
            its = each._array.batch
        elif each.__class__ in (list, tuple):
            its = innermost(each)
        if its is not None and (found is None or its.number > found.number):
            found = its
    return found


def add_batch_dim(tensor: Tensor, dim: int, level: int, /) -> Tensor:
    """One sample of a tensor whose samples lie along `dim`, for the `vmap` of this level, from 1 for the outermost."""
    samples: Any = tensor
    dim = wrap_dim(dim, samples.dim())
    return wrap_batched(samples.movedim(dim, 0) if dim else samples, of_level(level))


def remove_batch_dim(tensor: Tensor, level: int, batch_size: int, out_dim: int, /) -> Tensor:
    """All samples of a tensor of the `vmap` of this level, along `out_dim`; what is none is the same for `batch_size` samples."""
    batch = of_level(level)
    if batch.size != batch_size:
        raise RuntimeError(f"the vmap of level {level} has {batch.size} samples, not {batch_size}")
    samples = unwrapped(tensor, [batch])
    return samples.movedim(0, out_dim) if out_dim else samples


def of_level(level: int) -> Batch:
    """The `vmap` of this level that is under way in this thread. Raises RuntimeError where there is none."""
    for batch in under_way():
        if batch.number == level:
            return batch
    raise RuntimeError(f"no vmap of level {level} is under way")


def is_sample(value: Any, level: int) -> bool:
    """Whether it is one sample of the batch of the `vmap` of this level."""
    return samples_of(value, of_level(level)) is not None
