"""`torch.library` against PyTorch's: operators of one's own, their schemas, gradients, rules for `vmap`, refusals.

Annotations are evaluated here, not kept as text, since schemas are made of them.
"""

import itertools
import re
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case
from tests.parity.outcomes import Case, assert_same, case_of, outcome

CASES: dict[str, Case] = {}
case = case_of(CASES)
_numbers = itertools.count()


def _name(m: Any) -> str:
    """A namespace that no test has had, of one length in both."""
    return f"ns{'a' if m is torch else 'b'}{next(_numbers):04d}"


def _plain(text: Any, space: str) -> str:
    return re.sub(r"autogradkit\.core\.\w+", "torch", str(text).replace(space, "NS"))


def _sine(m: Any, space: str, **options: Any) -> Any:
    def sine(x: m.Tensor) -> m.Tensor:
        return m.from_numpy(np.sin(x.detach().numpy()))

    return m.library.custom_op(f"{space}::sine", sine, mutates_args=(), **options)


@case
def names_of_a_custom_op(m: Any) -> Any:
    space = _name(m)
    op = _sine(m, space)
    packet = getattr(m.ops, space).sine
    return [
        _plain(each, space)
        for each in (
            op,
            packet,
            repr(packet),
            packet.default,
            packet.default._schema,
            packet.overloads(),
            packet(m.ones(1)),
        )
    ]


@case
def a_gradient_of_ones_own(m: Any) -> Any:
    space = _name(m)
    op = _sine(m, space)
    x = m.linspace(0, 1, 3, requires_grad=True)
    y = op(x)
    before = outcome(lambda _: y.sum().backward(), m)
    seen: list[Any] = []

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        seen.append((len(inputs), ctx.needs_input_grad, output.requires_grad))
        ctx.save_for_backward(inputs[0])

    def backward(ctx: Any, grad: Any) -> Any:
        seen.append(ctx.needs_input_grad)
        return grad * ctx.saved_tensors[0].cos()

    op.register_autograd(backward, setup_context=setup_context)
    op(x).sum().backward()
    second = m.autograd.grad(m.autograd.grad(op(x).sum(), x, create_graph=True)[0].sum(), x)
    node = [_plain(each, space) for each in (y.grad_fn.name(), y, before)]
    return x.grad, second, seen, node


@case
def lists_and_names_have_gradients(m: Any) -> Any:
    space = _name(m)

    def mixed(xs: list[m.Tensor], y: m.Tensor, *, k: int = 2) -> list[m.Tensor]:
        return [x * y * k for x in xs]

    def setup_context(ctx: Any, inputs: Any, keyword_only_inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs[0], inputs[1])
        ctx.k = keyword_only_inputs["k"]

    def backward(ctx: Any, grads: Any) -> Any:
        *xs, y = ctx.saved_tensors
        return [g * y * ctx.k for g in grads], sum(g * x * ctx.k for g, x in zip(grads, xs, strict=True))

    op = m.library.custom_op(f"{space}::mixed", mixed, mutates_args=())
    op.register_autograd(backward, setup_context=setup_context)
    a, b, y = (m.tensor([float(n)], requires_grad=True) for n in (2, 3, 5))
    first, second = op([a, b], y, k=4)
    return [*m.autograd.grad(first + 2 * second, (a, b, y)), *op([a, b], y)]


@case
def every_kind_of_argument(m: Any) -> Any:
    space = _name(m)
    got: list[Any] = []

    def many(
        x: m.Tensor, ys: list[m.Tensor], n: int = 3, s: float = 1.0, k: int | None = None, d: m.dtype = m.float32,
        name: str = "a", b: bool = False, o: m.Tensor | None = None, ls: list[int] | None = None,
    ) -> tuple[m.Tensor, m.Tensor]:  # fmt: skip
        got.append([type(ys).__name__, n, type(s).__name__, s, k, str(d), name, b, o is None, ls])
        return x * 1, x + 1

    op = m.library.custom_op(f"{space}::many", many, mutates_args=())
    x = m.ones(2)
    said = [
        outcome(lambda _: call(), m)  # noqa: B023 - called at once
        for call in (
            lambda: op(x, [x], 2, 3, b=1, ls=(1, 2)),
            lambda: op(x, (x,), 2, 3, None, m.float64),
            lambda: op(x, [x], m.tensor(2), m.tensor(2.0)),
            lambda: op(x, [x], 2.5),
            lambda: op(x, x),
            lambda: op(x, [1]),
            lambda: op(x, [x], name=3),
            lambda: op(x, [x], d="no"),
            lambda: op(x, [x], k="no"),
            lambda: op(x),
            lambda: op(x, [x], bogus=1),
            lambda: op(x, [x], x=1),
        )
    ]
    return got, [_plain(each, space) for each in said]


