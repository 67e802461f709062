"""The pictures of the cells that must come out right: what each says, that it is the same every time, and bounded."""

import doctest
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

import autogradkit as torch
from autogradkit.tracing.render.graph.drawing import columns, layout
from autogradkit.tracing.render.graph.drawing import picture as graph
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure import stacks
from autogradkit.tracing.render.graph.structure.fold import MOST_ITEMS
from autogradkit.tracing.render.graph.telling import text
from autogradkit.tracing.render.graph.telling.steps import MOST_STEPS, details_of, steps_of
from autogradkit.tracing.render.graph.telling.text import graph_rows, graph_text
from autogradkit.tracing.render.graph.wording import titles, words
from autogradkit.tracing.trace import Trace
from autogradkit.widgets.graph import GraphView
from tests.every_case import every_case
from tests.tracing.render.cells import CELLS, drawn, texts, trace_cell, trace_cell_anew, trace_source

NAMESPACE = {"svg": "http://www.w3.org/2000/svg"}


def drawn_text(name: str) -> str:
    return "\n".join(texts(drawn(name).svg))


@pytest.mark.parametrize("module", [columns, graph, layout, stacks, text, titles, words], ids=lambda m: m.__name__)
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", CELLS)
def test_same_cell_same_picture_and_well_formed(name):
    first, second = drawn(name), draw_graph(trace_cell_anew(name))
    assert first.svg == second.svg
    ElementTree.fromstring(first.svg)
    assert len(first.graph.items) <= MOST_ITEMS
    assert len(first.svg) < 120_000


@every_case("name", CELLS)
def test_every_step_lights_something_on_the_picture(name):
    trace = trace_cell(name)
    found = draw_graph(trace)
    keys = set(re.findall(r'data-key="([^"]+)"', found.svg))
    steps = steps_of(found.graph, trace)
    assert len(steps) <= MOST_STEPS
    for step in steps:
        assert set(step["keys"]) <= keys
    assert set(details_of(found.graph)) == keys


def test_power_has_the_leaf_its_gradient_and_both_contributions():
    words_ = texts(drawn("power").svg)
    assert words_[0] == "y = x**3 + 2*x"
    assert {".grad =", "14.", "12.", "2.", "∂"} <= set(words_)


def test_a_broadcast_is_marked_on_both_sides():
    assert "broadcast over dim 1" in drawn_text("broadcast")
    assert "summed over dim 1" in drawn_text("broadcast")


def test_fan_in_shows_the_contributions_and_their_sum():
    found = drawn("fan_in").graph
    box = next(item for item in found.items.values() if item.value is not None and item.value.name == "h")
    sent = [grad.numbers.data for link in found.links if link.tail == box.key for grad in link.grads]
    assert sorted(sent) == [(0.5, -2.0, 6.0), (0.5, -2.0, 6.0), (1.0, 1.0, 1.0)]
    assert "Σ∂ =" in drawn_text("fan_in")
    assert "[2., -3., 13.]" in drawn_text("fan_in")


def test_a_loop_names_each_turn():
    for turn in (1, 2, 3):
        assert f"h (turn {turn}) =" in drawn_text("loop")


def test_lenet_folds_its_layers_with_their_parameters():
    found = drawn("lenet").graph
    modules = {item.title: item for item in found.items.values() if item.kind == "module"}
    assert list(modules) == ["model.conv1", "model.conv2", "model.fc1", "model.fc2", "model.fc3"]
    assert [value.numbers.shape for value in modules["model.conv1"].absorbed] == [(6, 1, 5, 5), (6,)]
    assert {"Conv2d(1→6)", "156 parameters, 624 B", "Linear(84→10)", "850 parameters, 3.3 KiB"} <= set(
        texts(drawn("lenet").svg)
    )


def test_the_learners_names_come_before_those_inside_a_module():
    words_ = drawn_text("lenet")
    for name in ("images", "digits", "loss"):
        assert name in words_.splitlines()
    for inner in ("self", "x", "_log_softmax", "max_pool2d_with_indices"):
        assert inner not in words_.splitlines()


