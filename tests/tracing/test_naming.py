"""What layers are called: how the learner's code reaches them, and never two by one name."""

from __future__ import annotations

import dis
import linecache
from typing import Any

import pytest

import autogradkit as torch
from autogradkit.tracing.events import Op
from autogradkit.tracing.naming import _names_read
from tests.every_case import every_case
from tests.tracing.render.cells import trace_source

BEFORE = """
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 2, bias=False)
    def forward(self, x):
        return self.first(x)
class Thing:
    pass
def run(model):
    return model(x)
x = torch.ones(1, 2)
"""


def weights(cell: str, before: str = "") -> list[str]:
    """What the weights are called that a cell used, in their order."""
    space: dict[str, Any] = {"torch": torch, "__name__": "__main__"}
    exec(compile(BEFORE + before, "<before>", "exec"), space)
    linecache.cache["<the cell>"] = (len(cell), None, cell.splitlines(True), "<the cell>")
    with torch.record() as trace:
        exec(compile(cell, "<the cell>", "exec"), space)
    return [trace.label(number) for number, value in trace.values.items() if value.is_parameter]


@every_case(
    "cell before called",
    [
        ("y = a(x) + b(x)", "a, b = Net(), Net()", ["a.first.weight", "b.first.weight"]),
        ("y = a(x) + b(x) + a(x)", "a, b = Net(), Net()", ["a.first.weight", "b.first.weight"]),
        ("for net in nets: y = net(x)", "nets = [Net(), Net()]", ["nets[0].first.weight", "nets[1].first.weight"]),
        ("y = d['a'](x) + d['b'](x)", "d = {'a': Net(), 'b': Net()}", ["d['a'].first.weight", "d['b'].first.weight"]),
        ("y = n[0][0](x) + n[0][1](x)", "n = [[Net(), Net()]]", ["n[0][0].first.weight", "n[0][1].first.weight"]),
        ("y = t.a(x) + t.b(x)", "t = Thing(); t.a = Net(); t.b = Net()", ["t.a.first.weight", "t.b.first.weight"]),
        ("y = t.n[0](x) + t.n[1](x)", "t = Thing(); t.n = [Net(), Net()]", ["t.n[0].first.weight", "t.n[1].first.weight"]),
        ("y = Net()(x) + Net()(x) + Net()(x)", "", ["first.weight", "Net₂.first.weight", "Net₃.first.weight"]),
        ("for i in range(3): y = net(x)", "net = Net()", ["net.first.weight"]),
    ],
)  # fmt: skip
def test_two_models_of_one_class_share_no_name(cell: str, before: str, called: list[str]) -> None:
    assert weights(cell, before) == called


NEURONS = """
class Neuron:
    def __init__(self, n):
        self.w = torch.randn(n, requires_grad=True)
    def __call__(self, x):
        return (self.w * x).sum()
class Layer:
    def __init__(self, n, out):
        self.neurons = [Neuron(n) for _ in range(out)]
class Net:
    def __init__(self):
        self.layers = [Layer(2, 2)]
"""


@every_case(
    "cell before called",
    [
        ("layer = [Neuron(2) for _ in range(2)]\ny = [n(x) for n in layer]", NEURONS, ["layer[0].w", "layer[1].w"]),
        (f"{NEURONS}layer = [Neuron(2) for _ in range(2)]\ny = [n(x) for n in layer]", "", ["layer[0].w", "layer[1].w"]),
        (f"{NEURONS}n = Neuron(2)\ny = n(x)", "", ["n.w"]),
        ("net = Net()\ny = net.layers[0].neurons[1](x)", NEURONS, ["net.layers[0].neurons[0].w", "net.layers[0].neurons[1].w"]),
        (f"{NEURONS}def run():\n    return Neuron(2)(x)\ny = run()", "", ["self.w"]),  # it is gone: there is no other way
    ],
)  # fmt: skip
def test_what_an_object_made_in_the_cell_keeps_is_called_after_where_it_lies(
    cell: str, before: str, called: list[str]
) -> None:
    """Each neuron is `self` while it is made: `self.w (turn 1)` and `randn₂` say of none which it is."""
    trace = trace_source(cell, BEFORE + before)
    assert [
        trace.label(number) for number, value in trace.values.items() if value.requires_grad and value.is_leaf
    ] == called


