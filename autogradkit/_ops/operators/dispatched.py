"""How an op is told to `__torch_dispatch__`, and what becomes of the answer.

A call reaches it as PyTorch's dispatcher would have it: the operator of the declared form (`declared.py`), its values by place,
but for those that are at their defaults and come last. Modes of the thread are asked first, the innermost before others, then
the classes of the operands. What they compute themselves is not recorded, for the op's own node is. Rests on namespaces and on
the engine; `_ops/declare/dispatching.py` loads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare.dispatching import NotToldError
from autogradkit._ops.declare.memory import counted_dims
from autogradkit._ops.declare.names import EDIT, FUNCTION
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.operators.beneath import BENEATH, COMPOSED, by_its_own_name, lift_fresh
from autogradkit._ops.operators.declared import OUT, name_of
from autogradkit._ops.operators.namespaces import packet_of
from autogradkit._ops.operators.overloads import OpOverload
from autogradkit.core.device import CPU
from autogradkit.core.schema import Argument
from autogradkit.core.steps import at_once
from autogradkit.core.tensor import Tensor, bump_version, version_of
from autogradkit.core.wrappers import WrapperArray
from autogradkit.engine.dispatching import MODES, dispatched_among
from autogradkit.engine.history import check_in_place
from autogradkit.engine.modes import MODE
from autogradkit.engine.sparse import make_aware

Call = tuple[OpOverload, tuple[Any, ...], dict[str, Any]]


def run(op: Overload, values: Sequence[Any], out: Any) -> Any:
    """The op on bound values, as those who hear it make it, recorded by its own node."""
    if op.owner.name in _OF_NUMBERS:
        return _told_of_numbers(op, values)
    if op.owner.name in _TO_PYTHON:
        return _untold(op, values)
    if op.owner.name in COMPOSED and out is None:
        return COMPOSED[op.owner.name](*values)
    result = told(*call_of(op, FUNCTION if out is None else OUT, values, out))
    if out is not None:
        return result
    several = isinstance(result, (list, tuple))
    results = list(result) if several else [result]
    if not all(isinstance(each, Tensor) for each in results):
        return result
    if op.factory and "requires_grad" in op.index and values[op.index["requires_grad"]]:
        results[0].requires_grad_()
    if op.records(values):
        given = op.tensors_in(values)
        if op.view and all(each.__class__ is Tensor for each in (*results, values[op.first_tensor])):
            results = op.wrapped(values, [each._memory for each in results], several)  # as views that are recorded
        results = [each.detach() if any(each is one for one in given) else each for each in results]
        op.record_results(values, results)
        make_aware(results[0]._node)
    return op.returns(results) if several else results[0]


# What PyTorch makes of Python's numbers and NumPy's arrays before anybody is told.
_OF_NUMBERS = frozenset(("tensor", "new_tensor", "from_numpy", "frombuffer"))


_TO_PYTHON = {
    "numpy": ".numpy() is not supported for tensor subclasses.",
    "tolist": ".tolist() is not supported for tensor subclasses, got {}",
}


def _untold(op: Overload, values: Sequence[Any]) -> Any:
    """What no dispatcher hears of: tensors that are made of numbers, and numbers of tensors."""
    for each in dispatched_among(values):
        raise RuntimeError(_TO_PYTHON[op.owner.name].format(type(each).__name__))
    stack = MODES.stack
    try:
        try:
            MODES.stack = ()
            return op.run(values)
        finally:
            MODES.stack = stack
    except BaseException:  # an interrupt may have come in these lines
        MODES.stack = stack
        raise


def _told_of_numbers(op: Overload, values: Sequence[Any]) -> Any:
    made = _untold(op, values)
    if op.owner.name not in ("tensor", "new_tensor"):
        return made
    operator, given = lift_fresh(made)
    fresh = told(operator, tuple(given.values()), {})
    return fresh.requires_grad_() if made.requires_grad and fresh is not made else fresh


def edit(op: Overload, values: Sequence[Any]) -> Tensor:
    """The in-place form on bound values likewise."""
    values = list(values)
    target: Tensor = values[op.first_tensor]
    recipe = op.edit_recipe
    if recipe is not None and not (MODE.grad and recipe.asked_for(values)):
        recipe = None
    shown = None
    if recipe is not None and op.view:
        if target._array.__class__ is WrapperArray:
            raise NotImplementedError(f"{op.owner.edit_name}() of a tensor that is made of others is not recorded")
        shown = op.run_kernel(counted_dims(op, op.arrays_of(values)))
    check_in_place(target, recipe is not None)
    history = () if recipe is None else recipe.prepare_edit(values, values, shown)
    before = version_of(target)
    told(*call_of(op, EDIT, values, None))
    at_once(list(history))
    if version_of(target) == before:
        bump_version(target)
    if recipe is not None:
        make_aware(target._node)
    return target


# -- the call ----------------------------------------------------------------------------------------------------------


def call_of(op: Overload, how: str, values: Sequence[Any], out: Any) -> Call:
    """The operator and the arguments by which PyTorch's dispatcher knows a call."""
    by_name = {p.name: value for p, value in zip(op.parameters, values, strict=True)}
    name = name_of(op, how)
    if op.owner.name in BENEATH:
        operator, by_name = BENEATH[op.owner.name](**by_name)
    elif name is None:
        operator = by_its_own_name(op)
    else:
        operator = getattr(packet_of("aten", name[0]), name[1])
    if op.factory:
        by_name["pin_memory"] = False
        if "self" not in op.index:
            by_name["device"] = by_name.get("device") or CPU
    outs = iter(out if isinstance(out, (list, tuple)) and not op.several else (out,))
    args: list[Any] = []
    left = 0  # how many of them are needed
    kwargs: dict[str, Any] = {}
    for each in operator._schema.arguments:
        name = each.name if each.name in by_name else f"{each.name}_"
        value = next(outs) if each.is_out else as_told(by_name.get(name, each.default_value))
        usual = not each.is_out and _is_usual(each, value) and not (op.factory and name == "pin_memory")
        if each.kwarg_only:
            if not usual:
                kwargs[each.name] = value
        else:
            args.append(value)
            left = left if usual else len(args)
    return operator, tuple(args[:left]), kwargs


