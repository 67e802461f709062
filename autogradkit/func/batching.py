"""`vmap`: a function of one sample as a function of a batch.

Rests on trees and on core's batches. The function is run once, on tensors that stand for one sample, and each op computes all
samples (`_ops/declare/batched.py`). Where somebody records it is run for each sample, and what it gives is stacked: a picture
shows the samples. So it is where samples draw different numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autogradkit._ops.selection.joining import cat, stack
from autogradkit.core.batched import Batch, running, samples_of, unwrapped, wrap_batched
from autogradkit.core.frames import entry
from autogradkit.core.random import default_generator
from autogradkit.core.recording import RECORDERS
from autogradkit.core.tensor import Tensor
from autogradkit.utils._pytree import TreeSpec, _broadcast_to_and_flatten, tree_flatten, tree_unflatten


def _name(func: Any) -> str:
    if hasattr(func, "__name__"):
        return func.__name__
    if isinstance(func, functools.partial):
        return f"functools.partial({_name(func.func)}, ...)"
    return repr(func)


def require_randomness(randomness: Any) -> None:
    """Raise RuntimeError for what is no way to treat random numbers."""
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")


@contextmanager
def without_draws(randomness: str) -> Iterator[None]:
    """Raise RuntimeError where random numbers were drawn inside, if they are an error; nobody misses those."""
    before = None if randomness != "error" else default_generator.get_state().numpy()
    yield
    if before is not None and not np.array_equal(before, default_generator.get_state().numpy()):
        default_generator.restore_bytes(before)
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap"
        )


def _inputs(func: Any, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], list[int | None], TreeSpec, int]:
    """(the leaves of the arguments, the batch's dimension of each, their structure, the size of the batch)."""
    name = _name(func)
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): expected `in_dims` to be int or a (potentially nested) tuple "
            f"matching the structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function "
            "with no inputs. The latter is unsupported."
        )
    leaves, structure = tree_flatten(args)
    dims = _broadcast_to_and_flatten(in_dims, structure)
    call = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if dims is None:
        raise ValueError(
            f"{call}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{tree_flatten(in_dims)[1]} but inputs has structure {structure}."
        )
    for place, (leaf, dim) in enumerate(zip(leaves, dims, strict=True)):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(
                f"{call}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(leaf, Tensor):
            raise ValueError(
                f"{call}: Got in_dim={dim} for an input but the input is of type {type(leaf)}. We cannot vmap over non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        if not -leaf.ndim <= dim < leaf.ndim:
            raise ValueError(
                f"{call}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {leaf.ndim} so expected "
                f"in_dim to satisfy -{leaf.ndim} <= in_dim < {leaf.ndim}."
            )
        dims[place] = dim % leaf.ndim
    sizes = [leaf._array.shape[dim] for leaf, dim in zip(leaves, dims, strict=True) if dim is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
            "dimension"
        )
    return leaves, dims, structure, sizes[0]


def _require_out_dims(func: Any, out_dims: Any) -> None:
    for each in tree_flatten(out_dims)[0]:
        if each is not None and not isinstance(each, int):
            raise ValueError(
                f"vmap({_name(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of ints "
                "representing where in the outputs the vmapped dimension should appear."
            )


def _out_dims(func: Any, out_dims: Any, output: Any, structure: TreeSpec) -> list[Any]:
    if isinstance(output, Tensor):
        if isinstance(out_dims, tuple) and len(out_dims) == 1:
            return list(out_dims)
        found = [out_dims] if out_dims is None or isinstance(out_dims, int) else None
    else:
        found = _broadcast_to_and_flatten(out_dims, structure)
    if found is None:
        raise ValueError(
            f"vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {tree_flatten(out_dims)[1]} but outputs has structure {structure}."
        )
    return found


def _at_once(
    func: Any, call: Callable[[list[Any]], Any], leaves: list[Any], dims: Sequence[Any], size: int, how: tuple[Any, str]
) -> tuple[list[Any], list[Any], TreeSpec]:
    """(what the function gives for all samples, the batch's dimension of each of them, their structure)."""
    out_dims, randomness = how
    batch = Batch(size, randomness)
    with running(batch):
        output = call(
            [
                leaf if dim is None else wrap_batched(leaf.movedim(dim, 0) if dim else leaf, batch)
                for leaf, dim in zip(leaves, dims, strict=True)
            ]
        )
        outputs, structure = tree_flatten(output)
        places = _out_dims(func, out_dims, output, structure)
        return (
            [_unbatched(func, each, dim, batch) for each, dim in zip(outputs, places, strict=True)],
            places,
            structure,
        )


def _unbatched(func: Any, output: Any, dim: int | None, batch: Batch) -> Any:
    """An output outside, with the batch as dimension `dim`; None: it is the same for all samples."""
    name = _name(func)
    if dim is None:
        if samples_of(output, batch) is not None:
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        return output
    _require_tensor(name, output)
    samples: Any = unwrapped(output, [batch])
    return samples.movedim(0, dim) if dim else samples


def _require_tensor(name: str, output: Any) -> None:
    if not isinstance(output, Tensor):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(output)}. Did you mean to set out_dims= to "
            "None for output?"
        )


