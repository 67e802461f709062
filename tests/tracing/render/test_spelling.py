"""Operations are spelled as the learner writes them."""

import re

import autogradkit as torch  # noqa: F401 - declares the ops
from autogradkit._ops.declare.names import SETS
from autogradkit._ops.declare.unloaded import load_all
from autogradkit.tracing.calls import facts_of
from autogradkit.tracing.events import Argument, Numbers, Op, Value
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.wording.spelling import spelled_call, spelled_in_order, spelled_op
from tests.every_case import every_case
from tests.tracing.render.cells import texts, trace_source

load_all()  # of families that are declared when they are asked for, too

BEFORE = (
    "import autogradkit.nn.functional as F\n"
    "X = torch.arange(12.).reshape(3, 4)\nw = torch.ones(4, requires_grad=True)\ni = torch.tensor([0, 2])\n"
    "image = torch.ones(1, 1, 4, 4)\nfilters = torch.ones(1, 1, 3, 3)\nbig = 0.123456789"
)


def spelled(source: str) -> list[str]:
    graph = build(trace_source(source, BEFORE))
    return [spelled_op(op, graph.labels, graph.values) for op in graph.ops]


@every_case(
    "source wanted",
    [
        ("y = X[0:2]", ["X[0:2]"]),
        ("y = X[:, 1]", ["X[:, 1]"]),
        ("y = X[1:]", ["X[1:]"]),
        ("y = X[::2, -1]", ["X[::2]", "[:, -1]"]),
        ("y = X[i]", ["X[i]"]),
        ("y = w[:, None] + X[..., None] + w[None]", ["w[:, None]", "X[..., None]", "+", "w[None]", "+"]),
        ("y = X[0, None]", ["X[0]", "[None]"]),
        ("y = w.unsqueeze(1)", ["unsqueeze(1)"]),
        ("y = X.mean(0, True)", ["mean(0, keepdim)"]),
        ("y = X.mean(0, keepdim=True)", ["mean(0, keepdim)"]),
        ("y = X.mean()", ["mean"]),
        ("y = X.mean((0, 1))", ["mean((0, 1))"]),
        ("y = F.mse_loss(X, X)", ["mse_loss"]),
        ("y = F.mse_loss(X, X, reduction='sum')", ["mse_loss(reduction=sum)"]),
        ("y = F.binary_cross_entropy_with_logits(X, X)", ["binary_cross_entropy_with_logits"]),
        ("y = F.cross_entropy(X, torch.tensor([0, 1, 2]))", ["tensor(data=[0, 1, 2])", "log_softmax(1)", "nll_loss"]),
        ("y = X.reshape(4, 3)", ["reshape → view(4, 3)"]),
        ("y = X.flatten()", ["flatten → view(12)"]),
        ("y = X.t().contiguous()", ["t", "contiguous → clone"]),
        ("y = F.layer_norm(X, (4,), eps=1e-3)", ["layer_norm(4, eps=0.001)"]),
        ("y = X.clip(0)", ["clip → clamp(0)"]),
        ("y = X.view(4, 3)", ["view(4, 3)"]),
        ("y = X @ w", ["@"]),
        ("y = w @ w", ["@"]),
        ("y = X > 1", ["> 1"]),
        ("y = 1 - w", ["1 -"]),
        ("y = 2 * w", ["* 2"]),
        ("y = w ** 3", ["** 3"]),
        ("y = 2 ** w", ["2 **"]),
        ("y = w * big", ["* 0.1235"]),
        ("y = torch.add(w, w, alpha=2)", ["add(alpha=2)"]),
        ("y = -w", ["-"]),
        ("y = (X > 1) & ~(X > 2)", ["> 1", "> 2", "~", "&"]),
        ("y = X.expand(2, 3, 4)", ["expand(2, 3, 4)"]),
        ("X[X > 2] = 0.", ["> 2", "[…] ="]),
        ("y = X.permute(1, 0)", ["permute(1, 0)"]),
        ("y = X.transpose(0, 1)", ["transpose(0, 1)"]),
        ("y = torch.cat([w, w], 0)", ["cat"]),
        ("y = torch.stack([w, w], 1)", ["stack(dim=1)"]),
        ("y = X.topk(2)", ["topk(2)"]),
        ("y = X.sum(1)", ["sum(1)"]),
        ("y = X.argmax(1)", ["argmax(1)"]),
        ("y = F.max_pool2d(image, 2)", ["max_pool2d(2)"]),
        ("y = F.conv2d(image, filters, padding=1)", ["conv2d(padding=1)"]),
        ("y = F.conv2d(image, filters)", ["conv2d"]),
        ("y = F.conv1d(X, X[None], stride=2)", ["X[None]", "unsqueeze(0)", "conv1d(stride=2)", "squeeze(0)"]),
        ("y = F.conv_transpose2d(image, filters)", ["conv_transpose2d → conv2d(transposed)"]),
        ("y = X[:1, :1].expand((2, 2))", ["X[:1]", "[:, :1]", "expand(2, 2)"]),
        ("y = X[:-1, 0:2].T.mT", ["X[:-1]", "[:, 0:2]", ".T", ".mT"]),
        ("y = F.fold(F.unfold(image, 2), (4, 4), 2, padding=0)", ["unfold(2)", "fold(4, kernel_size=2)"]),
        ("y = torch.fft.rfft(w)", ["fft.rfft"]),
        ("y = torch.linalg.cholesky(torch.eye(2))", ["eye(n=2)", "linalg.cholesky"]),
        ("y = torch.nn.Parameter(w)", ["✂ Parameter"]),
        ("y = X.clamp(min=0)", ["clamp(min=0)"]),
        ("y = X.masked_fill(X > 1, -5)", ["> 1", "masked_fill(-5)"]),
        ("y = X.index_fill(0, i, 9)", ["index_fill(0, value=9)"]),
        ("y = X.var(0, unbiased=False)", ["var(0, unbiased=False)"]),
        ("y = X.std(0, correction=0)", ["std(0, correction=0)"]),
        ("X += 1", ["+= 1"]),
        ("X.add_(1)", ["add_(1)"]),
        ("X[0] = 7.", ["X[0]", "= 7.0"]),
        ("y = w.detach()", ["✂ detach"]),
        ("y = w.exp()", ["exp"]),
    ],
)
def test_an_operation_is_spelled_as_the_learner_writes_it(source: str, wanted: list[str]) -> None:
    assert spelled(source) == wanted


