"""Which of several refusals comes first, and of which dtypes something is refused: found by random programs.

As in test_found_in_programs.py, each line is a program that both libraries run.
"""

from __future__ import annotations

from tests.every_case import every_case

from .programs.runs import Line, Pair

CASES = {
    "bounds of a range of whole numbers, before they are made whole": """
o=T.zeros(2,dtype=T.int64); T.range(1.5,1,out=o)
T.range(1,1.5,-1,dtype=T.int64)
r=T.range(1.5,3.5,dtype=T.int64)
    """,
    "an out= of another dtype, before the numbers of quantiles": """
T.quantile(T.ones(2),T.tensor(2.),out=T.tensor(1.).double())
T.nanquantile(T.tensor(1.),T.tensor([.5,-1]),out=T.tensor(1.).double())
T.nanquantile(T.tensor(1.),T.tensor([.5,-1]).double(),out=T.tensor(1.).double())
T.quantile(T.ones(2),2.,out=T.tensor(1.).double())
T.quantile(T.ones(2),T.tensor(2.),out=T.tensor(1.))
    """,
    "an offset before negative sizes; what does not fit before the graph": """
T.ones(3,3).as_strided([0,-1],[0,0],-1)
T.ones(3,3).as_strided_([-1,2],[1,1],-1)
T.ones(3,3).as_strided([2,2],[1,-1],-1)
x=T.ones(3,requires_grad=True); c=T.ones(3,dtype=T.complex64); b=T.tensor([True,False,True])
T.binary_cross_entropy_with_logits(x,c,None,b)
T.binary_cross_entropy_with_logits(x,b,None,c)
T.binary_cross_entropy_with_logits(x,c,None,c)
T.binary_cross_entropy_with_logits(x,c,T.ones(4))
T.binary_cross_entropy_with_logits(x,c)
    """,
    "which of several refusals comes first": """
T.rot90(T.ones(2,3,4),1,(1,4))
T.rot90(T.ones(2,3,4),1,(7,7))
T.rot90(T.ones(2,3,4),1,(1,-2))
T.norm(T.ones(2,dtype=T.bool),2,dtype=T.int8)
T.linalg.vector_norm(T.ones(2,dtype=T.int64),1j)
T.linalg.vector_norm(T.ones(2,dtype=T.int64),dtype=T.complex64)
T.linalg.cond(T.ones(2,2),3,out=T.ones(2,dtype=T.bool))
T.linalg.cond(T.ones(2),'x',out=T.ones(2,dtype=T.bool))
T.linalg.cond(T.ones(2,2,dtype=T.bool),3,out=T.ones(2,dtype=T.bool))
T.ones(2,3).expand(2,2,3).addmv_(T.ones(3,2),T.ones(3))
T.ones(1).expand(3).addmv_(T.ones(3,2),T.ones(3))
T.ones(1,3).expand(3,3).addmm_(T.ones(3,2),T.ones(2))
T.ones(1,3).expand(3,3).addmm_(T.ones(3,2,dtype=T.float64),T.ones(2,3))
T.ones(1,1,3).expand(2,3,3).baddbmm_(T.ones(2,3,4),T.ones(2,3,3))
T.bmm(T.ones(2,3,4,dtype=T.bool),T.ones(2,4,2))
T.ones(2,requires_grad=True).lcm_(T.ones(2))
T.ones(2,requires_grad=True)[:1].gcd_(T.ones(1))
T.ones(2,requires_grad=True).bitwise_right_shift_(T.ones(2))
T.ones(2,requires_grad=True).bitwise_left_shift_(2)
T.ones(2).lcm_(T.ones(2,requires_grad=True))
T.gcd(T.ones(2,dtype=T.bool),T.ones(2,dtype=T.bool))
T.lcm(T.ones(2,dtype=T.bool),T.tensor(True))
T.bitwise_left_shift(T.ones(2,dtype=T.bool),T.ones(2,dtype=T.bool))
    """,
    "batches of nothing, whatever their dtypes": """
r=T.bmm(T.ones(0,3,4,dtype=T.bool),T.ones(0,4,2))
r=T.bmm(T.ones(2,3,0),T.ones(2,0,2,dtype=T.float64))
r=T.matmul(T.ones(0,3,4,dtype=T.bool),T.ones(0,4,2))
    """,
    "cells multiply their state first": """
T.rnn_tanh_cell(T.ones(2,3,dtype=T.complex64),T.ones(2,2,dtype=T.float16),T.ones(2,3,dtype=T.bool),T.ones(2,2))
T.rnn_relu_cell(T.ones(2,3,dtype=T.float64),T.ones(2,2),T.ones(2,3),T.ones(2,2),T.ones(3),T.ones(3))
T.rnn_relu_cell(T.ones(2,3,dtype=T.bool),T.ones(2,2),T.ones(2,3,dtype=T.bool),T.ones(2,2),T.ones(2),T.ones(2,dtype=T.float64))
    """,
    "weights of groups, before what is computed with them": """
T.native_group_norm(T.ones(2,4,3,dtype=T.bool),T.ones(4),None,2,4,3,2,1e-5)
T.native_group_norm(T.ones(2,4,3,dtype=T.int64),None,T.ones(4)*1j,2,4,3,2,1e-5)
T.group_norm(T.ones(2,4,3)*1j,2,T.ones(4),T.ones(4))
T.group_norm(T.ones(2,4,3,dtype=T.bool),2,T.ones(4,dtype=T.bool),T.ones(4))
T.group_norm(T.ones(2,4,3),2,T.ones(4),T.ones(4,dtype=T.float64))
    """,
    "dtypes of statistics, of which the first says what is meant": """
T.batch_norm_update_stats(T.ones(2,3),T.ones(3,dtype=T.float64),None,.1)
T.batch_norm_update_stats(T.ones(2,3),T.ones(3),T.ones(3,dtype=T.float64),.1)
r=T.batch_norm_update_stats(T.ones(2,3,dtype=T.float16),None,T.ones(3),.1)
T.batch_norm_update_stats(T.ones(2,3,dtype=T.float16),T.ones(3,dtype=T.float16),T.ones(3),.1)
T.native_layer_norm(T.ones(2,3),[3],T.ones(3),T.ones(3,dtype=T.float64),1e-5)
T.native_group_norm(T.ones(2,3,2),T.ones(3),T.ones(3,dtype=T.float16),2,3,2,3,1e-5)
T.native_batch_norm(T.ones(2,3),None,None,T.ones(3),None,True,.1,1e-5)
    """,
    "a number that the dtype which is computed in does not hold": """
T.nn.functional.leaky_relu(T.ones(2),2j)
T.nn.functional.leaky_relu(T.ones(2,dtype=T.float16),T.tensor(2j))
T.nn.functional.leaky_relu(T.ones(2,dtype=T.float64),2j)
T.nn.functional.leaky_relu(T.ones(0),1e300)
T.nn.functional.leaky_relu_(T.ones(2),2j)
T.nn.functional.softplus(T.ones(2),2j)
T.nn.functional.softplus(T.ones(2),1,2j)
T.nn.functional.softplus(T.ones(2,dtype=T.bfloat16),1e300)
T.nn.functional.celu(T.ones(2),2j)
T.nn.functional.softshrink(T.ones(2),2j)
T.nn.functional.multi_margin_loss(T.ones(2,2),T.tensor([0,1]),margin=2j)
T.nn.functional.multi_margin_loss(T.ones(2,2),T.tensor([0,1]),margin=1e300)
T.clamp_min(T.ones(2),2j)
T.clamp_max(T.ones(2,dtype=T.float64),1+2j)
T.ones(2).clamp_min_(2j)
T.ones(2).clamp_max_(2+0j)
    """,
    "a bias of another dtype, before sizes": """
T.nn.functional.conv2d(T.tensor([1]),T.ones(2,1,3,3),T.ones(2))
T.nn.functional.conv2d(T.ones(1,4,4),T.ones(2,1,3,3),T.tensor([1]))
T.nn.functional.conv2d(T.ones(1,2,4,4,dtype=T.int64),T.ones(2,1,3,3),T.ones(3))
T.nn.functional.conv1d(T.ones(4,dtype=T.float64),T.ones(1,3,3),T.ones(2))
T.nn.functional.conv3d(T.ones(1,4,4,4,dtype=T.float64),T.ones(1,3,3),T.ones(2))
T.nn.functional.conv2d(T.ones(1,4,4,dtype=T.float64),T.ones(2,1,3,3),T.ones(2),padding='same')
T.convolution(T.ones(1,1,4,4,dtype=T.int64),T.ones(2,1,3,3),T.ones(2),(1,1),(0,0),(1,1),False,(0,0),1)
T.nn.functional.conv_transpose2d(T.ones(1,1,4,4),T.ones(1,2,3,3),T.ones(2)+0j)
    """,
    "dtypes before sizes, and sizes before what has no dimensions": """
T.batch_norm_update_stats(T.tensor(True),None,None,1.)
T.batch_norm_update_stats(T.ones(2,dtype=T.int64),None,None,1.)
T.batch_norm_update_stats(T.ones(2,2),T.ones(2,2),None,1.)
r=T.batch_norm_update_stats(T.arange(4.).view(2,2),T.ones(5),T.ones(3),.5)
T.norm_except_dim(T.tensor(1.),dim=1)
T.norm_except_dim(T.tensor(1.),dim=0)
T.norm_except_dim(T.tensor(True),dim=-2)
T.trapezoid(T.tensor(True))
T.cumulative_trapezoid(T.tensor(1.),T.tensor(1.))
T.cumulative_trapezoid(T.tensor(1.),T.ones(1))
T.cumulative_trapezoid(T.ones(3,2),T.ones(4,4))
T.linalg.pinv(T.zeros(2,2)+0j,T.tensor(0j),out=T.zeros(2,2)+0j)
T.linalg.pinv(T.zeros(2,2),T.tensor(1j),out=T.zeros(2,2))
T.linalg.pinv(T.zeros(2,2),'a')
    """,
    "running sums of bools, in place, where there are none": """
r=T.zeros(0,dtype=T.bool).cumsum_(0)
r=T.zeros(2,0,dtype=T.bool).cumprod_(-1)
r=T.tensor(True).cumsum_(0),T.tensor(False).cumprod_(-1)
T.tensor([True]).cumsum_(0)
T.zeros(0,dtype=T.bool).cumsum_(1)
r=T.tensor([200,100],dtype=T.uint8).cumsum_(0)
    """,
    "what resizes before a dimension goes": """
T.mode(T.arange(6.).reshape(2,3),0,out=(T.empty(1),T.empty(2,dtype=T.int64)))
T.mode(T.arange(6.).reshape(2,3),-1,out=(T.empty(2,1),T.empty((),dtype=T.int64)))
T.mode(T.arange(6.).reshape(2,3),1,True,out=(T.empty(5),T.empty(2,1,dtype=T.int64)))
T.mode(T.tensor(2.),out=(T.empty(5),T.empty(2,dtype=T.int64)))
T.mode(T.ones(2,0),0,out=(T.empty(5),T.empty(2,dtype=T.int64)))
T.kthvalue(T.arange(6.).reshape(2,3),1,0,out=(T.empty(1),T.empty(2,1,dtype=T.int64)))
T.kthvalue(T.arange(6.).reshape(2,3),1,-1,out=(T.empty(2,1),T.empty((),dtype=T.int64)))
T.kthvalue(T.tensor(2.),1,out=(T.empty(5),T.empty((),dtype=T.int64)))
    """,
    "a bool of NumPy's is none": """
T.ones(2).sum(0,np.bool_(True))
T.ones(2).sort(0,descending=np.True_)
T.ones(2,requires_grad=np.bool_(True))
T.ones(2).requires_grad_(np.bool_(True))
T.dropout(T.ones(2),.5,np.False_)
    """,
    "bools, before sizes": """
T.ones(2,dtype=T.bool)-T.ones(3,dtype=T.bool)
T.ones(2,dtype=T.bool)-T.ones(3)
T.rsub(T.ones(2,dtype=T.bool),T.ones(3,dtype=T.bool))
    """,
    "sums without NaN, of another dtype": """
x=T.nansum(T.tensor([1.5,float('nan')]),0,dtype=T.int64,out=T.empty((),dtype=T.int64))
x=T.nansum(T.tensor([1.5,float('nan')]),0,out=T.empty((),dtype=T.int64))
x=T.nansum(T.tensor([1.5,float('nan')]),0,dtype=T.int32,out=T.empty((),dtype=T.int64))
x=T.nansum(T.tensor([1.5,float('nan')]),0,dtype=T.float64,out=T.empty((),dtype=T.int64))
x=T.nansum(T.tensor([1.5+0j]),0,out=T.empty((),dtype=T.int64))
x=T.nanmean(T.tensor([1.5,float('nan')]),0,dtype=T.int64,out=T.empty((),dtype=T.int64))
x=T.nanmean(T.ones(0),0,out=T.empty((),dtype=T.int64))
    """,
    "what an edit has read before it writes": """
x=T.arange(3.); x.masked_scatter_(T.tensor([True,False,False]),x[1:2])
x=T.arange(3.); x.masked_scatter_(T.tensor([True,True,False]),x[1:2])
x=T.tensor([[True,False],[False,True]]); x.masked_scatter_(x[0],x.clone())
x=T.arange(3.); x.index_fill_(0,T.tensor([0]),x[1])
x=T.arange(3); x.index_fill_(0,x[:1],x[1])
    """,
    "a dimension that is a bool": """
T.ones(2,2).norm(dim=True)
T.norm(T.ones(2,2),dim=1.5)
T.norm(T.ones(2,2),p='nuc',dim=True)
    """,
    "dtypes before memory and numbers, and memory that is pinned before sizes": """
x=T.ones(3); T.take(x,T.tensor([0],dtype=T.int16),out=x[:1])
x=T.ones(3); T.take(x,T.tensor([7]),out=x[:1])
T.take(T.ones(3),T.tensor([7]),out=T.empty(1,dtype=T.int8))
T.take(T.ones(0),T.tensor([0]),out=T.empty(1,dtype=T.int8))
T.ones(2).new_zeros((-1,1),pin_memory=True)
T.ones(-1,pin_memory=True)
    """,
}
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    found = Pair().run(Line(line, title))
    assert found is None, found.text
