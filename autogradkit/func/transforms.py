"""Derivatives of functions, `grad` and `vjp`, and the level that a call of a transform has; pushforward.py rests on it.

Rests on trees and the engine's `grad`. PyTorch gives each call of a transform a level, and wraps tensors for it. Here an argument
is seen through another tensor on the same memory: a view of it where it has a graph that goes on outside, else a leaf of its own.
So an inner derivative takes what it knows by another way as a constant, an outer one sees through both; and what leaves a
transform is cut off the graph if that ends in the transform's own leaves alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from autogradkit._ops.making.filled import ones_like, zeros_like
from autogradkit.core.batched import Batch, batches_of, rewrapped, under_way, unwrapped
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.attributes import requiring_grad
from autogradkit.engine.backward import grad as gradients_of
from autogradkit.engine.history import edge_of
from autogradkit.engine.inference import inference_mode, is_inference
from autogradkit.engine.modes import MODE, is_grad_enabled, set_grad_enabled
from autogradkit.engine.node import AccumulateGrad
from autogradkit.engine.packing import disable_saved_tensors_hooks
from autogradkit.utils._pytree import TreeSpec, tree_flatten, tree_map, tree_unflatten

# -- which arguments ---------------------------------------------------------------------------------------------------


def _place(argnum: Any, count: int) -> int:
    if not isinstance(argnum, int):
        raise RuntimeError(f"argnum must be int, got: {type(argnum)}")
    if not -count <= argnum < count:
        raise RuntimeError(f"Got argnum={argnum}, but only {count} positional inputs")
    return argnum % count


def places_of(argnums: Any, count: int) -> tuple[int, ...]:
    """The positions of the arguments to differentiate with respect to, counted from the front."""
    if isinstance(argnums, int):
        return (_place(argnums, count),)
    if not isinstance(argnums, tuple):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    if not argnums:
        raise RuntimeError("argnums must be non-empty")
    places = tuple([_place(each, count) for each in argnums])
    if len(set(places)) < len(places):
        raise RuntimeError(f"argnums elements must be unique, got {places}")
    return places


def chosen(args: Sequence[Any], argnums: Any) -> Any:
    """The arguments at `argnums`: one for a number, a tuple for several."""
    places = places_of(argnums, len(args))
    return args[places[0]] if isinstance(argnums, int) else tuple([args[place] for place in places])


# -- levels ------------------------------------------------------------------------------------------------------------


@contextmanager
def recording(grad: bool = True) -> Generator[None]:
    """Within it graphs are made, or not, as `grad` says, and no inference tensors: what a transform does is its own affair."""
    with inference_mode(False), set_grad_enabled(grad):
        yield


_LEVEL = "_level_of_func"  # the attribute of a leaf that says which level made it


class Level:
    """One call of a transform: what it sees its arguments through, and what may leave it."""

    def __init__(self) -> None:
        self.goes_on = is_grad_enabled()  # whether a graph outside records what happens here
        self._has_ended = False
        self._arguments: list[tuple[Any, Any]] = []  # those that have a graph outside: as seen, as given
        # Within `vmap` there is one derivative for each sample, also by what they have in common
        self.batches = under_way()

    def tracked(self, tensor: Any) -> Any:
        """Another tensor for an argument, of which gradients can be asked."""
        if not isinstance(tensor, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(tensor)}")
        whole = unwrapped(tensor, self.batches)
        if self.goes_on and whole.requires_grad:
            seen = rewrapped(whole.view_as(whole), self.batches)
            self._arguments.append((seen, tensor))
            return seen
        return rewrapped(self._owned(whole.detach()), self.batches)

    def leaf_of(self, tensor: Any) -> Any:
        """The tensor as a leaf of this call alone."""
        return rewrapped(self._owned(unwrapped(tensor, self.batches)), self.batches)

    def _owned(self, whole: Any) -> Any:
        if is_inference(whole):
            whole._counter = None  # nobody else sees it: it may be part of this call's graph
        whole.__dict__[_LEVEL] = self
        return requiring_grad(whole)

    def run(self, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What the user's function gives; meanwhile is refused what PyTorch refuses within a transform."""
        MODE.transforms += 1
        try:
            return func(*args, **kwargs)
        finally:
            MODE.transforms -= 1

    def ends(self) -> None:
        """From now on its leaves are nobody's."""
        self._has_ended = True

    def unwrapped(self, tensor: Any) -> Any:
        """A result, outside: without a graph where it has none but this call's."""
        if not isinstance(tensor, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(tensor)}")
        own = batches_of(tensor)
        whole = unwrapped(tensor, own)
        if not whole.requires_grad or (self.goes_on and self._reaches_others(whole)):
            return tensor
        return rewrapped(whole.detach(), own)

    def unwrapped_or_argument(self, tensor: Any) -> Any:
        """A result, outside, where an argument that comes out as it is is that argument again."""
        for seen, given in self._arguments:
            if tensor is seen:
                return given
        return self.unwrapped(tensor)

    def _reaches_others(self, tensor: Tensor) -> bool:
        waiting: list[Any] = [edge_of(tensor)[0]]
        known: set[int] = set()
        while waiting:
            target = waiting.pop()
            if target is None or id(target) in known:
                continue
            known.add(id(target))
            if isinstance(target, AccumulateGrad):
                target = target.leaf
            if isinstance(target, Tensor):
                level: Level | None = target.__dict__.get(_LEVEL)
                if level is None or not (level is self or level._has_ended):
                    return True
            else:
                waiting += target.edges[::2]
        return False


