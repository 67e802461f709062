"""What every gradient goes through once: the shape and dtype of what it is the gradient of.

Rests on node; both loops (plain.py and general.py) use it, so that no formula undoes broadcasting or promotion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit.core.meta import NO_DATA, MetaArray, MetaTensor
from autogradkit.core.quiet import quietly
from autogradkit.core.sparse import SparseArray, SparseTensor
from autogradkit.core.tensor import Tensor
from autogradkit.core.zeros import Zeros, is_known, settle
from autogradkit.engine.node import Node
from autogradkit.engine.required import OPS
from autogradkit.engine.saved import OpNode
from autogradkit.engine.sparse import brought, make_aware


def expected_of(target: Any, number: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and NumPy dtype of the gradient that output `number` of `target` gets; of a leaf, as its node remembers it."""
    if isinstance(target, Tensor):
        return number.outputs if number else (target._array.shape, target._array.dtype)
    return target.outputs[2 * number], target.outputs[2 * number + 1]


def validate_roots(roots: Sequence[tuple[Any, Any]], gradients: list[Any]) -> None:
    """Bring what a backward begins with to what its roots were made as: shape or dtype may be others by now."""
    for index, ((target, number), gradient) in enumerate(zip(roots, gradients, strict=True)):
        if gradient.__class__ is SparseTensor:
            make_aware(target)
        shape, numpy_dtype = expected_of(target, number)
        array = gradient._array if isinstance(gradient, Tensor) else gradient
        if array.shape != shape or array.dtype != numpy_dtype:
            gradients[index] = validate(gradient, shape, numpy_dtype, None, index)


def validate(gradient: Any, shape: tuple[int, ...], numpy_dtype: np.dtype[Any], node: Node | None, index: int) -> Any:
    """Bring the gradient that `node` gave for its input `index` to the shape and dtype that are expected.

    Without a node it is what a backward begins with.

    Raises RuntimeError where its shape is none that the input's broadcasts to.
    """
    alike = gradient.__class__ is np.ndarray and gradient.dtype is numpy_dtype and gradient.itemsize > 2
    if alike and gradient.ndim > len(shape) and gradient.shape[1:] == shape:
        # The bias of a batch: the most frequent case, at once. Of one row the sum is the row, but +0 for -0.
        row = len(gradient) == 1
        return np.asarray(gradient.reshape(shape) + 0 if row else quietly(np.add.reduce, gradient, 0))
    own = gradient._array.shape if isinstance(gradient, Tensor) else np.shape(gradient)
    if own != shape and not _expandable(shape, own):
        whose = "" if node is None else f"Function {node.name()} returned an "
        raise RuntimeError(
            f"{whose}invalid gradient at index {index} - got {list(own)} but expected shape compatible with {list(shape)}"
        )
    if gradient.__class__ is Zeros and node is not None and own == shape and gradient.dtype == numpy_dtype:
        target = node.edges[2 * index]
        return gradient if isinstance(target, OpNode) and not target.calls_user else np.zeros(shape, numpy_dtype)
    if gradient.__class__ is MetaArray or (gradient.__class__ is MetaTensor and _has_numbers(node, index)):
        raise of_another_device(own, True, node, index)
    if gradient.__class__ in (SparseTensor, SparseArray):
        if node is not None:
            make_aware(node.edges[2 * index])
        return brought(gradient, numpy_dtype)
    kind = (gradient._array if isinstance(gradient, Tensor) else np.asarray(gradient)).dtype.kind
    if kind == "c" and numpy_dtype.kind != "c" and (node is None or node.refuses_complex):
        raise RuntimeError(
            "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but got false.  "
            "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    if isinstance(gradient, Tensor):  # under create_graph
        if gradient.__class__ is Tensor and is_known(gradient):
            target = None if node is None else node.edges[2 * index]
            if (
                isinstance(target, OpNode)
                and not target.calls_user
                and own == shape
                and gradient._array.dtype == numpy_dtype
            ):
                return gradient
            settle(gradient)
        if own != shape:
            gradient = OPS.sum_to_size(gradient, shape)
        if kind == "c" and numpy_dtype.kind != "c":
            gradient = OPS.real(gradient)
        return gradient if gradient._array.dtype == numpy_dtype else OPS.cast(gradient, numpy_dtype)
    array: Any = gradient if gradient.__class__ is np.ndarray else np.asarray(gradient)
    if own != shape:
        array = quietly(OPS.sum_array, array, shape)
    if array.dtype != numpy_dtype:
        real = array.real if array.dtype.kind == "c" and numpy_dtype.kind != "c" else array  # a view, as in PyTorch
        array = quietly(real.astype, numpy_dtype, copy=False)
    return array


def of_another_device(shape: tuple[int, ...], meta: bool, node: Node | None, index: int) -> Exception:
    """What a gradient is refused with that is on the meta device, or is not; one without dimensions PyTorch would copy."""
    if not shape and meta:
        return NotImplementedError(NO_DATA)
    whose = "" if node is None else f"Function {node.name()} returned an "
    wanted, got = ("cpu", "meta") if meta else ("meta", "cpu")
    return RuntimeError(f"{whose}invalid gradient at index {index} - expected device {wanted} but got {got}")


def _has_numbers(node: Node | None, index: int) -> bool:
    """Whether the gradient that a node sends is for a leaf that is not on the meta device."""
    target = None if node is None else node.edges[2 * index]
    return isinstance(target, Tensor) and not target.is_meta


def _expandable(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a tensor of `shape` expands to `wanted`, so that a gradient of `wanted` can be summed to `shape`."""
    pairs = zip(reversed(shape), reversed(wanted), strict=False)
    return len(shape) <= len(wanted) and all(size in (1, other) for size, other in pairs)


def validated(sent: Sequence[Any], node: Node) -> list[Any]:
    """All gradients that `node` gave, each as its edge's target expects it."""
    found = list(sent)
    for index, (gradient, target, number) in enumerate(zip(sent, node.edges[::2], node.edges[1::2], strict=True)):
        if gradient is not None and target is not None:
            shape, kind = expected_of(target, number)
            array = gradient._array if gradient.__class__ is Tensor else gradient
            if array.__class__ is not np.ndarray or array.dtype is not kind or array.shape != shape:
                found[index] = validate(gradient, shape, kind, node, index)
    return found