def test_a_module_far_inside_is_not_searched_for_without_end() -> None:
    before = "deep = [Net()]\nfor _ in range(50): deep = [deep]\nwide = [[i] for i in range(10**5)]\nnet = Thing()\nnet.me = net"
    assert weights("y = run(Net())", before) == ["model.first.weight"]


def test_a_parameter_that_is_compared_has_its_own_name() -> None:
    """Python asks the parameter first, on whichever side it stands."""
    before = "xs = [torch.ones(2)]; p = torch.nn.Parameter(torch.zeros(2))"
    for cell in ("y = xs[0] == p", "y = xs[0] < p", "y = p > xs[0]"):
        assert weights(cell, before) == ["p"], cell


def test_parameters_that_zero_grad_meets_are_called_as_they_are_reached_or_as_a_variable_is() -> None:
    before = "net = torch.nn.Linear(2, 1); net(x).sum().backward(); b = net.bias"
    assert weights("net.zero_grad()", before) == ["net.weight", "b"]
    before = "net = torch.nn.Sequential(Net(), Net()); net(x).sum().backward(); other = net[1]"
    assert weights("net.zero_grad()", before) == ["net[0].first.weight", "net[1].first.weight"]
    cell = "net.zero_grad()\nold, net = net, None\nold[0].first.weight.data = x"
    assert weights(cell, before) == [
        "net[0].first.weight",
        "net[1].first.weight",
        "net[0].first.weight",
    ]  # before, after


def test_a_module_that_gave_its_name_away_leads_to_nothing_any_more() -> None:
    """The first weight is found through `net`; by the time of the second, `net` is another one."""
    before = (
        "net = torch.nn.Sequential(Net(), Net()); net(x).sum().backward(); sgd = torch.optim.SGD(net[1].parameters())"
    )
    found = weights("net[0].first.weight.data.mul_(2)\nnet = Net()\nsgd.step()", before)
    assert [each for each in found if "weight" in each] == ["net[0].first.weight"]


def test_the_cell_names_what_a_function_far_below_it_uses() -> None:
    before = "w = torch.nn.Parameter(torch.ones(2))\ndef deep(v, n):\n    return deep(v, n - 1) if n else v * 2"
    assert weights("y = deep(w, 12)", before) == ["w"]


def test_a_copied_model_has_names_of_its_own() -> None:
    cell = "import copy\nnet = Net()\ntwin = copy.deepcopy(net)\ny = net(x) + twin(x)"
    assert weights(cell) == ["net.first.weight", "twin.first.weight"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("w = torch.nn.Parameter(y)", [("Parameter", "y", "w")]),
        ("import copy\nw = copy.deepcopy(x)", [("deepcopy", "x", "w")]),
        ("import copy\nw = copy.deepcopy({'a': x})['a']\nz = w * 2", [("deepcopy", "x", "w"), ("mul", "w", "z")]),
    ],
)
def test_what_is_made_of_a_tensor_is_drawn_as_cut_from_it(cell: str, said: list[tuple[str, str, str]]) -> None:
    space: dict[str, Any] = {"torch": torch, "x": torch.ones(2, requires_grad=True), "y": torch.tensor([2.0, 3.0])}
    space["x"].grad = torch.ones(2)
    linecache.cache["<the cell>"] = (len(cell), None, cell.splitlines(True), "<the cell>")
    with torch.record() as trace:
        exec(compile(cell, "<the cell>", "exec"), space)
    ops = [event for event in trace.events if isinstance(event, Op)]
    assert [(op.name, trace.label(op.inputs[0].value), trace.label(op.outputs[0])) for op in ops] == said
    assert [op.why_not for op in ops if op.name != "mul"] == ["detach"]


