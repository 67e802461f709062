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
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.backward import grad
from autogradkit.engine.modes import enable_grad, is_grad_enabled, set_grad_enabled

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_OUTPUTS = "outputs of the user-provided function"
_NOT_STRICT = "This is not allowed in strict mode"

# -- what all of them do -----------------------------------------------------------------------------------------------


def _as_tuple(given: Any, what: str, name: str) -> tuple[bool, tuple[Any, ...]]:
    """(whether it was a tuple, the tensors). Raises TypeError for what is no tensor."""
    several = isinstance(given, tuple)
    tensors: tuple[Any, ...] = given if several else (given,)
    for index, each in enumerate(tensors):
        if not isinstance(each, Tensor):
            which = f"value at index {index}" if several else f"given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {which} has type "
                f"{type(each)}."
            )
    return several, tensors


def _seen(tensors: Sequence[Any], create_graph: bool, requires_grad: bool) -> tuple[Any, ...]:
    """The same numbers as other tensors; within the graph where a further gradient is wanted and the tensor has one."""
    return tuple(
        [
            each.view_as(each) if create_graph and each.requires_grad else each.detach().requires_grad_(requires_grad)
            for each in tensors
        ]
    )


def _given(v: Any, name: str, create_graph: bool, like: Sequence[Any], several: bool) -> tuple[Any, ...]:
    """The vector of a product, which has to be like `like`."""
    _, vectors = _as_tuple(v, "v", name)
    vectors = _seen(vectors, create_graph, False)
    if len(like) != len(vectors):
        if several:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for index, (each, other) in enumerate(zip(vectors, like, strict=True)):
        if each.size() != other.size():
            entry_ = f"Entry {index} in " if several else ""
            raise RuntimeError(f"{entry_}v has invalid size: should be {other.size()} but got {each.size()}.")
    return vectors


def _vector_of_inputs(
    v: Any, name: str, create_graph: bool, inputs: Sequence[Any], several: bool
) -> tuple[Any, ...] | None:
    if v is not None:
        return _given(v, name, create_graph, inputs, several)
    if len(inputs) != 1 or inputs[0].nelement() != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return None


def _run(func: Callable[..., Any], inputs: Sequence[Any], name: str, strict: bool) -> tuple[bool, tuple[Any, ...]]:
    several, outputs = _as_tuple(func(*inputs), _OUTPUTS, name)
    for index, output in enumerate(outputs) if strict else ():
        if not output.requires_grad:
            raise RuntimeError(
                f"Output {index} of the user-provided function does not require gradients. The outputs must be computed in a "
                "differentiable manner from the input when running in strict mode."
            )
    return several, outputs


def _require_one_number(several: bool, outputs: Sequence[Any], name: str) -> None:
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0].nelement() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")


def _gradients(
    outputs: Sequence[Any], inputs: Sequence[Any], vectors: Sequence[Any] | None = None, **options: Any
) -> tuple[Any, ...]:
    """As `grad`, for those outputs that are there and have a graph; None for each input that none of them depends on."""
    vectors = vectors or (None,) * len(outputs)
    pairs = [
        (output, vector)
        for output, vector in zip(outputs, vectors, strict=True)
        if output is not None and output.requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    found, seeds = zip(*pairs, strict=True)
    return grad(found, inputs, seeds, allow_unused=True, **options)


_INDEPENDENT = {
    "vjp": "The output of the user-provided function is independent of input {}. " + _NOT_STRICT + ".",
    "jvp": (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double backward "
        "trick to compute forward mode gradients. " + _NOT_STRICT + "."
    ),
    "vhp": "The jacobian of the user-provided function is independent of input {}. " + _NOT_STRICT + ".",
    "hvp": (
        "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. "
        + _NOT_STRICT
        + " as it "
        "prevents from using the double backward trick to replace forward mode AD."
    ),
}


def _filled(
    gradients: Sequence[Any], like: Sequence[Any], name: str, strict: bool, create_graph: bool
) -> tuple[Any, ...]:
    """Zeros where there is no gradient; in strict mode, that is an error."""
    found: list[Any] = []
    for index, (gradient, other) in enumerate(zip(gradients, like, strict=True)):
        if gradient is None:
            if strict:
                raise RuntimeError(_INDEPENDENT[name].format(index))
            gradient = zeros_like(other)
        elif strict and create_graph and not gradient.requires_grad:
            what = "hessian" if name in ("vhp", "hvp") else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {index}. {_NOT_STRICT} when "
                "create_graph=True."
            )
        found.append(gradient)
    return tuple(found)


