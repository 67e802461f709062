"""`vmap`: a function of one sample as a function of a batch.

Rests on trees and on core's batches. The function is run once, on tensors that stand for one sample, and each op computes all
samples (`_ops/declare/batched.py`). Where somebody records it is run for each sample, and what it gives is stacked: a picture
shows the samples. So it is where samples draw different numbers.

It is PyTorch's `torch._functorch.vmap` as well, and three of its steps have PyTorch's names and arguments: packages put steps of
their own in their place, for arguments and outputs that are collections of tensors (tensordict).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autogradkit._ops.declare.names import FUNCTION, PUBLISHED
from autogradkit._ops.selection.joining import cat, stack
from autogradkit.core.batched import Batch, running
from autogradkit.core.batched import add_batch_dim as _add_batch_dim
from autogradkit.core.batched import is_sample as _is_sample
from autogradkit.core.batched import remove_batch_dim as _remove_batch_dim
from autogradkit.core.frames import entry
from autogradkit.core.random import default_generator
from autogradkit.core.recording import RECORDERS
from autogradkit.core.tensor import Tensor
from autogradkit.utils._pytree import TreeSpec, _broadcast_to_and_flatten, tree_flatten, tree_unflatten


def _get_name(func: Any) -> str:
    if hasattr(func, "__name__"):
        return func.__name__
    if isinstance(func, functools.partial):
        return f"functools.partial({_get_name(func.func)}, ...)"
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


def _process_batched_inputs(
    in_dims: Any, args: tuple[Any, ...], func: Any
) -> tuple[int, list[int | None], list[Any], TreeSpec]:
    """(the size of the batch, its dimension in each leaf of the arguments, these leaves, their structure)."""
    name = _get_name(func)
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
    return sizes[0], dims, leaves, structure


def _require_out_dims(func: Any, out_dims: Any) -> None:
    for each in tree_flatten(out_dims)[0]:
        if each is not None and not isinstance(each, int):
            raise ValueError(
                f"vmap({_get_name(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of "
                "ints representing where in the outputs the vmapped dimension should appear."
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
            f"vmap({_get_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {tree_flatten(out_dims)[1]} but outputs has structure {structure}."
        )
    return found


def _at_once(
    func: Any,
    leaves: list[Any],
    dims: list[Any],
    inputs: TreeSpec,
    size: int,
    how: tuple[Any, str],
    kwargs: dict[str, Any],
) -> Any:
    """What the function gives for all samples."""
    out_dims, randomness = how
    batch = Batch(size, randomness)
    with running(batch):
        output = func(*_create_batched_inputs(dims, leaves, batch.number, inputs), **kwargs)
        return _unwrap_batched(output, out_dims, batch.number, size, func)


def _create_batched_inputs(
    flat_in_dims: Sequence[Any], flat_args: list[Any], vmap_level: int, args_spec: TreeSpec
) -> Any:
    """The arguments as the function sees them: one sample of what has a dimension of the batch's."""
    given = [
        leaf if dim is None else _add_batch_dim(leaf, dim, vmap_level)
        for dim, leaf in zip(flat_in_dims, flat_args, strict=True)
    ]
    return tree_unflatten(given, args_spec)


def _unwrap_batched(batched_outputs: Any, out_dims: Any, vmap_level: int, batch_size: int, func: Any) -> Any:
    """The outputs of the function outside, with a dimension of the batch's."""
    outputs, structure = tree_flatten(batched_outputs)
    places = _out_dims(func, out_dims, batched_outputs, structure)
    name = _get_name(func)
    whole = [
        _maybe_remove_batch_dim(name, each, vmap_level, batch_size, dim)
        for each, dim in zip(outputs, places, strict=True)
    ]
    return tree_unflatten(whole, structure)


def _maybe_remove_batch_dim(
    name: str, batched_output: Any, vmap_level: int, batch_size: int, out_dim: int | None
) -> Any:
    """An output outside, with the batch as dimension `out_dim`; None: it is the same for all samples."""
    if out_dim is None:
        if _is_sample(batched_output, vmap_level):
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        return batched_output
    _require_tensor(name, batched_output)
    return _remove_batch_dim(batched_output, vmap_level, batch_size, out_dim)