def test_modules_unfold():
    trace = trace_cell("lenet")
    opened = draw_graph(trace, {"LeNet/fc1": False}).graph
    assert "model.fc1" not in {item.title for item in opened.items.values()}
    assert "LeNet/fc1" not in opened.folded
    whole = draw_graph(trace, {"LeNet": True}).graph
    assert [item.title for item in whole.items.values() if item.kind == "module"] == ["model"]


def test_an_edit_through_a_view_shows_versions_memory_and_where_the_gradient_goes():
    words_ = drawn_text("view_edit")
    for part in ("edited through the view", "same memory as y", "same memory as v", "[[20., 40.],"):
        assert part in words_
    assert "v1" in words_
    svg = drawn("view_edit").svg
    assert "ak-f-alias0" in svg
    assert "ak-f-alias1" in svg


def test_two_backward_calls_are_told_apart_and_add_up():
    words_ = drawn_text("accumulate")
    for part in ("∂₁", "∂₂", "call 1 +", "call 2 +", ".grad =", "[2., 4., 6.]", "Each call adds to .grad."):
        assert part in words_.replace("\n", " ")


def test_zero_grad_begins_anew_and_the_optimizer_is_named_not_drawn():
    words_ = drawn_text("mlp_steps")
    assert "call 1 +" not in words_
    assert "opt.step() edits net[0].weight, net[0].bias, net[2].weight, net[2].bias in place" in words_


def test_a_manual_step_shows_each_version_with_its_own_gradient():
    found = drawn("manual_steps")
    assert found.graph.aliases == {}  # a temporary at a freed address shares nothing
    words_ = texts(found.svg)
    assert words_.count("w.grad") == 3
    assert {"leaf · 3 · v0", "leaf · 3 · v3", "[142., 188., 234.]"} <= set(words_)


def test_assignments_into_a_tensor_pass_the_gradient_on_through_the_base():
    found = drawn("assigned").graph
    through = [link for link in found.links if link.kind == "memory" and link.grads]
    assert {(14.0, 8.0, 10.0), (14.0, 0.0, 0.0)} <= {link.grads[0].numbers.data for link in through}
    assert len(through) == 4


def test_lone_tensors_and_results_are_bounded_and_counted():
    assert "134 further tensors are not drawn." in drawn_text("many_new")
    assert len(drawn("many_results").graph.items) < 10


def test_a_long_network_keeps_its_ends():
    titles = [item.title for item in drawn("network").graph.items.values() if item.kind == "module"]
    assert titles == ["net[0]", "net[1]", "net[118]", "net[119]"]
    assert "blocks 2–59\n×58" in drawn_text("network")


def test_a_retained_gradient_is_shown_on_its_tensor():
    found = drawn("retained")
    assert any(item.value is not None and item.value.name == "y" for item in found.graph.items.values())
    assert sum(text.startswith(".grad =") for text in texts(found.svg)) == 2


def test_errors_before_any_result():
    assert "The cell failed in add_ before any operation finished." in drawn_text("leaf_edit").replace("\n", " ")
    assert "The cell failed before any tensor operation ran." in drawn_text("early_error")
    assert "ZeroDivisionError: division by zero" in drawn_text("early_error")


def test_forward_only_says_so():
    assert "No backward call, so there are no gradients yet." in drawn_text("forward")
    assert "∂" not in drawn_text("forward")


def test_no_grad_says_that_nothing_was_recorded_and_why():
    words_ = drawn_text("no_grad").replace("\n", " ")
    assert "No graph was recorded: the cell ran under no_grad()" in words_
    source = "with torch.inference_mode():\n    y = w * 2"
    trace = trace_source(source, "w = torch.ones(2, requires_grad=True)")
    assert "the cell ran under inference_mode()" in " ".join(texts(draw_graph(trace).svg))


