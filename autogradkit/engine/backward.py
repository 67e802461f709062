"""`backward()` and `grad()`: what to differentiate, with respect to what, and PyTorch's texts where that makes no sense.

Rests on history and run.
"""

from __future__ import annotations

import math
import operator
import weakref
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from autogradkit.core import errors
from autogradkit.core.batched import (
    BATCHES,
    Batch,
    BatchedTensor,
    has_batched,
    running,
    under_way,
    unwrapped,
    wrap_batched,
)
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.errors import c_type_name, no_graph
from autogradkit.core.frames import entry, shorten
from autogradkit.core.meta import CLASSES as WITHOUT_NUMBERS
from autogradkit.core.meta import MetaTensor, hollow, wrap_meta
from autogradkit.core.quiet import quietly
from autogradkit.core.recording import RECORDERS, listeners
from autogradkit.core.size import Size
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.strides import dense_strides_like, element_strides, empty_strided
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn, warn_once
from autogradkit.engine.dispatching import DISPATCHING, is_heard
from autogradkit.engine.history import edge_of, requires_grad
from autogradkit.engine.hook_calls import as_tensor
from autogradkit.engine.inference import as_made
from autogradkit.engine.modes import DUAL_LEVELS, MODE, no_grad
from autogradkit.engine.node import AccumulateGrad, GradientEdge, Node
from autogradkit.engine.required import OPS
from autogradkit.engine.run import execute, run_alone
from autogradkit.engine.sparse import brought
from autogradkit.engine.validate import of_another_device

_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which can "
    "cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to use this "
    "function, make sure to reset the .grad fields of your parameters to None after use to break the cycle and avoid the leak."
)


def _form_of(root: Tensor | GradientEdge) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and NumPy dtype that a gradient of it has."""
    if isinstance(root, Tensor):
        return root._array.shape, root._array.dtype
    outputs = root.node.outputs
    return outputs[2 * root.output_nr], outputs[2 * root.output_nr + 1]


def _initial_gradient(index: int, root: Tensor | GradientEdge, gradient: Any, as_tensors: Any) -> Any:
    """What starts at a root. Raises RuntimeError, with PyTorch's texts, where it does not fit."""
    shape, kind = _form_of(root)
    if gradient is None:
        if isinstance(root, Tensor) and not requires_grad(root):
            return None  # refused as a root
        if math.prod(shape) != 1:
            raise RuntimeError(errors.ONLY_SCALARS)
        if kind.kind not in "fV" and not from_numpy_dtype(kind).is_floating_point:
            real = "grad can be implicitly created only for real scalar outputs but got"
            raise RuntimeError(f"{real} {from_numpy_dtype(kind)}")
        if DISPATCHING and isinstance(root, Tensor) and is_heard((root,)):
            with no_grad():
                return OPS.ones_like(root)
        if root.__class__ in WITHOUT_NUMBERS:
            return wrap_meta(hollow(shape, kind))
        one = np.ones(shape, kind) if shape else np.array(1, kind)
        return wrap(one) if as_tensors else one
    given = gradient._array
    if given.shape != shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{index}] has a shape of {Size(given.shape)} and "
            f"output[{index}] has a shape of {Size(shape)}."
        )
    if (given.dtype.kind == "c") is not (kind.kind == "c"):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{index}] has a dtype of {gradient.dtype} and output[{index}] has a dtype of {from_numpy_dtype(kind)}."
        )
    if (gradient.__class__ is MetaTensor) is not (root.__class__ in WITHOUT_NUMBERS):
        raise of_another_device(given.shape, gradient.is_meta, None, index)
    if as_tensors or gradient.__class__ in (BatchedTensor, MetaTensor) or (DISPATCHING and is_heard((gradient,))):
        return gradient
    if gradient.__class__ is SparseTensor:
        return brought(gradient, kind)
    return given if given.dtype is kind or given.dtype == kind else quietly(given.astype, kind)


def _initial_gradients(tensors: tuple[Any, ...], given: Any, as_tensors: Any) -> list[Any]:
    """What starts at each root, from the `grad_tensors` that were given. Raises for roots that are no tensors."""
    several: tuple[Any, ...] = (None,) * len(tensors) if given is None else _as_tuple(given)
    gradients: list[Any] = []
    for index, (tensor, gradient) in enumerate(zip(tensors, several, strict=False)):
        if not (gradient is None or isinstance(gradient, Tensor)):
            raise TypeError(f"gradients can be either Tensors or None, but got {c_type_name(gradient).split('.')[-1]}")
        if not isinstance(tensor, (Tensor, GradientEdge)):
            raise AssertionError("Expected output to be a torch.Tensor")
        gradients.append(_initial_gradient(index, tensor, gradient, as_tensors))
    if len(gradients) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    return gradients


