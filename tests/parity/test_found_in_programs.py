"""What random programs found, held for good: each line gives the same in PyTorch, or is refused with the same text.

As in test_found_wrong.py, each line is a program that both libraries run.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "dtypes that PyTorch rounds in": """
a=T.ones(2,requires_grad=True); T.addcdiv(a,a,T.tensor([.75,.3],dtype=T.float16)).sum().backward(); r=a.grad
b=T.tensor([1.2,3],requires_grad=True); T.xlogy(b,T.tensor([.3,1],dtype=T.float16)).sum().backward(); r=b.grad
b=T.tensor([1.2,3],requires_grad=True); T.special.xlog1py(b,T.tensor([.3,1],dtype=T.float16)).sum().backward(); r=b.grad
e=T.tensor(0.,requires_grad=True); T.tensor([.5,1,1.75],dtype=T.bfloat16).pow(e).sum().backward(); r=e.grad
a=T.tensor([.5,1.75,.1],dtype=T.float16,requires_grad=True); e=T.tensor(.7,requires_grad=True); a.pow(e).sum().backward(); r=a.grad,e.grad
a=T.tensor([.5,1.75,.1],dtype=T.float16,requires_grad=True); a.pow(T.tensor(-1.7)).sum().backward(); r=a.grad
r=T.tensor([1.5,3]).ldexp_(T.tensor(.75,dtype=T.float16))
r=T.tensor([1.5,3],dtype=T.float64).ldexp(T.tensor(.75,dtype=T.float16))
x=T.ones(2,dtype=T.float16,requires_grad=True); T.special.i1e(x).sum().backward(create_graph=True)
x=T.ones(2,dtype=T.bfloat16,requires_grad=True); T.special.i1(x).sum().backward(create_graph=True)
r=T.conv_tbc(T.ones(2,2,2,dtype=T.float64),T.ones(2,2,3,dtype=T.float64),T.ones(3,dtype=T.complex64)*1j,1)
r=T.conv_tbc(T.ones(2,2,2,dtype=T.int64),T.ones(2,2,3,dtype=T.int64),T.ones(3)*1.3,1)
r=T.conv_tbc(T.ones(2,2,2),T.ones(3,2,3,dtype=T.float64),T.ones(3))
r=T.conv_tbc(T.ones(2,2,2,dtype=T.bool),T.ones(2,2,3,dtype=T.bool),T.ones(3,dtype=T.bool))
r=T.conv_tbc(T.ones(2,2,2,dtype=T.bool),T.ones(3,2,3,dtype=T.bool),T.ones(3,dtype=T.bool))
    """,
    "memory formats and strides": """
x=T.arange(8.).view(1,2,2,2).contiguous(memory_format=T.channels_last); r=T.max_pool3d(x,2)
x=T.ones(4,3,2,2).contiguous(memory_format=T.channels_last); r=T.nn.functional.max_pool3d(x,2,return_indices=True)
x=T.arange(6.).view(2,3).t(); r=x.repeat_interleave(1,1).stride(),x.repeat_interleave(1,0).stride()
x=T.arange(4.)+.5; y=T.fft.fft(x).conj(); y.data=y; r=(y.is_conj(), y.imag)
    """,
    "nodes and sizes of nothing": """
v=T.ones(2,2,requires_grad=True); y=T.norm_except_dim(v*1.5,3,dim=-1); y.backward(); r=y,v.grad,y.grad_fn.name()
r=T.linalg.lu(T.zeros(2,3,0))
r=T.linalg.pinv(T.zeros(0,3),hermitian=True)
r=T.linalg.pinv(T.zeros(2,0,3),rtol=T.zeros(2,1))
r=T.histc(T.tensor([-3.4e38,0,3.4e38]),bins=3)
r=T.histc(T.tensor([3.4e38]),bins=5)
r=T.histc(T.tensor([-60000,60000],dtype=T.float16),bins=2)
    """,
    "where an output that is resized begins": """
v=T.ones(3,3)[1:]; T.special.modified_bessel_k0(T.ones(1,3,3),out=v); r=(v.storage_offset(),v)
v=T.zeros((0,3))[:,1:]; T.mul(T.arange(3.),2,out=v); r=(v.storage_offset(),v)
v=T.ones(6)[2:4]; T.mul(T.arange(3.),2,out=v); r=(v.storage_offset(),v)
    """,
    "distances of half precision, of which there are none": """
