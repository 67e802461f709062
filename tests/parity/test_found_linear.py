"""What was found wrong in linear algebra, products and transforms, held for good: each line gives the same in PyTorch.

As in test_found_wrong, all that `programs` compares is compared, and a refusal's text; the lines are grouped by what was wrong.
"""

from __future__ import annotations

import pytest

import autogradkit as ak
from tests.every_case import every_case

from .programs.runs import Line, Pair

# Long lines stay whole: each is a program.
CASES = {
    "what writes into the out= of a composition": """
x=T.eye(2,requires_grad=True)*2; r=T.linalg.cond(x,out=T.zeros(())); r.backward(); g=T.autograd.grad(T.linalg.cond(x),x)
x=T.eye(2,requires_grad=True); r=T.linalg.tensorinv(x,1,out=T.zeros(2,2)); n=r.grad_fn.name()
x=T.eye(2); r=T.linalg.matrix_norm(x,out=T.zeros((),requires_grad=True))
x=T.eye(2,requires_grad=True); T.linalg.det(x,out=T.zeros(()))
x=T.eye(3); T.linalg.inv(x,out=T.zeros(3,3,requires_grad=True))
x=T.eye(2); T.linalg.matrix_power(x,4,out=T.zeros(2,2,requires_grad=True))
x=T.eye(2); T.linalg.matrix_power(x,5,out=T.zeros(2,2,requires_grad=True))
x=T.ones(4,requires_grad=True); T.fft.rfft(x,out=T.zeros(3,dtype=T.complex64))
x=T.ones(4); T.fft.irfft(x,out=T.zeros(6,dtype=T.complex64))
T.fft.fftfreq(4,out=T.zeros(3))
r=T.fft.rfftfreq(4,out=T.zeros(3,1))
T.linalg.eigvals(T.eye(2),out=T.zeros(2))
r=T.linalg.eigvals(T.eye(2),out=T.zeros(2,dtype=T.complex128))
r=T.cholesky(T.eye(2),out=T.zeros(2,2,dtype=T.float64))
T.linalg.vecdot(T.ones(3),T.ones(3),out=T.zeros((),dtype=T.int64))
x=T.eye(2).expand(3,2,2); T.linalg.cond(x,out=T.zeros(2,requires_grad=True))
T.gcd(T.tensor(6),T.tensor(4),out=T.zeros((),requires_grad=True))
""",
    "no operands, no elements": """
r=T.einsum('i',[])
r=T.einsum('i',())
r=T.einsum(T.tensor(2.),[])
r=T.linalg.lu(T.ones(2,0,3),pivot=False)
r=T.linalg.lu_factor(T.ones(0,2,2),pivot=False)
r=T.linalg.lu_factor_ex(T.ones(2,2),pivot=False)
""",
    "gradients that PyTorch refuses": """
x=T.tensor([[1+2j,.5,2j],[.25j,1,3]],requires_grad=True); T.linalg.svd(x,False)[0].imag.sum().backward()
x=T.tensor([[1+2j,.5,2j],[.25j,1,3]],requires_grad=True); u,s,v=T.linalg.svd(x,False); (u@v).imag.sum().backward(); r=x.grad
x=T.ones(3,requires_grad=True); T.vander(x,3).sum().backward()
x=T.ones(2,2,requires_grad=True); T.linalg.solve_ex(x,T.ones(2))[0].sum().backward(create_graph=True)
x=T.ones(2,2,requires_grad=True); T.linalg.slogdet(x)[1].backward(create_graph=True)
x=T.ones(2,requires_grad=True); T.dist(x,T.tensor([1j,2])).backward()
x=T.ones(2,requires_grad=True); T.addr(T.zeros(2),x,T.tensor([1j,2])).abs().sum().backward()
x=T.ones(2,requires_grad=True); y=T.tensor([1j,2],requires_grad=True); r=T.autograd.grad(T.dist(x,y),y)
x=T.ones(2,2,requires_grad=True); T.linalg.solve_triangular(T.eye(2)*(1+1j),x,upper=True).abs().sum().backward()
x=(T.eye(2)*2).requires_grad_(); r=T.linalg.solve_triangular(x,T.tensor([[1+2j,3],[2j,1]]),upper=True); r.sum().backward()
""",
    "gradients that are none, or zeros": """
x=(T.eye(2)*2).requires_grad_(); T.linalg.slogdet(x)[0].backward(); r=x.grad
x=T.ones(2,1,requires_grad=True); y=T.eye(2,requires_grad=True); r=T.autograd.grad(T.triangular_solve(x,y)[1].sum(),x)[0].clone()
x=T.tensor([[.5,.5,-1.25],[-1.25,.5,.5]],requires_grad=True); T.pdist(x,.5).sum().backward(); r=x.grad
x=T.ones(2,3,dtype=T.complex64).cumsum(0).requires_grad_(); r=T.corrcoef(x*T.tensor([1j,2,3])); r.abs().sum().backward()
""",
    "inner products that broadcast": """
x=T.ones(4,2,1,requires_grad=True); r=T.linalg.vecdot(x,T.arange(6.).view(2,3)); r.sum().backward()
r=T.linalg.vecdot(T.tensor(2.),T.arange(3.))
r=T.linalg.vecdot(T.arange(3.),T.arange(3.),dim=5)
T.linalg.vecdot(T.ones(2,2),T.ones(3,3))
""",
    "pivots that are no rows": """
T.linalg.lu_solve(T.ones(2,2),T.tensor([3,3]).int(),T.ones(2,3))
T.linalg.lu_solve(T.ones(2,2),T.tensor([0,1]).int(),T.ones(2,3))
T.linalg.ldl_solve(T.ones(2,2),T.tensor([3,1]).int(),T.ones(2,3))
T.linalg.ldl_solve(T.ones(2,2),T.tensor([0,-5]).int(),T.ones(2,3))
T.linalg.lu_solve(T.ones(2,2),T.ones(2,requires_grad=True),T.ones(2,2))
""",
    "what is wrong, in order": """
T.cholesky_solve(T.ones(2,2),T.ones(2,3).double())
T.triangular_solve(T.ones(2,2),T.ones(2,3))
T.linalg.ldl_solve(T.ones(2,2),T.ones(3).int(),T.ones(3,2))
T.ormqr(T.ones(3,2),T.ones(5),T.ones(3,2))
T.linalg.lstsq(T.ones(3,2),T.ones(2))
T.linalg.eig(T.ones(1,2).int())
T.linalg.eigvals(T.tensor([[float('inf'),2]]))
T.linalg.matrix_rank(T.zeros(2,2).half())
T.linalg.pinv(T.ones(2,2),rcond=T.ones(()).cfloat())
T.linalg.matrix_norm(T.ones(2).int(),300)
T.linalg.matrix_norm(T.ones(2,2,2),2,dim=(-2,1))
T.linalg.multi_dot([T.ones(2,2),T.ones(3,2)],out=T.ones(2,2,requires_grad=True))
T.dist(T.ones(2).bool(),T.ones(3))
T.addbmm(T.ones(5,4,1),T.ones(1,1,1),T.ones(1,1,1))
T.ones(1).addmv_(T.ones(2,2),T.ones(2),beta=1e300)
T.addr(T.ones(3),T.ones(3),T.ones(3),alpha=True)
T.stft(T.ones(8).bfloat16(),4,return_complex=True)
T.fft.ihfft2(T.ones(2,dtype=T.complex64))
""",
    "strides, versions, dtypes": """
r=T.vander(T.arange(3.),increasing=True)
r=T.matrix_power(T.ones(2,2).t(),0),T.matrix_power(T.ones(3,2).t()[:,:2],1)
x=T.ones(2,2,requires_grad=True); r=T.matrix_power(x,0); r.sum().backward()
r=T.linalg.matrix_rank(T.eye(2)*2),T.linalg.cond(T.zeros(2,0,0),1)
x=T.zeros(4,0,3,requires_grad=True); r=T.linalg.matrix_norm(x,2,keepdim=True),T.linalg.matrix_norm(x,1)
r=T.svd(T.arange(6.).view(2,3)+T.eye(2,3),compute_uv=False)
r=T.addr(T.ones(3,2).t(),T.ones(2),T.ones(3))
r=T.addr(T.ones(()).double(),T.ones(1),T.ones(2))
r=T.addr(T.ones(3).bfloat16()*.3,T.ones(3).bfloat16()*.7,T.ones(3).bfloat16()*.9,beta=.3,alpha=.1)
r=T.mvlgamma(T.ones(3,2).t()*3,2)
r=T.cholesky(T.ones(0,3)),T.linalg.eigvalsh(T.zeros(0,0).int()),T.cdist(T.ones(0,3).half(),T.ones(2,3).half())
r=T.fft.rfftfreq(-1),T.fft.rfftfreq(-3)
x=T.ones(1).expand(3); r=x.conj_physical_()
r=T.igamma(T.tensor([float('nan'),float('inf')]),T.tensor([float('inf'),float('nan')]))
""",
}
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@every_case("title line", LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    pair = Pair()
    found = pair.run(Line(line, title))
    assert found is None, found.text
    assert not pair.crashed


def test_negative_pivots_that_stand_alone_are_refused() -> None:
    """PyTorch hands them to LAPACK, which reads and writes past the matrix."""
    with pytest.raises(RuntimeError, match="must stand in pairs"):
        ak.linalg.ldl_solve(ak.ones(3, 3), ak.tensor([-1, -2, -3]).int(), ak.ones(3, 2))
    factors = ak.linalg.ldl_factor(ak.tensor([[0.0, 1.0], [1.0, 0.0]]))
    assert factors.pivots.tolist() == [-2, -2]
    assert ak.linalg.ldl_solve(*factors, ak.tensor([[3.0], [5.0]])).tolist() == [[5.0], [3.0]]


def test_the_sizes_of_an_edit_are_looked_at_before_what_its_kernel_refuses() -> None:
    with pytest.raises(RuntimeError, match=r"Bad in-place call: input tensor size \[1\]"):
        ak.ones(1).bool().addmv_(ak.ones(2, 2).bool(), ak.ones(2).bool())
