"""Why a gradient is what it is, and what a node keeps for it: what the walk and the detail panel say."""

import re

import pytest

import autogradkit as torch
from autogradkit.core.facts import OpFacts
from autogradkit.core.recording import observed
from autogradkit.tracing.notation import rules_in, value_of_term
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.steps import details_of, steps_of
from autogradkit.tracing.render.graph.wording.words import op_call
from autogradkit.tracing.trace import Trace
from tests.tracing.render.cells import CELLS, trace_cell, trace_source

XW = "x = torch.tensor([1., 2., 3.])\nw = torch.tensor([.5, -1., 2.], requires_grad=True)"


def backward_sentences(source, before=""):
    """The sentences of the backward steps, without their beginning."""
    trace = trace_source(source, before)
    steps = steps_of(draw_graph(trace).graph, trace)
    return [step["sentence"].partition(": ")[2] for step in steps if step["kind"] in ("backward", "accumulate")]


def texts(detail):
    """The rows of a detail, without the events from which on they are known."""
    return {row[0]: row[1] for row in detail["rows"]}


def rows(trace, call):
    """The detail of the op with this call."""
    graph = draw_graph(trace).graph
    key = next(key for key, item in graph.items.items() if item.op is not None and op_call(item.op, graph) == call)
    return texts(details_of(graph)[key])


def test_a_step_puts_the_saved_numbers_into_the_rule():
    before = "x = torch.tensor(6., requires_grad=True)\nc = torch.tensor(42., requires_grad=True)"
    assert backward_sentences("y = torch.sin(x) * c\ny.backward()", before) == [
        "MulBackward0 receives ∂ = 1: ∂sin₁ = ∂ · c = 1 · 42 = 42; ∂c = ∂ · sin₁ = 1 · −0.2794 = −0.2794.",
        "c.grad = −0.2794.",
        "SinBackward0 receives ∂ = 42: ∂x = ∂ · cos(x) = 42 · cos(6) = 40.3272.",
        "x.grad = 40.3272.",
    ]


def test_settings_are_put_in_and_what_is_no_factor_is_left_out():
    before = "x = torch.tensor(2., requires_grad=True)"
    assert backward_sentences("(x ** 3).backward()", before)[0].endswith(": ∂x = ∂ · 3 · x² = 1 · 3 · 2² = 12.")
    assert backward_sentences("(x + 5).backward()", before)[0].endswith(": ∂x = ∂ = 1.")
    assert backward_sentences("torch.sub(1., x, alpha=2).backward()", before)[0].endswith(
        ": ∂x = −∂ · 2 = −1 · 2 = −2."
    )
    assert backward_sentences("torch.clamp(x, max=1.).backward()", before)[0].endswith(
        ": ∂x = ∂ where x ≤ 1, else 0 = (1 where 2 ≤ 1, else 0) = 0."
    )


def test_small_vectors_are_written_out_and_of_larger_values_the_first_element():
    assert "∂w = ∂ · x = [1, 1, 1] · [1, 2, 3] = [1, 2, 3]" in backward_sentences("(w * x).sum().backward()", XW)[1]
    found = backward_sentences("(w[:, None] * x).sum().backward()", XW)[1]
    assert "∂w[:, None] = ∂ · x, summed over dim 1; at [0, 0]: 1 · 1 + 1 · 2 + 1 · 3 = 6" in found


def test_matrices_show_shapes_and_spread_and_views_say_what_goes_where():
    before = (
        "W = torch.tensor([[.5, -1.], [2., .25]], requires_grad=True)\nx = torch.tensor([[1., 2., 3.], [2., -1., .5]])"
    )
    product, view, mean = backward_sentences("(W @ x).view(6).mean().backward()", before)[2::-1]
    assert product.endswith(
        ": ∂W = ∂ @ xᵀ   (2, 3) @ (2, 3)ᵀ → (2, 2) = [[1, 0.25], [1, 0.25]]; at [0, 0]: "
        "0.1667 · 1 + 0.1667 · 2 + 0.1667 · 3 = 1."
    )
    assert view.endswith(
        ": ∂mm₁ = ∂ in the shape of mm₁   (6,) → (2, 3) = [[0.1667, 0.1667, 0.1667], [0.1667, 0.1667, 0.1667]]."
    )
    assert mean.endswith(": ∂view₁ = ∂ / 6 = 1 / 6 = 0.1667, spread over the 6 averaged elements.")


