"""Storages beside PyTorch: `untyped_storage()`, `storage()`, their classes, `set_`, growth and memory that processes share."""

from __future__ import annotations

import os

import pytest

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

UNTYPED = """
torch.UntypedStorage(); torch.UntypedStorage(3).nbytes(); torch.UntypedStorage([1, 2, 300]); torch.UntypedStorage([1.5])
torch.UntypedStorage(np.array([1])); torch.UntypedStorage("a"); torch.UntypedStorage(-1); torch.UntypedStorage(2, 3)
torch.UntypedStorage(torch.ones(2)); torch.UntypedStorage(3, device="cuda"); torch.UntypedStorage(3, dtype=torch.float32)
{}; {}.device; {}.is_cuda; {}.element_size(); {}.size(); len({}); {}.type(); {}.is_shared(); {}.is_pinned(); {}.filename
{}.resizable(); {}[0:4]; {}[-1]; {}[8]; {}["a"]; {}[::2]; {}.float(); {}.long(); {}.clone(); {}.tolist(); {}.cpu(); {} == {}
list({}); {}.resize_(5); {}.resize_("a"); {}.fill_(7); {}.copy_(torch.UntypedStorage([9] * 8)); {}.get_device()
{}.copy_(torch.UntypedStorage([9])); copy.copy({}); copy.deepcopy({}); torch.empty(0).untyped_storage().nbytes()
""".replace("{}", "torch.ones(2).untyped_storage()")
TYPED = """
{}; {}[0]; {}[-1]; {}[5]; {}["a"]; {}[0:1]; len({}); {}.size(); {}.nbytes(); {}.element_size(); {}.dtype; {}.device; {}.type()
{}.untyped(); {}.clone(); {}.double(); {}.long(); {}.fill_(3); {}.is_shared(); {}.is_cuda; {}.pickle_storage_type()
{}.copy_(torch.zeros(2).storage()); {}.copy_(torch.zeros(3).storage()); {} == {}; list({}); 1.0 in {}; {}.tolist()
copy.copy({}); copy.deepcopy({}); pickle.loads(pickle.dumps({})); {}.resize_(3); torch.ones(2).storage_type()
torch.FloatStorage; torch.Storage; torch.FloatStorage([1, 2]); torch.FloatStorage(3).size(); torch.FloatStorage()
torch.LongStorage([1]); torch.FloatStorage(1, 2); torch.FloatStorage(dtype=torch.float32); torch.FloatStorage(torch.ones(2))
torch.FloatStorage("a"); torch.FloatStorage(np.array([1.0])); torch.LongStorage.dtype; isinstance({}, torch.FloatStorage)
isinstance({}, torch.LongStorage); isinstance({}, torch.TypedStorage); torch.is_storage({}); torch.is_storage(torch.ones(1))
torch.TypedStorage([1, 2], dtype=torch.int64); torch.TypedStorage(); torch.TypedStorage(1, 2)
torch.TypedStorage(torch.ones(2))
torch.TypedStorage(wrap_storage={}.untyped()); torch.TypedStorage(wrap_storage={}.untyped(), dtype=torch.int32)
torch.empty(0).storage().data_ptr()
torch.arange(6).reshape(2, 3)[1].storage(); torch.BoolStorage([True, False]); torch.HalfStorage([1.5])
torch.ComplexFloatStorage([1j])
""".replace("{}", "torch.ones(2).storage()")
SEVERAL = [
    "s = torch.UntypedStorage([1, 2, 3]); s[0] = 5; s[1:] = 257; s",
    "s = torch.UntypedStorage([1, 2, 3]); s[0] = 1.5; s",
    "s = torch.UntypedStorage([1, 2, 3]); s[3] = 1; s",
    "s = torch.UntypedStorage([1, 2, 3, 4]); s[1:3].fill_(0); s",
    "s = torch.ones(2).untyped_storage(); s.byteswap(torch.float32); s",
    "x = torch.ones(2); x.storage()[1] = 5; x",
    "x = torch.ones(2); x.storage()[7] = 5; x",
    "x = torch.ones(2); x.storage()[:] = 5; x",
    "x = torch.ones(2); x.storage().fill_(3); x.untyped_storage()[0] = 1; x",
    "x = torch.ones(2, 3); x.storage().data_ptr() == x.t().storage().data_ptr(), x.storage()._cdata == x[1].storage()._cdata",
    # growth
    "x = torch.arange(4.0); y = x[1:]; x.untyped_storage().resize_(24); y.add_(10); x, x.untyped_storage().nbytes()",
    "x = torch.arange(4.0); x.storage().resize_(6); x.resize_(6)[:4], len(x.storage())",
    # set_
    "x = torch.ones(2); y = torch.zeros(3); x.set_(y), x._version, y._version, x._is_view(), x.data_ptr() == y.data_ptr()",
    "x = torch.ones(2); y = torch.arange(4.0)[1:]; x.set_(y).mul_(2); x, y, y._base, x.storage_offset()",
    "x = torch.ones(2, 3); x.set_(), x._version",
    "x = torch.ones(2); x.set_(torch.arange(6.0).untyped_storage())",
    "x = torch.ones(2); x.set_(torch.arange(6.0).storage(), 1, (2, 2), (1, 2))",
    "x = torch.ones(2); x.set_(torch.arange(6.0).storage(), 1, (2, 2))",
    "x = torch.ones(2); x.set_(torch.arange(6.0), 1, (2, 2))",
    "x = torch.ones(2); x.set_(source=torch.arange(6.0), storage_offset=1, size=(2,), stride=(2,))",
    "s = torch.FloatStorage([1, 2, 3]); x = torch.ones(2).set_(s); x.fill_(3); s",
    "s = torch.ones(2); x = torch.ones(2).set_(s, 1, (3,)); x.fill_(3); s, len(s.storage())",
    "x = torch.ones(2); x.set_(torch.arange(6.0, dtype=torch.float64).untyped_storage())",
    "x = torch.ones(2); x.set_(torch.arange(6).storage())",
    "x = torch.ones(2); x.set_(torch.arange(6))",
    "x = torch.ones(2); x.set_(torch.arange(6.0), 1)",
    "x = torch.ones(2); x.set_(torch.arange(6.0), -1, (2,))",
    "x = torch.ones(2); x.set_(torch.arange(6.0), 0, (2, 2), (1,))",
    "x = torch.ones(2); x.set_(torch.arange(6.0), 0, (2, -2))",
    "x = torch.ones(2); x.set_(3)",
    "x = torch.ones(2); x.set_(x.numpy())",
    "x = torch.ones(2, requires_grad=True); x.set_(torch.arange(6.0))",
    "x = torch.ones(2, requires_grad=True); x.data.set_(torch.zeros(3)); x",
    "x = torch.ones(2, requires_grad=True); x.detach().set_(torch.zeros(3)); x",
    "x = torch.ones(2, requires_grad=True) * 2; x.set_(torch.arange(6.0)), x.grad_fn",
    "x = torch.ones(2).set_(torch.ones(2, requires_grad=True)); x.sum().backward()",
    "x = torch.ones(2); x.set_(torch.ones(2, requires_grad=True)).requires_grad",
    "x = torch.ones(2, 3); x[0].set_(torch.zeros(4)), x",
    "x = torch.ones(2); y = torch.ones(2); x.set_(y); y.add_(1); x.add_(1); x, y",
    # memory that is shared
    "x = torch.ones(2); x.share_memory_() is x, x.is_shared(), x[0].is_shared(), x.untyped_storage().is_shared(), x",
    "x = torch.arange(3.0); y = x[1:]; y.share_memory_(); x.add_(1); x.is_shared(), y",
    "x = torch.empty(0).share_memory_(); x.is_shared()",
    "x = torch.ones(2, requires_grad=True); x.share_memory_(), x.requires_grad",
    "torch.ones(2).share_memory_(1)",
    "x = torch.ones(2).share_memory_(); y = x.clone(); y.is_shared(), x.storage().is_shared()",
]
LINES = [line for text in (UNTYPED, TYPED) for line in text.strip().replace("\n", "; ").split("; ")]