x=T.ones(0,3,dtype=T.bfloat16,requires_grad=True); T.pdist(x).sum().backward()
x=T.ones(1,3,dtype=T.float16,requires_grad=True); T.pdist(x).sum().backward()
    """,
    "sizes of windows that are no pair": """
T.nn.functional.unfold(T.ones(1,3,3),1,1,{})
T.nn.functional.unfold(T.ones(1,3,3),(),1,1)
T.nn.functional.unfold(T.ones(1,3,3),1,1,1,())
T.nn.functional.fold(T.ones(1,9,1),(),3)
T.nn.functional.fold(T.ones(1,9,1),3,3,1,())
    """,
    "an output that an operand may not be": """
x=T.arange(3.); T.take_along_dim(x,T.tensor([0,1]),out=x)
x=T.arange(3.); T.linalg.cross(x,T.ones(3),out=x)
    """,
    "one exponent for many": """
r=T.ldexp(T.ones(3,dtype=T.float64),T.tensor(1.75))
r=T.ldexp(T.ones(3,dtype=T.float64),T.tensor([1.75]))
x=T.ones(2,dtype=T.float64); x.ldexp_(T.tensor(1.75))
    """,
    "norms of nothing": """
r=T.dist(T.zeros(0),T.zeros(0),-2)
r=T.dist(T.zeros(0),T.zeros(0),float('inf'))
r=T.dist(T.zeros(0),T.zeros(0),.5)
r=T.pixel_unshuffle(T.zeros(0,2,2,2),2)
r=T.pixel_unshuffle(T.zeros(0,2,3,2),2)
    """,
    "factors of complex matrices that are not Hermitian": """
a=T.tensor([[1+1j,1+2j],[.5-1j,4+1j]],requires_grad=True); L=T.linalg.cholesky_ex(a)[0]; L.backward(T.ones_like(L)); r=a.grad
a=T.tensor([[1+1j,1+2j],[.5-1j,4+1j]],requires_grad=True); L=T.linalg.cholesky(a,upper=True); L.backward(L*1j); r=a.grad
    """,
    "numbers": """
r=T.logsumexp(T.tensor([[1+6j,2-5j]]),1)
r=T.logsumexp(T.tensor([3j]),0)
x=T.tensor([1+6j,2-5j],requires_grad=True); T.logsumexp(x,0).abs().backward(); r=x.grad
    """,
    "tensors that a mask fills in, as numbers": """
r=T.tensor([1,2]).masked_fill(T.tensor([True,False]),T.tensor(1.5))
r=T.tensor([1,2],dtype=T.uint8).masked_fill(T.tensor(True),T.tensor(-1))
r=T.tensor([1,2],dtype=T.uint8).masked_fill(T.tensor(True),T.tensor(300))
x=T.tensor([1,2]); x.masked_fill_(T.tensor(False),T.tensor(float('nan')))
x=T.tensor(1); x.masked_fill_(T.tensor(True),T.tensor(float('inf')))
x=T.ones(2); x.masked_fill_(T.tensor(True),T.tensor(1e300,dtype=T.float64))
x=T.ones(2); x.masked_fill_(T.tensor(True),T.tensor(1j))
r=T.ones(2,dtype=T.bfloat16).masked_fill(T.tensor([True,False]),T.tensor(0.3,dtype=T.bfloat16))
r=T.zeros(0,dtype=T.int64).masked_fill(T.tensor(True),T.tensor(float('nan')))
    """,
    "dtypes that come to no kernel": """
r=T.tensor(True).kthvalue(1)
r=T.tensor(1j).kthvalue(1)
r=T.zeros(0,3,dtype=T.bool).kthvalue(1,1)
r=T.zeros((0,3),dtype=T.complex64).amin((1,))
r=T.zeros((2,0),dtype=T.complex64).amax(0)
r=T.zeros((0,3),dtype=T.complex64).amax(0)
r=T.zeros((2,3),dtype=T.complex64).amin((0,))
    """,
    "complex powers that go by the logarithm": """
