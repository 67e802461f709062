"""Calls with samples of a batch, as `vmap` makes them: all samples at once where the op has a rule, else one by one.

Rests on core's batches. What is pointwise, a reduction or a composition needs no rule: it follows from the declaration. Others
are in a table by name (`rule`), in `_ops/batching/`, which the first `vmap` loads. A rule takes the place of the op: it gets the
overload, the batch and the values, with a `Samples` in the place of each tensor that the batch has one for each sample of, and
gives a tensor, or tensors, whose first dimension is the batch's; or None, for samples one by one. What it calls comes here again
where a tensor is a sample of an outer batch, too. Nodes are those of the ops that are called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autogradkit.core.batched import Batch, has_batched, innermost, samples_of, wrap_batched
from autogradkit.core.errors import NoArrayError
from autogradkit.core.random import default_generator
from autogradkit.core.tensor import Tensor
from autogradkit.engine.required import OPS

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}
EDITS: dict[str, Rule] = {}  # of in-place forms, which write into the samples


UNLOADED: list[Callable[[], None]] = []  # what registers the rules when it is called


def _load() -> None:
    while UNLOADED:
        UNLOADED[-1]()
        UNLOADED.pop()


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register what stands for the ops of these names where a batch is given."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


class Samples:
    """All samples that stand in one place of a call."""

    __slots__ = ("all",)

    def __init__(self, samples: Any) -> None:
        self.all = samples  # a tensor, whose first dimension is the batch's

    @property
    def ndim(self) -> int:
        """The number of dimensions of a sample."""
        return self.all._array.ndim - 1

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of a sample."""
        return self.all._array.shape[1:]


def opened(value: Any, batch: Batch) -> Any:
    """The value with `Samples` in the place of the tensors of a batch, in lists, too."""
    if isinstance(value, Tensor):
        samples = samples_of(value, batch)
        return value if samples is None else Samples(samples)
    if value.__class__ in (list, tuple) and has_batched(value):
        return [opened(each, batch) for each in value]
    return value


def spread(value: Any, batch: Batch) -> Any:
    """All samples of a value: of a tensor that they have in common as often as there are samples, without a copy."""
    if isinstance(value, Samples):
        return value.all
    return value.expand(batch.size, *value._array.shape)


def closed(made: Any, batch: Batch) -> Any:
    """What a rule gave, as the op's result: tensors as samples of the batch."""
    if isinstance(made, Tensor):
        return wrap_batched(made, batch)
    return [wrap_batched(each, batch) for each in made]


def run_batched(op: Overload, values: Sequence[Any], out: Any) -> Any:
    """The op on bound values of which some are samples of a batch."""
    _load()
    name = op.owner.name
    if out is not None:
        raise RuntimeError(
            f"Batching rule not implemented for aten::{name}.out; the fallback path doesn't work on out= or view ops."
        )
    batch = innermost(values)
    assert batch is not None
    found = RULES.get(name) or (
        RULES[POINTWISE] if op.pointwise is not None else RULES[REDUCES] if op.reduces else None
    )
    if found is not None:
        made = found(op, batch, [opened(each, batch) for each in values])
        if made is not None:
            results = closed(made, batch)
            return results if isinstance(results, Tensor) else op.returns(results)
    elif op.composition:
        try:
            return op.kernel(*values[: op.positional], **op.named(values))
        except NoArrayError:
            pass
    return _one_by_one(op, values, batch)


POINTWISE, REDUCES = "pointwise", "reduces"  # the rules for whatever was declared so


def _sample(value: Any, batch: Batch, index: int) -> Any:
    samples = samples_of(value, batch)
    if samples is not None:
        if not batch.size:  # one of zeros, that tells the sizes of what it comes to
            return samples.new_zeros(samples._array.shape[1:])
        return samples.select(0, index)
    if value.__class__ in (list, tuple) and has_batched(value):
        return [_sample(each, batch, index) for each in value]
    return value


def _one_by_one(op: Overload, values: Sequence[Any], batch: Batch) -> Any:
    """The op for each sample, what it gives stacked."""
    begin = default_generator.get_state() if batch.randomness == "same" else None
    gave: list[Any] = []
    for index in range(batch.size or 1):
        if begin is not None:
            default_generator.set_state(begin)
        gave.append(op.run_dual([_sample(each, batch, index) for each in values]))
    first = gave[0]
    if isinstance(first, Tensor):
        return _stacked(gave, batch)
    if not isinstance(first, (list, tuple)):
        return first
    results = [_stacked(several, batch) for several in zip(*gave, strict=True)]
    return op.returns(results)


def _stacked(several: Sequence[Any], batch: Batch) -> Tensor:
    whole: Any = OPS.stack(list(several))
    return wrap_batched(whole if batch.size else whole.narrow(0, 0, 0), batch)


# The edits of which PyTorch's rules name themselves, those that are one rule there, and those that come to an edit of all
# samples; of others it tells the level.
_BY_NAME = frozenset({"fill_", "index_add", "index_fill", "index_put", "scatter_add"})
_ARITHMETIC = frozenset((
    "sub", "mul", "multiply", "div", "divide", "true_divide", "copy_", "masked_fill", "logical_and", "logical_or", "logical_xor",
    "clamp_min", "clamp_max",
))  # fmt: skip
_OF_ALL = frozenset((
    "add", "atan2", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "copysign", "gcd",
    "lcm",
))  # fmt: skip


def _too_large_for_one(op: Overload, target: Tensor, batch: Batch) -> RuntimeError:
    """The refusal of an edit by samples of what all of them share."""
    owner, where = op.owner, "in a vmap"
    if owner.name in _OF_ALL:
        shape = list(target._array.shape)
        return RuntimeError(f"output with shape {shape} doesn't match the broadcast shape {[batch.size, *shape]}")
    if owner.name in _ARITHMETIC:
        name = "inplace arithmetic"
    elif owner.name in _BY_NAME:
        name = owner.edit_name
    else:
        name, where = f"aten::{owner.edit_name}", f"at level {batch.number}"
    return RuntimeError(
        f"vmap: {name}(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has more "
        f"elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over {where}. "
        f"Please try to use out-of-place operators instead of {name}. If said operator is being called inside the PyTorch "
        "framework, please file a bug report instead."
    )


def edit_batched(op: Overload, values: Sequence[Any]) -> Tensor:
    """The in-place form on bound values of which some are samples of a batch."""
    _load()
    batch = innermost(values)
    assert batch is not None
    target: Tensor = values[op.first_tensor]
    if samples_of(target, batch) is None:
        raise _too_large_for_one(op, target, batch)
    found = EDITS.get(op.owner.name) or (EDITS[POINTWISE] if op.pointwise is not None else None)
    if found is not None and found(op, batch, [opened(each, batch) for each in values]) is not None:
        return target
    if op.composition and found is None:
        return op.composed(op.composed_edit or op.kernel, values)
    for index in range(batch.size):
        op.edit_dual([_sample(each, batch, index) for each in values])
    return target