def test_what_is_large_has_its_shape_and_range():
    found = backward_sentences("(torch.outer(w, x) * w.repeat(3, 5)[:, :3]).exp().sum().backward()", XW)
    received, _, rule = found[1].partition(": ")
    assert received == "ExpBackward0 receives ∂ = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]"
    assert rule == "∂mul₂ = ∂ · exp₁; at [2, 2]: 1 · 1.6275e+05 = 1.6275e+05."  # the largest
    large = backward_sentences("(w.repeat(20) * 2).sum().backward()", XW)
    assert large[1] == "MulBackward0 receives ∂ = 60 (all 1.): ∂repeat₁ = ∂ · 2; at [0]: 1 · 2 = 2."


def test_an_edge_says_why_its_gradient_is_what_it_is():
    graph = draw_graph(trace_source("y = (w * x).sum()\ny.backward()", XW)).graph
    edges = {detail["title"]: texts(detail) for key, detail in details_of(graph).items() if key.startswith("e")}
    into = next(found for title, found in edges.items() if title.startswith("w: "))
    assert into["why"] == "∂w = ∂ · x = [1, 1, 1] · [1, 2, 3] = [1, 2, 3]"
    assert not any("why" in found for title, found in edges.items() if title.startswith("x: "))


def test_a_method_whose_tensor_is_no_first_parameter_keeps_its_roles():
    before = XW + "\nc = torch.tensor([True, False, True])"
    for call in ("w.where(c, x)", "torch.where(c, w, x)"):
        assert backward_sentences(f"{call}.sum().backward()", before)[1].endswith(
            "∂w = ∂ where c, else 0 = ([1, 1, 1] where [True, False, True], else 0) = [1, 0, 1]."
        )


def test_what_a_rule_does_not_say_whole_has_no_arithmetic():
    both = backward_sentences("torch.stack([w, w * 1]).sum().backward()", XW)[1]
    assert "∂w = ∂, taken apart along dim 0: [1, 1, 1]" in both
    imaginary = backward_sentences("(w * 1j).abs().sum().backward()", XW)[1]
    assert "∂mul₁ = ∂ · sign(mul₁), in its form for complex numbers: [0.+1.j, 0.−1.j, 0.+1.j]" in imaginary


def test_a_convolution_tells_the_window_behind_one_element():
    before = (
        "x = torch.tensor([[[[1., 2., 0.], [3., 4., 5.], [0., 6., 7.]]]], requires_grad=True)\n"
        "w = torch.tensor([[[[.5, -1.], [2., .25]]]], requires_grad=True)\nb = torch.zeros(1, requires_grad=True)"
    )
    found = backward_sentences("(torch.conv2d(x, w, b) * torch.tensor([[1., 2.], [3., 4.]])).sum().backward()", before)[
        2
    ]
    assert found.partition(": ")[2] == (
        "∂x = ∂ ⋆ w, turned by 180°   (1, 1, 2, 2) ⋆ (1, 1, 2, 2) → (1, 1, 3, 3) = "
        "[[[[0.5, 0, −2], [3.5, 3.25, −3.5], [6, 8.75, 1]]]]; at [0, 0, 2, 1]: 3 · 0.25 + 4 · 2 = 8.75; "
        "∂w = x ⋆ ∂   (1, 1, 3, 3) ⋆ (1, 1, 2, 2) → (1, 1, 2, 2) = [[[[30, 34], [35, 60]]]]; "
        "at [0, 0, 1, 1]: 4 · 1 + 5 · 2 + 6 · 3 + 7 · 4 = 60; ∂b = Σ∂, over samples and places: 1 + 2 + 3 + 4 = 10."
    )


def test_of_many_terms_the_largest_are_told_and_how_many_more_there_are():
    found = backward_sentences("(torch.arange(30.) @ w).backward()", "w = torch.ones(30, requires_grad=True)")
    assert found[0].endswith("∂w = ∂ · arange₁; at [29]: 1 · 29 = 29.")
    found = backward_sentences("(torch.arange(30.) * w).sum().backward()", "w = torch.ones(1, requires_grad=True)")
    assert found[1].endswith("∂w = ∂ · arange₁, summed over dim 0: 1 · 27 + 1 · 28 + 1 · 29 + … + 27 more terms = 435.")


def test_the_spread_tells_its_mean():
    before = "x = torch.tensor([1., 2., 6.], requires_grad=True)"
    assert backward_sentences("x.var().backward()", before)[0].endswith(
        "∂x = ∂ · 2 · (x − mean(x)) / 2 = 1 · 2 · ([1, 2, 6] − 3) / 2 = [−2, −1, 3]."
    )
    rows_ = "y = x[None] * torch.tensor([[1.], [2.]])\n"
    assert backward_sentences(f"{rows_}y.std(1, correction=0).sum().backward()", before)[1].endswith(
        "∂y = ∂ · (y − mean(y)) / (std₁ · 3); at [0, 2]: 1 · (6 − 3) / (2.1602 · 3) = 0.4629."
    )