_NO_GRADIENT = "The output of the user-provided function is independent of input {}. " + _NOT_STRICT + "."


def _require_gradients(gradients: Sequence[Any], strict: bool, constant: str) -> None:
    """In strict mode: each is there, and depends on the inputs in turn; else `constant` is what is said."""
    for index, gradient in enumerate(gradients) if strict else ():
        if gradient is None:
            raise RuntimeError(_NO_GRADIENT.format(index))
        if not gradient.requires_grad:
            raise RuntimeError(constant.format(index))


_CONSTANT_GRADIENT = (
    "The gradient with respect to input {} is independent of the inputs of the user-provided function. "
    + _NOT_STRICT
    + "."
)
_CONSTANT_JACOBIAN = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is independent "
    "of the input. "
    + _NOT_STRICT
    + ". You should ensure that your function is twice differentiable and that the jacobian "
    "depends on the inputs (this would be violated by a linear function for example)."
)
_CONSTANT_HESSIAN = (
    "The hessian of the user-provided function with respect to input {} is independent of the input. "
    + _NOT_STRICT
    + ". You "
    "should ensure that your function is thrice differentiable and that the hessian depends on the inputs."
)


def _finished(results: Sequence[Any], several: bool, create_graph: bool) -> Any:
    """The results as the user gave the tensors they belong to: a tuple or one; cut off the graph unless it is wanted."""
    done = tuple(results) if create_graph else tuple([each.detach() for each in results])
    return done if several else done[0]


def _mode(create_graph: bool) -> Any:
    return set_grad_enabled(True if create_graph else is_grad_enabled())


# -- products ----------------------------------------------------------------------------------------------------------


@entry
def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, v · J): the product of a vector with the Jacobian, as one backward gives it.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.vjp(lambda x: x**2, torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor([1., 9.]), tensor([ 2., 60.]))
    """
    with enable_grad():
        several, tensors = _as_tuple(inputs, "inputs", "vjp")
        tensors = _seen(tensors, create_graph, True)
        many, outputs = _run(func, tensors, "vjp", strict)
        vectors = None
        if v is not None:
            vectors = _given(v, "vjp", create_graph, outputs, many)
        elif len(outputs) != 1 or outputs[0].nelement() != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
            )
    with _mode(create_graph):
        found = _gradients(outputs, tensors, vectors, create_graph=create_graph)
        found = _filled(found, tensors, "vjp", strict, create_graph)
    return _finished(outputs, many, create_graph), _finished(found, several, create_graph)


@entry
def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(outputs, J · v): how the outputs change when the inputs change by `v`, by the gradient of a gradient.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.jvp(lambda x: x**2, torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor([1., 9.]), tensor([ 2., 60.]))
    """
    with enable_grad():
        several, tensors = _as_tuple(inputs, "inputs", "jvp")
        tensors = _seen(tensors, create_graph, True)
        vectors = _vector_of_inputs(v, "jvp", create_graph, tensors, several)
        many, outputs = _run(func, tensors, "jvp", strict)
        seeds = tuple([zeros_like(each, requires_grad=True) for each in outputs])
        slopes = _gradients(outputs, tensors, seeds, create_graph=True)
        _require_gradients(slopes, strict, _CONSTANT_GRADIENT)
    with _mode(create_graph):
        found = _gradients(slopes, seeds, vectors, create_graph=create_graph)
        found = _filled(found, outputs, "jvp", strict, create_graph)
    return _finished(outputs, many, create_graph), _finished(found, many, create_graph)


