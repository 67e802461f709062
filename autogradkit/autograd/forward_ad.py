"""PyTorch's `torch.autograd.forward_ad`: dual tensors, whose tangents every op carries along.

Rests on `engine/dual.py`, which does that while a level is on.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple

from autogradkit._ops.views.sizes import fw_primal
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.dual import DualLevel, laid_out, require_same_size
from autogradkit.engine.modes import DUAL_LEVELS, ContextDecorator, forward_grad

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


@entry
def enter_dual_level() -> int:
    """Begin a level, in which tensors may have tangents; gives its number, 0. Raises RuntimeError within another."""
    if DUAL_LEVELS:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    DualLevel().begin()
    return 0


@entry
def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: its tangents are gone. Raises RuntimeError where `level` is not the one that is on."""
    if level is not None and level != len(DUAL_LEVELS) - 1:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    if not DUAL_LEVELS:
        raise RuntimeError("Dual level must be a positive number.")
    DUAL_LEVELS[0].end()


class UnpackedDualTensor(NamedTuple):
    """What `unpack_dual` gives."""

    primal: Tensor
    tangent: Tensor | None


@entry
def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The tensor seen again, with the `tangent` that ops carry along: itself if it lies in memory as `tensor`, else a copy.

    Raises RuntimeError outside of a level, ValueError where one of the two has whole numbers.

    >>> import autogradkit as torch
    >>> import autogradkit.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0]))
    ...     fwAD.unpack_dual(x**2).tangent
    tensor([ 2., 60.])
    """
    number = len(DUAL_LEVELS) - 1 if level is None else level
    if number < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for each, name in ((tensor, "primal"), (tangent, "tangent")):
        if not (each.is_floating_point() or each.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {each.dtype}")
    if number >= len(DUAL_LEVELS):
        raise RuntimeError("Invalid level given to _make_dual")
    on: DualLevel = DUAL_LEVELS[number]
    if on.tangent_of(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level "
            f"{number} is not supported."
        )
    if on.tangent_of(tangent) is not None:
        raise RuntimeError(
            f"Setting a forward grad that itself has a forward gradient at the same level{number} is not supported."
        )
    require_same_size(tensor, tangent)
    dual: Any = tensor.view_as(tensor)
    on.keep(dual, laid_out(tangent, tensor))
    return dual


@entry
def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """(the tensor seen again without its tangent, the tangent or None)."""
    number = len(DUAL_LEVELS) - 1 if level is None else level
    if number < 0:
        return UnpackedDualTensor(tensor, None)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"_unpack_dual(): argument 'dual' (position 1) must be Tensor, not {c_type_name(tensor)}")
    if number >= len(DUAL_LEVELS):
        raise RuntimeError("Invalid level given to _fw_primal")
    on: DualLevel = DUAL_LEVELS[number]
    with forward_grad(False):
        primal: Any = fw_primal(tensor)
    on.keep(primal, None)
    return UnpackedDualTensor(primal, on.shown(tensor))


class dual_level(ContextDecorator):  # noqa: N801 - PyTorch's name
    """A level for a `with` block, or for each call of the function that it decorates."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        exit_dual_level()


__getattr__ = _absent_from("autograd.forward_ad")
