"""What random programs and hard points found in the names of networks, held for good.

As in test_found_in_programs.py, each line is a program that both libraries run: the same in PyTorch, or refused with the same
text.
"""

from __future__ import annotations

from tests.every_case import every_case

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "the reduction that a loss has in Python when none is given": """
r=T.kl_div(T.tensor([0.,-1.]),T.tensor([.5,.25]))
r=T.margin_ranking_loss(T.tensor([1.,2.]),T.tensor([3.,1.]),T.tensor([1.,-1.]))
r=T.binary_cross_entropy_with_logits(T.tensor([.5,2.]),T.tensor([1.,0.]))
r=T.binary_cross_entropy_with_logits(T.tensor([.5,2.]),T.tensor([1.,0.]),None,None,-1)
r=T.ctc_loss(T.zeros(3,1,3).log_softmax(2),T.tensor([[1,2]]),[3],[2])
    """,
    "numbers that C++ takes as its own": """
r=T.nn.functional.margin_ranking_loss(T.tensor([1,5]),T.tensor([3,1]),T.tensor([1,-1]))
r=T.hinge_embedding_loss(T.tensor([1,3]),T.tensor([1,-1]),1.5)
r=T.nn.functional.hardtanh(T.tensor([0,7,255],dtype=T.uint8),-.5,9.7)
r=T.nn.functional.hardtanh(T.tensor([3],dtype=T.int8),0,float('inf'))
x=T.tensor([-1.,.5],dtype=T.float64,requires_grad=True); T.celu(x,.7).sum().backward(); r=x.grad
x=T.tensor([0.,1.],dtype=T.float64,requires_grad=True); T.nn.functional.hardsigmoid(x).sum().backward(); r=x.grad
r=T.threshold(T.tensor([1.,2.],dtype=T.float16),70000.,3.)
r=T.cosine_similarity(T.ones(1,2,dtype=T.float16),T.ones(1,2,dtype=T.float16),eps=1e5)
r=T.cosine_similarity(T.ones(1,2),T.ones(1,2),eps=-1.)
    """,
    "what is infinite or no number": """
x=T.tensor([float('nan'),1.],requires_grad=True); T.nn.functional.hardswish(x).sum().backward(); r=x.grad
r=T.nn.functional.gelu(T.tensor([-float('inf'),-100.,-6.]))
r=T.nn.functional.multi_margin_loss(T.tensor([[float('nan'),1.,0.]]),T.tensor([1]))
r=T.ctc_loss(T.tensor([[[.5,-1.,float('inf')]],[[.75,-.5,1.5]],[[-2.,.25,1.75]]]),T.tensor([[2]]),[2],[1])
x=T.ones(1,1,2,2,requires_grad=True); g=T.tensor([[[[float('inf'),.2],[.1,.3]]]],requires_grad=True); T.grid_sampler(x,g,0,0,False).sum().backward(); r=(x.grad,g.grad)
r=T.grid_sampler(T.ones(1,1,2,2,2),T.tensor([[[[[float('nan'),.2,.1]]]]]),0,0,False)
r=T.nn.functional.adaptive_max_pool2d(T.tensor([[[float('nan'),1.,float('nan'),2.]]]),(1,1),return_indices=True)
a=T.tensor(-1.,requires_grad=True); (a-T.tensor(2.)).backward(T.tensor(-0.)); r=repr(a.grad)
    """,
    "rounding where much cancels, and in half precision": """
r=T.instance_norm(T.tensor([[[2.3],[.7]]]),None,None,None,None,True,.1,1e-5,False)
r=T.group_norm(T.selu(T.tensor([[1.25,1.25,.75],[1.5,1.5,1.5]])),1)
x=T.tensor([[1.5,1.5,1.25],[2.,.75,.5]],requires_grad=True); T.group_norm(x,1).sum().backward(); r=x.grad
x=T.tensor([[1.,1.,1.]],dtype=T.float16,requires_grad=True); T.nn.functional.layer_norm(x,[3],eps=1.).sum().backward(); r=x.grad
r=T.batch_norm(T.tensor([[[1.5,1.5,1.75]]],dtype=T.bfloat16),None,None,None,None,True,1.,1e-5,False)
x=(T.arange(1.,40.)/16).bfloat16(); r=str(T.xlogy(x,x).tolist())
r=str(T.binary_cross_entropy_with_logits((T.arange(-9.,9.)/7).bfloat16(),(T.arange(18.)/18).bfloat16()).tolist())
x=(T.arange(15.).reshape(3,5)/7).bfloat16(); r=str(T.nn.functional.scaled_dot_product_attention(x,x,x).tolist())
r=T.nn.functional.avg_pool2d(T.tensor([[[-3,2**60+1],[7,9]]]),1,divisor_override=-1)
r=T.nn.functional.interpolate(T.tensor([[[[3,250],[7,90]]]],dtype=T.uint8),size=(3,5),mode='bicubic')
r=T.nn.functional.interpolate(T.tensor([[[[1.,float('inf')],[2.,3.]]]]),scale_factor=2.,mode='bilinear',antialias=True)
r=T.affine_grid_generator(T.ones(1,2,3,dtype=T.uint8),[1,1,3,2],True)
    """,
    "nodes, versions, strides and views": """
x=T.ones(2,3,requires_grad=True); r=T.pairwise_distance(x,x*2).grad_fn.name()
r=T.bilinear(T.ones(2,3,requires_grad=True),T.ones(2,3),T.ones(4,3,3),T.ones(4)).grad_fn.next_functions[0][0].next_functions[0][0].name()
r=T.affine_grid_generator(T.ones(1,2,3,requires_grad=True),[1,1,2,2],False).grad_fn.name()
r=T.batch_norm(T.zeros(0,3,requires_grad=True),T.ones(3),None,None,None,True,.1,1e-5,False).grad_fn.name()
r=T.margin_ranking_loss(T.ones(2),T.ones(2),T.ones(2))._version
r=T.alpha_dropout(T.ones(2),.5,True)._version
x=T.ones(2,4); y=T.max_pool1d(x,2); y.detach_(); r=y._version
r=T.rrelu(T.ones(3,2).t()).stride()
r=T.nn.functional.rms_norm(T.ones(3,2).t(),[3]).stride()
r=repr(T.layer_norm(T.tensor([0.,-0.,-0.]),[3]))
x=T.ones(4).as_strided((2,2),(0,1)); T.nn.functional.threshold_(x,2,1.)
    """,
    "no samples, no channels, no places": """
x=T.ones(0,3,2,2,requires_grad=True); y=T.nn.functional.nll_loss(x,T.zeros(0,2,2,dtype=T.int64)); y.backward(); r=(y,x.grad)
r=T.nn.functional.nll_loss(T.ones(0,3,2,2),T.zeros(0,2,2,dtype=T.int64),reduction='none')
r=repr(T.nn.functional.nll_loss(T.tensor([[1.,2.],[0.,5.]]),T.tensor([1,0]),T.tensor([2.,0.]),reduction='none'))
r=repr(T.nn.functional.nll_loss(T.zeros(2,3),T.tensor([1,2]),T.zeros(3),reduction='sum'))
x=T.ones(0,3,requires_grad=True); y=T.nn.functional.multi_margin_loss(x,T.zeros(0,dtype=T.int64),reduction='none'); y.sum().backward(); r=(y,x.grad)
x=T.ones(2,0,3,4,requires_grad=True); g=T.zeros(2,2,5,2,requires_grad=True); y=T.nn.functional.grid_sample(x,g,align_corners=False); y.sum().backward(); r=(y,x.grad,g.grad)
x=T.ones(0,2,3,4,2,requires_grad=True); g=T.zeros(0,1,2,5,3,requires_grad=True); y=T.nn.functional.grid_sample(x,g,align_corners=False); y.sum().backward(); r=(y,x.grad,g.grad)
    """,
    "a plain number of a Gamma distribution": """
r=T.distributions.Gamma(2.,3.).log_prob(1.5)
r=T.distributions.Chi2(T.tensor([3.]), validate_args=True).log_prob(-1)
    """,
    "statistics of a batch, and strides where a dimension has one element": """
m=T.zeros(2); v=T.ones(2); r=T.batch_norm_update_stats(T.arange(12.).reshape(3,2,2),m,v,.5)
r=T.batch_norm_update_stats(T.ones(2,3,dtype=T.float16),T.ones(3),None,.5)
r=T.batch_norm_update_stats(T.arange(12.).reshape(3,2,2).requires_grad_(),None,None,.5); r[0].sum().backward()
r=T.batch_norm_update_stats(T.ones(2,3,dtype=T.int64),None,None,.5)
r=T.batch_norm_update_stats(T.ones(0,3),None,None,.5)
r=T.batch_norm_update_stats(T.ones(3),None,None,.5)
x=T.arange(6.).reshape(1,3,2,1).permute(0,2,1,3); r=T.nn.functional.batch_norm(x,T.zeros(2),T.ones(2))
r=T.nn.functional.fold(T.ones(1,12,12),(4,5),2,dilation=8)
n=T.nn.BatchNorm1d(2,device='meta'); s=T.nn.BatchNorm1d(2).state_dict(); del s['num_batches_tracked']; s._metadata['']['version']=1; n.load_state_dict(s,assign=True); r=n.num_batches_tracked.device.type
    """,
    "bags of rows": """
x=T.arange(12.).reshape(6,2).requires_grad_(); y=T.nn.functional.embedding_bag(T.tensor([0,2,2,5]),x,T.tensor([0,3]),mode='mean',sparse=True).pow(3).sum(); g,=T.autograd.grad(y,x,create_graph=True); g=g.to_dense(); r=T.autograd.grad(g.sum(),x)
x=T.arange(12.).reshape(6,2).requires_grad_(); T.nn.functional.embedding_bag(T.tensor([1,0]),x,T.tensor([0]),mode='sum',sparse=True,scale_grad_by_freq=True).sum().backward()
x=T.ones(3,2); w=T.tensor([2.,3.],requires_grad=True); T.nn.functional.embedding_bag(T.tensor([0,1]),x,T.tensor([0]),mode='sum',sparse=True,per_sample_weights=w).sum().backward(); r=w.grad
r=T.nn.functional.embedding_bag(T.tensor([0,7]),T.ones(3,2),T.tensor([0]),mode='max')
r=T.nn.functional.embedding_bag(T.tensor([0,7]),T.ones(3,2),T.tensor([0]),mode='mean')
r=T.nn.functional.embedding_bag(T.tensor([0,1]),T.ones(3,2),T.tensor([0]),mode='sum',per_sample_weights=T.ones(2,dtype=T.float64))
r=T.embedding_bag(T.ones(3,2),T.tensor([0,1]),T.tensor([0]),False,0,False,T.ones(3))
r=T.embedding_bag(T.ones(3,2),T.tensor([0,1]),T.tensor([0]),False,1,False,T.ones(2))
r=T.embedding_bag(T.ones(3,2),T.tensor([0,1]),T.tensor([],dtype=T.int64),False,0,False,None,True)
    """,
    "what is refused, and what of it is said": """
r=T.nn.functional.softshrink(T.tensor([1,2]))
r=T.nn.functional.silu(T.tensor([1j],requires_grad=True))
r=T.nn.functional.soft_margin_loss(T.ones(3),T.ones(2,3))
r=T.nn.functional.binary_cross_entropy_with_logits(T.ones(2,requires_grad=True),T.ones(2,dtype=T.complex64))
r=T.nn.functional.binary_cross_entropy(T.tensor([.5,2.]),T.tensor([-1.,.5]))
r=T.bilinear(T.ones(2,3,dtype=T.float64),T.ones(2,3),T.ones(4,3,3))
r=T.grid_sampler(T.ones(1,1,2,2,dtype=T.int64),T.zeros(1,1,1,2,dtype=T.int64),0,0,False)
r=T.nn.functional.conv_transpose2d(T.ones(1,1,2,2,dtype=T.int32),T.ones(1,1,1,1,dtype=T.int32))
r=T.nn.functional.conv_transpose1d(T.ones(1,1,1),T.ones(1,1,1),padding=1)
r=T.nn.functional.avg_pool3d(T.ones(1,2,4,4),[3,1,1],padding=[1,0,0])
r=T.nn.functional.avg_pool2d(T.ones(2,3),-1)
x=T.ones(1,2,2,requires_grad=True); T.nn.functional.adaptive_avg_pool2d(x,(0,2)).sum().backward()
r=T.max_pool1d_with_indices(T.tensor(1.),[2])
r=T.nn.functional.max_unpool2d(T.ones(1,1,1,dtype=T.bool),T.zeros(1,1,1,dtype=T.int64),[2,2])
r=T.nn.functional.scaled_dot_product_attention(T.ones(2,3),T.ones(2,3),T.ones(2,3),T.ones(2,2),is_causal=True)
r=T.nn.functional.interpolate(T.ones(1,1,2,2,dtype=T.float16),size=(3,3),mode='bilinear',antialias=True)
r=T.feature_alpha_dropout(T.ones(2,3,dtype=T.bool),.5,True)
r=T.layer_norm(T.ones(2,3),[2],T.ones(2,dtype=T.float64))
r=T.group_norm(T.tensor(1.),1)
r=T.rms_norm(T.ones(3),[3,3])
x=T.arange(18.).reshape(3,2,3).requires_grad_(); y=T.ctc_loss(x.log_softmax(2),T.tensor([[1,0],[2,0]]),[3,3],[2,0]); y.backward()
r=T.nn.functional.binary_cross_entropy_with_logits(T.ones(2),T.ones(2),pos_weight=T.tensor([True,False]))
r=T.native_layer_norm(T.tensor([1.,float('inf'),1.]),[3],None,None,1e-5)
r=T.native_group_norm(T.tensor([[[1.,-float('inf')],[1.,1.]]]),None,None,1,2,2,2,1e-5)
r=T.nn.functional.unfold(T.tensor(1.),2)
x=T.ones(2,3,dtype=T.bfloat16); b=T.ones(3,requires_grad=True); T.layer_norm(x,[3],None,b).sum().backward()
    """,
}
PROGRAMS = [line for case in CASES.values() for line in case.strip().splitlines()]


@every_case("program", PROGRAMS)
def test_it_is_what_pytorch_says(program: str) -> None:
    with Pair() as pair:
        found = pair.run(Line(program, "case"))
    assert found is None, found.text