@every_case("line", LINES + SEVERAL)
def test_a_line_says_the_same(line: str) -> None:
    check(line)


def test_a_storage_gives_no_byte_away_that_a_tensor_looks_at() -> None:
    x = autogradkit.arange(4.0)
    with pytest.raises(RuntimeError, match="would be gone with a size of 8 bytes"):
        x.untyped_storage().resize_(8)
    assert x.tolist() == [0, 1, 2, 3]


def test_what_a_forked_process_writes_into_shared_memory_is_seen() -> None:
    x = autogradkit.zeros(3)
    part = x[1:]
    x.share_memory_()
    child = os.fork()
    if child == 0:
        part.add_(autogradkit.tensor([5.0, 7.0]))
        os._exit(0)
    os.waitpid(child, 0)
    assert x.tolist() == [0, 5, 7]


def test_it_warns_of_typed_storages_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autogradkit.core.typed_storages._said", [])
    with pytest.warns(UserWarning, match="TypedStorage is deprecated") as caught:
        assert [autogradkit.ones(2).storage().size() for _ in range(2)] == [2, 2]
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_growth_leaves_gradients_where_they_were() -> None:
    x = autogradkit.ones(2, requires_grad=True)
    y = (x * 3).sum()
    x.untyped_storage().resize_(40)
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3, 3]
