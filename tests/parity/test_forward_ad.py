"""Forward mode beside PyTorch: what is dual, what becomes of tangents through ops, views and edits, and what is refused."""

from __future__ import annotations

import copy
import importlib
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.autograd.forward_ad

import autogradkit as ak
import autogradkit.autograd.forward_ad
from tests.every_case import every_case

from .oracle import assert_same, tensors_in
from .replay import FOUND, ours, processed
from .samples import Carried, is_random, samples_of

with warnings.catch_warnings():  # PyTorch's first dual tensor loads what it itself deprecates
    warnings.simplefilter("ignore")
    importlib.import_module("torch._decomp.decompositions_for_jvp")


def _visible_text(result: Any) -> str:
    """What a user sees of a result, without addresses and the names that are each library's own."""
    text = re.sub(r"0x[0-9a-f]+", "0x", " ".join(repr(result).split()))
    return text.replace("autogradkit", "torch")


def _outcomes(case: Callable[[Any, Any], Any]) -> list[str]:
    """What a case gives or raises in each library: (theirs, ours)."""
    told: list[str] = []
    for m in (torch, ak):
        try:
            told.append(_visible_text(case(m, m.autograd.forward_ad)))
        except Exception as error:
            told.append(f"{type(error).__name__}: {error}")
    return told


def _x(m: Any) -> Any:
    return m.tensor([1.0, 2.0, 3.0])


def _t(m: Any) -> Any:
    return m.tensor([1.0, 10.0, 100.0])


def _dual(case: Callable[..., Any]) -> Callable[..., Any]:
    """The case within a level, with a dual tensor."""

    def run(m: Any, fw: Any) -> Any:
        with fw.dual_level():
            return case(m, fw, fw.make_dual(_x(m), _t(m)))

    return run


