"""What calls of the less usual kinds refuse and give: found by small programs like those of bug reports.

As in test_found_in_programs.py, each line is a program that both libraries run.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

from .programs.runs import Line, Pair

CASES = {
    "flags and whole numbers that are tensors or arrays": """
x=T.ones(2,requires_grad=True); T.autograd.backward((x*2).sum(),create_graph=T.ones(2))
x=T.ones(2,requires_grad=True); T.autograd.backward((x*2).sum(),create_graph=np.ones(2))
x=T.ones(2,requires_grad=True); T.autograd.grad((x*2).sum(),x,create_graph=T.ones(2))
x=T.ones(2,requires_grad=True); T.autograd.grad((x*2).sum(),x,create_graph=T.ones(0))
r=T.nn.functional.cross_entropy(T.ones(2,3),T.tensor([0,1]),ignore_index=T.tensor([1]))
r=T.nn.functional.embedding(T.tensor([0]),T.ones(2,3),padding_idx=T.tensor([1],dtype=T.uint8))
    """,
    "names that say another position in another form, and sizes by name": """
r=T.randn(size=(2,3))
r=T.randn(size=[2,3],generator=None)
r=T.randn(size=())
T.randn(size=3)
T.randn(2,size=(2,))
T.randn(size=None)
T.zeros(size=(2.,))
T.zeros(size=(2**63,))
T.zeros((2**63,))
T.ones(2).view((2**63,))
T.ones(2).expand(2**64)
r=T.randint(0,10,size=(4,))
r=T.randint(10,size=(4,))
r=T.randint(low=3,high=10,size=(4,),dtype=T.int32)
r=T.randint(high=10,low=2,size=(4,))
r=T.randint(2,high=10,size=(4,))
T.randint(low=2,size=(4,))
T.randint(2,low=10,size=(4,))
T.randint(2,(4,),size=(3,))
T.randint(2,5,size=(4,),high=3)
r=T.randint_like(T.ones(3),high=5)
r=T.randint_like(T.ones(3),2,high=5)
r=T.arange(start=1,end=5)
r=T.arange(1,end=5,step=2)
T.arange(end=5,step=2)
T.arange(1,start=1)
r=T.arange(6.).view(2,3).var(unbiased=False)
r=T.arange(6.).view(2,3).var(unbiased=False,dim=1)
r=T.arange(6.).view(2,3).std(unbiased=True,axis=(0,1))
T.ones(2).var(unbiased=False,keepdim=True)
T.ones(2).var(False,unbiased=False)
T.ones(2).var(unbiased=1)
r=T.arange(6).view(size=(3,2)).permute(dims=[1,0]).repeat(repeats=(1,2)).flip(dims=(0,))
T.ones(2).flip(dims=0)
T.ones(2).random_(to=5,**{"from":2})
r=T.repeat_interleave(repeats=T.tensor([1,2]))
    """,
    "factors that are no numbers, or too large": """
T.nn.functional.interpolate(T.ones(1,1,4),scale_factor="a")
T.nn.functional.interpolate(T.ones(1,1,4),scale_factor=("a",),mode="linear")
T.nn.functional.interpolate(T.ones(1,1,4),scale_factor=T.tensor(2.))
T.nn.functional.interpolate(T.ones(1,1,4),scale_factor=2j)
T.nn.functional.interpolate(T.ones(1,1,4),scale_factor=float("nan"))
T.nn.functional.interpolate(T.ones(1,1,4),scale_factor=-float("inf"))
T.nn.functional.interpolate(T.ones(1,1,4),scale_factor=1e30)
T.nn.functional.interpolate(T.ones(1,1,4,4),scale_factor=(2.,"a"),mode="bilinear")
T.nn.functional.interpolate(T.ones(1,1,4,4),scale_factor=("a",2.),mode="bicubic",antialias=True)
r=T.nn.functional.interpolate(T.ones(1,1,4,4),scale_factor=(2,T.tensor(1.)),mode="bilinear")
T.nn.functional.interpolate(T.ones(1,1,2,2,2),scale_factor=[[1]]*3,mode="trilinear")
    """,
    "sizes that do not fit into the place": """
