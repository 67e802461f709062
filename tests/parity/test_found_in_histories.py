"""What nodes, hooks and histories refuse and keep: found by random programs.

As in test_found_in_programs.py, each line is a program that both libraries run.
"""

from __future__ import annotations

import copy

import numpy as np

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "gradients that need none themselves": """
x=T.zeros(0,3,requires_grad=True); y=T.cumprod(x,0); y.backward(T.ones_like(y),create_graph=True); r=x.grad
x=T.tensor([1.,-2.],requires_grad=True); y=F.Marks.apply(x); y[0].sum().backward(create_graph=True); r=x.grad
x=T.ones(2,3,requires_grad=True); y=T.cumprod(x,0,dtype=T.complex128); y.backward(T.ones_like(y))
    """,
    "out= of what PyTorch has no gradient of": """
x=T.ones(3,3,requires_grad=True); y=T.zeros(3,3); T.softmax(x,0,out=y); r=(y.grad_fn.name(),len(y.grad_fn.next_functions)); y.sum().backward()
x=T.ones(3,3,requires_grad=True); y=T.zeros(3); T.log_softmax(x,0,out=y); y.sum().backward()
x=T.ones(3,3,requires_grad=True); y=T.diag(x,out=T.zeros(3)); r=y.grad_fn.name()
x=T.ones(3,3,requires_grad=True)*1; y=T.floor_divide(T.tensor([3.,4.,5.]),2,out=x[0]); r=(y.grad_fn.name(),x.grad_fn.name())
x=T.ones(3,3,requires_grad=True)*1; T.full((2,3),2.,out=x); x.sum().backward()
x=T.ones(3,requires_grad=True)*1; r=T.bitwise_and(T.ones(3).bool(),T.ones(3).bool(),out=x).grad_fn.name()
x=T.ones(3,requires_grad=True)*1; v=x._version; T.arange(3.,out=x); r=(x.grad_fn.name(),x._version-v)
x=T.ones(3,3,requires_grad=True); T.full((3,),2.,out=x[0])
x=T.ones(3,requires_grad=True); T.softmax(T.ones(3),0,out=x)
x=T.ones(3,requires_grad=True); r=T.no_grad()(lambda: T.floor_divide(x,2,out=x))()
    """,
    "a custom Function that edits what has a gradient": """
x=T.ones(3,requires_grad=True)*1; x.retain_grad(); x.sum().backward(); F.Edits.apply(x); r=(x.grad is None,x.retains_grad)
x=T.ones(2,3,requires_grad=True)*1; v=x[:,1:]; v.backward(T.ones_like(v),inputs=v); F.Edits.apply(v); r=v.grad is None
x=T.ones(3); x.grad=T.ones(3); F.Edits.apply(x); r=x.grad
    """,
    "a node that is wanted and leads to nothing wanted": """
x=T.ones(3,requires_grad=True); y=T.unique(x); (y*y).sum().backward(inputs=[y]); r=y.grad
x=T.ones(3,requires_grad=True); y=T.nn.functional.huber_loss(x,T.zeros(3,dtype=T.int64)); y.backward(inputs=[y]); r=y.grad
x=T.ones(3,requires_grad=True); y=x//2; y.sum().backward(inputs=[y])
x=T.ones(3,requires_grad=True); y=x.exp(); y.detach().mul_(2); (y*2).sum().backward(inputs=[y])
    """,
    "custom Functions with numbers among their inputs": """
x=T.ones(3,requires_grad=True); y=F.SetsUp.apply(x,2.); y[0].grad_fn.register_hook(lambda g,*_: tuple(e*2 for e in g)); y[0].sum().backward(); r=x.grad
x=T.ones(3,requires_grad=True); y=F.SetsUp.apply(x,2.); r=len(y[0].grad_fn.next_functions)
    """,
    "the second gradient of as_strided where the base overlaps itself": """
x=T.arange(3.).expand(2,2,1,3).detach().requires_grad_(); y=x.as_strided((2,2),(1,1)); (y*y).sum().backward(create_graph=True); r=T.autograd.grad(x.grad.sum(),x)[0].clone(memory_format=T.contiguous_format)
    """,
    "what a node refuses though no gradient arrives or goes on": """
x=T.ones(3,requires_grad=True); y=x.reciprocal(); v=y[1:]; y[:1]=y[:1]*2; z=F.GivesNone.apply(v,T.ones(2)); z[0].backward(T.ones(2))
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); v=x[1:]; T.set_grad_enabled(True); z=v//v; z.sum().backward()
    """,
    "what is drawn into out= of other strides": """
o=T.zeros(3,2).t(); r=T.normal(T.arange(6.).view(2,3),2.,out=o)
o=T.zeros(6,5).t(); r=T.normal(T.zeros(5,6),T.ones(5,6),out=o)
o=T.zeros(5,12)[:,::2]; r=T.normal(T.zeros(5,6),out=o)
    """,
    "hooks after accumulation where no gradient came": """
log=[]; x=T.ones(3,requires_grad=True); x.register_post_accumulate_grad_hook(lambda p: log.append(p.grad is None)); F.GivesNone.apply(x,T.ones(3))[0].sum().backward(); r=tuple(log)
log=[]; x=T.ones(3,requires_grad=True); x.register_post_accumulate_grad_hook(lambda p: log.append(p.grad is None)); F.GivesNone.apply(x,T.ones(3))[0].sum().backward(create_graph=True); r=tuple(log)
    """,
    "hooks of a leaf that was detached": """
log=[]; x=T.ones(3,requires_grad=True); x.register_hook(lambda g: log.append("g")); x.register_post_accumulate_grad_hook(lambda p: log.append(p.grad)); y=x*2; x.detach_(); y.sum().backward(); r=tuple(log)
log=[]; x=T.ones(3,requires_grad=True); x.register_post_accumulate_grad_hook(lambda p: log.append(p.grad)); y=x*2; x.detach_(); y.sum().backward(create_graph=True); r=tuple(log)
    """,
    "a complex gradient of a result that was real": """
x=T.ones(1,requires_grad=True); y=x*2; y.data=T.ones(1,dtype=T.complex128); y.backward(T.ones_like(y))
x=T.ones(1,requires_grad=True); y=x*2; y.data=T.ones(1,dtype=T.complex128); T.autograd.grad(y,y,T.ones_like(y))
r=T.bucketize(T.ones(3,3),T.ones(3,dtype=T.complex128))
    """,
    "a gradient that was retained before other sizes": """
x=T.ones(2,2,requires_grad=True); y=x*2; y.retain_grad(); y.t_(); (y*T.tensor([[1.,2],[3,4]])).sum().backward(); r=y.grad,y.retains_grad
x=T.ones(1,3,requires_grad=True); y=x*2; y.retain_grad(); y.sum().backward(retain_graph=True); y.t_(); (y*T.tensor([[1.],[2],[3]])).sum().backward(); r=y.grad
x=T.ones(1,3,requires_grad=True); y=x*2; y.retain_grad(); y.sum().backward(retain_graph=True); y.squeeze_(); y.retain_grad(); (y*T.arange(3.)).sum().backward(); r=y.grad
x=T.ones(1,3,requires_grad=True); y=(x*2)[:]; y.retain_grad(); y.sum().backward(retain_graph=True); y.unsqueeze_(0); (y*T.arange(3.)).sum().backward(); r=y.grad
x=T.ones(1,3,requires_grad=True); y=x*2; y.retain_grad(); y.mul_(3); y.as_strided_((2,),(1,)); (y*T.tensor([4.,5])).sum().backward(); r=y.grad
    """,
    "a leaf that became a result": """
x=T.ones(3,requires_grad=True); y=x*2; x.detach_(); x.copy_(y); x.sum().backward()
x=T.ones(3,requires_grad=True); y=x*2; x.detach_(); x.copy_(y); x.sum().backward(create_graph=True)
x=T.ones(3,requires_grad=True); y=x*2; x.detach_(); x.copy_(y); T.autograd.backward([y.sum(),y.sum()])
    """,
    "what is computed in the dtype of a resized out=": """
r=T.logsumexp(T.ones(3,dtype=T.bfloat16),[0],out=T.zeros(2))
r=T.logsumexp(T.ones(3),[0],out=T.zeros(2,dtype=T.float64))
r=T.all(T.ones(3),out=T.zeros(2,dtype=T.uint8))
T.logsumexp(T.ones(3),[0],out=T.zeros(2,dtype=T.int64))
    """,
    "what a node saves though its gradient goes nowhere": """
x=T.ones(2,3,requires_grad=True); T.set_grad_enabled(False); v=x.T; T.set_grad_enabled(True); y=v.abs(); y.sum().backward(); y.sum().backward()
x=T.zeros(0,3,dtype=T.bfloat16,requires_grad=True); T.set_grad_enabled(False); v=x.T; T.set_grad_enabled(True); y=T.atan2(v,v); y.sum().backward(); y.sum().backward()
x=T.ones(2,3,requires_grad=True); T.set_grad_enabled(False); v=x.T; T.set_grad_enabled(True); y=v*v; y.sum().backward(); y.sum().backward()
x=T.ones(2,3,requires_grad=True); T.set_grad_enabled(False); v=x.T; T.set_grad_enabled(True); y=v*2; y.sum().backward(); y.sum().backward()
x=T.ones(2,3,requires_grad=True); T.set_grad_enabled(False); v=x.T; T.set_grad_enabled(True); y=v/2; y.sum().backward(); y.sum().backward()
x=T.eye(3,requires_grad=True); T.set_grad_enabled(False); v=x.T; T.set_grad_enabled(True); T.linalg.cond(v).backward(); r=x.grad
x=T.eye(3,requires_grad=True); T.set_grad_enabled(False); v=x.T; T.set_grad_enabled(True); T.linalg.eigvalsh(v).sum().backward(); r=x.grad
x=T.ones(2,2,requires_grad=True); b=T.ones(3); y=T.kron(x,b); b.mul_(3); y.sum().backward(); r=x.grad,y.grad_fn.next_functions[0][0].next_functions[0][0].name()
y=T.fft.rfft(T.tensor([1.25,1.5,.25],requires_grad=True)).abs(); y.sum().backward(); y.sum().backward()
x=T.tensor([1.25,1.5,.25],requires_grad=True)*2; y=T.fft.fft(x).abs(); x.mul_(2); y.sum().backward()
    """,
    "what a custom Function detached is no view": """
F=type('F',(T.autograd.Function,),dict(forward=staticmethod(lambda c,x: x.detach()),backward=staticmethod(lambda c,*g: g[0]))); x=T.ones(2,2,requires_grad=True); y=F.apply(x*2); y.relu_(); y.sum().backward(); r=y,y._is_view(),y._base,x.grad
F=type('F',(T.autograd.Function,),dict(forward=staticmethod(lambda c,x: x.data),backward=staticmethod(lambda c,*g: g[0]*2))); x=T.ones(2,2,requires_grad=True); b=x*1; y=F.apply(b); b.mul_(3); y.sum().backward(); r=y,b,x.grad
F=type('F',(T.autograd.Function,),dict(forward=staticmethod(lambda c,x: x.detach()[0]),backward=staticmethod(lambda c,*g: g[0].expand(2,2)))); y=F.apply(T.ones(2,2,requires_grad=True)*1); r=y._is_view(); y.mul_(3)
F=type('F',(T.autograd.Function,),dict(forward=staticmethod(lambda c,x: (x.detach(),x.detach())),backward=staticmethod(lambda c,*g: g[0]+g[1]))); x=T.ones(2,2,requires_grad=True); y,z=F.apply(x*1); y.mul_(3); v=z[0]; v.add_(1); (y*z).sum().backward(); r=y,z,x.grad
F=type('F',(T.autograd.Function,),dict(forward=staticmethod(lambda c,x: x.detach()),backward=staticmethod(lambda c,*g: g[0]))); x=T.ones(2,2); y=F.apply(x); y.mul_(3); r=y,y._is_view(),x._version
    """,
    "a class without a module": """
exec("class F(T.autograd.Function):\\n forward=staticmethod(lambda c,x: x*2)\\n backward=staticmethod(lambda c,g: g*2)",d:={'T':T}); x=T.ones(2,requires_grad=True); y=d['F'].apply(x); y.sum().backward(); r=y,y.grad_fn.name(),x.grad
exec("class S(T.Tensor): pass",d:={'T':T}); r=T.ones(2).as_subclass(d['S'])*2
exec("class M(T.nn.Linear): pass",d:={'T':T}); r=repr(d['M'](2,3))
    """,
    "a dimension that was squeezed comes back by itself": """
x=T.ones(2,2,requires_grad=True); c=x**3; r,=T.autograd.grad((c.squeeze()**3).sum(),c,create_graph=True)
x=T.ones(1,2,1,requires_grad=True); c=x**3; r,=T.autograd.grad((c.squeeze()**3).sum(),c,create_graph=True); s=r.grad_fn.next_functions[0][0].name()
x=T.ones(1,2,1,requires_grad=True); c=x**3; r,=T.autograd.grad((c.squeeze((0,1))**3).sum(),c,create_graph=True); s=r.grad_fn.next_functions[0][0].name()
x=T.ones(1,2,1,requires_grad=True); c=x**3; r,=T.autograd.grad((c.squeeze(-1)**3).sum(),c,create_graph=True); s=r.grad_fn.next_functions[0][0].name()
x=T.ones((),requires_grad=True); c=x**3; r,=T.autograd.grad((c.squeeze(0)**3).sum(),c,create_graph=True)
    """,
    "an edit of part of what overlaps itself": """
x=T.ones(3,requires_grad=True); y=T.tensor(1.).expand(3).data; y[-1:]=x.sum(); y.sum().backward()
    """,
}  # fmt: skip
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    pair = Pair()
    for space in (pair.mine, pair.theirs):
        space.update(copy=copy, np=np)
    found = pair.run(Line(line, title))
    assert found is None, found.text
