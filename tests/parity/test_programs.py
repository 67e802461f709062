"""Random programs beside PyTorch, a bounded part: few lines disagree, and none in what must never differ.

`programs` writes and runs them; `python -m tests.parity.programs` runs more, and shrinks what it finds.
"""

from __future__ import annotations

import pytest
import torch

import autogradkit as ak
from autogradkit._ops.declare import SETS
from autogradkit._ops.declare.unloaded import load_all
from tests.every_case import every_case

from .oracle import array_of
from .programs import reasons
from .programs.conditioning import is_rounding
from .programs.listed import FILE, Row, row_of, rows
from .programs.overlap import depends_on_order
from .programs.runs import Finding, Line, Pair, run
from .programs.shrink import shrunk
from .programs.state import difference
from .programs.templates import LEFT_OUT, UNSETTLED, names, templates
from .programs.writer import program

load_all()  # of families that are declared when they are asked for, too

LINES, SEED = 9_000, 1
MOST = 5  # disagreements in 1,000 lines; what they are is in PARITY.md


@pytest.mark.long
def test_few_lines_disagree_in_what_is_listed_and_none_in_numbers() -> None:
    lines, seed = 0, SEED
    found: list[tuple[int, Finding]] = []
    while lines < LINES:
        written, finding = program(seed)
        lines += len(written)
        if finding is not None:
            found.append((seed, finding))
        seed += 1
    known = rows(FILE.read_text(encoding="utf-8"))
    unlisted = [(seed, each) for seed, each in found if row_of(each, known) is None]
    assert not unlisted, "\n".join(f"seed {seed}: {each.signature}\n    {each.text}" for seed, each in unlisted)
    assert 1000 * len(found) / lines < MOST, f"{len(found)} of {lines} lines from seed {SEED} on"


def test_a_seed_gives_the_same_program_again() -> None:
    assert program(7)[0] == program(7)[0]
    assert program(7)[0] != program(8)[0]


def test_differences_are_seen_and_shrunk() -> None:
    pair = Pair()
    assert pair.run(Line("v1 = T.ones(2, requires_grad=True)", "leaf")) is None
    pair.mine["v1"]._array[0] = 3.0
    found = pair.run(Line("v2 = v1 * 2", "mul"))
    assert found is not None
    assert found.is_forbidden
    other = [
        Line("v1 = T.ones(2)", "leaf"),
        Line("v2 = v1 + 1", "add"),
        Line("v3 = [1, 2] if T.__name__ == 'torch' else [1]", "made to differ"),
        Line("v4 = v1 * 2", "mul"),
    ]
    count, finding = run(other)
    assert count == 3
    assert finding is not None
    small, _ = shrunk(other[:count], finding)
    assert [line.label for line in small] == ["made to differ"]