T.ones(3).addmm_(T.ones(2,3),T.ones(3,2))
T.ones(3,2).addmm_(T.ones(2,3),T.ones(3,2))
T.ones(1,2,2).addmm_(T.ones(2,3),T.ones(3,2))
T.ones(3,2).addmm_(T.ones(2,3),T.ones(2,2))
T.ones(3,2).addmm_(T.ones(2,3),T.ones(3,2).double())
(T.ones(3,requires_grad=True)*1).addmm_(T.ones(2,3),T.ones(3,2))
T.nn.functional.group_norm(T.ones(2,6),2,T.ones(6),T.ones(5))
T.nn.functional.group_norm(T.ones(2,6),2,None,T.ones(5))
    """,
    "places that are no number, beside padding that has a last place": """
r=T.nn.functional.grid_sample(T.arange(9.).view(1,1,3,3),T.tensor([[[[float("nan"),.3],[.3,float("nan")]]]]),"bilinear","border",True)
r=T.nn.functional.grid_sample(T.arange(9.).view(1,1,3,3),T.tensor([[[[float("nan"),.3],[.3,float("inf")]]]]),"nearest","reflection",False)
r=T.nn.functional.grid_sample(T.arange(9.).view(1,1,3,3),T.tensor([[[[float("nan"),.3],[.3,float("nan")]]]]),"bilinear","zeros",True)
r=T.nn.functional.grid_sample(T.arange(27.).view(1,1,3,3,3),T.tensor([[[[[float("nan"),.3,.3],[.3,float("nan"),.3]]]]]),"bilinear","border",True)
r=T.nn.functional.grid_sample(T.arange(27.).view(1,1,3,3,3),T.tensor([[[[[float("nan"),.3,.3],[.3,-float("inf"),.3]]]]]),"nearest","reflection",False)
    """,
    "numbers that a double cannot count, or rounds": """
r=T.arange(2**53,2**53+3,dtype=T.float32)
r=T.arange(2**53,2**53+3,dtype=T.float64)
r=T.arange(2**53+1,2**53+5,dtype=T.int32)
r=T.arange(0,2**53+1,2**52)
r=T.arange(2**62,2**62+2)
r=T.range(2**53,2**53+3)
T.linalg.pinv(T.ones(3,4),hermitian=True)
    """,
    "bounds that are no number": """
T.nn.functional.smooth_l1_loss(T.ones(2),T.zeros(2),beta=float("nan"))
T.nn.functional.cosine_similarity(T.ones(2),T.ones(2),0,float("nan"))
T.nn.functional.huber_loss(T.ones(2),T.zeros(2),delta=float("nan"))
    """,
    "numbers that are divided by tensors, in every way": """
r=T.div(7,T.tensor([1,2,3]),rounding_mode="floor")
r=T.div(-7.5,T.tensor([1,2,3]),rounding_mode="trunc")
r=T.div(True,T.tensor([1,2,3]),rounding_mode=None)
r=T.div(7,8,rounding_mode="floor")
T.div(1j,T.tensor([1,2,3]),rounding_mode="trunc")
r=T.div(7,T.tensor([1,2,3]),rounding_mode="floor",out=T.empty(3,dtype=T.int64))
r=T.divide(7,T.tensor([1.,2.,3.]).double())
r=T.divide(7,T.tensor([1,2,3]),rounding_mode="floor")
x=T.tensor([1.,2.,3.],requires_grad=True); r=T.div(7,x,rounding_mode="trunc"); r.sum().backward()
x=T.tensor([1.,2.,3.],requires_grad=True); r=T.divide(7,x); r.sum().backward()
r=T.multiply(7,T.tensor([1,2,3])); r=T.subtract(7,r,alpha=2); r=T.floor_divide(7,r); r=T.true_divide(7,r)
    """,
    "attention of no numbers": """
r=T.nn.functional.scaled_dot_product_attention(T.ones(1,2,0),T.ones(4,2,0),T.ones(4,2,5))
    """,
    "gradients of another layout": """
x=T.ones(2,requires_grad=True); x.register_hook(lambda g:g.to_sparse()); x.sum().backward()
x=T.ones(2,requires_grad=True); y=x*1; y.grad_fn.register_prehook(lambda g:(g[0].to_sparse(),)); y.sum().backward()
w=T.ones(3,2,requires_grad=True); w.register_hook(lambda g:g.to_dense())
T.nn.functional.embedding(T.tensor([0]),w,sparse=True).sum().backward()
    """,
    "windows of another number of sizes": """