def test_second_backward_shows_where_it_stopped_and_what_was_freed():
    words_ = drawn_text("second_backward")
    assert "✗ stopped here" in words_
    assert "self · freed" in words_
    assert "Trying to backward through the graph a second time" in words_.replace("\n", " ")
    assert "line 3: y.backward()" in words_


def test_an_edited_saved_value_marks_the_edit_and_the_victim():
    found = drawn("edited").graph
    assert [item.op.name for item in found.items.values() if item.stopped and item.op] == ["exp"]
    assert [item.op.name for item in found.items.values() if item.culprit and item.op] == ["add_"]
    assert "modified by an inplace operation" in drawn_text("edited").replace("\n", " ")


def test_a_shape_mismatch_shows_the_picture_up_to_the_error():
    words_ = drawn_text("mismatch")
    assert "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)" in words_.replace("\n", " ")
    assert "✗ stopped here" in words_
    assert "✗ stopped here\n@" in words_  # as the learner wrote it
    assert "then the cell failed in @" in words_


def test_what_was_used_before_leads_to_the_operation_that_raised():
    before = "w = torch.ones(3, requires_grad=True)\nM = torch.ones(2, 3)"
    for cell in ("z = y * 2", "z = y.sum()\nz.backward()"):
        graph = draw_graph(trace_source(f"y = w * 2\n{cell}\ntorch.cat([y, M])", before)).graph
        given = [graph.labels[link.value] for link in graph.links if link.head == "failed"]
        assert given == ["y", "M"], cell
        assert {end for link in graph.links for end in (link.tail, link.head)} <= graph.items.keys(), cell


def test_infinities_that_the_cell_writes_itself_are_no_alarm():
    before = "x = torch.tensor([1., 2., 3.], requires_grad=True)\nkeep = torch.tensor([True, False, True])"
    for cell in (
        "y = x.masked_fill(~keep, -float('inf'))",
        "y = x + torch.full((3,), float('-inf')).masked_fill(keep, 0.)",
        "y = torch.where(keep, x, -float('inf')) * 2",
    ):
        words_ = texts(draw_graph(trace_source(cell + "\ny.softmax(0)[0].backward()", before)).svg)
        assert any("-inf" in each for each in words_), cell
        assert not [each for each in words_ if "⚠" in each], cell
    cell = "e = torch.eye(9)\ny = e.masked_fill(e > 0, -float('inf'))\ny * 2"
    many = texts(draw_graph(trace_source(cell)).svg)
    assert many.count("9 -inf") == 2  # beside a range of what is finite
    for cell, odd in (("y = (x - 1).log()", "1 -inf"), ("y = x * torch.tensor(float('inf')) * 0", "3 nan")):
        assert f"⚠ {odd}" in texts(draw_graph(trace_source(cell, before)).svg), cell


def test_a_layer_of_several_operations_is_one_also_in_a_small_cell_beside_its_parameters():
    before = "torch.manual_seed(0)\nenc, dec = torch.nn.Linear(3, 2), torch.nn.Linear(4, 1)\nx = torch.ones(1, 3)"
    trace = trace_source("h = enc(x)\nh.sum().backward()", before)
    graph = draw_graph(trace).graph
    [module] = [item for item in graph.items.values() if item.kind == "module"]
    assert (module.title, [op.name for op in module.ops]) == ("enc", ["t", "addmm"])
    sent = {graph.labels[link.value]: [grad.numbers.data for grad in link.grads] for link in graph.links}
    assert sent["enc.weight"] == [(1.0,) * 6]
    assert sent["enc.bias"] == [(1.0, 1.0)]
    assert "linear₁" in trace_source("enc(x).sum()", before).labels.values()  # nobody wrote addmm
    own = """
class Own(torch.nn.Module):
    def forward(self, x):
        return (x * 2).exp()
own = Own()"""
    labels = trace_source("z = own(x).sum()", before + own).labels
    assert set(labels.values()) == {"x", "mul₁", "exp₁", "z"}
    opened = draw_graph(trace, {module.path: False}).graph
    assert [item.op.name for item in opened.items.values() if item.op] == ["t", "addmm", "sum"]
    failed = draw_graph(trace_source("h = enc(x)\ny = dec(h)", before)).graph
    enc, dec = (item for item in failed.items.values() if item.kind != "tensor")
    assert [(each.kind, each.title, each.stopped) for each in (enc, dec)] == [
        ("module", "enc", False),
        ("module", "dec", True),
    ]
    drawn = draw_graph(trace_source("h = enc(x)\ny = dec(h)", before))
    assert "✗ stopped here, in addmm" in texts(drawn.svg)
    assert "then the cell failed in addmm of dec." in " ".join(texts(drawn.svg))
    assert any(row[0] == "error" for row in details_of(drawn.graph)[dec.key]["rows"])
    opened = draw_graph(trace_source("h = enc(x)\ny = dec(h)", before), {dec.path: False}).graph
    assert [item.kind for item in opened.items.values() if item.kind != "tensor"] == ["op", "op", "op", "failed"]


