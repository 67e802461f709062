"""`torch.func` beside PyTorch, line by line: numbers, whether there is a graph, refusals
modules as functions of parameters."""

from __future__ import annotations

import re
import warnings
from typing import Any

import functorch
import pytest
import torch
import torch.func

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is translated by what PyTorch calls deprecated, when the first jvp asks for it
    import torch._decomp.decompositions_for_jvp

import autogradkit
import autogradkit.func
import autogradkit.functorch
from tests.every_case import every_case

from .oracle import tensors_in

DERIVATIVES = """
f.grad(cubes)(x); f.grad(lambda x: x)(x); f.grad(lambda x: 3)(x); f.grad(cubes, 1)(x); f.grad(cubes)(3.0)
f.grad(product, (0, 1))(x, y); f.grad(product, (0, "a"))(x, x); f.grad(product, ())(x, x); f.grad(product, (0, 0))(x, x)
f.grad(product, -1)(x, y); f.grad(product, "a")(x, y); f.grad(lambda d: (d["a"] ** 2).sum())({"a": x})
f.grad(lambda x: (x.sum(), x), has_aux=True)(x); f.grad(cubes, has_aux=True)(x); f.grad_and_value(cubes)(x)
f.grad_and_value(lambda x: (x.sum(), (x, x * 2)), has_aux=True)(x); f.grad(lambda x: x.sum())(x.long())
f.grad(lambda x: x.detach().sum())(x); f.grad(lambda x: (w * x * x).sum())(x); f.grad(lambda x: (w * x * x).sum())(w)
f.grad(lambda x: (w * x).sum())(w); f.grad_and_value(lambda x: ((w * x).sum(), 3), has_aux=True)(x)
f.grad(f.grad(lambda x: x**3))(s); f.grad(f.grad(f.grad(lambda x: x**4)))(s)
f.grad(lambda x: f.grad(lambda y: x * y**2)(x))(s)
f.grad(lambda x: f.grad(lambda y: x * y**2)(x.detach()))(s); f.grad(silently)(x); f.grad(lambda x, k: (k * x).sum())(x, k=3.0)
f.vjp(square, x)[0]; f.vjp(square, x)[1](v); f.vjp(square, x)[1]((v,)); f.vjp(square, x)[1](m.ones(2))
f.vjp(lambda x, y: (x * y, {"a": x.sum()}), x, y)[1]((v, {"a": s})); f.vjp(lambda x: x > 1, x); f.vjp(lambda x: 3, x)
f.vjp(lambda x: (), x); f.vjp(square, x, has_aux=True); f.vjp(lambda x: x); f.vjp(lambda x: [x], 3)
f.vjp(lambda x: (x, 3), x)
f.vjp(lambda x: (x**2, x), x, has_aux=True)[2]; f.vjp(lambda x: w * x, x)[1](v); f.vjp(square, x)[1](w)
f.jvp(square, (x,), (v,)); f.jvp(square, x, (x,)); f.jvp(square, (x,), x); f.jvp(lambda x: 3, (x,), (x,))
f.jvp(constant, (x,), (x,)); f.jvp(constant, (x,), (x,), strict=True); f.jvp(lambda x: (x**2, x), (x,), (v,), has_aux=True)
f.jvp(square, (x,), (x,), has_aux=True)
f.jvp(square, (), ()); f.jvp(square, (3,), (3,)); f.jvp(square, (x,), (m.ones(2),)); f.jvp(lambda x: (x > 1, x), (x,), (v,))
f.jvp(lambda x: f.jvp(lambda y: x * y**2, (x,), (one,))[1], (s,), (one,)); f.jvp(f.grad(cubes), (x,), (v,))
f.jvp(product, (x, y), (v, x)); f.jvp(lambda d: d["a"] * d["b"], ({"a": x, "b": y},), ({"a": v, "b": x},))
f.jvp(square, (w,), (v,))
f.jacrev(square)(x); f.jacrev(lambda x: (x**2, {"a": x.sum()}))(x); f.jacrev(outer, (0, 1))(x, y); f.jacrev(outer, 1)(x, y)
f.jacrev(lambda x: (x**2, x), has_aux=True)(x); f.jacrev(square, chunk_size=0); f.jacrev(square, chunk_size=2)(x)
f.jacrev(lambda d: d["a"] * 2)({"a": x}); f.jacrev(square)(x.to(m.complex64)); f.jacrev(lambda x: x + 0j)(x)
f.jacrev(constant)(x)
f.jacrev(f.jacrev(cubes))(x); f.jacrev(lambda x: w * x)(x); f.jacrev(square)(w); f.jacrev(lambda x: x.reshape(3, 1) * x)(x)
f.jacfwd(square)(x); f.jacfwd(lambda x: (x**2, {"a": x.sum()}))(x); f.jacfwd(outer, (0, 1))(x, y)
f.jacfwd(lambda x: (x**2, x), has_aux=True)(x); f.jacfwd(constant)(x); f.jacfwd(lambda d: d["a"] * 2)({"a": x})
f.jacfwd(square)(x.to(m.complex64)); f.jacfwd(square, 1)(x); f.jacfwd(lambda x: w * x)(x)
f.jacfwd(lambda x: x.reshape(3, 1) * x)(x)
f.hessian(cubes)(x); f.hessian(product, (0, 1))(x, y); f.hessian(lambda x: x**3)(x); f.hessian(lambda x: (w * x**2).sum())(x)
f.linearize(m.sin, x)[0]; f.linearize(m.sin, x)[1](v); f.linearize(m.sin, x)[1](m.ones(2)); f.linearize(m.sin, x)[1](x, x)
"""
REFUSED = """
f.vjp(lambda x: None, x); f.jvp(lambda x: None, (x,), (v,)); f.jacrev(lambda x: (None, x))(x)
f.grad(lambda x: (x * m.ones(3).requires_grad_()).sum())(x); f.jacfwd(lambda x: x * m.ones(3).requires_grad_(False))(x)
f.grad(lambda x: (x * m.tensor(2.0, requires_grad=True).detach()).sum())(x); f.grad(lambda x: x.sum().backward())(x)
f.grad(lambda x: m.autograd.backward((x * 2).sum()))(x); f.vjp(lambda x: (x * 2).retain_grad(), x)
f.grad(lambda x: m.autograd.functional.vjp(lambda y: y.sum(), x)[1].sum())(x); f.grad(hooked)(x); f.hessian(hooked)(x)
f.jvp(hooked, (x,), (v,)); f.grad(lambda x: Doubled.apply(x).sum())(x); f.jvp(lambda x: Doubled.apply(x), (x,), (v,))
f.vmap(lambda x: w.sum().backward())(X); f.grad(lambda x: f.grad(lambda y: y**3)(x))(s)
"""
BATCHES = """
f.vmap(cubes)(X); f.vmap(cubes, in_dims=1)(X); f.vmap(lambda x: x, out_dims=1)(X); f.vmap(outer)(X, X[0]); f.vmap(cubes)()
f.vmap(outer, in_dims=(0, None))(X, X[0]); f.vmap(cubes, in_dims="a")(X); f.vmap(cubes, in_dims=(0, 0))(X); f.vmap(cubes)(3)
f.vmap(cubes, in_dims=5)(X); f.vmap(cubes, in_dims=(None,))(X); f.vmap(lambda x: 3)(X)
f.vmap(lambda x: (x, {"a": x.sum()}))(X)
f.vmap(lambda x: (x, x), out_dims=(0, 1, 2))(X); f.vmap(cubes, out_dims="a")(X); f.vmap(cubes, randomness="a")
f.vmap(cubes, chunk_size=0); f.vmap(lambda x: x + m.randn(3))(X); f.vmap(lambda x: m.randn(3), randomness="same")(X)
f.vmap(lambda x: x, out_dims=None)(X); f.vmap(lambda x: x[0], out_dims=None)(X); f.vmap(lambda x: 3, out_dims=None)(X)
f.vmap(constant)(X); f.vmap(constant, out_dims=None)(X); f.vmap(cubes)(m.zeros(0, 3)); f.vmap(cubes, in_dims=-1)(X)
f.vmap(lambda x: x, out_dims=-1)(X); f.vmap(lambda d: d["a"] + d["b"])({"a": X, "b": X}); f.vmap(lambda x: None)(X)
f.vmap(lambda d: d["a"] + d["b"], in_dims=({"a": 0, "b": None},))({"a": X, "b": x}); f.vmap(cubes, in_dims=(1.5,))(X)
f.vmap(cubes, in_dims=(0,))(3); f.vmap(f.vmap(lambda a, b: a * b, (None, 0)), (0, None))(x, y); f.vmap(cubes, chunk_size=1)(X)
f.vmap(lambda x, k=2: x * k)(X, k=3); f.vmap(lambda x: (x,))(X); f.vmap(lambda x: [x])(X); f.vmap(f.grad(cubes))(X)
f.vmap(f.grad(f.grad(lambda x: x**3)))(x); f.vmap(lambda x: w * x)(X); f.vmap(f.grad(product), (None, 0))(x, X)
m.vmap(cubes)(X)
f.vmap(m.dot)(X, X); f.vmap(f.jacrev(square))(X); f.vmap(lambda x: (x, x.sum()), out_dims=(1, 0))(X)
f.vmap(m.linalg.det)(m.eye(2)[None])
f.jacfwd(lambda x: x + m.randn(3))(x); f.jacfwd(square, randomness="a")
"""
MODULES = """
call(lin, p, (z,)); call(lin, p, z); call(lin, {"weight": p["weight"]}, z).shape; call(lin, {"foo": z}, z).shape
call(lin, {"foo": z}, z, strict=True); call(lin, {"weight": p["weight"]}, z, strict=True); call(lin, 3, z); call(lin, [3], z)
call(lin, [{"weight": p["weight"]}, {"bias": p["bias"]}], z); call(lin, [p, p], z); call(lin, {"a.b": z}, z)
call(lin, {"weight": 3}, z); call(lin, p, kwargs={"input": z}); call(lin, p); call(tied, {"a": m.zeros(2)}, m.ones(2))
call(tied, {"a": m.zeros(2)}, m.ones(2), tie_weights=False); call(tied, {"a": m.zeros(2), "b": m.ones(2)}, m.ones(2))
call(tied, {"a": m.zeros(2), "b": m.ones(2)}, m.ones(2), tie_weights=False)
(call(bn, q, m.tensor([[1.0, 2.0], [3.0, 6.0]])), q, bn.running_mean, bn.num_batches_tracked)
[(n, t.shape, t.requires_grad, t.is_leaf) for n, t in f.stack_module_state([lin, m.nn.Linear(2, 1)])[0].items()]
f.stack_module_state([]); f.stack_module_state([lin, bn]); f.stack_module_state([bn, m.nn.BatchNorm1d(2)])[1]
f.stack_module_state([lin, m.nn.Linear(2, 1).eval()]); f.stack_module_state([lin, m.nn.Linear(2, 1).requires_grad_(False)])
f.vmap(lambda p, z: call(lin, p, z), (0, None))({n: m.stack([t, 2 * t]) for n, t in p.items()}, z)
f.vmap(f.grad(lambda p, z: (call(lin, p, z) ** 2).sum()), (None, 0))(p, z)
call(m.nn.Sequential(lin), {"0.bias": m.ones(1)}, z).shape
"""
MODES = """
m.inference_mode()(lambda: (f.grad(cubes)(x), f.grad(cubes)(x).is_inference(), f.vjp(square, x)[1](v)))()
m.inference_mode()(lambda: f.jvp(square, (x,), (v,)))()
m.inference_mode()(lambda: (f.jacrev(square)(x), f.jacfwd(square)(x), f.hessian(cubes)(x), f.vmap(f.grad(cubes))(X)))()
m.inference_mode()(lambda: [i := x * 2, f.grad(lambda x: (x * i * i).sum())(i)][1])()
f.grad(lambda x: (x * m.is_inference_mode_enabled() + m.is_grad_enabled()).sum())(x)
m.no_grad()(lambda: [p := f.vjp(square, x)[1], f.vjp(lambda u: p(u)[0], x)[1](v)][1])()
f.jacrev(lambda u, p=m.no_grad()(f.vjp)(square, x)[1]: p(u)[0])(x); m.no_grad()(f.vjp)(lambda x: w * x, x)[1](v)
f.jacrev(m.no_grad()(f.linearize)(square, x)[1])(x)
"""
OLDER = """
o.make_functional(bn); [t.requires_grad for t in o.make_functional(lin, disable_autograd_tracking=True)[1]]
[(f.param_names, f.names_map, p) for f, p in [o.make_functional(tied)]]; o.make_functional(lin)[0]
(lambda f, p: f([t * 0 + 1 for t in p], z))(*o.make_functional(lin))
(lambda f, p: f([m.zeros(2)], z[0, :2]))(*o.make_functional(tied))
(lambda f, p: f(p[:1], z))(*o.make_functional(m.nn.Identity()))
(lambda f, p, b: (f(p, b, z), b, p, f.param_names, f.buffer_names))(*o.make_functional_with_buffers(bn))
(lambda f, p, b: (o.vmap(f, (0, 0, None))(p, b, z), p, b))(*o.combine_state_for_ensemble([lin, m.nn.Linear(2, 1)]))
o.combine_state_for_ensemble([]); o.combine_state_for_ensemble([lin, bn])
o.combine_state_for_ensemble([lin, m.nn.Linear(2, 1).eval()])
o.vmap(cubes)(X); o.grad(cubes)(x); o.grad_and_value(cubes)(x); o.vjp(square, x)[0]; o.jvp(square, (x,), (v,))
o.jacrev(square)(x)
o.jacfwd(square)(x); o.hessian(cubes)(x); o.functionalize(square)(x)
"""