@entry
def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(output, v · H): the product of a vector with the Hessian of a function whose output is one number.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.vhp(lambda x: (x**3).sum(), torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor(28.), tensor([  6., 180.]))
    """
    with enable_grad():
        several, tensors = _as_tuple(inputs, "inputs", "vhp")
        tensors = _seen(tensors, create_graph, True)
        vectors = _vector_of_inputs(v, "vhp", create_graph, tensors, several)
        many, outputs = _run(func, tensors, "vhp", strict)
        _require_one_number(many, outputs, "vhp")
        slopes = _gradients(outputs, tensors, create_graph=True)
        _require_gradients(slopes, strict, _CONSTANT_JACOBIAN)
    with _mode(create_graph):
        found = _gradients(slopes, tensors, vectors, create_graph=create_graph)
        found = _filled(found, tensors, "vhp", strict, create_graph)
    return _finished(outputs, many, create_graph), _finished(found, several, create_graph)


@entry
def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(output, H · v): the product of the Hessian with a vector, by a third backward; see `vhp`, which takes two.

    >>> import autogradkit as torch
    >>> torch.autograd.functional.hvp(lambda x: (x**3).sum(), torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    (tensor(28.), tensor([  6., 180.]))
    """
    with enable_grad():
        several, tensors = _as_tuple(inputs, "inputs", "hvp")
        tensors = _seen(tensors, create_graph, True)
        vectors = _vector_of_inputs(v, "hvp", create_graph, tensors, several)
        many, outputs = _run(func, tensors, "hvp", strict)
        _require_one_number(many, outputs, "hvp")
        slopes = _gradients(outputs, tensors, create_graph=True)
        _require_gradients(slopes, strict, _CONSTANT_JACOBIAN)
        seeds = tuple([zeros_like(each, requires_grad=True) for each in tensors])
        curves = _gradients(slopes, tensors, seeds, create_graph=True)
        _require_gradients(slopes, strict, _CONSTANT_HESSIAN)
    with _mode(create_graph):
        found = _gradients(curves, seeds, vectors, create_graph=create_graph)
        found = _filled(found, tensors, "hvp", strict, create_graph)
    return _finished(outputs, many, create_graph), _finished(found, several, create_graph)


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
        several, tensors = _as_tuple(inputs, "inputs", "jacobian")
        tensors = _seen(tensors, create_graph, True)
        many, outputs = _run(func, tensors, "jacobian", strict)
        if vectorize:
            if strict:
                raise RuntimeError(
                    "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please "
                    "either set `strict=False` or `vectorize=False`."
                )
            rows = [_batched_rows(output, tensors, create_graph) for output in outputs]
        else:
            rows = [_rows(index, output, tensors, create_graph, strict) for index, output in enumerate(outputs)]
    whole = [_finished(row, several, create_graph) for row in rows]
    return tuple(whole) if many else whole[0]


def _rows(index: int, output: Any, tensors: Sequence[Any], create_graph: bool, strict: bool) -> list[Any]:
    """The Jacobian of one output for each input, row by row."""
    rows: list[list[Any]] = [[] for _ in tensors]
    for place in range(output.nelement()):
        found = _gradients((output.reshape(-1)[place],), tensors, retain_graph=True, create_graph=create_graph)
        for number, (gradient, tensor) in enumerate(zip(found, tensors, strict=True)):
            if gradient is None:
                if strict:
                    raise RuntimeError(
                        f"Output {index} of the user-provided function is independent of input {number}. {_NOT_STRICT}."
                    )
                gradient = zeros_like(tensor)
            elif strict and create_graph and not gradient.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {index}. {_NOT_STRICT} when "
                    "create_graph=True."
                )
            rows[number].append(gradient)
    return [stack(row, 0).view(output.size() + each.size()) for row, each in zip(rows, tensors, strict=True)]


def _batched_rows(output: Any, tensors: Sequence[Any], create_graph: bool) -> list[Any]:
    count = output.nelement()
    basis = wrap(np.eye(count, dtype=output._array.dtype))
    options = {"retain_graph": True, "create_graph": create_graph, "is_grads_batched": True}
    found = _gradients((output.reshape(-1),), tensors, (basis,), **options)
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
    several, tensors = _as_tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`."
        )
    with enable_grad():
        seen = _seen(tensors, False, True)
        many, outputs = _as_tuple(func(*seen), "outputs", "jacobian")
        seeds = tuple([zeros_like(each, requires_grad=True) for each in outputs])
        slopes = _gradients(outputs, seen, seeds, create_graph=True)
    columns: list[list[Any]] = [[] for _ in outputs]
    for slope, tensor in zip(slopes, seen, strict=True):
        count = tensor.nelement()
        basis = wrap(np.eye(count, dtype=tensor._array.dtype).reshape(count, *tensor.shape))
        found = _gradients((slope,), seeds, (basis,), retain_graph=True, is_grads_batched=True)
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
    several, tensors = _as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def number(*inputs: Any) -> Any:
        many, outputs = _run(func, inputs, "hessian", strict)
        _require_one_number(many, outputs, "hessian")
        return outputs[0].squeeze()

    def gradient(*inputs: Any) -> Any:
        found = jacobian(number, inputs, create_graph=True)
        _require_gradients(found, strict, _CONSTANT_JACOBIAN)
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


__getattr__ = _absent_from("autograd.functional")
