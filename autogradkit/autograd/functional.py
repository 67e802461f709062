"""PyTorch's `torch.autograd.functional`: products with the Jacobian and the Hessian of a function of tensors, and both whole.

Rests on the engine's `grad`. Everything is by backward: a product of the Jacobian with a vector, `jvp` and `hvp`, is the gradient
of a gradient (the gradient for the outputs is linear in the gradients it begins with, and the slope of that is the Jacobian).
Inputs are seen through tensors of their own, so that a function that also knows the same tensors by another way treats those as
constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.making.filled import zeros_like
from autogradkit._ops.selection.joining import stack
from autogradkit.autograd.functional_parts import (
    CONSTANT_GRADIENT,
    CONSTANT_HESSIAN,
    CONSTANT_JACOBIAN,
    NOT_STRICT,
    as_differentiable,
    as_tuple,
    filled,
    finished,
    gradients,
    mode,
    product_vectors,
    require_gradients,
    require_one_number,
    run,
    vector_of_inputs,
)
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import wrap
from autogradkit.engine.modes import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

# -- products ----------------------------------------------------------------------------------------------------------


@entry
def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, v · J): the product of a vector with the Jacobian, as one backward gives it.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.vjp(lambda x: x**2, torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor([1., 9.]), tensor([ 2., 60.]))
    """
    with enable_grad():
        several, tensors = as_tuple(inputs, "inputs", "vjp")
        tensors = as_differentiable(tensors, create_graph, True)
        many, outputs = run(func, tensors, "vjp", strict)
        vectors = None
        if v is not None:
            vectors = product_vectors(v, "vjp", create_graph, outputs, many)
        elif len(outputs) != 1 or outputs[0].nelement() != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
            )
    with mode(create_graph):
        found = gradients(outputs, tensors, vectors, create_graph=create_graph)
        found = filled(found, tensors, "vjp", strict, create_graph)
    return finished(outputs, many, create_graph), finished(found, several, create_graph)


@entry
def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, J · v): how the outputs change when the inputs change by `v`, by the gradient of a gradient.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.jvp(lambda x: x**2, torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor([1., 9.]), tensor([ 2., 60.]))
    """
    with enable_grad():
        several, tensors = as_tuple(inputs, "inputs", "jvp")
        tensors = as_differentiable(tensors, create_graph, True)
        vectors = vector_of_inputs(v, "jvp", create_graph, tensors, several)
        many, outputs = run(func, tensors, "jvp", strict)
        seeds = tuple([zeros_like(each, requires_grad=True) for each in outputs])
        slopes = gradients(outputs, tensors, seeds, create_graph=True)
        require_gradients(slopes, strict, CONSTANT_GRADIENT)
    with mode(create_graph):
        found = gradients(slopes, seeds, vectors, create_graph=create_graph)
        found = filled(found, outputs, "jvp", strict, create_graph)
    return finished(outputs, many, create_graph), finished(found, many, create_graph)


@entry
def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(output, v · H): the product of a vector with the Hessian of a function whose output is one number.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.vhp(lambda x: (x**3).sum(), torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor(28.), tensor([  6., 180.]))
    """
    with enable_grad():
        several, tensors = as_tuple(inputs, "inputs", "vhp")
        tensors = as_differentiable(tensors, create_graph, True)
        vectors = vector_of_inputs(v, "vhp", create_graph, tensors, several)
        many, outputs = run(func, tensors, "vhp", strict)
        require_one_number(many, outputs, "vhp")
        slopes = gradients(outputs, tensors, create_graph=True)
        require_gradients(slopes, strict, CONSTANT_JACOBIAN)
    with mode(create_graph):
        found = gradients(slopes, tensors, vectors, create_graph=create_graph)
        found = filled(found, tensors, "vhp", strict, create_graph)
    return finished(outputs, many, create_graph), finished(found, several, create_graph)


