"""The oldest constructors beside PyTorch: `Tensor(...)`, `FloatTensor` and its kin, `x.new(...)`, `x.type(...)`."""

from __future__ import annotations

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

DATA = """
{}(); {}(2, 3).shape; {}(torch.Size([2, 3])).shape; {}((2, 3)); {}([1, 2.5]); {}([[1, 2], [3, 4]]); {}([]); {}([[]])
{}(np.array([[1, 2], [3, 4]]).T); {}(range(3)); {}([torch.tensor(1), torch.tensor(2)]); {}(np.int64(3)).shape; {}(0, 2).stride()
{}(torch.tensor(2), 3).shape; {}(size=(2, 3)).shape; {}(data=[1, 2]); {}(2, device="cpu").shape; {}([1], device="cpu")
{}(device="cpu"); {}(2.5); {}(None); {}("a"); {}(b"a"); {}(-1); {}(3, [1]); {}([1], [2]); {}([[1], [2, 3]]); {}(True); {}({1: 2})
{}({1, 2}); {}([1], dtype=torch.float32); {}([1], requires_grad=True); {}(2, 3.5); {}(2.5, 3); {}(1j); {}([None])
{}([1], device="cuda"); {}([1], device="meta"); {}(device=3); {}(torch.ones(2), 3); {}(torch.ones(2), device="cpu")
{}(size=3); {}(2, size=(3,)); {}(2, data=[3]); {}(torch.ones(2).untyped_storage(), 3)
"""
CALLED = ("torch.Tensor", "torch.FloatTensor", "torch.LongTensor", "torch.ones(2, dtype=torch.float64).new")
CALLS = [line.replace("{}", each) for each in CALLED for line in DATA.replace("\n", "; ").split("; ") if line]

LINES = [
    *(
        f"torch.{each}Tensor([1, 0, 2])"
        for each in ("Half", "BFloat16", "Double", "Byte", "Char", "Short", "Int", "Bool")
    ),
    "torch.ByteTensor([256])",
    "torch.ByteTensor([-1])",
    "torch.LongTensor([1j])",
    "torch.LongTensor([2**63])",
    "torch.LongTensor([1, np.ones(2, dtype=np.float16)])",
    "torch.LongTensor([np.ones(2, dtype=np.float16)])",
    "torch.tensor([[1, 2], np.array([True, False])])",
    "torch.tensor([1, np.arange(2)])",
    "torch.tensor([1.0, np.arange(2)])",
    "torch.tensor([True, np.ones(1)])",
    # another tensor
    "torch.Tensor(torch.tensor([1, 2]))",
    "torch.FloatTensor(torch.tensor([1, 2]))",
    "torch.ones(2).new(torch.ones(3, dtype=torch.int64))",
    "x = torch.ones(3); y = torch.Tensor(x); y.add_(1); x, y, y._base is x",
    "x = torch.ones(3); y = torch.FloatTensor(x[1:]); y.add_(1); x",
    "x = torch.ones(2, requires_grad=True); y = torch.Tensor(x); y.requires_grad, y.grad_fn",
    "x = torch.ones(2, requires_grad=True); (x.new(x) * 3).sum().backward(); x.grad",
    "torch.Tensor(data=torch.ones(2)); torch.Tensor(other=torch.ones(2))",
    # storages
    "torch.Tensor(torch.arange(3.0).untyped_storage())",
    "x = torch.arange(3.0); y = torch.FloatTensor(x.storage()); y.mul_(2); x",
    "torch.Tensor(torch.ones(2, dtype=torch.float64).storage())",
    "torch.ones(2, dtype=torch.int32).new(torch.tensor([1, 2]).untyped_storage())",
    # what they are
    "torch.FloatTensor, str(torch.LongTensor), torch.IntTensor.__name__",
    "torch.FloatTensor.dtype, torch.LongTensor.is_cuda, torch.BoolTensor.layout, torch.ByteTensor.is_sparse",
    "[isinstance(torch.ones(1), each) for each in (torch.FloatTensor, torch.LongTensor, torch.Tensor)]",
    "isinstance(torch.nn.Parameter(torch.ones(1)), torch.FloatTensor), isinstance(3, torch.FloatTensor)",
    "isinstance(torch.tensor(1), (torch.LongTensor, torch.IntTensor)), issubclass(torch.FloatTensor, torch.Tensor)",
    "isinstance(torch.FloatTensor, type), torch.is_tensor(torch.FloatTensor), type(torch.FloatTensor(2)) is torch.Tensor",
    "class F(torch.FloatTensor): pass\n0",
    "torch.FloatTensor.zeros",
    "hasattr(torch, 'ComplexFloatTensor')",
    "torch.set_default_dtype(torch.float64); x = torch.Tensor([1]); torch.set_default_dtype(torch.float32); x",
    # type()
    "torch.ones(2).type('torch.DoubleTensor'), torch.ones(2).type(torch.LongTensor), torch.ones(2).type(torch.BoolTensor)",
    "torch.ones(2, dtype=torch.int32).type(torch.Tensor), torch.ones(2, dtype=torch.int32).type('torch.Tensor')",
    "torch.ones(2).type('DoubleTensor')",
    "torch.ones(2).type('torch.FooTensor')",
    "torch.ones(2).type(torch.LongTensor())",
    "torch.ones(2).type(int)",
    "x = torch.ones(2); x.type(torch.FloatTensor) is x",
    # __new__
    "torch.Tensor.__new__(torch.Tensor, [1, 2]), torch.Tensor.__new__(torch.nn.Parameter, [3]).__class__.__name__",
    "torch.Tensor.__new__(torch.FloatTensor, [1])",
    "torch.Tensor.__new__(int)",
    "torch.Tensor.__new__(3)",
    "torch.nn.Parameter(torch.ones(1)).new([3.0])",
]


@every_case("line", CALLS + LINES)
def test_a_line_says_the_same(line: str) -> None:
    check(line)


def test_nothing_is_written_where_sizes_are_given() -> None:
    made = autogradkit.IntTensor(4)
    made.fill_(7)
    assert made.tolist() == [7, 7, 7, 7]


def test_a_constructor_that_a_recorder_hears_gives_a_view() -> None:
    x = autogradkit.ones(2, requires_grad=True)
    with autogradkit.record() as trace:
        y = autogradkit.Tensor(x) * 2
    assert "AliasBackward0" in repr(y.grad_fn.next_functions)
    assert "alias" in str(trace)