def test_a_call_leaves_out_what_is_as_usual() -> None:
    graph = build(trace_source("y = F.mse_loss(X, X)\nz = X.mean(0, True)\nu = X[0:2]\nv = (X + X)[1]", BEFORE))
    calls = [spelled_call(op, graph.labels, graph.values) for op in graph.ops]
    assert calls == ["mse_loss(X, X)", "mean(X, 0, keepdim=True)", "X[0:2]", "add(X, X)", "add₁[1]"]


def declared() -> list[Op]:
    """For each declared form an op whose arguments are none of them as usual, and numbers wherever they may be."""
    found: list[Op] = []
    for owner in SETS:
        for form in owner.overloads:
            inputs = tuple(
                Argument(None, 0, None, place)
                if p.kind.is_tensor
                else Argument(
                    p.name if p.keyword else None,
                    None,
                    "(7, 9)" if p.kind.is_ints else "7",
                    None if p.keyword else place,
                )
                for place, p in enumerate(form.parameters)
            )
            found.append(
                Op(0, form.name, facts_of(form, inputs), form.kind, None, None, inputs, (), (), None, (), None)
            )
    return found


def test_no_declared_operation_shows_a_number_that_does_not_say_what_it_is() -> None:
    """A number stands beside a sign, in an index, or first in the parentheses, as in `mean(0)`; a value to be
    written may stand alone; others have their names."""
    numbers = Numbers((8, 8, 8), "float32", None, "", None, None, None, 0, 0, 512)
    values = {0: Value(0, 0, "X", numbers, (64, 8, 1), 0, 0, 0, False, True, False, None)}
    ops = declared()
    assert len(ops) > 300
    for op in ops:
        text = spelled_op(op, {0: "X"}, values)
        if text.startswith("X[") or (op.facts.sign and re.fullmatch(rf"(7 )?{re.escape(op.facts.sign)}( 7)?", text)):
            continue
        inside = re.fullmatch(r"[A-Za-z_0-9]+\((.*)\)", text)
        if inside is None:
            assert re.fullmatch(r"[A-Za-z_0-9]+|✂.*|@ \+|\W+", text), (op.name, text)
            continue
        first = int(op.facts.parameters[:1] == ("self",)) if op.facts.spread else 1  # `zeros(7, 9)`
        own = [argument for argument in op.inputs if argument.place == first and argument.value is None]
        own += [each for each in op.inputs if each.place is not None and op.facts.parameters[each.place] == "value"]
        bare = re.sub(r"\w+=(\(7, 9\)|7)", "", inside[1])
        allowed = {"7", "7, 9", "(7, 9)", "7, 7"} if own else {""}  # `view(7, 9)`, `sum((7, 9))`, `transpose(7, 7)`
        assert bare.strip(", ") in {"", *allowed}, (op.name, text)


def test_sizes_stand_as_the_learner_gave_them() -> None:
    source = (
        "x = torch.randn(2, 3, requires_grad=True)\nz = torch.zeros((2, 3)) + torch.zeros(size=(2, 3))\n"
        "y = (x.view(3, 2).permute((1, 0)) + z).repeat(1, 2).view(torch.Size([4, 3])).sum()"
    )
    trace = trace_source(source, BEFORE)
    graph = build(trace)
    calls = [spelled_call(op, dict.fromkeys(graph.labels, "t"), graph.values) for op in trace.ops]
    wanted = "randn(2, 3, requires_grad=True)", "zeros(2, 3)", "zeros(size=(2, 3))", "view(t, 3, 2)", "permute(t, 1, 0)"
    assert set(wanted) <= set(calls), calls
    assert {"repeat(t, 1, 2)", "view(t, 4, 3)"} <= set(calls)