def _rows(tensors: tuple[Any, ...], given: Any) -> tuple[list[tuple[Any, ...]], Batch | None]:
    """(the vectors of each backward of a batch, whose dimension is the first; the batch where one backward serves all).

    Who records sees one backward after the other.
    """
    vectors: tuple[Any, ...] = (None,) * len(tensors) if given is None else _as_tuple(given)
    for tensor, vector in zip(tensors, vectors, strict=False):
        shape, _ = _form_of(tensor)
        if vector is None:
            if math.prod(shape) != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            raise ValueError(_NO_BATCH)
        if vector._array.shape[1:] != shape:
            row = vector[0]
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The "
                "sizes of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was "
                f"detected: grad_output[0] has a shape of {Size(row._array.shape[1:])} and output[0] has a shape of "
                f"{Size(shape)}. If you only want some tensors in `grad_output` to be considered batched, consider using vmap."
            )
    sizes = [each._array.shape[0] for each in vectors]
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    if not sizes[0]:
        raise IndexError("index 0 is out of bounds for dimension 0 with size 0")
    if RECORDERS:
        return [tuple([each[row] for each in vectors]) for row in range(sizes[0])], None
    batch = Batch(sizes[0], of_gradients=True)
    return [tuple([wrap_batched(each, batch) for each in vectors])], batch


_NO_BATCH = (
    "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input is a Tensor of dimensionality 0 so "
    "expected in_dim to satisfy 0 <= in_dim < 0."
)


def _flag(value: Any) -> bool:
    """A flag as PyTorch's engine reads it. Raises TypeError for what is no integer, OverflowError for one below 0."""
    if value is True or value is False:
        return value
    number = operator.index(value)
    if not 0 <= number < 256:
        bound = "less than minimum" if number < 0 else "greater than maximum"
        raise OverflowError(f"unsigned byte integer is {bound}")
    return bool(number)


def _edge_of(given: Tensor | GradientEdge) -> tuple[Any, Any]:
    """As `edge_of`, of an edge, too."""
    if isinstance(given, Tensor):
        return edge_of(given)
    node = given.node
    return (node.leaf, node) if isinstance(node, AccumulateGrad) else (node, given.output_nr)


def _roots(tensors: Sequence[Tensor | GradientEdge]) -> list[tuple[Any, int]]:
    roots: list[tuple[Any, int]] = []
    for index, tensor in enumerate(tensors):
        target, number = _edge_of(tensor)
        if target is None:
            raise no_graph(index, tensor)
        roots.append((target, number))
    return roots


def _as_tuple(given: Any) -> tuple[Any, ...]:
    return (given,) if isinstance(given, (Tensor, GradientEdge)) else tuple(given)


