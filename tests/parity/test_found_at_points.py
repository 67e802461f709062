"""What random programs and the sweep over hard points found in names that they came to ask about; each kind once or twice.

A line runs in both libraries with the whole state of every tensor compared after it, as in a random program.
"""

from __future__ import annotations

import pytest

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
}
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@pytest.mark.parametrize(("title", "line"), LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    found = Pair().run(Line(line, title))
    assert found is None, found.text