def test_a_gradient_is_called_by_its_parameter() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.ReLU(), torch.nn.Linear(2, 1, bias=False))
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    with torch.record() as trace:
        net(torch.ones(1, 2)).sum().backward()
        sgd.step()
    steps = [op for op in trace.ops if op.name == "sgd_"]
    assert [[trace.label(each.value) for each in op.inputs if each.value is not None] for op in steps] == [
        ["net[0].weight", "net[0].weight.grad"],
        ["net[2].weight", "net[2].weight.grad"],
    ]


def test_a_sample_is_called_as_the_function_calls_it_not_as_what_vmap_gives() -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    with torch.record() as trace:
        out = torch.func.vmap(double)(rows)
    assert out.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert [trace.values[op.outputs[0]].name for op in trace.ops] == ["x", None, "x", None, "out"]


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("losses = [(x * k).sum() for k in range(2)]\nloss = sum(losses)", ["losses[0]", "losses[1]", "loss"]),
        ("out = {k: x * 2 for k in 'ab'}\ns = sum(o.sum() for o in out.values())", ["out['a']", "out['b']", "s"]),
        ("t = Thing(); t.h = x * 3", ["t.h"]),
        ("bn = torch.nn.BatchNorm1d(1, affine=False, track_running_stats=True)", [
            "bn.running_mean", "bn.running_var", "bn.num_batches_tracked",
        ]),
        ("names = globals(); names.update(_=x * 2)", []),
        # What IPython has shown is kept by the shell, which is an object with traits.
        ("import traitlets\nshell = traitlets.HasTraits(); shell.shown = {'_': x * 2}; x * 3", []),
        # Nothing else leads to these; only counted loops, in cells that run whole, have turns.
        ("for o in (x * 2, x * 3): s = o.sum()", ["o", "s"]),
    ],
)  # fmt: skip
def test_results_that_no_variable_holds_are_called_as_they_are_reached(cell: str, named: list[str]) -> None:
    space: dict[str, Any] = {"torch": torch, "__name__": "__main__"}
    exec(compile(BEFORE, "<before>", "exec"), space)
    linecache.cache["<the cell>"] = (len(cell), None, cell.splitlines(True), "<the cell>")
    with torch.record() as trace:
        exec(compile(cell, "<the cell>", "exec"), space)
    found = [trace.values[output].name for op in trace.ops for output in op.outputs]
    assert list(dict.fromkeys(name for name in found if name is not None)) == named


def test_of_two_names_for_a_tensor_the_one_that_the_cell_does_not_bind_is_told() -> None:
    assert weights("out = p\nfor i in range(2): out = out * 2", "out = 1; p = torch.nn.Parameter(x)") == ["p"]


ROWS = "rows = torch.arange(4.).view(2, 2)"


def test_what_is_added_up_in_place_is_labelled_with_the_turn_that_added_to_it() -> None:
    trace = trace_source("total = 0\nfor k in range(3):\n    total += x * k", "x = torch.ones(2)")
    sums = [trace.label(op.outputs[0]) for op in trace.ops if op.name in ("add", "add_")]
    assert sums == ["total (turn 1)", "total (turn 2)", "total (turn 3)"]
    trace = trace_source("total = torch.zeros(2)\nfor k in range(2):\n    total += k")  # as a parameter that is edited
    assert {trace.label(value) for value in trace.values} == {"total"}


def test_what_the_variable_of_a_loop_stands_for_in_the_end_is_called_by_its_place_too() -> None:
    trace = trace_source("ws = [torch.ones(2) for _ in 'ab']\nfor w in ws:\n    y = w * 2\nz = y.sum()")
    products = [op for op in trace.ops if op.name == "mul"]
    assert [trace.values[op.inputs[0].value].name for op in products] == ["ws[0]", "ws[1]"]