T.nn.functional.avg_pool3d(T.ones(1,1,4,4,4),[1,2])
T.nn.functional.avg_pool3d(T.ones(1,1,4,4,4),1,[1,2])
T.nn.functional.avg_pool2d(T.ones(1,1,4,4),1,1,[])
T.nn.functional.max_pool3d(T.ones(1,1,4,4,4),1,1,0,[1,2])
T.nn.functional.max_pool2d(T.ones(1,1,4,4),1,1,0,[1,2,3])
T.nn.functional.max_pool1d(T.ones(1,1,4),1,[1,1])
T.nn.functional.max_pool1d(T.ones(1,1,4),1,1,[1,1])
r=T.nn.functional.adaptive_avg_pool2d(T.ones(4,4),1)
r=T.nn.functional.adaptive_avg_pool3d(T.ones(4,4,4),1)
T.nn.functional.adaptive_avg_pool2d(T.ones(4),1)
T.nn.functional.adaptive_avg_pool2d(T.ones(4,4),2)
    """,
    "integers beyond 64 bits, or 32, and numbers that are no index": """
T.ones(2).norm(2**64)
T.norm(T.ones(2),-2**64,0)
r=T.ones(2).norm(2**63)
T.ones(1).to(2**63)
T.device(-2**63-1)
T.device('cpu',2**63)
T.set_num_threads(2**31)
T.set_num_threads(2**63)
T.set_num_interop_threads(-2**31-1)
T.nn.functional.interpolate(T.ones(1,1,2,2),size=(2,2**63))
T.nn.functional.interpolate(T.ones(1,1,2,2),size=2**63,mode='bilinear')
r=T.arange(3)[:2**70],T.arange(3)[2**62:]
r=T.arange(3)[-2**62-1:]
r=T.arange(6).view(2,3)[:,:-2**70]
T.arange(3)[::-2**63]
T.sparse_coo_tensor([[float('nan'),0]],[1.,2.],(3,),check_invariants=False)
T.sparse_coo_tensor([[float('-inf'),0]],[1.,2.],check_invariants=False)
T.sparse_coo_tensor([[1j,0]],[1.,2.],(3,),check_invariants=False)
r=T.sparse_coo_tensor(T.tensor([[float('inf'),0]]),[1.,2.],(3,),check_invariants=False).shape
T.native_dropout(T.ones(2,dtype=T.complex64,requires_grad=True),-1.5,True)
T.meshgrid(T.ones(2,2),T.ones(2,dtype=T.int64),indexing='ij')
    """,
    "a group norm without elements": """
r=T.native_group_norm(T.ones(2,3,0),None,None,2,3,0,3,1e-5)
r=T.native_group_norm(T.ones(0,3,dtype=T.float64),None,None,2,0,3,1,1e-5)
    """,
    "an out= that is what is clamped": """
i=T.arange(3);T.clamp(i,1.5,out=i)
i=T.arange(3);T.clip(i,max=1.5,out=i)
i=T.arange(3);T.clamp_min(i,1.5,out=i)
i=T.arange(3);T.clamp_max(i,1.5,out=i)
i=T.ones(2,dtype=T.bool);T.clamp(i,1,2,out=i)
i=T.arange(3);r=T.clamp(i,1,out=i)
    """,
    "what einsum and gradient are made of": """
a=T.ones(1,4,4,requires_grad=True);y=T.einsum('bij,bjk->bik',a,a.detach())*1;r=T.autograd.grad(y.sum(),a)[0].stride()
a=T.ones(3,2,1,2);r=T.einsum('abcd,abcd->cda',a,T.ones(3,2,3,1)).stride()
r=T.einsum('dcb,dac->adb',T.ones(2,2,2),T.ones(2,3,2)).stride()
x=T.arange(9.).view(3,3).requires_grad_();r=T.gradient(x,spacing=2,dim=0,edge_order=2)[0];r.sum().backward();r.sum().backward()
x=T.arange(3.).requires_grad_();r=T.gradient(x)[0].grad_fn.next_functions[0][0].name()
    """,
    "old names of reductions, which have no gradient": """
