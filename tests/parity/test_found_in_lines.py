"""Lines of code that said something else than PyTorch, kind by kind: wrong calls, devices, hooks, files.

As in test_names_from_inside.py each line is run by both libraries, and what it says is compared (one_line.py).
"""

# ruff: noqa: E501 - long lines stay whole: each is a program.

from __future__ import annotations

import pytest

from tests.every_case import every_case

from . import one_line

LINES = {
    "flags that may not be None, and the keywords of range": """
torch.range(0, 3, requires_grad=None); 0
torch.range(0, 3, pin_memory=False); 0
torch.range(0, 3, layout=None); 0
torch.range(0, 3, layout=torch.strided, requires_grad=True)
    """,
    "group norms of other sizes": """
torch.native_group_norm(torch.arange(3.0), None, None, 3, 1, 1, 1, 1e-5)
torch.native_group_norm(torch.tensor(1.0), None, None, 1, 1, 1, 1, 1e-5)
x = torch.arange(4.0).requires_grad_(); torch.native_group_norm(x, None, None, 2, 2, 1, 1, 1e-5)[0].pow(3).sum().backward(); x.grad
    """,
    "hooks that give what lies elsewhere": """
x = torch.ones(2, requires_grad=True); x.register_hook(lambda g: torch.ones(2, device="meta")); x.sum().backward(); 0
x = torch.ones(2, requires_grad=True); y = x * 2; y.register_hook(lambda g: torch.ones(2, device="meta")); y.sum().backward(); 0
x = torch.ones(2, requires_grad=True); x.register_post_accumulate_grad_hook(lambda p: torch.ones(3)); x.sum().backward(); 0
x = torch.ones(2, requires_grad=True); x.grad = torch.ones(2, device="meta"); 0
x = torch.ones(2, requires_grad=True); (x * 2).backward(torch.ones(2, device="meta")); 0
x = torch.ones(2, requires_grad=True); x.sum().backward(torch.ones((), device="meta")); 0
    """,
    "hooks see the gradient that was given": """
z = torch.ones(2, requires_grad=True) * 2; s = []; g = torch.ones(2); h = z.register_hook(lambda x: s.append(x is g)); z.backward(g); s
z = torch.ones(2, requires_grad=True); s = []; g = torch.ones(2); h = z.register_hook(lambda x: s.append(x is g)); z.backward(g); s, z.grad is g
x = torch.ones(2, requires_grad=True); g = torch.ones(2); h = x.register_hook(lambda x: x.mul_(3)); (x * 2).backward(g); g, x.grad.tolist()
x = torch.ones(2, requires_grad=True); z = x * 2; g = torch.ones(2); h = z.register_hook(lambda x: x.mul_(3)); z.backward(g); g, x.grad.tolist()
x = torch.ones(2, requires_grad=True); z = x * 2; g = torch.ones(2); h = z.register_hook(lambda x: x.mul_(3)); torch.autograd.grad(z, x, g), g
x = torch.ones(2, requires_grad=True); z = x + 0; g = torch.ones(2); h = x.register_hook(lambda x: x); z.backward(g); g.mul_(5); x.grad
    """,
    "tensors with numbers beside tensors without": """
torch.ones(2) * torch.ones((), device="meta")
torch.ones(()) * torch.ones((), device="meta")
torch.atan2(torch.ones(2), torch.ones((), device="meta"))
torch.ones(2, device="meta").map_(torch.ones(2), lambda x, y: x)
torch.ones(2, device="meta").apply_(lambda x: x).shape
    """,
    "tensors that are given numbers, and lose them": """
x = torch.ones(2); x.data = torch.ones(2, device="meta"); 0
x = torch.ones(2, device="meta"); x.data = torch.ones(2); 0
m = torch.nn.Linear(2, 2); p = m.weight; m.to("meta"); p is m.weight, p, m.weight.shape
m = torch.nn.Linear(2, 2, device="meta"); p = m.weight; m.to_empty(device="cpu"); p is m.weight, p.is_meta, m.weight.is_meta
m = torch.nn.Linear(2, 2); p = m.weight; m.double(); p is m.weight
    """,
    "which forms a wrong call names first": """
torch.stft(torch.ones(10), 4, window=3)
    """,
    "masks over memory that is there several times": """
x = torch.arange(3.0).expand(2, 3); x.masked_fill_(torch.tensor([[True, False, False], [False, True, False]]), 9.0)
x = torch.arange(3.0).expand(2, 3); x.masked_fill_(torch.tensor([[True], [False]]), 9.0)
x = torch.arange(4.0).view(2, 2).t().expand(2, 2, 2); x.masked_fill_(torch.tensor([[[True, False]], [[False, True]]]), torch.tensor(9.0))
x = torch.arange(5.0).as_strided((3, 3), (1, 1)); x.masked_fill_(torch.eye(3, dtype=torch.bool), 9.0)
x = torch.ones(3, requires_grad=True); y = (x * 2).expand(2, 3); y.masked_fill_(torch.tensor([[True], [False]]), 9.0); y.sum().backward(); y, x.grad.tolist()
    """,
    "no index at all": """
torch.ops.aten.index.Tensor(torch.tensor([1.0]), [])
    """,
    "layers of another number of sizes are printed": """
torch.nn.Conv2d(1, 1, (1, 2, 3))
    """,
    "devices": """
torch.device("float32")
torch.device("")
torch.device("cpu:01")
torch.device("cuda:99999999999")
torch.device("cpu", -1)
torch.device("cpu:0", 1)
torch.device("cpu", "a")
torch.device("cpu", 1, 2)
torch.device(3, 0)
torch.device([1])
torch.device(index=0)
torch.device()
torch.device(device="cpu"), torch.device(b"cpu"), torch.device(type="cuda", index=2), torch.device("cpu", None)
d = torch.device("cpu"); d.index = 1; 0
torch.device("cpu") < torch.device("meta")
copy.deepcopy(torch.device("cuda:1")), pickle.loads(pickle.dumps(torch.device("cuda:1")))
    """,
    "bags whose offsets are wrong": """
torch.nn.functional.embedding_bag(torch.tensor([0, 1]), torch.ones(2, 2), torch.tensor([0, -1]))
torch.nn.functional.embedding_bag(torch.tensor([0, 1]), torch.ones(2, 2), torch.tensor([0]), include_last_offset=True)
torch.nn.functional.embedding_bag(torch.tensor([0, 1]), torch.ones(2, 2), torch.tensor([], dtype=torch.long))
torch.nn.functional.embedding_bag(torch.tensor([0, 1]), torch.ones(2, 2), torch.tensor([0.0]), mode="sum")
    """,
    "least squares without full rank": """
torch.linalg.lstsq(torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 0.0]]), torch.ones(3, 1), driver="gels")
torch.linalg.lstsq(torch.stack([torch.eye(3), torch.zeros(3, 3)]), torch.ones(2, 3, 1), driver="gels")
    """,
    "methods without their tensor; functions that cannot be called; a device by its number": """
torch.Tensor.exp()
torch.ones(0).apply_(3)
torch.ones(2).map_(torch.ones(2), 3)
torch.ones(2).cuda(0)
torch.ones(2).cuda(-1)
    """,
    "what map_location raises or gives": """
import io; b = io.BytesIO(); torch.save(torch.ones(2), b); i = b.seek(0); torch.load(b, map_location=3)
import io; b = io.BytesIO(); torch.save(torch.ones(2), b); i = b.seek(0); torch.load(b, map_location=lambda s, l: {}[1])
import io; b = io.BytesIO(); torch.save(torch.ones(2), b); i = b.seek(0); torch.load(b, map_location=lambda s, l: 3)
import io; b = io.BytesIO(); torch.save(torch.ones(2), b); i = b.seek(0); torch.load(b, map_location="cpu:0")
import io; b = io.BytesIO(); torch.save(torch.nn.Linear(2, 1).state_dict(), b); i = b.seek(0); torch.load(b, map_location="meta")["weight"]
import io; b = io.BytesIO(); torch.save(torch.nn.Parameter(torch.ones(2)), b, _use_new_zipfile_serialization=False); i = b.seek(0); torch.load(b, map_location="meta")
    """,
    "what is drawn before a refusal; strides of distinct rows where sizes are one": """
from unittest import TestCase as C; e = C().assertRaises(RuntimeError, torch.native_dropout, torch.ones(3, dtype=torch.cfloat, requires_grad=True), 1.0, True); torch.rand(2)
from unittest import TestCase as C; e = C().assertRaises(RuntimeError, torch.native_dropout, torch.ones(3, dtype=torch.cfloat, requires_grad=True), 0.5, False); torch.rand(2)
from unittest import TestCase as C; e = C().assertRaises(RuntimeError, torch.nn.functional.dropout2d, torch.ones(2, 3, 2, 2, dtype=torch.int64)); torch.rand(2)
x = torch.arange(6.0).reshape(2, 1, 3); [[f(x.permute(p), dim=d).stride() for d in range(3)] for p in ((2, 1, 0), (0, 2, 1), (2, 0, 1)) for f in (torch.unique, torch.unique_consecutive)]
    """,
    "what sequences of users' classes hold, and tensors and arrays among whole numbers": """
C = type("C", (), {"__len__": lambda s: 3, "__array__": lambda s, *a, **k: __import__("numpy").ones(3), "__getitem__": lambda s, i: [5.0, 6.0, 7.0][i]})(); [f(C) for f in (torch.tensor, torch.as_tensor, torch.Tensor, torch.LongTensor)]
C = type("C", (), {"__len__": lambda s: 3, "__array__": lambda s, *a, **k: __import__("numpy").ones(3), "__getitem__": lambda s, i: [5.0, 6.0, 7.0][i]})(); torch.tensor([C, C]), torch.ones(2).new_tensor(C)
C = type("C", (), {"__len__": lambda s: 3, "__array__": lambda s, *a, **k: __import__("numpy").ones(3), "__getitem__": lambda s, i: {1: 2.0}[i]})(); torch.tensor(C)
C = type("C", (), {"__len__": lambda s: 3, "__array__": lambda s, *a, **k: __import__("numpy").ones(3), "__getitem__": lambda s, i: {1: 2.0}[i]})(); torch.FloatTensor(C)
C = type("C", (), {"__len__": lambda s: 3, "__array__": lambda s, *a, **k: __import__("numpy").ones(3), "__getitem__": lambda s, i: {0: 1.0, 1: 2.0}[i]})(); torch.tensor(C)
C = type("C", (), {"__len__": lambda s: 3, "__array__": lambda s, *a, **k: __import__("numpy").ones(3), "__getitem__": lambda s, i: [1, None, 3][i]})(); torch.tensor(C)
C = type("C", (), {"__len__": lambda s: 3, "__array__": lambda s, *a, **k: __import__("numpy").ones(3), "__getitem__": lambda s, i: [1, None, 3][i]})(); torch.Tensor(C)
C = type("C", (), {"__getitem__": lambda s, i: [5.0][i]})(); torch.tensor(C)
C = type("C", (), {"__array__": lambda s, *a, **k: __import__("numpy").ones(3)})(); torch.tensor(C)
C = type("C", (), {"__len__": lambda s: 0, "__getitem__": lambda s, i: {}[i]})(); torch.tensor(C)
torch.tensor([torch.tensor(1.5), torch.tensor(2.5)], dtype=torch.long)
torch.LongTensor([1, torch.tensor(1.5)])
torch.tensor([torch.tensor(1.5)], dtype=torch.bool)
torch.tensor([torch.tensor(True), torch.tensor(2)], dtype=torch.uint8), torch.tensor([torch.tensor(1.5), torch.tensor(2)])
torch.tensor([torch.tensor(1j)], dtype=torch.float32)
import numpy as np; torch.tensor([np.array(1.0)])
import numpy as np; torch.tensor([1, np.array(2.5)], dtype=torch.int64)
import numpy as np; torch.tensor([1, np.array(True)])
import numpy as np; torch.tensor([1.0, np.array(2.5)]), torch.tensor([1, np.array(2)])
import numpy as np; torch.tensor([np.array(["x"])])
    """,
    "poolings that are wrong in two ways": """
torch.nn.functional.avg_pool3d(torch.ones(4, 4, 4), 2, stride=0)
torch.nn.functional.avg_pool3d(torch.ones(4, 4, 4), 2, padding=3)
torch.nn.functional.avg_pool3d(torch.ones(4, 4, 4), 2, divisor_override=0)
torch.nn.functional.avg_pool3d(torch.ones(4, 4, 4), (2, 2))
torch.nn.functional.avg_pool2d(torch.ones(4, 4), (2, 2, 2, 2))
torch.nn.functional.avg_pool2d(torch.ones(4, 4), 0)
torch.nn.functional.avg_pool2d(torch.ones(1, 4, 4), (2, 2, 2), divisor_override=0)
torch.nn.functional.max_pool2d(torch.ones(4, 4), 2, padding=-1)
torch.nn.functional.max_pool2d(torch.ones(4, 4), (2, 2, 2))
torch.nn.functional.max_pool3d(torch.ones(4, 4, 4), 2, 0)
    """,
    "slopes of losses of logits": """
x = torch.ones(2, requires_grad=True); g, = torch.autograd.grad(torch.nn.functional.binary_cross_entropy_with_logits(x, torch.zeros(2), pos_weight=torch.ones(2) * 2), x, create_graph=True); g.grad_fn.name()
x = torch.ones(2, requires_grad=True); g, = torch.autograd.grad(torch.nn.functional.binary_cross_entropy_with_logits(x, torch.zeros(2), reduction="sum"), x, create_graph=True); g.grad_fn.name()
    """,
}


