"""What is refused at all, and what is said before: found by random programs. test_found_in_orders.py has what comes first.

As in test_found_in_programs.py, each line is a program that both libraries run.
"""

from __future__ import annotations

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "a source of fewer dimensions than the index": """
T.ones(2,3).scatter_add_(1,T.zeros(2,3,dtype=T.int64),src=T.ones(3))
T.ones(2,3).scatter_(0,T.zeros(2,3,dtype=T.int64),src=T.ones(3))
T.ones(2,3,4).scatter_add_(1,T.zeros(2,3,4,dtype=T.int64),src=T.ones(3,4))
T.ones(2,3).scatter_reduce_(-2,T.zeros(2,3,dtype=T.int64),T.ones(3),'sum')
T.ones(2,3).scatter_add_(1,T.zeros(2,3,dtype=T.int64),src=T.ones(()))
T.ones(2,3).scatter_add_(1,T.zeros(2,3,dtype=T.int64),src=T.ones(1))
T.ones(2,3).scatter_add_(1,T.zeros(3,2,dtype=T.int64),src=T.ones(3))
T.ones(3).scatter_add_(0,T.zeros(3,dtype=T.int64),src=T.ones(2,3))
    """,
    "of no elements no factor is asked to be a matrix, and its gradient asks": """
x=T.ones(0,requires_grad=True); y=T.cholesky(x)
y.sum().backward()
    """,
    "complex numbers that are counted where there is one for each place; a bias that is cast where there are places": """
x=T.ones(3,1,dtype=T.complex64)
r=T.norm_except_dim(x,0,0)
r=T.linalg.vector_norm(x,0,1)
r=T.linalg.vector_norm(x,0,0)
r=T.linalg.vector_norm(T.ones((),dtype=T.complex64),0)
r=T.dist(x[:1],x[1:2],0)
r=T.conv_tbc(T.ones(2,0,3),T.ones(2,3,4),T.ones(4,dtype=T.complex64))
r=T.conv_tbc(T.ones(2,1,3),T.ones(2,3,4),T.ones(4,dtype=T.complex64))
    """,
    "gradients that are refused: an output padding of no transposed convolution, factors wider than their matrix": """
x=T.ones(1,2,5,requires_grad=True); w=T.ones(2,2,3)
T.convolution(x,w,None,(1,),(1,),(1,),False,(1,),1).sum().backward()
T.convolution(x[...,None],w[...,None],T.ones(2),(1,1),(1,1),(1,1),False,(0,1),1).sum().backward()
T.convolution(x,w,None,(2,),(1,),(1,),True,(1,),1).sum().backward()
m=T.tensor([[2.,1.],[0.,4.]],requires_grad=True); n=T.zeros(0,0,requires_grad=True)
T.set_default_dtype(T.float64)
T.det(m).backward()
T.det(n).backward()
T.logdet(m).backward()
T.det(m.double()).backward()
T.set_default_dtype(T.float16); T.det(m).backward()
T.set_default_dtype(T.float32); T.det(m).backward()
    """,
    "a zero point beyond the ends, as a number and as a tensor": """
r=T.fake_quantize_per_tensor_affine(T.tensor([1.,2.6]),T.tensor(.5),T.tensor(7,dtype=T.int32),0,4)
r=T.fake_quantize_per_tensor_affine(T.tensor([1.,2.6]),T.tensor(.5),T.tensor(7.),0,4)
T.fake_quantize_per_tensor_affine(T.tensor([1.,2.6]),.5,7,0,4)
T.fake_quantize_per_tensor_affine(T.tensor([1.,2.6]),T.tensor(.5),T.tensor(1,dtype=T.int32),4,0)
    """,
    "one integer in a tensor with dimensions, where PyTorch's schema has a symbol": """
r=T.arange(12).view(3,4).select(0,T.tensor([1]))
r=T.arange(12).view(3,4).narrow(1,T.tensor(1),T.tensor([[2]]))
r=T.arange(4).topk(T.tensor([2],dtype=T.int8)).indices
r=T.nn.functional.nll_loss(T.ones(2,3),T.tensor([0,1]),ignore_index=T.tensor([1]))
r=T.nn.functional.conv1d(T.ones(1,2,3),T.ones(2,1,2),groups=T.tensor([2]))
r=T.fft.fft(T.arange(4.),T.tensor([3]))
T.arange(4).chunk(T.tensor([2]))
T.arange(4).unsqueeze(T.tensor([0]))
T.arange(4).topk(T.tensor([1,2]))
T.arange(4).topk(T.tensor([2.]))
    """,
    "a gradient of 0 by a logarithm that is none": """
x=T.tensor([0.,-1.75,1.5],requires_grad=True); T.xlogy(x,T.tensor([-1.5,float('inf'),0.])).backward(T.zeros(3)); r=x.grad
x=T.tensor([0.,-1.75,1.5],requires_grad=True); T.xlogy(x,-2.).backward(T.tensor([0.,1,0])); r=x.grad
x=T.tensor([0.,-1.75,1.5],requires_grad=True); T.xlogy(x,0.).backward(T.tensor([0.,1,0])); r=x.grad
x=T.tensor([0.,-1.75,1.5],requires_grad=True); T.special.xlog1py(x,T.tensor([-1.5,float('inf'),-1.])).backward(T.zeros(3)); r=x.grad
x=T.tensor([0.,-1.75,1.5],requires_grad=True); T.special.xlog1py(x,-2.).backward(T.tensor([0.,1,0])); r=x.grad
x=T.tensor([-1.75,1.5],requires_grad=True); T.kl_div(x,x,0).backward(T.tensor([0.,1])); r=x.grad
r=T.special.xlog1py(T.tensor([.37,0.],dtype=T.float16),T.tensor([.3,-1.],dtype=T.float16))
x=T.tensor([.5],dtype=T.float16,requires_grad=True); T.special.xlog1py(x,.3).backward(T.tensor([.37],dtype=T.float16)); r=x.grad
    """,
    "a complex gradient of what was put into complex numbers": """
s=T.ones(3,requires_grad=True); T.diagonal_scatter(T.ones(3,3)*1j,s).sum().backward()
s=T.ones(3,requires_grad=True); y=T.diagonal_scatter(T.ones(3,3)*1j,s); y.backward(T.ones_like(y))
    """,
    "cells whose weights have other rows": """
T.rnn_tanh_cell(T.ones(2,3),T.ones(2,2),T.ones(2,3),T.ones(1,2))
T.rnn_relu_cell(T.ones(3),T.ones(2,2),T.ones(1,3),T.ones(2,2))
T.gru_cell(T.ones(2,3),T.ones(2,2),T.ones(6,3),T.ones(3,2))
T.gru_cell(T.ones(2,4),T.ones(2,2),T.ones(3,3),T.ones(6,2))
T.lstm_cell(T.ones(2,3),(T.ones(2,2),T.ones(2,2)),T.ones(8,3),T.ones(4,2))
T.lstm_cell(T.ones(2,3),(T.ones(3,2),T.ones(3,2)),T.ones(4,3),T.ones(8,3))
    """,
    "windows of what has no rows": """
T.nn.functional.unfold(T.ones(2,2),1)
T.nn.functional.unfold(T.ones(2,0),1)
T.nn.functional.unfold(T.ones(2),1)
    """,
    "indices that are too many": """
T.tensor(1.).index_put_((T.tensor(True),),T.ones(()))
T.tensor(1.).index_put_((T.tensor([0.]),),T.ones(1))
T.tensor(1.).index_put((T.ones(2,dtype=T.bool),),T.ones(1))
T.ones(2).index_put((T.tensor([0.]),T.tensor([0])),T.ones(1))
x=T.tensor(1.); x[T.tensor(True)]=2.
x=T.tensor(1.); x[T.tensor(True)]=T.tensor([2.])
T.cumulative_trapezoid(T.tensor(1.),T.ones(2))
    """,
    "sizes below zero": """
T.ones(3).expand(-2,3)
T.tensor(1.).expand(-1)
T.ones(1,1).expand(-2,-2)
T.broadcast_to(T.ones(1),(-2,))
T.zeros(2,-1,out=T.zeros(1))
T.rand(-1,out=T.zeros(1))
    """,
    "a complex tensor for a real number": """
T.bernoulli(T.ones(2),T.tensor(.5+1j))
r=T.cdist(T.ones(2,2),T.zeros(2,2),T.tensor(2+0j))
T.isclose(T.ones(2),T.ones(2),rtol=T.tensor(1j))
T.layer_norm(T.ones(2,2),[2],None,None,T.tensor(1j))
T.ones(2).normal_(T.tensor(1j))
T.ones(2).uniform_(0,T.tensor(1j))
T.randint_like(T.ones(2),T.tensor(2+1j))
T.randint_like(T.ones(2),T.tensor(1e300,dtype=T.float64))
r=T.randint_like(T.ones(2),T.tensor(2+0j))
    """,
    "a complex number that is real": """
x=T.tensor([.5,-1.],requires_grad=True); y=T.nn.functional.leaky_relu(x,.5+0j); y.sum().backward()
x=T.tensor([.5,-1.],requires_grad=True); y=T.nn.functional.softplus(x,2+0j,1+0j); y.sum().backward()
x=T.tensor([.5,-1.],requires_grad=True); y=T.nn.functional.elu(x,2+0j); y.sum().backward()
x=T.tensor([.5,-1.],requires_grad=True); y=T.nn.functional.celu(x,2+0j); y.sum().backward()
x=T.tensor([.5,-1.],requires_grad=True); y=T.nn.functional.softshrink(x,.25+0j); y.sum().backward()
x=T.tensor([[.5,-1.]],requires_grad=True); y=T.nn.functional.multi_margin_loss(x,T.tensor([1]),2+0j,2+0j); y.backward()
    """,
    "numbers that are no numbers": """
T.nn.functional.embedding(T.tensor([0,1]),T.ones(2,3),padding_idx=True)
T.nn.functional.embedding(T.tensor([0,1]),T.ones(2,3),padding_idx=np.bool_(True))
T.nn.functional.embedding_bag(T.tensor([[0,1]]),T.ones(2,3),padding_idx=True)
T.nn.functional.embedding_bag(T.tensor([[0,1]]),T.ones(2,3),padding_idx='a')
T.nn.functional.embedding_bag(T.tensor([[0,1]]),T.ones(2,3),padding_idx=1.5)
T.nn.functional.embedding_bag(T.tensor([[0,1]]),T.ones(2,3),padding_idx=5)
T.optim.Adagrad([T.ones(2,requires_grad=True)],initial_accumulator_value=T.tensor([1]))
T.optim.Adagrad([T.ones(2,requires_grad=True)],initial_accumulator_value=np.ones(1))
T.optim.Adagrad([T.ones(2,dtype=T.complex64,requires_grad=True)],initial_accumulator_value=2.5).state_dict()['state'][0]['sum'].tolist()[7]
    """,
    "a method by the name of the class that has it": """
T.optim.SGD([T.ones(2,requires_grad=True)],.1).load_state_dict()
T.optim.SGD([T.ones(2,requires_grad=True)],.1).state_dict(1)
T.optim.Adam([T.ones(2,requires_grad=True)]).register_step_post_hook()
T.optim.Adam([T.ones(2,requires_grad=True)]).register_load_state_dict_post_hook(1,2,3)
    """,
    "sizes to resize to that are no integers": """
x=T.ones(1,1,3); r=T.nn.functional.interpolate(x,size=3.5)
x=T.ones(1,1,3); r=T.nn.functional.interpolate(x,size=True,mode='linear')
x=T.ones(1,1,3,4); r=T.nn.functional.interpolate(x,size='a',mode='nearest-exact')
x=T.ones(1,1,3,4); r=T.nn.functional.interpolate(x,size=2.0,mode='bilinear',antialias=True)
x=T.ones(1,1,3,4); r=T.nn.functional.interpolate(x,size=[True,2],mode='bicubic')
x=T.ones(1,1,3,4); r=T.nn.functional.interpolate(x,size=[2,True])
x=T.ones(1,1,3,4); r=T.nn.functional.interpolate(x,size=(2,3.0))
x=T.ones(1,1,3,4); r=T.nn.functional.interpolate(x,size=T.tensor(3))
x=T.ones(1,1,2,2,2); r=T.nn.functional.interpolate(x,size=3.5,mode='trilinear')
    """,
    "the largest of nothing, of one of several tensors": """
T._foreach_norm([T.ones(2),T.zeros(0)],float('inf'))
r=T._foreach_norm([T.ones(2),T.zeros(0)],1)
T.nn.utils.get_total_norm([T.zeros(2,0)],float('inf'))
T.nn.utils.get_total_norm([T.zeros(0)],float('inf'),foreach=True)
T.nn.utils.get_total_norm([T.zeros(0)],float('inf'),foreach=False)
T.nn.utils.get_total_norm([T.zeros(0)],-float('inf'))
w=T.zeros(0,requires_grad=True); w.grad=T.zeros(0); T.nn.utils.clip_grad_norm_(w,1.,'inf')
    """,
    "a list of modules takes what it is given": """
r=len(T.nn.ModuleList([T.nn.ReLU()]).insert(0,3) or [1])
m=T.nn.ModuleList([T.nn.ReLU(),T.nn.Tanh()]); m.insert(1,T.nn.Identity()); r=repr(m)
m=T.nn.ModuleList([T.nn.ReLU()]); m.insert(4,T.nn.Identity()); r=list(m._modules)
T.nn.ModuleList([T.nn.ReLU()]).insert(-1,T.nn.Tanh())
T.nn.ModuleList([T.nn.ReLU()]).insert(1.5,T.nn.Tanh())
    """,
    "indices out of range, and what has no dimensions": """
T.ones(3,2).index_add(0,T.tensor([-1]),T.ones(1,2))
T.ones(3,2).index_add(0,T.tensor([5]),T.ones(1,2),alpha=2)
T.ones(3,2).index_add_(1,T.tensor([0,-1],dtype=T.int32),T.ones(3,2))
T.ones(3).index_add(0,T.tensor([3]),T.ones(1))
T.ones(2,3,2).index_add(1,T.tensor([3]),T.ones(2,1,2))
T.take_along_dim(T.arange(4),T.tensor([-1]),None)
r=T.take_along_dim(T.arange(4),T.tensor([-1]),0)
T.repeat_interleave(T.tensor(1.),T.tensor(2),0)
T.repeat_interleave(T.ones(2),2,output_size=3)
T.repeat_interleave(T.ones(2),T.tensor(2),0,output_size=3)
T.repeat_interleave(T.ones(2),T.tensor([1,2]),0,output_size=-1)
r=T.repeat_interleave(T.ones(2),T.tensor([1,2]),0,output_size=3)
T.repeat_interleave(T.tensor([1,2]),output_size=4)
T.repeat_interleave(T.ones(2,3),T.tensor([1,2]),-1)
    """,
    "gradients that are no numbers": """
T.autograd.gradcheck(lambda x: x.log(),T.tensor([-1.],dtype=T.float64,requires_grad=True))
T.autograd.gradcheck(lambda x: x*2,T.ones(2,dtype=T.float64,requires_grad=True),atol='a')
T.autograd.gradcheck(lambda x: x*2,T.ones(2,dtype=T.float64,requires_grad=True),rtol=[1.])
    """,
    "devices beside what is none": """
T.device('cpu')<1
'cpu'>=T.device('cpu')
T.device('cpu')<T.device('meta')
    """,
    "bounds that are complex": """
T.ones(2).clamp_(T.tensor([1j,2]))
T.ones(2).clamp_(T.tensor([1j,2]),T.tensor([1.,2]))
T.ones(2).clamp(T.tensor([1j,2]),T.tensor([1.,2]))
T.tensor([1j,2]).clamp(T.ones(2))
T.searchsorted(T.ones(3),T.tensor([1j]))
    """,
    "norms of nothing": """
T.linalg.vector_norm(T.ones(0),float('inf'),0)
T.linalg.vector_norm(T.ones(2,0),-1,(0,-1))
T.linalg.vector_norm(T.ones(2,0),-1,())
T.linalg.vector_norm(T.ones(0),float('inf'),(0,1))
T.linalg.vector_norm(T.ones(0),float('inf'),1)
T.ones(2,0).renorm(float('inf'),0,1.)
T.nn.functional.embedding(T.tensor([0,1]),T.ones(2,0),max_norm=1.,norm_type=float('inf'))
T.nn.functional.embedding(T.tensor([0,1]),T.ones(0,2),max_norm=1.)
    """,
    "a deprecated form of copy_": """
x=T.zeros(2); x.copy_(T.ones(2),**{'async':True})
T.zeros(2).copy_(T.ones(2),False,True)
T.zeros(2).copy_()
    """,
    "transforms of frames that are called wrongly": """
T.stft(T.ones(8),4,hop_length='a',return_complex=True)
T.stft(T.ones(8),4,window=3,return_complex=True)
T.stft(T.ones(8),4,pad_mode=3,return_complex=True)
T.stft(T.ones(8),4,center=False,normalized='q')
T.ones(8).stft(4,win_length=2.5)
T.istft(T.ones(3,4,dtype=T.complex64),'a')
T.istft(T.ones(3,4,dtype=T.complex64),4,length='a')
r=T.ops.aten.stft(T.ones(8),4,window=T.ones(4),return_complex=True)
    """,
    "a constructor under the name of the class that has it": """
T.nn.ReLU(foo=1)
T.nn.ReflectionPad2d()
T.nn.ConstantPad1d(1)
T.nn.MSELoss(foo=1)
T.nn.BatchNorm1d()
T.nn.LazyBatchNorm1d(foo=1)
T.nn.LazyConv2d()
T.nn.FractionalMaxPool2d()
T.distributions.HalfNormal()
T.optim.lr_scheduler.LambdaLR(T.optim.SGD([T.nn.Parameter(T.ones(1))],.1))
    """,
    "edits by samples of what is no sample": """
T.func.vmap(lambda x: T.zeros(3).add_(x))(T.ones(2,3))
T.func.vmap(lambda x: T.zeros(3).mul_(x))(T.ones(2,3))
T.func.vmap(lambda x: T.zeros(3).index_add_(0,T.tensor([0]),x[:1]))(T.ones(2,3))
    """,
    "steps without a whole part, and types with attributes": """
T.arange(0,3,.5,dtype=T.int64)
T.arange(0,3,-.5,dtype=T.int64)
T.arange(0,3,float('nan'),dtype=T.int64)
T.FloatTensor.foo
r=T.FloatTensor.add(T.ones(2),1)
T.nn.ConvTranspose2d(1,1,3,stride=2)(T.ones(1,1,4,4),output_size=(12,10))
T.ones(3).index_fill_(2,T.tensor([0.]),T.ones(2))
    """,
    "what is no tensor, and no number": """
T.nn.functional.gumbel_softmax([1.,2.])
T.einsum('i',np.ones(2))
T.distributions.Normal(np.float32(1),1.)
r=repr(T.nn.ParameterList(np.ones(1)))
T.nn.MultiheadAttention(2,1)([1.],[1.],[1.])
    """,
    "several ellipses, which lead beyond the last dimension": """
T.ones(1,2,4,2)[1:0,...,1,...,-1]
T.ones(1,2,4,2)[...,...,-1]
T.ones(1,2,4,2)[...,...,0:1]
T.ones(1,2,4,2)[...,1,...,None]
r=T.ones(2,2,0)[0,...,...,0:1]
    """,
    "what is said, and when": """
x=T.slice_scatter(T.ones(2,dtype=T.bool),T.tensor([1j,0j]),0)
x=T.cumsum(T.tensor(1j),0,dtype=T.bool)
x=T.ones(3); x[1:0]=T.tensor(1+1j)
x=T.ones(3); x[1:0]=T.tensor([1+1j])
r=T.ones(0).copy_(T.tensor(1+1j))
r=T.ones(0).fill_(T.tensor(1+1j))
x=T.ones(3); x[:1]=T.tensor(1+1j)
T.frobenius_norm(T.ones(2),[0],out=T.ones(2,requires_grad=True))
T.qr(T.eye(2),out=(T.ones(2,requires_grad=True),T.ones(2)))
T.diag(T.tensor(1.),out=T.ones(2))
r=T.nn.functional.conv1d(T.ones(1,1,6),T.ones(1,1,4),padding='same')
r=T.nn.functional.conv1d(T.ones(1,6),T.ones(1,1,4),padding='same')
r=T.nn.functional.conv2d(T.ones(1,1,6,6),T.ones(1,1,3,4),padding='same',dilation=(1,2))
r=T.nn.functional.conv3d(T.ones(1,1,6,6,6),T.ones(1,1,3,4,2),padding='same')
    """,
    "results into an operand that has gaps": """
T.index_reduce(T.ones(3),0,T.tensor([0,0,0]),T.ones(3),"mean",out=T.ones(3).double())
x=T.arange(6.)[::2]; r=T.linalg.cross(x,x+1,out=x)
x=T.arange(6.)[::2]; r=T.gather(x,0,T.zeros(3,dtype=T.int64),out=x)
x=T.arange(6.)[::2]; r=T.take(x,T.zeros(3,dtype=T.int64),out=x)
x=T.arange(9.).view(3,3).diagonal(); r=T.index_select(x,0,T.arange(3),out=x)
x=T.ones(0,3); r=T.cat([x],out=x)
x=T.arange(6.)[::2]; r=T.mul(x,x,out=x)
    """,
    "pairs that are no complex numbers": """
r=T.view_as_complex(T.ones(3)[1:])
r=T.view_as_complex_copy(T.ones(3)[1:])
r=T.view_as_complex(T.ones(3,2)[1:][:0])
r=T.view_as_complex(T.ones(5)[1:].view(1,2,2))
r=T.view_as_complex(T.ones(1,3)[:,1:])
r=T.view_as_complex(T.arange(4.).as_strided((1,2),(3,1))); s=r.stride()
r=T.view_as_complex(T.arange(9.).as_strided((2,1,2),(4,3,1),2)); s=r.stride()
r=T.view_as_complex(T.arange(9.).as_strided((0,2),(3,1)))
    """,
    "bounds of what is drawn": """
T.rrelu(T.ones(3),float("nan"),.5)
T.rrelu_(T.ones(3),float("nan"),.5)
T.rrelu_(T.ones(3,requires_grad=True),.6,.5)
r=T.rrelu_(T.ones(3),-float("inf"),.5)
    """,
}
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    found = Pair().run(Line(line, title))
    assert found is None, found.text
