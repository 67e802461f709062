"""PyTorch's `torch.nested`: tensors of several sizes as one, such as sentences of one batch, strided or jagged.

What makes them. Of strided layout tensor.py is their class, functions.py what goes part by part; what makes jagged ones is
jagged.py, the rest in `_internal`, as in PyTorch. Loaded when it is first named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.making.data import tensor as _tensor
from autogradkit._ops.making.options import require_place as _require_place
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import dtype as _Dtype
from autogradkit.core.frames import entry as _entry
from autogradkit.core.layout import jagged as _jagged
from autogradkit.core.layout import layout as _Layout
from autogradkit.core.layout import strided as _strided
from autogradkit.core.tensor import Tensor
from autogradkit.nested import functions as _functions  # noqa: F401 - fills the table of functions
from autogradkit.nested.jagged import is_jagged as _is_jagged
from autogradkit.nested.jagged import jagged_of as _jagged_of
from autogradkit.nested.jagged import jagged_rows as _jagged_rows
from autogradkit.nested.jagged import masked_select as masked_select
from autogradkit.nested.jagged import narrow as narrow
from autogradkit.nested.jagged import nested_tensor_from_jagged as nested_tensor_from_jagged
from autogradkit.nested.tensor import NestedTensor
from autogradkit.nested.tensor import joined as _joined


def _require(layout: _Layout | None, device: Any, pin_memory: bool = False) -> None:
    if layout not in (None, _strided, _jagged):
        raise RuntimeError(f"Specified layout is unsupported for nested tensors: {layout}")
    if _require_place({"device": device, "pin_memory": pin_memory}):
        raise NotImplementedError("torch.nested has no tensors on the meta device here")


def _require_alike(parts: Sequence[Tensor]) -> None:
    for number, part in enumerate(parts):
        if part.ndim != parts[0].ndim:
            raise RuntimeError(
                "All Tensors given to nested_tensor must have the same dimension. "
                f"Found dimension {part.ndim} for Tensor at index {number} and dimension {parts[0].ndim} for Tensor at index 0."
            )


@_entry
def nested_tensor(
    tensor_list: Any,
    *,
    dtype: _Dtype | None = None,
    layout: _Layout | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """A new nested tensor, outside the graph, of copies of tensors, or of lists of numbers.

    All have the dtype of the first. Raises TypeError for what is no list, RuntimeError where the numbers of dimensions differ.

    >>> import autogradkit as torch
    >>> words = torch.nested.nested_tensor([torch.ones(2, 3), torch.zeros(1, 3)])
    >>> words.size(0), words.size(2), torch.nn.Linear(3, 4)(words).size(2)
    (2, 3, 4)
    >>> words * 2
    nested_tensor([
      tensor([[2., 2., 2.],
              [2., 2., 2.]]),
      tensor([[0., 0., 0.]])
    ])
    """
    if not isinstance(tensor_list, list | tuple):
        raise TypeError("Only lists (List[Tensor] and List[List...[Scalar]]) are accepted in nested_tensor")
    _require(layout, device, pin_memory)
    parts = [each.detach() if isinstance(each, Tensor) else _tensor(each) for each in tensor_list]
    if layout is _jagged:
        return _jagged_of([each if dtype is None else each.to(dtype) for each in parts]).requires_grad_(requires_grad)
    _require_alike(parts)
    kind = dtype or (parts[0].dtype if parts else None)
    whole = _joined([each.to(kind) for each in parts])
    return whole.requires_grad_(requires_grad)


@_entry
def as_nested_tensor(ts: Any, dtype: _Dtype | None = None, device: Any = None, layout: _Layout | None = None) -> Any:
    """A nested tensor of tensors, to which its gradient flows. Raises TypeError for what are no tensors.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> torch.nested.as_nested_tensor([x, torch.ones(1)]).to_padded_tensor(0.0).sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """
    if isinstance(ts, NestedTensor) or (_is_jagged(ts) and layout is not _jagged):
        raise RuntimeError("as_nested_tensor(): Converting between nested tensor layouts is not supported")
    if _is_jagged(ts):
        return ts
    if isinstance(ts, Tensor) and layout is _jagged:
        return _jagged_rows(ts if dtype is None else ts.to(dtype))
    if isinstance(ts, Tensor):
        ts = ts.unbind()
    if not isinstance(ts, list | tuple) or not all(isinstance(each, Tensor) for each in ts):
        raise TypeError("as_nested_tensor(): Expected first argument to be a tensor or a list / tuple of tensors ")
    _require(layout, device)
    if layout is _jagged:
        return _jagged_of([each if dtype is None else each.to(dtype) for each in ts])
    _require_alike(ts)
    kind = dtype or (ts[0].dtype if ts else None)
    return _joined([each.to(kind) for each in ts])


@_entry
def to_padded_tensor(
    input: Any, padding: float, output_size: Sequence[int] | None = None, out: Tensor | None = None
) -> Tensor:
    """`input.to_padded_tensor(padding, output_size)`. Raises NotImplementedError for an `out`."""
    if out is not None:
        raise NotImplementedError("to_padded_tensor(): out= is not available")
    return input.to_padded_tensor(padding, output_size)


__getattr__ = _absent_from("nested")