@every_case(
    "made line shown left_out",
    [
        ("v1 = T.arange(9.0)[::2]", "v1[:4] = v1[1:]", "v1", True),
        ("v1 = T.arange(9.0)[::2]", "v1[0:2] = v1[2:4]", "v1", False),  # one storage, other elements
        ("v1 = T.arange(9.0)[::2]", "v1[:4] = v1[1:]", "v2", False),  # what differs is not what was written
        ("v1 = T.arange(9.0)[::2]", "v1.mul_(v1)", "v1", False),
        ("v1 = T.arange(9.0).as_strided((2, 2), (1, 1))", "v1.exp_()", "v1", True),
        ("v1 = T.arange(9.0).as_strided((2, 2), (1, 1))", "T.ldexp_(v1, other=v1)", "v1", True),
        ("v1 = T.arange(9.0).as_strided((2, 2), (1, 1))", "v1.fill_(2)", "v1", False),
        ("v1 = T.arange(9.0).as_strided((2, 2), (1, 1))", "v1[:, 0] = 3.0", "v1", False),
        ("v1 = T.arange(4.0).view(2, 2)", "v1.addmm_(v1, v2)", "v1", True),
        ("v1 = T.arange(3.0).as_strided((2, 2), (1, 1)); o3 = T.optim.SGD([v1])", "o3.step()", "v1", True),
        ("v1 = T.arange(4.0).view(2, 2); o3 = T.optim.SGD([v1])", "o3.step()", "v1", False),
        ("v1 = T.ones(2).half() / 0; o3 = T.optim.RMSprop([v1])", "o3.step()", "v1", True),  # 0 / 0 there
        ("v1 = T.ones(2) / 0; o3 = T.optim.RMSprop([v1])", "o3.step()", "v1", False),
        ("v1 = T.ones(2).half(); o3 = T.optim.RMSprop([v1])", "o3.step()", "v1", False),
        ("v1 = T.arange(3.0).expand(2, 3)", "v3 = v1.median(0)", "v2", True),
        ("v1 = T.arange(4.0).view(2, 2)", "v3 = v1.median(0)", "v2", False),
        ("v1 = T.arange(4.0).view(1, 1, 2, 2) / 0", "v3 = T.conv2d(v1, v1)", "v2", True),
        ("v1 = T.arange(4.0).view(2, 2)", "v1.addmm_(v2, v2)", "v1", False),
        ("v1 = T.arange(4.0).view(2, 2)", "T.linalg.multi_dot([v1, v2], out=v1)", "v1", True),
        ("v1 = T.arange(4.0).view(2, 2); v3 = v1.svd()", "v3 = v1.svd()", "v3[0]", True),  # up to signs
        ("v1 = T.arange(4.0).view(2, 2); v3 = v1.svd()", "v3 = v1.svd()", "v3[1]", False),
        ("v1 = T.ones(2, 2); v3 = T.linalg.pinv(v1)", "v3 = T.linalg.pinv(v1)", "v3", True),  # singular
        ("v1 = T.eye(2) * 3; v3 = T.linalg.pinv(v1)", "v3 = T.linalg.pinv(v1)", "v3", False),
        (
            "v1 = T.tensor([[1., 2.], [1.0000001, 4.]]); v3 = T.linalg.lu_factor(v1)",
            "v3 = T.linalg.lu_factor(v1)",
            "v3[0]",
            True,
        ),
        (
            "v1 = T.tensor([[1., 2.], [1., 4.]]); v3 = T.linalg.lu_factor(v1)",
            "v3 = T.linalg.lu_factor(v1)",
            "v3[0]",
            False,
        ),
        (
            "v1 = T.tensor([[3., 1.], [1., 1 / 3]]); v3 = T.linalg.cholesky(v1)",
            "v3 = T.linalg.cholesky(v1)",
            "v3",
            True,
        ),
        (
            "v1 = T.tensor([[.5, 1., 1.], [1.25, 2., 0.], [.25, 1., 1.], [1.5, 1.5, 2.]]); v3 = T.linalg.lu_factor(v1)",
            "v3 = T.linalg.lu_factor(v1)",
            "v3[0]",
            True,
        ),
        (
            "v1 = T.tensor([[3., 1.], [1., 1 / 3]]); v3 = T.linalg.lu_factor_ex(v1)",
            "v3 = T.linalg.lu_factor_ex(v1)",
            "v3[2]",
            True,
        ),
        ("v1 = T.full((32,), 89.); v3 = v1.cosh()", "v3 = v1.cosh()", "v3", True),
        ("v1 = T.full((32,), 88.); v3 = v1.sinh()", "v3 = v1.sinh()", "v3", False),
        ("v1 = T.tensor([[3., 1.], [1., 2.]]); v3 = T.linalg.cholesky(v1)", "v3 = T.linalg.cholesky(v1)", "v3", False),
        (
            "v1 = T.ones(4); v3 = T.isin(v1, v1, assume_unique=True)",
            "v3 = T.isin(v1, v1, assume_unique=True)",
            "v3",
            True,
        ),
        (
            "v1 = T.arange(4); v3 = T.isin(v1, v1, assume_unique=True)",
            "v3 = T.isin(v1, v1, assume_unique=True)",
            "v3",
            False,
        ),
        ("v1 = T.arange(4)", "T.searchsorted(v1, v1, out=v1)", "v1", True),
        ("v1 = T.ones(2) * float('nan')", "v3 = T.special.legendre_polynomial_p(v1, 2)", "v2", True),
        ("v1 = T.ones(2)", "v3 = T.special.legendre_polynomial_p(v1, 2)", "v2", False),
        ("v1 = T.ones(2) / 0; v3 = T.fft.fft(v1)", "v3 = T.fft.fft(v1)", "v3", True),
    ],
)
def test_only_what_depends_on_the_order_of_writing_is_left_out(
    made: str, line: str, shown: str, left_out: bool
) -> None:
    space = {"T": torch}
    exec(f"{made}; v2 = T.ones(2, 2)", space)
    assert depends_on_order(line, shown, space) == left_out


