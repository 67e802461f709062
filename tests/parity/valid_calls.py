"""Calls that PyTorch takes, made at random from its own schemas, for everything public that both libraries have.

A `Target` is a function of the package, a method of Tensor (in-place ones too), an operator or a function of nn.functional.
For each of its schemas `valid_calls` fills the parameters with small values, some by place and some by name, until PyTorch takes
them. All numbers are small, so no call needs much memory or time. Rests on oracle; used by wrong_calls.py, which damages
such calls.
"""

from __future__ import annotations

import itertools
import operator
import random
import re
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import torch

import autogradkit as ak

from .oracle import to_ours

# What makes or takes sparse tensors, whose state has no strides and no storage: compared in test_sparse.py.
SPARSE = (
    "_indices", "_nnz", "_values", "ccol_indices", "coalesce", "col_indices", "crow_indices", "dense_dim", "hspmm", "indices",
    "is_coalesced", "row_indices", "smm", "sparse_compressed_tensor", "sparse_coo_tensor", "sparse_csc_tensor",
    "sparse_csr_tensor", "sparse_dim", "sparse_mask", "sspaddmm", "to_sparse", "to_sparse_bsc", "to_sparse_bsr",
    "to_sparse_coo", "to_sparse_csc", "to_sparse_csr", "values",
)  # fmt: skip
# What refuses a tensor that is not quantised, and there are no others here.
QUANTISED = (
    "int_repr", "q_scale", "q_zero_point", "q_per_channel_axis", "q_per_channel_scales", "q_per_channel_zero_points",
    "qscheme",
)  # fmt: skip

# What has a schema and is left out all the same.
LEFT_OUT = {
    "backward": "runs a graph, and the operands here have none",
    "retain_grad": "is about the graph",
    "save": "writes files",
    "load": "reads files",
    "from_file": "reads files",
    "manual_seed": "changes the state that other calls draw from",
    "seed": "changes the state that other calls draw from",
    "set_grad_enabled": "changes the state that other calls run in",
    "set_": "gives a tensor foreign memory; a wrong size reads past its end",
    "initial_seed": "its schema is a generator's",
    "cuda": "needs a device that is not there",
    "binomial": "PyTorch never comes back from a count of NaN",
}
_OPERATORS = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "lt",
    "le",
    "gt",
    "ge",
    "iadd",
    "isub",
    "imul",
)
_OF_INTEGERS = ("and_", "or_", "xor")
# Whose functions are declared, and have schemas, by the namespace's name and theirs: "linalg_det".
NAMESPACES = ("fft", "linalg", "special")
ATTEMPTS = 60
SHAPES = ((3, 3), (2, 3), (3,), (), (2, 2, 4, 4), (1, 3, 3))
FLOAT, INT, BOOL = torch.float32, torch.int64, torch.bool


@dataclass(frozen=True)
class Parameter:
    """One parameter of a schema."""

    name: str
    kind: str  # as the schema spells it: "Tensor", "int[1]?", "ScalarType?"
    required: bool
    by_name_only: bool


@dataclass
class Call:
    """The arguments of a call, of PyTorch's types; `self` of a method comes first."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> Call:
        """The same arguments; tensors and lists are copies, so that a call edits its own."""
        return Call([fresh(each) for each in self.args], {name: fresh(each) for name, each in self.kwargs.items()})


@dataclass(frozen=True)
class Target:
    """A function or method that both libraries have."""

    name: str
    schema_name: str
    theirs: Callable[..., Any]
    mine: Callable[..., Any]
    is_method: bool

    def ask_theirs(self, call: Call) -> Any:
        """Call PyTorch's, on copies."""
        return _quietly(self.theirs, call.copy())

    def ask_mine(self, call: Call) -> Any:
        """Call the one here, on copies."""
        args = [carried(each) for each in call.args]
        return _quietly(self.mine, Call(args, {name: carried(each) for name, each in call.kwargs.items()}))


