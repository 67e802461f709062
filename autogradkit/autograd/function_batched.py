"""Custom functions within `vmap`: by their own `vmap`, or for each sample where they allow it.

Rests on core's batches; `function.py` calls it where an argument is one sample of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autogradkit.core.batched import Batch, innermost, samples_of, wrap_batched
from autogradkit.core.tensor import Tensor
from autogradkit.engine.required import OPS

MORE = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"


class VmapInfo(NamedTuple):
    """What a function's `vmap` is told of the call."""

    batch_size: int
    randomness: str


def apply_batched(function: Any, base: Any, args: Sequence[Any]) -> Any:
    """`function.apply` where some of `args` are samples of a batch; `base` is the class that has what was not overridden.

    Raises RuntimeError, with PyTorch's texts, where it cannot be batched.
    """
    name = function.__name__
    if function.setup_context is base.setup_context:
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the "
            f"setup_context staticmethod. {MORE}"
        )
    has_own = function.vmap is not base.vmap
    if function.generate_vmap_rule and has_own:
        raise RuntimeError(
            f"You tried to vmap over {name}, but it has both generate_vmap_rule=True and an overridden vmap staticmethod. Please "
            f"set generate_vmap_rule=False or delete the overridden vmap staticmethod to avoid ambiguity. {MORE}"
        )
    batch = innermost(args)
    assert batch is not None
    if has_own:
        return by_rule(function.vmap, batch, args)
    if not function.generate_vmap_rule:
        raise RuntimeError(
            f"You tried to vmap over {name}, but it does not have vmap support. Please override and implement the vmap "
            f"staticmethod or set generate_vmap_rule=True. {MORE}"
        )
    return by_samples(function.apply, batch, args, {})


def by_samples(call: Any, batch: Batch, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What `call` gives for each sample, as samples of the batch."""
    rows = [
        call(
            *[_sample(each, batch, index) for each in args],
            **{name: _sample(each, batch, index) for name, each in kwargs.items()},
        )
        for index in range(batch.size)
    ]
    if isinstance(rows[0], (tuple, list)):
        return type(rows[0])([wrap_batched(OPS.stack(list(each)), batch) for each in zip(*rows, strict=True)])
    return wrap_batched(OPS.stack(rows), batch)


def _sample(value: Any, batch: Batch, index: int) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)([_sample(each, batch, index) for each in value])
    all_, is_its = _all_samples(value, batch)
    return all_.select(0, index) if is_its else all_


def _all_samples(value: Any, batch: Batch) -> tuple[Any, bool]:
    """(all samples, True), or (what they have in common, False)."""
    samples = samples_of(value, batch) if isinstance(value, Tensor) else None
    return (value, False) if samples is None else (samples, True)


def by_rule(rule: Any, batch: Batch, args: Sequence[Any]) -> Any:
    """What a `vmap` of the user's makes of all samples. Raises RuntimeError where it does not say where the batch is."""
    given = [_all_samples(each, batch) for each in args]
    dims = tuple([0 if is_its else None for _, is_its in given])
    made = rule(VmapInfo(batch.size, batch.randomness), dims, *[each for each, _ in given])
    if not (isinstance(made, tuple) and len(made) == 2):
        raise RuntimeError(
            "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure compatible with "
            f"the output. Got a {type(made)} instead"
        )
    output, out_dims = made
    if isinstance(output, tuple):
        dims = out_dims if isinstance(out_dims, tuple) else (out_dims,) * len(output)
        return tuple([_unbatched(each, dim, batch) for each, dim in zip(output, dims, strict=True)])
    return _unbatched(output, out_dims, batch)


def _unbatched(output: Any, dim: int | None, batch: Batch) -> Any:
    return output if dim is None else wrap_batched(output.movedim(dim, 0), batch)