@pytest.mark.parametrize(
    ("lines", "name", "off", "rounds"),
    [
        (["v1 = T.tensor([1.1, 1.2]).exp()", "v2 = (v1 - v1.log().exp()) * 1e7"], "v2", 2.0, True),  # cancels
        (["v1 = T.tensor([1.1, 1.2]).exp()", "v2 = (v1 - v1.log().exp()) * 1e7"], "v2", 9e3, False),
        (["v1 = T.tensor([1.1, 1.2]).exp()", "v2 = v1 + 1"], "v2", 1e-3, False),  # does not
        (["v1 = T.tensor([-7003.77])", "v2 = T.special.airy_ai(v1)"], "v2", 1e-2, True),  # a wave of many turns
        (["v1 = T.tensor([-7.03])", "v2 = T.special.airy_ai(v1)"], "v2", 1e-2, False),
        (["v1 = T.ones(2, requires_grad=True)", "v1.max().backward()"], "v1.grad", 0.5, False),  # a tie stays one
        (["v1 = T.full((2,), 0.1).exp().requires_grad_()", "v1.max().backward()"], "v1.grad", 0.5, False),
        (["v1 = T.tensor([2.0])", "v2 = v1.floor()"], "v2", 1.0, False),  # what was never rounded is not moved
        (["v1 = T.tensor([0.7]).acos().cos()", "v2 = (v1 * 1e6) % 1"], "v2", 0.3, True),
    ],
)
def test_a_difference_is_rounding_where_the_last_bits_of_a_program_move_its_numbers_as_far(
    lines: list[str], name: str, off: float, rounds: bool
) -> None:
    with Pair() as pair:
        for line in lines:
            exec(line, pair.theirs)
            exec(line, pair.mine)
        eval(name, pair.mine)._array[...] = array_of(eval(name, pair.theirs))
        assert is_rounding(lines, pair.mine, pair.theirs)
        eval(name, pair.mine)._array[...] += off
        assert is_rounding(lines, pair.mine, pair.theirs) == rounds


def test_zeros_without_memory_are_no_numbers_that_were_rounded() -> None:
    lines = [
        "v1 = T.tensor([1.1, 1.2], requires_grad=True)",
        "v2, = T.autograd.grad(v1.abs().sum(), v1, create_graph=True)",
    ]
    lines += ["v3, = T.autograd.grad(v2.sum(), v1)", "v4 = v1.exp()"]
    with Pair() as pair:
        for line in lines:
            assert pair.run(Line(line, "line")) is None
        assert pair.theirs["v3"]._is_zerotensor()
        assert is_rounding(lines, pair.mine, pair.theirs)


@pytest.mark.parametrize(
    ("made", "label", "call", "ends"),
    [
        ("T.ones(3)", "narrow_copy", "T.narrow_copy(v1, 0, -2, 2)", True),
        ("T.ones(3)", "narrow_copy", "T.narrow_copy(v1, 0, 0, 2)", False),
        ("T.ones(17)", "quantile", "T.quantile(v1, 0.5)", True),
        ("T.ones(16)", "quantile", "T.quantile(v1, 0.5)", False),
        ("T.arange(17.0)", "quantile", "T.quantile(v1, 0.5)", False),
    ],
)
def test_a_program_ends_where_a_gradient_of_pytorchs_is_wrong_or_open(
    made: str, label: str, call: str, ends: bool
) -> None:
    with Pair() as pair:
        assert pair.run(Line(f"v1 = {made}.requires_grad_()", "leaf")) is None
        assert pair.run(Line(f"v2 = {call}", label)) is None
        assert pair.crashed == ends


def test_optimizers_arrays_and_text_are_compared_and_the_default_dtype_is_put_back() -> None:
    lines = [
        "T.set_default_dtype(T.float64)",
        "v1 = T.ones(2, requires_grad=True)",
        "o2 = T.optim.SGD([v1], lr=0.001, momentum=0.9)",
    ]
    lines += ["v1.sum().backward()", "o2.step()", "n3 = v1.detach().numpy()", "n3 += 1", "s4 = repr(v1)"]
    with Pair() as pair:
        for line in lines:
            assert pair.run(Line(line, "line")) is None
        assert pair.theirs["v1"].dtype is torch.float64
        assert pair.theirs["s4"].startswith("tensor([1.9990, 1.9990]")
        for edit in ('o2.state[v1]["momentum_buffer"] += 1', "n3 = n3[:1]", "s4 = s4[1:]"):
            before = dict(pair.mine)
            exec(edit, pair.mine)
            assert difference(pair.mine, pair.theirs) is not None, edit
            exec(edit, pair.theirs)
            assert difference(pair.mine, pair.theirs) is None, f"{edit} of {sorted(before)}"
    assert torch.get_default_dtype() is torch.float32
    assert ak.get_default_dtype() is ak.float32