@every_case(
    "source wanted",
    [
        ("y = X - w", ["X - w", "X - …", "… - w", "-"]),
        ("y = X @ w", ["X @ w", "X @ …", "… @ w", "@"]),
        ("y = w ** X", ["w ** X", "w ** …", "… ** X", "**"]),
        ("y = torch.rsub(X, w)", ["w - X", "w - …", "… - X", "-"]),  # w - X
        ("y = X > w", ["X > w", "X > …", "… > w", ">"]),
        ("y = X + w", ["+"]),  # which may change places
        ("y = X * w", ["*"]),
        ("y = X == w", ["=="]),
        ("y = w @ w", ["@"]),
        ("y = X - 1", ["- 1"]),
        ("y = -w", ["-"]),
        ("y = torch.add(X, w, alpha=2)", ["add(w, alpha=2)", "add(alpha=2)"]),
        ("X.sub_(w.detach(), alpha=2)", ["sub_(detach₁, alpha=2)", "sub_(alpha=2)"]),
        ("y = torch.lerp(w, w.exp(), w.sum())", ["lerp(w, exp₁, sum₁)", "lerp"]),
        ("y = torch.where(X > 1, X, w)", ["where(gt₁, X, w)", "where"]),
        ("y = torch.cat([X, X.exp()], 1)", ["cat([X, exp₁], dim=1)", "cat(dim=1)"]),
        (
            "y = F.mse_loss(X, X.exp(), reduction='sum')",
            ["mse_loss(X, exp₁, reduction=sum)", "mse_loss(reduction=sum)"],
        ),
        ("y = torch.linalg.solve(X[:, :3], w[:3])", ["linalg.solve(X[:, :3], w[:3])", "linalg.solve"]),
        ("y = X.masked_fill(X > 1, 0.)", ["masked_fill(0.0)"]),  # no numbers are taken for a mask
    ],
)
def test_operands_whose_order_matters_are_named(source: str, wanted: list[str]) -> None:
    """Edges arrive where they are easiest to follow: `h - mu` was drawn with mu on the left."""
    graph = build(trace_source(source, BEFORE))
    assert spelled_in_order(graph.ops[-1], graph.labels, graph.values) == wanted


@every_case(
    "source wanted",
    [
        ("y = w @ X.T", "w @ X.T"),  # a vector and a matrix
        ("y = batch @ X.T", "batch @ X.T"),
        ("y = X @ batch.transpose(1, 2)", "X @ transpose₁"),
        ("y = batch @ batch.transpose(1, 2)", "batch @ transpose₁"),
    ],
)
def test_operands_of_a_product_in_which_several_operations_ran_are_named(source: str, wanted: str) -> None:
    before = f"{BEFORE}\nbatch = torch.ones(2, 3, 4, requires_grad=True)"
    assert wanted in texts(draw_graph(trace_source(source, before)).svg)


PARTS = {
    "y = (w[:2] * w[1:]).sum()": ["w[:2]", "w[1:]", "mul₁", "y"],
    "w.data[1] = 5.": ["w.data", "w.data[1]", "w.data[1]"],
    "X[1::2] += 1": ["X[1::2]"] * 4,
    "y = X[0, 1] * X[:, 0]": ["X[0]", "X[0, 1]", "X[:, 0]", "y"],
    "y = X[:2, 1] + X[1:3, :2][0, 1]": [
        "X[:2]",
        "X[:2, 1]",
        "X[1:3]",
        "X[1:3, :2]",
        "X[1:3, :2][0]",
        "X[1:3, :2][0, 1]",
        "y",
    ],
    "y = w[:2] * w[:2]": ["w[:2]", "slice₁", "y"],  # two tensors of the same numbers
    "y = w[1:].relu()": ["w[1:]", "y"],
    "y = (w * 2)[:2] + 1": ["mul₁", "slice₁", "y"],  # of nothing that has a name
    "for k in range(2):\n    h = w * 2\n    y = h[:2] + 1": [
        *("h (turn 1)", "h[:2] (turn 1)", "y (turn 1)"),
        *("h (turn 2)", "h[:2] (turn 2)", "y (turn 2)"),
    ],
}


@every_case("source", PARTS)
def test_a_part_without_a_name_is_called_what_it_is_of_the_whole(source: str) -> None:
    before = "w = torch.tensor([1., -2., 3.], requires_grad=True)\nX = torch.arange(12.).reshape(4, 3)"
    trace = trace_source(source, before)
    assert [trace.label(output) for op in trace.ops for output in op.outputs] == PARTS[source]