def test_products_and_running_sums_tell_their_parts():
    before = "x = torch.tensor([1., 0., 4.], requires_grad=True)"
    assert backward_sentences("x.prod().backward()", before)[0].endswith(
        "∂x = ∂ · (product of the others in x) = [0, 4, 0]; at [1]: 1 · (1 · 4) = 4."
    )
    assert backward_sentences("x.cumsum(0).sum().backward()", before)[1].endswith(
        "∂x = (sum from here on of ∂) = [3, 2, 1]; at [0]: 1 + 1 + 1 = 3."
    )
    assert backward_sentences("x.norm(1).backward()", before)[0].endswith(
        "∂x = ∂ · x / norm₁, where ord is 2; here it is 1: [1, 0, 1]."
    )


def test_a_range_with_one_end_tells_every_element_and_what_was_not_kept_is_said():
    trace = trace_source(
        "y = torch.conv2d(x, w)\ny.sum().backward()",
        "x = torch.arange(1600.).view(1, 1, 40, 40)\nw = torch.ones(1, 1, 2, 2, requires_grad=True)",
    )
    found = rows(trace, "conv2d(x, w)")["backward 1"]
    assert found.endswith("\n  no arithmetic: only the range was recorded of x (1,600 elements)")
    ones = trace_source(
        "y = torch.conv2d(x, w)\ny.sum().backward()",
        "x = torch.ones(1, 1, 40, 40)\nw = torch.ones(1, 1, 2, 2, requires_grad=True)",
    )
    assert (
        "at [0, 0, 0, 0]: 1 · 1 + 1 · 1 + 1 · 1 + … + 1,518 more terms = 1521"
        in rows(ones, "conv2d(x, w)")["backward 1"]
    )


def test_of_what_was_not_kept_the_largest_element_is_known_by_its_range():
    before = (
        "torch.manual_seed(0)\nx = torch.randn(3, 50)\nw = torch.randn(50, 40, requires_grad=True)\n"
        "c = torch.randn(3, 40)"
    )
    source = "y = torch.mm(x, w)\n(y * c).sum().backward()"
    trace = trace_source(source, before)
    found = rows(trace, "mm(x, w)")["backward 1"]
    scope = {"torch": torch}
    exec(f"{before}\n{source}", scope)
    gradient = scope["w"].grad
    at = int(gradient.abs().argmax())
    value = gradient.flatten()[at].item()
    told_ = re.search(r"at \[(\d+), (\d+)\]: .* = (\S+)$", found)
    assert told_ is not None, found
    assert int(told_[1]) * 40 + int(told_[2]) == at
    assert float(told_[3].replace("−", "-")) == pytest.approx(value, abs=1e-4)
    hooked = trace_source(f"w.register_hook(lambda g: g * 2)\n{source}", before)
    assert "at [" in rows(hooked, "mm(x, w)")["backward 1"]  # what the node sent is as it was
    clipped = source.replace("(y", "y.grad_fn.register_hook(lambda sent, came: (None, sent[1] * 2))\n(y")
    assert " = " in rows(trace_source(clipped, before), "mm(x, w)")["backward 1"]
    assert "at [" not in rows(trace_source(clipped, before), "mm(x, w)")["backward 1"]


def test_what_only_moves_has_no_arithmetic():
    found = backward_sentences("(w.view(1, 3).t() * x[:, None]).sum().backward()", XW)
    assert found[2].endswith("∂view₁ = ∂ᵀ   (3, 1)ᵀ → (1, 3) = [[1, 2, 3]].")


def test_one_element_is_no_elements():
    assert backward_sentences("w[:1].sum(0).backward()", XW)[0].endswith(
        "∂w[:1] = ∂ = 1, spread over the one summed element."
    )


def test_a_sum_says_where_each_summand_came_from():
    x = "x = torch.tensor(3., requires_grad=True)"
    assert backward_sentences("y = x * 2 + x * 3\ny.backward()", x)[-1] == "x.grad = 3 from mul₂ + 2 from mul₁ = 5."
    again = backward_sentences("y = x * 2 + x * 3\ny.backward(retain_graph=True)\ny.backward()", x)[-1]
    assert again == "x.grad = 5 + (3 from mul₂ + 2 from mul₁ = 5) = 10."
    square = backward_sentences("h = x * 1\n(h * h).backward()", x)
    assert square[0] == "MulBackward0 receives ∂ = 1: ∂h = ∂ · h = 1 · 3 = 3 (for each of its 2 uses)."
    assert square[1].startswith("MulBackward0 receives ∂ = 3 from mul₁ + 3 from mul₁ = 6: ")