def _quietly(function: Callable[..., Any], call: Call) -> Any:
    """A call whose warnings are not errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*call.args, **call.kwargs)


def fresh(value: Any) -> Any:
    """A copy of an argument."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, list | tuple):
        return type(value)(fresh(each) for each in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def carried(value: Any) -> Any:
    """A copy of an argument, as autogradkit's; PyTorch's own constants stay what they are where there are none here."""
    if isinstance(value, torch.layout):
        return getattr(ak, str(value).removeprefix("torch."), value)
    if isinstance(value, list | tuple):
        return type(value)(carried(each) for each in value)
    return value.copy() if isinstance(value, np.ndarray) else to_ours(value)


def _targets() -> Iterator[Target]:
    places = [
        ("", "", torch, ak),
        ("nn.functional.", "", torch.nn.functional, ak.nn.functional),
        *((f"{each}.", f"{each}_", getattr(torch, each), getattr(ak, each)) for each in NAMESPACES),
    ]
    for prefix, schema_prefix, theirs, mine in places:
        for name in _shared_names(theirs, mine):
            yield Target(prefix + name, schema_prefix + name, getattr(theirs, name), getattr(mine, name), False)
    for name in (*_OPERATORS, *_OF_INTEGERS, "matmul"):
        yield Target(f"operator.{name}", "", getattr(operator, name), getattr(operator, name), False)
    for name in _shared_names(torch.Tensor, ak.Tensor):
        yield Target(f"Tensor.{name}", name, _method(name), _method(name), True)


def _method(name: str) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: getattr(self, name)(*args, **kwargs)


def _shared_names(theirs: Any, mine: Any) -> list[str]:
    return [
        name
        for name in sorted(dir(mine))
        if not name.startswith("_")
        and callable(getattr(mine, name))
        and callable(getattr(theirs, name, None))
        and not isinstance(getattr(mine, name), type | types.ModuleType)
    ]


def schemas(name: str) -> list[list[Parameter]]:
    """The parameters of each schema that PyTorch has under a name, as a user of Python sees them."""
    return [
        parsed
        for text in map(str, torch._C._jit_get_schemas_for_operator(f"aten::{name}"))
        if (parsed := _parsed(text))
    ]


def _parsed(text: str) -> list[Parameter]:
    inside = text[text.index("(") + 1 : text.rindex(") ->")]
    parameters: list[Parameter] = []
    outs = 0
    by_name_only = False
    for part in re.split(r", (?![^\[(]*[\])])", inside) if inside else []:
        if part == "*":
            by_name_only = True
            continue
        declared, _, default = part.partition("=")
        kind, _, name = declared.rpartition(" ")
        written = "!" in kind and by_name_only
        kind = re.sub(r"\([^)]*\)", "", kind)
        if written:
            outs += 1
        else:
            parameters.append(Parameter(name, kind, not default, by_name_only))
    if outs:
        kind = "Tensor" if outs == 1 else f"Tensor({outs})"
        parameters.append(Parameter("out", kind, True, True))
    return parameters


@lru_cache
def _tensor(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """An operand. It is the same tensor each time: whoever calls with one does so on a copy."""
    if dtype is BOOL:
        return torch.ones(shape, dtype=BOOL)
    numbers = torch.arange(1, 1 + torch.Size(shape).numel(), dtype=dtype).reshape(shape)
    if dtype is INT:
        return numbers
    # Evenly spaced numbers make singular matrices, of which each processor's kernels say something else.
    square = len(shape) > 1 and shape[-2] == shape[-1]
    return numbers / 64 + torch.eye(shape[-1], dtype=dtype) / 2 if square else numbers / 64


_REGULAR = torch.tensor([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 1.0, 2.0]])
_VECTOR, _MATRIX, _IMAGES = _tensor((3,), FLOAT), _tensor((3, 3), FLOAT), _tensor((2, 2, 4, 4), FLOAT)

_BATCH = _tensor((2, 3, 3), FLOAT)


def _also_methods(*names: str) -> list[str]:
    """Names of functions, where they are some, and of the methods."""
    return [*(name for name in names if not name.endswith("_")), *(f"Tensor.{name}" for name in names)]


# Where random values hardly come upon one, PyTorch has no schema, or Python spells it in another way.
_KNOWN = {
    "bincount": Call([_tensor((3,), INT)]),
    "broadcast_tensors": Call([_MATRIX, _VECTOR]),
    "convolution": Call([_IMAGES, _tensor((3, 2, 2, 2), FLOAT), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1]),
    "from_numpy": Call([np.arange(3.0)]),
    "asarray": Call([[1.0, 2.0]]),
    "is_tensor": Call([_VECTOR]),
    **{name: Call([_REGULAR]) for name in ("linalg.cholesky", "linalg.inv", *_also_methods("cholesky", "inverse"))},
    **{name: Call([_VECTOR, _MATRIX, _VECTOR]) for name in _also_methods("addmv", "addmv_")},
    **{name: Call([_MATRIX, _BATCH, _BATCH]) for name in _also_methods("addbmm", "addbmm_")},
    **{name: Call([_MATRIX, _REGULAR, torch.tensor([1, 2, 3]).int()]) for name in _also_methods("lu_solve")},
    **{name: Call([_REGULAR, _VECTOR]) for name in _also_methods("orgqr")},
    **{name: Call([_REGULAR, _VECTOR, _MATRIX]) for name in _also_methods("ormqr")},
    **{name: Call([_MATRIX, _REGULAR]) for name in ("block_diag", "chain_matmul", "tensordot")},
    "cartesian_prod": Call([_VECTOR, _VECTOR]),
    "affine_grid_generator": Call([_tensor((1, 2, 3), FLOAT), [1, 1, 2, 2], False]),
    "batch_norm": Call([_IMAGES, None, None, None, None, True, 0.1, 1e-5, False]),
    "conv3d": Call([_tensor((1, 2, 2, 3, 3), FLOAT), _tensor((1, 2, 2, 2, 2), FLOAT)]),
    "conv_transpose1d": Call([_tensor((1, 2, 3), FLOAT), _tensor((2, 1, 2), FLOAT)]),
    "conv_transpose3d": Call([_tensor((1, 2, 2, 3, 3), FLOAT), _tensor((2, 1, 2, 2, 2), FLOAT)]),
    "cosine_embedding_loss": Call([_MATRIX, _MATRIX, torch.tensor([1.0, -1.0, 1.0])]),
    "ctc_loss": Call([_tensor((3, 1, 3), FLOAT), torch.tensor([[1, 2]]), [3], [2]]),
    "gradient": Call([_MATRIX], {"spacing": [_VECTOR, _VECTOR], "dim": [0, 1]}),
    "histogramdd": Call([_MATRIX, [_VECTOR, _VECTOR, _VECTOR]]),
    "grid_sampler": Call([_IMAGES, _tensor((2, 2, 2, 2), FLOAT), 0, 0, False]),
    "imag": Call([torch.complex(_VECTOR, _VECTOR)]),
    "instance_norm": Call([_IMAGES, None, None, None, None, True, 0.1, 1e-5, False]),
    "max_pool1d_with_indices": Call([_tensor((1, 2, 4), FLOAT), [2]]),
    "max_pool3d": Call([_tensor((1, 2, 2, 4, 4), FLOAT), [2, 2, 2]]),
    "linalg.ldl_solve": Call([_REGULAR, torch.tensor([1, 2, 3]), _MATRIX]),
    "linalg.lu_solve": Call([_REGULAR, torch.tensor([1, 2, 3]).int(), _MATRIX]),
    "linalg.solve": Call([_REGULAR, _MATRIX]),
    "linalg.tensorinv": Call([torch.eye(4).reshape(2, 2, 2, 2)]),
    "unique": Call([_VECTOR]),
    "nn.functional.cross_entropy": Call([_MATRIX, torch.zeros(3, dtype=INT)]),
    "nn.functional.embedding": Call([torch.zeros(3, dtype=INT), _MATRIX]),
    "nn.functional.max_pool2d": Call([_IMAGES, [2, 2]]),
    "nn.functional.nll_loss": Call([_MATRIX, torch.zeros(3, dtype=INT)]),
    "Tensor.new_tensor": Call([_VECTOR, [1.0, 2.0]]),
    **{f"{kind}Tensor": Call([[1, 2]]) for kind in ("Bool", "Byte", "Char", "Double", "Float", "Int", "Long", "Short")},
    **{
        f"Tensor.{name}": Call([_VECTOR])
        for name in ("bool", "byte", "char", "double", "float", "half", "int", "long", "short", "unique")
    },
    **{f"Tensor.{name}": Call([_VECTOR]) for name in ("ndimension", "nelement", "numpy", "tolist", "type")},
    **{
        f"operator.{name}": Call([_tensor((2, 3), INT if name in _OF_INTEGERS else FLOAT)] * 2)
        for name in (*_OPERATORS, *_OF_INTEGERS)
    },
    "operator.matmul": Call([_MATRIX, _MATRIX]),
}


@lru_cache(None)
def valid_calls(target: Target, most: int = 2) -> tuple[Call, ...]:
    """For each schema up to `most` calls that PyTorch takes; the same for the same target, always."""
    rng = random.Random(target.name)
    found = [_KNOWN[target.name]] if target.name in _KNOWN else []
    for parameters in schemas(target.schema_name):
        taken = 0
        for _ in range(ATTEMPTS):
            call = _filled(parameters, target.is_method, rng)
            if call is None or taken == most:
                break
            try:
                target.ask_theirs(call)
            except Exception:  # not a valid call: try other values
                continue
            found.append(call)
            taken += 1
    return tuple(found)


def _filled(parameters: list[Parameter], is_method: bool, rng: random.Random) -> Call | None:
    """Random arguments for a schema; None where it has a kind that Python does not pass."""
    shape, dtype = rng.choice(SHAPES), rng.choices((FLOAT, INT, BOOL), (6, 2, 1))[0]
    ordered = list(parameters)
    if is_method:
        own = next((p for p in ordered if p.name == "self" and p.kind == "Tensor"), None)
        if own is None or any(p.name == "out" for p in ordered):
            return None
        ordered.remove(own)
        ordered.insert(0, own)
    call = Call()
    by_name = False
    for place, parameter in enumerate(ordered):
        by_name = by_name or parameter.by_name_only or (rng.random() < 0.2 and not (is_method and place == 0))
        if not parameter.required and rng.random() < 0.6:
            by_name = True
            continue
        try:
            own_shape = rng.choice(SHAPES) if rng.random() < 0.15 else shape
            value = _value(parameter, own_shape, dtype, rng)
        except KeyError:
            return None
        if by_name:
            call.kwargs["input" if parameter.name == "self" else parameter.name] = value
        else:
            call.args.append(value)
    return call


def _value(parameter: Parameter, shape: tuple[int, ...], dtype: torch.dtype, rng: random.Random) -> Any:
    """A small value for a parameter. Raises KeyError for a kind that Python does not pass."""
    kind, name = parameter.kind.removesuffix("?"), parameter.name
    if kind == "Tensor":
        if name in ("index", "indices", "target", "sorted_sequence") and rng.random() < 0.8:
            return torch.zeros(shape, dtype=INT)
        if name in ("mask", "condition") and rng.random() < 0.8:
            return torch.ones(shape, dtype=BOOL)
        return _tensor(shape, dtype)
    if kind == "Tensor[]":
        return [_tensor(shape, dtype) for _ in range(rng.randint(1, 3))]
    if kind == "Tensor?[]":
        return (torch.zeros(shape, dtype=INT),)
    if kind.startswith("Tensor("):
        return tuple(_tensor(shape, dtype) for _ in range(int(kind[7:-1])))
    if re.fullmatch(r"(Sym)?[iI]nt\[\d*\]", kind):
        if name in ("dim", "dims", "axis"):
            return rng.choice(([0], [0, 1], [-1], [0, 1]))
        return rng.choice((list(shape), [1], [1, 1], [3, 3], [0, 0], [1, 1, 1, 1]))
    if re.fullmatch(r"(float|Scalar)\[\d*\]", kind):
        return [1.5] * rng.randint(1, 2)
    return rng.choice(PLAIN[kind])


# The kinds of plain parameters, by the schema's word for them, with values to choose from.
PLAIN: dict[str, tuple[Any, ...]] = {
    "Scalar": (2, 1.5, 0),
    "int": (0, 1, 2),
    "SymInt": (0, 1, 2),
    "float": (0.5, 1.0),
    "bool": (True, False),
    "ScalarType": (torch.float64, torch.float32),
    "Layout": (torch.strided,),
    "Device": ("cpu",),
    "MemoryFormat": (torch.contiguous_format,),
    "Generator": (None,),
    "str": ("mean", "floor", "sum", "ij", "linear"),
}

TARGETS = {
    target.name: target
    for target in _targets()
    if target.schema_name not in LEFT_OUT and (schemas(target.schema_name) or target.name in _KNOWN)
}


def described(target: Target, call: Call) -> str:
    """The call as a reader would write it, with `Tensor` for a tensor."""
    shown = [_described(each) for each in call.args]
    shown += [f"{name}={_described(each)}" for name, each in call.kwargs.items()]
    return f"{target.name}({', '.join(shown)})"


def _described(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"Tensor[{', '.join(map(str, value.shape))}]{'' if value.dtype is FLOAT else ':' + str(value.dtype)[6:]}"
    if isinstance(value, list | tuple):
        opening, closing = "[]" if isinstance(value, list) else "()"
        return opening + ", ".join(itertools.islice(map(_described, value), 6)) + closing
    return repr(value)
