"""`Parameter`: a tensor that a module registers as its own.

Rests on tensor. `nn.Module` collects parameters by their class; optimizers treat them as any leaf.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autogradkit.core.errors import WHOLE_NUMBERS, c_type_name, with_note
from autogradkit.core.layout import strided
from autogradkit.core.own import is_own
from autogradkit.core.pending import numbers_of
from autogradkit.core.recording import reported
from autogradkit.core.strides import empty_array
from autogradkit.core.tensor import PENDING, Tensor, wrap

WITHOUT_NUMBERS: list[type[Parameter]] = []  # the class of those on the meta device


class _Marked(type(Tensor)):
    """Knows a tensor of a user's own class by its mark: it stays of that class when it becomes a parameter."""

    def __instancecheck__(cls, instance: Any) -> bool:
        marked = cls is Parameter and isinstance(instance, Tensor) and getattr(instance, "_is_param", False)
        return bool(marked) or super().__instancecheck__(instance)


class Parameter(Tensor, metaclass=_Marked):
    """A leaf that requires grad, to be assigned to an attribute of a module.

    `data` is shared, not copied; what is of a class of its own stays of that class. Raises RuntimeError for a dtype that cannot
    require gradients, and where a class's `detach` gives another class.

    >>> import autogradkit as torch
    >>> torch.nn.Parameter(torch.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()
    _is_param = True  # by which it is printed, as in PyTorch

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        if data is not None and not isinstance(data, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise with_note(
                AttributeError(f"'{c_type_name(data)}' object has no attribute 'detach'"),
                "a parameter is made of a tensor: torch.tensor(...) makes one of numbers or an array.",
            )
        if not isinstance(requires_grad, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = c_type_name(requires_grad)
            raise TypeError(f"_make_subclass(): argument 'require_grad' (position 3) must be bool, not {kind}")
        if data is None:
            return cls._on(wrap(empty_array((0,), np.dtype(np.float32))), requires_grad)
        if not is_own(type(data)):
            return _marked(data, requires_grad)
        return reported("Parameter", "detach", partial(cls._on, requires_grad=requires_grad), data)

    @classmethod
    def _on(cls, data: Tensor, requires_grad: bool) -> Parameter:
        if data.layout is not strided:
            raise NotImplementedError(
                "PyTorch has sparse parameters; autogradkit does not have them: use to_dense() first"
            )
        # `type(parameter)(tensor)`: PyTorch has one class for parameters with numbers and for those without.
        kind = WITHOUT_NUMBERS[0] if data.is_meta else Parameter if cls in WITHOUT_NUMBERS else cls
        parameter = wrap(numbers_of(data), kind)
        assert isinstance(parameter, Parameter)
        parameter._counter = data._counter if data.__class__ not in PENDING else None
        if requires_grad:
            if data._array.dtype.kind in "biu":
                raise RuntimeError(WHOLE_NUMBERS)
            parameter._requires_grad = True
        return parameter

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:  # unlike that of another tensor the copy begins without a `.grad`
            memo[id(self)] = reported("deepcopy", "detach", _copied, self)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (wrap(self._array), self._requires_grad), self.__dict__ or None


def _marked(data: Tensor, requires_grad: bool) -> Any:
    """A tensor of a user's own class as a parameter."""
    parameter = data.detach().requires_grad_(requires_grad)
    if type(parameter) is not type(data):
        raise RuntimeError(
            f"Creating a Parameter from an instance of type {type(data).__name__} requires that detach() returns an instance "
            f"of the same type, but return type {type(parameter).__name__} was found instead. To use the type as a "
            "Parameter, please correct the detach() semantics defined by its __torch_dispatch__() implementation."
        )
    setattr(parameter, "_is_param", True)  # noqa: B010 - of a user's class, which has attributes
    return parameter


def _copied(parameter: Parameter) -> Parameter:
    return type(parameter)(wrap(parameter._array.copy(order="K")), parameter._requires_grad)


def _rebuild(data: Tensor, requires_grad: bool) -> Parameter:
    return Parameter(data, requires_grad)
