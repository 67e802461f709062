"""`torch.autograd` beside PyTorch where few programs go: every option of gradcheck, wrong arguments of `grad` and `backward`,
the modules of modes, bases of old functions. Each line is a program that both libraries run; `⏎` is a new line in it.
"""

from __future__ import annotations

import warnings

import pytest
import torch

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "gradcheck": """
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: x*x,(x,),eps=-1e-6)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradcheck(lambda x: x*x,(x,),eps='a')
x=T.tensor([1.,2j],requires_grad=True).cdouble().detach().requires_grad_(); r=A.gradcheck(lambda x: x*x,(x,),eps=-1e-6,check_forward_ad=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: x*x,(x,),check_forward_ad=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: (x*x,x.sum()),(x,),check_forward_ad=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradcheck(lambda x: x*x.detach(),(x,),check_backward_ad=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradcheck(lambda x: x*x.detach(),(x,),check_forward_ad=True,check_backward_ad=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); y=T.ones(2,dtype=T.float64); r=A.gradcheck(T.mul,(x,y),check_forward_ad=True)
x=T.tensor([1.,2j],requires_grad=True).cdouble().detach().requires_grad_(); r=A.gradcheck(lambda x: x*x,(x,),check_forward_ad=True)
x=T.tensor([1.,2j],dtype=T.complex128,requires_grad=True); r=A.gradcheck(lambda x: x.real*x.conj(),(x,),check_forward_ad=True)
x=T.tensor([1.,2j],dtype=T.complex128,requires_grad=True); r=A.gradcheck(lambda x: x*x.detach(),(x,),check_forward_ad=True,check_backward_ad=False,raise_exception=False)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),fast_mode=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: tuple(y for y in (x*x,x*3) if y.requires_grad),(x,))
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),masked=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_grad=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_grad=True,check_backward_ad=False,check_forward_ad=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_forward_grad=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_forward_grad=True,check_forward_ad=True)
x=T.ones(2,dtype=T.float64,requires_grad=True)⏎def f(x):⏎    y=x.clone()⏎    y.register_hook(lambda g: g+1e-2)⏎    return y⏎r=A.gradcheck(f,(x,))
x=T.ones(1,dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: T.cat([x,x]) if T.all(x>=1) else x,(x,))
x=T.ones(1,dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: x if T.all(x>=1) else x.float(),(x,))
n=[]⏎x=T.ones(1,dtype=T.float64,requires_grad=True)⏎r=A.gradcheck(lambda x: n.append(T.is_grad_enabled()) or x*2,(x,)),n
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        ctx.set_materialize_grads(False)⏎        return x*2,x*3⏎    @staticmethod⏎    def backward(ctx,a,b): return a*2+b*3⏎x=T.ones(1,dtype=T.float64,requires_grad=True)⏎r=A.gradcheck(F.apply,(x,))
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x): return x*2⏎    @staticmethod⏎    def backward(ctx,a): return a*2+1e-12⏎x=T.ones(1,dtype=T.float64,requires_grad=True)⏎r=A.gradcheck(F.apply,(x,))
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        ctx.set_materialize_grads(False)⏎        return x*2⏎    @staticmethod⏎    def backward(ctx,a): return T.ones(1,dtype=T.float64) if a is None else a*2⏎x=T.ones(1,dtype=T.float64,requires_grad=True)⏎r=A.gradcheck(F.apply,(x,))
    """,
    "inference_mode": """
x=T.ones(1,2,3,requires_grad=True)⏎with T.inference_mode():⏎    c=T.ones(1,2,3,requires_grad=True)⏎    r=[e.requires_grad for e in (c,c.view(-1),c[0],c.t() if c.dim()<3 else c.mT,c*2)],c.view(-1).is_leaf
with T.inference_mode():⏎    c=T.ones(1,2,3,requires_grad=True)⏎    v=c.view(-1)⏎    c.mul_(2)⏎    r=v,v.grad_fn,v.requires_grad,v.is_inference()
with T.inference_mode():⏎    c=T.ones(1,2,3,requires_grad=True).resize_(1,2)⏎    d=T.ones(6,requires_grad=True).resize_as_(c)⏎    r=c.requires_grad,d.shape
    """,
    "generators": """
class E(Exception): pass⏎seen=[]⏎@T.no_grad()⏎def g():⏎    for i in range(4):⏎        try:⏎            seen.append(T.is_grad_enabled())⏎            yield i⏎        except E: seen.append(("E",T.is_grad_enabled()))⏎        except GeneratorExit:⏎            seen.append(("exit",T.is_grad_enabled()))⏎            raise⏎c=g()⏎r=[next(c),c.throw(E()),c.send(3)]⏎c.close()⏎r+=seen+[T.is_grad_enabled()]
@T.enable_grad()⏎def g():⏎    x=yield⏎    return (x*2).requires_grad⏎def outer():⏎    r=yield from g()⏎    yield r⏎x=T.ones(2,requires_grad=True)⏎with T.no_grad():⏎    c=outer()⏎    next(c)⏎    r=c.send(x)
@T.no_grad()⏎def g():⏎    yield 1⏎    raise ValueError("from inside")⏎c=g()⏎next(c)⏎next(c)
    """,
    "leaves with another storage": """
x=T.ones(3,requires_grad=True)⏎o=x*2⏎with T.no_grad(): x.set_(T.zeros(3))⏎r=o.grad_fn.next_functions[0][0] is (x*2).grad_fn.next_functions[0][0]⏎A.grad(o.sum(),x)
x=T.ones(3,requires_grad=True)⏎o=x*2⏎with T.no_grad(): x.set_(T.zeros(2))⏎(x*3).sum().backward()⏎r=x.grad
p=T.nn.Parameter(T.ones(6))⏎for i in range(2):⏎    with T.no_grad():⏎        p.set_(p[1:])⏎        p.grad=None⏎    T.cat((p,p)).sum().backward()⏎r=p.grad
x=T.randn(1,2)⏎x.data=T.ones(2).to_sparse()
    """,
    "gradients of some leaves": """
x,w=(T.tensor([1.,2.,3.],requires_grad=True) for _ in range(2))⏎o=(x*w).sum()⏎r=A.grad(o,x,retain_graph=True),A.grad(o,w),x.grad⏎A.grad(o,x)
x,w=(T.tensor([1.,2.,3.],requires_grad=True) for _ in range(2))⏎a,b=A.grad(x+w,(x,w),T.ones(3))⏎a.add_(1)⏎r=a,b,a._version,b._version
x=T.tensor([1.,2.],requires_grad=True)⏎g,=A.grad(((x+x*2)+x).sum(),x)⏎r=g,g._version,g.stride(),A.grad(x.view(2,1).expand(2,4).sum(),(x,x))
x,w=(T.tensor([1.,2.],requires_grad=True) for _ in range(2))⏎n=[]⏎a=x*2⏎a.register_hook(lambda g: n.append(g) or g*10)⏎x.register_hook(lambda g: n.append(g) or g+1)⏎w.register_hook(n.append)⏎a.retain_grad()⏎x.register_post_accumulate_grad_hook(n.append)⏎r=A.grad((a*w).sum(),x),n,x.grad,a.grad
x,w=(T.tensor([1.,2.],requires_grad=True) for _ in range(2))⏎b=(x*2)*w⏎b.grad_fn.register_prehook(lambda g: (g[0]*3,))⏎n=[]⏎b.grad_fn.next_functions[0][0].register_hook(lambda *g: n.append(g))⏎r=A.grad(b.sum(),w),n
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,a,b): return a*b⏎    @staticmethod⏎    def backward(ctx,g): return g*2,T.ones(7)⏎x,w=(T.tensor([1.,2.],requires_grad=True) for _ in range(2))⏎A.grad(F.apply(x,w).sum(),x)
x,w=(T.tensor([1.,2.],requires_grad=True) for _ in range(2))⏎z=x*2*w⏎z.sum().backward(inputs=[x])⏎r=x.grad,w.grad⏎z=x*2*w⏎z.sum().backward(inputs=[x,w])⏎r+=x.grad,w.grad,x.grad._version,w.grad._version
x,w=(T.tensor([1.,2.],requires_grad=True) for _ in range(2))⏎y=x*2⏎z=y*w⏎v=z*w⏎n=[]⏎h=A.graph.register_multi_grad_hook((y,z),n.append)⏎A.grad(v.sum(),w,retain_graph=True)⏎A.grad(v.sum(),x,retain_graph=True)⏎v.sum().backward(inputs=[w])⏎r=n
x=T.tensor([1.,2.],requires_grad=True)⏎y=x*2⏎h=A.graph.register_multi_grad_hook((x,y),print)⏎A.grad((y*3).sum(),x)
x,w=(T.tensor([1.,2.],requires_grad=True) for _ in range(2))⏎n=[]⏎z=(x*w).sum()⏎z.register_hook(lambda g: n.append(A.grad((x*x).sum(),x)))⏎(z*1).backward(inputs=[w])⏎r=n,w.grad,x.grad
    """,
    "custom functions": """
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        v=x.clone()[:3]⏎        v+=2⏎        return v⏎    @staticmethod⏎    def backward(ctx,g): return g⏎b=T.arange(5.,requires_grad=True)⏎a=F.apply(b)⏎r=a.grad_fn.name(),a._is_view(),a._version,a
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        y=x*2⏎        ctx.mark_dirty(y)⏎        return y⏎    @staticmethod⏎    def backward(ctx,g): return g⏎x=T.ones(2,requires_grad=True)⏎r=F.apply(x)
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        ctx.save_for_backward(3)⏎        return x*2⏎    @staticmethod⏎    def backward(ctx,g): return g⏎x=T.ones(2)⏎r=F.apply(x)
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        ctx.save_for_backward(x.detach().numpy())⏎        return x*2⏎    @staticmethod⏎    def backward(ctx,g): return g⏎x=T.ones(2,requires_grad=True)⏎r=F.apply(x)
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        y=x.mul_(2)⏎        ctx.mark_dirty(y)⏎        return y⏎    @staticmethod⏎    def backward(ctx,g): pass⏎    @staticmethod⏎    def jvp(ctx,t): return t⏎x=T.tensor(1.)⏎with A.forward_ad.dual_level(): F.apply(A.forward_ad.make_dual(x,T.ones(())))
class F(A.Function):⏎    @staticmethod⏎    def forward(ctx,x):⏎        y=x.mul_(2)⏎        ctx.mark_dirty(y)⏎        return y⏎    @staticmethod⏎    def backward(ctx,g): pass⏎    @staticmethod⏎    def jvp(ctx,t): return t.mul_(2)⏎x=T.tensor(1.)⏎with A.forward_ad.dual_level(): r=A.forward_ad.unpack_dual(F.apply(A.forward_ad.make_dual(x,T.ones(()))))
x=T.ones(2)⏎with A.forward_ad.dual_level():⏎    d=A.forward_ad.make_dual(x,x).clone()⏎    d.detach_()⏎    r=A.forward_ad.unpack_dual(d*2)
    """,
    "resizing": """
r=T.zeros([0]).index_put([],T.ones([0])).shape
T.zeros(2).index_put([],T.ones(3))
T.empty(0).resize_([2,4,2**29,2**29])
T.empty(0).resize_([8,8,2**29,2**29])
T.empty([2**40,2**40,0])
x=T.zeros(2,3,4,5).contiguous(memory_format=T.channels_last)⏎r=[T.empty(120).resize_as_(x,memory_format=f).stride() for f in (T.preserve_format,T.channels_last,T.contiguous_format)]
    """,
    "gradgradcheck": """
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),gen_non_contig_grad_outputs=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_fwd_over_rev=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False,check_fwd_over_rev=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False,check_fwd_over_rev=True,check_undefined_grad=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False,check_fwd_over_rev=True,check_undefined_grad=False,check_batched_grad=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),fast_mode=True,check_grad_dtypes=True,masked=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x*x.detach()**2,(x,),raise_exception=False)
x=T.ones(2,dtype=T.float64,requires_grad=True); A.gradgradcheck(lambda x: x*x,(x,),[T.ones(3,dtype=T.float64)])
    """,
    "modes": """
A.set_multithreading_enabled("a")
A.set_multithreading_enabled(3)
s=A.set_multithreading_enabled(False); r=A.is_multithreading_enabled(); A.set_multithreading_enabled(True)
with A.set_multithreading_enabled(False): ⏎  s=A.is_multithreading_enabled() ⏎r=s,A.is_multithreading_enabled()
s=A.grad_mode.set_multithreading_enabled(False) ⏎with s: ⏎  pass ⏎r=A.is_multithreading_enabled()
with A.grad_mode.no_grad(): ⏎  r=A.grad_mode.enable_grad is T.enable_grad,T.is_grad_enabled()
with A.anomaly_mode.set_detect_anomaly(True): ⏎  r=T.is_anomaly_enabled()
r=A.anomaly_mode.detect_anomaly is A.detect_anomaly
    """,
    "numbers that gradgradcheck draws": """
T.manual_seed(3); x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradgradcheck(lambda x: (x.sin(),x[0]),(x,)); r=T.rand(2)
T.manual_seed(3); x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradgradcheck(T.sin,(x,),gen_non_contig_grad_outputs=True); r=T.rand(2)
T.manual_seed(3); x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradgradcheck(T.sin,(x,),T.ones(2,dtype=T.float64,requires_grad=True)); r=T.rand(2)
    """,
    "old functions": """
class B(A.Function): ⏎  forward=staticmethod(lambda c,x: x.sign()) ⏎  backward=staticmethod(lambda c,g: g*3) ⏎r=type(B.apply(T.ones(1,requires_grad=True)).grad_fn).__mro__[1].__name__
class B(A.function.InplaceFunction): ⏎  forward=staticmethod(lambda c,x: x.sign()) ⏎  backward=staticmethod(lambda c,g: g*3) ⏎x=T.tensor([2.,-1.],requires_grad=True); B.apply(x).sum().backward(); r=x.grad
    """,
    "wrong arguments": """
x=T.ones(3,requires_grad=True); A.backward(x*2)
x=T.ones(3,requires_grad=True); A.backward(x*2,T.ones(2))
x=T.ones(3,requires_grad=True); A.backward([x*2,x.sum()],[T.ones(3)])
x=T.ones(3,requires_grad=True); A.backward([x.sum()],[T.ones(()),T.ones(())])
x=T.ones(3,requires_grad=True); A.backward(x.sum(),[1.0])
x=T.ones(3,requires_grad=True); A.backward([3])
x=T.ones(3,requires_grad=True); A.backward(x.sum(),inputs=3)
x=T.ones(3,requires_grad=True); A.backward(x.sum(),retain_graph=2.5)
x=T.ones(3,requires_grad=True); A.grad(x.sum(),[])
x=T.ones(3,requires_grad=True); A.grad([],x)
x=T.ones(3,requires_grad=True); A.grad(x*2,x,T.ones(3,1))
x=T.ones(3,requires_grad=True); A.grad(x*2,x,T.ones(2,4),is_grads_batched=True)
x=T.ones(3,requires_grad=True); A.grad(x*2,x,T.ones(0,3),is_grads_batched=True)
x=T.ones(3,requires_grad=True); A.grad([x*2,x.sum()],x,[T.eye(3),T.ones(2)],is_grads_batched=True)
x=T.ones(3,requires_grad=True); A.grad(x.sum(),x,is_grads_batched=True)
x=T.ones(3,requires_grad=True); r=A.grad([x*2,x.sum()],x,[T.eye(3),T.ones(3)],is_grads_batched=True)
    """,
}  # fmt: skip
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@pytest.fixture(autouse=True, scope="module")
def _said_once() -> None:
    """PyTorch says of its own use of `torch.jit.script` that it is deprecated, the first time that forward mode runs."""
    with warnings.catch_warnings(action="ignore"), torch.autograd.forward_ad.dual_level():
        torch.autograd.forward_ad.make_dual(torch.ones(1), torch.ones(1)) * 2


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    pair = Pair()
    for space in (pair.mine, pair.theirs):
        space["A"] = space["T"].autograd
    found = pair.run(Line(line.replace(" ⏎", "\n").replace("⏎", "\n"), title))
    assert found is None, found.text
