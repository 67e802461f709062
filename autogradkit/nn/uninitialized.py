"""Parameters and buffers whose sizes are not known yet: `UninitializedParameter`, `UninitializedBuffer`.

Rests on Parameter; lazy modules (`nn/modules/lazy.py`) hold them until their first call.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodWrapperType
from typing import Any, NoReturn

from autogradkit._ops.making.filled import empty
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.recording import unheard
from autogradkit.core.tensor import Tensor, wrap


def is_lazy(param: Any) -> bool:
    """Whether it waits for its sizes."""
    return isinstance(param, UninitializedTensorMixin)


def _unfilled(shape: Any, device: Any, dtype: Dtype | None) -> Tensor:
    with unheard():
        return empty.owner(shape, device=device, dtype=dtype)


# The methods that may be called without sizes.
_ALLOWED = frozenset((
    "size", "copy_", "is_complex", "is_floating_point", "half", "float", "double", "char", "short", "int", "long", "cuda", "cpu",
    "to", "get_device", "materialize", "cls_to_become", "share_memory_", "requires_grad_",
))  # fmt: skip
_METHOD = "<method '{}' of 'torch._C.TensorBase' objects>"


def _refusal(kind: type[Tensor], what: object) -> ValueError:
    return ValueError(
        f"Attempted to use an uninitialized parameter in {what}. This error happens when you are using a `LazyModule` or "
        f"explicitly manipulating `torch.nn.parameter.{kind.__name__}` objects. When using LazyModules Call `forward` with a "
        "dummy batch to initialize the parameters before calling torch functions"
    )


class UninitializedTensorMixin(Tensor):
    """A tensor without sizes: `materialize` gives it some. Almost everything else is refused."""

    __slots__ = ()
    cls_to_become: type[Tensor] = Tensor

    def materialize(self, shape: Any, device: Any = None, dtype: Dtype | None = None) -> None:
        """Give it memory of these sizes, unfilled; from then on it is an ordinary parameter or buffer."""
        self.data = _unfilled(shape, device, self.dtype if dtype is None else dtype)
        kind: Any = self.cls_to_become
        self.__class__ = kind

    @entry
    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or name in _ALLOWED or not callable(found):
            return found

        @entry
        def refuse(*args: Any, **kwargs: Any) -> NoReturn:
            raise _refusal(type(self), _METHOD.format(name))

        return refuse

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Refuse what is no property and not allowed, as PyTorch does."""
        name = getattr(func, "__name__", "")
        if name in _ALLOWED or type(func) is MethodWrapperType:
            return super().__torch_function__(func, types, args, kwargs)  # pyright: ignore[reportAttributeAccessIssue]
        raise _refusal(cls, _METHOD.format(name) if hasattr(Tensor, name) else func)

    @entry
    def share_memory_(self) -> NoReturn:
        """Raises RuntimeError: there is no memory yet."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters before "
            "calling `module.share_memory()`."
        )

    @property
    def shape(self) -> NoReturn:
        """Raises RuntimeError: there is none."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` "
            "when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the "
            "parameters before accessing their attributes."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad,)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose sizes are not known yet.

    >>> import autogradkit as torch
    >>> weight = torch.nn.UninitializedParameter()
    >>> weight.materialize((2, 3))
    >>> weight.shape
    torch.Size([2, 3])
    """

    __slots__ = ()
    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: Dtype | None = None
    ) -> UninitializedParameter:
        made: Any = cls._on(_unfilled((0,), device, dtype), requires_grad)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> UninitializedParameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, None, self.dtype)
        return memo[id(self)]


class UninitializedBuffer(UninitializedTensorMixin):
    """A buffer whose sizes are not known yet.

    >>> import autogradkit as torch
    >>> torch.nn.UninitializedBuffer()
    <UninitializedBuffer>
    """

    __slots__ = ()

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Dtype | None = None, persistent: bool = True
    ) -> UninitializedBuffer:
        made: Any = wrap(_unfilled((0,), device, dtype)._array, cls)
        made._requires_grad = requires_grad
        made.persistent = persistent
        made._is_buffer = True
        return made