@entry
def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(output, H · v): the product of the Hessian with a vector, by a third backward; see `vhp`, which takes two.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.hvp(lambda x: (x**3).sum(), torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor(28.), tensor([  6., 180.]))
    """
    with enable_grad():
        several, tensors = as_tuple(inputs, "inputs", "hvp")
        tensors = as_differentiable(tensors, create_graph, True)
        vectors = vector_of_inputs(v, "hvp", create_graph, tensors, several)
        many, outputs = run(func, tensors, "hvp", strict)
        require_one_number(many, outputs, "hvp")
        slopes = gradients(outputs, tensors, create_graph=True)
        require_gradients(slopes, strict, CONSTANT_JACOBIAN)
        seeds = tuple([zeros_like(each, requires_grad=True) for each in tensors])
        curves = gradients(slopes, tensors, seeds, create_graph=True)
        require_gradients(slopes, strict, CONSTANT_HESSIAN)
    with mode(create_graph):
        found = gradients(curves, seeds, vectors, create_graph=create_graph)
        found = filled(found, tensors, "hvp", strict, create_graph)
    return finished(outputs, many, create_graph), finished(found, several, create_graph)


# -- whole matrices ----------------------------------------------------------------------------------------------------


@entry
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian, of sizes output.shape + input.shape: a tuple for each output, of one for each input, where there are several.

    A row of it is one backward. `vectorize=True` takes all rows in one call of `grad`; with it `strategy="forward-mode"` goes by
    columns, each a gradient of a gradient.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.jacobian(lambda x: x**2, torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than '
            'inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        return _by_columns(func, inputs, create_graph, strict, vectorize)
    with enable_grad():
        several, tensors = as_tuple(inputs, "inputs", "jacobian")
        tensors = as_differentiable(tensors, create_graph, True)
        many, outputs = run(func, tensors, "jacobian", strict)
        if vectorize:
            if strict:
                raise RuntimeError(
                    "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please "
                    "either set `strict=False` or `vectorize=False`."
                )
            rows = [_batched_rows(output, tensors, create_graph) for output in outputs]
        else:
            rows = [_rows(index, output, tensors, create_graph, strict) for index, output in enumerate(outputs)]
    whole = [finished(row, several, create_graph) for row in rows]
    return tuple(whole) if many else whole[0]


def _rows(index: int, output: Any, tensors: Sequence[Any], create_graph: bool, strict: bool) -> list[Any]:
    """The Jacobian of one output for each input, row by row."""
    rows: list[list[Any]] = [[] for _ in tensors]
    for place in range(output.nelement()):
        found = gradients((output.reshape(-1)[place],), tensors, retain_graph=True, create_graph=create_graph)
        for number, (gradient, tensor) in enumerate(zip(found, tensors, strict=True)):
            if gradient is None:
                if strict:
                    raise RuntimeError(
                        f"Output {index} of the user-provided function is independent of input {number}. {NOT_STRICT}."
                    )
                gradient = zeros_like(tensor)
            elif strict and create_graph and not gradient.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {index}. {NOT_STRICT} when "
                    "create_graph=True."
                )
            rows[number].append(gradient)
    return [stack(row, 0).view(output.size() + each.size()) for row, each in zip(rows, tensors, strict=True)]


def _batched_rows(output: Any, tensors: Sequence[Any], create_graph: bool) -> list[Any]:
    count = output.nelement()
    basis = wrap(np.eye(count, dtype=output._array.dtype))
    options = {"retain_graph": True, "create_graph": create_graph, "is_grads_batched": True}
    found = gradients((output.reshape(-1),), tensors, (basis,), **options)
    return [
        (zeros_like(each).expand(count, *each.shape) if rows is None else rows).view(output.size() + each.size())
        for rows, each in zip(found, tensors, strict=True)
    ]


def _by_columns(func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    if create_graph:
        raise NotImplementedError(
            'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported together '
            '(yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.'
        )
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together (yet). '
            'Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    several, tensors = as_tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`."
        )
    with enable_grad():
        seen = as_differentiable(tensors, False, True)
        many, outputs = as_tuple(func(*seen), "outputs", "jacobian")
        seeds = tuple([zeros_like(each, requires_grad=True) for each in outputs])
        slopes = gradients(outputs, seen, seeds, create_graph=True)
    columns: list[list[Any]] = [[] for _ in outputs]
    for slope, tensor in zip(slopes, seen, strict=True):
        count = tensor.nelement()
        basis = wrap(np.eye(count, dtype=tensor._array.dtype).reshape(count, *tensor.shape))
        found = gradients((slope,), seeds, (basis,), retain_graph=True, is_grads_batched=True)
        for parts, output, columns_of in zip(found, outputs, columns, strict=True):
            all_of_it: Any = zeros_like(output).expand(count, *output.shape) if parts is None else parts
            columns_of.append(all_of_it.movedim(0, -1).reshape(output.shape + tensor.shape))
    # Lists where there are several inputs, as in PyTorch.
    whole: list[Any] = [[each.detach() for each in parts] if several else parts[0].detach() for parts in columns]
    if not many:
        return whole[0]
    return whole if several else tuple(whole)


@entry
def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function whose output is one number, of sizes input.shape + input.shape; the Jacobian of its gradient.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 3.0]))
    tensor([[ 6.,  0.],
            [ 0., 18.]])
    """
    several, tensors = as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def number(*inputs: Any) -> Any:
        many, outputs = run(func, inputs, "hessian", strict)
        require_one_number(many, outputs, "hessian")
        return outputs[0].squeeze()

    def gradient(*inputs: Any) -> Any:
        found = jacobian(number, inputs, create_graph=True)
        require_gradients(found, strict, CONSTANT_JACOBIAN)
        return found

    found = jacobian(
        gradient,
        tensors,
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )
    return found if several else found[0][0]


def _as_tuple(inp: Any, arg_name: str | None = None, fn_name: str | None = None) -> Any:
    """What was given, as a tuple of tensors; without names what it is, too. Published derivatives of functions call it."""
    if arg_name is None and fn_name is None:
        return inp if isinstance(inp, tuple) else (inp,)
    several, tensors = as_tuple(inp, arg_name or "", fn_name or "")
    return several, tensors


__getattr__ = _absent_from("autograd.functional")
