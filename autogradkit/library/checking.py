"""`opcheck`: whether an operator does what it was registered with says of it.

Rests on `custom.py` and `dispatch.py`; an operator is only called, with copies of the arguments, here and on the meta device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import autogradkit
from autogradkit._ops.operators.overloads import OpOverload, OpOverloadPacket
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.library.custom import CustomOpDef
from autogradkit.library.dispatch import AUTOGRAD, CPU, KERNELS

_DEFAULT = ("test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")


class OpCheckError(Exception):
    """What is wrong with an operator."""


class _Call:
    """A call of an operator, which can be made again and again with copies of the arguments."""

    def __init__(self, op: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.op, self.args, self.kwargs = op, args, kwargs

    def copied(self, copy: Callable[[Tensor], Tensor]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments, with a copy of each tensor."""
        return [_each(copy, each) for each in self.args], {
            name: _each(copy, each) for name, each in self.kwargs.items()
        }

    def call_on_copies(self) -> tuple[Any, list[Any], dict[str, Any]]:
        """(what it gives, and the copies that it was given)."""
        args, kwargs = self.copied(_clone)
        return self.op(*args, **kwargs), args, kwargs


def _each(copy: Callable[[Tensor], Tensor], value: Any) -> Any:
    if isinstance(value, Tensor):
        return copy(value)
    return type(value)(_each(copy, each) for each in value) if isinstance(value, list | tuple) else value


def _clone(tensor: Tensor) -> Tensor:
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        found += [value] if isinstance(value, Tensor) else _tensors(value) if isinstance(value, list | tuple) else []
    return found


def _check_schema(call: _Call) -> None:
    """Nothing is written that the schema does not say."""
    _, args, kwargs = call.call_on_copies()
    before = call.copied(_clone)
    named = {each.name: each for each in call.op._schema.arguments}
    for name, now, then in [
        *zip(named, args, before[0], strict=False),
        *((name, kwargs[name], before[1][name]) for name in kwargs),
    ]:
        same = all(
            one.numpy(force=True).tobytes() == other.numpy(force=True).tobytes() for one, other in _pairs(now, then)
        )
        if not named[name].is_write and not same:
            raise RuntimeError(f"Argument {name} is not defined as mutable but was mutated")


def _pairs(one: Any, other: Any) -> list[tuple[Tensor, Tensor]]:
    return list(zip(_tensors([one]), _tensors([other]), strict=True))


def _check_registration(call: _Call) -> None:
    """What is differentiated has a kernel for that, where not all of it is made of other operators."""
    name = call.op.name()
    if not any(each.requires_grad for each in _tensors([call.args, list(call.kwargs.values())])):
        return
    kernels = KERNELS.get(name)
    if kernels is None or CPU not in kernels.by_key or kernels.first(AUTOGRAD, "AutogradCPU") is not None:
        return
    if any(each.requires_grad for each in _tensors([call.call_on_copies()[0]])):
        raise AssertionError(
            f"{name}: at least one output of this operator has requires_grad=True but the operator does not have an "
            "autograd kernel defined at an autograd key (e.g. DispatchKey::Autograd). This could mean that you have "
            "incorrectly registered an autograd kernel to a non-Autograd DispatchKey, which may lead to silently "
            "incorrect results. If your operator consists of regular PyTorch operations, consider not using an operator "
            "at all or registering your operator as CompositeImplicitAutograd. If you have an autograd.Function "
            "registered to a backend (CPU/CUDA/XPU) key, the correct location for it is the Autograd key."
        )


def _results(call: _Call) -> tuple[Any, Any]:
    """(what it gives, what it says that looks like)."""
    real = call.call_on_copies()[0]
    args, kwargs = call.copied(lambda each: each.detach().to("meta"))
    fake = call.op(*args, **kwargs)
    if isinstance(real, Tensor) and not isinstance(fake, Tensor):
        raise RuntimeError(f"Unable to cast {fake} to Tensor")
    return real, fake