def filled_gradients(
    outputs: Sequence[Any],
    inputs: Sequence[Any],
    seeds: Sequence[Any] | None,
    batches: Sequence[Batch],
    **options: Any,
) -> list[Any]:
    """The gradients of those outputs that have a graph; zeros for inputs that none of them depends on.

    Within `batches` they are those of each sample: all together are what one backward gives, as no sample sees another's inputs.
    """
    pairs: list[tuple[Any, Any]] = []
    for output, seed in zip(outputs, seeds or [None] * len(outputs), strict=True):
        whole = unwrapped(output, batches)
        if whole.requires_grad:
            if seed is not None:
                seed = unwrapped(seed, batches) if batches else seed
            elif batches:
                seed = ones_like(whole)
            pairs.append((whole, seed))
    if not pairs:
        return [zeros_like(each) for each in inputs]
    found, vectors = zip(*pairs, strict=True)
    gradients = gradients_of(
        found, [unwrapped(each, batches) for each in inputs], vectors, allow_unused=True, **options
    )
    return [
        zeros_like(each) if gradient is None else rewrapped(gradient, batches)
        for gradient, each in zip(gradients, inputs, strict=True)
    ]


def is_differentiated(tensor: Tensor, batches: Sequence[Batch]) -> bool:
    """Whether a tensor, or that of all samples that it is one of, has a graph."""
    return unwrapped(tensor, batches).requires_grad


