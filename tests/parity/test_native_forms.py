"""Names that PyTorch's own layers call, and scripts sometimes: native_dropout, native_group_norm and _int_mm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

MATRIX = np.arange(40, dtype=np.float32).reshape(5, 8)
GROUPS = np.random.default_rng(0).standard_normal((2, 4, 3)).astype(np.float32)
SCALES = np.linspace(0.5, 2, 4, dtype=np.float32)


def _outcome(module: Any, code: str) -> Any:
    """What a call gives or refuses, and the next number of the stream."""
    module.manual_seed(3)
    names = {"torch": module, "a": module.tensor(MATRIX), "whole": module.tensor(MATRIX).long() - 20}
    try:
        found = eval(code, names)
    except Exception as error:
        return type(error).__name__, str(error), module.rand(1).item()
    found = found if isinstance(found, tuple) else (found,)
    return [(str(each), each.stride()) for each in found], module.rand(1).item()


OPERANDS = [
    *("half()", "bfloat16()", "double()", "long()", "bool()", "to(torch.complex64)"),
    *("t()", "t()[::2]", "view(-1)[:0]", "sum()"),
]
DROPPED = [
    *(f"torch.native_dropout(a, {p}, {train})" for p in (0.3, 0.0, 1.0, 1.5) for train in (True, False, None)),
    *(f"torch.native_dropout(a.{operand}, 0.3, True)" for operand in OPERANDS),
    "torch.native_dropout(whole, 0.3, False)",
    "torch.native_dropout(a / 0, 0.3, True)",
]


@every_case("code", DROPPED)
def test_native_dropout_drops_what_pytorch_drops(code: str) -> None:
    assert _outcome(autogradkit, code) == _outcome(torch, code)


@every_case("train", [True, False, None])
@every_case("p", [0.3, 0.0, 1.0])
def test_gradients_of_native_dropout_are_pytorchs(p: float, train: bool | None) -> None:
    def found(module: Any) -> Any:
        module.manual_seed(3)
        x = module.tensor(MATRIX, requires_grad=True)
        y, kept = module.native_dropout(x, p, train)
        y.backward(x.detach() + 1)
        saved = [name for name in dir(y.grad_fn) if name.startswith("_saved")]
        return x.grad.tolist(), kept.requires_grad, y.grad_fn.name(), sorted(saved)

    assert found(autogradkit) == found(torch)


@every_case(
    "code",
    [
        "[each.requires_grad for each in found]",
        "[each.grad_fn.name() for each in found]",
        "[list(each.shape) for each in found]",
        "[each.output_nr for each in found]",
        "found[2].grad_fn is found[0].grad_fn",
        "torch.autograd.grad(found[1].sum(), x)",
        "torch.autograd.grad(found[1].sum(), x, allow_unused=True)",
        "(found[2].sum().backward(), x.grad)",
        "[round(each, 3) for each in torch.autograd.grad(found[1].sum() + (found[2] ** 2).sum(), x)[0].view(-1).tolist()]",
    ],
)
def test_mean_and_deviation_of_native_group_norm_are_recorded(code: str) -> None:
    def outcome(module: Any) -> Any:
        x = module.tensor(GROUPS, requires_grad=True)
        found = module.native_group_norm(x, module.tensor(SCALES), None, 2, 4, 3, 2, 1e-5)
        try:
            return eval(code, {"torch": module, "x": x, "found": found})
        except RuntimeError as error:
            return str(error)

    assert outcome(autogradkit) == outcome(torch)


@pytest.mark.parametrize("rest", ["0", "mean.sum() * 3", "(rstd**2).sum()", "mean.sum() * 3 + (mean * rstd).sum()"])
def test_mean_and_deviation_of_native_group_norm_count_together(rest: str) -> None:
    def gradients(module: Any) -> Any:
        x, scales = (module.tensor(each, requires_grad=True) for each in (GROUPS, SCALES))
        y, mean, rstd = module.native_group_norm(x, scales, None, 2, 4, 3, 2, 1e-5)
        loss = (y**2).sum() + eval(rest, {"mean": mean, "rstd": rstd})
        (first,) = module.autograd.grad(loss, x, create_graph=True)
        (first * first).sum().backward()
        return first, x.grad, scales.grad

    for ours, theirs in zip(gradients(autogradkit), gradients(torch), strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sizes", [(3, 4, 3, 2), (2, 5, 3, 2), (2, 4, 2, 2), (2, 4, 3, 3), (2, 4, 3, 0), (2, 4, 3, 4)])
def test_native_group_norm_refuses_sizes_that_are_not_its_inputs(sizes: tuple[int, ...]) -> None:
    def outcome(module: Any) -> Any:
        try:
            return [
                list(each.shape) for each in module.native_group_norm(module.tensor(GROUPS), None, None, *sizes, 1e-5)
            ]
        except RuntimeError as error:
            return str(error)

    assert outcome(autogradkit) == outcome(torch)


BYTES, POSITIVE = "whole.to(torch.int8)", "whole.to(torch.uint8)"
PRODUCTS = [
    f"torch._int_mm({BYTES}, {BYTES}.t())",
    f"torch._int_mm({POSITIVE}, {BYTES}.t())",
    f"torch._int_mm({BYTES}[:0], {BYTES}.t())",
    f"torch._int_mm({BYTES}[:, :0], {BYTES}.t()[:0])",
    f"torch._int_mm({BYTES}, {POSITIVE}.t())",
    f"torch._int_mm({BYTES}, {BYTES})",
    f"torch._int_mm({BYTES}[0], {BYTES})",
    f"torch._int_mm({BYTES}, {BYTES}[0])",
    "torch._int_mm(whole, whole.t())",
    "torch._int_mm(a, whole.t())",
    *(
        f"torch._int_mm({BYTES}, {BYTES}.t(), out=torch.empty({out}))"
        for out in ("5, 5, dtype=torch.int32", "5, 5", "5, 4, dtype=torch.int32", "5, dtype=torch.int32")
    ),
]


@every_case("code", PRODUCTS)
def test_products_of_bytes_are_added_up_in_int32(code: str) -> None:
    assert _outcome(autogradkit, code) == _outcome(torch, code)
