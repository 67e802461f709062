"""Copying and pickling beside PyTorch: tensors, parameters, views that share memory, what hangs on them."""

from __future__ import annotations

from tests.every_case import every_case
from tests.parity.one_line import check

LINES = [
    "x = torch.ones(2); y = copy.copy(x); y.add_(1); x, y is x, y._version",
    "x = torch.ones(2, requires_grad=True); y = copy.copy(x); y.requires_grad, y.is_leaf, y._base is None",
    "x = torch.ones(2, requires_grad=True) * 2; copy.copy(x)",
    "x = torch.ones(2, requires_grad=True) * 2; copy.deepcopy(x)",
    "x = torch.arange(4.0); y = copy.copy(x[1:]); y, y.storage_offset(), y.data_ptr() == x[1:].data_ptr()",
    "x = torch.arange(4.0); y = copy.deepcopy(x[1:]); y, y.storage_offset(), y.untyped_storage().nbytes()",
    "x = torch.arange(4.0); a, b = copy.deepcopy([x[1:], x[:2]]); a[0] = 9; b",
    "x = torch.ones(2); x.tag = [1]; y = copy.copy(x); y.tag is x.tag",
    "x = torch.ones(2); x.tag = [1]; y = copy.deepcopy(x); y.tag, y.tag is x.tag",
    "x = torch.ones(2); a, b = copy.deepcopy((x, x)); a is b",
    "p = torch.nn.Parameter(torch.ones(2)); q = copy.copy(p); q, type(q).__name__, q.data_ptr() == p.data_ptr()",
    "p = torch.nn.Parameter(torch.ones(2)); q = copy.deepcopy(p); q, type(q).__name__, q.data_ptr() == p.data_ptr()",
    "p = torch.nn.Parameter(torch.ones(2)); p.tag = 3; hasattr(copy.deepcopy(p), 'tag'), copy.copy(p).tag",
    "p = torch.nn.Parameter(torch.ones(2), False); copy.deepcopy(p).requires_grad",
    "p = torch.nn.Parameter(torch.ones(2)); p.grad = torch.ones(2); copy.deepcopy(p).grad, copy.copy(p).grad",
    "x = torch.ones(2, requires_grad=True); x.grad = torch.ones(2); copy.deepcopy(x).grad, copy.copy(x).grad",
    "x = torch.arange(6.0).reshape(2, 3).t(); pickle.loads(pickle.dumps(x))",
    "x = torch.arange(6.0); a, b = pickle.loads(pickle.dumps((x, x[1:]))); a[1] = 9; b",
    "x = torch.ones(2); a, b = pickle.loads(pickle.dumps((x, x))); a is b",
    "x = torch.ones(2, requires_grad=True); x.grad = torch.ones(2); y = pickle.loads(pickle.dumps(x)); y, y.grad",
    "x = torch.ones(2, requires_grad=True) * 2; pickle.loads(pickle.dumps(x))",
    "p = torch.nn.Parameter(torch.ones(2)); p.tag = 3; q = pickle.loads(pickle.dumps(p)); q, q.tag",
    "p = torch.nn.Parameter(torch.ones(2), False); pickle.loads(pickle.dumps(p))",
    "x = torch.ones(2); x.tag = 3; pickle.loads(pickle.dumps(x)).tag",
    "x = torch.ones(2); [pickle.loads(pickle.dumps(x, protocol)) for protocol in range(6)]",
    "x = torch.ones(2, requires_grad=True); x.register_hook(print); pickle.loads(pickle.dumps(x))",
    "x = torch.empty(0, 3); pickle.loads(pickle.dumps(x)), copy.deepcopy(x)",
    "x = torch.ones(3).expand(2, 3); pickle.loads(pickle.dumps(x)), copy.deepcopy(x)",
    "x = torch.tensor(5); copy.deepcopy(x), copy.copy(x), pickle.loads(pickle.dumps(x))",
    "x = torch.ones(2); y = pickle.loads(pickle.dumps(x.storage())); y[0] = 5; x, y",
    "x = torch.arange(3.0); s, y = copy.deepcopy((x.storage(), x)); s",
    "pickle.loads(pickle.dumps([torch.float32, torch.device('cpu'), torch.strided, torch.Size([2, 3])]))",
    "pickle.loads(pickle.dumps(torch.FloatTensor)) is torch.FloatTensor, copy.deepcopy(torch.LongTensor) is torch.LongTensor",
    "m = torch.nn.Linear(2, 1); n = pickle.loads(pickle.dumps(m)); torch.equal(m.weight, n.weight), n.weight.requires_grad",
    "names = 'gelu linear one_hot softplus softshrink avg_pool2d relu_ elu_'.split(); F = torch.nn.functional; "
    "[pickle.loads(pickle.dumps(getattr(F, name))) is getattr(F, name) for name in names]",
]


@every_case("line", LINES)
def test_a_line_says_the_same(line: str) -> None:
    check(line)
