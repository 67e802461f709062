"""The log of gradients: what it hears without a trace, from which line, and that it keeps nothing else."""

import gc
import weakref

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.core.recording import GRAD_LISTENERS, RECORDERS
from autogradkit.tracing import watch
from autogradkit.tracing.watch import FEWEST, MOST, SAMPLE, WHOLE, GradLog

pytestmark = pytest.mark.filterwarnings("ignore:Using backward.. with create_graph:UserWarning")


@pytest.fixture
def log():
    made = GradLog()
    made.listen()
    yield made
    made.stop()
    assert made not in GRAD_LISTENERS


def weight():
    return torch.tensor([1.0, 2.0], requires_grad=True)


def contributions(log, tensor):
    return [(entry.what, entry.added, entry.after) for entry in log.history(tensor).entries]


def test_contributions_and_clearings_with_their_lines(log):
    w, other = weight(), torch.tensor([3.0, 4.0], requires_grad=True)
    (w * other).sum().backward()
    other.grad = None
    w.grad.zero_()
    w.grad = None
    w.grad = None
    w.grad = torch.ones(2)
    assert contributions(log, w) == [
        ("backward", (3.0, 4.0), (3.0, 4.0)),
        ("zeros", None, (0.0, 0.0)),
        ("none", None, None),
        ("assigned", None, (1.0, 1.0)),
    ]
    assert [entry.code for entry in log.history(w).entries] == [
        "(w * other).sum().backward()",
        "w.grad.zero_()",
        "w.grad = None",
        "w.grad = torch.ones(2)",
    ]
    assert log.history(w).entries[0].where.startswith("test_watch.py line ")
    assert [what for what, *_ in contributions(log, other)] == ["backward", "none"]


def test_leaves_of_one_backward_keep_their_own_clearings(log):
    a, b, c, d = (torch.tensor([float(i), 2.0], requires_grad=True) for i in range(4))
    (a + b).sum().backward()
    a.grad = None
    b.grad = None
    (a * 3 + b * 5 + c * 7).sum().backward()
    d.sum().backward()
    assert [[(entry.what, entry.code, entry.added) for entry in log.history(w).entries] for w in (a, b, c, d)] == [
        [
            ("backward", "(a + b).sum().backward()", (1.0, 1.0)),
            ("none", f"{name}.grad = None", None),
            ("backward", "(a * 3 + b * 5 + c * 7).sum().backward()", (times, times)),
        ]
        for name, times in (("a", 3.0), ("b", 5.0))
    ] + [
        [("backward", "(a * 3 + b * 5 + c * 7).sum().backward()", (7.0, 7.0))],
        [("backward", "d.sum().backward()", (1.0, 1.0))],
    ]


def test_a_leafs_node_that_is_called_by_hand(log):
    w, given = weight(), torch.tensor([3.0, 4.0])
    node = w.expand_as(w).grad_fn.next_functions[0][0]
    node(given)
    node(given * 2)
    with torch.no_grad():
        node(given * 5)
    assert contributions(log, w) == [
        ("backward", (3.0, 4.0), (3.0, 4.0)),
        ("backward", (6.0, 8.0), (9.0, 12.0)),
        ("backward", (15.0, 20.0), (24.0, 32.0)),
    ]
    assert [entry.code for entry in log.history(w).entries] == ["node(given)", "node(given * 2)", "node(given * 5)"]


def test_the_quick_ways_stay_open(log):
    assert RECORDERS == []


@pytest.mark.parametrize("to_none", [True, False])
def test_an_optimizer_clears_at_the_learner_s_line(log, to_none):
    w = weight()
    optimizer = torch.optim.SGD([w], lr=0.1)
    (w * 2).sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=to_none)
    assert [what for what, *_ in contributions(log, w)] == ["backward", "none" if to_none else "zeros"]
    assert log.history(w).entries[-1].code == "optimizer.zero_grad(set_to_none=to_none)"


def test_a_line_in_a_function_of_the_learner(log):
    w = weight()

    def step():
        (w * 2).sum().backward()

    step()
    assert log.history(w).entries[0].code == "(w * 2).sum().backward()"


@pytest.mark.parametrize(
    "edit",
    [
        lambda grad: grad.mul_(3),
        lambda grad: grad.__setitem__(0, 9.0),
        lambda grad: grad.view(2, 1).add_(1),
        lambda grad: grad.detach().neg_(),
        lambda grad: grad.data.mul_(3),
        lambda grad: grad.data[1:].fill_(5),
        lambda grad: torch.add(grad, 1, out=grad),
    ],
)
def test_edits_in_place_are_heard_and_are_no_accumulation(log, edit):
    w = weight()
    (w * 2).sum().backward()
    edit(w.grad)
    (w * 1).sum().backward()
    now = tuple(w.grad.tolist())
    assert [what for what, *_ in contributions(log, w)] == ["backward", "edited", "backward"]
    assert contributions(log, w)[-1] == ("backward", (1.0, 1.0), now)
    assert log.history(w).entries[1].where == f"test_watch.py line {edit.__code__.co_firstlineno}"