def _check_fake(call: _Call) -> None:
    """On the meta device it gives tensors of the same sizes, dtypes and strides."""
    real, fake = _results(call)
    for one, other in zip(_tensors([real]), _tensors([fake]), strict=True):
        head = f"When comparing the output of {call.op} on FakeTensor and concrete Tensors, found mismatched tensor metadata: "
        if one.shape != other.shape:
            raise RuntimeError(f"{head}Shapes {one.shape} and {other.shape} are not equal!")
        if one.dtype != other.dtype:
            raise RuntimeError(f"{head}Dtypes {one.dtype} and {other.dtype} are not equal!")
        if one.numel() and one.stride() != other.stride():
            place = next(i for i, (a, b) in enumerate(zip(one.stride(), other.stride(), strict=True)) if a != b)
            raise RuntimeError(
                f"{head}Stride mismatch! Strides are {one.stride()} and {other.stride()} (mismatched at {place})!"
            )


def _check_backward(call: _Call) -> None:
    """It runs on the meta device, and what is differentiated runs backward."""
    _results(call)
    outputs = [each for each in _tensors([call.call_on_copies()[0]]) if each.requires_grad]
    if outputs:
        autogradkit.autograd.backward([each.sum() for each in outputs])


_CHECKS: dict[str, Callable[[_Call], None]] = {
    "test_schema": _check_schema,
    "test_autograd_registration": _check_registration,
    "test_faketensor": _check_fake,
    "test_aot_dispatch_static": _check_backward,
    "test_aot_dispatch_dynamic": _check_backward,
}


@entry
def opcheck(
    op: OpOverload | OpOverloadPacket | CustomOpDef,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    test_utils: str | Sequence[str] = _DEFAULT,
    raise_exception: bool = True,
    atol: float | None = None,
    rtol: float | None = None,
) -> dict[str, Any]:
    """Call an operator with these arguments, and look whether it does what is registered of it; what came of each check.

    "test_schema": it writes only what its schema says, and gives nothing that it was given. "test_autograd_registration": what is
    differentiated has a kernel for that. "test_faketensor": on the meta device the result looks the same.
    "test_aot_dispatch_dynamic" and "test_aot_dispatch_static", for which nothing is compiled here: it runs there, and so does
    backward here. `atol` and `rtol` are for compiled numbers.

    Raises `OpCheckError`, or gives the errors if `raise_exception` is False; ValueError for what is no operator, or no check.

    >>> import autogradkit as torch
    >>> @torch.library.custom_op("doc_opcheck::double", mutates_args=())
    ... def double(x: torch.Tensor) -> torch.Tensor:
    ...     return x * 2
    >>> torch.library.opcheck(double, (torch.ones(2),), test_utils="test_schema")
    {'test_schema': 'SUCCESS'}
    """
    if isinstance(op, CustomOpDef):
        op = op._opoverload
    if isinstance(op, OpOverloadPacket):
        op = op.default
    if not isinstance(op, OpOverload):
        raise ValueError(
            "opcheck(op, ...): op must be instance of torch._ops.OpOverload, e.g. torch.ops.aten.sin.default, got "
            f"{type(op)}"
        )
    wanted = (test_utils,) if isinstance(test_utils, str) else test_utils
    if not set(wanted) <= _CHECKS.keys():
        raise ValueError(
            f"opcheck(op, ..., test_utils={wanted}), expected test_utils to be subset of {tuple(_CHECKS)} but it was not"
        )
    call = _Call(op, args, kwargs or {})
    found: dict[str, Any] = {}
    for name in wanted:
        try:
            _CHECKS[name](call)
            found[name] = "SUCCESS"
        except Exception as error:
            if raise_exception:
                raise OpCheckError(
                    f"opcheck(op, ...): {name} failed with {error} (scroll up for stack trace)"
                ) from error
            found[name] = error
    return found