def _require_tensor(name: str, output: Any) -> None:
    if not isinstance(output, Tensor):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(output)}. Did you mean to set out_dims= to "
            "None for output?"
        )


def _is_whole(tree: Any) -> bool:
    """Whether it is a collection of tensors that has functions of its own, and is not taken apart."""
    return hasattr(type(tree), "__torch_function__") and not isinstance(tree, Tensor)


def _one_by_one(
    func: Any,
    leaves: list[Any],
    dims: list[Any],
    inputs: TreeSpec,
    size: int,
    how: tuple[Any, str],
    kwargs: dict[str, Any],
) -> Any:
    """As `_at_once`, the function called for each sample."""
    out_dims, randomness = how
    begin = default_generator.get_state() if randomness == "same" else None
    gave: list[Any] = []
    for index in range(size or 1):
        if begin is not None:
            default_generator.set_state(begin)
        given = [leaf if dim is None else _sample(leaf, dim, index) for leaf, dim in zip(leaves, dims, strict=True)]
        gave.append(func(*tree_unflatten(given, inputs), **kwargs))
    outputs, structures = zip(*(tree_flatten(each, is_leaf=_is_whole) for each in gave), strict=True)
    places = _out_dims(func, out_dims, gave[0], structures[0])
    several = zip(zip(*outputs, strict=True), places, strict=True)
    return tree_unflatten([_joined(func, results, dim, size) for results, dim in several], structures[0])


def _joined(func: Any, results: Sequence[Any], dim: int | None, size: int) -> Any:
    """What all samples gave in one place of the output, with the batch as dimension `dim`; None: the same for all."""
    name, first = _get_name(func), results[0]
    if dim is None:
        if isinstance(first, Tensor) and not all(each is first or each.equal(first) for each in results):
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        return first
    if _is_whole(first):
        return PUBLISHED["stack"].front(FUNCTION, "stack")(list(results), dim)  # which asks its class
    _require_tensor(name, first)
    whole: Any = stack(list(results), dim)
    return whole if size else whole.narrow(dim, 0, 0)


def _sample(leaf: Any, dim: int, index: int) -> Any:
    """One sample of a batch; of a batch without samples, one of zeros, that tells the sizes of what it comes to."""
    if not isinstance(leaf, Tensor):
        return leaf.unbind(dim)[index]
    if leaf._array.shape[dim]:
        return leaf.select(dim, index)
    return leaf.new_zeros(leaf._array.shape[:dim] + leaf._array.shape[dim + 1 :])


def _concatenated(func: Any, parts: list[Any], out_dims: Any) -> Any:
    """What several parts of a batch came to, one after the other."""
    results, structures = zip(*map(tree_flatten, parts), strict=True)
    places = _out_dims(func, out_dims, parts[0], structures[0])
    several = zip(zip(*results, strict=True), places, strict=True)
    joined = [some[0] if dim is None else cat(list(some), dim) for some, dim in several]
    return tree_unflatten(joined, structures[0])


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
        size, dims, leaves, inputs = _process_batched_inputs(in_dims, args, func)
        run = _one_by_one if RECORDERS or randomness == "different" else _at_once
        step = chunk_size or size or 1
        begin = default_generator.get_state() if randomness == "same" else None
        parts: list[Any] = []
        with without_draws(randomness):
            for start in range(0, size or 1, step):
                count = min(step, size - start)
                if begin is not None:
                    default_generator.set_state(begin)
                some = leaves
                if count < size:
                    pairs = zip(leaves, dims, strict=True)
                    some = [leaf if dim is None else leaf.narrow(dim, start, count) for leaf, dim in pairs]
                parts.append(run(func, some, dims, inputs, count, (out_dims, randomness), kwargs))
        return parts[0] if len(parts) == 1 else _concatenated(func, parts, out_dims)

    return entry(batched)