def divided(output: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    """(what a function gives to be differentiated, what it gives beside it)."""
    if not has_aux:
        return output, None
    if not (isinstance(output, tuple) and len(output) == 2):
        raise RuntimeError(f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return output


def require_tensors(outputs: list[Any], name: str) -> None:
    """Raise RuntimeError where a function gave no tensors."""
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeError(f"{name}: Expected f to be a function that has non-empty output (got output = {outputs})")
    for each in outputs:
        if not isinstance(each, Tensor):
            raise RuntimeError(
                f"{name}: expected f(*primals) to return only tensors, got unsupported type {type(each)}"
            )


_NO_HOOKS = (
    "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with your use "
    "case."
)


# -- gradients ---------------------------------------------------------------------------------------------------------


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives (the gradient of `func`, its value); with `has_aux` (gradient, (value, what func gives beside it)).

    >>> import autogradkit as torch
    >>> torch.func.grad_and_value(lambda x: x**3)(torch.tensor(2.0))
    (tensor(12.), tensor(8.))
    """

    @functools.wraps(func)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        name = "grad_and_value(f)(*args)"
        level = Level()
        with recording(), disable_saved_tensors_hooks(_NO_HOOKS):
            places = places_of(argnums, len(args))
            seen = [tree_map(level.tracked, each) if place in places else each for place, each in enumerate(args)]
            output, aux = divided(level.run(func, seen, kwargs), has_aux, name)
            if not isinstance(output, Tensor):
                raise RuntimeError(f"{name}: Expected f(*args) to return a Tensor, got {type(output)}")
            if output.ndim:
                raise RuntimeError(
                    f"{name}: Expected f(*args) to return a scalar Tensor, got tensor with {output.ndim} dims. Maybe you wanted "
                    "to use the vjp or jacrev APIs instead?"
                )
            inputs, structure = tree_flatten(chosen(seen, argnums))
            gradients = tree_unflatten(
                filled_gradients((output,), inputs, None, level.batches, create_graph=True), structure
            )
        gradient, value = tree_map(level.unwrapped, gradients), level.unwrapped_or_argument(output)
        found = (gradient, (value, tree_map(level.unwrapped_or_argument, aux))) if has_aux else (gradient, value)
        level.ends()
        return found

    return entry(differentiated)


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function of tensors whose value is one number, as a function of the same arguments.

    `argnums` says with respect to which of them. With `has_aux` the function gives (value, more), and this (gradient, more).

    >>> import autogradkit as torch
    >>> torch.func.grad(torch.func.grad(lambda x: x**3))(torch.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return entry(differentiated)


@entry
def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """(outputs, a function that takes a vector like the outputs to its product with the Jacobian, a tuple like `primals`).

    >>> import autogradkit as torch
    >>> output, product = torch.func.vjp(lambda x: x**2, torch.tensor([1.0, 3.0]))
    >>> product(torch.tensor([1.0, 10.0]))
    (tensor([ 2., 60.]),)
    """
    return pulled(func, primals, None, has_aux)


def pulled(func: Callable[..., Any], primals: tuple[Any, ...], argnums: Any, has_aux: bool) -> Any:
    """As `vjp`, with respect to some of the arguments, or to all as a tuple where `argnums` is None."""
    name = "vjp(f, *primals)"
    level = Level()
    with recording(), disable_saved_tensors_hooks(_NO_HOOKS):
        places = range(len(primals)) if argnums is None else places_of(argnums, len(primals))
        seen = tuple([tree_map(level.tracked, each) if place in places else each for place, each in enumerate(primals)])
        output, aux = divided(level.run(func, seen, {}), has_aux, name)
        outputs, structure = tree_flatten(output)
        require_tensors(outputs, name)
        for each in outputs:
            if not (each.is_floating_point() or each.is_complex()):
                raise RuntimeError(
                    "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype "
                    f"{each.dtype}"
                )
        inputs, inputs_structure = tree_flatten(seen if argnums is None else chosen(seen, argnums))

    @entry
    def product(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        vectors, given = tree_flatten(cotangents)
        if given != structure:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {_structure_text(given)}, primal output: {_structure_text(structure)}"
            )
        grad = is_grad_enabled()
        further = grad if create_graph is None else create_graph
        with recording(grad):
            found = filled_gradients(
                outputs, inputs, vectors, level.batches, retain_graph=retain_graph, create_graph=further
            )
        level.goes_on = level.goes_on or grad  # also where the function was looked at under no_grad
        return tree_unflatten(map(level.unwrapped, found), inputs_structure)

    values = tree_map(level.unwrapped_or_argument, output)
    found = (values, product, tree_map(level.unwrapped_or_argument, aux)) if has_aux else (values, product)
    level.ends()
    return found


def _structure_text(structure: TreeSpec) -> str:
    """A structure as Python would print the nest, with stars as leaves."""
    return repr(tree_unflatten(["*"] * structure.num_leaves, structure)).replace("'*'", "*")