def test_what_numpy_wrote_is_found_by_comparing(log):
    w = weight()
    (w * 2).sum().backward()
    w.grad.numpy()[0] = 7
    assert contributions(log, w)[1:] == [("unseen", None, (7.0, 2.0))]
    (w * 1).sum().backward()
    assert contributions(log, w)[1:] == [("unseen", None, (7.0, 2.0)), ("backward", (1.0, 1.0), (8.0, 3.0))]


def test_hooks_scale_what_is_added_and_edit_afterwards(log):
    def one_more(tensor) -> None:  # it may return nothing
        tensor.grad.add_(1)

    w = weight()
    w.register_hook(lambda grad: grad * 10)
    w.register_post_accumulate_grad_hook(one_more)
    (w * 2).sum().backward()
    assert contributions(log, w) == [("backward", (20.0, 20.0), (20.0, 20.0)), ("edited", None, (21.0, 21.0))]


def test_a_hook_in_the_middle_of_backward_edits_what_a_leaf_has_already(log):
    w, x = weight(), weight()
    product = x * 1
    product.register_hook(lambda grad: w.grad.mul_(5))
    (product + product.detach() * w).sum().backward()
    assert contributions(log, w) == [("backward", (1.0, 2.0), (1.0, 2.0)), ("edited", None, (5.0, 10.0))]
    assert log.history(w).entries[1].code == "product.register_hook(lambda grad: w.grad.mul_(5))"


def test_a_function_of_the_learner_s_sees_what_was_heard_so_far(log):
    w, x, seen = weight(), weight(), []

    class Looks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            return value * 1

        @staticmethod
        def backward(ctx, grad):
            seen.extend(contributions(log, w))
            return grad

    product = Looks.apply(x)
    (product + product.detach() * w).sum().backward()
    assert seen == contributions(log, w) == [("backward", (1.0, 2.0), (1.0, 2.0))]


def test_a_backward_that_fails_is_heard_as_far_as_it_came(log):
    w, x = weight(), weight()
    product = x * 1

    def refuse(grad):
        raise ValueError("no")

    product.register_hook(refuse)
    with pytest.raises(ValueError, match="no"):
        (product + product.detach() * w).sum().backward()
    assert contributions(log, w) == [("backward", (1.0, 2.0), (1.0, 2.0))]
    assert contributions(log, x) == []


def test_leaves_of_one_call_have_its_line_and_those_of_the_next_its_own(log):
    w, v = weight(), weight()
    loss = (w * v).sum()
    torch.autograd.backward(loss, retain_graph=True)
    loss.backward()
    lines = ["torch.autograd.backward(loss, retain_graph=True)", "loss.backward()"]
    assert [[entry.code for entry in log.history(each).entries] for each in (w, v)] == [lines, lines]


def test_create_graph_retained_gradients_and_inputs(log):
    w = weight()
    h = w * 2
    h.retain_grad()
    (h * h).sum().backward(create_graph=True)
    (w * 1).sum().backward(inputs=[w])
    assert contributions(log, h) == [("backward", (4.0, 8.0), (4.0, 8.0))]
    assert contributions(log, w) == [("backward", (8.0, 16.0), (8.0, 16.0)), ("backward", (1.0, 1.0), (9.0, 17.0))]
    torch.autograd.grad((w * 3).sum(), w)
    assert len(contributions(log, w)) == 2


def test_what_was_there_before_it_listened():
    w = weight()
    (w * 2).sum().backward()
    log = GradLog()
    log.listen()
    (w * 3).sum().backward()
    assert [what for what, *_ in contributions(log, w)] == ["before", "backward"]
    assert contributions(log, w)[0][2] == (2.0, 2.0)
    log.stop()
    assert [what for what, *_ in contributions(log, w)] == ["before"]


def test_a_gradient_shared_by_two_tensors(log):
    w, v = weight(), weight()
    (w * 2).sum().backward()
    v.grad = w.grad
    (v * 3).sum().backward()
    assert contributions(log, v) == [("assigned", None, (2.0, 2.0)), ("backward", (3.0, 3.0), (5.0, 5.0))]
    assert contributions(log, w)[-1][2] == (5.0, 5.0)


def test_a_gradient_that_was_taken_away_is_no_longer_followed(log):
    w = weight()
    (w * 2).sum().backward()
    taken = w.grad
    w.grad = None
    taken.mul_(3)
    assert [what for what, *_ in contributions(log, w)] == ["backward", "none"]


def test_large_gradients_are_kept_as_a_sample_that_adds_up(log):
    w = torch.ones(50, 40, requires_grad=True)
    factors = torch.arange(2000.0).view(50, 40)
    (w * factors).sum().backward()
    (w * factors).sum().backward()
    history = log.history(w)
    assert (len(history.elements), history.size) == (SAMPLE, 2000)
    assert history.elements[0] == "[2, 2]"
    assert history.entries[0].added[0] == factors[2, 2].item()
    assert history.entries[1].after == tuple(2 * value for value in history.entries[0].added)
    turned = torch.ones(40, 50).t().requires_grad_()
    (turned * factors).sum().backward()
    assert log.history(turned).entries[0].added == history.entries[0].added
    small = torch.ones(WHOLE, requires_grad=True)
    small.sum().backward()
    assert len(log.history(small).elements) == WHOLE