OUTSIDE: dict[str, Callable[..., Any]] = {
    "make": lambda m, fw: fw.make_dual(_x(m), _t(m)),
    "unpack": lambda m, fw: fw.unpack_dual(_x(m)),
    "exit": lambda m, fw: fw.exit_dual_level(),
    "number": lambda m, fw: (fw.enter_dual_level(), fw.exit_dual_level(level=0)),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_of_a_level(name: str) -> None:
    theirs, own = _outcomes(OUTSIDE[name])
    assert own == theirs


def _edited(m: Any, fw: Any, d: Any) -> Any:
    t = fw.unpack_dual(d).tangent
    d[1:].mul_(3)
    return d, t, d._base


def _copied_into(m: Any, fw: Any, d: Any) -> Any:
    whole = m.ones(3)
    part = whole[1:]
    part.copy_(d[:2])
    return whole, part, whole.view(3, 1)


def _old_view(m: Any, fw: Any, d: Any) -> Any:
    whole = m.ones(3)
    part = whole[1:]
    whole.mul_(d)
    return whole, part, fw.unpack_dual(part.mul_(2))


def _seeded(m: Any, fw: Any, d: Any) -> Any:
    m.manual_seed(3)
    return m.nn.functional.dropout(d, 0.5), m.rand(1)


def _kept(m: Any, fw: Any, d: Any) -> Any:
    fw.exit_dual_level()
    told = d, fw.unpack_dual(d)
    fw.enter_dual_level()
    return *told, d


def _in_a_graph(m: Any, fw: Any, d: Any) -> Any:
    a = _x(m).requires_grad_()
    primal, tangent = fw.unpack_dual(fw.make_dual(a, _t(m)) ** 3)
    return primal, type(tangent.grad_fn).__name__, tangent.detach(), m.autograd.grad(tangent.sum(), a)


def _reverse_through_forward(m: Any, fw: Any, d: Any) -> Any:
    a = _x(m).requires_grad_()
    dual = fw.make_dual(a, _t(m))
    (first,) = m.autograd.grad((dual.exp() * dual).sum(), dual)  # with a saved result
    (dual**3).sum().backward()
    once = a.grad.clone()
    (dual**3).sum().backward()
    return first, once, a.grad


def seed(m: Any, fw: Any, d: Any) -> Any:
    a = _x(m).requires_grad_()
    return m.autograd.grad((a * d).sum(), a, fw.make_dual(m.tensor(2.0), m.tensor(7.0)))


INSIDE: dict[str, Callable[..., Any]] = {
    "dual": lambda m, fw, d: (d, d.requires_grad, d.is_leaf, d.grad_fn, d._is_view(), d._version),
    "unpack": lambda m, fw, d: (fw.unpack_dual(d), fw.unpack_dual(d)._fields, fw.unpack_dual(_x(m))),
    "primal": lambda m, fw, d: (fw.unpack_dual(d).primal._base is d._base, fw.unpack_dual(d + 0).primal * 2),
    "same tangent": lambda m, fw, d: [fw.unpack_dual(fw.make_dual(_x(m), t)).tangent is t for t in (_t(m), _t(m)[:])],
    "laid out": lambda m, fw, d: fw.unpack_dual(fw.make_dual(m.ones(2, 3).t(), m.ones(3, 2))).tangent.stride(),
    "nested": lambda m, fw, d: fw.enter_dual_level(),
    "twice dual": lambda m, fw, d: fw.make_dual(d, _t(m)),
    "dual tangent": lambda m, fw, d: fw.make_dual(_x(m), d),
    "whole primal": lambda m, fw, d: fw.make_dual(m.tensor([1]), _t(m)),
    "whole tangent": lambda m, fw, d: fw.make_dual(_x(m), m.tensor([1])),
    "other size": lambda m, fw, d: fw.make_dual(_x(m), _t(m)[:2]),
    "no tangent": lambda m, fw, d: fw.make_dual(_x(m), None),
    "other level": lambda m, fw, d: fw.make_dual(_x(m), _t(m), level=1),
    "unpack other level": lambda m, fw, d: fw.unpack_dual(d, level=1),
    "unpack a number": lambda m, fw, d: fw.unpack_dual(3),
    "exit other level": lambda m, fw, d: fw.exit_dual_level(level=3),
    "chain": lambda m, fw, d: (d * 2).sin() + d.sum(),
    "views": lambda m, fw, d: (d[1:], d.unbind(), d.expand(2, 3), d.view(3, 1).t(), m.view_as_complex(d[:2])),
    "view's tangent": lambda m, fw, d: fw.unpack_dual(d[1:]).tangent._base is fw.unpack_dual(d).tangent,
    "edited view": _edited,
    "copied into": _copied_into,
    "old view": _old_view,
    "zeroed": lambda m, fw, d: (
        d.clone().zero_(),
        d.clone().fill_(2),
        d.clone().add_(d),
        d.clone().masked_fill_(d > 1, 5),
    ),
    "turned": lambda m, fw, d: d.view(3, 1).clone().t_(),
    "assigned": lambda m, fw, d: [each.__setitem__(slice(0, 2), d[1:]) or each for each in [m.zeros(3)]],
    "leaf edited": lambda m, fw, d: m.ones(3).requires_grad_().add_(d),
    "kinds": lambda m, fw, d: (
        d.long(),
        d > 1,
        d.argmax(),
        d.double(),
        d.max(0),
        d.cummax(0),
        m.zeros_like(d),
        d.sign(),
    ),
    "cut": lambda m, fw, d: (d.detach(), d.data, d.numpy(), d.tolist(), d.sum().item()),
    "out": lambda m, fw, d: m.sin(d, out=m.empty(3)),
    "no grad": lambda m, fw, d: m.no_grad()(lambda: d * 3)(),
    "inference": lambda m, fw, d: m.inference_mode()(lambda: d * 3)(),
    "deepcopy": lambda m, fw, d: copy.deepcopy(d),
    "requires grad": lambda m, fw, d: (d.requires_grad_(), d.is_leaf),
    "drawn": _seeded,
    "ended": _kept,
    "graph": _in_a_graph,
    "reverse through forward": _reverse_through_forward,
    "gradient with a tangent": seed,
    "layer": lambda m, fw, d: m.nn.functional.layer_norm(d, (3,)).sum() * m.nn.functional.softmax(d, 0),
    "batch norm": lambda m, fw, d: m.nn.functional.batch_norm(d.view(3, 1), m.zeros(1), m.ones(1), training=True),
    "eigenvalues": lambda m, fw, d: m.linalg.svdvals(d.view(1, 3)),
    "decorator": lambda m, fw, d: fw.dual_level()(lambda: 1)(),
}


@every_case("name", INSIDE)
def test_inside_a_level(name: str) -> None:
    theirs, own = _outcomes(_dual(INSIDE[name]))
    assert own == theirs


# -- custom functions --------------------------------------------------------------------------------------------------


def _function(m: Any, forward: Callable[..., Any], jvp: Callable[..., Any] | None) -> Any:
    methods: dict[str, Any] = {"forward": staticmethod(forward), "backward": staticmethod(lambda ctx, *g: (g[0], None))}
    if jvp is not None:
        methods["jvp"] = staticmethod(jvp)
    return type("Own", (m.autograd.Function,), methods)


def _times(ctx: Any, x: Any, y: Any) -> Any:
    ctx.save_for_forward(x, None)
    return x * y


def _in_place(ctx: Any, x: Any, y: Any) -> Any:
    ctx.mark_dirty(x)
    return x.mul_(y)


def _one_of_two(ctx: Any, x: Any, y: Any) -> Any:
    z = x + y
    ctx.mark_non_differentiable(z)
    return x * y, z


def _unmaterialized(ctx: Any, x: Any, y: Any) -> Any:
    ctx.set_materialize_grads(False)
    return x * y


FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]] = {
    "none": (_times, None),
    "saved": (_times, lambda ctx, a, b: a * ctx.saved_tensors[0] + b),
    "zeros": (_times, lambda ctx, a, b: b),
    "no zeros": (_unmaterialized, lambda ctx, a, b: a if b is None else b),
    "too many": (_times, lambda ctx, a, b: (a, b)),
    "number": (_times, lambda ctx, a, b: 3),
    "list": (_times, lambda ctx, a, b: [a]),
    "size": (_times, lambda ctx, a, b: a[:2]),
    "dtype": (_times, lambda ctx, a, b: a.double()),
    "in place": (_in_place, lambda ctx, a, b: a.mul_(2)),
    "not in place": (_in_place, lambda ctx, a, b: a * 2),
    "not differentiable": (_one_of_two, lambda ctx, a, b: (a, a)),
    "differentiable": (_one_of_two, lambda ctx, a, b: (a, None)),
    "view": (lambda ctx, x, y: x.view_as(x), lambda ctx, a, b: a.view_as(a)),
    "no view": (lambda ctx, x, y: x.view_as(x), lambda ctx, a, b: a * 1),
    "itself": (lambda ctx, x, y: x, lambda ctx, a, b: a),
    "unseen": (lambda ctx, x, y: x * len(repr(x)), lambda ctx, a, b: a * len(repr(a))),
}


