"""What is swept: every declared overload, by the ways in which it is called, with arguments made from its declaration.

The arguments' form comes from the samples that a declaration brings, from PyTorch's schema of the name (valid_calls.py), or,
where neither gives any, from the declared kinds of its parameters. Their values are hard points. An overload that no call
reaches is listed by `unreached`, and the test fails unless `NOT_SWEPT` says why. Rests on values, valid_calls and the
declarations; used by sweep.py.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

import autogradkit as ak
from autogradkit._ops.declare import PUBLISHED, SETS
from autogradkit._ops.declare.names import METHODS, MisfitError
from autogradkit._ops.declare.overload import Overload

from ..oracle import array_of
from ..valid_calls import LEFT_OUT, TARGETS, Call, valid_calls
from .compare import carried

# Overloads that are not swept, by "name/kernel", with the reason.
NOT_SWEPT: dict[str, str] = {}


@dataclass(frozen=True)
class Form:
    """One way to call something, with arguments whose floating tensors give only their shapes."""

    name: str
    theirs: Callable[..., Any]
    mine: Callable[..., Any]
    call: Call
    overload: Overload | None  # where it is known
    pointwise: bool
    edits: bool  # the first argument is edited


def forms() -> list[Form]:
    """All forms."""
    return [*_declared(), *_by_schema()]


def _maker(made: list[int]) -> Callable[..., ak.Tensor]:
    def make(*shape: int, low: float = -2.0, high: float = 2.0) -> ak.Tensor:
        made.append(1)
        count = math.prod(shape)
        step = (high - low) / (count + 1)
        return ak.tensor([low + step * (i + 1) for i in range(count)], dtype=ak.float64).reshape(shape).requires_grad_()

    return make


def _to_theirs(value: Any) -> Any:
    if isinstance(value, ak.Tensor):
        array = array_of(value)
        made = torch.empty_strided(
            array.shape, value.stride(), dtype=getattr(torch, str(value.dtype).partition(".")[2])
        )
        made.copy_(torch.from_numpy(array.copy()))
        return made.requires_grad_(value.requires_grad)
    if isinstance(value, list | tuple):
        return type(value)(_to_theirs(each) for each in value)
    if isinstance(value, ak.dtype):
        return getattr(torch, str(value).partition(".")[2])
    return value


def name_of(overload: Overload) -> str:
    """An overload's name in lists."""
    kernel = overload.kernel.__name__
    number = overload.owner.overloads.index(overload)
    return f"{overload.owner.name}/{kernel}/{number}"


def _declared() -> Iterator[Form]:
    """Each declared overload with its own samples: as a function, a method, in place, or as PyTorch's own kernel."""
    for owner in SETS:
        for overload in owner.overloads:
            if overload.samples is None:
                continue
            for sample in overload.samples(_maker([])):
                args = [_to_theirs(each) for each in sample]
                at = overload.positional
                named = {p.public: v for p, v in zip(overload.parameters[at:], args[at:], strict=False)}
                yield from _ways(overload, args[:at], named)


def _ways(overload: Overload, args: list[Any], named: dict[str, Any]) -> Iterator[Form]:
    owner = overload.owner
    pointwise = overload.pointwise is not None
    name = owner.name
    if "function" in overload.variants and PUBLISHED.get(name) is owner and hasattr(torch, name):
        call = Call(list(args), dict(named))
        yield Form(name, getattr(torch, name), owner.made("function"), call, overload, pointwise, False)
    elif (
        overload.self_at is None
        and not name.startswith("_")
        and not name.endswith("_backward")
        and not hasattr(torch, name)
    ):
        theirs = _kernel_of_theirs(name)
        if theirs is not None:
            mine = overload if not owner.only_in_place else overload.in_place_call
            yield Form(f"aten.{name}", theirs, mine, Call(list(args), dict(named)), overload, pointwise, False)
    if overload.self_at is None:
        return
    ordered = list(args)
    if overload.self_at < len(ordered):
        ordered.insert(0, ordered.pop(overload.self_at))
    for spelled in (name, owner.edit_name):
        found = METHODS.get(spelled)
        if found is None or found[0] is not owner or not hasattr(torch.Tensor, spelled):
            continue
        edits = spelled.endswith("_") and not spelled.endswith("__")
        if edits and not overload.in_place:
            continue
        call = Call(list(ordered), dict(named))
        yield Form(f"Tensor.{spelled}", _method(spelled), _method(spelled), call, overload, pointwise, edits)


def _kernel_of_theirs(name: str) -> Callable[..., Any] | None:
    for place in (torch._C._nn, torch.ops.aten, torch):
        if hasattr(place, name):
            return getattr(place, name)
    return None


def _method(name: str) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: getattr(self, name)(*args, **kwargs)


def _by_schema() -> Iterator[Form]:
    """What valid_calls.py makes of PyTorch's schemas."""
    for target in TARGETS.values():
        edits = target.is_method and target.name.endswith("_") and not target.name.endswith("__")
        for call in valid_calls(target, 3):
            reached = reached_by(target.name, call)
            pointwise = reached is not None and reached.pointwise is not None
            yield Form(target.name, target.theirs, target.mine, call, reached, pointwise, edits)


def reached_by(name: str, call: Call) -> Overload | None:
    """The overload that a public call means."""
    place, _, short = name.rpartition(".")
    if place == "Tensor":
        found = METHODS.get(short)
    elif place == "":
        owner = PUBLISHED.get(short)
        found = None if owner is None else (owner, "function")
    else:
        return None
    if found is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            args = [carried(each) for each in call.args]
            return found[0].choose(args, {n: carried(v) for n, v in call.kwargs.items()}, found[1], short)[0]
    except (TypeError, MisfitError, RuntimeError):
        return None


def unreached(all_forms: list[Form]) -> list[str]:
    """The overloads that no form calls."""
    reached = {id(form.overload) for form in all_forms}
    left = [each for owner in SETS for each in owner.overloads if id(each) not in reached and not each.deprecated]
    return [name_of(each) for each in left if each.owner.name not in LEFT_OUT]
