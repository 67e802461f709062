"""What a picture says is what the cell did: order, leaves, cuts, hooks, edits, and names that the code bound."""

import pytest

from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.text import graph_text
from tests.tracing.render.cells import texts, trace_source


def test_the_text_tells_operations_in_the_order_in_which_they_ran():
    trace = trace_source(
        "y = w * 2\nwith torch.no_grad():\n    w.zero_()", "w = torch.tensor([2.], requires_grad=True)"
    )
    lines = graph_text(draw_graph(trace).graph, trace).splitlines()[1:]
    assert lines == [
        "▣ w = [2.]",
        "  ○ mul(w, 2) → y = [4.]",
        "□ y = [4.]",
        "  ○ zero_(w) → w = [0.]",
        "▣ w = [0.]",
    ]


def test_a_base_that_was_edited_through_a_view_comes_before_its_next_use():
    trace = trace_source("y = x * 1\ny[0] = 0.\ny.add_(1)", "x = torch.ones(2, requires_grad=True)")
    lines = graph_text(draw_graph(trace).graph, trace).splitlines()
    arrow = "    ← y[0]: edited through the view"
    assert lines[-4:] == ["□ y = [0., 1.]", arrow, "  ○ add_(y, 1) → y = [1., 2.]", "□ y = [1., 2.]"]


@pytest.mark.parametrize(
    "cell",
    [
        "x = torch.arange(3.).requires_grad_()\n(x * x).sum().backward()",
        "x = torch.arange(3.)\nx.requires_grad = True\n(x * x).sum().backward()",
    ],
)
def test_a_leaf_that_came_to_require_grad_is_drawn_as_one_with_its_gradient(cell):
    trace = trace_source(cell)
    found = draw_graph(trace)
    assert "▣ x = [0., 1., 2.]" in graph_text(found.graph, trace)
    leaf = next(item.key for item in found.graph.items.values() if item.value is not None and item.value.name == "x")
    sent = [grad.numbers.data for link in found.graph.links if link.tail == leaf for grad in link.grads]
    assert sent == [(0.0, 1.0, 2.0)] * 2


def test_a_number_gives_its_name_to_no_tensor():
    before = "w = torch.tensor([2.], requires_grad=True)\nlr = .1\nclass o: rate = .1"
    for factor in ("lr * w.grad", "w.grad * lr", "o.rate * w.grad"):
        trace = trace_source(f"(w * w).sum().backward()\nwith torch.no_grad():\n    w -= {factor}", before)
        product = next(event for event in trace.events if getattr(event, "name", "") == "mul" and event.step > 2)
        assert trace.values[product.inputs[0].value].name == "w.grad"
    trace = trace_source("y = o.rate * (w + 1)", before)
    product = next(event for event in trace.events if getattr(event, "name", "") == "mul")
    assert trace.values[product.inputs[0].value].name is None


def names_in(source, before=""):
    return {value.name for value in trace_source(source, before).values.values()} - {None}


def test_a_layer_is_no_tensor_and_its_weights_are_named_after_it():
    before = "from autogradkit import nn\ntorch.manual_seed(0)\nx = torch.ones(1, 2)"
    source = "l1 = nn.Linear(2, 2)\nl2 = nn.Linear(2, 1)\nloss = l2(l1(x)).sum()\nloss.backward()"
    assert names_in(source, before) == {"x", "l1.weight", "l1.bias", "l2.weight", "l2.bias", "loss"}


def test_the_parts_of_a_tensor_have_their_places_for_names():
    before = "w = torch.ones(3, requires_grad=True)"
    assert names_in("l = w.split(1)\ny = l[0] * l[2]", before) == {"w", "l[0]", "l[1]", "l[2]", "y"}
    assert names_in("a, b, c = w.unbind()\ny = a * c", before) == {"w", "a", "b", "c", "y"}


def left_out(source, before):
    return draw_graph(trace_source(source, before)).graph.left_out


