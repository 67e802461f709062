"""Inference mode beside PyTorch: what is made there, what refuses it outside, and which modes hold when.

Each line begins anew with `x`, a leaf that requires grad; `d`, zeros made in inference mode; `v`, a view of `x` made there.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

INSIDE = """
(x * 2)._version; m.ones(3).add_(1); x._version; x.add_(1)._version; x.detach().is_inference(); x.clone().is_inference()
(v.requires_grad, v.is_inference(), v._is_view(), v.grad_fn); m.is_grad_enabled(); m.is_inference_mode_enabled()
x.data.is_inference(); d.data.is_inference(); d.detach().is_inference(); m.tensor([1.0]).is_inference()
m.from_numpy(np.ones(2)).is_inference(); (d + 1).sum().backward(); d.requires_grad_(); d.view(3).requires_grad_()
m.randn(3).is_inference(); m.arange(2).is_inference(); [each.is_inference() for each in d.chunk(3)]
[each.is_inference() for each in x.chunk(3)]; [each.is_inference() for each in m.ones(2, 2).max(0)]
m.nn.functional.softmax(x, 0).is_inference(); m.cat([x, x]).is_inference(); x.contiguous().is_inference()
x.to(m.float32).is_inference(); x.to(m.float64).is_inference(); x.expand(3, 3).reshape(9).is_inference()
x[m.tensor([0])].is_inference(); m.add(d, 1, out=outside).is_inference(); outside.add_(1)._version
m.nn.Linear(2, 2)(m.ones(1, 2)).requires_grad; m.nn.Linear(2, 2).weight.is_inference(); d.add_(1); d.fill_(2)
m.autograd.grad(x, x, m.ones(3))[0].is_inference(); (x.backward(m.ones(3)), x.grad.is_inference())[1]; d.view(3)._is_view()
m.enable_grad()(lambda: (m.autograd.grad(x, x, m.ones(3), create_graph=True), m.is_grad_enabled())[1])(); d[0:1]._base
(x.detach_(), x.requires_grad)[1]
"""

OUTSIDE = """
d.is_inference(); d.add_(1); d.add_(x.detach()); d.fill_(1); d.copy_(m.ones(3)); d.requires_grad_(); d.t_()
setattr(d, "requires_grad", True); x * d; d * x; x + d; x - d; x / d; (d * 2).is_inference(); d[0:1].is_inference()
d.clone().add_(1); d.detach().is_inference(); d.view(3).add_(1); d._version; v.add_(1); m.add(x.detach(), 1, out=d)
d.__setitem__(0, 5); d.data.is_inference(); x.detach().add_(d).is_inference(); d; d.numpy(); d.backward(); d.zero_()
d.uniform_(); m.exp(d).is_inference(); x.exp().mul(d); d.is_leaf; d.grad_fn; m.relu(x) * d; m.cat([x, d]); m.stack([x, d])
m.nn.functional.linear(x, d.expand(3, 3)); m.where(d > 0, x, d); m.atan2(x, d); m.matmul(d, x); m.is_inference(d)
m.is_inference(3); (x * 1).copy_(d); Saves.apply(x, d); d.mean().item(); d.resize_(2); m.sort(d, out=(d, m.zeros(3).long()))
"""


def _outcome(m: Any, line: str, *, inside: bool) -> str:
    class Saves(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(y)
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, None

    m.manual_seed(0)
    x = m.ones(3, requires_grad=True)
    with m.inference_mode():
        names = {"m": m, "np": np, "x": x, "d": m.zeros(3), "v": x.view(3), "Saves": Saves}
    names["outside"] = m.zeros(3)
    with m.inference_mode(inside) if inside else m.enable_grad():
        try:
            return repr(eval(line, names))
        except (RuntimeError, TypeError) as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"


@every_case("line", re.split(r"; |\n", INSIDE.strip()))
def test_inside(line: str) -> None:
    assert _outcome(autogradkit, line, inside=True) == _outcome(torch, line, inside=True)


@every_case("line", re.split(r"; |\n", OUTSIDE.strip()))
def test_outside(line: str) -> None:
    assert _outcome(autogradkit, line, inside=False) == _outcome(torch, line, inside=False)


def _modes(m: Any) -> list[Any]:
    """What the modes say, and what they do, block by block."""
    x = m.ones(2, requires_grad=True)
    seen: list[Any] = []

    def look() -> None:
        y = x * 2
        seen.append((m.is_grad_enabled(), m.is_inference_mode_enabled(), y.requires_grad, y.is_inference()))

    with m.inference_mode():
        look()
        with m.enable_grad():
            look()
            with m.inference_mode():
                look()
            look()
        with m.inference_mode(False):
            look()
            with m.no_grad():
                look()
        look()
        m.set_grad_enabled(True)
        look()
    look()
    with m.no_grad():
        with m.inference_mode():
            look()
        look()
        with m.inference_mode(mode=False):
            look()
        look()
    try:
        with m.inference_mode():
            raise ZeroDivisionError
    except ZeroDivisionError:
        look()

    @m.inference_mode
    def bare(x: Any) -> Any:
        return x * 2

    @m.inference_mode()
    def numbers(x: Any) -> Any:
        yield x * 2
        yield x

    seen.extend(each.is_inference() for each in (bare(x), *numbers(x)))
    look()
    return seen


def test_modes_hold_as_in_pytorch() -> None:
    assert _modes(autogradkit) == _modes(torch)


def test_an_edit_that_is_refused_leaves_the_tensor_as_it_was() -> None:
    with autogradkit.inference_mode():
        d = autogradkit.zeros(3)
    for edit in (
        lambda: d.add_(1),
        lambda: autogradkit.add(d, 1, out=d),
        lambda: d.__setitem__(0, 5),
        lambda: d.fill_(2),
    ):
        with pytest.raises(RuntimeError, match="Inplace update to inference tensor"):
            edit()
        assert d.tolist() == [0, 0, 0]


def test_what_inference_mode_runs_is_recorded() -> None:
    x = autogradkit.ones(2, requires_grad=True)
    with autogradkit.record() as trace, autogradkit.inference_mode():
        y = (x * 3).exp()
    assert y.is_inference()
    assert [event.name for event in trace.events if hasattr(event, "name")] == ["mul", "exp"]