def test_transposed_and_empty_and_complex(log):
    w = torch.arange(6.0).view(2, 3).t().requires_grad_()
    (w * torch.arange(6.0).view(3, 2)).sum().backward()
    assert log.history(w).entries[0].added == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    empty = torch.ones(0, requires_grad=True)
    empty.sum().backward()
    assert log.history(empty).entries[0].added == ()
    c = torch.tensor([1 + 2j], requires_grad=True)
    (c * (3 - 1j)).backward(torch.tensor([1 + 0j]))
    assert log.history(c).elements == ("[0].real", "[0].imag")
    assert log.history(c).entries[0].added == (c.grad.item().real, c.grad.item().imag) == (3.0, 1.0)


def test_another_size_begins_anew(log):
    w = weight()
    (w * 2).sum().backward()
    w.data = torch.ones(3)
    w.grad = None
    (w * 2).sum().backward()
    assert [entry.added for entry in log.history(w).entries if entry.what == "backward"] == [(2.0, 2.0, 2.0)]


def test_it_is_bounded_and_says_what_fell_out(log):
    w = torch.ones(1, requires_grad=True)
    for _ in range(MOST + 50):
        (w * 2).sum().backward()
    history = log.history(w)
    assert (len([e for e in history.entries if e.what == "backward"]), history.fallen) == (MOST, 50)
    assert history.entries[0].what == "before"
    assert history.entries[0].after == (100.0,)


def test_the_more_tensors_the_fewer_events_each(log, monkeypatch):
    monkeypatch.setattr(watch, "ROOM", 100)
    many = [torch.ones(1, requires_grad=True) for _ in range(10)]
    for _ in range(30):
        sum(w * 2 for w in many).sum().backward()
    kept = [len(log.history(w).entries) - 1 for w in many]
    assert kept == [10] * 10
    assert FEWEST < 10


def test_no_tensor_is_kept_alive(log):
    w = weight()
    (w * 2).sum().backward()
    w.grad.mul_(2)
    gone, grad = weakref.ref(w), weakref.ref(w.grad)
    del w
    gc.collect()
    assert (gone(), grad()) == (None, None)
    assert log._accounts == {}


def test_the_oldest_tensors_are_forgotten_first(log, monkeypatch):
    monkeypatch.setattr(watch, "MOST_TENSORS", 3)
    many = [torch.ones(1, requires_grad=True) for _ in range(5)]
    for w in many:
        (w * 2).sum().backward()
    assert [[what for what, *_ in contributions(log, w)] for w in reversed(many)][:3] == [["backward"]] * 3
    assert [what for what, *_ in contributions(log, many[0])] == ["before"]


def test_each_tensor_that_zero_grad_clears_is_told_of(log):
    layer = torch.nn.Linear(2, 1)
    counted = []
    end = log.follow(layer.bias, lambda: counted.append(len(log.history(layer.bias).entries)))
    layer(torch.ones(1, 2)).sum().backward()
    layer.weight.grad = None
    layer.zero_grad()
    end()
    assert [entry.what for entry in log.history(layer.weight).entries] == ["backward", "none"]
    assert [entry.what for entry in log.history(layer.bias).entries] == ["backward", "none"]
    codes = [log.history(each).entries[1].code for each in (layer.weight, layer.bias)]
    assert codes == ["layer.weight.grad = None", "layer.zero_grad()"]
    assert counted == [1, 2]


def test_a_follower_is_told_after_each_event_until_it_ends(log):
    w, counted = weight(), []
    end = log.follow(w, lambda: counted.append(len(log.history(w).entries)))
    (w * 2).sum().backward()
    w.grad.mul_(2)
    w.grad = None
    end()
    (w * 2).sum().backward()
    assert counted == [1, 2, 3]


def test_versions_and_refusals_are_those_of_an_unheard_gradient(log):
    w = weight()
    (w * 2).sum().backward()
    assert w.grad._version == 0
    w.grad.mul_(2)
    assert w.grad._version == 1
    v = torch.ones(2, requires_grad=True)
    product = (v * w.grad).sum()
    w.grad.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()
    assert w.grad.data._version == 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_sums_round_as_the_engine_s_do(log, dtype):
    w = torch.ones(3, dtype=getattr(torch, dtype), requires_grad=True)
    rng = np.random.default_rng(0)
    for scale in (1e3, 1e-3, 7, 1e-4):
        (w * torch.tensor(rng.normal(size=3) * scale, dtype=w.dtype)).sum().backward()
    assert [what for what, *_ in contributions(log, w)] == ["backward"] * 4
    assert contributions(log, w)[-1][2] == tuple(w.grad.tolist())