def _names(m: Any) -> dict[str, Any]:
    def silently(x: Any) -> Any:
        with m.no_grad():
            return (x * 2).sum()

    class Tied(m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = self.b = m.nn.Parameter(m.ones(2))

        def forward(self, x: Any) -> Any:
            return x * self.a + self.b

    class Doubled(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return gradient * 2

    def hooked(x: Any) -> Any:
        with m.autograd.graph.saved_tensors_hooks(lambda saved: saved, lambda saved: saved):
            return x.sin().sum()

    m.manual_seed(0)
    bn = m.nn.BatchNorm1d(2)
    return {
        "m": m, "f": m.func, "o": functorch if m is torch else autogradkit.functorch,
        "call": m.func.functional_call, "silently": silently,
        "Doubled": Doubled, "hooked": hooked, "tied": Tied(), "bn": bn,
        "lin": m.nn.Linear(2, 1),
        "x": m.tensor([1.0, 2.0, 3.0]), "y": m.tensor([0.5, -1.0, 2.0]), "v": m.tensor([1.0, 10.0, 100.0]), "s": m.tensor(3.0),
        "one": m.tensor(1.0), "w": m.tensor([1.0, 1.0, 2.0], requires_grad=True), "X": m.arange(6.0).reshape(2, 3),
        "z": m.tensor([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]]), "p": {"weight": m.tensor([[1.0, -2.0]]), "bias": m.zeros(1)},
        "q": {n: t.detach().clone() for n, t in [*bn.named_parameters(), *bn.named_buffers()]},
        "cubes": lambda x: (x**3).sum(), "square": lambda x: x**2, "product": lambda x, y: (x * y**2).sum(),
        "outer": lambda x, y: x * y, "constant": lambda x: m.ones(2),
    }  # fmt: skip


def _outcome(m: Any, line: str) -> tuple[str, list[bool]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, of what it makes forward mode of
        try:
            found = eval(line, _names(m))
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            text = str(error).replace("_names.<locals>.", "").replace("autogradkit.core.tensor.", "torch.")
            return f"{type(error).__name__}: {text}", []
    text = re.sub(r"grad_fn=<\w+>", "grad_fn", re.sub(r"-0\.(0*)(?=[,\]])", r" 0.\1", repr(found)))
    return re.sub(r" at 0x\w+", "", text), [each.requires_grad for each in tensors_in(found)]


@every_case(
    "line",
    [
        each
        for part in (DERIVATIVES, REFUSED, BATCHES, MODULES, MODES, OLDER)
        for each in re.split(r"; |\n", part.strip())
    ],
)
def test_line(line: str) -> None:
    assert _outcome(autogradkit, line) == _outcome(torch, line)


def test_functions_of_functorch_warn() -> None:
    for o in (autogradkit.functorch, functorch):
        with pytest.warns(
            FutureWarning, match=r"^We've integrated functorch .*, `functorch.vmap` is .* use `torch.vmap` instead"
        ):
            o.vmap(abs)


def test_different_samples_draw_different_numbers() -> None:
    drawn = autogradkit.func.vmap(lambda x: autogradkit.randn(3), randomness="different")(autogradkit.ones(2))
    assert not drawn[0].equal(drawn[1])


def test_numbers_that_may_not_be_drawn_are_not_missed() -> None:
    drawn = []
    for m in (autogradkit, torch):
        m.manual_seed(3)
        with pytest.raises(RuntimeError, match="called random operation while in randomness error mode"):
            m.func.vmap(lambda x, m=m: x + m.randn(3))(m.ones(2, 3))
        drawn.append(m.randn(3).tolist())
    assert drawn[0] == drawn[1]


def test_a_module_has_its_own_parameters_back_after_an_error() -> None:
    layer = autogradkit.nn.Linear(2, 1)
    weight, bias = layer.weight, layer.bias
    with pytest.raises(RuntimeError, match="mat2 must be a matrix"):
        autogradkit.func.functional_call(layer, {"weight": autogradkit.ones(3), "new": bias}, autogradkit.ones(3, 2))
    assert layer.weight is weight
    assert layer.bias is bias
    assert not hasattr(layer, "new")


def test_an_edit_of_a_sample_is_an_edit_of_its_batch() -> None:
    def doubled(m: Any) -> Any:
        batch = m.tensor([[1.0, 2.0], [3.0, 4.0]])
        m.func.vmap(lambda x: x.mul_(2))(batch)
        return batch.tolist()

    assert doubled(autogradkit) == doubled(torch) == [[2, 4], [6, 8]]


def test_what_is_closed_over_is_a_constant_and_gets_gradients_outside() -> None:
    def gradient(m: Any) -> Any:
        w = m.tensor([1.0, 2.0], requires_grad=True)
        m.func.grad(lambda x: (w * x**2).sum())(m.tensor([3.0, 5.0])).sum().backward()
        return w.grad.tolist()

    assert gradient(autogradkit) == gradient(torch) == [6, 10]


def test_a_batch_is_recorded_sample_by_sample() -> None:
    with autogradkit.record() as trace:
        autogradkit.func.vmap(autogradkit.exp)(autogradkit.ones(2, 3))
    names = [event.name for event in trace.events if hasattr(event, "name")]
    assert names.count("exp") == 2
    assert names[-1] == "stack"


def custom(m: Any) -> Any:
    """A custom function with a `jvp` and a `backward`, of several arguments and results, and two with a `jvp` alone."""

    class Several(m.autograd.Function):
        @staticmethod
        def forward(x: Any, y: Any, k: float) -> Any:
            return x * y * k, (x + y).long(), x.sin()

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, y, ctx.k = inputs
            ctx.save_for_forward(x, y)
            ctx.save_for_backward(x, y)
            ctx.mark_non_differentiable(output[1])

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any, h: Any) -> Any:
            x, y = ctx.saved_tensors
            return g * y * ctx.k + h * x.cos(), g * x * ctx.k, None

        @staticmethod
        def jvp(ctx: Any, x_t: Any, y_t: Any, _: Any) -> Any:
            x, y = ctx.saved_tensors
            return (x_t * y + x * y_t) * ctx.k * 100, None, x.cos() * x_t  # times 100: told from what backward says

    class Alone(m.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x.exp()

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_forward(output)

        @staticmethod
        def jvp(ctx: Any, t: Any) -> Any:
            (y,) = ctx.saved_tensors
            return y * t

    class Wrong(Alone):
        answer: Any = None

        @staticmethod
        def jvp(ctx: Any, t: Any) -> Any:
            return Wrong.answer(t)

    return Several, Alone, Wrong


def test_jvp_asks_custom_functions_for_theirs() -> None:
    def found(m: Any) -> list[Any]:
        several, alone, wrong = custom(m)
        x, y, t = (m.tensor(each, dtype=m.float64) for each in ([1.0, 2.0, 3.0], [0.5, -1.0, 2.0], [1.0, 0.0, 2.0]))
        jvp, grad = m.func.jvp, m.func.grad
        pairs = [
            *jvp(lambda a, b: several.apply(a, b, 3.0)[::2], (x, y), (t, t)),
            jvp(lambda a: several.apply(a, y, 3.0)[0], (x,), (t,)),
            jvp(grad(lambda a: several.apply(a, y, 3.0)[2].sum()), (x,), (t,)),
            jvp(alone.apply, (x,), (t,)),
            jvp(lambda a: alone.apply(a * 2).sum(), (x,), (t,)),
            jvp(lambda a: (alone.apply(a), a.sum()), (x,), (t,), has_aux=True)[:2],
            (grad(lambda a: jvp(lambda b: several.apply(b, y, 2.0)[2], (a,), (t,))[1].sum())(x),),
        ]
        values: list[Any] = [each.tolist() for pair in pairs for each in pair]
        for answer in (lambda t: (t, t), lambda t: 3, lambda t: t.sum()):
            wrong.answer = staticmethod(answer)
            with pytest.raises(RuntimeError) as caught:
                jvp(wrong.apply, (x,), (t,))
            values.append(str(caught.value))
        with pytest.raises(NotImplementedError) as missing:
            grad(lambda a: alone.apply(a).sum())(x)
        return [*values, str(missing.value)]

    assert found(autogradkit) == found(torch)
    alone = custom(autogradkit)[1]
    point = autogradkit.tensor([0.0, 1.0], dtype=autogradkit.float64)
    jacobian = autogradkit.func.jacfwd(alone.apply)(point)
    assert autogradkit.equal(jacobian, autogradkit.diag(point.exp()))
    second = autogradkit.func.jvp(
        lambda a: autogradkit.func.jvp(alone.apply, (a,), (point + 1,))[1], (point,), (point + 1,)
    )[1]
    assert autogradkit.equal(second, point.exp() * (point + 1) ** 2)
