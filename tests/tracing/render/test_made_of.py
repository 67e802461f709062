"""What tensors are made of, and what writes into them: operations, `out=`, NumPy, layers for themselves."""

import pytest

from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.text import graph_text
from tests.tracing.render.cells import texts, trace_source


def test_what_numpy_writes_into_a_tensor_is_on_the_picture():
    before = "w = torch.tensor([3., 4.], requires_grad=True)\narray = torch.tensor([1., 2.]).numpy()\nt = torch.from_numpy(array)"
    trace = trace_source("a = (w * t).sum()\narray[0] = 10.\nb = (w * t).sum()\n(a + b).backward()", before)
    text = graph_text(draw_graph(trace).graph, trace)
    assert "□ t = [10., 2.]\n    ← t: changed by no operation" in text
    assert "mul(w, t) → mul₁ = [3., 8.]" in text
    assert "mul(w, t) → mul₂ = [30., 8.]" in text
    source = "y = w * 1\ny.detach().numpy()[1] = 0.\nz = (y * y).sum()\nz.backward()"
    found = draw_graph(trace_source(source, before)).graph
    [change] = [link for link in found.links if link.kind == "memory"]
    assert found.values[change.value].numbers.data == (3.0, 4.0)
    assert [grad.numbers.data for grad in change.grads] == [(6.0, 0.0)]


def test_what_numpy_writes_before_a_tensor_is_used_is_on_the_picture():
    before = "w = torch.tensor([3., 4.], requires_grad=True)\nx = torch.tensor([1., 2.])\nlast = x[1:]"
    for line in ("x.numpy()[1] = 9.", "last.numpy()[:] = 9.", "import numpy as np\nnp.asarray(x)[1] = 9."):
        trace = trace_source(f"{line}\n(w * x).sum().backward()", before)
        text = graph_text(draw_graph(trace).graph, trace)
        assert "□ x = [1., 2.]" in text, line
        assert "□ x = [1., 9.]\n    ← x: changed by no operation" in text, line
    trace = trace_source("w.detach().numpy()[1] = 0.\n(w * w).sum().backward()", before)
    assert "▣ w = [3., 0.]\n    ← w: changed by no operation" in graph_text(draw_graph(trace).graph, trace)
    for line in ("x.numpy()[1] = 9.", "a = x.numpy()\na[1] = 9.", "x.numpy()[0] += 9."):  # numbers that nothing reads
        assert not [
            each for each in draw_graph(trace_source(f"{line}\nw * x", before)).graph.left_out if "reads" in each
        ]
    whole = "x = torch.ones(4)\narray = x.numpy()\nv = x[:2]"
    through = draw_graph(
        trace_source("y = x * 2\narray[0] = 5.\nv.numpy()\nz = v * 1", whole)
    ).graph  # v is met after that
    met = [item.value for item in through.items.values() if item.value is not None and item.value.name == "v"]
    assert [each.numbers.data for each in met] == [(5.0, 1.0)]
    edited = "a = x.numpy()\na[1] = 5.\ny = x * 1\nlast.add_(1)"  # x is changed before the cell comes to its view
    trace = trace_source(edited, before)
    assert "□ last = [5.]\n    ← x: still a view of it" in graph_text(draw_graph(trace).graph, trace)
    read = draw_graph(trace_source("a = x.numpy()\na[1] = a[0]\nw * x", before)).graph.left_out
    assert any("reads numbers" in each for each in read)
    trace = trace_source("x.numpy()\n(w * x).sum().backward()", before)
    assert "changed" not in graph_text(draw_graph(trace).graph, trace)


def test_what_numpy_writes_into_a_large_tensor_is_on_the_picture():
    before = "import numpy as np\nt = torch.arange(4000.).reshape(40, 100)\narray = t.numpy()"
    for numbers in (
        "t",
        "t.double()",
        "t.half()",
        "t.to(torch.int64)",
        "t > 0",
        "t * 1j",
        "(t * 1j).to(torch.complex128)",
    ):
        made = f"{before}\nt = {numbers}\narray = t.numpy()"
        for edit in ("array[20, 50] = 0", "array[:] = array[:, ::-1].copy()", "array *= False"):
            trace = trace_source(
                f"a = t.sum()\nb = t.max() if t.dtype.is_floating_point else t.sum()\n{edit}\nc = t.sum()", made
            )
            told = graph_text(draw_graph(trace).graph, trace)
            assert told.count("← t: changed by no operation") == 1, (numbers, edit)
    edited = "a = t * 2\nt.mul_(3)\nb = t.sum() + a.sum()\nt.data[0] = 1.\nc = t[0] * t"
    trace = trace_source(edited, before)
    assert "changed by no operation" not in graph_text(draw_graph(trace).graph, trace)


def test_numbers_drawn_as_a_tensor_says_come_from_it():
    before = "p = torch.tensor([1., 0.])\nw = torch.tensor([2., 3.], requires_grad=True)\nmean = torch.zeros(2)"
    trace = trace_source("reward = torch.bernoulli(p)\n(w * reward).sum().backward()", before)
    assert "□ p = [1., 0.]\n  ○ bernoulli(p) → reward = [1., 0.]\n" in graph_text(draw_graph(trace).graph, trace)
    for call in ("multinomial(p, 1)", "normal(mean, 1.)", "poisson(p)"):
        trace = trace_source(f"z = torch.{call}", before)
        assert "1 operation ran forward" in (text := graph_text(draw_graph(trace).graph, trace)), call
        assert f"○ {call.partition('(')[0]}({call[call.index('(') + 1 :][:1]}" in text, call
    trace = trace_source("z = torch.randn_like(mean)", before)  # whose shape alone counts
    assert "1 new tensor" in graph_text(draw_graph(trace).graph, trace)


