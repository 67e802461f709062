"""The class: a tensor of data with a mask, true where an element counts.

It has no memory of its own: data and mask are tensors that it keeps, and what an op is on it is in two tables, by the op's
name. Ops come here below autograd (`OPERATORS`, which `__torch_dispatch__` asks), so gradients of masked tensors are masked
ones, by the ops' own formulas; a few functions are taken before that (`FUNCTIONS`, of `__torch_function__`). Rests on
autograd's custom functions, by which data go in and out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit.autograd.function import Function
from autogradkit.core import dtype as dtypes
from autogradkit.core.frames import entry
from autogradkit.core.layout import sparse_coo, sparse_csr, strided
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

FUNCTIONS: dict[str, Callable[..., Any]] = {}  # what `__torch_function__` takes, by the function's name
OPERATORS: dict[str, Callable[..., Any]] = {}  # what `__torch_dispatch__` does, by the operator's; each gets that first

_PROTOTYPE = (
    "The PyTorch API of MaskedTensors is in prototype stage and will change in the near future. Please open a Github issue for "
    "features requests and see our documentation on the torch.masked module for further information about the project."
)
_OF_LEAF = (
    "It is not recommended to create a MaskedTensor with a tensor that requires_grad. To avoid this, you can use "
    "data.detach().clone()"
)
MISSING = (
    "If you would like this operator to be supported, please file an issue for a feature request at "
    "https://github.com/pytorch/maskedtensor/issues with a minimal reproducible code snippet.\n"
    "In the case that the semantics for the operator are not trivial, it would be appreciated to also include a proposal for the "
    "semantics."
)
_DTYPES = (
    dtypes.float16, dtypes.float32, dtypes.float64, dtypes.bool_, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64,
)  # fmt: skip


def is_masked_tensor(obj: Any, /) -> bool:
    """Whether an object is a masked tensor.

    >>> import autogradkit as torch
    >>> torch.masked.is_masked_tensor(torch.ones(2))
    False
    """
    return isinstance(obj, MaskedTensor)


class MaskedTensor(Tensor):
    """Data of any of three layouts, of which those elements count where `mask` is true.

    `mask` has dtype bool and the sizes and layout of `data`; both are copied. Raises TypeError and ValueError where they do not
    go together. A leaf: `as_masked_tensor` keeps the graph of its data.

    >>> import autogradkit as torch
    >>> x = torch.masked.MaskedTensor(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([True, False, True]))
    >>> x * 2, x.sum()
    (MaskedTensor(
      [  2.0000,       --,   8.0000]
    ), MaskedTensor(  5.0000, True))
    """

    _masked_data: Tensor
    _masked_mask: Tensor

    @entry
    def __new__(cls, data: Any, mask: Any, requires_grad: bool = False) -> MaskedTensor:
        require_tensors(data, mask)
        warn_of_prototype(data)
        return _hollow(cls, data, requires_grad)

    @entry
    def __init__(self, data: Any, mask: Any, requires_grad: bool = False) -> None:
        self._keep(*_matched(data, mask))

    def _keep(self, data: Tensor, mask: Tensor) -> None:
        """Have these data and mask from now on. Raises TypeError and ValueError where they do not go together."""
        self._masked_data, self._masked_mask = data, mask
        if type(data) is not type(mask):
            raise TypeError(f"data and mask must have the same type. Got {type(data)} and {type(mask)}")
        if data.layout not in (strided, sparse_coo, sparse_csr):
            raise TypeError(f"data layout of {data.layout} is not supported.")
        if data.layout is sparse_coo and not alike(data.indices(), mask.indices()):
            raise ValueError("data and mask are both sparse COO tensors but do not have the same indices.")
        if data.layout is sparse_csr and not (
            alike(data.crow_indices(), mask.crow_indices()) and alike(data.col_indices(), mask.col_indices())
        ):
            raise ValueError("data and mask are both sparse CSR tensors but do not share either crow or col indices.")
        if mask.dtype is not dtypes.bool_:
            raise TypeError("mask must have dtype bool.")
        if data.dtype not in _DTYPES:
            raise TypeError(f"{data.dtype} is not supported in MaskedTensor.")
        if data.dim() != mask.dim():
            raise ValueError("data.dim() must equal mask.dim()")
        if data.size() != mask.size():
            raise ValueError("data.size() must equal mask.size()")

    # -- what ops are -----------------------------------------------------------------------------------------------

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What a function of the table makes of a call; of any other, what its ops make."""
        found = FUNCTIONS.get(getattr(func, "__name__", ""))
        if found is not None:
            return found(*args, **(kwargs or {}))
        plain: Any = super()
        return plain.__torch_function__(func, types, args, kwargs)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What an op of the table makes of data and mask; NotImplemented, with a warning, for another."""
        packet = func.overloadpacket
        found = OPERATORS.get(packet.__name__)
        if found is not None:
            return found(packet, *args, **(kwargs or {}))
        warn(f"{packet.__name__} is not implemented in __torch_dispatch__ for MaskedTensor.\n{MISSING}")
        return NotImplemented

    def __lt__(self, other: Any) -> Any:
        return masked(self.get_data() < data_of(other), self.get_mask())

    # -- data and mask ----------------------------------------------------------------------------------------------

    def get_data(self) -> Any:
        """The data, also where the mask leaves them out, in the graph: their gradient is masked."""
        return GetData.apply(self)

    def get_mask(self) -> Any:
        """The mask."""
        return self._masked_mask

    @entry
    def to_tensor(self, value: Any) -> Any:
        """The data, with `value` where the mask leaves an element out.

        >>> import autogradkit as torch
        >>> torch.masked.MaskedTensor(torch.tensor([1.0, 2.0]), torch.tensor([True, False])).to_tensor(0)
        tensor([1., 0.])
        """
        return self.get_data().masked_fill(~self.get_mask(), value)

    def _filled(self, fill: Callable[[Any, Any], Any]) -> Any:
        """What `fill(data, mask)` makes for a reduction, in the graph: its gradient is masked as this is."""
        return Combine.apply(self.get_data(), self.get_mask(), fill)

    @property
    def layout(self) -> Any:
        """That of the data."""
        return self._masked_data.layout

    def is_sparse_coo(self) -> bool:
        """Whether data and mask are kept by coordinates."""
        return self.layout is sparse_coo

    def is_sparse_csr(self) -> bool:
        """Whether data and mask are kept by rows."""
        return self.layout is sparse_csr

    @property
    def is_sparse(self) -> bool:
        """Whether data and mask are sparse, by coordinates or by rows."""
        return self.is_sparse_coo() or self.is_sparse_csr()

    def is_contiguous(self, *, memory_format: Any = None) -> bool:
        """Whether the data are. Raises ValueError where they are sparse."""
        if self._masked_data.is_sparse:
            raise ValueError("MaskedTensors with sparse data do not have is_contiguous")
        return self._masked_data.is_contiguous(**({} if memory_format is None else {"memory_format": memory_format}))

    def __repr__(self) -> str:
        data, mask = self._masked_data, self._masked_mask
        if not data.dim():
            kept = mask.item()
            return f"MaskedTensor({_element(data.item()) if kept else '--'}, {kept})"
        if data.layout is not strided:
            data, mask = data.to_dense(), mask.to_dense()
        return f"MaskedTensor(\n{_indented(_shown(data.tolist(), mask.tolist(), data.dim()))}\n)"


# -- making them ------------------------------------------------------------------------------------------------------


def _hollow(cls: type[Tensor], data: Any, requires_grad: bool = False) -> Any:
    strides = data.stride() if data.layout is strided else None
    return Tensor._make_wrapper_subclass(  # pyright: ignore[reportAttributeAccessIssue]
        cls, data.size(), strides=strides, dtype=data.dtype, requires_grad=requires_grad
    )


def require_tensors(data: Any, mask: Any) -> None:
    """Raise TypeError where one of them is no tensor, or masked itself."""
    for name, each in (("data", data), ("mask", mask)):
        if is_masked_tensor(each) or not isinstance(each, Tensor):
            raise TypeError(f"{name} must be a Tensor")


def warn_of_prototype(data: Any) -> None:
    """Warn as PyTorch does of each masked tensor that is made by hand: its class may change yet."""
    warn(_PROTOTYPE)
    if data.requires_grad:
        warn(_OF_LEAF)


def _matched(data: Any, mask: Any) -> tuple[Any, Any]:
    """Copies of data and mask; of sparse ones with the same indices."""
    if data.layout is not mask.layout:
        raise TypeError("data and mask must have the same layout.")
    if data.layout is sparse_coo:
        data, mask = data.coalesce(), mask.coalesce()
    if data.layout in (sparse_coo, sparse_csr) and data._nnz() != mask._nnz():
        data = data.to_dense().sparse_mask(mask)
    return data.clone(), mask.clone()


def masked(data: Any, mask: Any) -> MaskedTensor:
    """A masked tensor of copies of these, as ops make one: without the warning."""
    made = _hollow(MaskedTensor, data)
    made._keep(*_matched(data, mask))
    return made


def from_values(data: Any, mask: Any) -> Any:
    """A masked tensor in the graph of its data, whose gradient goes on as it is."""
    return Constructor.apply(data, mask)


class Constructor(Function):
    @staticmethod
    def forward(ctx: Any, data: Any, mask: Any) -> Any:
        return masked(data, mask)

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return grad_output, None


class GetData(Function):
    @staticmethod
    def forward(ctx: Any, given: Any) -> Any:
        ctx.mask = given._masked_mask
        return given._masked_data.detach()

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return grad_output if is_masked_tensor(grad_output) else masked(grad_output, ctx.mask)


class Combine(Function):
    @staticmethod
    def forward(ctx: Any, data: Any, mask: Any, fill: Callable[[Any, Any], Any]) -> Any:
        ctx.mask = mask
        return fill(data, mask)

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return masked(data_of(grad_output), ctx.mask), None, None


# -- taking them apart ------------------------------------------------------------------------------------------------


def data_of(value: Any) -> Any:
    """The data of a masked tensor, anything else as it is."""
    return value._masked_data if is_masked_tensor(value) else value


def mask_of(value: Any) -> Any:
    """The mask of a masked tensor; None of anything else."""
    return value._masked_mask if is_masked_tensor(value) else None


def opened(values: Any, part: Callable[[Any], Any]) -> Any:
    """The values, lists and dictionaries of them too, with `part` of each masked tensor in its place."""
    if is_masked_tensor(values):
        return part(values)
    if isinstance(values, (list, tuple)):
        return type(values)([opened(each, part) for each in values])
    if isinstance(values, dict):
        return {name: opened(each, part) for name, each in values.items()}
    return values


def closed(data: Any, mask: Any) -> Any:
    """Masked tensors of what an op gave of data and of masks."""
    if isinstance(data, (list, tuple)):
        return type(data)([closed(*pair) for pair in zip(data, mask, strict=True)])
    return masked(data, mask)


def alike(one: Any, other: Any) -> bool:
    """Whether two tensors are equal, element by element."""
    return one.layout is other.layout and one.dim() == other.dim() and bool((one == other.to(one.dtype)).all())


def same_masks(one: Any, other: Any) -> bool:
    """Whether two masked tensors have equal masks; True where one is none."""
    first, second = mask_of(one), mask_of(other)
    if first is None or second is None:
        return True
    if first.layout is not second.layout:
        raise ValueError(f"`a` and `b` must have the same layout. Got {first.layout} and {second.layout}")
    if first.layout is sparse_coo:
        return alike(first.values(), second.values()) and alike(first.indices(), second.indices())
    if first.layout is sparse_csr:
        return all(
            alike(getattr(first, name)(), getattr(second, name)()) for name in ("crow_indices", "col_indices", "values")
        )
    return first.dim() == second.dim() and bool((first == second).all())


# -- printing ---------------------------------------------------------------------------------------------------------


def _element(value: Any) -> str:
    return f"{value:8.4f}" if isinstance(value, float) else str(value)


def _shown(data: Any, mask: Any, dims: int) -> str:
    if dims == 1:
        texts = [_element(each) for each in data]
        width = max(len(text) if kept else 8 for text, kept in zip(texts, mask, strict=True))
        shown = [text if kept else "--".rjust(width) for text, kept in zip(texts, mask, strict=True)]
        return f"[{', '.join(shown)}]"
    rows = [_indented(_shown(*pair, dims - 1)) for pair in zip(data, mask, strict=True)]
    return "[\n" + ",\n".join(rows) + "\n]"


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.split("\n"))


def operators(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what the operators of these names are on masked tensors; the function gets the operator first."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        OPERATORS.update(dict.fromkeys(names, function))
        return function

    return register


def functions(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what takes the functions of these names before any op does."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(names, function))
        return function

    return register


def require_count(args: Sequence[Any], kwargs: dict[str, Any], what: str, count: int, bare: bool = False) -> None:
    """Raise ValueError where there are not `count` arguments by place; with `bare`, where some have names."""
    if len(args) != count:
        raise ValueError(f"{what}: len(args) must be {count} but got {len(args)}")
    if bare and kwargs:
        raise ValueError(f"{what}: len(kwargs) must be 0 but got {len(kwargs)}")