r=T.zeros(3).scatter_reduce(0,T.tensor([0,0,2]),T.tensor([1.,5.,-1.]),"max")
r=T.zeros(3).scatter_reduce_(0,T.tensor([0,0,2]),T.tensor([1.,5.,-1.]),"min",include_self=False)
r=T.zeros(0).scatter_reduce(0,T.zeros(0,dtype=T.long),T.zeros(0),"max")
r=T.zeros(3,dtype=T.complex64).scatter_reduce(0,T.tensor([0]),T.ones(1,dtype=T.complex64),"max")
x=T.zeros(3,requires_grad=True);x.scatter_reduce(0,T.tensor([0,0]),T.tensor([1.,5.]),"max").sum().backward()
r=T.zeros(3).scatter_reduce(0,T.tensor([0,0]),T.tensor([1.,5.]),"maximum")
    """,
    "the first of several lengths that are wrong": """
T.nn.functional.ctc_loss(T.zeros(5,3,4),T.tensor([1,1,1]),T.tensor([6,7,5]),T.tensor([1,1,1]))
T.nn.functional.ctc_loss(T.zeros(5,3,4),T.tensor([1,1,1]),(6,-1,5),(1,1,1))
T.nn.functional.ctc_loss(T.zeros(5,3,4),T.tensor([1,1,1]),(5,6,5),(-1,-3,1))
    """,
    "numbers in the place of sequences": """
T.nn.utils.rnn.pad_sequence([T.tensor(1.),T.ones(2)])
T.nn.utils.rnn.pad_sequence([T.ones(2),T.tensor(1.)],True)
    """,
    "kernels without places": """
T.nn.functional.conv1d(T.ones(1,4,4,),T.ones(4,4,0,))
T.nn.functional.conv_transpose1d(T.ones(1,4,4,),T.ones(4,4,0,))
T.nn.functional.conv1d(T.ones(1,4,4,),T.ones(4,4,0,),stride=2,dilation=2)
T.nn.functional.conv_transpose1d(T.ones(1,4,4,),T.ones(4,4,0,),stride=2,dilation=2)
T.nn.functional.conv2d(T.ones(1,4,4,4,),T.ones(4,4,2,0,))
T.nn.functional.conv_transpose2d(T.ones(1,4,4,4,),T.ones(4,4,2,0,))
T.nn.functional.conv2d(T.ones(1,4,4,4,),T.ones(4,4,2,0,),stride=2,dilation=2)
T.nn.functional.conv_transpose2d(T.ones(1,4,4,4,),T.ones(4,4,2,0,),stride=2,dilation=2)
T.nn.functional.conv3d(T.ones(1,4,4,4,4,),T.ones(4,4,2,2,0,))
T.nn.functional.conv_transpose3d(T.ones(1,4,4,4,4,),T.ones(4,4,2,2,0,))
T.nn.functional.conv3d(T.ones(1,4,4,4,4,),T.ones(4,4,2,2,0,),stride=2,dilation=2)
T.nn.functional.conv_transpose3d(T.ones(1,4,4,4,4,),T.ones(4,4,2,2,0,),stride=2,dilation=2)
    """,
}
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    found = Pair().run(Line(line, title))
    assert found is None, found.text


@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate")
@pytest.mark.parametrize("options", [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, {}])
def test_a_parameter_that_a_group_has_twice_is_stepped_and_numbered_as_in_pytorch(options: dict[str, Any]) -> None:
    def run(m: Any) -> tuple[Any, ...]:
        w, v = m.tensor([1.0, -2.0], requires_grad=True), m.ones(1, requires_grad=True)
        optimizer = m.optim.SGD([w, v, w], lr=0.1, **options)
        for _ in range(3):
            optimizer.zero_grad()
            ((w**2).sum() + v.sum()).backward()
            optimizer.step()
        saved = optimizer.state_dict()
        state = {number: each["momentum_buffer"].tolist() for number, each in saved["state"].items() if options}
        return saved["param_groups"][0]["params"], state, w.tolist(), v.tolist()

    (numbers, state, *values), (own_numbers, own_state, *own_values) = run(torch), run(ak)
    assert own_numbers == numbers == [2, 1, 2]
    assert own_values == [pytest.approx(each) for each in values]
    assert own_state == {number: pytest.approx(each) for number, each in state.items()}