def test_what_changed_a_gradient_on_its_way_is_said_and_no_wrong_sum_is_printed():
    hooked = backward_sentences("y = -x\ny.grad_fn.register_hook(lambda sent, came: (sent[0] * 10,))\ny.backward()",
                  "x = torch.tensor(3., requires_grad=True)")  # fmt: skip
    assert hooked[0].endswith(
        "∂x = −∂; sent was −10, not the −1 that the rule makes of what was recorded: a hook, or an edit that no version "
        "counts, came between."
    )
    edited = backward_sentences("y = w * x\nx.data.mul_(10)\ny.sum().backward()", XW)
    assert "sent was [10, 20, 30], not the [1, 2, 3] that the rule makes of what was recorded" in edited[1]


def test_a_rule_that_is_wrong_is_not_printed_with_numbers():
    class Wrong:
        name, facts = "mul", OpFacts("mul", True, "∂self = ∂ + other\n∂other = ∂ · self", ("self", "other"))

    w = torch.tensor(3.0, requires_grad=True)
    with torch.record() as trace:
        y = observed(Wrong(), "op", lambda self, other: self * other, (w, torch.tensor(5.0)), {})
        y.backward()
    graph = draw_graph(trace).graph
    assert "came between" in next(step["sentence"] for step in steps_of(graph, trace) if step["kind"] == "backward")


def test_an_edit_through_a_view_speaks_of_the_base():
    found = next(each for each in backward_sentences(*reversed(CELLS["view_edit"])) if each.startswith("CopySlices"))
    assert found.endswith(": ∂y = ∂ outside of the view, ∂v inside = [[200, 400], [6, 8]]; ∂v = ∂ · 10.")


@pytest.mark.parametrize("name", ["power", "broadcast", "helper", "mlp_steps", "create_graph"])
def test_what_is_printed_as_arithmetic_comes_out(name):
    """Each equation between numbers is read and computed again."""
    trace = trace_cell(name)
    said = "\n".join(step["sentence"] for step in steps_of(draw_graph(trace).graph, trace))
    equations = re.findall(r"(?:= |: )([−(\d][−\d .·+/()²^e]*) = (−?\d[\d.e−]*\d)", said)
    for left, right in equations:
        [rule] = rules_in(f"∂x = {left}")
        assert rule.term is not None
        assert float(value_of_term(rule.term, {})) == pytest.approx(float(right.replace("−", "-")), rel=3e-3, abs=2e-4)
    assert sum(any(sign in left for sign in "·+/²") for left, _ in equations) >= 1


# -- what a node keeps ------------------------------------------------------------------------------------------------


def test_the_detail_says_what_is_saved_and_that_it_was_freed():
    found = rows(trace_source("y = (w * x).sum()\ny.backward()", XW), "mul(w, x)")
    assert found["saved other"] == "x = [1., 2., 3.]\n12 bytes, at version 0"
    assert "saved self" not in found  # x needs no gradient
    assert (found["saved bytes"], found["now"]) == ("12", "empty: freed after backward 1")
    assert found["derivative"] == "∂w = ∂ · x"
    kept = rows(trace_source("y = (w * x).sum()\ny.backward(retain_graph=True)", XW), "mul(w, x)")
    assert kept["saved bytes"] == "12"


def test_an_op_that_needs_nothing_saves_nothing():
    found = rows(trace_source("y = w + x", XW), "add(w, x)")
    assert found["saved"] == "nothing of the forward pass: its rule needs none of it"


def test_an_edit_of_what_was_saved_is_why_backward_fails():
    found = rows(trace_source("y = torch.exp(w)\ny.add_(1)\ny.sum().backward()", XW), "exp(w)")
    assert found["saved result"].splitlines()[1:] == ["12 bytes, at version 0"]
    assert found["result since then"] == "edited by add_ in line 2: now version 1, so backward cannot use it and fails"


def test_an_edit_through_data_counts_no_version():
    found = rows(trace_source("y = w * x\nx.data.mul_(10)", XW), "mul(w, x)")
    assert found["saved other"] == "x = [1., 2., 3.]\n12 bytes, at version 0"


