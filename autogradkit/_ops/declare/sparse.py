"""Calls with a sparse tensor: the kernel for it, if the op has one, and else PyTorch's refusal.

Rests on core's sparse arrays and on the engine's sparse gradients. A kernel for sparse operands is registered by its op's name
(`kernel`), in `_ops/sparse/`, which the first such call loads. It gets the overload and its values, arrays of both kinds in
the place of tensors, and gives arrays of either kind; wrapping, recording and writing in place are done here, once for all.
The node is the op's own, with its own formulas, which then run on tensors: what these compute of sparse ones comes here again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare.memory import counted_dims
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit.core.quiet import quietly
from autogradkit.core.sparse import NotOfSparseError, SparseArray, SparseTensor, around
from autogradkit.core.steps import Step
from autogradkit.core.tensor import Tensor, write_at_once
from autogradkit.engine.history import check_in_place
from autogradkit.engine.modes import MODE
from autogradkit.engine.ownership import set_version
from autogradkit.engine.reseating import reseating
from autogradkit.engine.sparse import make_aware

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload

Kernel = Callable[..., Any]
KERNELS: dict[str, Kernel] = {}
COMPRESSED: dict[str, Kernel] = {}  # where some operand is a compressed matrix
COMPOSITIONS: dict[str, Callable[..., Any]] = {}  # in the place of a composition's own body; of tensors, as that is


UNLOADED: list[Callable[[], None]] = []  # what registers them when it is called


def _load() -> None:
    while UNLOADED:
        UNLOADED[-1]()
        UNLOADED.pop()


def kernel(*names: str, table: dict[str, Kernel] = KERNELS) -> Callable[[Kernel], Kernel]:
    """Register what computes the ops of these names where some operand is sparse, or compressed (`table=COMPRESSED`)."""

    def register(function: Kernel) -> Kernel:
        table.update(dict.fromkeys(names, function))
        return function

    return register


def composed(*names: str) -> Callable[[Kernel], Kernel]:
    """Register what composes the ops of these names of others where some operand is sparse."""

    def register(function: Kernel) -> Kernel:
        COMPOSITIONS.update(dict.fromkeys(names, function))
        return function

    return register


class Same:
    """What a kernel gives where PyTorch returns the operand itself."""


def run_sparse(op: Overload, values: Sequence[Any], out: Any) -> Any:
    """The op on bound values of which some are sparse."""
    _load()
    name = op.owner.name
    if out is not None:
        raise NotImplementedError(f"{name}(): out= is not available where a tensor is sparse")
    if name in COMPOSITIONS:
        return COMPOSITIONS[name](*values)
    if op.composition:
        return _on_tensors(op, values, op.kernel)
    compressed = compressed_among(op.arrays_of(values)) is not None
    found = (COMPRESSED if compressed else KERNELS).get(name)
    if found is None:
        raise _not_compressed(op, values, name) if compressed else _unavailable(op, values)
    made = quietly(found, op, *counted_dims(op, op.arrays_of(values)))
    if made is Same:
        return values[op.first_tensor]
    several = isinstance(made, (list, tuple))
    results = [around(each) for each in (made if several else (made,))]
    if op.written is not None:
        for each in results:
            set_version(each, op.written(*values))
    op.record_results(values, results)
    if results and results[0]._node is not None:
        make_aware(results[0]._node)
    return op.returns(results) if several else results[0]


def compressed_among(arrays: Sequence[Any]) -> SparseArray | None:
    """The first compressed matrix among these values, or in lists among them."""
    for each in arrays:
        if isinstance(each, (list, tuple)):
            found = compressed_among(each)
            if found is not None:
                return found
        elif each.__class__ is SparseArray and each.layout.compresses is not None:
            return each
    return None


def _not_compressed(op: Overload, values: Sequence[Any], name: str) -> Exception:
    """PyTorch's refusal of an op that compressed matrices do not have."""
    first = compressed_among(op.arrays_of(values))
    assert first is not None
    if name in ("diagonal", "slice"):
        return RuntimeError(f"Sparse {first.layout.name[-3:].upper()} tensors do not have strides")
    if op.pointwise is not None:
        return RuntimeError(f"unsupported tensor layout: {first.layout.kind}")
    return no_kernel("as_strided" if name == "permute" else _aten_name(op, values, name), "SparseCsrCPU")


def _on_tensors(op: Overload, values: Sequence[Any], body: Callable[..., Any]) -> Any:
    """A composition's own body, which may find that there is no array."""
    try:
        return body(*values[: op.positional], **op.named(values))
    except NotOfSparseError:
        if compressed_among([getattr(each, "_array", each) for each in values]) is not None:
            raise _not_compressed(op, values, op.owner.name) from None
        raise _unavailable(op, values) from None


# What PyTorch has for sparse tensors besides; the rest of its ops it refuses.
_ABSENT = frozenset(("view_as_complex", "view_as_real"))


