"""What was found wrong once, held for good: each line gives the same in PyTorch, or is refused with the same text.

All that `programs` compares is compared: values, geometry, versions, gradients, warnings.
"""

from __future__ import annotations

import copy
import pickle

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "edits of memory that overlaps itself, by kernels of several steps": """
x=T.ones(3,3).unfold(0,2,1); T.nn.functional.leaky_relu_(x,2)
x=T.ones(3,3).unfold(0,2,1); T.nn.functional.leaky_relu_(x,.5)
x=T.ones(4).unfold(0,2,1); T.nn.functional.elu_(x)
    """,
    "edits by kernels that nobody differentiates": """
F=T.nn.functional; r=[]⏎for f in (lambda x: x.clamp_(0,1),lambda x: x.clamp_min_(.5),lambda x: x.sigmoid_(),lambda x: F.elu(x,.5,inplace=True),lambda x: F.silu(x,True)):⏎    x=T.linspace(-3,3,6); v=x.view(2,3); y=f(x); r+=[(x,v,x._version,y is x,y.grad_fn)]
x=T.linspace(-3,3,6,requires_grad=True); y=x.sin(); z=(y*y).sum()⏎with T.no_grad(): y.clamp_(0,1)⏎z.backward()
x=T.linspace(-3,3,6,requires_grad=True); y=x.sin()⏎with T.no_grad(): y.clamp_(-.5,.5)⏎(y*2).sum().backward(); r=x.grad,y,y._version
x=T.tensor([float("nan"),float("inf"),-0.0]); r=x.clone().clamp_(0,1),x.clone().clamp_(max=-0.0),x.half().clamp_(0,1),x.double().clamp_(0,1e300)
x=T.ones(2,requires_grad=True); x.clamp_(0,1)
x=T.ones(2); x.clamp_(0,1e300)
    """,
    "edits by other names": """
x=T.ones(3); r=[x.multiply_(2),x.subtract_(1),x.divide_(2),x.true_divide_(2),x.mul_(x),x.divide_(x,rounding_mode=None),x.not_equal_(x)]
r=[getattr(T.ones(3),f)(a) for f in ("multiply_","subtract_","divide_","greater_equal_","floor_divide_","true_divide_") for a in (2,2.5,T.tensor(2.),T.ones(3))]
x=T.ones(3,requires_grad=True); y=(x*1).multiply_(x).subtract_(2).divide_(3); y.sum().backward(); r=x.grad
T.ones(3).multiply_(T.ones(2))
T.ones(3).divide_(1j)
    """,
    "half precision is computed in float32": """
x=T.linspace(-3,3,6); r=[f(x.to(d)) for d in (T.float16,T.bfloat16) for f in (T.sigmoid,T.tanh,T.nn.functional.silu,lambda x: x.clone().sigmoid_())]
    """,
    "numbers before and behind tensors": """
r=[n//x for x in (T.tensor([1.,2.,5.]),T.tensor([1,2,5]),T.ones(2,3).t(),T.tensor([2.]).half()) for n in (2,2.5,True)]
r=[n%x for x in (T.tensor([1.,2.,5.]),T.tensor([1,2,5]),T.ones(2,3).t(),T.tensor([2.]).half()) for n in (2,2.5,True)]
x=T.arange(6.,requires_grad=True); y=x.view(2,3).t(); r=[(z,z.stride()) for z in (y*2,y+1,y-.5,y/3,y**2,y>2,y//2,y%2,y.pow(.5))]
x=T.arange(1.,7.,requires_grad=True); y=x.view(2,3)[:,1:]; sum([y*2,y+1,y-.5,y/3,y**2,y%2]).backward(T.ones(2,2)); r=x.grad
x=T.arange(6.).view(2,3).t(); r=x*2**70,x*1e300,x.half()*2,x.int()*2.5,x.double()**-1,x[:0]*2,x.expand(2,3,2)*2.0
    """,
    "inputs that descend from one another": """
x=T.ones(2,requires_grad=True); y=x*1; d=y*2; r=T.autograd.grad(y.sum(),[x,d],allow_unused=True)
x=T.ones(2,requires_grad=True); y=x*1; d=y*2; y.sum().backward(inputs=[x,d]); r=(x.grad,d._grad)
x=T.ones(2,requires_grad=True); y=x*1; y.register_hook(lambda g: g*3); (y*2).sum().backward(inputs=[x,y]); r=(x.grad,y._grad)
x=T.ones(2,requires_grad=True); y=x*1; d=y*2; z=d*3; r=T.autograd.grad(z.sum(),[d,y,x])
x=T.ones(2,requires_grad=True); y=x*2; L=[]; y.register_hook(lambda g: L.append(1) or g*3); r=T.autograd.grad((y*2).sum(),[y,x]),L
x=T.ones(2,requires_grad=True); w=T.ones(2,requires_grad=True); y=x*2; r=T.autograd.grad((y*2).sum(),[w,y],allow_unused=True)
x=T.ones(2,requires_grad=True); y=x*2; z=(y*y).sum(); z.backward(inputs=[z,y]); r=(z._grad,y._grad,x.grad)
    """,
    "backward a second time": """
x=T.ones(2,requires_grad=True); y=x*2; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=2*x; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2.0; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x/2; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=(x+0).mul_(2); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=(x+0).div_(2); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x.exp(); y.sum().backward(); y.sum().backward(inputs=[y]); r=x.grad
x=T.ones(2,requires_grad=True); y=x.exp(); y.backward(T.ones(2),inputs=[T.ones(1,requires_grad=True)]); y.sum().backward()
x=T.ones(2,requires_grad=True); y=x+2; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x-2; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x.mul(2); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=T.rsub(x,2); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=2/x; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*True; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=T.where(x>0,x,2.0); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=T.sub(x,x.detach(),alpha=2); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x%2; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x**2; y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x.clamp(0,1); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=T.true_divide(x,2); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x.copysign(2); y.sum().backward(); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x.mean(); y.backward(); y.backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; r=(y.grad_fn._saved_other, y.grad_fn._saved_self)
x=T.ones(2,requires_grad=True); y=x/2; r=(y.grad_fn._saved_other, y.grad_fn._saved_self)
    """,
    "an operand that was cast, edited": """
x=T.ones(2,requires_grad=True); m=T.zeros(2,dtype=T.bool); y=x*m; m[:]=True; y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); m=T.ones(2,dtype=T.int64); y=x*m; m[:]=3; y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); m=T.ones(2,dtype=T.int64); y=x/m; m[:]=3; y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); m=T.ones(2,dtype=T.int64); y=x**m; m[:]=3; y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); m=T.ones(2,dtype=T.float64); y=x*m; m[:]=3; y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); z=x*1; y=z.exp(); y.detach_(); r=y.requires_grad
x=T.ones(2,requires_grad=True); m=T.ones(2,dtype=T.int64); y=x.hypot(m.float()); m[:]=3; y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); m=T.ones(2,dtype=T.int64); y=x.maximum(m); m[:]=3; y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); m=T.ones(2,dtype=T.int64); y=(x*1).mul_(m); m[:]=3; y.sum().backward(); r=x.grad
    """,
    "hooks that change what they get": """
x=T.ones(2,requires_grad=True); y=x*2; y.register_hook(lambda g: g[:1]); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; y.register_hook(lambda g: g.double()); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); x.register_hook(lambda g: g.long()); (x*2).sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); x.register_hook(lambda g: g[:1]); (x*2).sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); x.register_hook(lambda g: g.double()); (x*2).sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; y.grad_fn.register_hook(lambda gi,go: (gi[0][:1],)+gi[1:]); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; y.grad_fn.register_hook(lambda g,_: (g[0].double(),)+g[1:]); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; y.grad_fn.register_prehook(lambda go: (go[0].double(),)); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; y.grad_fn.register_prehook(lambda go: (go[0][:1],)); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; y.grad_fn.register_prehook(lambda go: (go[0].long(),)); y.sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); x.register_hook(lambda g: g.expand(3,2)); (x*2).sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); y=x*2; y.register_hook(lambda g: 3); y.sum().backward(); r=x.grad
x=T.ones(2,1,requires_grad=True); y=x*2; y.register_hook(lambda g: g.long()); r=T.autograd.grad(y.sum(),x)
x=T.ones(2,requires_grad=True); x.register_hook(lambda g: g*1j); (x*2).sum().backward(); r=x.grad
    """,
    "comparisons in place": """
x=T.ones(2,requires_grad=True); y=x*2; y.eq_(2); y.sum().backward(); r=(x.grad,y.grad_fn.name())
x=T.ones(2,requires_grad=True); x.eq_(1); r=x
x=T.ones(2,requires_grad=True); z=T.zeros(2); z.ge_(x); r=z
x=T.ones(2,requires_grad=True); y=x*2; y.logical_not_(); r=y,y.grad_fn.name()
x=T.ones(2,requires_grad=True); y=x*2; y.logical_and_(x); r=y,y.grad_fn.name()
x=T.ones(2,requires_grad=True); x.logical_or_(x); r=x
x=T.ones(2,requires_grad=True); y=x*2; y[0].ne_(3); y.sum().backward(); r=(x.grad,y.grad_fn.name())
x=T.ones(2,requires_grad=True); y=x*2; y.greater_equal_(3); y.sum().backward(); r=(x.grad,y.grad_fn.name())
    """,
    "complex gradients": """
x=T.tensor([1+1j,2-1j],requires_grad=True); y=x.pow(x); y.abs().sum().backward(); r=x.grad
x=T.tensor([1+1j,2-1j],requires_grad=True); y=2**x; y.abs().sum().backward(); r=x.grad
x=T.tensor(1+1j,requires_grad=True); y=2**x; y.abs().backward(); r=x.grad,y
x=T.tensor(-1.5-1j,requires_grad=True); y=x.tanh().abs(); y.backward(); r=x.grad,y
x=T.tensor([1+1j,2-1j],requires_grad=True); y=(x*x).abs().sum(); y.backward(create_graph=True); r=x.grad
x=T.tensor([1+1j,2-1j],requires_grad=True); r=x.H if x.dim()==2 else x.mT
x=T.tensor([[1+1j,2-1j]],requires_grad=True); r=x.H.tolist()
x=T.tensor(1+1j,requires_grad=True); y=x*x; y.backward(); r=x.grad
x=T.tensor(1+1j,requires_grad=True); y=x.pow(x); y.abs().backward(); r=x.grad,y
x=T.tensor([1+1j,2-1j],requires_grad=True); g,=T.autograd.grad(x.exp().abs().sum(),x,create_graph=True); g.abs().sum().backward()
    """,
    "what does not require grad, or does": """
i=T.tensor([1,2]); w=T.ones(2,requires_grad=True); i.copy_(w); r=i
i=T.tensor([1,2]); w=T.ones(2,requires_grad=True); i[0]=w[1]; r=i
x=T.ones(2,requires_grad=True); y=x//2; r=y
x=T.ones(2,requires_grad=True); y=x//2; (y+x).sum().backward(); r=x.grad
w=T.ones(2,requires_grad=True); w.data=T.tensor([1,2]); r=w
w=T.ones(2,requires_grad=True); y=x=w*1; y//=2; r=y,y.grad_fn.name()
w=T.ones(2,requires_grad=True); y=w.floor_divide(w); r=y
w=T.ones(2); w.data=T.tensor([1,2]); r=w
i=T.tensor([1,2]); w=T.ones(2,requires_grad=True); i[T.tensor([0])]=w[:1].long(); r=i
    """,
    "retained gradients": """
x=T.ones(2,requires_grad=True); h=x*1; h.retain_grad(); l=(h*3).sum(); l.backward(retain_graph=True); g=h.grad; l.backward()
x=T.ones(2,requires_grad=True); h=x*1; v=h[:1]; v.retain_grad(); h.mul_(2); h.sum().backward(); r=v.retains_grad,v._grad
x=T.ones(2,requires_grad=True); h=x*1; v=h[:1]; v.retain_grad(); v.mul_(2); h.sum().backward(); r=v.retains_grad,v._grad
x=T.ones(2,requires_grad=True); h=x*1; v=h[:1]; v.retain_grad(); h.mul_(2); (v*3).sum().backward(); r=v.retains_grad,v._grad
x=T.ones(2,requires_grad=True); h=x*1; h.retain_grad(); h[:1].mul_(2); (h*3).sum().backward(); r=h.retains_grad,h._grad
x=T.ones(2,requires_grad=True); h=x*1; h.retain_grad(); h.mul_(2); (h*3).sum().backward(); r=h.retains_grad,h._grad
    """,
    "read and written at once": """
i=T.tensor([1,0,2]); i[i]=i; r=i
m=T.tensor([True,False]); m[m]=m; r=m
i=T.tensor([1,0,2]); i.scatter_(0,i,i); r=i
i=T.tensor([1,0,2]); i.index_add_(0,i,i); r=i
x=T.arange(3.); x[T.tensor([0,1,2])]=x; r=x
x=T.arange(6.); x.index_put_((T.tensor([0,1]),),x[1:3]); r=x
x=T.ones(1).expand(2,3); x.tril_(); r=x
x=T.ones(1).expand(2,3); x.masked_fill_(T.ones(2,3)>0,3); r=x
x=T.ones(1).expand(3); x.index_fill_(0,T.tensor([0]),3); r=x
x=T.ones(1).expand(3); x.fill_(2); r=x
x=T.ones(1).expand(3); x.zero_(); r=x
x=T.ones(1).expand(3); x[0]=3; r=x
x=T.ones(1).expand(3); x[T.tensor([0])]=3; r=x
x=T.ones(1).expand(3); x.index_put_((T.tensor([0]),),T.tensor([3.])); r=x
x=T.ones(1).expand(3); x.scatter_(0,T.tensor([0]),3.0); r=x
x=T.ones(1).expand(3); x.index_copy_(0,T.tensor([0]),T.ones(1)); r=x
x=T.ones(1).expand(3); x.index_add_(0,T.tensor([0]),T.ones(1)); r=x
x=T.ones(1).expand(3); x.copy_(T.zeros(3)); r=x
x=T.ones(1).expand(3); x.uniform_(); r=1
x=T.ones(1).expand(3); x.cumsum_(0); r=x
x=T.ones(1).expand(3,3); x.triu_(); r=x
x=T.ones(1).expand(3,3); x.fill_(T.tensor(2.)); r=x
x=T.ones(1).expand(3); x.bernoulli_(); r=1
i=T.tensor([1,0,2]); i.index_fill_(0,i,5); r=i
i=T.tensor([1,0,2]); i.index_copy_(0,i,i); r=i
    """,
    "copies and pickles": """
v=T.arange(6.).reshape(2,3).t(); a=copy.deepcopy(v); r=a
b=T.arange(6.); v=b[2:]; a=copy.deepcopy(v); r=a
v=T.ones(2,2); a,b=copy.deepcopy([v,v[0]]); a[0]=5; r=a,b
v=T.ones(2,2); a,b=pickle.loads(pickle.dumps([v,v[0]])); a[0]=5; r=a,b
b=T.arange(6.); v=b[2:]; a=pickle.loads(pickle.dumps(v)); r=a
v=T.arange(6.).reshape(2,3).t(); a=pickle.loads(pickle.dumps(v)); r=a
x=T.ones(2,requires_grad=True)*2; a=pickle.loads(pickle.dumps(x)); r=a
x=T.ones(2,requires_grad=True)*2; a=copy.deepcopy(x); r=a
m=T.nn.Module(); m.register_buffer('a',T.ones(4)); m.register_buffer('b',m.a[1:]); n=copy.deepcopy(m); n.a.zero_(); r=n.b
x=T.ones(1).expand(3); a=copy.deepcopy(x); r=a
x=T.ones(2,requires_grad=True); (x*2).sum().backward(); a=copy.deepcopy(x); r=a,a.grad
    """,
    "operands and out= of other dtypes and shapes": """
r=T.nn.functional.cross_entropy(T.ones(2,3),T.tensor([0,1]),weight=T.ones(3,dtype=T.float64))
r=T.nn.functional.cross_entropy(T.ones(2,3),T.tensor([[0,1,0],[1,0,0]]))
r=T.gather(T.ones(2),0,T.tensor([0]),out=T.ones(1,dtype=T.float64))
r=T.take(T.ones(2),T.tensor([0]),out=T.ones(1,dtype=T.float64))
r=T.cat([T.ones(2)],out=T.ones(2,dtype=T.float64))
r=T.cat([T.ones(2)],out=T.ones(2,dtype=T.int64))
x=T.ones(4); r=T.cat([x[:2]],out=x[1:3])
r=T.masked_select(T.ones(2),T.tensor([True,False]),out=T.ones(1,dtype=T.float64))
r=T.multinomial(T.ones(2),1,out=T.ones(1))
r=T.multinomial(T.tensor([1.,-1.]),2,out=T.zeros(2))
r=T.multinomial(T.ones(2),3,out=T.zeros(2))
r=T.multinomial(T.ones(2,dtype=T.int64),3,out=T.zeros(2))
x=T.ones(4); r=T.gather(x,0,T.tensor([0,1]),out=x[:2])
x=T.ones(4); r=T.take(x,T.tensor([0,1]),out=x[:2])
x=T.ones(4); r=T.masked_select(x,x>0,out=x)
r=T.linspace(0,1,2.5)
r=T.meshgrid(T.ones(2),T.ones(2,dtype=T.int64),indexing='ij')
i=T.tensor([0,1]); r=T.gather(i,0,i,out=i)
    """,
    "which of equal elements": """
r=T.ones(4).topk(3)
r=T.ones(2,4).topk(2,largest=False)
r=T.tensor([2.,1,2,1,2]).topk(3,sorted=False)
r=T.ones(130).topk(2)
r=T.ones(5).kthvalue(2)
r=T.tensor([[1.,1,0],[0,1,1]]).kthvalue(2,0)
x=T.ones(4,requires_grad=True); x.topk(2)[0].sum().backward(); r=x.grad
r=T.tensor([1.,float('nan'),float('nan'),0]).topk(3)
    """,
    "edits of memory that overlaps itself": """
r=T.tensor([1]).expand(3).nan_to_num_()
r=T.tensor([True]).expand(3).nan_to_num_()
r=T.tensor([1.]).expand(3).nan_to_num_()
    """,
    "batches of nothing, and no batches": """
r=T.native_batch_norm(T.ones(3),None,None,None,None,True,0.1,1e-5)
r=T.native_batch_norm(T.ones(3),None,None,T.zeros(3),T.ones(3),False,0.1,1e-5)
r=T.native_batch_norm(T.ones(0),None,None,None,None,True,0.1,1e-5)
r=T.native_batch_norm(T.ones(0,3),None,None,None,None,True,0.1,1e-5)
r=T.native_batch_norm(T.ones(2,0,2),None,None,T.zeros(0),T.ones(0),True,0.1,1e-5)
r=T.native_batch_norm(T.ones(0,3,dtype=T.int64),None,None,None,None,True,0.1,1e-5)
r=T.native_batch_norm(T.ones(0,3),None,None,T.zeros(3),T.ones(3),False,0.1,1e-5)
r=T.batch_norm(T.ones(0,3),None,None,None,None,True,0.1,1e-5,False)
r=T.batch_norm(T.ones(3),None,None,None,None,True,0.1,1e-5,False)
    """,
    "edits in place of memory with gaps": """
x=T.arange(24.).reshape(2,3,4); x[:,:,0].neg_()
x=T.tensor([[-1.75,-1.5,-0.75],[0.25,-0.5,-0.25]]).diagonal(); x.neg_()
x=T.arange(64.).reshape(8,8); T.neg(x[:,0],out=x[:,4])
x=T.arange(64.).double().reshape(8,8); x[:,1].neg_()
x=T.arange(12.).reshape(3,4); x[:,0].sigmoid_()
x=T.tensor([0.,0.5,1.25]).unfold(0,2,1); x.less_equal_(T.tensor([[1.5,1.25],[0.75,1.25]]))
    """,
    "random streams follow memory": """
r=T.multinomial(T.ones(3,2).t(),2)
r=T.multinomial(T.rand(4,3).t(),1)
r=T.dropout(T.ones(2,3).t(),0.5,True)
r=T.zeros(3,2,dtype=T.complex64).t().normal_(1.,2.)
    """,
    "gradients of what is rare": """
x=T.ones(2,requires_grad=True); T.where(T.tensor([True,False]),x,T.tensor([1j,1])).sum().abs().backward()
x=T.tensor([.5,.3],requires_grad=True); (x**T.tensor([True,False])).sum().backward()
x=T.ones(2,requires_grad=True); T.sum(x,dtype=T.int16)
x=T.ones((),requires_grad=True); T.fill(T.ones(2,dtype=T.int64),x)
x=T.ones(2,requires_grad=True); x.grad=T.ones(1).expand(2); x.sum().backward()
x=T.ones(2,requires_grad=True); T.nn.functional.huber_loss(x,T.tensor([1,2])).backward()
x=T.ones(2,requires_grad=True); y=x*1j; y.backward(T.ones(2,dtype=T.int64))
x=T.tensor([1.,2,4],requires_grad=True); T.var(x,0,correction=5).backward(); r=x.grad
x=T.tensor([1.,2,4],requires_grad=True); T.var(x,correction=5).backward(); r=x.grad
x=T.tensor([float('nan'),1.],requires_grad=True); T.maximum(x,T.ones(2)).sum().backward(); r=x.grad
x=T.ones(1,3).expand(2,3).detach().requires_grad_(); r=T.autograd.grad(x.as_strided((2,),(1,)).sum(),x)[0].clone()
x=T.tensor([0.,-2.,0.],requires_grad=True); x.prod().backward(); r=x.grad
    """,
    "results that have other sizes than what was retained of them": """
x=T.ones(2,2,requires_grad=True); y=x.exp(); y.sum().backward(retain_graph=True,inputs=y); z=T.linalg.cond(T.eye(3),p=2,out=y); z.sum().backward()
x=T.ones(2,2,requires_grad=True); y=x.exp(); y.sum().backward(retain_graph=True,inputs=y); z=T.linalg.cond(T.ones(3,3,3)+T.eye(3),p=2,out=y); z.sum().backward()
T.amin(T.ones(2)+1j,0,out=T.ones(()))
T.amax(T.ones(2)+1j,0,out=T.ones((),dtype=T.complex128))
    """,
    "what views and indices refuse": """
x=T.arange(12.).view(3,4).t(); r=x.view(T.int64)
x=T.arange(12.).view(3,4); r=x[:,::2].view(T.int64)
x=T.arange(12.).view(3,4); r=x[:,::2].view(T.uint8)
x=T.arange(15.).view(3,5); r=x[:,1:3].view(T.int64)
x=T.arange(15.).view(3,5); r=x[1:,1:3].view(T.complex128)
x=T.arange(12.).view(3,4); del x[0]
    """,
    "strides and versions": """
r=T.fft.ifft(T.ones(2,3,1),dim=0)
r=T.fft.fft(T.ones(2,1,3,1),dim=0)
r=T.fft.ifft2(T.ones(2,3,4,1),dim=(0,1)).clone()
r=T.fft.rfft(T.ones(2,3,1),dim=0).abs()
r=T.fft.irfft(T.ones(2,3,1),dim=0)
r=T.fft.fft(T.ones(1,2,1,1,3),dim=1)
r=T.nn.functional.one_hot(T.tensor([1,2]))
x=T.ones(3,2,requires_grad=True); r=T.maximum(x,T.ones(2)); r.sum().backward()
x=T.ones(2).expand(2,2).detach().requires_grad_(); (x*x).sum().backward()
x=T.ones(1,3,2)[::2].requires_grad_(); (x*x).sum().backward()
x=T.zeros(0,3).expand(2,0,3).requires_grad_(); x.sum().backward()
r=T.ones(4,1,2)[False]
r=2.0**T.ones(3,2).t()
r=T.ones(1,3).unfold(0,1,1)//2
a=T.ones(3,2).t(); r=T.ne(a,1,out=T.zeros(3))
r=T.rsub(T.ones(2,3),T.ones(3,2).t())
r=T.nonzero(T.tensor([1,0,2]),out=T.zeros(0,dtype=T.int64))
x=T.zeros(6); y=x[2:]; r=T.arange(3,out=y); x=x.sum()
x=T.ones(2,3)[:1,1:].requires_grad_(); (x*2).sum().backward(); o=T.optim.Rprop([x]); o.step(); r=o.state[x]["step_size"],o.state[x]["prev"]
    """,
}
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    pair = Pair()
    for space in (pair.mine, pair.theirs):
        space.update(copy=copy, pickle=pickle)
    found = pair.run(Line(line, title))
    assert found is None, found.text
