"""What random programs found in gradients: each line gives the same in PyTorch, or is refused with the same text.

As in test_found_in_programs.py.
"""

from __future__ import annotations

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "what the node of an edit sends, where `inputs=` wants a part of it": """
l=[]; x=T.ones(4,requires_grad=True); w=T.ones(2,requires_grad=True); b=x*1; b[:2].mul_(w*3); b.grad_fn.register_hook(lambda g,*_: l.append(g)); b.sum().backward(inputs=[w]); r=l
l=[]; x=T.ones(4,requires_grad=True); w=T.ones(2,requires_grad=True); b=x*1; b[:2].mul_(w*3); b.grad_fn.register_hook(lambda g,*_: l.append(g)); b.sum().backward(inputs=[x]); r=l
l=[]; x=T.ones(4,requires_grad=True); w=T.ones(2,requires_grad=True); b=x*1; b[:2].mul_(w*3); b.grad_fn.register_hook(lambda g,*_: l.append(g)); T.autograd.grad(b.sum(),w,create_graph=True); r=l
l=[]; x=T.ones(4,requires_grad=True); w=T.ones(2,requires_grad=True); b=x*1; y=b*1; b[:2].mul_(w*3); b.grad_fn.register_hook(lambda g,*_: l.append(g)); b.sum().backward(inputs=[y,w]); r=l
x=T.ones(4,requires_grad=True); w=T.ones(2,requires_grad=True); b=x*1; b[:2].mul_(w*3); b.grad_fn.register_hook(lambda g,*_: tuple(e*2 for e in g)); b.sum().backward(inputs=[w])
    """,
    "complex numbers scaled by whole exponents": """
r=T.ldexp(T.tensor(1+1j,dtype=T.complex128),T.tensor([True,False]))
r=T.ldexp(T.tensor(1+1j,dtype=T.complex128),T.tensor([2,3]))
r=T.ldexp(T.tensor(1+1j,dtype=T.complex128),T.tensor([2.,3.]))
r=T.ldexp(T.tensor([1+1j,2]),T.tensor(2,dtype=T.uint8))
    """,
    "batches of vectors through what has no slope": """
x=T.tensor([.5,1,4],requires_grad=True); r=T.autograd.grad(x.sign()*x,x,T.ones(2,3),is_grads_batched=True)[0]
x=T.tensor([.5,1,4],requires_grad=True); r=T.autograd.grad(x.floor(),x,T.ones(2,3),is_grads_batched=True)[0]
x=T.tensor([.5,1,4],requires_grad=True); r=T.autograd.functional.jacobian(lambda x: x.log().round()+x,x,vectorize=True)
x=T.tensor([.5,1,4]); r=T.func.jacrev(lambda x: x.ceil()*x)(x)
x=T.tensor([.5,1,4],requires_grad=True); r=T.autograd.grad(x.logcumsumexp(0),x,T.ones(2,3),is_grads_batched=True)[0]
    """,
    "one exponent in float32, of numbers in double precision": """
x=T.tensor(1.,dtype=T.float64,requires_grad=True); r=T.ldexp(x,T.tensor(1.5)); r.backward(); r=(r.detach(),x.grad)
x=T.tensor(1+1j,dtype=T.complex128); x.ldexp_(T.tensor(1.75)); r=x
r=T.ldexp(T.tensor(1.,dtype=T.float64),T.tensor([1.5]))
    """,
    "gradients that lead nowhere, which hooks are given of lists alone": """
l=[]; y=T.cat([T.ones(1,2),T.ones(1,2,requires_grad=True)]); y.grad_fn.register_hook(lambda g,*_: l.append(g)); y.sum().backward(retain_graph=True); r=l[0]
l=[]; y=T.stack([T.ones(2).half(),T.ones(2,requires_grad=True)]); y.grad_fn.register_hook(lambda g,*_: l.append(g)); y.sum().backward(); r=l[0]
l=[]; y=T.block_diag(T.tensor(1.),T.zeros((0,3),requires_grad=True)); y.grad_fn.register_hook(lambda g,*_: l.append(g)); y.sum().backward(); r=l[0]
l=[]; x=T.ones(2,requires_grad=True); w=T.ones(2,requires_grad=True); y=T.cat([x,w]); y.grad_fn.register_hook(lambda g,*_: l.append(g)); T.autograd.grad(y.sum(),x); r=l[0]
r=T.cat([T.ones(2),T.ones(2,requires_grad=True)]).grad_fn(T.ones(4))
y=T.prelu(T.ones(2,2),T.ones(1,requires_grad=True)); y.grad_fn.register_hook(lambda g,*_: print(g[0])); y.sum().backward()
y=T.linalg.solve_triangular(T.eye(2),T.ones(2,2,requires_grad=True),upper=True); r=[g is None for g in y.grad_fn(T.ones(2,2))]
y=T.linalg.solve(T.eye(2)*2,T.ones(2,2,requires_grad=True)); r=[g is None for g in y.grad_fn(T.ones(2,2))]
    """,
    "the gradient through a sign, which is 0 whatever slope comes next": """
x=T.tensor([0.,1,4],requires_grad=True); x.log10().sgn().sum().backward(); r=x.grad.clone()
x=T.tensor([0.,1,4],requires_grad=True); (x**T.tensor([-3,1,2]).half()).sgn().tensor_split(2)[1].sum().backward(retain_graph=True); r=x.grad.clone()
x=T.tensor([0.,1,4],requires_grad=True); y=x.sqrt()*2; r=[g.clone() for g in T.autograd.grad(y.sgn().sum(),[y,x])]
x=T.tensor([0.,1,4],requires_grad=True); y=x.sqrt(); y.retain_grad(); y.register_hook(lambda g: print(g.clone())); y.sgn().sum().backward(); r=(x.grad.clone(),y.grad.clone())
x=T.tensor([0.,1,4],requires_grad=True); y=x.log(); (y.sgn().sum()+y.sum()).backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); (-x.sqrt()).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.half().sqrt().sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.log().sigmoid().sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,float('nan')],requires_grad=True); x.tanh().sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,.5],requires_grad=True); x.logit().sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().floor().sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().expand(2,3).sgn().sum().backward(); r=x.grad
    """,
    "the same behind what sums or changes the shape": """
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().sum(0).sgn().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.expand(2,3).sqrt().sum(1,keepdim=True).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().unsqueeze(0).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.view(1,3).sqrt().squeeze(0).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().amax(0).sgn().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().norm().sgn().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.log().logsumexp(0).sgn().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().diag().sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); T.stack([x.sqrt(),T.ones(3)]).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); T.view_as_real(T.complex(x.sqrt(),T.ones(3))).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); T.ldexp(x.sqrt(),T.tensor(2)).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],dtype=T.float16,requires_grad=True); (x.sqrt()*2).sgn().sum().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); (x.sqrt().sum(0).sgn()*x.sum()).backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt().mean().sgn().backward(); r=x.grad
x=T.tensor([0.,1,4],requires_grad=True); x.sqrt()[:2].sgn().sum().backward(); r=x.grad
    """,
    "the same under create_graph": """
x=T.tensor([0.,1,4],requires_grad=True); r=T.autograd.grad(x.log10().sgn().sum(),x,create_graph=True)[0].detach().clone()
x=T.tensor([0.,1,4],requires_grad=True); r=T.autograd.grad(x.sqrt().sum(0).sgn(),x,create_graph=True)[0].detach().clone()
x=T.tensor([0.,1,4],requires_grad=True); r=T.autograd.grad((x.sqrt()*2).exp().view(1,3).t().sgn().sum(),x,create_graph=True)[0].detach().clone()
x=T.tensor([0.,1,4],requires_grad=True); r=T.autograd.grad((x**-1).sgn().sum(),x,create_graph=True)[0].detach().clone()
x=T.tensor([0.,1,4],requires_grad=True); y=x.sqrt()*2; r=[g.detach().clone() for g in T.autograd.grad(y.sgn().sum(),[y,x],create_graph=True)]
x=T.tensor([0.,1,4],requires_grad=True); y=x.sqrt(); y.register_hook(lambda g: print(g.clone())); r=T.autograd.grad(y.sgn().sum(),x,create_graph=True)[0].detach().clone()
x=T.tensor([1.,1,4],requires_grad=True); y=x.sqrt(); g=T.autograd.grad((y.sgn()+y).sum(),x,create_graph=True)[0]; r=(g.detach(),T.autograd.grad(g.sum(),x)[0])
x=T.tensor([0.,1,4],requires_grad=True); y=x.sqrt(); r=y.sgn().grad_fn(T.ones(3)).clone()+1
x=T.tensor([0.,1,4],requires_grad=True); r=T.func.grad(lambda x:x.sqrt().sgn().sum())(x.detach()).clone()
x=T.tensor([0.,1,4],requires_grad=True); y=x.sqrt().clone(); y[:2].mul_(3); r=T.autograd.grad(y.sgn().sum(),x,create_graph=True)[0].detach().clone()
    """,
    "a group norm that is differentiated again, whose steps are rounded one by one": """
x=(T.arange(24.).sin()/64).view(2,4,3).half().requires_grad_(); w=T.ones(4).half().requires_grad_(); y=T.group_norm(x,2,w); r=[(g.detach(),g.grad_fn.name()) for g in T.autograd.grad(y,[x,w],T.arange(24.).view(2,4,3).half(),create_graph=True)]
x=(T.arange(8.).sin()/512).view(2,4).half().requires_grad_(); r=T.autograd.grad(T.group_norm(x,2),x,T.arange(8.).view(2,4).half(),create_graph=True)[0].detach()
x=(T.arange(24.).sin()).view(2,4,3).bfloat16().requires_grad_(); w=T.ones(4,requires_grad=True); b=T.ones(4,requires_grad=True); r=[g.detach() for g in T.autograd.grad(T.group_norm(x,2,w,b),[x,w,b],T.arange(24.).view(2,4,3).bfloat16(),create_graph=True)]
x=T.ones(0,4,1,requires_grad=True); r=T.autograd.grad(T.group_norm(x,2).sum(),x,create_graph=True)[0].detach()
    """,
    "infinite elements that no corner is of": """
x=T.ones(1,2,4,4,requires_grad=True); y=x.masked_fill(T.arange(32).view(1,2,4,4)==0,float('inf')); g=T.ones(1,2,1,2,requires_grad=True); d=T.autograd.grad((T.grid_sampler_2d(y,g,0,0,True)**2).sum(),g,create_graph=True)[0]; r=T.autograd.grad(d.sum(),g)[0]
    """,
    "exponentials that half precision does not hold": """
x=T.tensor([1.75,.5]).half().requires_grad_(); T.nn.functional.soft_margin_loss(x,T.tensor([-8.,8])).backward(); r=x.grad
x=T.tensor([1.75,.5]).half().requires_grad_(); T.nn.functional.soft_margin_loss(x,T.tensor([-8.,8]).half()).backward(); r=x.grad
    """,
    "bounds that are larger than the tensor": """
x=T.ones(3,requires_grad=True); T.clamp(x,T.zeros(3),T.ones(2,3)).sum().backward()
x=T.ones(3,requires_grad=True); T.clamp(x,T.zeros(2,3),T.ones(3)).sum().backward(); r=x.grad
x=T.tensor(2.,requires_grad=True); T.clamp(x,T.tensor(0.),T.ones(2,3)).sum().backward()
x=T.ones(3,requires_grad=True); T.clamp(x,T.zeros(3),T.ones(2,3)).sum().backward(create_graph=True)
m=T.zeros(3,requires_grad=True); T.clamp(T.ones(3),m,T.ones(2,3)).sum().backward()
m=T.zeros(2,3,requires_grad=True); T.clamp(T.ones(3),m,T.ones(3)).sum().backward(); r=m.grad
M=T.ones(2,3,requires_grad=True); T.clamp(T.ones(3),T.zeros(3),M).sum().backward(); r=M.grad
M=T.ones(1,3,requires_grad=True); T.clamp(T.ones(3),T.zeros(2,3),M).sum().backward()
x=T.tensor([1.,float('nan'),3.]); M=T.ones(3,requires_grad=True); m=T.tensor([0.,0.,2.],requires_grad=True); T.clamp(x,m,M).sum().backward(); r=(m.grad,M.grad)
    """,
    "versions of gradients": """
v=T.ones(3,requires_grad=True); h=v.register_hook(lambda g:g*2); v.median().backward(); r=v.grad._version
v=T.ones(3,2).t().requires_grad_(); v.var(1).sum().backward(); r=(v.grad._version,v.grad.stride())
v=T.ones(3,2).t().requires_grad_(); v.std().backward(); r=(v.grad._version,v.grad.stride())
v=T.ones(3,requires_grad=True); w=v+1; w.narrow(0,0,1).mul_(-1); w.sum().backward(); r=v.grad._version
v=T.ones(3,requires_grad=True,dtype=T.complex64); w=1j+v; w[0]=3; w.backward(T.ones_like(w)); r=v.grad._version
v=T.ones(3,requires_grad=True); w=v*2; w.narrow(0,0,1).mul_(-1); w.sum().backward(); r=v.grad._version
    """,
    "gradients of edits in expanded memory": """
x=T.ones(3,requires_grad=True); y=(x*1).expand(2,3); y[y>2]=1; y.sum().backward()
x=T.ones(3,requires_grad=True); y=(x*1).expand(2,3); y.zero_(); y.sum().backward()
x=T.ones(3,requires_grad=True); y=(x*1).expand(2,3); y.fill_(2); y.sum().backward()
x=T.ones(3,requires_grad=True); z=x*1; y=z.expand(2,3); y.index_fill_(0,T.tensor([0]),1.); z.sum().backward()
x=T.ones(3,requires_grad=True); y=(x*1).expand(2,3); y[0]=1; y.sum().backward(); r=x.grad
x=T.ones(3,requires_grad=True); z=x*1; y=z.expand(1,3); y[y>2]=1; z.sum().backward(); r=x.grad
x=T.ones(3,requires_grad=True); z=x*1; y=z.as_strided((2,2),(1,1)); y[y>2]=1; z.sum().backward(); r=x.grad
    """,
    "what a backward op saves, and that it is freed": """
x=T.ones(2,requires_grad=True); g,=T.autograd.grad(x.relu().sum(),x,create_graph=True); g.sum().backward(); g.sum().backward(inputs=[g])
x=T.ones(2,requires_grad=True); g,=T.autograd.grad(x.relu().sum(),x,create_graph=True); g.sum().backward(inputs=[g]); g.sum().backward(inputs=[g])
x=T.ones(2,requires_grad=True); g,=T.autograd.grad(T.nn.functional.nll_loss(x[None],T.tensor([0])),x,create_graph=True); g.sum().backward(); g.sum().backward(inputs=[g]); g.sum().backward()
    """,
    "roots that have another shape by now": """
x=T.ones(3,requires_grad=True); h=x.exp(); h.data=T.ones(2); h.backward(T.ones(2))
x=T.ones(3,requires_grad=True); h=x.exp(); h.data=T.tensor(1.); h.backward()
x=T.ones(3,requires_grad=True); h=x.exp(); h.data=T.ones(2); T.autograd.grad(h,x,T.ones(2))
x=T.ones(3,requires_grad=True); h=x.exp(); h.data=T.ones(1,3); h.backward(T.ones(1,3)); r=x.grad
x=T.ones(3,requires_grad=True); h=x.exp(); h.data=T.ones(3,dtype=T.float64); h.backward(T.ones(3,dtype=T.float64)); r=x.grad
x=T.ones(3,requires_grad=True); x.sum().backward(); x.data=T.ones(2); x.sum().backward()
    """,
    "gradients that share memory": """
x=T.ones(1,requires_grad=True); v=x.expand_as(x); g=T.autograd.grad((v*v).sum(),[x,v]); g[0].add_(1); r=(g[0] is g[1],g[1]._version)
x=T.ones(2,requires_grad=True); y=T.ones(2,requires_grad=True); g=T.autograd.grad(((x+y)**2).sum(),[x,y]); g[1].mul_(3); r=(g[0] is g[1],g[0]._version)
x=T.ones(1,3,requires_grad=True); v=x.squeeze(); g=T.autograd.grad((v*v).sum(),[v,x]); g[1].add_(1); r=(g[0] is g[1],g[0]._version)
x=T.ones(2,3,requires_grad=True); v=x.mT; g=T.autograd.grad((v*v).sum(),[x,v,x]); g[1].add_(1); r=(g[0] is g[2],g[0]._version)
x=T.ones(2,requires_grad=True); v=T.cat([x,x*2]); g=T.autograd.grad((v*v).sum(),[x,v]); g[1].add_(1); r=(g[0] is g[1],g[0]._version,g[0])
    """,
    "edits that save an operand and their result": """
F=T.nn.functional; x=T.tensor([-1.,2.,-.5],requires_grad=True); y=x*1; F.rrelu(y,training=True,inplace=True); y.sum().backward(); r=x.grad,y._version
F=T.nn.functional; x=T.tensor([-1.,2.,-.5],requires_grad=True); y=x*1; F.rrelu(y,inplace=True).add_(1); y.sum().backward(); r=x.grad
x=T.tensor([-1.,2.,-.5],requires_grad=True); y=x*1; T.rrelu_(y[1:],.1,.4,True); y.sum().backward(); r=x.grad
x=T.tensor([-1.,2.,-.5],requires_grad=True); y=x*1; T.rrelu_(y,.1,.4,True); y.sin_(); y.sum().backward(); r=x.grad
x=T.tensor([1.,2.,.5],requires_grad=True); e=T.ones(3).add_(1); y=(x*1).pow_(e); y.sum().backward(); r=x.grad
x=T.tensor([1.,2.,.5],requires_grad=True); e=T.ones(3).add_(1); y=(x*1).pow_(e); y.add_(1); y.sum().backward()
x=T.tensor([1.,2.,.5],requires_grad=True); e=T.ones(3).add_(1); y=(x*1).pow_(e); e.add_(1); y.sum().backward()
    """,
    "what refuses what was found before": """
w=T.tensor(.5,requires_grad=True); b=T.tensor([True,False]); b.lerp(b,w).sum().backward()
w=T.tensor(.5,requires_grad=True); b=T.tensor([True,False]); b.lerp(b,w).sum().backward(create_graph=True)
w=T.tensor(.5,requires_grad=True); b=T.tensor([1,2]); b.lerp(b+3,w).sum().backward(); r=w.grad
x=T.ones(3,2,requires_grad=True); y=x.index_reduce(0,T.tensor([2,0,2],dtype=T.int32),T.ones(3,2),"amax",include_self=False); y.sum().backward()
y=T.ones(3,2,requires_grad=True); x=T.ones(3,2).index_reduce(0,T.tensor([2,0,2],dtype=T.int32),y,"mean",include_self=False); x.sum().backward()
y=T.ones(3,2,requires_grad=True); x=T.ones(3,2).index_reduce(0,T.tensor([2,0,2],dtype=T.int32),y,"mean"); x.sum().backward(); r=y.grad
    """,
    "logarithms of a negative base on the lower side of the cut": """
x=T.tensor([-.18+0j]).conj().resolve_conj(); e=T.tensor([-1.25+0j],requires_grad=True); T.pow(x,e).real.sum().backward(); r=e.grad
x=T.tensor([-.18+0j]).conj().resolve_conj(); e=T.tensor([-1.25,2.],requires_grad=True); T.pow(x,e).real.sum().backward(); r=e.grad
x=T.tensor([-1.25+0j],requires_grad=True); s=T.sinc(x); s.pow_(x).real.sum().backward(); r=x.grad
    """,
    "what has no derivative refuses, though no gradient arrives": """
x=T.tensor([1.,2.,2.],requires_grad=True); F.GivesNone.apply(T.unique_consecutive(x),T.ones(()))[0].sum().backward()
x=T.tensor([1.,2.,2.],requires_grad=True); F.GivesNone.apply(T.unique(x),T.ones(()))[0].sum().backward()
x=T.tensor([1.,2.,2.],requires_grad=True); F.GivesNone.apply(T.unique(x,dim=0),T.ones(()))[0].sum().backward()
x=T.tensor([1.,2.,2.],requires_grad=True); F.GivesNone.apply(T.igamma(x,T.ones(3)),T.ones(()))[0].sum().backward()
x=T.tensor([1.,2.,2.],requires_grad=True); F.GivesNone.apply(T.igamma(T.ones(3),x),T.ones(()))[0].sum().backward(); r=x.grad
x=T.tensor([1.,2.,2.],requires_grad=True); T.autograd.grad(F.GivesNone.apply(T.igammac(x,x),T.ones(()))[0].sum(),x,allow_unused=True)
x=T.tensor([2.,3.],requires_grad=True); F.GivesNone.apply(T.special.zeta(x,T.tensor(2.)),T.ones(()))[0].sum().backward()
x=T.tensor([[2.,3.],[1.,5.]],requires_grad=True); F.GivesNone.apply(T.geqrf(x)[0],T.ones(()))[0].sum().backward()
x=T.tensor([2.,3.],requires_grad=True); F.GivesNone.apply((x*1).acosh_(),T.ones(()))[0].sum().backward()
x=T.tensor([2.,3.],requires_grad=True); F.GivesNone.apply((x*1).floor_divide_(2),T.ones(()))[0].sum().backward()
    """,
    "a hook of a view that was renewed, of a base that requires no grad": """
l=[]; x=T.ones(3,3).unsqueeze(1).requires_grad_(); y=x.squeeze(); x.detach().zero_(); y.grad_fn.register_hook(lambda g,*_: l.append(g)); y.backward(T.ones_like(y)); r=(x.grad is None,l[0][0] is None)
    """,
    "operands whose gradient nobody wants": """
x=T.ones(3,requires_grad=True); m=T.zeros(3,requires_grad=True); M=T.ones(2,3,requires_grad=True); r=T.autograd.grad(T.clip(x,m,M).sum(),M)
x=T.ones(3,requires_grad=True); m=T.zeros(2,3,requires_grad=True); r=T.autograd.grad(T.clip(x,m,T.ones(3)).sum(),m,create_graph=True)
x=T.tensor(1.,requires_grad=True); m=T.tensor(3.,requires_grad=True); M=T.ones(2,3,requires_grad=True); T.clip(x,m,M).sum().backward(inputs=[M]); r=(M.grad,m.grad)
a=T.tensor([1.5],requires_grad=True); x=T.tensor([2.5],requires_grad=True); r=T.autograd.grad(T.igamma(a,x).sum(),x)
a=T.tensor([1.5],requires_grad=True); x=T.tensor([2.5],requires_grad=True); T.igammac(a,x).sum().backward(inputs=[x]); r=x.grad
a=T.tensor([1.5],requires_grad=True); x=T.tensor([2.5],requires_grad=True); r=T.autograd.grad(T.igamma(a,x).sum(),a)
x=T.ones(1,2,4,4,requires_grad=True); w=T.ones(2,2,3,3,requires_grad=True); r=T.autograd.grad(T.conv2d(x,w).sum(),w)
x=T.ones(2,requires_grad=True); w=T.ones(3,requires_grad=True); r=T.autograd.grad((T.cat([x,w])**2).sum(),w)
    """,
}


@every_case("program", [line for case in CASES.values() for line in case.strip().splitlines()])
def test_it_is_what_pytorch_says(program: str) -> None:
    with Pair() as pair:
        found = pair.run(Line(program, "case"))
    assert found is None, found.text
