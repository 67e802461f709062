"""Dtypes that are names alone, what `finfo` and `iinfo` say, and operands of several dtypes, beside PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

NAMES = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2")
QUANTIZED = ("qint8", "quint8", "qint32", "quint4x2", "quint2x4")
OTHERS = ("float16", "bfloat16", "float64", "complex64", "complex32", "int8", "int64", "uint16", "bool", *NAMES)
LINES = """
torch.{0}; str(torch.{0}), torch.{0}.itemsize, torch.{0}.is_floating_point, torch.{0}.is_complex, torch.{0}.is_signed
copy.deepcopy(torch.{0}) is torch.{0}; pickle.loads(pickle.dumps(torch.{0})) is torch.{0}; torch.{0}.to_real()
torch.{0}.to_complex(); torch.set_default_dtype(torch.{0}); torch.get_default_dtype(); torch.iinfo(torch.{0})
torch.promote_types(torch.{0}, torch.{0})
"""
QUANTIZED_LINES = """
torch.iinfo(torch.{0}).bits, torch.iinfo(torch.{0}).min, torch.iinfo(torch.{0}).max; torch.iinfo(torch.{0}).dtype
torch.finfo(torch.{0}); torch.promote_types(torch.{0}, torch.float32); torch.promote_types(torch.bool, torch.{0})
torch.can_cast(torch.{0}, torch.bool), torch.can_cast(torch.bool, torch.{0}), torch.can_cast(torch.{0}, torch.int8)
torch.can_cast(torch.float32, torch.{0}), torch.can_cast(torch.complex64, torch.{0}), torch.{0} == torch.int8
"""
FINFO = """
torch.finfo(torch.{0}); torch.finfo(torch.{0}).bits; torch.finfo(torch.{0}).eps; torch.finfo(torch.{0}).max
torch.finfo(torch.{0}).min; torch.finfo(torch.{0}).tiny; torch.finfo(torch.{0}).smallest_normal
torch.finfo(torch.{0}).resolution; torch.finfo(torch.{0}).dtype
torch.finfo(torch.{0}) == torch.finfo(torch.{0}); torch.finfo(torch.{0}) == torch.finfo(torch.float32)
"""
LIMITS = """
torch.finfo(None); torch.finfo(type=None); torch.finfo(torch.half, 3); torch.finfo(torch.half, a=3); torch.finfo(a=3)
torch.finfo(type=3); torch.finfo(torch.half, type=torch.half); torch.finfo(1, 2, 3); torch.finfo("float32")
torch.iinfo(); torch.iinfo(None); torch.iinfo(type=3); torch.iinfo(torch.int8, 3); torch.iinfo(torch.int8, a=3); torch.iinfo(a=3)
torch.iinfo(torch.int8, type=torch.int8); torch.iinfo(a=3, type=torch.int8); torch.iinfo(type=torch.int8)
setattr(torch.finfo(torch.half), "eps", 3); setattr(torch.iinfo(torch.int8), "max", 3); setattr(torch.finfo(), "foo", 3)
delattr(torch.finfo(), "eps"); setattr(torch.finfo(), "dtype", 3); hash(torch.finfo()); hash(torch.iinfo(torch.int8))
copy.copy(torch.finfo()); pickle.dumps(torch.iinfo(torch.int8)); torch.finfo() < torch.finfo(); torch.finfo() == 3
torch.finfo(torch.half) != torch.finfo(torch.half); torch.finfo(torch.complex128) == torch.finfo(torch.float64)
torch.finfo(torch.half) == torch.iinfo(torch.int8); torch.iinfo(torch.uint64); torch.iinfo(torch.uint16).max
torch.dtype("float32"); torch.dtype(); torch.int8.to_complex(); torch.bool.to_complex(); torch.uint16.to_complex()
torch.bfloat16.to_complex(); torch.complex128.to_complex(); torch.complex32.to_complex(); torch.complex32.to_real()
torch.int8.to_real(); torch.set_default_dtype(torch.complex32); torch.set_default_dtype(torch.int8)
"""


def _lines(text: str) -> list[str]:
    return [part.strip() for line in text.splitlines() for part in line.split(";") if part.strip()]


@every_case("line", [each.format(name) for name in (*NAMES, *QUANTIZED) for each in _lines(LINES)])
def test_names(line: str) -> None:
    """What they say of themselves."""
    check(line)


@every_case("line", [each.format(name) for name in (*NAMES[:5], "complex32") for each in _lines(FINFO)])
def test_finfo_of_names(line: str) -> None:
    """What can be asked of them."""
    check(line)


@every_case("line", [each.format(name) for name in QUANTIZED for each in _lines(QUANTIZED_LINES)])
def test_names_of_quantised_numbers(line: str) -> None:
    """What may be asked of them; no tensor holds such numbers here."""
    check(line)


@every_case("line", _lines(LIMITS))
def test_limits(line: str) -> None:
    """Objects that nobody writes, and refusals."""
    check(line)


@every_case("name", NAMES[:5])
@every_case("other", OTHERS)
def test_promotion_is_refused(name: str, other: str) -> None:
    """Of eight bits with anything else; what may be written into which is a question of kinds."""
    check(f"torch.promote_types(torch.{name}, torch.{other})")
    check(f"torch.promote_types(torch.{other}, torch.{name})")
    check(f"torch.can_cast(torch.{name}, torch.{other}), torch.can_cast(torch.{other}, torch.{name})")


MEETING = ("bool", "int64", "float16", "float32", "float64")
CALLS = """
a * b; a - b; a / b; a + b[0]; a.T * b.T; a < b; a & b; torch.maximum(a, b); torch.lerp(a, b, 0.5); torch.where(a == b, a, b)
a * 3 + b; 300 - a * b[0, 1]; a ** 2 * b; a.clamp(max=1) * b; (a == 2) & (b == 1); torch.addcmul(b, b, a); a[1, 1] + b
"""


def _twice(m: Any, call: str, kinds: tuple[str, str]) -> list[Any]:
    """What a call gives, saves, and gives back: the first time, and by the plan that is then remembered."""
    found: list[Any] = []
    for _ in range(2):
        a, b = (m.tensor([[0, 1, 2], [2, 1, 0]]).to(getattr(m, kind)) for kind in kinds)
        leaves = [x.requires_grad_() for x in (a, b) if x.is_floating_point()]
        try:
            y = eval(call, {"torch": m, "a": a, "b": b})
            found.append((str(y.dtype), y.stride(), str(y.tolist())))
            if y.requires_grad:
                saved = [name for name in dir(y.grad_fn) if name.startswith("_saved")]
                found.append([str(getattr(y.grad_fn, name)) for name in saved])
                y.sum().backward()
                found += [None if x.grad is None else (str(x.grad.dtype), str(x.grad.tolist())) for x in leaves]
        except (RuntimeError, TypeError) as error:
            found.append((type(error).__name__, str(error).partition("\n")[0]))
    return found


@every_case("kinds", itertools.product(MEETING, MEETING))
@every_case("call", _lines(CALLS))
def test_dtypes_that_meet(call: str, kinds: tuple[str, str]) -> None:
    """Values, strides, what the node saves and the gradients' dtypes."""
    assert _twice(autogradkit, call, kinds) == _twice(torch, call, kinds)