nan,inf=float('nan'),float('inf'); r=T.tensor([complex(nan,1),complex(0,nan),complex(inf,1),0j])**T.zeros(4,dtype=T.complex64)
nan,inf=float('nan'),float('inf'); r=T.tensor([0j,0j,0j,0j])**T.tensor([complex(1,inf),complex(nan,inf),complex(inf,inf),complex(1,nan)])
inf=float('inf'); r=T.tensor([complex(inf,1),complex(0,inf),complex(-inf,inf)])**T.tensor([-1+0j,-2+0j,-1+0j])
r=1**T.tensor([complex(1,float('nan')),complex(float('inf'),0)])
x=T.tensor([complex(float('nan'),0)]*9); x.pow_(T.zeros(9)); r=x
    """,
    "custom Functions that edit or pass on their inputs": """
x=T.ones(3); y=F.Edits.apply(x); r=(x._version, y is x)
x=T.ones(3)[:2]; y=F.Edits.apply(x); r=(x._version, y is x, y._is_view())
x=T.ones(3,requires_grad=True)*1; y=T.no_grad()(F.Edits.apply)(x); r=(x._version, y is x, y.requires_grad, y._is_view())
x=T.ones(3,requires_grad=True); y=T.no_grad()(F.Passes.apply)(x); r=(y is x, y.requires_grad, y.is_leaf, y._is_view())
x=T.arange(3); y=F.Passes.apply(x); r=(y is x, y._is_view())
x=T.ones(2,1,3).transpose(0,2); y=F.Passes.apply(x); r=y.stride()
x=T.ones(2,3,requires_grad=True).unbind(0); F.Edits.apply(x[0])
x=T.ones(3).as_strided((2,2),(1,1)).requires_grad_(); F.Edits.apply(x)
x=T.ones(3,requires_grad=True); F.Edits.apply(x[:2])
    """,
    "a complex gradient of a real number that was filled in": """
x=T.ones(3,requires_grad=True); y=T.zeros(2,3,dtype=T.complex64); y[0]=x.sum(); y.backward(T.ones_like(y))
x=T.ones(3,requires_grad=True); y=T.zeros(2,3,dtype=T.complex64); y[:1].fill_(x.sum()); y.backward(T.ones_like(y))
x=T.ones(3,requires_grad=True); y=T.zeros(2,3,dtype=T.complex64); y[y==0]=x.sum(); y.backward(T.ones_like(y))
x=T.ones(3,requires_grad=True); y=T.zeros(2,3,dtype=T.complex64); y[:1].masked_fill_(y[:1]==0,x.sum()); y.backward(T.ones_like(y))
x=T.ones(3,requires_grad=True); y=T.zeros(2,3,dtype=T.complex64); y[0]=x; y.backward(T.ones_like(y)); r=x.grad
    """,
    "optimizers of expanded parameters": """
x=T.ones(1).expand(3).requires_grad_(); x.sum().backward(); T.optim.SGD([x],lr=1.).step()
x=T.ones(1).expand(3).requires_grad_(); x.sum().backward(); T.optim.Adam([x]).step()
x=T.ones(3).as_strided((2,2),(1,1)).requires_grad_(); o=T.optim.SGD([x],lr=1.); o.step(); r=x
    """,
    "arrays": """
x=T.ones(3,requires_grad=True); r=T.no_grad()(lambda: x.numpy())()
x=T.ones(3,requires_grad=True); x.numpy()
r=T.tensor(np.zeros((2,3)).T).stride(), T.tensor(np.zeros((2,3,4)).transpose(1,0,2)).stride(), T.tensor(np.zeros((2,6)).T[::2]).stride()
r=T.ones(1,dtype=T.float64).new_tensor(np.zeros((2,3)).T).stride()
r=T.repeat_interleave(T.tensor([1,2],dtype=T.int32))
    """,
    "powers of half precision": """
r=T.ones(3,dtype=T.bfloat16)*2; r=r**1j
x=T.ones(3,dtype=T.bfloat16); x**=1j
x=T.tensor([1.25,.75,2.],dtype=T.float16); y=T.ones(3,requires_grad=True); x.pow_(y); x.backward(T.ones_like(x)); r=y.grad
    """,
    "what is drawn": """