def test_a_hook_that_changes_a_gradient_is_told_of():
    before = "x = torch.ones(2, requires_grad=True)"
    assert left_out("y = x * 3\nx.register_hook(lambda g: g * 10)\ny.sum().backward()", before) == [
        "A hook made ∂ [30., 30.] of the ∂ [3., 3.] that came to x."
    ]
    assert left_out("y = x * 3\ny.register_hook(lambda g: g * 10)\n(y + y).sum().backward()", before) == [
        "A hook made ∂ [20., 20.] of the ∂ [1., 1.] + [1., 1.] that came to y."
    ]
    assert left_out("y = x * 3\ny.register_hook(print)\ny.sum().backward()", before) == []


@pytest.mark.parametrize(
    ("source", "index", "line"),
    [
        ("loss = W[labels[0]].sum()", "labels[0]", 1),
        ("i = labels.argmax()\nloss = W[i, 0] * 2", "i", 2),
        ("for i in labels:\n    loss = W[i].sum()", "i", 2),
        ("k = labels[0] + 1\nloss = W[0, k - 1] * 2", "k - 1", 2),
        ("loss = rows[labels[1]].sum()", "labels[1]", 1),
    ],
)
def test_a_tensor_that_is_read_as_an_index_is_said(source: str, index: str, line: int) -> None:
    before = "W = torch.ones(3, 2, requires_grad=True); labels = torch.tensor([1, 2]); rows = [W, W, W]"
    assert left_out(source, before) == [
        f"The index {index} in line {line} reads numbers, which are drawn without what they were computed from."
    ]


@pytest.mark.parametrize(
    "source", ["loss = W[1].sum()", "for i in range(2):\n    loss = W[i].sum()", "loss = W[labels].sum()"]
)
def test_an_index_that_hides_nothing_is_not_said(source: str) -> None:
    assert left_out(source, "W = torch.ones(3, 2, requires_grad=True); labels = torch.tensor([1, 2])") == []


def test_what_ran_before_the_cell_is_told_of():
    before = "w = torch.tensor([2.], requires_grad=True)\nloss = (w * 3).sum()"
    assert left_out("loss.backward()", before) == [
        "2 operations that are not drawn ran before this cell, behind loss, and led the gradient to w: "
        "%graph loss draws all of it."
    ]
    assert left_out("loss = (w * 3).sum()\nloss.backward()", "w = torch.tensor([2.], requires_grad=True)") == []


@pytest.mark.parametrize("mode", ["torch.no_grad()", "torch.enable_grad()"])
def test_what_a_node_called_by_hand_gives_is_drawn_from_the_gradient_and_what_the_node_saved(mode: str) -> None:
    before = "x = torch.tensor([2., 3.], requires_grad=True)\ng = torch.tensor([5., 7.])"
    graph = draw_graph(trace_source(f"y = torch.exp(x)\nwith {mode}:\n    r = y.grad_fn(g)", before)).graph
    labels = {key: graph.labels[item.value.id] for key, item in graph.items.items() if item.value is not None}
    [result] = [key for key, label in labels.items() if label == "r"]
    [maker] = [link.tail for link in graph.links if link.head == result]
    assert {graph.labels[link.value] for link in graph.links if link.head == maker} == {"y", "g"}


@pytest.mark.parametrize("mode", ["torch.no_grad()", "torch.enable_grad()"])
@pytest.mark.parametrize(
    ("before", "operands"),
    [("", {"g"}), ("p.grad = torch.tensor([1., 4.])", {"g", "p.grad"}), ("(p * 3).sum().backward()", {"g", "p.grad"})],
)
def test_a_leafs_node_called_by_hand_leads_from_the_gradient_into_grad(
    mode: str, before: str, operands: set[str]
) -> None:
    there = "p = torch.tensor([2., 3.], requires_grad=True)\ng = torch.tensor([5., 7.])\n"
    node = "node = p.expand_as(p).grad_fn.next_functions[0][0]"
    graph = draw_graph(trace_source(f"{before}\nwith {mode}:\n    node(g)", there + node)).graph
    ends = [key for key in graph.items if not any(link.tail == key for link in graph.links)]
    [grad] = [key for key in ends if key.startswith("v") and graph.labels[graph.items[key].value.id] == "p.grad"]
    [maker] = [link.tail for link in graph.links if link.head == grad]
    assert graph.items[maker].op.label == ("add_" if before and "no" in mode else "AccumulateGrad")
    assert {graph.labels[link.value] for link in graph.links if link.head == maker} == operands
    assert not any(label.startswith("tensor") for label in graph.labels.values())


