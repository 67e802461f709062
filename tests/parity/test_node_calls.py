"""Nodes called as functions, `y.grad_fn(gradient)`: one step of backward by hand, as in PyTorch."""

from __future__ import annotations

import autogradkit
from tests.every_case import every_case

from .programs.runs import Line, Pair

LINES = """
y=x*x; r=y.grad_fn(T.ones(2)); s=r[0].sum().backward(); r=(r,x.grad)
y=x*x; T.set_grad_enabled(False); r=y.grad_fn(T.ones(2)); T.set_grad_enabled(True)
y=x*x; r=y.grad_fn(None)
y=x*x; r=y.grad_fn(3)
y=x*x; r=y.grad_fn(T.ones(2),T.ones(2))
y=x*x; r=y.grad_fn(g=1)
y=x*2; r=y.grad_fn(T.ones(2))
y=x.exp(); r=y.grad_fn(T.ones(2,requires_grad=True)); r.sum().backward(); r=(r,x.grad)
y=x*x; y.sum().backward(); r=y.grad_fn(T.ones(2))
y=x*x; x.detach().add_(1); r=y.grad_fn(T.ones(2))
y=x*3; y.grad_fn.register_hook(lambda gi,go: 1/0); y.grad_fn.register_prehook(lambda go: 1/0); r=y.grad_fn(T.ones(2))
y=x.unbind(); r=y[0].grad_fn(T.ones(()),None)
y=x.unbind(); r=y[0].grad_fn(T.ones(()))
y=x*T.ones(3,2); r=y.grad_fn(T.ones(3,2))
y=T.cat([x,x]); r=y.grad_fn(T.arange(4.))
g=T.ones(2); y=(x+1).grad_fn(g); r=(y,y[0] is g)
y=x.clone(); y[0]=5; r=y.grad_fn(T.ones(2))
y=(x*1)[0:1]; z=y._base; y.mul_(2); r=(z.grad_fn(T.ones(2)),z.grad_fn.name())
y=T.nn.functional.linear(T.ones(2,3),T.ones(4,3,requires_grad=True),T.ones(4,requires_grad=True)); r=y.grad_fn(T.ones(2,4))
y=x.softmax(0); r=y.grad_fn(T.arange(2.))
y=T.stack([x,x*2]).max(1); r=y[0].grad_fn(T.ones(2))
y=T.nn.functional.max_pool2d(x.view(1,1,1,2),(1,2)); r=y.grad_fn(T.ones(1,1,1,1))
"""


@every_case("line", LINES.strip().splitlines())
def test_a_called_node_gives_what_pytorchs_gives(line: str) -> None:
    found = Pair().run(Line("x=T.tensor([1.,3.],requires_grad=True); " + line, "grad_fn"))
    assert found is None, found.text


def test_a_node_of_the_users_is_called_by_backward_only() -> None:
    class Double(autogradkit.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: autogradkit.Tensor) -> autogradkit.Tensor:
            return x * 2

    y = Double.apply(autogradkit.ones(2, requires_grad=True))
    assert not callable(y.grad_fn)
