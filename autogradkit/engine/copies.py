"""Copying and pickling tensors: a copy stands on a copy of the whole storage, and what shared memory shares it again.

Rests on history; attaches `__deepcopy__` and `__reduce_ex__` to `core.tensor.Tensor` at import. Parameters have their own.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.pending import PendingTensor, bits_of, numbers_of, settle
from autogradkit.core.recording import reported
from autogradkit.core.storage import Array, Bytes, root_of
from autogradkit.core.strides import is_non_overlapping_and_dense
from autogradkit.core.tensor import Tensor, counter_of, wrap
from autogradkit.core.warning import warn
from autogradkit.engine import history


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if history.grad_fn(self) is not None:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  "
            "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(self) in memo:
        return memo[id(self)]
    twin = memo[id(self)] = reported("deepcopy", "detach", partial(_twin_of, memo), self)
    twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return twin


def _twin_of(memo: dict[int, Any], tensor: Tensor) -> Tensor:
    if tensor.__class__ is PendingTensor:  # a copy has its numbers in memory
        twin = wrap(numbers_of(tensor))
        twin._requires_grad = history.requires_grad(tensor)
    else:
        twin = _placed(_copied(tensor._array, memo), type(tensor), history.requires_grad(tensor))
    if tensor._grad is not None:  # which is copied along, and no step of its own in a picture
        twin._grad = copy.deepcopy(tensor._grad, memo)
    return twin


def _copied(array: Array, memo: dict[int, Any]) -> Array:
    """The array on a copy of its storage: one copy for all tensors of a `memo` that share one."""
    root = root_of(array)
    place = address_of(array) - Bytes(array).data_ptr()
    whole = (
        array.size
        and array.nbytes == Bytes(array).nbytes()
        and is_non_overlapping_and_dense(array.shape, array.strides)
    )
    storage = memo.get(id(root))
    if storage is None:
        # An array that is all of its storage is copied as it is: the copy owns its memory, which quick ways ask for.
        twin = array.copy(order="K") if whole else array
        whole = whole and twin.strides == array.strides  # NumPy may change those of dimensions of one element
        storage = memo[id(root)] = twin if whole else _bytes(array).copy()
        memo.setdefault(id(memo), []).append(root)  # alive, so that its id stays its own
        if whole:
            return storage
    return np.ndarray(array.shape, array.dtype, _bytes(storage), place, array.strides)


def _bytes(array: Array) -> Array:
    return Bytes(array).flat(np.dtype(np.uint8))


def _placed(array: Array, kind: type[Tensor], requires_grad: bool) -> Tensor:
    tensor = wrap(array, kind)
    tensor._requires_grad = requires_grad
    counter_of(tensor).value = 1  # as in PyTorch, where setting the storage counts as an edit
    return tensor


def _warn_of_hooks(tensor: Tensor) -> None:
    for hook in tensor._hooks.on_gradient.values():
        if not hasattr(hook, "__torch_unserializable__"):
            warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate the function "
                "with @torch.utils.hooks.unserializable_hook to suppress this warning"
            )


def _reduce(self: Tensor, protocol: Any) -> Any:
    if self._hooks is not None:
        _warn_of_hooks(self)
    array = self._memory
    place = address_of(array) - Bytes(array).data_ptr()
    geometry = (array.shape, array.dtype, _bytes(array), place, array.strides)
    kind, bits = (Tensor, bits_of(self)) if self.__class__ is PendingTensor else (type(self), ())
    return _rebuilt, (kind, geometry, history.requires_grad(self), *bits), self.__dict__ or None


def _rebuilt(
    kind: type[Tensor], geometry: tuple[Any, ...], requires_grad: bool, conj: bool = False, neg: bool = False
) -> Tensor:
    tensor = _placed(np.ndarray(*geometry), kind, requires_grad)
    settle(tensor, tensor._array, conj, neg)
    return tensor


Tensor.__deepcopy__ = _deepcopy
Tensor.__reduce_ex__ = _reduce
