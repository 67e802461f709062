"""Products with the Jacobian from the right: jvp, linearize, and a function at one point that can be asked for many.

Rests on transforms, whose backward it takes twice; `jacobians.py` asks `Pushed` for whole matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit._ops.making.filled import zeros_like
from autogradkit.autograd.function_node import PUSHED
from autogradkit.autograd.function_pushed import transposed
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import is_grad_enabled
from autogradkit.func.transforms import (
    Level,
    chosen,
    divided,
    filled_gradients,
    is_differentiated,
    places_of,
    recording,
    require_tensors,
)
from autogradkit.utils._pytree import tree_flatten, tree_map, tree_unflatten

_JVP = "jvp(f, primals, tangents)"


class Pushed:
    """A function at one point, ready to be asked how its outputs change with its inputs.

    Backward's result is linear in the gradients that it begins with; its slope is the Jacobian, which another backward applies.
    """

    def __init__(self, func: Callable[..., Any], primals: tuple[Any, ...], argnums: Any, has_aux: bool) -> None:
        self._level = Level()
        with recording():
            places = range(len(primals)) if argnums is None else places_of(argnums, len(primals))
            seen = tuple(
                [tree_map(self._level.tracked, each) if place in places else each for place, each in enumerate(primals)]
            )
            output, aux = divided(self._level.run(func, seen, {}), has_aux, _JVP)
            self._outputs, self._structure = tree_flatten(output)
            require_tensors(self._outputs, _JVP)
            inputs, _ = tree_flatten(seen if argnums is None else chosen(seen, argnums))
            self._seeds = [
                self._level.leaf_of(zeros_like(each)) if self._has_graph(each) else each for each in self._outputs
            ]
            asked = PUSHED.set(transposed)  # custom functions for their `jvp`, where they have one
            try:
                self._slopes = filled_gradients(
                    self._outputs, inputs, self._seeds, self._level.batches, create_graph=True
                )
            finally:
                PUSHED.reset(asked)
        self.value = tree_map(self._level.unwrapped, output)  # what the function gave
        self.aux = tree_map(self._level.unwrapped, aux) if has_aux else None  # and what beside it
        self._level.ends()

    def _has_graph(self, output: Any) -> bool:
        return is_differentiated(output, self._level.batches)

    def change(self, tangents: Sequence[Any], strict: bool = False) -> Any:
        """How the outputs change when the inputs change by the tangents, one for each tensor among the inputs."""
        changing = [each for each in self._outputs if self._has_graph(each)]
        if strict and len(changing) < len(self._outputs):
            raise RuntimeError(
                f"{_JVP[:-1]}, strict=True): The output of f is independent of the inputs. This is not allowed with "
                "strict=True."
            )
        found = iter(())
        if changing:
            seeds = [seed for seed, each in zip(self._seeds, self._outputs, strict=True) if self._has_graph(each)]
            grad = is_grad_enabled()
            with recording(grad):
                options = {"retain_graph": True, "create_graph": grad}
                found = iter(filled_gradients(self._slopes, seeds, tangents, self._level.batches, **options))
            self._level.goes_on = self._level.goes_on or grad  # also where the function was looked at under no_grad
        changes = [
            self._level.unwrapped(next(found)) if self._has_graph(each) else zeros_like(each) for each in self._outputs
        ]
        return tree_unflatten(changes, self._structure)


def _require_tensor_list(given: list[Any], what: str) -> None:
    if not given:
        raise RuntimeError(f"{_JVP}: Expected {what} to contain at least one Tensor.")
    for each in given:
        if not isinstance(each, Tensor):
            raise RuntimeError(f"{_JVP}: Expected {what} to only contain Tensors, got {type(each)}")


@entry
def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """(outputs, how they change when `primals`, a tuple of arguments, change by `tangents`): the Jacobian times a vector.

    >>> import autogradkit as torch
    >>> torch.func.jvp(lambda x: x**2, (torch.tensor([1.0, 3.0]),), (torch.tensor([1.0, 10.0]),))
    (tensor([1., 9.]), tensor([ 2., 60.]))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{_JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    inputs, structure = tree_flatten(primals)
    changes, given = tree_flatten(tangents)
    if structure != given:
        raise RuntimeError(
            f"{_JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 "
            f"tensors, tangents also must be. Got primals with structure {structure} and tangents with structure {given}"
        )
    _require_tensor_list(inputs, "primals")
    _require_tensor_list(changes, "tangents")
    for each, change in zip(inputs, changes, strict=True):
        if each.shape != change.shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
                f"supported. Tensor is of size {list(each.shape)} while the given forward gradient is of size "
                f"{list(change.shape)}."
            )
    pushed = Pushed(func, primals, None, has_aux)
    found = pushed.change(changes, strict)
    return (pushed.value, found, pushed.aux) if has_aux else (pushed.value, found)


@entry
def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """(outputs, a function that gives their change for changes of the arguments), as `jvp`, with `func` run but once.

    >>> import autogradkit as torch
    >>> output, change = torch.func.linearize(lambda x: x**2, torch.tensor([1.0, 3.0]))
    >>> change(torch.tensor([1.0, 10.0]))
    tensor([ 2., 60.])
    """
    pushed = Pushed(func, primals, None, False)
    inputs, structure = tree_flatten(primals)

    @entry
    def change(*tangents: Any) -> Any:
        given, own = tree_flatten(tangents)
        if own != structure:
            raise RuntimeError(f"Expected the tangents {own} to have the same argspec as the primals {structure}")
        for index, (tangent, primal) in enumerate(zip(given, inputs, strict=True)):
            for what in ("shape", "dtype"):
                if getattr(tangent, what) != getattr(primal, what):
                    raise RuntimeError(
                        f"tangent:{index} with {what} {getattr(tangent, what)} in flattened pytree doesn't match the {what} "
                        f"{getattr(primal, what)} of the corresponding primal."
                    )
        return pushed.change(given)

    return pushed.value, change