@pytest.mark.parametrize(
    "edit", ["B[:, 0] = w", "B[:, 0].mul_(w)", "B[:2].index_copy_(1, torch.tensor([0]), w[:2, None])"]
)
def test_what_is_written_through_a_view_gets_its_gradient(edit: str) -> None:
    before = (
        "w = torch.tensor([1., -2., 3.], requires_grad=True)\n"
        "M = torch.tensor([[1., 2., 0.], [5., -1., 1.], [.5, .5, 2.]], requires_grad=True)"
    )
    graph = draw_graph(trace_source(f"B = M * 2\n{edit}\n(w * B[0] + B[1]).sum().backward()", before)).graph
    [event] = [event for event in graph.calls[0].accumulated if event.name == "w"]
    came = [g.numbers.data for link in graph.links if graph.labels[link.value] == "w" for g in link.grads]
    assert len(came) == 2
    assert tuple(map(sum, zip(*came, strict=True))) == event.contribution.data


def test_what_python_adds_up_is_named_once_and_takes_no_turns():
    before = "w = torch.ones(2, requires_grad=True)\nu = torch.ones(3, requires_grad=True)"
    trace = trace_source("a = sum((p ** 2).sum() for p in (w, u, w))\na.backward()", before)
    graph = draw_graph(trace).graph
    named = {
        graph.labels[op.outputs[0]]: trace.values[op.outputs[0]].numbers.data for op in graph.ops if op.name == "add"
    }
    assert named == {"add₁": (2.0,), "add₂": (5.0,), "a": (7.0,)}


@pytest.mark.parametrize(
    ("source", "before", "named"),
    [
        ("(w * w).sum().backward()\nw.grad.zero_()", "w = torch.ones(2, requires_grad=True)", {"w", "w.grad"}),
        ("y = xs[0] * xs[1]", "xs = [torch.ones(2), torch.zeros(2)]", {"xs[0]", "xs[1]", "y"}),
        ("y = p['w'] + 1", "p = {'w': torch.ones(2)}", {"p['w']", "y"}),
        ("y = a + 1", "xs = [torch.ones(2)]\na = xs[0]", {"a", "y"}),
    ],
)
def test_what_a_variable_leads_to_has_the_learners_name(source, before, named):
    assert names_in(source, before) == named


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("h = xs[0] * 1\nfor x in xs:\n    h = h * x", {"xs[0]", "xs[1]"}),
        ("s = 0\nfor n, v in enumerate(xs):\n    s = s + v.sum()", {"xs[0]", "xs[1]"}),
        ("s = 0\nfor q in lin.parameters():\n    s = s + q.sum()", {"lin.weight", "lin.bias"}),
        ("y = w * 2", {"w"}),
    ],
)
def test_a_loops_variable_names_nothing_that_has_a_place_of_its_own(cell: str, names: set[str]) -> None:
    before = "w = torch.ones(2)\nxs = [torch.ones(2), torch.zeros(2)]\nkept = [w]\nlin = torch.nn.Linear(2, 2)"
    trace = trace_source(cell, before)
    made = {output for op in trace.ops for output in op.outputs}
    assert {value.name for value in trace.values.values() if value.id not in made} == names


@pytest.mark.filterwarnings("ignore:Using backward")
def test_memory_that_a_gradient_is_copied_into_is_not_drawn() -> None:
    """What it held before is nobody's; numbers from nowhere stood there as a seed."""
    source = "(w ** 2).sum().backward(create_graph=True)\nb = w.grad * 2"
    graph = draw_graph(trace_source(source, "w = torch.tensor([1., -2.], requires_grad=True)")).graph
    labels = [graph.labels[item.value.id] for item in graph.items.values() if item.value]
    assert labels == ["w", "sum₁", "∂ seed", "copy₁", "w.grad", "b"]


