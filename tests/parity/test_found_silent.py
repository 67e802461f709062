"""More of what was found wrong once, held for good: hooks, custom functions, data, optimizers, warnings, odd arguments.

As in test_found_wrong.py each line is a program that both libraries run; `⏎` stands for a new line in it.
"""

from __future__ import annotations

import collections
import copy
import pickle

import numpy as np

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "saved tensors that were detached in place": """
x=T.ones(2,requires_grad=True); z=x*1; y=z*z; z.detach_(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); z=x*1; y=z.sin(); z.detach_(); z.mul_(2); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); z=x*1; y=z.sin(); z.detach_(); r=T.autograd.grad(y.sum(),x,create_graph=True)[0]
x=T.ones(2,requires_grad=True); z=x*1; y=z.sin(); z.detach_(); r=y.grad_fn._saved_self
x=T.ones(2,requires_grad=True); z=x*1; y=z*z; z.detach_(); z.requires_grad_(); w=z*z; w.sum().backward(); r=z.grad
x=T.ones(2,requires_grad=True); z=x*1; z.detach_(); z.mul_(2); v=z[:1]; v.add_(1); r=(z,v,z._version)
x=T.ones(2,requires_grad=True); y=x.sin(); x.detach_(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); z=x*1; y=z.exp(); w=y*2; y.detach_(); w.sum().backward(); r=x.grad
    """,
    "hooks": """
x=T.ones(2,requires_grad=True); y=x*2; y.register_hook(lambda g: np.ones(2)); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); x.register_post_accumulate_grad_hook(lambda p: p); (x*2).sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); x.register_post_accumulate_grad_hook(lambda p: 3); (x*2).sum().backward(); r=x.grad
class V(T.autograd.Function): ⏎  @staticmethod ⏎  def forward(c,x): return x.view(x.shape) ⏎  @staticmethod ⏎  def backward(c,g): return g ⏎V.apply(T.zeros(0,3)).mul_(T.ones(3,requires_grad=True))
x=-T.ones(3); x.requires_grad_() ⏎try: T.rrelu_(x,.1,.5,True) ⏎except RuntimeError: r=T.rand(1)
m=nn.Linear(2,2); L=[]; m.register_forward_hook(lambda m,a,o: L.append(o is None),always_call=True); w=[] ⏎try: m(T.ones(3)) ⏎except RuntimeError: pass ⏎r=L[0]
m=nn.Linear(2,2); m.register_forward_hook(lambda m,a,o: 1/0,always_call=True); m(T.ones(3))
m=nn.Linear(2,2); L=[]; m.register_forward_hook(lambda m,a,o: 1/0); m.register_forward_hook(lambda m,a,o: L.append('x'),always_call=True) ⏎try: m(T.ones(2)) ⏎except ZeroDivisionError: L.append('z') ⏎r=str(L)
m=nn.Linear(2,2); m.register_full_backward_hook(lambda m,gi,go: gi[0]); x=T.ones(2,requires_grad=True); m(x).sum().backward()
m=nn.Linear(2,2); m.register_full_backward_hook(lambda m,gi,go: (gi[0][:1],)); x=T.ones(2,requires_grad=True); m(x).sum().backward()
m=nn.Linear(2,2); m.register_full_backward_hook(lambda m,gi,go: (gi[0].double(),)); x=T.ones(2,requires_grad=True); m(x).sum().backward()
m=nn.Linear(2,2); m.register_full_backward_hook(lambda m,gi,go: 3); x=T.ones(2,requires_grad=True); m(x).sum().backward()
m=nn.Linear(2,2); m.register_full_backward_hook(lambda m,gi,go: (None,)); x=T.ones(2); m(x).sum().backward(); r=m.bias.grad
m=nn.Linear(2,2); m.register_full_backward_pre_hook(lambda m,go: go+go); x=T.ones(2,requires_grad=True); m(x).sum().backward()
m=nn.Linear(2,2); m.register_full_backward_pre_hook(lambda m,go: [go[0]*2]); x=T.ones(2,requires_grad=True); m(x).sum().backward(); r=m.bias.grad
class M(nn.Module): ⏎  def forward(self,x): return [x*2] ⏎m=M(); m.register_full_backward_hook(lambda m,gi,go: None); x=T.ones(2,requires_grad=True); r=m(x)[0]
m=nn.ReLU(); m.register_full_backward_hook(lambda m,gi,go: None); x=T.ones(2,requires_grad=True)*1; r=m(x); r.mul_(2)
    """,
    "what a custom Function gives": """
class A(Fn): ⏎  forward=staticmethod(lambda c,x: x*2) ⏎  backward=staticmethod(lambda c,g: np.ones(2)) ⏎x=T.ones(2,requires_grad=True); A.apply(x).sum().backward()
class A(Fn): ⏎  forward=staticmethod(lambda c,x: x*2) ⏎  backward=staticmethod(lambda c,g: g*1j) ⏎x=T.ones(2,requires_grad=True); A.apply(x).sum().backward()
class A(Fn): ⏎  forward=staticmethod(lambda c,x,n: x*n) ⏎  backward=staticmethod(lambda c,g: (g,g)) ⏎x=T.ones(2,requires_grad=True); A.apply(x,2).sum().backward()
class A(Fn): ⏎  forward=staticmethod(lambda c,x: (x*2)[:1]) ⏎  backward=staticmethod(lambda c,g: g.expand(2)) ⏎x=T.ones(2,requires_grad=True); r=A.apply(x); r.mul_(2)
class A(Fn): ⏎  forward=staticmethod(lambda c,x: (x.t(),x*2)) ⏎  backward=staticmethod(lambda c,g,h: g.t()) ⏎x=T.ones(2,3,requires_grad=True); r=A.apply(x); r[0].mul_(2)
class A(Fn): ⏎  forward=staticmethod(lambda c,x: c.mark_dirty(x) or x.mul_(2)) ⏎  backward=staticmethod(lambda c,g: g*2) ⏎x=T.ones(2,requires_grad=True)*1; r=A.apply(x); r.sum().backward()
class A(Fn): ⏎  forward=staticmethod(lambda c,x: c.mark_dirty(x) or x*2) ⏎  backward=staticmethod(lambda c,g: g*2) ⏎x=T.ones(2,requires_grad=True)*1; r=A.apply(x)
class A(Fn): ⏎  forward=staticmethod(lambda c,x: c.mark_dirty(3) or x*2) ⏎  backward=staticmethod(lambda c,g: g*2) ⏎x=T.ones(2,requires_grad=True)*1; r=A.apply(x)
class A(Fn): ⏎  forward=staticmethod(lambda c,x: c.mark_non_differentiable(x) or x) ⏎  backward=staticmethod(lambda c,g: g*2) ⏎x=T.ones(2,requires_grad=True)*1; r=A.apply(x)
class A(Fn): ⏎  forward=staticmethod(lambda c,x,y: c.mark_non_differentiable(y) or (x,y)) ⏎  backward=staticmethod(lambda c,g,h: (g*2,h)) ⏎x=T.ones(2,requires_grad=True); r=A.apply(x,x.detach()); b=[each.requires_grad for each in r]; r[0].sum().backward(); g=x.grad
class A(Fn): ⏎  forward=staticmethod(lambda c,x: c.mark_non_differentiable([x]) or x) ⏎  backward=staticmethod(lambda c,g: g*2) ⏎x=T.ones(2,requires_grad=True)*1; r=A.apply(x)
class A(Fn): ⏎  forward=staticmethod(lambda c,x: x*2) ⏎  backward=staticmethod(lambda c,g: g*len(c.saved_tensors)) ⏎x=T.ones(2,requires_grad=True); r=A.apply(x); r.sum().backward(); r.sum().backward()
class A(Fn): ⏎  forward=staticmethod(lambda c,x: (x*2,3)) ⏎  backward=staticmethod(lambda c,g,h: g*(5 if h is None else 7)) ⏎x=T.ones(2,requires_grad=True); r=A.apply(x); r[0].sum().backward(); s=x.grad
class A(Fn): ⏎  forward=staticmethod(lambda c,x: x*2) ⏎  backward=staticmethod(lambda c,g: g*3) ⏎x=T.ones(2,requires_grad=True); r=A.apply(x=x); r.sum().backward(); s=x.grad
class A(Fn): ⏎  forward=staticmethod(lambda y,x=3: x*2+y) ⏎  setup_context=staticmethod(lambda c,i,o: setattr(c,'n',len(i))) ⏎  backward=staticmethod(lambda c,g: (g*c.n,None)) ⏎x=T.ones(2,requires_grad=True); r=A.apply(x); r.sum().backward(); s=x.grad
class A(Fn): ⏎  forward=staticmethod(lambda c,x: x*2) ⏎  backward=staticmethod(lambda c,g: g) ⏎  vjp=staticmethod(lambda c,g: g) ⏎x=T.ones(2,requires_grad=True); r=A.apply(x); r.sum().backward()
class FooBackward0(Fn): ⏎  forward=staticmethod(lambda c,x: x) ⏎  backward=staticmethod(lambda c,g: g) ⏎x=T.ones(2,requires_grad=True)*1; FooBackward0.apply(x).mul_(2)
    """,
    "batches": """
r=D.default_collate([('a','b'),('c','d')]); s=str(r)
r=D.default_collate([(b'a',1),(b'b',2)]); s=str(r[0])
r=D.default_collate([T.ones(2),1])
r=D.default_collate([T.ones(2),None])
r=D.default_collate([None,None])
r=D.default_collate([1,'a'])
r=D.default_collate([np.str_('a'),np.str_('b')]); s=str(r)
r=D.default_collate(T.ones(2,3))
r=D.default_collate([[1,2],[3]])
P=collections.namedtuple('P','x y'); r=D.default_collate([P('a',2.),P('b',4.)]); s=str(r.x); u=r.y
r=D.default_collate([collections.OrderedDict(a=1),collections.OrderedDict(a=2)]); s=type(r).__name__
r=D.default_collate([collections.deque([1,2]),collections.deque([3,4])]); s=type(r).__name__
class L(list): pass ⏎r=D.default_collate([L([1,2]),L([3,4])]); s=type(r).__name__
r=D.default_convert(collections.OrderedDict(a=np.ones(2))); s=type(r).__name__
class A(D.Dataset): ⏎  def __getitem__(self,i): ⏎    if i>1: raise StopIteration ⏎    return i ⏎  def __len__(self): return 3 ⏎r=[b for b in D.DataLoader(A())]
class A(D.Dataset): ⏎  def __getitem__(self,i): return i ⏎  def __len__(self): return 5 ⏎  def __getitems__(self,I): return [7*i for i in I] ⏎r=list(D.DataLoader(A(),batch_size=2))
class A(D.IterableDataset): ⏎  __repr__=lambda s: 'A' ⏎  def __iter__(self): return iter([1,2,3]) ⏎  def __len__(self): return 2 ⏎L=D.DataLoader(A(),batch_size=1); n=len(L); r=[b for b in L]
class A(D.IterableDataset): pass ⏎r=A()
r=D.DataLoader([1,2,3],timeout=3); s=list(r)
r=D.DataLoader([1,2,3],prefetch_factor=2)
r=D.DataLoader([1,2,3],persistent_workers=True)
r=D.DataLoader([1,2,3],multiprocessing_context='spawn')
r=D.DataLoader([1,2,3],generator=3); s=list(r)
r=D.DataLoader([1,2,3],pin_memory=True); s=list(r)
r=D.random_split([1,2,3],[.1,.1,.1,.1,.6]); s=[len(x) for x in r]
r=D.random_split([1,2,3],[2,1],generator=None); s=[len(x) for x in r]
r=D.WeightedRandomSampler([.5,.5],3,replacement=False); s=list(r)
r=D.WeightedRandomSampler([-.5,.5],2); s=list(r)
r=D.TensorDataset(T.ones(()))
    """,
    "hooks of nodes where not all is wanted": """
x=T.ones(2,requires_grad=True); w=x*3; l=[]; y=x*w; y.grad_fn.register_hook(lambda i,o: l.append([g is None for g in i])); y.sum().backward(inputs=[x]); r=T.tensor(l)
x=T.ones(2,requires_grad=True); w=T.ones(2,requires_grad=True); l=[]; y=x*w; y.grad_fn.register_hook(lambda i,o: l.append(i)); T.autograd.grad(y.sum(),w); r=l[0][1]; q=T.tensor(l[0][0] is None)
x=T.ones(2,requires_grad=True); w=T.ones(2,requires_grad=True); l=[]; y=x*2*w; y.grad_fn.register_hook(lambda i,o: l.append(i)); T.autograd.grad(y.sum(),x,create_graph=True); r=l[0][0]; q=T.tensor(l[0][1] is None)
    """,
    "factors that a dtype cannot hold, or wraps": """
r=T.add(T.tensor([0,1],dtype=T.uint8),T.tensor([1,2],dtype=T.uint8),alpha=-1)
r=T.sub(T.tensor([0,1],dtype=T.uint8),3,alpha=-1)
T.add(T.ones(2),T.ones(2),alpha=1.79e308)
T.sub(T.ones(2,dtype=T.float16),2.5,alpha=70000)
T.add(T.ones(2,dtype=T.int64),T.ones(2,dtype=T.int64),alpha=2j)
r=T.subtract(T.tensor([1.,2.]),1.79e308)
T.addmm(T.ones(2,2),T.ones(2,2),T.ones(2,2),alpha=1.79e308)
T.addmm(T.ones(2,2),T.ones(2,2),T.ones(2,2),beta=2j)
r=T.addmm(T.ones(2,2,dtype=T.int8),T.ones(2,2,dtype=T.int8),T.ones(2,2,dtype=T.int8),beta=3)
r=T.ones(3,dtype=T.bool).index_add(0,T.tensor([0,1]),T.ones(2,dtype=T.bool),alpha=-1)
T.ones(3,dtype=T.float16).index_add(0,T.tensor([0,1]),T.ones(2,dtype=T.float16),alpha=70000)
T.nn.functional.pad(T.ones(2,dtype=T.float16),(1,1),value=70000)
    """,
    "options of optimizers": """
r=O.SGD([T.ones(2,requires_grad=True)],foreach=True,fused=True)
r=O.SGD([T.ones(2,requires_grad=True)],differentiable=True,fused=True)
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1,fused=True); x.sum().backward(); o.step(); r=x
x=T.ones(2,requires_grad=True); o=O.AdamW([x],lr=.1,fused=True); x.sum().backward(); o.step(); r=x
x=T.ones(2,requires_grad=True); o=O.Adam([x],lr=.1,capturable=True); x.sum().backward(); o.step(); r=x
x=T.ones(2,requires_grad=True); o=O.Adam([x],lr=T.tensor(.1),foreach=True)
x=T.ones(2,requires_grad=True); o=O.Adam([x],betas=(T.tensor(.9),.99))
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=float('nan'))
x=T.ones(2); r=O.SGD([('a',x),x*1],lr=.1)
x=T.ones(2); r=O.SGD([{'params':[('a',x)]},{'params':[x*1]}],lr=.1)
Q=type('Q',(),{'__module__':'__main__'}); r=O.SGD([Q()],lr=.1)
x=T.ones(2,requires_grad=True); y=x*1; y.retain_grad(); r=O.SGD([y],lr=.1)
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1); s=S.StepLR(o,1); s.step()
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1); s=S.StepLR(o,1); o.step(); s.step(); r=s.get_last_lr()[0]
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1); s=S.StepLR(o,1); r=s.get_lr()[0]
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1); s=S.StepLR(o,1); o.step=lambda: None; s.step()
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1); s=S.MultiStepLR(o,[1,3]); o.step(); s.step(5); r=s.get_last_lr()[0]
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1); s=S.CosineAnnealingLR(o,3); o.step(); o.param_groups[0]['lr']=.7; r=T.tensor([(s.step(),s.get_last_lr()[0])[1] for _ in range(9)])
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=T.tensor(.1)); s=S.StepLR(o,1); o.step(); s.step(); r=s.get_last_lr()[0]; q=o.param_groups[0]['lr']; w=o.param_groups[0]['initial_lr']
s=S.StepLR(3,1)
x=T.ones(2,requires_grad=True); o=O.SGD([x],lr=.1); s=S.StepLR(o,1); p=pickle.loads(pickle.dumps(o)); p.step(); r=len(p.param_groups)
    """,
    "layers and their options": """
r=nn.Linear(2,2,device='cuda')
r=nn.Linear(2,2,device='foo')
r=nn.Linear(2,2,dtype='a')
r=nn.Conv2d(1,1,1,device='cuda')
r=nn.Conv2d(1,1,'a')
r=nn.Linear(2,2).to(foo=3)
r=nn.Linear(2,2).to('cpu',T.float64,True,False)
r=nn.Conv2d(2,2,2).to(memory_format=T.channels_last).weight.stride()
r=nn.Linear(2,2).cuda()
m=nn.Linear(0,2)
m=nn.Linear(2,2).to(T.complex64); r=m.weight.dtype==T.complex64
m=nn.ReLU(inplace=True)(3)
m=nn.Tanh()(np.ones(2))
m=nn.Sequential(nn.ReLU()); m*0
m=nn.Sequential(nn.ReLU()); m+3
m=nn.Sequential(nn.ReLU())*2; r=len(m)
m=nn.Sequential(nn.ReLU(),nn.Tanh()); r=m.pop(0) is None,len(m)
m=nn.ModuleList(3)
m=nn.ModuleDict(3)
class M(nn.Module): ⏎  def __init__(self): self.a=3 ⏎m=M(); m(3)
class M(nn.Module): ⏎  def __init__(self): self.a=3 ⏎m=M(); list(m.parameters())
m=nn.Parameter(np.ones(2))
m=nn.Parameter(T.ones(2),3)
r=nn.init.zeros_(np.ones(2))
r=nn.init.eye_(T.empty(2,3,requires_grad=True))
r=nn.init.kaiming_uniform_(T.empty(2,0))
r=nn.init.kaiming_uniform_(T.empty(2,3),nonlinearity=['relu'])
    """,
    "warnings and numbers": """
a=np.ones(3); a.flags.writeable=False; r=T.from_numpy(a)
r=T.tensor([np.ones(2),np.ones(2)])
r=T.tensor([1,np.array(2)])
x=T.ones(2,requires_grad=True); r=int(x.sum())
r=T.tensor(1+1j); s=float(r)
r=T.tensor(1+0j); s=float(r)
m=T.tensor([3,0,1],dtype=T.uint8); x=T.ones(3,requires_grad=True); r=T.where(m,x,T.zeros(3)); r.sum().backward()
r=T.ones(3).new_tensor(T.ones(2))
x=T.ones(2,requires_grad=True); (x*2).backward(T.ones(2)*1j)
r=T.ones(()).size(0)
r=T.sum(T.ones(2,3)/2,1,out=T.zeros(2,dtype=T.int64))
r=T.cumsum(T.ones(3)/2,0,out=T.zeros(3,dtype=T.float64))
r=T.softmax(T.ones(3),0,out=T.zeros(3,dtype=T.float64))
r=T.sub(T.ones(3),2,T.ones(3),out=T.zeros(3))
x=T.tensor([1.,2.],requires_grad=True); g,=T.autograd.grad((x**3).sum(),x,create_graph=True); r=str([m[0].name() for n in g.grad_fn.next_functions if n[0] for m in n[0].next_functions])
    """,
    "gradcheck": """
x=T.ones(1,dtype=T.float64,requires_grad=True).expand(3); T.autograd.gradcheck(lambda x: x*2,(x,))
x=T.ones(3,dtype=T.float64,requires_grad=True); T.autograd.gradcheck(lambda x: 3,(x,))
x=T.ones(3,dtype=T.complex128,requires_grad=True); r=T.autograd.gradcheck(lambda x: x*x*2j,(x,))
x=T.ones(3,dtype=T.complex128,requires_grad=True); r=T.autograd.gradcheck(lambda x: x.detach()*x,(x,))
x=T.ones(3,dtype=T.float64,requires_grad=True); r=T.autograd.gradcheck(lambda x: x*2j,(x,))
    """,
}  # fmt: skip
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    pair = Pair()
    for space in (pair.mine, pair.theirs):
        library = space["T"]
        space.update(
            copy=copy, pickle=pickle, np=np, collections=collections, nn=library.nn, Fn=library.autograd.Function,
            D=library.utils.data, O=library.optim, S=library.optim.lr_scheduler,
        )  # fmt: skip
    found = pair.run(Line(line.replace(" ⏎", "\n").replace("⏎", "\n"), title))
    assert found is None, found.text