def test_create_graph_draws_the_second_order_graph():
    found = drawn("create_graph").graph
    assert len(found.second_order) == 3
    assert "operation of a backward pass" in drawn_text("create_graph")
    named = [item.value for item in found.items.values() if item.value is not None and item.value.name == "g"]
    assert [value.numbers.data for value in named] == [(12.0,)]
    assert {grad.call for link in found.links for grad in link.grads} == {0, 1}


def test_markup_in_the_source_stays_text():
    source = 'y = x * {"<script>": 2}["<script>"]  # </text><script>alert(1)</script>\ny.backward()'
    found = draw_graph(trace_source(source, "x = torch.tensor(3., requires_grad=True)"))
    assert "<script" not in found.svg
    assert any("<script>" in each for each in texts(found.svg))


def test_nan_stands_out():
    svg = drawn("nan").svg
    assert "⚠ 1 nan, 1 inf" in drawn_text("nan")
    assert re.search(r'class="ak-grad ak-mono ak-f-error"[^>]*>\[nan, inf, 0.25\]', svg)


def test_a_single_number_that_is_nan_is_said_once():
    lines = texts(drawn("nan").svg)
    assert lines[lines.index("z =") + 1] == "⚠ nan"
    assert "⚠ 1 nan" in lines  # of y, which has three
    assert "nan" not in lines


def test_a_stack_says_where_in_it_nan_and_inf_arose():
    source = "for i in range(30):\n    h = torch.exp(h)\n    s = torch.sin(h)"
    words_ = list(texts(draw_graph(trace_source(source, "h = torch.tensor(1., requires_grad=True)")).svg))
    assert "⚠ first inf: h (turn 4), from exp" in words_
    assert "⚠ first nan: s (turn 4), from sin" in words_


def test_gradients_that_autograd_grad_returned_are_told_from_those_in_grad():
    assert "autograd.grad (call 1) returned its gradients and added nothing to .grad." in drawn("create_graph").alt
    source = "y = x * 3\ng, = torch.autograd.grad(y, x)"
    alone = draw_graph(trace_source(source, "x = torch.tensor(2., requires_grad=True)")).alt
    assert alone.endswith("gradients (∂) flow up. autograd.grad returned its gradients and added nothing to .grad.")
    assert "autograd.grad" not in drawn("accumulate").alt


def test_the_usual_legend_is_one_line():
    legend = ("leaf that requires grad", "data", "operation", "value", "∂ gradient")
    places = {text: y for y, text in re.findall(r' y="([\d.]+)"[^>]*>([^<]+)</text>', drawn("accumulate").svg)}
    assert len({places[each] for each in legend}) == 1


def test_nothing_traced_is_a_sentence():
    assert "No tensor operation ran in this cell" in drawn_text("nothing").replace("\n", " ")
    empty = draw_graph(Trace(source=""))
    assert "nothing to draw" in empty.alt


