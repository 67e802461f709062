"""Mixed precision beside PyTorch: which ops cast, what a network comes to, scaled gradients, and what is refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

import autogradkit
from autogradkit._ops.declare import SETS
from autogradkit._ops.declare.precision import CAST
from autogradkit._ops.declare.unloaded import load_all
from autogradkit.core.recording import RECORDERS
from tests.every_case import every_case
from tests.parity.outcomes import plain

load_all()  # of families that are declared when they are asked for, too

Case = Callable[[Any, Any], Any]
A = [[0.5, -1.25], [2.0, 3.0]]
CASTING: dict[str, Case] = {
    "matmul": lambda m, a: a @ a,
    "mm": lambda m, a: m.mm(a, a),
    "bmm": lambda m, a: m.bmm(a[None], a[None]),
    "addmm": lambda m, a: m.addmm(a, a, a),
    "baddbmm": lambda m, a: m.baddbmm(a[None], a[None], a[None]),
    "addbmm": lambda m, a: m.addbmm(a, a[None], a[None]),
    "mv": lambda m, a: m.mv(a, a[0]),
    "dot": lambda m, a: m.dot(a[0], a[0]),
    "vecdot": lambda m, a: m.linalg.vecdot(a, a),
    "linear": lambda m, a: m.nn.functional.linear(a, a),
    "prelu": lambda m, a: m.nn.functional.prelu(a, a[0, :1]),
    "einsum": lambda m, a: m.einsum("ij,jk", a, a),
    "tensordot": lambda m, a: m.tensordot(a, a, 1),
    "conv1d": lambda m, a: m.nn.functional.conv1d(a[None], a[None]),
    "conv2d": lambda m, a: m.nn.functional.conv2d(a[None, None], a[None, None, :1, :1]),
    "conv_transpose2d": lambda m, a: m.nn.functional.conv_transpose2d(a[None, None], a[None, None, :1, :1]),
    "attention": lambda m, a: m.nn.functional.scaled_dot_product_attention(a[None], a[None], a[None]),
    "bilinear": lambda m, a: m.nn.functional.bilinear(a, a, a[None]),
    "out=": lambda m, a: m.mm(a, a, out=m.empty(2, 2)),
    "in place": lambda m, a: a.clone().addmm_(a, a),
    "float64": lambda m, a: m.matmul(a.double(), a.double()),
    "float32 and float64": lambda m, a: m.mm(a, a.double()),
    "sum": lambda m, a: (a @ a).sum(),
    "exp": lambda m, a: (a @ a).exp(),
    "softmax": lambda m, a: m.softmax(a @ a, 0),
    "layer_norm": lambda m, a: m.nn.functional.layer_norm(a @ a, (2,)),
    "add": lambda m, a: a @ a + a,
    "prod": lambda m, a: m.prod(a @ a),
    "trace": lambda m, a: m.trace(a @ a),
    "cumsum": lambda m, a: m.cumsum(a @ a, 0),
    "pow": lambda m, a: m.pow(a @ a, 2),
    "quantile": lambda m, a: m.quantile(a @ a, 0.5),
    "cdist": lambda m, a: m.cdist(a, a.bfloat16()),
    "inv": lambda m, a: m.linalg.inv((a @ a) + m.eye(2)),
    "solve": lambda m, a: m.linalg.solve(a, (a @ a)),
    "fft": lambda m, a: m.fft.fft(a @ a),
    "pad": lambda m, a: m.nn.functional.pad(a @ a, (1, 1), mode="reflect"),
    "avg_pool3d": lambda m, a: m.nn.functional.avg_pool3d((a @ a)[None, None, None], 1),
    "cross_entropy": lambda m, a: m.nn.functional.cross_entropy(a @ a, m.tensor([0, 1])),
    "nll_loss": lambda m, a: m.nn.functional.nll_loss(a @ a, m.tensor([0, 1])),
    "mse_loss": lambda m, a: m.nn.functional.mse_loss(a @ a, a),
    "l1_loss": lambda m, a: m.nn.functional.l1_loss(a @ a, a),
    "smooth_l1_loss": lambda m, a: m.nn.functional.smooth_l1_loss(a @ a, a),
    "huber_loss": lambda m, a: m.nn.functional.huber_loss(a @ a, a),
    "kl_div": lambda m, a: m.nn.functional.kl_div(a @ a, a, reduction="sum"),
    "bce": lambda m, a: m.nn.functional.binary_cross_entropy(m.sigmoid(a @ a), m.ones(2, 2)),
    "bce with logits": lambda m, a: m.nn.functional.binary_cross_entropy_with_logits(a @ a, m.ones(2, 2)),
    "soft_margin_loss": lambda m, a: m.nn.functional.soft_margin_loss(a @ a, a),
    "margin_ranking_loss": lambda m, a: m.nn.functional.margin_ranking_loss(a @ a, a @ a, a),
    "triplet_margin_loss": lambda m, a: m.nn.functional.triplet_margin_loss(a @ a, a, a * 2),
    "cat": lambda m, a: m.cat([a @ a, a]),
    "cat of 16 bits": lambda m, a: m.cat([a @ a, a @ a]),
    "cat with float64": lambda m, a: m.cat([a @ a, a.double()]),
    "stack": lambda m, a: m.stack([a @ a, a]),
    "index_copy": lambda m, a: m.index_copy(a, 0, m.tensor([0, 1]), a @ a),
}  # fmt: skip


def outcome(m: Any, case: Case, dtype: str) -> Any:
    a = m.tensor(A)
    try:
        with m.autocast("cpu", dtype=getattr(m, dtype)):
            result = case(m, a)
    except RuntimeError as error:
        return f"RuntimeError: {error}"
    return str(result.dtype), [f"{each:.3g}" for each in m.view_as_real(result.to(m.complex64)).flatten().tolist()]


@every_case("dtype", ["bfloat16", "float16"])
@every_case("case", CASTING.values())
def test_what_is_cast(case: Case, dtype: str) -> None:
    assert outcome(autogradkit, case, dtype) == outcome(torch, case, dtype)


def test_every_name_in_the_lists_is_an_op() -> None:
    assert autogradkit.nn  # which loads some of them
    assert sorted(CAST - {each.name for each in SETS}) == []


def _trained(m: Any) -> Any:
    m.manual_seed(3)
    net = m.nn.Sequential(m.nn.Linear(4, 8), m.nn.ReLU(), m.nn.Linear(8, 3))
    optimizer = m.optim.SGD(net.parameters(), lr=0.125)
    scaler = m.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    told = []
    for _ in range(4):
        x, y = m.randn(6, 4), m.randint(0, 3, (6,))
        optimizer.zero_grad()
        with m.autocast("cpu"):
            logits = net(x)
            loss = m.nn.functional.cross_entropy(logits, y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        told.append((str(logits.dtype), str(loss.dtype), round(loss.item(), 3), scaler.get_scale()))
    return told, [str(p.grad.dtype) for p in net.parameters()], scaler.state_dict()


def test_a_network_learns_the_same() -> None:
    assert _trained(autogradkit) == _trained(torch)


def _graph(m: Any) -> Any:
    w = m.ones(2, 2, requires_grad=True)
    x = m.ones(2, 2)
    with m.autocast("cpu"):
        first, second = m.mm(x, w), m.mm(x, w)
        with m.autocast("cpu", enabled=False):
            third = m.mm(x, w)
    casts = [each.grad_fn.next_functions[1][0] for each in (first, second)]
    with m.autocast("cpu", cache_enabled=False):
        apart = [m.mm(x, w).grad_fn.next_functions[1][0] for _ in range(2)]
    (first.sum() + second.sum()).backward()
    names = [type(each).__name__ for each in (*casts, third.grad_fn.next_functions[1][0])]
    return (
        names,
        casts[0] is casts[1],
        apart[0] is apart[1],
        str(third.dtype),
        w.grad.dtype is m.float32,
        w.grad.tolist(),
    )


def test_a_parameter_is_cast_once_in_a_block() -> None:
    assert _graph(autogradkit) == _graph(torch)


def _states(m: Any) -> Any:
    told = []

    def note_state() -> None:
        told.append((m.is_autocast_enabled("cpu"), m.is_autocast_enabled(), str(m.get_autocast_dtype("cpu"))))

    note_state()
    with m.autocast("cpu", dtype=m.float16):
        note_state()
        with m.autocast("xpu"), m.autocast("cpu", enabled=False):
            note_state()
        note_state()
    decorated = m.autocast("cpu")(lambda a: (note_state(), m.mm(a, a))[1])
    told.append(str(decorated(m.ones(2, 2)).dtype))
    try:
        with m.autocast("cpu"):
            raise KeyError("left")
    except KeyError:
        note_state()
    return told, str(m.mm(m.ones(1, 1), m.ones(1, 1)).dtype)


def test_what_is_on_inside_and_after() -> None:
    assert _states(autogradkit) == _states(torch)


def _custom(m: Any) -> Any:
    told = []

    class Product(m.autograd.Function):
        @staticmethod
        @m.amp.custom_fwd(device_type="cpu")
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(a, b)
            return a.mm(b)

        @staticmethod
        @m.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, grad: Any) -> Any:
            a, b = ctx.saved_tensors
            told.append((m.is_autocast_enabled("cpu"), str(grad.mm(b.t()).dtype)))
            return grad.mm(b.t()), a.t().mm(grad)

    class Full(m.autograd.Function):
        @staticmethod
        @m.amp.custom_fwd(device_type="cpu", cast_inputs=m.float32)
        def forward(ctx: Any, a: Any) -> Any:
            told.append((m.is_autocast_enabled("cpu"), str(a.dtype)))
            return a * 2

        @staticmethod
        @m.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, grad: Any) -> Any:
            told.append((m.is_autocast_enabled("cpu"), str(grad.dtype)))
            return grad * 2

    a = m.tensor([[1.5, 2.0], [0.25, -1.0]], requires_grad=True)
    with m.autocast("cpu"):
        y = Full.apply(Product.apply(a, a))
    y.sum().backward()
    return told, str(y.dtype), a.grad.tolist()


def test_custom_functions_cast_as_they_say() -> None:
    assert _custom(autogradkit) == _custom(torch)


def _left_out(m: Any) -> Any:
    w = m.tensor([1.0, 2.0], requires_grad=True)
    optimizer = m.optim.SGD([w], lr=0.5)
    scaler = m.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
    told = []
    for factor in (float("inf"), 1.0, 1.0, float("nan"), 0.5):
        optimizer.zero_grad()
        scaler.scale((w * factor).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        told.append((w.tolist(), scaler.get_scale(), scaler.state_dict()["_growth_tracker"]))
    scaler.update(3.0)
    told.append(scaler.get_scale())
    scaler.update(m.tensor(5.0))
    other = m.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    return told, other.get_scale(), other.state_dict(), plain(other.scale([w.detach(), (w.detach(),)]))


def test_steps_that_are_not_finite_are_left_out() -> None:
    assert _left_out(autogradkit) == _left_out(torch)


def _twice(m: Any, *calls: str) -> Any:
    w = m.tensor([1.0], requires_grad=True)
    optimizer = m.optim.SGD([w], lr=0.5)
    scaler = m.amp.GradScaler("cpu")
    scaler.scale(w.sum()).backward()
    for call in calls:
        getattr(scaler, call)(*([optimizer] if call != "update" else []))


def _halves(m: Any) -> Any:
    w = m.tensor([1.0], dtype=m.float16, requires_grad=True)
    scaler = m.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale(w.sum()).backward()
    scaler.unscale_(m.optim.SGD([w], lr=0.5))


REFUSED: dict[str, Callable[[Any], Any]] = {
    "no device": lambda m: m.autocast("nonsense"),
    "a number": lambda m: m.autocast(3),
    "a dtype": lambda m: m.autocast("cpu", dtype=m.float32)._enabled,
    "cuda": lambda m: m.autocast("cuda")._enabled,
    "decorating a number": lambda m: m.autocast("cpu")(3),
    "availability": lambda m: [m.amp.is_autocast_available(each) for each in ("cpu", "cuda", "mps", "meta")],
    "growth": lambda m: m.amp.GradScaler("cpu", growth_factor=0.5),
    "backoff": lambda m: m.amp.GradScaler("cpu", backoff_factor=1.5),
    "a scaler for cuda": lambda m: m.amp.GradScaler("cuda").state_dict(),
    "scaled number": lambda m: m.amp.GradScaler("cpu").scale(3),
    "update first": lambda m: m.amp.GradScaler("cpu").update(),
    "step first": lambda m: m.amp.GradScaler("cpu").step(m.optim.SGD([m.ones(1, requires_grad=True)], lr=1.0)),
    "empty state": lambda m: m.amp.GradScaler("cpu").load_state_dict({}),
    "unscaled twice": lambda m: _twice(m, "unscale_", "unscale_"),
    "unscaled after the step": lambda m: _twice(m, "step", "unscale_"),
    "two steps": lambda m: _twice(m, "step", "step"),
    "update without a step": lambda m: _twice(m, "update"),
    "float16": _halves,
    "custom_fwd of a number": lambda m: m.amp.custom_fwd(device_type=3),
    "custom_bwd of a number": lambda m: m.amp.custom_bwd(device_type=3),
}  # fmt: skip


def _outcome(m: Any, case: Callable[[Any], Any]) -> Any:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            given = case(m)
        except (RuntimeError, ValueError, TypeError, AssertionError) as error:
            given = type(error).__name__, str(error)
    return given, [(each.category, str(each.message)) for each in warned]


@every_case("case", REFUSED.values())
def test_what_is_refused(case: Callable[[Any], Any]) -> None:
    assert _outcome(autogradkit, case) == _outcome(torch, case)


def test_no_recorder_is_left() -> None:
    before = list(RECORDERS)
    with autogradkit.autocast("cpu"), autogradkit.autocast("cpu", enabled=False):
        assert before == RECORDERS
    assert before == RECORDERS