@case
def what_writes_into_an_argument(m: Any) -> Any:
    space = _name(m)

    def scale_(x: m.Tensor, by: float) -> None:
        x.mul_(by)

    op = m.library.custom_op(f"{space}::scale_", scale_, mutates_args={"x"})
    x = m.ones(2)
    before = x._version
    result = op(x, 3.0)
    refused = outcome(lambda _: op.register_autograd(lambda ctx, g: g), m)
    tagged = m.library.custom_op(f"{space}::id_", _identity(m), mutates_args={"x"}, tags=m.Tag.inplace)
    y = m.ones(1)
    return (
        x, x._version - before, result, _plain(refused, space), tagged(y) is y,
        _plain(getattr(m.ops, space).id_.default._schema, space),
    )  # fmt: skip


def _identity(m: Any) -> Any:
    def identity(x: m.Tensor) -> m.Tensor:
        return x

    return identity


@case
def meta_tensors(m: Any) -> Any:
    space = _name(m)
    op = _sine(m, space)
    x = m.ones(3, device="meta")
    without = outcome(lambda _: op(x), m)
    op.register_fake(lambda x: m.empty_like(x))
    made = op(x)
    return _plain(without, space), str(made.device), tuple(made.shape)


@case
def within_vmap(m: Any) -> Any:
    space = _name(m)
    op = _sine(m, space)
    one_by_one = m.vmap(op)(m.arange(6.0).reshape(2, 3))
    seen: list[Any] = []

    def rule(info: Any, in_dims: Any, x: Any) -> Any:
        seen.append((info.batch_size, info.randomness, in_dims, tuple(x.shape)))
        return op(x), in_dims[0]

    op.register_vmap(rule)
    return one_by_one, m.vmap(op)(m.arange(6.0).reshape(2, 3)), seen


@case
def a_kernel_for_one_device(m: Any) -> Any:
    space = _name(m)
    op = _sine(m, space, device_types="cuda")
    refused = str(outcome(lambda _: op(m.ones(1)), m)).split("is only available")[0]
    op.register_kernel("cpu")(lambda x: x * 100)
    result = op(m.ones(1))
    with op.set_kernel_enabled("cpu", False):
        disabled = op(m.zeros(1))
    return _plain(refused, space), result, disabled


@case
def a_library_of_schemas(m: Any) -> Any:
    space = _name(m)
    lib = m.library.Library(space, "DEF")
    said = [lib.define("foo(Tensor x, *, int k=2) -> Tensor"), lib.define("foo.int(Tensor x, int k) -> Tensor")]
    lib.impl("foo", lambda x, k=2: x * k, "CPU")
    lib.impl("foo.int", lambda x, k: x + k, "CompositeExplicitAutograd")
    lib.define("pair(Tensor x) -> (Tensor, Tensor)")
    lib.impl("pair", lambda x: (x.sin(), x.cos()))
    ops = getattr(m.ops, space)
    x = m.ones(2, requires_grad=True)
    calls = [
        lambda: ops.foo(x), lambda: ops.foo(x, k=5), lambda: ops.foo(x, 5), lambda: ops.foo(x, "a"), lambda: ops.pair(x),
        lambda: ops.pair(m.ones(1, device="meta"))[0].shape, lambda: ops.foo.overloads(), lambda: ops.foo.int(x, 1),
        lambda: lib.define("foo"), lambda: lib.define("bar(Blub x) -> Tensor"), lambda: lib.impl("foo", 3, "CPU"),
        lambda: lib.impl("foo", lambda x: x, "NOKEY"), lambda: m.library.Library(space, "WHAT"), lambda: str(lib),
        lambda: m.library.Library("prim", "DEF"),
    ]  # fmt: skip
    said += [_plain(outcome(lambda _: each(), m), space) for each in calls]  # noqa: B023 - called at once
    lib._destroy()
    return said, hasattr(ops, "foo"), hasattr(ops, "pair")


