"""What happens within `torch.func.vmap`, beside PyTorch: values, edits, indices, refusals, nested batches, custom functions.

Each line is a program that both libraries run; `⏎` is a new line in it. X is (2, 3), x and w have three elements.
"""

from __future__ import annotations

import warnings

import pytest
import torch

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "data that control depends on": """
r=V(lambda x: x.sum().item())(X)
r=V(lambda x: T.tensor(float(x.sum())))(X)
r=V(lambda x: x if x.sum()>0 else -x)(X)
r=V(lambda x: x.tolist())(X)
r=V(lambda x: T.from_numpy(x.numpy()))(X)
r=V(lambda x: x[x>2])(X)
r=V(lambda x: x.nonzero())(X)
r=V(lambda x: T.unique(x))(X)
r=V(lambda x: x.masked_select(x>1))(X)
r=V(lambda x: (f"{x.sum()}",x)[1])(X)
r=V(lambda x: x+T.arange(x.sum().long()))(X)
r=V(lambda x: T.tensor(len(x)))(X)
r=V(lambda x: sum(list(x)))(X)
    """,
    "edits": """
r=V(lambda x: w.clone().mul_(x))(X)
r=V(lambda x: w.clone().copy_(x))(X)
r=V(lambda x: w.clone().fill_(x[0]))(X)
r=V(lambda x: x.clone().mul_(x).add_(1))(X)
r=V(lambda x: x.mul_(w))(X); s=X
def f(x): ⏎  y=x.clone(); y[0]=x[1]*2; y[1:3]+=1; y+=1 ⏎  return y ⏎r=V(f)(X)
def f(x): ⏎  y=T.zeros_like(x); y[0]=x[2]; y[1:]=x[:2] ⏎  return y ⏎r=V(f)(X)
def f(x): ⏎  y=x.new_zeros(2); y[0]=x[2] ⏎  return y ⏎r=V(f)(X)
def f(x): ⏎  w.clone()[0]=x[1] ⏎  return x ⏎r=V(f)(X)
def f(x): ⏎  y=x.clone(); y.zero_(); y[1]=5.; y.masked_fill_(x>1,-1.) ⏎  return y ⏎r=V(f)(X)
def f(x): ⏎  y=x.clone(); y.abs_(); y.sqrt_(); y.fill_(2.) ⏎  return y*x ⏎r=V(f)(X)
x=T.ones(3,requires_grad=True) ⏎def f(a): ⏎  y=a*x; y.mul_(a); y[0]=0 ⏎  return y.sum() ⏎r=V(f)(X); r.sum().backward(); s=x.grad
r=V(lambda x: T.add(x,1,out=T.empty(3)))(X)
r=V(lambda x: x.requires_grad_())(X)
    """,
    "indices": """
r=V(lambda x,i: x[i])(X,T.tensor([2,0]))
r=V(lambda x,i: x[i])(X,T.tensor([[2,0],[1,1]]))
r=V(lambda i: w[i])(T.tensor([2,0]))
r=V(lambda i: T.eye(3)[i,i])(T.tensor([2,0]))
r=V(lambda x: x[T.tensor([2,0])])(X)
r=V(lambda x: x[None,[0,1]])(X)
r=V(lambda x: x[...,-1])(X)
r=V(lambda x,i: x.gather(0,i))(X,T.tensor([[2,0],[1,1]]))
r=V(lambda x: x.index_select(0,T.tensor([1,1])))(X)
r=V(lambda x,i: T.take_along_dim(x,i,0))(X,T.tensor([[2,0],[1,1]]))
r=V(lambda x: T.where(x>2,x,-w))(X)
r=V(lambda i: F.one_hot(i,4))(T.tensor([2,0])).tolist()
r=V(lambda i: T.zeros(3).index_fill(0,i,1.))(T.tensor([[2],[0]])).tolist()
    """,
    "dtypes": """
r=V(lambda a: a+w)(T.tensor([1,2]))
r=V(lambda a: a*T.tensor([1,2]))(T.tensor([1.5,2.5]))
r=V(lambda a: a*T.tensor([1.,2.]))(T.tensor([1.5,2.5],dtype=T.float64))
r=V(lambda a: a*2.5)(T.tensor([1,2]))
r=V(lambda a: a.double()+X[0])(T.tensor([1,2]))
r=V(lambda a: a.sum())(T.tensor([[True,False],[True,True]]))
    """,
    "several levels": """
r=V(V(lambda a,b: a*b,(None,0)),(0,None))(X[0],w)
r=V(lambda x: V(lambda y: x.sum()*y)(x))(X)
r=V(lambda x: V(lambda y: x*y,out_dims=1)(x))(X)
r=V(V(T.dot),in_dims=(0,None))(T.ones(2,4,3),T.arange(12.).view(4,3))
r=V(G(lambda x: V(lambda y: y**3)(x).sum()))(X)
r=V(lambda x: G(lambda y: (x*y**2).sum())(w))(X)
r=V(G(lambda y,x: (x*y**2).sum()),(None,0))(w,X)
r=G(lambda w: V(lambda x: (x*w).sin().sum())(X).sum())(w)
r=V(G(G(lambda s: s**4)))(w)
r=V(J(lambda x: x**2))(X).tolist()
r=J(V(lambda x: x**2))(X[0])
r=V(T.func.hessian(lambda x: (x**3).sum()))(X).tolist()
r=V(lambda v: T.func.jvp(lambda x: x**3,(w,),(v,))[1])(X)
f=T.func.vjp(lambda x: x**3*w,w)[1]; r=V(f)(X)
f=T.func.vjp(lambda x: (x**3,x.sum()),w)[1]; r=V(f,in_dims=((0,None),))((X,T.ones(())))
x=T.ones(3,requires_grad=True); y=x**2; r=V(lambda v: T.autograd.grad(y,x,v,retain_graph=True))(X)
x=T.ones(3,requires_grad=True); r=V(lambda v: T.autograd.grad((x*v).sum(),x))(X)
x=T.ones(3,requires_grad=True); y=x**3; r=T.autograd.grad(y,x,X,is_grads_batched=True,create_graph=True)[0]; r.sum().backward(); s=x.grad
x=T.ones(3,requires_grad=True); y=T.stack([x*2,x.exp()]); r=T.autograd.grad(y,x,T.arange(12.).view(2,2,3),is_grads_batched=True)
    """,
    "chunks and dimensions": """
r=V(lambda x: x*2,chunk_size=1)(T.arange(15.).view(5,3))
r=V(lambda x: x*2,chunk_size=2,out_dims=1)(T.arange(15.).view(5,3))
r=V(lambda x: x*2,chunk_size=7)(T.arange(15.).view(5,3))
r=J(lambda x: x**2,chunk_size=2)(w)
r=V(lambda x: (x,w),out_dims=(1,None))(X)
r=V(lambda x: x,out_dims=5)(X)
r=V(lambda x: x.sum(5))(X)
r=V(lambda x: x.view(2,2))(X)
    """,
    "random numbers": """
r=V(lambda x: x+T.randn(3))(X)
r=V(lambda x: T.rand_like(x))(X)
r=V(lambda x: F.dropout(x))(X)
T.manual_seed(1); r=V(lambda x: T.randn(3),randomness="same")(X)
T.manual_seed(1); r=V(lambda x: x+T.randn(3),randomness="same")(X)
T.manual_seed(1); r=V(lambda x: T.rand_like(x),randomness="same")(X).tolist()
T.manual_seed(1); r=V(lambda x: x.clone().normal_(),randomness="same")(X).tolist()
T.manual_seed(1); r=V(lambda x: F.dropout(x),randomness="same")(X)
T.manual_seed(1); r=V(lambda x: F.dropout(x),randomness="different")(X)
T.manual_seed(1); r=V(lambda x: F.dropout(w)+x,randomness="same")(X)
T.manual_seed(1); r=V(lambda x: F.dropout(w)+x,randomness="different")(X)
T.manual_seed(1); r=V(lambda x: F.dropout2d(x),randomness="same")(T.ones(3,1,4,2,2))
T.manual_seed(1); r=V(lambda x: F.alpha_dropout(x,training=True),randomness="same")(X)+0
r=V(lambda x: F.dropout(x,training=False))(X)
T.manual_seed(1); r=V(G(lambda x: F.dropout(x*x).sum()),randomness="same")(X)
    """,
    "custom functions": """
class A(Fn): ⏎  forward=staticmethod(lambda c,x: x*2) ⏎  backward=staticmethod(lambda c,g: g*3) ⏎r=V(A.apply)(X)
class A(Fn): ⏎  forward=staticmethod(lambda x: x*2) ⏎  setup_context=staticmethod(lambda c,i,o: None) ⏎  backward=staticmethod(lambda c,g: g*3) ⏎r=V(A.apply)(X)
class A(Fn): ⏎  generate_vmap_rule=True ⏎  forward=staticmethod(lambda x: x*2) ⏎  setup_context=staticmethod(lambda c,i,o: None) ⏎  backward=staticmethod(lambda c,g: g*3) ⏎r=V(A.apply)(X); s=V(G(lambda x: A.apply(x).sum()))(X)
class A(Fn): ⏎  forward=staticmethod(lambda x,w: x*w) ⏎  setup_context=staticmethod(lambda c,i,o: None) ⏎  vmap=staticmethod(lambda info,d,x,w: ((x*w+info.batch_size).t(),1)) ⏎r=V(A.apply,(0,None))(X,w)
class A(Fn): ⏎  generate_vmap_rule=True ⏎  forward=staticmethod(lambda x: x*2) ⏎  setup_context=staticmethod(lambda c,i,o: None) ⏎  vmap=staticmethod(lambda info,d,x: (x,0)) ⏎r=V(A.apply)(X)
class A(Fn): ⏎  forward=staticmethod(lambda x: x*2) ⏎  setup_context=staticmethod(lambda c,i,o: None) ⏎  vmap=staticmethod(lambda info,d,x: 3) ⏎r=V(A.apply)(X)
Fn.vmap({},{},3)
r=Fn.generate_vmap_rule
    """,
    "networks": """
l=T.nn.Linear(3,2); l.weight.data.copy_(X); l.bias.data.fill_(.5); r=V(l)(T.arange(12.).view(4,3)).detach()
l=T.nn.BatchNorm1d(3); r=V(l)(T.arange(12.).view(2,2,3))
l=T.nn.BatchNorm1d(3).eval(); r=V(l)(T.arange(12.).view(2,2,3)).detach().contiguous()
c=T.arange(18.).view(2,1,3,3).sin(); r=V(lambda x: T.nn.functional.conv2d(x,c))(T.arange(50.).view(2,1,1,5,5).cos())
c=T.arange(36.).view(2,2,1,3,3).sin(); r=V(lambda x,c: T.nn.functional.conv2d(x,c,padding=1,stride=2))(T.arange(100.).view(2,2,1,5,5).cos(),c)
c=T.arange(36.).view(2,2,1,3,3).sin(); r=V(G(lambda c: T.nn.functional.conv2d(T.ones(1,1,4,4),c).sin().sum()))(c)
r=V(lambda x,y: T.nn.functional.cross_entropy(x,y))(T.arange(12.).view(2,2,3).sin(),T.tensor([[0,2],[1,-100]]))
r=V(lambda x,y: T.nn.functional.cross_entropy(x,y,weight=w,reduction='sum'))(T.arange(12.).view(2,2,3).sin(),T.tensor([[0,2],[1,-100]]))
r=V(lambda x,y: T.nn.functional.nll_loss(x,y,reduction='none'))(X+1,T.tensor([0,2]))
r=V(lambda x: T.nn.functional.max_pool2d(x,2))(T.arange(32.).view(2,1,4,4).sin())
r=V(lambda x: T.nn.functional.layer_norm(x,(3,)))(X)
r=V(G(lambda x: T.nn.functional.mse_loss(x.tanh(),w)))(X)
r=V(lambda x: T.nn.functional.interpolate(x,scale_factor=2,mode='bilinear'))(T.arange(8.).view(2,1,1,2,2))
r=V(lambda x: T.nn.functional.scaled_dot_product_attention(x,x,x))(T.arange(24.).view(2,1,4,3).sin())
x=T.arange(50.).view(2,1,5,5).cos(); y,f=T.func.vjp(lambda x,c: F.conv2d(x,c,padding=1,stride=2),x,T.arange(36.).view(4,1,3,3).sin()); r=V(f)(T.arange(y.numel()*3.).view(3,*y.shape).sin())
x=T.arange(50.).view(1,2,5,5).cos(); y,f=T.func.vjp(lambda x,c: F.conv2d(x,c,groups=2),x,T.arange(72.).view(4,1,3,3).sin()[:4]); r=V(f)(T.arange(y.numel()*3.).view(3,*y.shape).sin())
x=T.arange(36.).view(2,2,3,3).cos(); y,f=T.func.vjp(lambda x,c: F.conv_transpose2d(x,c,stride=2),x,T.arange(24.).view(2,3,2,2).sin()); r=[each.contiguous() for each in V(f)(T.arange(y.numel()*3.).view(3,*y.shape).sin())]
r=V(G(lambda c,b,x: F.conv1d(x,c,b).sin().sum(),argnums=(0,1,2)))(T.arange(24.).view(2,2,2,3).sin(),T.ones(2,2),T.arange(20.).view(2,1,2,5).cos())
r=J(lambda c: F.conv2d(T.arange(16.).view(1,1,4,4).cos(),c))(T.arange(8.).view(2,1,2,2).sin())
r=V(T.cdist)(T.arange(24.).view(2,4,3).sin(),T.arange(18.).view(2,3,3).cos())
r=V(T.cdist,in_dims=(0,None))(T.arange(24.).view(2,4,3).sin(),T.arange(9.).view(3,3).cos())
r=V(G(lambda x,y: T.cdist(x,y,p=1.).sin().sum()))(T.arange(24.).view(2,4,3).sin(),T.arange(18.).view(2,3,3).cos())
r=V(T.linalg.solve)(T.arange(18.).view(2,3,3).sin()+2*T.eye(3),T.arange(6.).view(2,3))
r=V(T.linalg.solve,in_dims=(None,0))(T.arange(9.).view(3,3).sin()+2*T.eye(3),T.arange(6.).view(2,3))
r=V(T.linalg.solve,in_dims=(0,None))(T.arange(18.).view(2,3,3).sin()+2*T.eye(3),T.arange(3.))
r=V(T.linalg.solve)(T.arange(36.).view(2,2,3,3).sin()+2*T.eye(3),T.arange(12.).view(2,2,3))
r=V(T.linalg.solve)(T.arange(18.).view(2,3,3).sin()+2*T.eye(3),T.arange(12.).view(2,3,2)).contiguous()
r=V(G(lambda a,b: T.linalg.solve(a,b).sin().sum()))(T.arange(18.).view(2,3,3).sin()+2*T.eye(3),T.arange(6.).view(2,3))
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
        library = space["T"]
        space.update(
            V=library.func.vmap, G=library.func.grad, J=library.func.jacrev, Fn=library.autograd.Function,
            X=library.arange(6.0).reshape(2, 3), w=library.tensor([1.0, 2.0, -1.0]),
        )  # fmt: skip
        space["F"] = library.nn.functional
    found = pair.run(Line(line.replace(" ⏎", "\n").replace("⏎", "\n"), title))
    assert found is None, found.text