def test_what_only_the_variable_of_a_loop_leads_to_has_the_turn_of_that_loop() -> None:
    trace = trace_source("for row in rows:\n    for k in range(2):\n        s = (row * k).sum()", ROWS)
    first = trace.ops[0]
    assert [trace.label(output) for output in first.outputs] == ["row (turn 1)", "row (turn 2)"]
    sums = [trace.label(op.outputs[0]) for op in trace.ops if op.name == "sum"]
    assert sums == ["s (turn 1.1)", "s (turn 1.2)", "s (turn 2.1)", "s (turn 2.2)"]
    before = f"lin = torch.nn.Linear(2, 1)\n{ROWS}"
    for cell in ("for row in rows: y = lin(row)", "for row in rows: lin(input=row)", "ys = [lin(row) for row in rows]"):
        trace = trace_source(cell, before)  # a layer is given it, and no operation
        assert [trace.label(output) for output in trace.ops[0].outputs] == ["row (turn 1)", "row (turn 2)"], cell


@every_case(
    "cell wanted",
    [
        ("for x in rows: y = f(x)", "x (turn 1)|x (turn 2)"),
        ("for z in rows: y = f(v=z)", "z (turn 1)|z (turn 2)"),
        ("for z in rows: y = g(z)", "z (turn 1)|z (turn 2)"),
        ("for z in rows: y = M().run(z)", "z (turn 1)|z (turn 2)"),
        ("ys = [f(z) for z in rows]", "z (turn 1)|z (turn 2)"),
        ("for z in rows: y = f(*[z])", "v|v"),  # what cannot be followed has its name inside
        ("for z in rows: y = f(z if z.dim() else w)", "v|v"),
    ],
)
def test_what_a_loop_hands_to_a_function_is_called_as_the_loop_calls_it(cell: str, wanted: str) -> None:
    """`x` of all turns, as the function calls it, says of none which it is."""
    functions = "def f(v): return v * w\ndef g(u): return f(u)\nclass M:\n    def run(self, x): return x * w\n"
    trace = trace_source(functions + cell, f"w = torch.ones(2)\n{ROWS}")
    assert "|".join(trace.label(output) for output in trace.ops[0].outputs) == wanted


def test_a_function_that_calls_grad_gives_its_result_the_name() -> None:
    trace = trace_source("g = torch.func.grad(lambda t: t**3)(x)", "x = torch.tensor(3.)")
    named = [(value.name, value.numbers.printed) for value in trace.values.values() if value.name == "g"]
    assert named == [("g", "27.")]
    assert not [value.name for value in trace.values.values() if value.name == "g[0]"]
    trace = trace_source("g, = torch.autograd.grad(x * 3, x)", "x = torch.tensor(3., requires_grad=True)")
    assert "g" in {value.name for value in trace.values.values()}


def test_what_objects_hold_that_each_turn_makes_is_named_in_each_turn() -> None:
    loop = "for s in w:\n    d = Categorical(logits=s)\n    a = d.sample()\n    y = d.log_prob(a)"
    before = "from autogradkit.distributions import Categorical\nw = torch.randn(3, 2)"
    trace = trace_source(loop, before)
    found = [trace.label(output) for op in trace.ops for output in op.outputs]
    turns = ("(turn 1)", "(turn 2)", "(turn 3)")
    assert [each for each in found if each.startswith("d.logits")] == [f"d.logits {turn}" for turn in turns]
    assert [each for each in found if each.startswith("d.probs")] == [f"d.probs {turn}" for turn in turns]


def test_the_field_of_a_result_has_the_name_that_it_is_bound_to_and_its_turn() -> None:
    loop = "for k in range(2):\n    best = w.max(1).values\n    at = w.sort(1).indices\n    torch.linalg.qr(w.T).R"
    trace = trace_source(loop, "w = torch.randn(3, 2)")
    found = [trace.label(output) for op in trace.ops for output in op.outputs]
    assert [each for each in found if each.startswith("best")] == ["best (turn 1)", "best (turn 2)"]
    assert [
        (op.name, op.outputs.index(output))
        for op in trace.ops
        for output in op.outputs
        if "at (" in trace.label(output)
    ] == [
        ("sort", 1),
        ("sort", 1),
    ]
    assert "R" not in found


def test_what_one_turn_binds_to_one_name_is_counted_in_the_order_in_which_it_was_made() -> None:
    trace = trace_source(
        "for k in range(2):\n    h = w * 2\n    h = h.detach()", "w = torch.ones(2, requires_grad=True)"
    )
    found = [trace.label(output) for op in trace.ops for output in op.outputs]
    assert found == ["h (turn 1)", "h (turn 1, 2nd)", "h (turn 2)", "h (turn 2, 2nd)"]