def test_of_many_changed_gradients_and_read_numbers_some_are_told_and_the_others_counted() -> None:
    """A sentence for each made a picture of six boxes and three hundred kilobytes."""
    hooked = "h = w\n" + "h = h * 2; h.register_hook(lambda g: g * 2)\n" * 12 + "h.sum().backward()\n"
    before = "w = torch.tensor([1., -2.], requires_grad=True)"
    told = draw_graph(trace_source(hooked, before)).graph.left_out
    assert [sentence.startswith("A hook made ∂") for sentence in told] == [True] * 8 + [False]
    assert told[-1] == "4 further gradients were changed by hooks."
    read = "\n".join(["a = (w * 2).sum().item()"] * 9)
    (sentence,) = draw_graph(trace_source(read, before)).graph.left_out
    assert sentence.startswith(".item() in lines 1, 2, 3, 4, 5, 6 and 3 more reads numbers")


def test_a_gradient_that_a_hook_kept_comes_from_its_tensor() -> None:
    source = "seen = []\ny = w * 2\ny.register_hook(seen.append)\n(y * 3).sum().backward()\nz = seen[0] + 1"
    drawn = draw_graph(trace_source(source, "w = torch.tensor([1., -2.], requires_grad=True)"))
    graph = drawn.graph
    ways = [(link.tail, graph.labels[link.value]) for link in graph.links if link.kind == "grad"]
    (first,) = [item.key for item in graph.items.values() if item.op is not None and item.op.step == 0]
    assert ways == [(first, "seen[0]")]  # the op that gave y, which has no box of its own
    assert "∂, kept" in drawn.svg
    assert "its .grad" not in drawn.svg


def test_a_tensor_made_anew_in_each_turn_keeps_its_turn_when_it_is_edited():
    trace = trace_source(
        "for lr in (.1, .2):\n    p = w.detach().clone().requires_grad_()\n    with torch.no_grad():\n        p -= lr\n"
        "    g, = torch.autograd.grad((p * 3).sum(), p)",
        "w = torch.tensor([1.])",
    )
    lines = graph_text(draw_graph(trace).graph, trace).splitlines()[2:]
    assert [line for line in lines if "p (" in line or "g (" in line] == [
        "  ○ clone(detach₁) → p (turn 1) = [1.]",
        "▣ p (turn 1) = [1.]",
        "  ○ sub_(p (turn 1), 0.1) → p (turn 1) = [0.9]",
        "▣ p (turn 1) = [0.9]",
        "  ○ mul(p (turn 1), 3) → mul₁ = [2.7]",
        "□ g (turn 1) = [3.]",
        "    ← p (turn 1): ∂, returned",
        "  ○ clone(detach₂) → p (turn 2) = [1.]",
        "▣ p (turn 2) = [1.]",
        "  ○ sub_(p (turn 2), 0.2) → p (turn 2) = [0.8]",
        "▣ p (turn 2) = [0.8]",
        "  ○ mul(p (turn 2), 3) → mul₂ = [2.4]",
        "□ g (turn 2) = [3.]",
        "    ← p (turn 2): ∂, returned",
    ]


def test_what_an_edit_through_a_view_leaves_is_told_from_what_it_gives():
    before = "w = torch.tensor([1., 2., 3.], requires_grad=True)"
    svg = draw_graph(trace_source("y = w * 1\ny[0] = 7.\ny[1:] = 4.\nloss = y.sum()\nloss.backward()", before)).svg
    assert svg.count(">the rest stays<") == svg.count(">edited through the view<") == 2


VIEWS = "w = torch.tensor([1., -2., 3.], requires_grad=True)\nu = torch.tensor([.5, 2., -1.], requires_grad=True)"


@pytest.mark.parametrize(
    ("cell", "grads"),
    [
        ("a = w.view(3)\nwith torch.no_grad():\n    a *= 2\n(w * a).sum().backward()", [(2, -4, 6)] * 2),
        ("a = w[:2]\nwith torch.no_grad():\n    a.mul_(2)\n    a.add_(1)\n(a * a).sum().backward()", [(6, -6, 0)]),
        ("a, b = w[:2], w[1:]\nwith torch.no_grad():\n    a.mul_(2)\n(b * b).sum().backward()", [(0, -8, 6)]),
        ("a = w.view(3)\nwith torch.no_grad():\n    w.mul_(2)\n(u * a).sum().backward()", [(0.5, 2, -1)]),
        ("a = w[0]\nwith torch.no_grad():\n    a.mul_(2)\na.backward()", [(1, 0, 0)]),
    ],
)
def test_the_gradient_of_a_view_that_was_edited_goes_to_its_base(cell, grads):
    trace = trace_source(cell, VIEWS)
    graph = draw_graph(trace).graph
    came = [
        grad.numbers.data
        for link in graph.links
        if graph.labels[link.value] == "w" and link.head != f"v{link.value}"
        for grad in link.grads
    ]
    assert came == grads
    assert "still a view of it" in " ".join(texts(draw_graph(trace).svg))
    assert graph.left_out == []