@case
def define_and_impl(m: Any) -> Any:
    space = _name(m)
    m.library.define(f"{space}::thrice", "(Tensor x) -> Tensor")

    @m.library.impl(f"{space}::thrice", "default")
    def thrice(x: Any) -> Any:
        return x * 3

    op = getattr(m.ops, space).thrice
    x = m.ones(2, requires_grad=True)
    before = op(x)
    m.library.register_autograd(f"{space}::thrice", lambda ctx, grad: grad * 30)
    (gradient,) = m.autograd.grad(op(x).sum(), x)
    m.library.register_fake(f"{space}::thrice")(lambda x: x.new_empty(7))
    refused = [
        outcome(lambda _: m.library.define("nospace", "(Tensor x) -> Tensor"), m),
        outcome(lambda _: m.library.define(f"{space}::b", "b(Tensor x) -> Tensor"), m),
        outcome(lambda _: m.library.register_fake(f"{space}::no")(thrice), m),
        outcome(lambda _: m.library.impl(f"{space}::thrice", "nodevice")(thrice), m),
        outcome(lambda _: m.library.register_autograd(3, thrice), m),
    ]
    return before, gradient, op(m.ones(1, device="meta")).shape, [_plain(each, space) for each in refused]


@case
def schemas_of_annotations(m: Any) -> Any:
    def fine(x: m.Tensor, *, k: int, f: float = 0.1, d: m.dtype = m.float32) -> tuple[m.Tensor, int]:
        return x, k

    def bare(x) -> m.Tensor:
        return x

    def returns_nothing_said(x: m.Tensor):
        return x

    def nothing(x: m.Tensor) -> None: ...

    def spread(*x: m.Tensor) -> m.Tensor:
        return x[0]

    infer = m.library.infer_schema
    said = [
        outcome(lambda _: infer(each, mutates_args=()), m)  # noqa: B023 - called at once
        for each in (fine, bare, returns_nothing_said, nothing, spread)
    ]
    said += [
        outcome(lambda _: infer(nothing, mutates_args={"x"}, op_name="n"), m),
        outcome(lambda _: infer(nothing, mutates_args="unknown"), m),
        outcome(lambda _: infer(nothing, mutates_args="x"), m),
        outcome(lambda _: infer(nothing, mutates_args={"z"}), m),
        outcome(lambda _: infer(fine, mutates_args={"k"}), m),
    ]
    return [_plain(each, "NS") for each in said]


@case
def an_output_may_not_be_an_input(m: Any) -> Any:
    space = _name(m)
    op = m.library.custom_op(f"{space}::same", _identity(m), mutates_args=())
    return str(outcome(lambda _: op(m.ones(1)), m)).split("): ", 1)[1]


@case
def traced_by_fx(m: Any) -> Any:
    space = _name(m)
    op = _sine(m, space)
    graph = m.fx.symbolic_trace(lambda x: getattr(m.ops, space).sine(x) + 1)
    return _plain(graph.code, space), graph(m.ones(1)), str(op)[:13]


@every_case("name", CASES)
def test_a_case(name: str) -> None:
    assert_same(CASES[name])


def test_a_kernel_without_a_gradient_is_said_in_backward() -> None:
    said = []
    for m in (ak, torch):
        space = _name(m)
        with m.library._scoped_library(space, "DEF") as lib:
            lib.define("twice(Tensor x) -> Tensor")
            lib.impl("twice", lambda x: x * 2, "CPU")
            x = m.ones(2, requires_grad=True)
            y = getattr(m.ops, space).twice(x)
            with pytest.warns(UserWarning, match="an autograd kernel was not registered") as caught:
                y.sum().backward()
            said.append((_plain(caught[0].message, space).split(" (Triggered")[0], x.grad.tolist()))
    assert said[0] == said[1]


def test_a_picture_has_one_operation_of_a_custom_op() -> None:
    op = _sine(ak, "pictured")
    op.register_autograd(lambda ctx, grad: grad)
    x = ak.ones(2, requires_grad=True)
    with ak.record() as trace:
        y = op(x)
        y.sum().backward()
    names = [each.name for each in trace.ops]
    assert names == ["pictured::sine", "sum"]
    assert trace.ops[0].node_name == "GeneratedBackwardFor_pictured_sine_defaultBackward"


def test_triton_is_refused() -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'triton'"):
        ak.library.wrap_triton(lambda: None)
    with pytest.raises(ModuleNotFoundError, match="No module named 'triton'"):
        ak.library.triton_op("a::b", mutates_args=())
    with pytest.raises(NotImplementedError, match="other kernels for PyTorch's own operators"):
        ak.library.Library("aten", "IMPL").impl("sin", lambda x: x, "CPU")