def as_told(value: Any) -> Any:
    """A value as PyTorch's dispatcher hands it to Python: sizes and tensors in lists."""
    return list(value) if isinstance(value, (list, tuple)) else value


def _is_usual(argument: Argument, value: Any) -> bool:
    """Whether a value is its argument's default, and of its class: 1.0 is not 1."""
    if not argument.has_default_value():
        return False
    usual = argument.default_value
    if isinstance(value, list):
        if isinstance(usual, int) and argument.N:
            usual = [usual] * argument.N
        return isinstance(usual, (list, tuple)) and value == list(usual)
    if isinstance(value, Tensor):
        return False
    return value is usual or (value.__class__ is usual.__class__ and value == usual)


# -- who hears it ------------------------------------------------------------------------------------------------------


def told(operator: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the innermost mode, or else the first class that knows the operator, makes of it. Raises TypeError if none does."""
    tensors = dispatched_among((*args, *kwargs.values()))
    asked: list[Any] = []
    for kind in dict.fromkeys(type(each) for each in tensors):  # subclasses before others
        place = next((at for at, other in enumerate(asked) if issubclass(kind, other)), len(asked))
        asked.insert(place, kind)
    stack = MODES.stack
    if stack:
        result = _below(stack[:-1], stack[-1], operator, asked, args, kwargs)  # what it calls, those around it hear
        if result is not NotImplemented:
            return result
    for kind in asked:
        result = _below(stack, kind, operator, asked, args, kwargs)
        if result is not NotImplemented:
            return result
    listed = "".join(f"\n  - mode object {each!r}" for each in stack[-1:])
    listed += "".join(f"\n  - tensor subclass {each}" for each in asked)
    raise NotToldError(
        f"Multiple dispatch failed for '{operator.__module__}.{operator.__name__}'; all __torch_dispatch__ handlers returned "
        f"NotImplemented:\n{listed}\n\nFor more information, try re-running with TORCH_LOGS=not_implemented"
    )


def _below(stack: tuple[Any, ...], who: Any, operator: OpOverload, asked: Sequence[Any], args: Any, kwargs: Any) -> Any:
    """What somebody makes of a call while these modes hear, outside the graph."""
    recorded, before = MODE.grad, MODES.stack
    try:
        try:
            MODES.stack, MODE.grad = stack, False
            return who.__torch_dispatch__(operator, tuple(asked), args, kwargs)
        finally:
            MODES.stack, MODE.grad = before, recorded
    except BaseException:  # an interrupt may have come in these lines
        MODES.stack, MODE.grad = before, recorded
        raise