def test_what_was_saved_twice_or_cast_counts_its_own_bytes():
    w = torch.ones(2, 3, requires_grad=True)
    with torch.record() as trace:
        y = (w * torch.ones(3, dtype=torch.float64)).exp()
        z = w * w
        p = torch.nn.functional.max_pool2d(w[None], 2)
    found = {detail["title"]: texts(detail) for detail in details_of(draw_graph(trace).graph).values()}
    sizes = {title: each["saved bytes"] for title, each in found.items() if "saved bytes" in each}
    assert sorted(sizes.values()) == ["24", "24 (what was saved twice counts once)", "32", "48"]
    del y, z, p


def test_a_custom_function_shows_what_it_saved():
    before = (
        "class Cube(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
        "        ctx.save_for_backward(x)\n        return x * x * x\n    @staticmethod\n"
        "    def backward(ctx, g):\n        return g * 3 * ctx.saved_tensors[0] ** 2\n" + XW
    )
    found = rows(trace_source("y = Cube.apply(w)", before), "Cube(w)")
    assert found["saved saved_tensors[0]"].startswith("w = [0.5, -1., 2.]")


def test_a_graph_found_afterwards_tells_what_is_saved_and_what_was_freed():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (torch.exp(w) * 3).sum()
    trace = Trace.from_tensor(loss, {"w": w, "loss": loss})
    found = rows(trace, "exp(w)")
    assert found["derivative"] == "∂w = ∂ · exp₁"
    assert found["saved result"] == "exp₁ = [2.7183, 7.3891]\n8 bytes, at version 0"
    loss.backward()
    assert rows(Trace.from_tensor(loss, {"w": w}), "exp(w)")["saved result"] == "freed"


def test_a_saved_trace_says_why_as_well(tmp_path):
    trace = trace_cell("edited")
    trace.save(tmp_path / "t.json")
    loaded = Trace.load(tmp_path / "t.json")
    assert details_of(draw_graph(loaded).graph) == details_of(draw_graph(trace).graph)
    assert steps_of(draw_graph(loaded).graph, loaded) == steps_of(draw_graph(trace).graph, trace)


MOVED = {
    "F.max_pool2d(a[None], 2)": "[0, 1, 1] = ∂max_pool2d₁[0, 0, 0] = 1, since max_pool2d₁[0, 0, 0] came from",
    "a.gather(1, torch.tensor([[0, 0], [2, 1]]))": "∂a[0, 0] = ∂b[0, 0] + ∂b[0, 1] = 1 + 2 = 3, since all of them came",
    "a[torch.tensor([0, 0]), torch.tensor([1, 1])]": "∂a[0, 1] = ∂b[0] + ∂b[1] = 1 + 2 = 3, since all of them came",
    "a.take(torch.tensor([5, 0, 5]))": "∂a[1, 2] = ∂b[0] + ∂b[2] = 1 + 3 = 4, since all of them came from a[1, 2]",
    "F.embedding(torch.tensor([1, 0, 1]), a)": "∂a[1, 0] = ∂b[0, 0] + ∂b[2, 0] = 1 + 7 = 8, since all of them came",
}


@pytest.mark.parametrize("call", MOVED)
def test_what_only_moves_numbers_tells_from_where_each_gradient_came(call):
    before = "import autogradkit.nn.functional as F\na = torch.arange(6.).reshape(2, 3).requires_grad_()"
    source = f"b = {call}\nb.backward(torch.arange(1., 1 + b.numel()).reshape(b.shape))"
    details = details_of(draw_graph(trace_source(source, before)).graph).values()
    found = "\n".join(row[1] for detail in details for row in detail["rows"])
    assert MOVED[call].replace("max_pool2d₁", "b") in found, found


def test_moved_complex_numbers_add_up_as_well():
    before = "a = torch.tensor([1j, 2., 3.]).requires_grad_()"
    source = "b = a[torch.tensor([0, 0, 2])]\nb.backward(torch.tensor([1 + 2j, 2., 1j]))"
    details = details_of(draw_graph(trace_source(source, before)).graph).values()
    found = "\n".join(row[1] for detail in details for row in detail["rows"])
    assert "∂a[0] = ∂b[0] + ∂b[1]" in found, found


def test_the_sum_is_of_what_the_op_sent_before_a_hook_changed_it():
    before = "a = torch.arange(3.).requires_grad_()"
    hooked = "h = a * 1\nh.register_hook(lambda g: g * 10)\nb = h.take(torch.tensor([2, 2]))\nb.sum().backward()"
    assert "∂h[2] = ∂b[0] + ∂b[1] = 1 + 1 = 2, since" in " ".join(backward_sentences(hooked, before))