def test_every_declared_op_is_called_in_every_form_that_has_a_name() -> None:
    called = {name.rpartition(".")[2] for name in names() if templates(name)}
    declared = {each.name for each in SETS if each.variants and any(o.variants for o in each.overloads)}
    # `retain_grad`, `cuda` and the types of complex numbers have no schema in PyTorch that says how they are called.
    assert declared - called - set(LEFT_OUT) - UNSETTLED <= {"retain_grad", "cuda", "cdouble", "cfloat", "bfloat16"}
    assert len(declared & called) > 230


def test_a_refused_line_changes_nothing_here() -> None:
    pair = Pair()
    pair.run(Line("v1 = T.arange(4.0)", "leaf"))
    pair.mine["v2"] = ak.zeros(3)
    pair.theirs["v2"] = torch.zeros(3)

    class Namespace:
        @staticmethod
        def edit(tensor: ak.Tensor) -> None:
            tensor[0] = 7.0
            raise RuntimeError("refused")

    pair.mine["edit"] = pair.theirs["edit"] = Namespace.edit
    found = pair.run(Line("edit(v1)", "edit"))
    assert found is None  # both have written
    pair.mine["edit"] = Namespace.edit
    pair.theirs["edit"] = lambda _tensor: (_ for _ in ()).throw(RuntimeError("refused"))
    pair.run(Line("v1.fill_(1)", "fill_"))
    found = pair.run(Line("edit(v1)", "edit"))
    assert found is not None
    assert found.kind == "changed"


@pytest.mark.parametrize(
    ("label", "kind", "listed"),
    [
        ("mul", "grad's version", True),
        ("mul", "stride", True),
        ("mul", "values", False),
        ("backward", "accepted", False),
    ],
)
def test_a_row_lists_signatures_by_patterns_and_no_forbidden_one(label: str, kind: str, listed: bool) -> None:
    table = rows(
        "| `*: grad's version`, `mul: stride` | a | b |\n| `*: accepted`, `*: values` | c | d |\n|---|---|\n| x | y |"
    )
    assert table == [Row(("*: grad's version", "mul: stride"), "a"), Row(("*: accepted", "*: values"), "c")]
    assert (row_of(Finding(label, kind, "float", ""), table) is not None) == listed


@pytest.mark.parametrize(
    ("theirs", "mine", "kind"),
    [
        (("RuntimeError", "a leaf Variable that requires grad is being used in an in-place operation."),
         ("NotImplementedError", "\"lcm_cpu\" not implemented for 'Float'"), "graph before dtypes"),
        (("IndexError", "Dimension out of range (expected to be in range of [-1, 0], but got 2)"),
         ("RuntimeError", "weight should contain 3 elements not 2"), "dimensions before sizes"),
        (("RuntimeError", "Found dtype Double but expected Long"),
         ("NotImplementedError", "\"round_cpu\" not implemented for 'Long'"), "out's dtype before dtypes"),
        # One thing in two forms, and what no check wrote, are no matter of order.
        (("RuntimeError", "Supports 1D or 2D tensors. Got 0D"), ("RuntimeError", "diag(): Supports 1D or 2D tensors"),
         "error text"),
        (("RuntimeError", "shape mismatch"), ("TypeError", "'<=' not supported between instances of 'int' and 'complex'"),
         "error type"),
        (("IndexError", "too many indices for tensor of dimension 0"), ("IndexError", "tuple index out of range"), "error text"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_by_what_it_looks_at(theirs: tuple[str, str], mine: tuple[str, str], kind: str) -> None:
    assert reasons.of_refusals(theirs, mine) == kind


def test_a_warning_before_a_refusal_is_told_from_others() -> None:
    resized = ("UserWarning", "An output with one or more elements was resized since it had shape [1]")
    other = ("UserWarning", "torch.qr is deprecated")
    assert reasons.of_warnings(frozenset([resized]), frozenset(), refused=True) == "warned before the refusal"
    assert reasons.of_warnings(frozenset([resized]), frozenset(), refused=False) == "warnings"
    assert reasons.of_warnings(frozenset([other]), frozenset(), refused=True) == "warnings"
    assert reasons.of_warnings(frozenset(), frozenset([resized]), refused=True) == "warnings"