def _unavailable(op: Overload, values: Sequence[Any]) -> NotImplementedError:
    name = op.owner.name
    if name in _ABSENT:
        return NotImplementedError(
            f"PyTorch has {name} of sparse tensors; autogradkit does not have it yet: use to_dense() first"
        )
    return no_kernel(_aten_name(op, values, name), "SparseCPU")


def no_kernel(name: str, backend: str) -> NotImplementedError:
    """PyTorch's refusal of an op that a layout does not have."""
    name = _NAMES.get(name, name)
    return NotImplementedError(
        f"Could not run 'aten::{name}' with arguments from the '{backend}' backend. This could be because the operator doesn't "
        "exist for this backend, or was omitted during the selective/custom build process (if using custom build)."
    )


def _aten_name(op: Overload, values: Sequence[Any], name: str) -> str:
    """The op, called `name`, with the name of its overload, as PyTorch's refusals give it."""
    if name == "pow":
        base, exponent = (isinstance(value, Tensor) for value in values[:2])
        return "pow.Tensor_Tensor" if base and exponent else "pow.Tensor_Scalar" if base else "pow.Scalar"
    others = [each.parameters[each.index["other"]] for each in op.owner.overloads if "other" in each.index]
    if any(each.spelled != "Array" for each in others):
        return f"{name}.{'Tensor' if isinstance(values[op.index['other']], Tensor) else 'Scalar'}"
    return name


# Where PyTorch's refusal names a form of the op, or speaks of what the op is made of.
_NAMES = {
    **{f"{name}.Scalar": f"{name}.Tensor" for base in (
        "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "copysign", "fmod",
        "remainder", "xlogy",
    ) for name in (base, base + "_")},
    **{name: f"{name}.correction" for name in ("std", "std_mean", "var", "var_mean")},
    **{f"logical_{what}{edit}": f"logical_{what}.out" for what in ("and", "not", "or", "xor") for edit in ("", "_")},
    "argsort": "sort.stable", "bernoulli": "bernoulli.p", "bernoulli_": "bernoulli_.float", "celu": "elu", "celu_": "elu_",
    "count_nonzero": "count_nonzero.dim_IntList", "diagonal": "as_strided", "eye": "eye.m_out", "fill_": "fill_.Scalar",
    "index": "index.Tensor", "isclose": "eq.Tensor", "isfinite": "ne.Scalar", "kthvalue": "kthvalue.values",
    "log_softmax": "_log_softmax", "logcumsumexp": "_logcumsumexp", "logsumexp": "logsumexp.out", "mean": "mean.dim",
    "rand": "uniform_", "rand_like": "uniform_", "randn": "normal_", "randn_like": "normal_", "slice": "as_strided",
    "softmax": "_softmax", "sort": "sort.stable", "split": "as_strided", "squeeze": "as_strided", "squeeze_": "as_strided_",
    "unsafe_split": "as_strided", "where.Tensor": "where.self",
}  # fmt: skip


def edit_sparse(op: Overload, values: Sequence[Any]) -> Tensor:
    """The in-place form on bound values of which some are sparse."""
    _load()
    if op.composition and op.owner.edit_name not in KERNELS:
        return _on_tensors(op, values, op.composed_edit or op.kernel)
    values = list(values)
    target: Tensor = values[op.first_tensor]
    recipe = op.edit_recipe
    records = recipe is not None and MODE.grad and recipe.asked_for(values)
    check_in_place(target, records)
    arrays = counted_dims(op, op.arrays_of(values))
    old: Any = target._array
    name = op.owner.edit_name
    compressed = compressed_among(arrays)
    if compressed is not None:
        found = COMPRESSED.get(op.owner.name) or COMPRESSED.get(name)
    else:
        found = KERNELS.get(name) or KERNELS.get(op.owner.name)
    if found is None and compressed is not None:
        raise _not_compressed(op, values, name)
    if found is None:
        raise no_kernel(_aten_name(op, values, name), "SparseCPU")
    made = quietly(found, op, *arrays)
    if target.__class__ is not SparseTensor:
        dense = made.dense() if made.__class__ is SparseArray else made
        writes: list[Step] = [(np.copyto, old, dense)]
    elif made.__class__ is not SparseArray:
        raise NotImplementedError(f"{name}(): the result would be dense, and a sparse tensor cannot hold it")
    elif made.dtype != old.dtype:
        kinds = [scalar_type(each.dtype) for each in (around(made), target)]
        raise RuntimeError(f"dtype of values ({kinds[0]}) must match dtype of sparse tensor ({kinds[1]})")
    else:
        writes = reseating(target, made)
    history: Sequence[Step] = ()
    if records:
        assert recipe is not None
        history = recipe.prepare_edit(values, values)
    write_at_once(target, [*writes, *history])
    if records:
        make_aware(target._node)
    return target
