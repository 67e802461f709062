"""What a line may call: every public op, with arguments that fit it, as text with places for tensors.

Made from the declarations' samples and from PyTorch's schemas (valid_calls), so that a new op is covered by itself. Used by
`writer`, which puts tensors of a program into the places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

import autogradkit as ak
from autogradkit._ops.declare import SETS
from autogradkit._ops.declare.names import METHODS, PUBLISHED, OverloadSet
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.unloaded import load_all

from ..valid_calls import QUANTISED, SPARSE, TARGETS, Call, Target, valid_calls

load_all()  # of families that are declared when they are asked for, too

# What is called by other lines, cannot be compared, or has nothing of a tensor.
LEFT_OUT = {
    **dict.fromkeys(SPARSE, "about sparse tensors"),
    "empty": "has no values yet",
    **dict.fromkeys(("empty_like", "empty_strided", "empty_permuted", "new_empty_strided"), "has no values yet"),
    "new_empty": "has no values yet",
    "embedding_bag": "what it gives beside the rows differs (PARITY.md, Chosen differences)",
    **dict.fromkeys(
        ("rnn_tanh", "rnn_relu", "gru", "gru_cell", "lstm", "lstm_cell"),
        "the sizes of its parameters hang together, which random values do not meet: test_recurrent.py compares it",
    ),
    "_int_mm": "of int8 alone, in sizes that fit: test_native_forms.py compares it",
    "istft": "its frames and windows hang together: the operator database compares it",
    "initial_seed": "the generators are seeded apart",
    "from_file": "reads a file: test_less_usual_names.py compares it",
    "get_rng_state": "large",
    "set_rng_state": "a state takes 5056 bytes",
    "set_default_dtype": "changes what all other lines do",
    "set_printoptions": "changes what is printed, which printing tests",
    "get_printoptions": "about printing",
    "data_ptr": "an address",
    "untyped_storage": "an object of its own",
    "from_dlpack": "takes no tensor of a program",
    "frombuffer": "takes a buffer",
    "dequantize": "takes away the history of its operand, in PyTorch",
    "set_": "gives a tensor foreign memory",
    "pin_memory": "needs a device that is not there",
    "_pin_memory": "needs a device that is not there",
    "_has_compatible_shallow_copy_type": "looks at layouts and devices, of which programs have one",
    **dict.fromkeys(
        (
            "fractional_max_pool2d",
            "fractional_max_pool3d",
            "fractional_max_pool2d_with_indices",
            "fractional_max_pool3d_with_indices",
        ),
        "PyTorch reads beyond memory where a sample is not between 0 and 1",
    ),
    **dict.fromkeys(
        ("binomial", "_standard_gamma", "_standard_gamma_grad", "_sample_dirichlet", "_dirichlet_grad"),
        "draws, and slopes that PyTorch approximates: test_gammas.py compares them",
    ),
    **dict.fromkeys(("apply_", "map_", "map2_"), "takes a function"),
    **dict.fromkeys(QUANTISED, "about quantised tensors, of which there are none"),
    "from_numpy": "takes an array",
    "numpy": "gives an array",
    "_neg_view": "a private name, of which no valid call is known here: test_conjugates.py",
    "register_hook": "lines of its own in `writer`",
    "register_post_accumulate_grad_hook": "lines of its own in `writer`",
}


# What ends the process in PyTorch where `out=` is the operand, whose sizes it changes before LAPACK reads it.
CORRUPTING = ("eigvalsh", "svd", "svdvals")

# What may end the process in PyTorch where a number is infinite or NaN: its LAPACK then looks beyond the matrix.
ENDING = ("eigvals",)


@dataclass(frozen=True)
class Slot:
    """A place for a tensor."""

    shape: tuple[int, ...]
    kind: str  # "f", "i" or "b"; "c" never, as complex tensors are tried where floating ones stand
    positive: bool = False
    values: str = ""  # of indices and masks, which must fit


@dataclass(frozen=True)
class Template:
    """One way of calling an op."""

    label: str
    function: str  # "T.exp", or ".exp" of a method of the first argument
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]

    @property
    def in_place(self) -> bool:
        """Whether it writes into its first argument."""
        return self.label.endswith("_")


# Beside half precision PyTorch rounds the logarithm of Γ to that, which does not show in a formula here.
UNSETTLED = {"igamma", "igammac", "igamma_", "igammac_", "gammainc", "gammaincc"}


@cache
def names() -> tuple[str, ...]:
    """Everything that may be called, by the names of `TARGETS`, and of declared in-place forms."""
    left_out = {*LEFT_OUT, *UNSETTLED}
    return tuple([name for name in TARGETS if name.rpartition(".")[2] not in left_out and "operator." not in name])


@cache
def templates(name: str) -> tuple[Template, ...]:
    """All ways to call a name that are known: by its declaration's samples and by PyTorch's schemas."""
    target = TARGETS[name]
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)  # a program may have another
    try:
        return _tried(name, target)
    finally:
        torch.set_default_dtype(default)


def _tried(name: str, target: Target) -> tuple[Template, ...]:
    with torch.random.fork_rng():  # some of the calls that are tried draw, in the midst of a program
        return (*_from_samples(name, target), *(_of_call(name, target, call) for call in valid_calls(target)))


def _function(name: str, target: Target) -> str:
    return f".{name.rpartition('.')[2]}" if target.is_method else f"T.{name}"


def _of_call(name: str, target: Target, call: Call) -> Template:
    args = tuple(_argument(each) for each in call.args)
    # Layouts are test_sparse's.
    kwargs = tuple((k, _argument(v)) for k, v in call.kwargs.items() if not isinstance(v, torch.layout))
    return Template(name.rpartition(".")[2], _function(name, target), args, kwargs)


def _from_samples(name: str, target: Target) -> Iterator[Template]:
    short = name.rpartition(".")[2]
    owner = (METHODS[short][0] if short in METHODS else None) if target.is_method else PUBLISHED.get(short)
    if owner is None or name.startswith("nn."):
        return
    for overload in _relatives(owner):
        for sample in _samples(overload):
            arguments = tuple(_argument(each) for each in sample)
            names_of = [p.name for p in overload.parameters]
            positional = list(arguments[: overload.positional])
            if target.is_method and overload.self_at is None:
                continue
            if target.is_method:
                positional.insert(0, positional.pop(overload.self_at or 0))
            named = zip(names_of[overload.positional :], arguments[overload.positional :], strict=False)
            yield Template(short, _function(name, target), tuple(positional), tuple(named))


def _relatives(owner: OverloadSet) -> list[Overload]:
    """The forms of a name; of an in-place name also those of the name without underscore."""
    return [each for one in SETS if one is owner for each in one.overloads if each.variants]


def _samples(overload: Overload) -> list[tuple[Any, ...]]:
    if overload.samples is None:
        return []
    make: Callable[..., ak.Tensor] = lambda *shape, low=-2.0, high=2.0: _marked(shape, low)  # noqa: E731
    return [tuple(each) for each in overload.samples(make)]


def _marked(shape: tuple[int, ...], low: float) -> ak.Tensor:
    numbers = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    return ak.from_numpy(np.asarray(numbers if low >= 0 else -numbers)).requires_grad_()


def _argument(value: Any) -> Any:
    """An argument as text, or as a place, or a list or tuple of them."""
    if isinstance(value, ak.Tensor | torch.Tensor):
        kind = "b" if "bool" in str(value.dtype) else "f" if value.dtype.is_floating_point else "i"
        literal = "" if kind == "f" else repr(value.tolist())
        positive = kind == "f" and bool(value.numel()) and bool((value.detach() > 0).all())
        return Slot(tuple(value.shape), kind, positive, literal)
    if isinstance(value, list | tuple):
        return type(value)(_argument(each) for each in value)
    if isinstance(value, torch.dtype | torch.layout | torch.memory_format):
        return "T." + str(value).removeprefix("torch.")
    if isinstance(value, ak.dtype | ak.memory_format):
        return "T." + str(value).removeprefix("torch.")
    return repr(value)