def test_what_a_cell_of_hundreds_of_variables_reads_is_what_python_says() -> None:
    cell = compile(
        "".join(f"a{i} = [b{i}, f(c{i}).d]\n" for i in range(300)) + "class A:\n  y = z\n", "<a cell>", "exec"
    )
    within = compile("def g():\n  return u + v(w)", "<a cell>", "exec").co_consts[0]
    for code in (cell, within):
        said = [(each.offset, each.argval) for each in dis.get_instructions(code) if each.opname in _READ]
        assert said
        assert list(zip(*_names_read(code), strict=True)) == said


_READ = ("LOAD_NAME", "LOAD_GLOBAL")


def test_what_a_function_returns_by_a_local_name_has_the_callers_name() -> None:
    function = "def f(x):\n    r = x * 2\n    s = r + 1\n    return r, s\n"
    wrapped = "def outer(x):\n    out = inner(x)\n    return out\ndef inner(x):\n    return x * 2\n"
    for source, labels in {
        f"{function}a, b = f(w)": ["a", "b"],
        f"{function}f(w)[0].sum()": ["r", "s", "sum₁"],
        f"{wrapped}y = outer(w)": ["y"],
        f"{wrapped}for k in range(2):\n    y = outer(w)": ["y (turn 1)", "y (turn 2)"],
        "def f(x):\n    h = x * 2\n    h = h + 1\n    return h\ny = f(w)": ["h", "y"],
        "def f(x):\n    if len(x) > 1:\n        r = x * 2\n    else:\n        r = x\n    return r\ny = f(w)": [
            "r"
        ],  # or x
        "def f(x):\n    for k in range(2):\n        x = x * 2\n    return x\ny = f(w)": ["x (turn 1)", "x (turn 2)"],
    }.items():
        trace = trace_source(source, "w = torch.ones(2, requires_grad=True)")
        assert [trace.label(output) for op in trace.ops for output in op.outputs] == labels, source


def test_a_gradient_that_nobody_names_is_called_what_it_is() -> None:
    trace = trace_source("force = -torch.autograd.grad((w * w).sum(), w)[0]", "w = torch.ones(2, requires_grad=True)")
    given = trace.ops[-1].inputs[0].value
    assert given is not None
    assert trace.label(given) == "∂w"


def test_gradients_that_were_there_are_called_by_whoever_holds_them_now() -> None:
    before = (
        "a, b, c = (torch.ones(2, requires_grad=True) for _ in range(3))\na.grad, b.grad, c.grad = a + 1, b + 2, c + 3"
    )
    before = before.replace(" + ", ".detach() + ")
    trace = trace_source("x = a.grad * 2\nb, c = c, b\ny = b.grad * 2\ng = c.grad\nz = g * 2", before)
    assert [trace.label(op.inputs[0].value) for op in trace.ops if op.inputs[0].value is not None] == [
        "a.grad",
        "b.grad",
        "g",
    ]


def test_an_edit_of_one_row_leaves_the_others_as_they_were() -> None:
    trace = trace_source("for row in rows:\n    row *= 2", ROWS)
    edits = [op for op in trace.ops if op.name == "mul_"]
    assert [edit.inputs[0].value for edit in edits] == list(trace.ops[0].outputs)
    assert [trace.label(output) for output in trace.ops[0].outputs] == ["row (turn 1)", "row (turn 2)"]
    # The base has other numbers after each, and a column after the first.
    trace = trace_source("column, top, low = rows[:, 0], rows[0], rows[1]\ntop += 1\ny = column * low", ROWS)
    read = [trace.values[each.value] for each in trace.ops[-1].inputs]
    assert [(value.numbers.data, value.since > 0) for value in read] == [((1.0, 2.0), True), ((2.0, 3.0), True)]
    assert [value.id in {output for op in trace.ops for output in op.outputs} for value in read] == [False, True]
