"""What products and matrices of `autograd.functional` share: arguments, gradients with zeros, texts of strict mode.

Rests on the engine's `grad`; functional.py has what users call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit._ops.making.filled import zeros_like
from autogradkit.core.tensor import Tensor
from autogradkit.engine.backward import grad
from autogradkit.engine.modes import is_grad_enabled, set_grad_enabled

_OUTPUTS = "outputs of the user-provided function"
NOT_STRICT = "This is not allowed in strict mode"


def as_tuple(given: Any, what: str, name: str) -> tuple[bool, tuple[Any, ...]]:
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


def as_differentiable(tensors: Sequence[Any], create_graph: bool, requires_grad: bool) -> tuple[Any, ...]:
    """The same numbers as other tensors; within the graph where a further gradient is wanted and the tensor has one."""
    return tuple(
        [
            each.view_as(each) if create_graph and each.requires_grad else each.detach().requires_grad_(requires_grad)
            for each in tensors
        ]
    )


def product_vectors(v: Any, name: str, create_graph: bool, like: Sequence[Any], several: bool) -> tuple[Any, ...]:
    """The vector of a product, which has to be like `like`."""
    _, vectors = as_tuple(v, "v", name)
    vectors = as_differentiable(vectors, create_graph, False)
    if len(like) != len(vectors):
        if several:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for index, (each, other) in enumerate(zip(vectors, like, strict=True)):
        if each.size() != other.size():
            entry_ = f"Entry {index} in " if several else ""
            raise RuntimeError(f"{entry_}v has invalid size: should be {other.size()} but got {each.size()}.")
    return vectors


def vector_of_inputs(
    v: Any, name: str, create_graph: bool, inputs: Sequence[Any], several: bool
) -> tuple[Any, ...] | None:
    if v is not None:
        return product_vectors(v, name, create_graph, inputs, several)
    if len(inputs) != 1 or inputs[0].nelement() != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return None


def run(func: Callable[..., Any], inputs: Sequence[Any], name: str, strict: bool) -> tuple[bool, tuple[Any, ...]]:
    several, outputs = as_tuple(func(*inputs), _OUTPUTS, name)
    for index, output in enumerate(outputs) if strict else ():
        if not output.requires_grad:
            raise RuntimeError(
                f"Output {index} of the user-provided function does not require gradients. The outputs must be computed in a "
                "differentiable manner from the input when running in strict mode."
            )
    return several, outputs


def require_one_number(several: bool, outputs: Sequence[Any], name: str) -> None:
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0].nelement() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")


def gradients(
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
    "vjp": "The output of the user-provided function is independent of input {}. " + NOT_STRICT + ".",
    "jvp": (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double backward "
        "trick to compute forward mode gradients. " + NOT_STRICT + "."
    ),
    "vhp": "The jacobian of the user-provided function is independent of input {}. " + NOT_STRICT + ".",
    "hvp": (
        "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. "
        + NOT_STRICT
        + " as it "
        "prevents from using the double backward trick to replace forward mode AD."
    ),
}


def filled(
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
                f"The {what} of the user-provided function is independent of input {index}. {NOT_STRICT} when "
                "create_graph=True."
            )
        found.append(gradient)
    return tuple(found)


_NO_GRADIENT = "The output of the user-provided function is independent of input {}. " + NOT_STRICT + "."


def require_gradients(gradients: Sequence[Any], strict: bool, constant: str) -> None:
    """In strict mode: each is there, and depends on the inputs in turn; else `constant` is what is said."""
    for index, gradient in enumerate(gradients) if strict else ():
        if gradient is None:
            raise RuntimeError(_NO_GRADIENT.format(index))
        if not gradient.requires_grad:
            raise RuntimeError(constant.format(index))


CONSTANT_GRADIENT = (
    "The gradient with respect to input {} is independent of the inputs of the user-provided function. "
    + NOT_STRICT
    + "."
)
CONSTANT_JACOBIAN = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is independent "
    "of the input. "
    + NOT_STRICT
    + ". You should ensure that your function is twice differentiable and that the jacobian "
    "depends on the inputs (this would be violated by a linear function for example)."
)
CONSTANT_HESSIAN = (
    "The hessian of the user-provided function with respect to input {} is independent of the input. "
    + NOT_STRICT
    + ". You "
    "should ensure that your function is thrice differentiable and that the hessian depends on the inputs."
)


def finished(results: Sequence[Any], several: bool, create_graph: bool) -> Any:
    """The results as the user gave the tensors they belong to: a tuple or one; cut off the graph unless it is wanted."""
    done = tuple(results) if create_graph else tuple([each.detach() for each in results])
    return done if several else done[0]


def mode(create_graph: bool) -> Any:
    return set_grad_enabled(True if create_graph else is_grad_enabled())