def test_large_tensors_are_summarised():
    assert "1000×1000" in drawn_text("large")
    assert "all 1." in drawn_text("large")


@pytest.mark.parametrize(
    ("signs", "told"), [("[-1.] * 30", "all -0."), ("[-1., 1.] * 15", "all 0."), ("[1.] * 30", "all 0.")]
)
def test_zeros_are_said_to_be_all_negative_only_where_they_are(signs: str, told: str) -> None:
    for turned in ("", ".flip(0)"):
        before = f"w = torch.ones(30, requires_grad=True)\nzero = torch.zeros(30) * torch.tensor({signs}){turned}"
        words_ = texts(draw_graph(trace_source("y = w * zero", before)).svg)
        assert [text for text in words_ if text in ("all 0.", "all -0.")] == [told] * 2


def test_a_legend_explains_no_arrow_where_none_is_drawn() -> None:
    assert "value" not in texts(drawn("many_new").svg)
    assert "value" in texts(drawn("forward").svg)


def test_a_gradient_in_the_box_of_a_module_is_whole() -> None:
    words_ = texts(drawn("mlp_steps").svg)
    told = [gradient for mark, gradient in pairwise(words_) if mark == "∂"]
    assert len(told) == 8  # weight and bias of two layers, in two turns
    assert all(text.count("[") == text.count("]") for text in told)


def test_deep_graphs_are_stacked_and_say_so():
    words_ = texts(drawn("deep").svg)
    assert {"turns 2–249", "×248", "* 1.01 · + 0.1", "In 2", "Out 249", "h (turn 250)"} <= set(words_)


def test_irregular_graphs_lose_their_middle_and_say_so():
    assert "operations in the middle are folded into one." in drawn_text("irregular")


def test_text_and_table_say_what_the_picture_says():
    trace = trace_cell("fan_in")
    found = draw_graph(trace)
    plain = graph_text(found.graph, trace)
    assert "▣ w = [0.5, -1., 2.]" in plain
    assert "∂ .grad = [2., -6., 39.]  (backward 1)" in plain
    table = graph_rows(found.graph)
    assert [row[2] for row in table[:4]] == ["mul(x, w)", "mul(h, h)", "add(mul₁, h)", "sum(add₁)"]
    assert table[0][4:] == ("[2., -3., 13.]", "[2., -6., 39.]")


def test_a_graph_found_afterwards_says_which_values_were_not_kept():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (torch.exp(w) * 3).sum()
    found = draw_graph(Trace.from_tensor(loss, {"w": w, "loss": loss}))
    words_ = texts(found.svg)
    assert "2, not kept" in words_
    assert {"w", "exp₁ =", "[2.7183, 7.3891]", "* 3", "loss"} <= set(words_)


def test_a_long_walk_is_cut_and_says_so():
    trace = trace_cell("deep")
    steps = steps_of(draw_graph(trace).graph, trace)
    assert len(steps) == MOST_STEPS
    assert steps[-1]["sentence"].endswith("steps before this one are left out of the walk.)")


def test_a_weight_that_two_layers_share_is_one_box():
    before = (
        "from autogradkit import nn\nclass Tied(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b, self.c = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)\n"
        "        self.b.weight = self.c.weight = self.a.weight\n"
        "    def forward(self, x):\n        return self.c(self.b(self.a(x).tanh()).tanh())\ntied = Tied()\nx = torch.ones(1, 2)"
    )
    found = draw_graph(trace_source("loss = tied(x).sum()\nloss.backward()", before))
    weights = [item for item in found.graph.items.values() if item.value is not None and item.value.is_parameter]
    assert [item.again for item in weights] == [False, True, True]
    assert len({item.value.id for item in weights if item.value is not None}) == 1
    modules = {
        item.title: [v.numbers.shape for v in item.absorbed]
        for item in found.graph.items.values()
        if item.kind == "module"
    }
    assert modules == {"tied.a": [(2,)], "tied.b": [(2,)], "tied.c": [(2,)]}