def backward(
    tensors: Tensor | GradientEdge | Sequence[Tensor | GradientEdge],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Tensor | GradientEdge | Sequence[Tensor | GradientEdge] | None = None,
) -> None:
    """Add the gradients of `tensors` with respect to the graph's leaves to the leaves' `.grad`.

    `grad_tensors` are the vectors of the vector-Jacobian products, one for each of `tensors` (None for a scalar).
    `retain_graph` keeps the saved tensors for another backward (default: as `create_graph`). `inputs` restricts which
    tensors' `.grad` grow; `grad_variables` is the old name of `grad_tensors`. Raises RuntimeError as PyTorch does.

    >>> import autogradkit as torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.backward(x * x)
    >>> x.grad
    tensor(6.)
    """
    try:
        # A loss, or a result and a gradient like it, as usual: nothing that follows could be refused.
        if (
            type(tensors) is Tensor
            and (retain_graph is None or retain_graph is True)
            and create_graph is False
            and grad_variables is inputs is None
            and not (RECORDERS or DISPATCHING)
        ):
            node, array = tensors._node, tensors._array
            if node is not None and tensors._view is None and not (MODE.anomaly or MODE.transforms or BATCHES):
                at = 2 * tensors._output_nr
                if node.outputs[at] == array.shape and node.outputs[at + 1] is array.dtype and array.dtype.kind == "f":
                    start, given = None, ()
                    if grad_tensors is None and array.size == 1:
                        start = np.ones(array.shape, array.dtype) if array.shape else np.array(1, array.dtype)
                    elif type(grad_tensors) is Tensor and not DUAL_LEVELS:
                        start, given = grad_tensors._array, (grad_tensors,)
                    if start is not None and start.shape == array.shape and start.dtype is array.dtype:
                        run_alone(node, at >> 1, start, retain_graph is True, given=given)
                        return
        _backward(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
    except BaseException as error:
        shorten(error)
        raise


def _backward(
    tensors: Any, grad_tensors: Any, retain_graph: bool | None, create_graph: bool, grad_variables: Any, inputs: Any
) -> None:
    if MODE.transforms or (BATCHES and under_way()):
        raise RuntimeError(
            "backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp "
            "instead or call backward() outside of functorch transforms."
        )
    if grad_variables is not None:
        warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use "
                "`grad_tensors`."
            )
        grad_tensors = grad_variables
    if inputs is not None:
        inputs = _as_tuple(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outputs = _as_tuple(tensors)
    given = () if grad_tensors is None else _as_tuple(grad_tensors)
    create_graph = _flag(create_graph)
    gradients = _initial_gradients(outputs, grad_tensors, create_graph or DUAL_LEVELS)
    keep = create_graph if retain_graph is None else _flag(retain_graph)
    roots = _roots(outputs)
    if inputs is None:
        _warn_of_cycle(create_graph)
        execute(roots, gradients, keep, create_graph, None, True, outputs, given)
        return
    for tensor in inputs:
        _require_place(tensor)
        if isinstance(tensor, GradientEdge):
            continue
        if not requires_grad(tensor):
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        target, number = edge_of(tensor)
        if isinstance(target, Node):  # as in PyTorch: it retains its gradient from now on, even if the next is refused
            target.ensure_hooks().retained.setdefault(number, weakref.ref(tensor))
    wanted = _wanted(inputs)
    _warn_of_cycle(create_graph)
    execute(roots, gradients, keep, create_graph, wanted, True, outputs, given)


def _require_place(given: Any) -> None:
    if not isinstance(given, (Tensor, GradientEdge)):
        raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {c_type_name(given)}")


def _warn_of_cycle(create_graph: bool) -> None:
    if create_graph:
        warn_once(_CYCLE)


def _wanted(inputs: tuple[Tensor | GradientEdge, ...]) -> list[tuple[Any, int]]:
    wanted: list[tuple[Any, int]] = []
    for each in inputs:
        _require_place(each)
        if isinstance(each, Tensor) and not requires_grad(each):
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        target, number = _edge_of(each)
        # A leaf whatever its AccumulateGrad node; no edge leads to a view without history.
        wanted.append((target, number) if isinstance(target, Node) else (each if target is None else target, 0))
    return wanted


@entry
def grad(
    outputs: Tensor | GradientEdge | Sequence[Tensor | GradientEdge],
    inputs: Tensor | GradientEdge | Sequence[Tensor | GradientEdge],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of `outputs` with respect to `inputs`, without touching any `.grad`.

    One tensor for each input, None for an unused one if `allow_unused` (zeros with `materialize_grads`). Only the nodes
    on the way to `inputs` run. With `is_grads_batched` the first dimension of each of `grad_outputs` is that of a batch of
    vectors, and that of the results. Raises RuntimeError as PyTorch does.

    >>> import autogradkit as torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> torch.autograd.grad(x**3, x)
    (tensor(12.),)
    """
    if not only_inputs:
        warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts "
            "of the graph, please use torch.autograd.backward.",
            FutureWarning,
        )
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    allow = materialize_grads if allow_unused is None else allow_unused
    tensors = _as_tuple(outputs)
    variables = _as_tuple(inputs)
    if not variables:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    rows, batch = _rows(tensors, grad_outputs) if is_grads_batched else ([grad_outputs], None)
    create_graph = _flag(create_graph)
    on_tensors = (
        create_graph
        or DUAL_LEVELS
        or batch
        or (BATCHES and grad_outputs is not None and has_batched(_as_tuple(grad_outputs)))
    )
    seeds = [_initial_gradients(tensors, row, on_tensors) for row in rows]
    given = () if grad_outputs is None or is_grads_batched else _as_tuple(grad_outputs)
    keep, allow = create_graph if retain_graph is None else _flag(retain_graph), _flag(allow)
    roots = _roots(tensors)
    wanted = _wanted(variables)
    captured: list[Any] = []
    with nullcontext() if batch is None else running(batch):
        for number, gradients in enumerate(seeds, 1):
            brought = execute(
                roots, gradients, keep or number < len(seeds), create_graph, wanted, False, tensors, given
            )
            captured.append([brought.get(edge) for edge in wanted])
    results: list[Tensor | None] = []
    for index, (variable, several) in enumerate(zip(variables, zip(*captured, strict=True), strict=True)):
        found = several[0]
        if batch is not None and found is not None:
            found = unwrapped(found, [batch])
        elif is_grads_batched and found is not None:
            found = OPS.stack([as_tensor(each) for each in several])
        if found is None and not allow:
            raise RuntimeError(
                f"The differentiated Tensor at index {index} appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
        if found is None and materialize_grads:
            if isinstance(variable, GradientEdge):
                raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
            array = variable._array
            if create_graph and not (variable.is_floating_point() or variable.is_complex()):
                raise RuntimeError(errors.WHOLE_NUMBERS)
            strides = dense_strides_like(array.shape, element_strides(array))
            found = wrap(empty_strided(array.shape, strides, array.dtype))
            found._array.fill(0)
            found._requires_grad = create_graph
        found = as_tensor(found)
        results.append(found if found is None else as_made(found))
    for recorder in listeners() if RECORDERS else ():
        pairs = [pair for pair in zip(variables, results, strict=True) if isinstance(pair[0], Tensor)]
        recorder.grad_returned(*map(tuple, zip(*pairs, strict=True)) if pairs else ((), ()))
    return tuple(results)