T.bernoulli(T.tensor([.5,.5,2.]))
T.zeros(2,3).bernoulli_(T.tensor([.5,float('nan'),2.]))
T.zeros(3).bernoulli_(T.tensor([.5,2.]))
r=T.multinomial(T.tensor([0.,0.,1.,0.,0.,2.,0.]),5)
T.nn.functional.dropout(T.ones(5,dtype=T.bool),0.5,True)
T.manual_seed(0); T.ones(2).expand(3,2).multinomial(2); r=T.ones(3).expand(2,3).multinomial(2)
T.manual_seed(1); r=T.tensor([1.,2.,3.]).expand(2,3).multinomial(1)
    """,
    "views that require grad as their base does, and lead nowhere": """
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); z=y*y; z.sum().backward(); r=(x.grad is None,y.grad is None,z.grad_fn.next_functions,z.grad_fn._saved_self is None)
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); y.register_hook(lambda g: g[:1]); T.cat([y,x]).sum().backward(); r=x.grad
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); y.register_post_accumulate_grad_hook(lambda p: None); y.backward(T.ones(2))
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); r=T.autograd.grad((y//2).sum(),[x,y],allow_unused=True)
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); r=T.autograd.grad((y*x[0]).sum(),[x,y])
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); (y//x[0].detach()).sum().backward(inputs=[y]); r=y.grad
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); z=F.Passes.apply(y); r=(z.requires_grad,z.grad_fn.next_functions)
x=T.ones(3,requires_grad=True); T.set_grad_enabled(False); y=x[1:]; T.set_grad_enabled(True); y.requires_grad_(); (y*y).sum().backward(); r=(x.grad,y.grad)
    """,
    "whole numbers that an edit made part of the graph": """
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); v+v
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); v[0]
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); v.t()
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); v.chunk(2)
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); T.cat([v,v])
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); v%2
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); v.sum()
x=T.ones((),requires_grad=True); v=T.tensor([True,False]); v.fill_(x); v.select(0,1)
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); v.clamp_(min=1)
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); r=((v*1.5).requires_grad,v.mul_(2).requires_grad,(v==2).requires_grad,(v//2).requires_grad,v.bool().requires_grad,repr(v))
x=T.ones((),requires_grad=True); v=T.tensor([[3,1],[2,2]]); w=v[0]; v.fill_(x); r=w.grad_fn.name()
x=T.ones((),requires_grad=True); v=T.tensor([[3,1],[2,2]]); w=v[0]; v.fill_(x); w+1
    """,
    "masks of bytes, indices of other dtypes and beyond the end": """
x=T.arange(3.).requires_grad_(); v=x*1; v[T.tensor([1,1,0],dtype=T.uint8)]=T.tensor([5.,6.],requires_grad=True); v.sum().backward(); r=x.grad
x=T.arange(3.).requires_grad_(); v=x*1; v[T.tensor([1,1,0],dtype=T.uint8)]=T.tensor([5.,6.],requires_grad=True); v.sum().backward(create_graph=True); r=x.grad
r=T.tensor([[1.,2,3],[4,5,6]]).take_along_dim(T.tensor([[1,3,-5],[-1,0,0]]),0)
T.tensor([[1.,2,3]]).take_along_dim(T.tensor([1,0,2]).bool())
T.zeros(0,3).take_along_dim(T.zeros(1,3,dtype=T.int64),0)
T.zeros(3).tensor_split(T.tensor([1,2],dtype=T.int32))
T.zeros(3).tensor_split(T.tensor([[1,2]]))
T.zeros(3).tensor_split(T.tensor(2.0))
    """,
    "complex parameters of Adam": """
p=T.tensor([[1+1j,2-3j],[0.5j,-1]],requires_grad=True); o=T.optim.Adam([p],lr=.1,amsgrad=True,weight_decay=.1); (p*p).backward(T.ones_like(p)); o.step(); o.step(); r=(p,list(o.state[p].values()))
p=T.tensor([[1+1j,2-3j],[0.5j,-1]]).t()[:1].requires_grad_(); o=T.optim.AdamW([p],lr=.1,maximize=True); (p*p).backward(T.ones_like(p)); o.step(); o.step(); r=(p,list(o.state[p].values()))
p=T.tensor(1+1j,requires_grad=True); o=T.optim.Adam([p]); (p*p).backward(T.tensor(1+2j)); o.step(); r=p
    """,
    "exponentials that are summed into another dtype": """
o=T.zeros(3); r=T.logsumexp(T.tensor([-0.25,0.25,3.3],dtype=T.bfloat16),[0],out=o)
o=T.zeros(0); r=T.logsumexp(T.tensor([-0.25,0.25,3.3],dtype=T.float16),[0],out=o)
o=T.zeros(()); r=T.logsumexp(T.tensor([-0.25,0.25+1j,3.3]),[0],out=o)
    """,
    "what leads nowhere gets no gradient": """
b=T.ones(2,2); a=T.ones(2,requires_grad=True); b.view(4)[:2]=a; seen=[]; b.grad_fn.register_hook(lambda i,o: seen.extend(e is None for e in i)); b.sum().backward(); r=seen
b=T.ones(2,2); a=T.ones(2,requires_grad=True); b.view(4)[:2]=a; seen=[]; b.grad_fn.register_hook(lambda i,o: seen.extend(e is None for e in i)); b.sum().backward(create_graph=True); r=seen
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); r=T.autograd.grad((x*x),[v,x],allow_unused=True,materialize_grads=True)
x=T.ones((),requires_grad=True); v=T.tensor([3,1,2]); v.fill_(x); T.autograd.grad((x*x),[v,x],create_graph=True,allow_unused=True,materialize_grads=True)
    """,
    "weights of a count": """
w=T.tensor([1.,2.,3.],requires_grad=True); v=T.tensor([1,2,1]).bincount(w); r=(v,v.grad_fn.name())
w=T.tensor([1.,2.,3.],requires_grad=True); T.tensor([1,2,1]).bincount(w).sum().backward()
r=T.tensor([1,2,1]).bincount(T.tensor([1j,2+1j,3]))
r=T.zeros(0,dtype=T.int64).bincount(T.ones(0,requires_grad=True),3)
T.tensor([[1,2]]).bincount(minlength=-1)
    """,
    "out= that overlaps and is to be resized": """
T.absolute(T.ones(3,3),out=T.ones(3).expand(2,3,3))
T.square(T.ones(3,3),out=T.ones(()).expand(3))
v=T.ones(3,3); T.pow(v[:2],T.ones(2,3),out=v)
v=T.ones(()); T.subtract(v,T.ones(2,3),out=v)
v=T.ones(2,2); T.logical_or(v,T.ones(2,1,2),out=v)
v=T.ones(3); T.ge(v,T.ones(2,3),out=v)
v=T.ones(3); T.dstack([v,v],out=v)
v=T.ones(2,3); T.hstack([v,v],out=v)
v=T.ones(2,3); T.stack([v],out=v)
v=T.ones(3); T.outer(v,v,out=v)
v=T.ones(2,3); r=T.vstack([v[:0],T.zeros(1,3)],out=v)
    """,
    "out= that lies in what is read": """
k=T.tensor([1,0]); T.index_copy(T.ones(2,dtype=T.int64),0,k,T.tensor([4,5]),out=k)
s=T.ones(2,3); T.index_add(T.ones(2,3),0,T.tensor([1,0]),s,out=s)
s=T.ones(8); i=s[:6].view(2,3); T.index_copy(i,0,T.tensor([1,0]),T.zeros(2,3),out=s[1:3])
s=T.ones(8); i=s[:6].view(2,3); r=T.index_copy(i,0,T.tensor([1]),T.zeros(1,3),out=s[:6].view(2,3))
s=T.ones(2,3); s.index_reduce(0,T.tensor([0]),T.ones(1,3),'prod'); T.index_reduce(T.ones(2,3),0,T.tensor([1,0]),s,'prod',out=s.view(2,3))
j=T.tensor([[1,0],[0,1]]); T.scatter(T.ones(2,2,dtype=T.int64),0,j,5,out=j)
s=T.ones(2,2); T.scatter(T.ones(2,2),0,T.tensor([[1,0]]),s,out=s)
s=T.ones(2,2); T.scatter_add(T.ones(2,2),0,T.tensor([[1,0]]),s,out=s[:])
s=T.ones(2,2); T.scatter_reduce(T.ones(2,2),0,T.tensor([[1,0]]),s,'amax',out=s)
j=T.tensor([[1,0],[0,1]]); r=T.gather(T.tensor([[5,6],[7,8]]),0,j,out=j)
s=T.ones(2,2); T.gather(s,0,T.tensor([[1,0]]),out=s)
i=T.tensor([1,0,2]); T.nonzero(i,out=i)
k=T.tensor([1,2]); T.addr(T.ones(2,2,dtype=T.int64),k,T.tensor([1,2]),out=k)
i=T.tensor([[3,1],[2,5]]); T.max(i,1,out=(i.view(4)[:2],T.empty(2,dtype=T.int64)))
i=T.tensor([[3,1],[2,5]]); T.min(i,1,out=(T.empty(2,dtype=T.int64),i[0]))
i=T.tensor([[3,1],[2,5]]); T.median(i,1,out=(i.view(4)[1:3],T.empty(2,dtype=T.int64)))
i=T.tensor([[3,1],[2,5]]); T.mode(i,0,out=(i[1],T.empty(2,dtype=T.int64)))
i=T.tensor([[3,1],[2,5]]); T.topk(i,1,out=(i.view(4)[:2],T.empty(2,dtype=T.int64)))
i=T.tensor([[3,1],[2,5]]); T.aminmax(i,dim=0,out=(i[0],T.empty(2,dtype=T.int64)))
    """,
    "integers beyond 64 bits": """
T.ones(3).roll(2**70)
T.ones(3).topk(-2**63-1)
T.ones(2,3).narrow(0,0,2**63)
T.ones(2,3).split(2**70)
T.ones(2,3).tril(2**70)
T.nn.functional.conv1d(T.ones(1,1,3),T.ones(1,1,1),stride=2**70)
T.nn.functional.max_pool1d(T.ones(1,3),2**63)
T.nn.functional.cross_entropy(T.ones(1,3),T.tensor([1]),ignore_index=2**70)
T.bincount(T.tensor([1]),minlength=2**70)
    """,
    "devices of generators": """
T.Generator(1.5)
T.Generator(3)
T.Generator("a")
r=T.Generator(None).device.type
    """,
    "statistics that lie in one place": """
m=T.ones(3); v=T.ones(()).expand(3); r=T.batch_norm_update_stats(T.tensor([[1.,2,3],[3,5,9]]),m,v,-1.5),m,v
T.fake_quantize_per_channel_affine(T.ones(2,2),T.tensor([.1,.2]),T.tensor([0,5],dtype=T.int32),1,2,4)
r=T.fake_quantize_per_channel_affine(T.ones(2,2),T.tensor([.1,.2]),T.tensor([0.,5.]),1,2,4)
T.fft.fftfreq(-1,out=T.zeros(2))
T.fft.rfftfreq(-5)
    """,
    "dilations of 0": """
T.nn.functional.conv1d(T.ones(1,1,3),T.ones(1,1,1),dilation=0)
T.nn.functional.conv2d(T.ones(1,1,3,3),T.ones(1,1,2,2),dilation=(1,0))
T.nn.functional.conv2d(T.ones(2,1,3,3),T.ones(1,1,2,2),dilation=0)
T.nn.functional.conv_transpose1d(T.ones(1,1,3),T.ones(1,1,1),dilation=0)
T.nn.functional.conv3d(T.ones(1,1,3,3,3),T.ones(1,1,2,2,2),dilation=(1,0,2))
T.nn.functional.max_pool2d(T.ones(1,3,3),2,dilation=-2)
    """,
    "whole numbers that floats draw from wide ranges": """
r=T.zeros(3).random_(2**28),T.rand(1)
r=T.randint(0,2**40,(2,),dtype=T.float32),T.rand(1)
r=T.zeros(3,dtype=T.bfloat16).random_(-2**8-1,2**8),T.rand(1)
r=T.zeros(2).random_(-2**63,None),T.rand(1)
T.zeros(2).random_(2**24,None)
T.zeros(2).random_(2**30+1,2**30+2)
    """,
    "weights and statistics of another dtype": """
T.nn.functional.multi_margin_loss(T.ones(1,2),T.tensor([1]),weight=T.ones(2,dtype=T.float64))
x=T.tensor([.2,.5],requires_grad=True); r=T.nn.functional.binary_cross_entropy(x,T.ones(2),weight=T.tensor([1,2])); r.backward(); r=r,x.grad
m=T.zeros(2,dtype=T.float64); v=T.ones(2,dtype=T.float64); x=T.tensor([[[1.,2,4],[0,1,5]]]); r=T.nn.functional.instance_norm(x,m,v),m,v
m=T.zeros(2,dtype=T.float64); v=T.ones(2,dtype=T.float64); x=T.tensor([[[1.,2,4],[0,1,5]]]); r=T.nn.functional.instance_norm(x,m,v,use_input_stats=False)
T.range(1,2,float("nan"))
    """,
    "powers of negative numbers that are complex": """
x=T.tensor([1+2j,-.5j,0],requires_grad=True); ((-2)**x).abs().sum().backward()
x=T.tensor(.5+1j,requires_grad=True); r=T.autograd.grad(T.pow(-2.5,x).real,x,create_graph=True); T.autograd.grad(r[0].imag,x)
r=T.tensor([0j,1])**-2
r=T.tensor([0j,1])**T.tensor([-1.5,2])
r=T.zeros(9,dtype=T.complex128).pow_(T.tensor(-1+1j))
r=0**T.tensor([-1+1j,2,0])
    """,
    "strides of arrays with ones and without elements": """
n=np.zeros((0,3)); r=(T.from_numpy(n).stride(),T.tensor(n).stride(),T.as_tensor(n).stride())
n=T.zeros(0,3).numpy(); r=(n.strides,T.from_numpy(n).stride(),T.zeros(0,3).is_set_to(T.zeros(0,3)))
n=T.zeros(1,3).t().numpy(); r=(n.strides,T.from_numpy(n).stride(),T.tensor(n).stride())
    """,
    "what optimizers remember": """
p=T.ones(1,3)[::2].requires_grad_(); p.sum().backward(); o=T.optim.Adam([p],amsgrad=True); o.step(); r=[v.stride() for v in o.state[p].values()]
T.set_default_dtype(T.float64); p=T.ones(2,dtype=T.float32,requires_grad=True); p.sum().backward(); o=T.optim.Adam([p]); o.step(); r=o.state[p]["step"]; T.set_default_dtype(T.float32)
p=T.ones(2,1,3).unfold(0,2,1).requires_grad_(); p.sum().backward(); o=T.optim.SGD([p],momentum=0.5,weight_decay=0.5); o.step(); r=o.state[p]["momentum_buffer"].stride()
p=T.ones(1,3).t().requires_grad_(); p.t().sum().backward(); o=T.optim.SGD([p],momentum=0.5); o.step(); r=o.state[p]["momentum_buffer"].stride()
    """,
    "complex numbers that become real": """
r=T.tensor([1j,2.]).sum(dtype=T.float32)
r=T.tensor([1j,2.]).prod(0,dtype=T.int64)
r=T.ne(T.tensor([1j,2.]),1,out=T.ones(3))
r=T.logical_not(T.tensor([1j,2.]),out=T.ones(2))
x=T.ones(3,requires_grad=True); y=x*T.tensor([1j,2.,3.],requires_grad=True); r=T.autograd.grad(y,x,T.ones_like(y)*(1+2j),create_graph=True)
x=T.ones(3,dtype=T.float64,requires_grad=True); y=(x*(2+1j))**2; g,=T.autograd.grad(y,x,T.ones_like(y)*1j,create_graph=True); r=T.autograd.grad(g.sum(),x)
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


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8"])
def test_a_dropout_that_is_refused_has_drawn(dtype: str) -> None:
    pair = Pair()
    refused = Line(f"T.nn.functional.dropout(T.ones(5, dtype=T.{dtype}), 0.5, True)", "dropout")
    assert pair.run(refused) is None
    assert pair.run(Line("r = T.rand(3)", "rand")) is None


def test_a_normal_that_is_refused_for_its_gradient_has_drawn() -> None:
    for given in ("mean", "mean, 2.0", "mean, T.ones(2, 3)"):
        pair = Pair()
        assert pair.run(Line("mean = T.ones(3, dtype=T.complex64, requires_grad=True)", "ones")) is None
        assert pair.run(Line(f"T.normal({given})", "normal")) is None
        assert pair.run(Line("r = T.rand(2)", "rand")) is None


def test_a_graph_outlives_a_hook_that_raises() -> None:
    pair = Pair()
    pair.run(
        Line("x = T.ones(3, requires_grad=True); y = x * x; h = y.grad_fn.register_hook(lambda i, o: 1 / 0)", "hook")
    )
    assert pair.run(Line("y.sum().backward()", "backward")) is None
    assert pair.run(Line("h.remove(); y.backward(T.ones(3)); r = x.grad", "again")) is None
    assert pair.mine["r"].tolist() == [2, 2, 2]