def test_what_a_folded_layer_makes_for_itself_is_in_it():
    before = "gru = torch.nn.GRU(2, 3)\nx = torch.ones(2, 1, 2)"
    found = texts(draw_graph(trace_source("out, h = gru(x)", before)).svg)
    assert "gru" in found
    assert "zeros" not in found


MADE_OF = [  # a cell, and what its text has
    ("y = torch.full((2,), t)", "□ t = 3.\n  ○ full(2, t) → y = [3., 3.]"),
    ("y = torch.tensor([[t, 1.], [t, 2.]])", "□ t = 3.\n  ○ tensor(t, 1.0, t, 2.0) → y = [[3., 1.], [3., 2.]]"),
    ("y = torch.tensor(w)", "▣ w = [1., 2.]\n  ○ tensor(w) → y = [1., 2.]"),
    ("y = torch.linspace(t, 5., 2)", "○ linspace(t, end=5.0, steps=2) → y = [3., 5.]"),
    ("y = torch.zeros_like(w)", "1 new tensor; no operation connects them.\n□ y = [0., 0.]"),
    ("y = torch.empty(0)\ntorch.add(x, 1, out=y)", "□ y = []\n  ○ add(x, 1, out=y) → y = [2., 3.]\n□ y = [2., 3.]"),
    ("torch.mul(x, 2, out=x)", "□ x = [1., 2.]\n  ○ mul(x, 2, out=x) → x = [2., 4.]"),
    (
        "y = torch.zeros(2, 2)\nv = y[0]\ntorch.add(x, 1, out=v)\nz = y * 2",
        "□ v = [2., 3.]\n□ y = [[2., 3.], [0., 0.]]\n    ← v: edited through the view\n  ○ mul(y, 2)",
    ),
    ("torch.nn.init.constant_(w, 5.)", "▣ w = [1., 2.]\n  ○ fill_(w, 5.0) → w = [5., 5.]\n▣ w = [5., 5.]"),
    ("lin = torch.nn.Linear(2, 2)", "No tensor operation ran"),  # its parameters begin as the constructor leaves them
    ("y = x * 2\nx.set_(y)\nz = x * 1", "○ set_(x, y) → x = "),
    ("x.set_(torch.arange(3.).untyped_storage(), 1, (2,))\ny = x * 2", "  ○ set_(x) → x = [1., 2.]"),
    ("x.resize_(1)\ny = x * 2", "  ○ resize_(x, 1) → x = "),
    ("w.data = x\nw.data = x * 2", "○ set_data_(w, mul₁) → w = [2., 4.]\n▣ w = [2., 4.]"),
    (
        "w.data -= x\ny = w * 2",
        "□ w.data = [0., 0.]\n▣ w = [0., 0.]\n    ← w.data: edited through the view\n  ○ mul(w, 2)",
    ),
    (
        "y = x * 1\nv = y[0]\ny.numpy()[1] = 7.\nz = y * 2",  # which leaves v as it was
        "○ y[0] → v = 1.\n□ v = 1.\n□ y = [1., 7.]\n    ← y: changed by no operation\n  ○ mul(y, 2)",
    ),
    ("k = float((x * 2).sum())\ny = w * k", "⋯ float() in line 1 reads numbers"),
    ("i = int(x.argmax())\ny = w[i]", "⋯ int() in line 1 reads numbers"),
]


@pytest.mark.filterwarnings("ignore:To copy construct")
def test_what_tensors_are_made_of_leads_to_them_also_by_out_or_is_said():
    before = "t = torch.tensor(3.)\nx = torch.tensor([1., 2.])\nw = torch.tensor([1., 2.], requires_grad=True)"
    for cell, told in MADE_OF:
        trace = trace_source(cell, before)
        assert told in graph_text(draw_graph(trace).graph, trace), cell


def test_what_a_python_function_writes_element_by_element_is_an_edit():
    before = "a = torch.tensor([1., 2.])\nc = torch.tensor([3., 4.])"
    for line, told in (
        ("a.apply_(lambda v: v * 10)", "apply_(a) → a = [10., 20.]"),
        ("a.map_(c, lambda v, u: v * u)", "map_(a, c) → a = [3., 8.]"),
        ("a.map2_(c, c, lambda v, u, t: v + u + t)", "map2_(a, c, c) → a = [7., 10.]"),
    ):
        trace = trace_source(f"{line}\nb = a * 1", before)
        text = graph_text(draw_graph(trace).graph, trace)
        assert "□ a = [1., 2.]" in text, line
        assert told in text, line
        assert "by no operation" not in text, line


def test_what_a_copy_that_failed_had_copied_by_then_is_drawn() -> None:
    before = "import copy\nx = torch.tensor([1., 2.], requires_grad=True)"
    graph = draw_graph(trace_source("y = x * 2\nc = copy.deepcopy([x.detach(), y])", before)).graph
    assert [item.op.name for item in graph.items.values() if item.op is not None] == ["mul", "detach", "deepcopy"]
    assert graph.failure is not None
