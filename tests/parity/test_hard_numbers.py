"""Numbers that a dtype, or 64 bits, cannot hold, and sizes that no memory can: wrapped, infinite or refused as in PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

import autogradkit
from tests.every_case import every_case

from .outcomes import outcome

LINES = """
(T.ones(2,dtype=T.bfloat16)+2**63).float(); T.ones(2,dtype=T.bfloat16)==2**63; T.full((2,),2**63,dtype=T.bfloat16).float()
T.ones(2,dtype=T.bfloat16).masked_fill(T.tensor([True,False]),2**63).float()
T.ones(2,dtype=T.bool)-2**64; T.ones(2,dtype=T.bool)-2**63
T.ones(2,dtype=T.complex64)//2**64; T.div(T.ones(2),-2**63-1,rounding_mode='floor'); T.ones(2,dtype=T.bool)/2**63
T.ones(2,dtype=T.bool).copysign_(2**63); T.mul(T.ones(2,dtype=T.bool),2**63,out=T.ones(2,dtype=T.bool))
T.linspace(float('inf'),2,1,dtype=T.uint8); T.linspace(float('inf'),2,0,dtype=T.uint8); T.linspace(2,float('inf'),3,dtype=T.long)
T.linspace(2,float('inf'),1,dtype=T.long); T.linspace(T.tensor(2),float('nan'),3,dtype=T.int8)
T.linspace(1+2j,2,1,out=T.ones(1).bool())
T.linspace(1+2j,2,3,out=T.ones(3).byte()); T.linspace(2+0j,2,3,out=T.ones(3)); T.linspace(1+2j,2,3,dtype=T.float32)
T.linspace(1+2j,2,1,out=T.ones(1).half()); T.linspace(1+2j,2,0,out=T.ones(0)); T.linspace(3,2,1,dtype=T.bool)
T.nn.functional.pad(T.ones(2,dtype=T.uint8),(1,1),value=-1); T.nn.functional.pad(T.ones(2,dtype=T.uint8),(1,1),value=300)
T.nn.functional.pad(T.ones(2,dtype=T.int8),(1,1),value=200); T.nn.functional.pad(T.ones(2,dtype=T.long),(1,1),value=1.5)
T.nn.functional.pad(T.ones(2,dtype=T.long),(1,1),value=float('nan')); T.nn.functional.pad(T.ones(2),(1,1),value=1e300)
T.nn.functional.pad(T.ones(2),(1,1),value=1j); T.nn.functional.pad(T.ones(2,dtype=T.bool),(1,1),value=2)
T.nn.functional.pad(T.ones(2),(1,1),value=True); T.nn.functional.pad(T.ones(2),(1,1),value=2**64)
T.where(T.tensor([True,False]),T.ones(2),1e300); T.where(T.tensor([True,False]),1e300,T.ones(2))
T.where(T.tensor([True,False]),1,2.5); T.where(T.tensor([True,False]),T.ones(2,dtype=T.long),2**63)
T.where(T.tensor([True,False]),T.ones(2,dtype=T.uint8),-1); T.where(T.tensor([True,False]),T.ones(2,dtype=T.uint8),300)
T.where(T.tensor([True,False]),T.ones(2,dtype=T.long),1.5); T.where(T.tensor([True,False]),T.ones(2),1j)
T.where(T.tensor([True,False]),T.ones(2).half(),1e5); T.sub(T.ones(2),2,alpha=True)
T.sub(T.ones(2,dtype=T.long),2,alpha=True); T.ones(2).sub_(2,alpha=True); T.ones(2).sub_(T.ones(2),alpha=True)
T.add(T.ones(2),2,alpha=True); T.add(T.ones(2,dtype=T.bool),True,alpha=True); T.add(T.ones(2),T.ones(2),alpha=1j)
T.add(T.ones(2,dtype=T.long),T.ones(2,dtype=T.long),alpha=1.5); T.rsub(T.ones(2),2,alpha=True); T.ones(2).half()**70000
T.ones(2).half()**70000.; T.pow(2.,T.ones(2).half()*3); T.pow(70000.,T.ones(2).half()); T.ones(2).half()+70000
T.ones(2).half()*70000; T.ones(2).half()/70000; T.ones(2).half()>70000; T.ones(2).half().clamp(max=70000)
T.ones(2).half().fill_(70000); T.full((2,),70000,dtype=T.half); T.tensor(70000,dtype=T.half); T.ones(2,dtype=T.uint8)+(-1)
T.ones(2,dtype=T.uint8)*300; T.ones(2,dtype=T.uint8)>300; T.ones(2,dtype=T.uint8)==-1; T.ones(2,dtype=T.uint8)//-1
T.ones(2,dtype=T.uint8)%-1; T.ones(2,dtype=T.uint8).clamp(-1,300); T.ones(2,dtype=T.uint8).fill_(-1)
T.ones(2,dtype=T.uint8).masked_fill(T.tensor([True,False]),-1)
T.ones(2,dtype=T.uint8).masked_fill(T.tensor([True,False]),300)
T.ones(2,dtype=T.int8).masked_fill(T.tensor([True,False]),200); T.ones(2,dtype=T.uint8).index_fill(0,T.tensor([0]),300)
T.ones(2,dtype=T.uint8).scatter(0,T.tensor([0]),300); T.ones(2,dtype=T.uint8).scatter(0,T.tensor([0]),-1)
T.ones(2,dtype=T.uint8)&300; T.ones(2,dtype=T.uint8)&-1; T.ones(2,dtype=T.uint8)^256; T.ones(2,dtype=T.long)+2**63
T.ones(2,dtype=T.long)+2**64; T.ones(2,dtype=T.long)*-2**63; T.ones(2,dtype=T.long)-2**63; T.ones(2)+2**64
T.ones(2)+(-2**63-1); T.ones(2)*10**400; T.ones(2)>2**64; T.ones(2).eq(2**70); T.ones(2).clamp(0,2**70)
T.ones(2).fill_(2**64); T.ones(2)+float('nan'); T.ones(2)*1e300; T.ones(2)/1e-300; T.ones(2)+1e300; T.ones(2)>1e300
T.ones(2).clamp(max=1e300); T.ones(2).clamp(float('nan')); T.ones(2).clamp(1j); T.ones(2).clamp('a')
T.ones(2).fill_(1e300); T.ones(2).fill_(1j); T.ones(2).fill_(float('inf')); T.ones(2,dtype=T.long).fill_(1.7)
T.ones(2,dtype=T.long).fill_(1j); T.ones(2,dtype=T.bool).fill_(2.5); T.full((2,),1e300); T.full((2,),True)
T.full((2,),1j); T.ones(2,2).addmm(T.ones(2,2),T.ones(2,2),beta=1e300)
T.ones(2,2).addmm(T.ones(2,2),T.ones(2,2),alpha=1j)
T.ones(2,2,dtype=T.long).addmm(T.ones(2,2,dtype=T.long),T.ones(2,2,dtype=T.long),beta=1.5)
T.ones(2,2).addmm(T.ones(2,2),T.ones(2,2),beta=float('nan')); T.ones(2,2).addmm(T.ones(2,2),T.ones(2,2),beta=0)
(T.ones(2,2)*float('nan')).addmm(T.ones(2,2),T.ones(2,2),beta=0); T.nn.functional.dropout(T.ones(2),p=float('nan'))
T.nn.functional.softmax(T.ones(2),dim=True); T.arange(1e300); T.arange(0,1e20,1e19); T.arange(2**63)
T.arange(0,5,float('nan')); T.arange(1j); T.linspace(0,1e300,3); T.linspace(float('nan'),1,3); T.linspace(0,1,True)
T.linspace(0,1,3,dtype=T.uint8); T.linspace(-1,1,3,dtype=T.uint8); T.linspace(0,300,3,dtype=T.uint8); T.zeros(2**60)
T.zeros(2**62,2**62); T.ones(2).var(correction=2); T.ones(3).var(correction=float('nan')); T.ones(3).var(correction=1j)
T.ones(3).var(correction=-1); T.ones(3).var(correction=1.5); T.ones(3).std(correction=float('inf'))
T.ones(3).norm(float('nan')); T.ones(3).norm(1e300); T.ones(3).norm(-1); T.ones(3).norm(0); T.ones(3).norm(True)
T.ones(3).norm('foo'); T.nn.functional.huber_loss(T.ones(3),T.zeros(3),delta=-1)
T.nn.functional.huber_loss(T.ones(3),T.zeros(3),delta=float('nan')); T.ones(3).round(decimals=400)
T.ones(3).round(decimals=-400); T.ones(3).round(decimals=1.5); (T.ones(3)*1.2345).round(decimals=2)
T.ones(3,dtype=T.long).round(decimals=1); T.ones(3).allclose(T.ones(3),rtol=float('nan'))
T.ones(3).allclose(T.ones(3),rtol=-1); T.ones(3).isclose(T.ones(3),atol=float('inf')); T.ones(3).cumsum(True)
T.ones(3).sum(True); T.ones(3).sum(0,True); T.ones(3).sum(0.); T.ones(3).sum(np.int64(0)); T.ones(3).sum(T.tensor(0))
T.ones(3).sum((0,0)); T.ones(3).sum([]); T.ones(3).sum(None); T.ones(3).view(np.int64(3)); T.ones(3).view(T.tensor(3))
T.ones(3).view((T.tensor(3),)); T.ones(3).view(3.); T.zeros(T.tensor(2)); T.zeros((T.tensor(2),2)).shape
T.zeros(np.int32(2)).shape; T.zeros(True); T.ones(3).reshape(-1.); T.ones(3).topk(True); T.ones(3).topk(2.)
T.ones(3).narrow(0,T.tensor(0),T.tensor(2)); T.ones(3).narrow(0,0,2.); T.randint(0,2**63,(2,)).shape
T.randint(0,2**64,(2,)); T.randint(5,5,(2,)); T.randint(0,2.5,(2,)); T.randperm(-1); T.randperm(2.5)
T.normal(0.,-1.,(2,)); T.ones(2).uniform_(1,0); T.ones(2).uniform_(0,float('inf')); T.ones(2).uniform_(0,1e300)
T.ones(2).bernoulli_(1.5); T.ones(2).bernoulli_(float('nan')); T.ones(2).exponential_(-1)
T.multinomial(T.tensor([-1.,2]),1); T.multinomial(T.tensor([float('nan'),2]),1); T.multinomial(T.tensor([0.,0]),1)
T.multinomial(T.tensor([1.,1]),3); T.multinomial(T.tensor([1.,1]),0)
T.ones(2).add_(2, alpha=True); T.ones(2).sub_(T.ones(2), alpha=1.0); T.arange(3).sub_(T.arange(3), alpha=1.0)
T.ones(2, dtype=T.uint8) ** 300; T.ones(2) ** 1e300; T.arange(3) ** 2**63; T.ones(2).sum(2**64); T.ones(2).unsqueeze(2**64)
T.where(T.tensor([True, False]), T.ones(2).half(), 1e300); T.where(T.tensor([True, False]), T.ones(2, dtype=T.int8), -200)
"""


def _seen(line: str, library: Any) -> Any:
    """What a user sees of a line; of the signatures that a call may have met, which are listed, the first line."""

    def run(library: Any) -> Any:
        library.manual_seed(0)
        return eval(line, {"T": library, "np": np})

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            seen = outcome(run, library)
        except OverflowError as error:
            seen = f"OverflowError: {error}"
    refused = isinstance(seen, str) and "invalid combination of arguments" in seen
    return seen.partition("\n")[0] if refused else seen, [
        str(each.message).partition(" (Triggered internally")[0] for each in caught
    ]


@every_case("line", [part.strip() for row in LINES.strip().splitlines() for part in row.split(";")])
def test_a_number_or_a_size(line: str) -> None:
    assert _seen(line, autogradkit) == _seen(line, torch)