def test_node_names_are_written_where_they_are_asked_for():
    trace = trace_cell("power")
    assert not {"MulBackward0", "AccumulateGrad"} & set(texts(draw_graph(trace).svg))
    named = texts(draw_graph(trace, node_names=True).svg)
    assert {"PowBackward0", "MulBackward0", "AddBackward0", "AccumulateGrad"} <= set(named)
    assert {"** 3", "* 2", "+"} <= set(named)
    assert "AddmmBackward0" in " ".join(texts(draw_graph(trace_cell("lenet"), node_names=True).svg))


@every_case("name", CELLS)
def test_a_stored_picture_is_at_most_120_kb(name):
    assert len(GraphView(trace_cell(name)).static_html()) <= 120_000


def test_text_says_what_a_gradient_is_of_and_when_it_came() -> None:
    before = "w = torch.tensor([1., -2.], requires_grad=True)"
    lines = said_as_text("g, = torch.autograd.grad((w * 3).sum(), w)", before)
    assert lines[lines.index("□ g = [3., 3.]") + 1] == "    ← w: ∂, returned"
    lines = said_as_text("(w * 3).sum().backward()\nw.data.mul_(2)\n(w * w).sum().backward()\nk = w.grad * 2", before)
    first, second = lines.index("▣ w = [1., -2.]"), lines.index("▣ w = [2., -4.]")
    assert lines[first + 1 : first + 2] == ["    ∂ .grad = [3., 3.]  (backward 1)"]
    assert lines[second + 1 : second + 3] == [
        "    ← w.data: edited through the view",
        "    ∂ .grad = [7., -5.]  (backward 2)",
    ]
    lines = said_as_text("w.grad = w.detach()\n(w * 3).sum().backward()\nk = w.grad * 2", before)
    assert "    ← w.grad: backward adds to it" in lines


def said_as_text(cell: str, before: str) -> list[str]:
    trace = trace_source(cell, before)
    return graph_text(draw_graph(trace).graph, trace).splitlines()


def test_a_tensor_is_read_before_its_name_alone():
    before = "torch.manual_seed(0)\nlstm = torch.nn.LSTM(2, 3, 2)\nx = torch.randn(4, 1, 2)"
    drawn = draw_graph(
        trace_source("outputs, _ = lstm(x)\noutputs.sum().backward()", before), {"LSTM": False}, page=480
    )
    heights = {
        group.get("data-key", ""): float(box.get("y", ""))
        for group in ElementTree.fromstring(drawn.svg).iterfind(".//svg:g[@data-key]", NAMESPACE)
        for box in group.findall("svg:rect", NAMESPACE)[:1]
    }
    again = [key for key in heights if "." in key]
    assert again
    for key in again:
        assert heights[key.partition(".")[0]] < heights[key], key


def test_a_folded_layer_tells_what_it_keeps_beside_its_parameters():
    """A batch norm had six boxes around it, for what it reads and writes anew."""
    before = (
        "torch.manual_seed(0)\nx = torch.randn(4, 2)\n"
        "net = torch.nn.Sequential(*[m for _ in range(2) for m in (torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))])"
    )
    for cell, told in (("y = net(x).sum()", "updates"), ("net.eval()\ny = net(x * 2 + 1).sum()", "reads")):
        found = draw_graph(trace_source(f"{cell}\ny.backward()", before))
        written = [each.strip() for each in texts(found.svg)]
        assert written.count(told) == sum("running_mean, running_var" in each for each in written) == 2
        boxes = [item.value.name or "" for item in found.graph.items.values() if item.value is not None]
        assert not [each for each in boxes if "running" in each or "num_batches" in each]
    cell = "y = net(x).sum()\nz = net[1].running_mean * 2\ny.backward()"
    graph = draw_graph(trace_source(cell, before)).graph
    assert "net[1].running_mean" in [graph.labels[link.value] for link in graph.links]  # which something else reads