def _one_by_one(
    func: Any, call: Callable[[list[Any]], Any], leaves: list[Any], dims: Sequence[Any], size: int, how: tuple[Any, str]
) -> tuple[list[Any], list[Any], TreeSpec]:
    """As `_at_once`, the function called for each sample."""
    out_dims, randomness = how
    begin = default_generator.get_state() if randomness == "same" else None
    gave: list[Any] = []
    for index in range(size or 1):
        if begin is not None:
            default_generator.set_state(begin)
        gave.append(
            call([leaf if dim is None else _sample(leaf, dim, index) for leaf, dim in zip(leaves, dims, strict=True)])
        )
    outputs, structures = zip(*map(tree_flatten, gave), strict=True)
    places = _out_dims(func, out_dims, gave[0], structures[0])
    several = zip(zip(*outputs, strict=True), places, strict=True)
    return [_joined(func, results, dim, size) for results, dim in several], places, structures[0]


def _joined(func: Any, results: Sequence[Any], dim: int | None, size: int) -> Any:
    """What all samples gave in one place of the output, with the batch as dimension `dim`; None: the same for all."""
    name, first = _name(func), results[0]
    if dim is None:
        if isinstance(first, Tensor) and not all(each is first or each.equal(first) for each in results):
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        return first
    _require_tensor(name, first)
    whole: Any = stack(list(results), dim)
    return whole if size else whole.narrow(dim, 0, 0)


def _sample(leaf: Any, dim: int, index: int) -> Any:
    """One sample of a batch; of a batch without samples, one of zeros, that tells the sizes of what it comes to."""
    if leaf._array.shape[dim]:
        return leaf.select(dim, index)
    return leaf.new_zeros(leaf._array.shape[:dim] + leaf._array.shape[dim + 1 :])


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function of batches that gives for each sample what `func` gives for it, stacked.

    `in_dims` says for each argument, nested as they are, which dimension is the batch's; None: all samples have it in common.
    `out_dims` says where it is in the outputs. What `func` draws is an error, or "different" for each sample, or the "same".
    `chunk_size` bounds the memory: so many samples are computed at once.

    >>> import autogradkit as torch
    >>> torch.func.vmap(torch.dot)(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 1], [2, 2]]))
    tensor([ 3, 14])
    """
    require_randomness(randomness)
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def batched(*args: Any, **kwargs: Any) -> Any:
        _require_out_dims(func, out_dims)
        leaves, dims, inputs, size = _inputs(func, in_dims, args)
        run = _one_by_one if RECORDERS or randomness == "different" else _at_once
        step = chunk_size or size or 1
        begin = default_generator.get_state() if randomness == "same" else None
        parts: list[tuple[list[Any], list[Any], TreeSpec]] = []
        with without_draws(randomness):
            for start in range(0, size or 1, step):
                count = min(step, size - start)
                if begin is not None:
                    default_generator.set_state(begin)
                some = leaves
                if count < size:
                    pairs = zip(leaves, dims, strict=True)
                    some = [leaf if dim is None else leaf.narrow(dim, start, count) for leaf, dim in pairs]
                parts.append(
                    run(
                        func,
                        lambda given: func(*tree_unflatten(given, inputs), **kwargs),
                        some,
                        dims,
                        count,
                        (out_dims, randomness),
                    )
                )
        joined, places, structure = parts[0]
        if len(parts) > 1:
            several = zip(zip(*[part[0] for part in parts], strict=True), places, strict=True)
            joined = [results[0] if dim is None else cat(list(results), dim) for results, dim in several]
        return tree_unflatten(joined, structure)

    return entry(batched)
