"""What random programs and the sweep over hard points found in names that they came to ask about; each kind once or twice.

A line runs in both libraries with the whole state of every tensor compared after it, as in a random program.
"""

from __future__ import annotations

import numpy as np

from tests.every_case import every_case

from .programs.runs import Line, Pair

CASES = {
    "complex results that are not recorded are refused once they are computed": """
r=T.ones(3,dtype=T.complex64,requires_grad=True).select_scatter(T.tensor(1.),0,5)
r=T.ones(3,dtype=T.complex64,requires_grad=True).select_scatter(T.tensor(1.),0,1)
r=T.ones(2).slice_scatter(T.ones(3,dtype=T.complex64,requires_grad=True))
r=T.select_copy(T.ones(2,2,dtype=T.complex64,requires_grad=True),0,1)
r=T.slice_copy(T.ones(2,2,dtype=T.complex64,requires_grad=True),2,1)
r=T.view_as_complex_copy(T.ones(2,2,requires_grad=True))
x=T.ones(2,dtype=T.complex64,requires_grad=True); y=x*2; y.scatter_reduce_(0,T.tensor([1]),T.ones(1,dtype=T.complex64),"sum")
r=T.ones(2,dtype=T.complex64,requires_grad=True).scatter_reduce(0,T.tensor([1]),T.ones(1,dtype=T.complex64),"sum")
r=T.ones(2,dtype=T.complex64,requires_grad=True).scatter_reduce(0,T.tensor([3]),T.ones(1,dtype=T.complex64),"sum")
r=T.median(T.ones(0,dtype=T.complex64,requires_grad=True))
r=T.nanmedian(T.tensor(1j,requires_grad=True))
r=T.tensor(1j,requires_grad=True).mode()
r=T.tensor(1j,requires_grad=True).nan_to_num()
T.normal(T.tensor([1j,2],requires_grad=True),T.ones(2))
    """,
    "copies with out= have no gradient": """
x=T.ones(2,3,requires_grad=True); y=T.zeros(0); T.permute_copy(x,(1,0),out=y)
x=T.ones(2,3); y=T.zeros(0,requires_grad=True); T.permute_copy(x,(1,0),out=y)
x=T.ones(3,requires_grad=True); y=T.zeros(0); T.transpose_copy(x,1,1,out=y)
x=T.ones(3,3,requires_grad=True); y=T.zeros(2); T.diagonal_copy(x,out=y)
x=T.ones(3); y=T.zeros(2,dtype=T.float64); T.alias_copy(x,out=y)
x=T.ones(3,requires_grad=True); y=T.zeros(2); T.slice_scatter(x,T.ones(1),0,1,2,out=y)
    """,
    "what reductions by an index refuse, and when": """
r=T.ones(0,dtype=T.bool).index_reduce(0,T.tensor([],dtype=T.int64),T.ones(0,dtype=T.bool),"prod")
r=T.ones(2,dtype=T.bool).index_reduce(0,T.tensor([5]),T.ones(1,dtype=T.bool),"amax",include_self=False)
r=T.ones(2,0,dtype=T.complex64).index_reduce(0,T.tensor([1]),T.ones(1,0,dtype=T.complex64),"amax")
r=T.ones(0,dtype=T.bool).scatter_reduce(0,T.tensor([],dtype=T.int64),T.ones(0,dtype=T.bool),"mean")
r=T.ones(2,dtype=T.bool).scatter_reduce(0,T.tensor([5]),T.ones(1,dtype=T.bool),"mean",include_self=False)
    """,
    "out= of compositions: copied into, or refused in PyTorch's order": """
x=T.tensor([1.,2,4],requires_grad=True); y=T.zeros(2); T.quantile(x,0.25,out=y); y.backward(); r=x.grad
x=T.tensor([1.,2,4]); y=T.zeros(0,requires_grad=True); T.nanquantile(x,T.ones(2,2),out=y)
x=T.tensor([1.,2,4],requires_grad=True); T.quantile(x,0.25,out=T.zeros(0,dtype=T.float64))
x=T.tensor([1.,2,4],requires_grad=True); y=x*0; T.nanquantile(x,0.25,out=y[0]); y.sum().backward(); r=x.grad
y=T.zeros(2); T.nanmean(T.tensor([[1.,2],[float('nan'),5]]),0,out=y)
T.nanmean(T.ones(2,requires_grad=True),out=T.zeros(0))
T.nanmean(T.ones(2,dtype=T.int64),out=T.zeros(0))
T.nansum(T.tensor([True,False]),dtype=T.float32,out=T.zeros(2,dtype=T.bool))
T.nansum(T.ones(2),out=T.zeros(0,dtype=T.int64))
T.float_power(T.ones(2,requires_grad=True),2,out=T.zeros(2))
T.float_power(T.ones(2,requires_grad=True),2,out=T.zeros(2,dtype=T.float64))
y=T.zeros(0); T.logspace(T.tensor(0.),T.tensor(1.,requires_grad=True),3,out=y)
x=T.zeros(2); y=T.zeros(0); T.histogram(x.requires_grad_(),2,out=(y,T.zeros(0)))
T.histogram(T.zeros(2),2,weight=T.ones(3),out=(T.zeros(0),T.zeros(0,dtype=T.float64)))
T.histc(T.zeros(2),2,2,1,out=T.zeros(0,dtype=T.float64))
T.logcumsumexp(T.ones(2,dtype=T.int16),0,out=T.zeros(2))
T.index_reduce(T.ones(2),0,T.ones(1,requires_grad=True),T.ones(1),"mean",out=T.zeros(2))
    """,
    "which of two things is said, and what is no refusal": """
T.gradient(T.tensor(1.),spacing=1,dim=[0,1])
T.clamp_min(T.tensor([True]),1.8e308/1.8,out=T.zeros(1,dtype=T.bool))
T.histc(T.tensor([0,0],dtype=T.uint8),4)
T.histc(T.tensor([True]),4,2,1)
T.histogram(T.ones(2,dtype=T.bfloat16),weight=T.ones(2))
r=T.cummin(T.ones(0),5)
T.cummax(T.ones(3,dtype=T.complex64),1)
r=T.lerp(T.ones(2,dtype=T.float64),T.zeros(2,dtype=T.float64),T.tensor(0.25))
r=T.lerp(T.tensor([1,2]),T.tensor([3,4]),T.tensor(0.25))
T.lerp(T.ones(2),T.zeros(2),T.tensor([0.25],dtype=T.float64))
r=T.histogramdd(T.ones(3,0),1).hist
x=T.ones(2,requires_grad=True); y=T.ldexp(x,T.ones(2,dtype=T.complex64)); y.backward(T.ones_like(y))
    """,
    "dtypes of several out=": """
T.nanmedian(T.ones(3),0,out=(T.zeros(0),T.zeros(0)))
T.median(T.ones(3),0,out=(T.zeros(0,dtype=T.float64),T.zeros(0,dtype=T.int64)))
T.mode(T.ones(3),2,out=(T.zeros(0,dtype=T.float64),T.zeros(0,dtype=T.int64)))
T.mode(T.ones(3),0,out=(T.zeros(0),T.zeros(0,dtype=T.int32)))
T.set_default_dtype(T.float16); T.special.bessel_j0(T.tensor([1,2]))
    """,
    "warnings of copies and of lost imaginary parts": """
r=T.bucketize(T.ones(2,2).t(),T.arange(4.)[::2])
r=T.searchsorted(T.arange(4.)[::2],T.ones(2),sorter=T.tensor([0,1,1,0])[::2])
r=T.select_scatter(T.ones(2,3),T.ones(3,dtype=T.complex64),0,1)
    """,
    "numbers in no order, cuts, signs and roundings": """
r=T.bucketize(T.tensor([0.5,-1.25,2.]),T.tensor([-1.25,float('nan'),1.5]))
r=T.bucketize(T.tensor([0.,1,2,3,4,5]),T.tensor([3.,1,2,0]))
r=T.histogram(T.tensor([0.5,-1.25,1.]),T.tensor([-1.25,float('nan'),1.5])).hist
x=T.tensor(complex(0.5,-0.0),requires_grad=True); T.acosh(x).abs().backward(); r=x.grad
r=[each.hex() for each in T.linspace(-0.5,0.5,101).tolist()]
r=[each.hex() for each in T.linspace(0.1,7.3,50,dtype=T.float64).tolist()]
r=T.histogram(T.tensor([0.,0.5,-0.5])).hist
r=T.logaddexp2(T.tensor(-1.,dtype=T.float64),T.tensor(-1.,dtype=T.float64)).item().hex()
r=T.logspace(float('inf'),2,1)
r=T.lerp(T.tensor([3e38,-3e38]),T.tensor([0.,3e38]),-0.9)
r=T.lerp(T.tensor([3.4e38]),T.tensor([1.7e38]),-1.)
T.logspace(3,0,1,out=T.zeros(1,dtype=T.uint8))
x=T.tensor([0.,3e38],requires_grad=True); T.atan2(x,T.tensor([-3.4e38,2.])).backward(T.tensor([2.,2.])); r=x.grad
    """,
    "nodes and versions of integrals": """
x=T.ones(3,requires_grad=True); r=T.trapezoid(x,T.arange(3.))
r=T.trapezoid(T.ones(2,0))
    """,
    "gradients that PyTorch refuses": """
x=T.ones(2,requires_grad=True); y=T.logaddexp(x,T.ones(2,dtype=T.complex64)); y.backward(T.ones_like(y))
x=T.ones((),requires_grad=True); y=T.lerp(T.ones(2,dtype=T.complex64),T.zeros(2,dtype=T.complex64),x); y.backward(T.ones_like(y))
x=T.ones(2,dtype=T.float16,requires_grad=True); T.special.i1(x).backward(T.ones_like(x))
x=T.ones(2,dtype=T.bfloat16,requires_grad=True); T.special.i1e(x).backward(T.ones_like(x))
    """,
    "of bools and whole numbers, too": """
x=T.ones(2,requires_grad=True); T.atan2(T.tensor([True,False]),x).sum().backward()
x=T.ones(2,requires_grad=True); T.atan2(x,T.tensor([True,False])).sum().backward(); r=x.grad
x=T.ones(2,requires_grad=True); T.logaddexp(x,T.tensor([True,False])).sum().backward()
x=T.ones(2,requires_grad=True); T.logaddexp2(T.tensor([True,False]),x).sum().backward()
x=T.ones(2,requires_grad=True); T.addcdiv(T.ones(2),x,T.tensor([2,3])).sum().backward()
r=T.ldexp(T.tensor([1+1j]),T.tensor([-0.75,1.5],dtype=T.bfloat16))
    """,
    "copies of what no view shows": """
x=T.arange(6.).view(2,3).t().requires_grad_(); y=T.view_copy(x,(2,3)); y.sum().backward()
T.view_copy(T.arange(6.).view(2,3).t(),(4,))
r=T.view_copy(T.tensor(2.),(1,1))
r=T.unique_consecutive(T.ones(2,2,2).transpose(0,2),True,True,dim=1)
T.histogram(T.ones(2,dtype=T.float64),T.ones(3),out=(T.zeros(1),T.zeros(2)))
    """,
    "what is cast first has no gaps": """
r=T.ones(3).expand(2,3)+T.ones(3,2,dtype=T.float64).t()
r=T.addcdiv(T.ones(3).expand(2,3),T.ones(3).expand(2,3),T.ones(3,2,dtype=T.float64).t())
r=T.ones(3).expand(2,3)==T.ones(3,2,dtype=T.int64).t()
    """,
    "sizes and steps of parts": """
T.slice_copy(T.ones(2,3),1,0,2,0)
T.trapz(T.tensor([[1,2]]),dim=2)
T.gradient(T.ones(2,3),spacing=[T.ones(1),T.ones(3)])
T.histogram(T.ones(1),T.ones(1),weight=T.tensor([True]))
    """,
    "versions, and the sides of a cut": """
x=T.ones(3,3).t(); x.resize_([3,3],memory_format=T.contiguous_format)
x=T.ones(3,3); x.resize_([2,3])
r=T.logcumsumexp(T.tensor([complex(0.75,-2),complex(0.75,2)]),0)
r=T.logaddexp(T.tensor(complex(0.75,2)),T.tensor(complex(0.75,-2)))
T.median(T.ones(3),1,out=(T.zeros(0),T.zeros(0)))
    """,
    "powers of two": """
r=T.ldexp(T.tensor([[1.75],[1.]],dtype=T.bfloat16),T.tensor([-1.75,-2.,1.],dtype=T.float16))
x=T.tensor([1.,2,3],requires_grad=True); T.ldexp(x,T.tensor([1.5,1.25,0.3],dtype=T.float16)).sum().backward(); r=x.grad
r=T.ldexp(T.tensor([1e-38,1e38,0.,3.]),T.tensor([140,-10,2**40,-2**40]))
r=T.ldexp(T.tensor([1.5,3.],dtype=T.float16),T.tensor([2,20]))
x=T.tensor([1.,2,3],requires_grad=True); T.ldexp(x,T.tensor([1,-2,3])).sum().backward(); r=x.grad
T.ldexp(T.ones(2),T.tensor([True,False]))
T.ldexp(T.ones(2,dtype=T.complex64),T.ones(2),out=T.zeros(2))
T.ldexp(T.ones(2),T.ones(2),out=T.zeros(2,dtype=T.int64))
r=T.ldexp(T.ones(2,dtype=T.bfloat16),T.tensor([0.5,1.5]))
T.logspace(T.tensor(1j),2,1,out=T.zeros(1))
x=T.ones(2,3); x.ldexp_(T.ones(3)); r=T.ldexp(x.t(),T.tensor(2))
x=T.tensor([1,2]); x.ldexp_(T.ones(2))
r=T.zeros(0,3,dtype=T.complex64).mode(1)
    """,
    "special functions": """
x=T.tensor([0.5,-1.],requires_grad=True); y=T.zeros(2); T.special.ndtr(x,out=y); y.sum().backward(); r=x.grad
x=T.tensor([0.5,-1.],requires_grad=True); r=T.special.ndtr(x)
x=T.tensor([0.5,-40.,-float('inf')],requires_grad=True); T.special.log_ndtr(x).backward(T.tensor([1.,2,3])); r=x.grad
r=T.special.round(T.tensor([1,2]))
x=T.tensor([0.5],requires_grad=True); r=T.special.round(x)
T.special.multigammaln(T.tensor([2,3],dtype=T.uint8),1,out=T.zeros(2,dtype=T.int64))
x=T.tensor([float('nan'),0.5],requires_grad=True); T.special.logit(x,1.).backward(T.ones(2)); r=x.grad
r=T.special.zeta(T.tensor([1e14,2.,2.]),T.tensor([3.,float('inf'),1.5]))
r=T.special.chebyshev_polynomial_t(T.tensor([0.3,-1.,2.,0.5]),T.tensor([200.,3.,3.,-2.]))
r=T.special.chebyshev_polynomial_u(T.tensor([0.3,-1.,2.,1.]),T.tensor([129.,3.,9.,4.]))
r=T.special.shifted_chebyshev_polynomial_w(T.tensor([0.7,0.,1.,1.5]),T.tensor([5.,3.,4.,2.7]))
r=T.special.hermite_polynomial_he(T.tensor([0.5,0.5,2.]),T.tensor([129.,7.,float('inf')]))
r=T.special.legendre_polynomial_p(T.tensor([0.25,-1.,1.5]),T.tensor([9.,5.,3.]))
r=T.special.laguerre_polynomial_l(T.tensor([0.25,0.,-1.5]),T.tensor([9.,5.,3.]))
    """,
    "tests of no dimension, and sums in a dtype that is asked for": """
r=T.any(T.tensor([[1,0],[2,0]]),())
r=T.all(T.tensor([[1,0],[2,0]],dtype=T.uint8),dim=[],keepdim=True)
r=T.tensor([[1.,0.]]).any(dim=())
r=T.any(T.ones(0,2),(),True)
r=T.all(T.tensor([1.,0.]),())
r=T.any(T.tensor([1.,0.]),(),out=T.zeros(2,dtype=T.uint8))
r=T.any(T.tensor([1j,0]),(0,),out=T.tensor(3,dtype=T.uint8))
r=T.any(T.tensor([[1,0],[2,0]]),(0,-1)),T.all(T.ones(2,3),None,True)
r=T.nansum(T.tensor([1.5,2.5,-3.,float('nan')]),dtype=T.int64)
r=T.nansum(T.tensor([[1.5,float('nan')]]),1,True,dtype=T.bool)
T.nansum(T.tensor([1.5]),dtype=T.complex64)
T.nansum(T.tensor([1.5]),0,out=T.tensor(1))
T.nansum(T.tensor([1.5],requires_grad=True),dtype=T.int64)
T.nanmean(T.ones(2,0),5,dtype=T.int32)
r=T.diff(T.ones(3),0,2)
T.amax(T.ones(2,0),-1)
T.amin(T.ones(0,2),(5,0))
T.hash_tensor(T.ones(0,2),(5,0))
x=T.tensor([[2-1j,1+1j],[-1.5+1j,0j]],requires_grad=True); T.prod(x,1,dtype=T.float64).sum().backward(); r=x.grad
x=T.tensor([2-1j,1+1j],requires_grad=True); T.prod(x,dtype=T.float32).backward(); r=x.grad
    """,
    "distances beside NaN": """
r=T.cdist(T.tensor([[1.,float('nan')],[3.,1.]]),T.tensor([[2.,2.]]),float('inf'))
r=T.cdist(T.tensor([[1.,float('nan')],[3.,1.]]),T.tensor([[2.,1.]]),0.)
r=T.pdist(T.tensor([[1.,float('nan')],[3.,1.],[3.,2.]]),0.)
    """,
    "a choice of complex numbers, by real gradients": """
x=T.tensor([1.,2.],requires_grad=True); y=T.where(T.tensor([True,False]),x,1j); y.abs().sum().backward(); r=x.grad
x=T.tensor([1.,2.],requires_grad=True); y=T.where(x>1,1j,x); y.abs().sum().backward(); r=y.grad_fn.next_functions[1][0].name()
    """,
    "complex numbers that become bools": """
r=T.slice_scatter(T.zeros(3,dtype=T.bool),T.tensor([1j,2+2j,0j]),0)
r=T.select_scatter(T.zeros(3,dtype=T.bool),T.tensor(1j),0,1)
r=T.diagonal_scatter(T.zeros(2,2,dtype=T.bool),T.tensor([1j,0j]))
r=T.as_strided_scatter(T.zeros(3,dtype=T.bool),T.tensor([1j,1+0j]),(2,),(1,))
    """,
    "numbers without dimensions, of half precision": """
T.manual_seed(0); r=T.alpha_dropout(T.tensor(1.5,dtype=T.bfloat16),.5,True)
T.manual_seed(0); r=T.alpha_dropout_(T.tensor(1.5,dtype=T.bfloat16),.5,True)
r=T.logit(T.tensor([.1,.2,.3,.45,.6,.9,.99],dtype=T.bfloat16))
r=T.logit(T.tensor([.1,.2,.3,.45,.6,.9,.99],dtype=T.float16))
r=T.logit(T.tensor([.01,.3,.99],dtype=T.float16),.05)
    """,
    "a mean of infinite numbers": """
r=T.native_layer_norm(T.tensor([[1.,float('inf'),1.],[1.,2,3]]),[3],None,None,1e-5)
r=T.native_group_norm(T.tensor([[[1.,1.,1.],[-float('inf'),1.,1.]]]),None,None,1,2,3,1,1e-5)
    """,
    "several results, named by what wrote them": """
r=repr(T.max(T.tensor([[1.,3.]]),1,out=(T.ones(1),T.ones(1,dtype=T.int64))))
r=repr(T.sort(T.tensor([2.,1.]),out=(T.ones(2),T.ones(2,dtype=T.int64))))
r=repr(T.mode(T.tensor([2.,1.]),out=(T.ones(()),T.ones((),dtype=T.int64))))
r=repr(T.linalg.slogdet(T.eye(2),out=(T.ones(()),T.ones(()))))
r=T.svd(T.eye(2),out=(T.ones(2,2),T.ones(2),T.ones(2,2))).S
r=isinstance(T.topk(T.tensor([2.,1.]),1,out=(T.ones(1),T.ones(1,dtype=T.int64))),T.return_types.topk_out)
    """,
    "copies into a view that overlaps itself": """
r=T.as_strided_scatter(T.ones(2,3),T.ones(2,3),(2,3),(1,0))
r=T.as_strided_scatter(T.ones(2,3),T.arange(6.).view(2,3),(2,3),(1,1))
r=T.as_strided_scatter(T.ones(2,3),T.arange(6.).view(3,2),(3,2),(1,1),1)
r=T.as_strided_scatter(T.zeros(12),T.arange(9.).view(3,3).t(),(3,3),(1,1))
r=T.as_strided_scatter(T.zeros(12),T.arange(6.).view(2,3).t(),(3,2),(1,1))
r=T.as_strided_scatter(T.zeros(3,3),T.arange(8.).view(2,2,2),(2,2,2),(2,1,2))
T.logspace(1,T.ones(1,2),1,out=T.ones(2,requires_grad=True))
    """,
}
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    with Pair() as pair:
        found = pair.run(Line(line, title))
    assert found is None, found.text


def test_a_draw_beside_nan_does_not_ask_numpys_settings() -> None:
    with Pair() as pair, np.errstate(all="raise"):
        assert pair.run(Line("x = T.tensor([float('nan'), -1.0, 2.0]).bfloat16()", "leaf")) is None
        assert pair.run(Line("T.manual_seed(1); r = T.rrelu(x, training=True)", "rrelu")) is None


def test_what_is_refused_draws_nothing_and_a_gradient_that_is_no_number_moves_nothing() -> None:
    with Pair() as pair:
        for text, label in (
            ("T.manual_seed(1); T.rrelu_(T.tensor([-1., 0.], dtype=T.float16), training=True)", "rrelu_"),
            ("r = T.rand(3)", "rand"),
            ("p = T.nn.Parameter(T.tensor([1., 2., 3.])); o = T.optim.Rprop([p])", "Rprop"),
            ("p.grad = T.tensor([float('nan'), 1., -1.]); o.step(); r = p.data", "step"),
            ("p.grad = T.tensor([1., float('nan'), float('inf')]); o.step(); r = p.data", "step"),
        ):
            assert pair.run(Line(text, label)) is None