@every_case("name", FUNCTIONS)
def test_custom_functions(name: str) -> None:
    def case(m: Any, fw: Any, d: Any) -> Any:
        own = _function(m, *FUNCTIONS[name])
        edited = d.clone()
        return own.apply(edited, _x(m) * 5), edited, own.apply(_x(m), _x(m))

    theirs, mine = _outcomes(_dual(case))
    assert mine == theirs


def test_setup_context_keeps_tensors_for_jvp() -> None:
    def case(m: Any, fw: Any, d: Any) -> Any:
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_forward(*inputs, output)

        own = type(
            "Own",
            (m.autograd.Function,),
            {
                "forward": staticmethod(lambda x: x**2),
                "setup_context": staticmethod(setup_context),
                "jvp": staticmethod(lambda ctx, t: t * ctx.saved_tensors[0] * 2 + 0 * ctx.saved_tensors[1]),
            },
        )
        return own.apply(d)

    theirs, mine = _outcomes(_dual(case))
    assert mine == theirs


def test_what_a_context_was_told_is_there_while_forward_runs() -> None:
    def case(m: Any, fw: Any, d: Any) -> Any:
        told: list[Any] = []

        def look(ctx: Any) -> None:
            told.append((ctx.to_save, ctx.saved_for_forward, ctx.dirty_tensors, ctx.non_differentiable))

        def forward(ctx: Any, x: Any, y: Any) -> Any:
            look(ctx)
            ctx.save_for_backward(y, None)
            ctx.save_for_forward(y)
            ctx.mark_dirty(x)
            z = y + 1
            ctx.mark_non_differentiable(z)
            look(ctx)
            return x.mul_(2), z

        def backward(ctx: Any, g: Any, h: Any) -> Any:
            look(ctx)
            return g, None

        own = type(
            "Own", (m.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
        )
        own.apply(_x(m).requires_grad_() * 1, _t(m))[0].sum().backward()
        return told

    theirs, mine = _outcomes(case)
    assert mine == theirs


# -- every op ----------------------------------------------------------------------------------------------------------

# What is not compared, or differs, and why.
DIFFERENT = {
    "cholesky_inverse", "linalg.cholesky", "linalg.cholesky_ex", "linalg.eigh",  # a tangent that is not symmetric
    "triangular_solve",  # or not triangular
    "logcumsumexp",  # here to full precision
    "nn.functional.embedding",  # PyTorch's two derivatives disagree
    "nn.functional.max_unpool2d", "nn.functional.max_unpool3d",  # as there, where a place is named twice
    "nn.functional.group_norm",  # without elements
    "nn.functional.hardsigmoid", "scatter", "nn.functional.soft_margin_loss",  # no second derivative to go by; refused
    "native_batch_norm", "nn.functional.batch_norm",  # of running statistics, whose tangents PyTorch refuses
    "nn.functional.binary_cross_entropy_with_logits", "native_group_norm",  # PyTorch fails, of the second where strides have gaps
    "std_mean-unbiased", "var_mean-unbiased",  # of one element: 0, not NaN
}  # fmt: skip
OPS = [name for name, op in FOUND.items() if op.supports_forward_ad and not is_random(op) and name not in DIFFERENT]


def _pushed(m: Any, function: Callable[..., Any], sample: Any) -> list[Any]:
    """The tangents of the results, where each floating tensor among the arguments has one."""
    fw = m.autograd.forward_ad
    count = 0

    def dual(value: Any) -> Any:
        nonlocal count
        if isinstance(value, torch.Tensor | ak.Tensor):
            if not (value.is_floating_point() or value.is_complex()):
                return value
            count += 1
            numbers = (m.arange(value.numel(), dtype=m.float64) * 0.61 + count).sin()
            return fw.make_dual(value, numbers.reshape(tuple(value.shape)).to(value.dtype))
        if isinstance(value, dict):
            return {key: dual(each) for key, each in value.items()}
        return type(value)(map(dual, value)) if type(value) in (list, tuple) else value

    with fw.dual_level():
        result = function(dual(sample.input), *dual(sample.args), **dual(sample.kwargs))
        return [fw.unpack_dual(each).tangent for each in tensors_in(result)]


@pytest.mark.one_in(2)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OPS)
def test_tangents_of_an_op(name: str) -> None:
    op = FOUND[name]
    for sample in samples_of(op, torch.float64, most=2, noncontiguous=int(name != "view_as_complex")):
        mine = Carried(sample)
        theirs = _pushed(torch, processed(op, op.op, sample), sample)
        found = _pushed(ak, processed(op, ours(op), mine), mine)
        assert [each is None for each in found] == [each is None for each in theirs]
        for one, other in zip(found, theirs, strict=True):
            if other is not None:
                assert_same(one, other, strides=False, rtol=1e-7, atol=1e-7)