def test_of_what_a_recorded_edit_has_left_each_view_has_its_own_gradient():
    cell = "y = w * 3\na, b = y[:2], y[1:]\na.mul_(2)\n((b * b).sum() + (a * a).sum() + y.sum()).backward()"
    graph = draw_graph(trace_source(cell, VIEWS)).graph
    edited = [
        (graph.labels[link.value], link.grads[0].numbers.data)
        for link in graph.links
        if link.kind == "memory" and link.grads
    ]
    assert edited == [("b", (-24, 18)), ("y", (1, 1, 1)), ("y", (26, -94, 19))]
    assert graph.left_out == []


@pytest.mark.parametrize("cell", ["z = fc(bad)", "try:\n    z = fc(bad)\nexcept RuntimeError:\n    z = None"])
def test_what_a_call_did_before_it_failed_has_no_name(cell):
    before = "fc = torch.nn.Linear(3, 3)\ngood, bad = torch.ones(3), torch.ones(2)"
    assert names_in(cell, before) == {"fc.weight", "fc.bias", "bad"}
    after_good = f"for x in (good, good):\n    z = fc(x)\n{cell}"
    assert [v.turn for v in trace_source(after_good, before).values.values() if v.name == "z"] == [(1,), (2,)]


def test_the_buffers_of_a_layer_are_named_after_it():
    before = "net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))\nx = torch.ones(4, 2)"
    buffers = {f"net[1].{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
    named = names_in("y = net(x)", before)
    assert buffers <= named
    assert named - buffers == {"x", "y", "net[0].weight", "net[0].bias", "net[1].weight", "net[1].bias"}


def test_a_result_that_came_to_require_grad_is_drawn_as_a_leaf():
    before = "w = torch.tensor([2., 3.])"
    trace = trace_source("x = w.clone().requires_grad_()\n(x ** 2).sum()", before)
    assert "▣ x = [2., 3.]" in graph_text(draw_graph(trace).graph, trace)


def test_what_a_hook_edits_while_backward_runs_is_said():
    cell = (
        "def step(p):\n    with torch.no_grad():\n        p -= .1 * p.grad\n    p.grad = None\n"
        "w.register_post_accumulate_grad_hook(step)\n(w ** 2).sum().backward()"
    )
    drawn = draw_graph(trace_source(cell, "w = torch.tensor([1., 2.], requires_grad=True)"))
    told = "While backward ran, a hook edited w in line 3; its operations are not drawn."
    assert drawn.graph.left_out == [told]
    assert any(told[:40] in text for text in texts(drawn.svg))


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("y = x\nx += 1\nz = y * 2", ["Line 1 makes no tensor: y is another name for x."]),
        ("y = x\ny = y * 2\ny.sum()", []),  # a name that is on the picture
        ("n = 3\nm = n\nz = x * m", []),
    ],
)
def test_a_second_name_of_a_tensor_is_said(cell: str, told: list[str]):
    assert draw_graph(trace_source(cell, "x = torch.tensor([1., 2.])")).graph.left_out == told


def test_what_ran_while_backward_did_is_no_work_of_create_graph():
    before = "from autogradkit.utils.checkpoint import checkpoint\nx = torch.tensor([1., 2.], requires_grad=True)"
    cell = "y = checkpoint(lambda t: t.sin().exp(), x, use_reentrant=False)\ny.sum().backward()"
    text = draw_graph(trace_source(cell, before)).alt
    assert text.endswith("While backward ran, hooks or recomputation ran 1 operation.")
