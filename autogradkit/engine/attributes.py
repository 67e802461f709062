"""What autograd adds to a tensor: `requires_grad`, `grad`, `grad_fn`, `backward`, hooks, `detach`, `data`.

Rests on history and backward, and attaches to `core.tensor.Tensor` at import; `requires_grad_`, `retain_grad` and `detach_`
are bodies that _ops/queries.py makes methods of.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core import errors
from autogradkit.core.address import address_of
from autogradkit.core.dtype import CPP_NAMES, dtype
from autogradkit.core.errors import c_type_name
from autogradkit.core.meta import NoNumbers
from autogradkit.core.pending import same_memory
from autogradkit.core.recording import GRAD_LISTENERS, RECORDERS, listeners, reported
from autogradkit.core.sparse import SparseTensor, around
from autogradkit.core.storage import CounterAfterDetach
from autogradkit.core.tensor import PENDING, Tensor, counter_of, read_only
from autogradkit.engine import history
from autogradkit.engine.backward import backward
from autogradkit.engine.hooks import RemovableHandle, TensorHooks
from autogradkit.engine.inference import is_inference
from autogradkit.engine.modes import DUAL_LEVELS, MODE
from autogradkit.engine.node import Node
from autogradkit.engine.reseating import reseat, reseat_as

_NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be populated "
    "during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, use "
    ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the leaf "
    "Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)


def attach(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function` a method of Tensor."""
    function.__qualname__ = f"Tensor.{function.__name__}"
    setattr(Tensor, function.__name__, function)
    return function


def attach_property(getter: Callable[[Tensor], Any]) -> property:
    """Make `getter` a property of Tensor, which nobody sets."""
    made = read_only(getter.__name__, getter)
    setattr(Tensor, getter.__name__, made)
    return made


@attach_property
def grad_fn(self: Tensor) -> Node | None:
    """The graph node that made this tensor; None for a leaf."""
    return history.grad_fn(self)


@attach_property
def is_leaf(self: Tensor) -> bool:
    """Whether no recorded op made it: gradients of leaves that require grad are kept in `.grad`."""
    return history.grad_fn(self) is None


@attach_property
def output_nr(self: Tensor) -> int:
    """Which output of `grad_fn` it is."""
    return self._output_nr


@attach_property
def _backward_hooks(self: Tensor) -> dict[int, Any] | None:
    """The hooks on its gradient by their numbers; None if there are none."""
    node = history.grad_fn(self)
    if node is None:
        return (self._hooks and self._hooks.on_gradient) or None
    return (node.hooks and node.hooks.of_tensors.get(self._output_nr)) or None


@attach_property
def _is_differentiated(self: Tensor) -> bool:
    """Whether what is computed of it is recorded now."""
    return MODE.grad and history.requires_grad(self)


def _may_require_grad(tensor: Tensor) -> bool:
    return tensor._array.dtype.kind in "fcV" or tensor.dtype.is_floating_point


def _get_requires_grad(self: Tensor) -> bool:
    return history.requires_grad(self)


