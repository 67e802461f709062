"""The gradient of a registered operator: a custom function made for it, named as PyTorch names it.

Rests on `autograd.Function`; `custom.py` and `registering.py` register what is made here as the kernel for autograd.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from autogradkit._ops.operators.overloads import OpOverload
from autogradkit.autograd import Function
from autogradkit.core.schema import FunctionSchema, ListType
from autogradkit.core.schema_calls import default_of
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import MODE
from autogradkit.library.dispatch import BELOW, kernels_of, run_below
from autogradkit.utils import _pytree


class Formulas(Protocol):
    """What a user registers: a backward, and what saves for it."""

    _backward_fn: Callable[..., Any] | None
    _setup_context_fn: Callable[..., Any] | None


class _Call:
    """What goes along with a call and is no operand: the last argument of the function, which gets no gradient."""

    def __init__(self, kwargs: dict[str, Any]) -> None:
        self.kwargs = kwargs
        self.inputs: Any = None  # how lists among the operands were taken apart
        self.outputs: Any = None
        self.is_tuple = False


def autograd_kernel(op: OpOverload, formulas: Formulas) -> Callable[..., Any]:
    """The kernel that runs an operator as one node where an operand requires a gradient."""
    schema = op._schema
    by_name = any(each.kwarg_only for each in schema.arguments)
    has_lists = any(_is_tensor_list(each.type) for each in (*schema.arguments, *schema.returns))

    def forward(ctx: Any, *given: Any) -> Any:
        *flat, call = given
        args = _pytree.tree_unflatten(flat, call.inputs) if has_lists else flat
        result = _below(op, args, call.kwargs)
        if formulas._setup_context_fn is not None:
            inputs, named = _with_defaults(schema, args, call.kwargs)
            more = {"keyword_only_inputs": named} if by_name else {}
            formulas._setup_context_fn(ctx=ctx, inputs=inputs, **more, output=result)
        if not has_lists:
            return result
        call.is_tuple = isinstance(result, tuple)
        leaves, call.outputs = _pytree.tree_flatten(result if call.is_tuple else (result,), _is_no_list_of_tensors)
        ctx._call = call
        return tuple(leaves)

    def backward(ctx: Any, *grads: Any) -> Any:
        if formulas._backward_fn is None:
            raise RuntimeError(
                f"Trying to backward through {op} but no autograd formula was registered. Please use register_autograd to add "
                "one."
            )
        needed = ctx.needs_input_grad
        try:
            ctx.needs_input_grad = needed[:-1]
            if has_lists:
                grads = tuple(_pytree.tree_unflatten(grads, ctx._call.outputs))
                ctx.needs_input_grad = _pytree.tree_unflatten(needed[:-1], ctx._call.inputs)
            result = formulas._backward_fn(ctx, *grads)
        finally:
            ctx.needs_input_grad = needed
        several = result if isinstance(result, tuple) else (result,)
        if not has_lists:
            return (*several, None)
        leaves, spec = _pytree.tree_flatten(several, _is_no_list_of_gradients)
        if spec != ctx._call.inputs:
            raise RuntimeError(
                "Expected the return from backward to be of the same structure as the inputs. Got: "
                f"{spec} (return from backward), {ctx._call.inputs} (inputs)"
            )
        return (*leaves, None)

    name = f"GeneratedBackwardFor_{op.namespace}_{op._opname}_{op._overloadname}"
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward), "__module__": Function.__module__}
    generated: Any = type(name, (Function,), members)

    def kernel(*args: Any, **kwargs: Any) -> Any:
        if not (MODE.grad and _any_requires_grad(args)):
            return _below(op, args, kwargs)
        call = _Call(kwargs)
        if not has_lists:
            return generated.apply(*args, call)
        leaves, call.inputs = _pytree.tree_flatten(args, _is_no_list_of_tensors)
        result = _pytree.tree_unflatten(list(generated.apply(*leaves, call)), call.outputs)
        return result if call.is_tuple else result[0]

    return kernel


def _below(op: OpOverload, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    before, BELOW.on = BELOW.on, False
    try:
        return run_below(op, kernels_of(op.name()), args, kwargs)
    finally:
        BELOW.on = before


def _with_defaults(schema: FunctionSchema, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
    """The operands with those that were left out, as they have their defaults."""
    placed = [each for each in schema.arguments if not each.kwarg_only]
    named = {each.name: default_of(each) for each in schema.arguments if each.kwarg_only}
    return (*args, *[default_of(each) for each in placed[len(args) :]]), {**named, **kwargs}


def _any_requires_grad(args: Sequence[Any]) -> bool:
    return any(
        _any_requires_grad(each) if isinstance(each, (list, tuple)) else isinstance(each, Tensor) and each.requires_grad
        for each in args
    )


def _is_tensor_list(kind: Any) -> bool:
    return isinstance(kind, ListType) and "Tensor" in kind.annotation


def _is_no_list_of_tensors(tree: Any) -> bool:
    if isinstance(tree, tuple):
        return False
    return not isinstance(tree, list) or any(not isinstance(each, Tensor) for each in tree)


def _is_no_list_of_gradients(tree: Any) -> bool:
    if isinstance(tree, tuple):
        return False
    return not isinstance(tree, list) or any(each is not None and not isinstance(each, Tensor) for each in tree)