@every_case("kind", LINES)
def test_both_say_the_same(kind: str) -> None:
    failed: list[AssertionError] = []
    for line in filter(None, map(str.strip, LINES[kind].splitlines())):
        try:
            one_line.check(line)
        except AssertionError as error:
            error.add_note(line)
            failed.append(error)
    if failed:
        raise ExceptionGroup(f"{len(failed)} lines", failed)


def test_what_is_larger_than_memory_is_refused_as_pytorch_refuses_it() -> None:
    """Not compared, as PyTorch says the sizes of what it makes on the way."""
    import autogradkit as ak

    wide = ak.ones(1).expand(2**40)
    for call in (
        lambda: ak.outer(wide, wide),
        lambda: ak.nn.functional.interpolate(ak.ones(1, 1, 2), size=2**62),
        lambda: ak.ones(2).repeat(2**62),
        lambda: ak.nn.functional.pad(ak.ones(2), (0, 2**62)),
        lambda: ak.ones(2**20, 1) + ak.ones(1).expand(2**30),
    ):
        with pytest.raises(RuntimeError, match=r"Storage size calculation overflowed|can't allocate memory"):
            call()


def test_a_mean_is_of_what_lies_before_the_last_offset() -> None:
    import autogradkit as ak

    given = ak.tensor([0, 1]), ak.tensor([[1.0, 1.0], [5.0, 5.0]], requires_grad=True), ak.tensor([0, 1])
    for sparse in False, True:
        found = ak.nn.functional.embedding_bag(*given, include_last_offset=True, sparse=sparse)
        assert found.tolist() == [[1.0, 1.0]]
        [gradient] = ak.autograd.grad(found.sum(), given[1])
        assert gradient is not None
        assert gradient.to_dense().tolist() == [[1.0, 1.0], [0.0, 0.0]]
    with pytest.raises(RuntimeError, match="must not go down"):
        ak.nn.functional.embedding_bag(given[0], given[1], ak.tensor([0, 2, 1]))
