"""`torch.autograd` beside PyTorch where few programs go: every option of gradcheck, wrong arguments of `grad` and `backward`,
the modules of modes, bases of old functions. Each line is a program that both libraries run; `⏎` is a new line in it.
"""

from __future__ import annotations

import warnings

import pytest
import torch

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "gradcheck": """
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: x*x,(x,),check_forward_ad=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: (x*x,x.sum()),(x,),check_forward_ad=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradcheck(lambda x: x*x.detach(),(x,),check_backward_ad=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); A.gradcheck(lambda x: x*x.detach(),(x,),check_forward_ad=True,check_backward_ad=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); y=T.ones(2,dtype=T.float64); r=A.gradcheck(T.mul,(x,y),check_forward_ad=True)
x=T.tensor([1.,2j],requires_grad=True).cdouble().detach().requires_grad_(); r=A.gradcheck(lambda x: x*x,(x,),check_forward_ad=True)
x=T.tensor([1.,2j],dtype=T.complex128,requires_grad=True); r=A.gradcheck(lambda x: x.real*x.conj(),(x,),check_forward_ad=True)
x=T.tensor([1.,2j],dtype=T.complex128,requires_grad=True); r=A.gradcheck(lambda x: x*x.detach(),(x,),check_forward_ad=True,check_backward_ad=False,raise_exception=False)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),fast_mode=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradcheck(lambda x: tuple(y for y in (x*x,x*3) if y.requires_grad),(x,))
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),masked=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_grad=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_grad=True,check_backward_ad=False,check_forward_ad=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_forward_grad=True)
x=T.ones(2,dtype=T.float64,requires_grad=True); r=A.gradcheck(T.sin,(x,),check_batched_forward_grad=True,check_forward_ad=True)
    """,
    "gradgradcheck": """
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),gen_non_contig_grad_outputs=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_fwd_over_rev=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False,check_fwd_over_rev=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False,check_fwd_over_rev=True,check_undefined_grad=False)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),check_rev_over_rev=False,check_fwd_over_rev=True,check_undefined_grad=False,check_batched_grad=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x**3,(x,),fast_mode=True,check_grad_dtypes=True,masked=True)
x=T.tensor([1.,2.],dtype=T.float64,requires_grad=True); r=A.gradgradcheck(lambda x: x*x.detach()**2,(x,),raise_exception=False)
x=T.ones(2,dtype=T.float64,requires_grad=True); A.gradgradcheck(lambda x: x*x,(x,),[T.ones(3,dtype=T.float64)])
    """,
    "modes": """
A.set_multithreading_enabled("a")
A.set_multithreading_enabled(3)
s=A.set_multithreading_enabled(False); r=A.is_multithreading_enabled(); A.set_multithreading_enabled(True)
with A.set_multithreading_enabled(False): ⏎  s=A.is_multithreading_enabled() ⏎r=s,A.is_multithreading_enabled()
s=A.grad_mode.set_multithreading_enabled(False) ⏎with s: ⏎  pass ⏎r=A.is_multithreading_enabled()
with A.grad_mode.no_grad(): ⏎  r=A.grad_mode.enable_grad is T.enable_grad,T.is_grad_enabled()
with A.anomaly_mode.set_detect_anomaly(True): ⏎  r=T.is_anomaly_enabled()
r=A.anomaly_mode.detect_anomaly is A.detect_anomaly
    """,
    "old functions": """
class B(A.function.InplaceFunction): ⏎  forward=staticmethod(lambda c,x: x.sign()) ⏎  backward=staticmethod(lambda c,g: g*3) ⏎x=T.tensor([2.,-1.],requires_grad=True); B.apply(x).sum().backward(); r=x.grad
    """,
    "wrong arguments": """
x=T.ones(3,requires_grad=True); A.backward(x*2)
x=T.ones(3,requires_grad=True); A.backward(x*2,T.ones(2))
x=T.ones(3,requires_grad=True); A.backward([x*2,x.sum()],[T.ones(3)])
x=T.ones(3,requires_grad=True); A.backward([x.sum()],[T.ones(()),T.ones(())])
x=T.ones(3,requires_grad=True); A.backward(x.sum(),[1.0])
x=T.ones(3,requires_grad=True); A.backward([3])
x=T.ones(3,requires_grad=True); A.backward(x.sum(),inputs=3)
x=T.ones(3,requires_grad=True); A.backward(x.sum(),retain_graph=2.5)
x=T.ones(3,requires_grad=True); A.grad(x.sum(),[])
x=T.ones(3,requires_grad=True); A.grad([],x)
x=T.ones(3,requires_grad=True); A.grad(x*2,x,T.ones(3,1))
x=T.ones(3,requires_grad=True); A.grad(x*2,x,T.ones(2,4),is_grads_batched=True)
x=T.ones(3,requires_grad=True); A.grad(x*2,x,T.ones(0,3),is_grads_batched=True)
x=T.ones(3,requires_grad=True); A.grad([x*2,x.sum()],x,[T.eye(3),T.ones(2)],is_grads_batched=True)
x=T.ones(3,requires_grad=True); A.grad(x.sum(),x,is_grads_batched=True)
x=T.ones(3,requires_grad=True); r=A.grad([x*2,x.sum()],x,[T.eye(3),T.ones(3)],is_grads_batched=True)
    """,
}  # fmt: skip
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@pytest.fixture(autouse=True, scope="module")
def _said_once() -> None:
    """PyTorch says of its own use of `torch.jit.script` that it is deprecated, the first time that forward mode runs."""
    with warnings.catch_warnings(action="ignore"), torch.autograd.forward_ad.dual_level():
        torch.autograd.forward_ad.make_dual(torch.ones(1), torch.ones(1)) * 2


@pytest.mark.parametrize(("title", "line"), LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    pair = Pair()
    for space in (pair.mine, pair.theirs):
        space["A"] = space["T"].autograd
    found = pair.run(Line(line.replace(" ⏎", "\n").replace("⏎", "\n"), title))
    assert found is None, found.text