def _set_requires_grad(self: Tensor, wanted: bool) -> None:
    if not isinstance(wanted, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RuntimeError("requires_grad must be a bool")
    if wanted and not _may_require_grad(self):
        raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
    if wanted and is_inference(self) and MODE.inference is None:
        raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
    if self._node is not None:  # not `grad_fn`: a view that nobody asked for its node is a leaf, as in PyTorch
        raise RuntimeError(errors.ASSIGN_FLAG_OF_RESULT if wanted else errors.CHANGE_FLAG_OF_RESULT)
    if self._requires_grad and not wanted:
        _leaves_its_graphs(self)
    self._requires_grad = bool(wanted)


def _leaves_its_graphs(leaf: Tensor) -> None:
    """Note of a leaf that requires no grad from now on that graphs may lead to it."""
    if leaf._hooks is None:
        leaf._hooks = TensorHooks()


def _delete_requires_grad(self: Tensor) -> None:
    raise RuntimeError("requires_grad must be a bool")


Tensor.requires_grad = property(  # pyright: ignore[reportAttributeAccessIssue]
    _get_requires_grad,
    _set_requires_grad,
    _delete_requires_grad,
    "Whether gradients are to be computed for it; settable on leaves.",
)


def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Set `requires_grad` and return the tensor itself.

    >>> import autogradkit as torch
    >>> torch.ones(2).requires_grad_()
    tensor([1., 1.], requires_grad=True)
    """
    if MODE.transforms:
        raise errors.within_transform("requires_grad_", "(or perhaps using torch.autograd.functional.* APIs) ")
    return requiring_grad(self, requires_grad)


def requiring_grad(tensor: Tensor, wanted: bool = True) -> Tensor:
    """The tensor, with its `requires_grad` set: within a transform of `func`, too."""
    if wanted and not _may_require_grad(tensor):
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    if wanted is not True or tensor._node is None:  # a result does already
        _set_requires_grad(tensor, wanted)
    return tensor


def _get_grad(self: Tensor) -> Tensor | None:
    # A stale view is not renewed for this: one that may not follow its base has no `.grad` either.
    if self._grad is None and self._node is not None and not _retains(self):
        warnings.warn(_NON_LEAF_GRAD, UserWarning, stacklevel=2)
    return self._grad


def _set_grad(self: Tensor, value: Tensor | None) -> None:
    if value is not None:
        if not isinstance(value, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {c_type_name(value)}")
        if value is self:
            raise RuntimeError("can't assign Variable as its own grad")
        if value.dtype is not self.dtype:
            raise RuntimeError(
                f"attempting to assign a gradient with dtype '{CPP_NAMES[value.dtype]}' to a tensor with grad_dtype "
                f"'{self.dtype.tensor_type[6:-6]}'. The gradient must match the tensor's grad_dtype (defaults to the "
                "tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow "
                "any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
                "downstream systems that assume they match."
            )
        if value.device != self.device:
            raise RuntimeError(
                f"attempting to assign a gradient with device type '{value.device.type}' to a tensor with device type "
                f"'{self.device.type}'. Please ensure that the gradient and the tensor are on the same device"
            )
        if self.__class__ is SparseTensor and value.__class__ is not SparseTensor:
            raise RuntimeError("attempting to assign a gradient to a tensor that has data of a different type")
        if value._array.shape != self._array.shape:
            raise RuntimeError(
                f"attempting to assign a gradient of size '{list(value._array.shape)}' to a tensor of size "
                f"'{list(self._array.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )
    old, self._grad = self._grad, value
    if RECORDERS:
        for recorder in listeners():
            recorder.grad_assigned(self, old, value)
    for listener in GRAD_LISTENERS:
        if value is not None:
            listener.grad_assigned(self, value)
        elif old is not None:
            listener.grads_cleared((self,))


def _delete_grad(self: Tensor) -> None:
    _set_grad(self, None)


GRAD = property(
    _get_grad, _set_grad, _delete_grad, doc="The gradients that backward calls added up here; None before the first."
)
Tensor.grad = GRAD  # pyright: ignore[reportAttributeAccessIssue]


def _get_grad_dtype(self: Tensor) -> dtype:
    if self._node is not None:
        raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
    return self.dtype


def _set_grad_dtype(self: Tensor, kind: dtype | None) -> None:
    if kind is not None and not isinstance(kind, dtype):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise RuntimeError(f"grad_dtype must be a torch.dtype or None, but got {c_type_name(kind)}")
    if self._node is not None:
        _get_grad(self)  # which warns
        raise RuntimeError("grad_dtype can only be set on leaf tensors.")
    if kind is not self.dtype:
        raise NotImplementedError(
            f"grad_dtype cannot be {kind} here: gradients have their tensor's dtype, {self.dtype}; cast them when they are there"
        )


Tensor.grad_dtype = property(  # pyright: ignore[reportAttributeAccessIssue]
    _get_grad_dtype, _set_grad_dtype, doc="The dtype of a leaf's gradients, which is its own; no other can be set."
)


def _retains(tensor: Tensor) -> bool:
    node = tensor._node
    return node is not None and node.hooks is not None and tensor._output_nr in node.hooks.retained


@attach_property
def retains_grad(self: Tensor) -> bool:
    """Whether `.grad` is kept though it is no leaf."""
    return self._node is not None and _retains(self)  # a stale view need not be renewed to know


def retain_grad(self: Tensor) -> None:
    """Have backward keep `.grad` of a tensor that is no leaf. Raises RuntimeError where it requires no grad."""
    if not history.requires_grad(self):
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if MODE.transforms:
        raise errors.within_transform("retain_grad")
    if self._node is None:  # not `grad_fn`: a view that nobody asked for its node is a leaf, as in PyTorch
        return
    node = history.grad_fn(self)
    if node is not None and not _retains(self):
        node.ensure_hooks().retained[self._output_nr] = weakref.ref(self)


def _on_the_same_memory(self: Tensor) -> Tensor:
    alias = same_memory(self) if self.__class__ in PENDING else around(self._array)
    if self._counter is not None:
        alias._counter = self._counter.of_data()
    return alias


def _get_data(self: Tensor) -> Tensor:
    if RECORDERS:
        return reported("data", "detach", _on_the_same_memory, self)
    return _on_the_same_memory(self)


def _set_data(self: Tensor, new: Tensor) -> None:
    if not isinstance(new, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"Variable data has to be a tensor, but got {c_type_name(new)}")
    if history.requires_grad(self) and not _may_require_grad(new):
        raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
    if any(isinstance(self, each) != isinstance(new, each) for each in (SparseTensor, NoNumbers)):
        raise RuntimeError(
            "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor type."
        )
    if RECORDERS and not _in_one_place(self._memory, new._memory):  # as after `w.data -= g`, which has told of itself
        reported("set_data", "inplace", _moved_onto, self, new)
    else:
        _moved_onto(self, new)


def _in_one_place(one: Any, other: Any) -> bool:
    if not (one.__class__ is other.__class__ is np.ndarray):
        return one is other
    layout = (one.shape, one.strides, one.dtype) == (other.shape, other.strides, other.dtype)
    return layout and address_of(one) == address_of(other)


def _moved_onto(self: Tensor, new: Tensor) -> Tensor:
    if PENDING and (self.__class__ in PENDING or new.__class__ in PENDING):
        reseat_as(self, new)
    else:
        reseat(self, new._array)
    return self


def _delete_data(self: Tensor) -> None:
    raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")


Tensor.data = property(  # pyright: ignore[reportAttributeAccessIssue]
    _get_data,
    _set_data,
    _delete_data,
    "The same memory as a tensor that autograd knows nothing of: edits through it are not seen by the version counter.",
)


def detach_(self: Tensor) -> Tensor:
    """Cut the tensor itself off the graph; in inference mode nothing. Raises RuntimeError for a view."""
    if MODE.inference is not None:
        return self
    if self._view is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
            "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
            "detach_() cannot be called on these gradients. To fix this error, please refer to the "
            "Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
        )
    if self._node is None and self._requires_grad:
        _leaves_its_graphs(self)
    for level in DUAL_LEVELS:
        level.keep(self, None)
    counter = self._counter if self._node is None else CounterAfterDetach(counter_of(self))  # what saved it finds that
    # On one line, for interrupts
    self._requires_grad, self._output_nr, self._node, self._counter = False, 0, None, counter
    return self


def _backward(
    self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Compute the gradients of what it depends on, and add them to the leaves' `.grad`."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


_backward.__qualname__ = "Tensor.backward"
Tensor.backward = _backward


@attach
def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call `hook(grad)` each time this tensor's gradient is computed; what it returns replaces the gradient."""
    if not history.requires_grad(self):
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    node = history.grad_fn(self)
    if node is not None:
        return RemovableHandle.add(node.ensure_hooks().of_tensors.setdefault(self._output_nr, {}), hook)
    if self._hooks is None:
        self._hooks = TensorHooks()
    return RemovableHandle.add(self._hooks.on_gradient, hook)


@attach
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    """Call `hook(tensor)` after backward added to this leaf's `.grad`."""
    if history.grad_fn(self) is not None:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    if not history.requires_grad(self):
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self._hooks is None:
        self._hooks = TensorHooks()
    return RemovableHandle.add(self._hooks.after_accumulate, hook)
