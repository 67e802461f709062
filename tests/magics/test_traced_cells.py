"""The cells that must come out right under `%%trace`."""

from __future__ import annotations

import gc
import linecache
import weakref

import pytest
from IPython.core.completer import provisionalcompleter

import autogradkit as torch
from autogradkit.tracing.events import Accumulated, BackwardBegin, Failure, GradAssigned, NodeRan
from autogradkit.tracing.trace import Trace

from .conftest import Notebook


def events_of(trace: Trace, kind: type) -> list:
    return [event for event in trace.events if isinstance(event, kind)]


def names(trace: Trace) -> list[tuple[str, list[str]]]:
    """Each op with the labels of its results."""
    return [(op.name, [trace.label(output) for output in op.outputs]) for op in trace.ops]


def test_a_polynomial_and_its_derivative(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor(2.0, requires_grad=True)")
    trace = notebook.trace("%%trace\ny = x**3 + 2*x; y.backward()")
    assert names(trace) == [("pow", ["pow₁"]), ("mul", ["mul₁"]), ("add", ["y"])]
    [grown] = events_of(trace, Accumulated)
    assert (grown.name, grown.before, grown.after.data) == ("x", None, (14.0,))
    assert trace.ops[0].position is not None
    assert (trace.ops[0].position.file, trace.ops[0].position.line) == ("cell", 2)


def test_a_matrix_times_a_vector_with_a_bias_that_broadcasts(notebook: Notebook) -> None:
    notebook.run("W = torch.tensor([[.5, -1.], [2., .25]], requires_grad=True); x = torch.tensor([[1., 3.], [2., 4.]])")
    notebook.run("b = torch.tensor([[.1], [.2]], requires_grad=True)")
    trace = notebook.trace("%%trace\nO = torch.tanh(W @ x + b).sum(); O.backward()")
    assert [name for name, _ in names(trace)] == ["mm", "add", "tanh", "sum"]
    grads = {event.name: event.after.shape for event in events_of(trace, Accumulated)}
    assert grads == {"W": (2, 2), "b": (2, 1)}
    assert [trace.label(a.value) for a in trace.ops[0].inputs if a.value is not None] == ["W", "x"]


def test_a_value_used_twice_adds_up(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor([1., 2.], requires_grad=True)")
    trace = notebook.trace("%%trace\nh = x * 2\ny = (h * h + h).sum()\ny.backward()")
    mul = next(event for event in events_of(trace, NodeRan) if event.node == trace.ops[0].node)
    assert mul.received[0] is not None
    assert mul.received[0].data == (5.0, 9.0)  # h + h + 1: three ways, summed


def test_a_loop_names_the_value_at_each_turn(notebook: Notebook) -> None:
    notebook.run("W = torch.eye(2).requires_grad_(); b = torch.zeros(2); h = torch.tensor([.5, -.5])")
    trace = notebook.trace("%%trace\nfor t in range(3):\n    h = torch.tanh(W @ h + b)\nh.sum().backward()")
    turns = [(op.outputs and trace.label(op.outputs[0]), op.position and op.position.turn) for op in trace.ops]
    expected = [("h (turn 1)", (1,)), ("h (turn 2)", (2,)), ("h (turn 3)", (3,))]
    assert [turn for turn in turns if str(turn[0]).startswith("h")] == expected


def test_a_helper_function_defined_in_another_cell(notebook: Notebook) -> None:
    notebook.run("def act(z):\n    return torch.tanh(z)\nx = torch.tensor([1., 2.], requires_grad=True)")
    trace = notebook.trace("%%trace\nh = act(x * 2)\nh.sum().backward()")
    assert names(trace)[:2] == [("mul", ["z"]), ("tanh", ["h"])]
    assert trace.ops[1].position is not None
    assert trace.ops[1].position.file.startswith("In[")


def test_a_view_an_edit_through_it_then_backward(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor([1., 2., 3.], requires_grad=True)")
    trace = notebook.trace("%%trace\ny = x * 2\nv = y[1:]\nv.mul_(10)\n(y * y).sum().backward()")
    edit = next(op for op in trace.ops if op.kind == "inplace")
    assert (edit.name, edit.node_name) == ("mul_", "CopySlices")
    after = trace.values[next(op for op in trace.ops if op.name == "mul" and op.step > edit.step).inputs[0].value]
    assert (after.name, after.version, after.numbers.data) == ("y", 1, (2.0, 40.0, 60.0))
    assert events_of(trace, Accumulated)[0].after.data == (8.0, 1600.0, 2400.0)


def test_two_backward_calls_add(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor([1., 2.], requires_grad=True)")
    trace = notebook.trace("%%trace\n(x * 3).sum().backward()\n(x * 4).sum().backward()\nx.grad = None")
    first, second = events_of(trace, Accumulated)
    assert (first.after.data, second.before.data, second.after.data) == ((3.0, 3.0), (3.0, 3.0), (7.0, 7.0))
    assert (first.call, second.call) == (0, 1)
    assert (second.position.line, second.position.code) == (3, "(x * 4).sum().backward()")
    assert [event.how for event in events_of(trace, GradAssigned)] == ["none"]


def test_forward_only_and_the_graph_later(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor([1., 2.], requires_grad=True)")
    trace = notebook.trace("%%trace\nloss = (x * 3).sum()")
    assert not events_of(trace, BackwardBegin)
    rebuilt = Trace.from_tensor(notebook.shell.user_ns["loss"], notebook.shell.user_ns)
    assert names(rebuilt) == [("mul", ["mul₁"]), ("sum", ["loss"])]


def test_under_no_grad_it_says_why_nothing_was_recorded(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor([1., 2.], requires_grad=True)")
    trace = notebook.trace("%%trace\nwith torch.no_grad():\n    y = x * 2")
    assert [(op.node, op.why_not) for op in trace.ops] == [(None, "no_grad")]


@pytest.mark.parametrize(
    ("cell", "message", "note"),
    [
        ("y = (x * x).sum()\ny.backward()\ny.backward()", "a second time", "freed by the backward at line 3"),
        ("y = x.exp()\ny.add_(1)\ny.sum().backward()", "modified by an inplace operation", "add_ at line 3: y.add_(1)"),
        ("z = x * 2\nw = torch.ones(2, 3) @ torch.ones(2)", "size mismatch", None),
        ("m = torch.ones(2, 3) @ torch.ones(2, 3)", "mat1 and mat2 shapes", "(2, 3) times (2, 3)"),
        ("v = torch.ones(2, 3).t().view(6)", "view size is not compatible", "dims 0 and 1 of torch.ones(2, 3).t()"),
    ],
)
def test_a_cell_that_fails_shows_what_ran_and_the_error(
    notebook: Notebook, cell: str, message: str, note: str | None
) -> None:
    notebook.run("x = torch.tensor([1., 2., 3.], requires_grad=True)")
    result = notebook.run("%%trace\n" + cell)
    assert isinstance(result.error_in_exec, RuntimeError)
    assert message in str(result.error_in_exec)
    [trace] = notebook.shown
    failure = trace.events[-1]
    assert isinstance(failure, Failure)
    assert failure.message == str(result.error_in_exec)
    assert trace.ops
    if note is not None:
        assert any(note in each for each in result.error_in_exec.__notes__)


def test_create_graph_records_the_ops_of_backward(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor(2., requires_grad=True)")
    trace = notebook.trace("%%trace\n(g,) = torch.autograd.grad(x**3, x, create_graph=True)\ng.backward()")
    assert [event.create_graph for event in events_of(trace, BackwardBegin)] == [True, False]
    assert events_of(trace, Accumulated)[0].after.data == (12.0,)


def test_await_print_time_and_out(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("x = torch.tensor(2., requires_grad=True)")
    trace = notebook.trace(
        "%%trace\nimport asyncio\nprint('hello')\n%time y = x * 2\nawait asyncio.sleep(0)\nz = y * 3"
    )
    assert [name for name, _ in names(trace)] == ["mul", "mul"]
    assert "hello" in capsys.readouterr().out
    assert notebook.run("%%trace\nx * 2").result is not None
    assert notebook.run("%%trace\nx * 2;").result is None or True
    assert "Out" in notebook.shell.user_ns


def test_above_and_below_time(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor(2., requires_grad=True)")
    assert [op.name for op in notebook.trace("%%trace\n%%time\ny = x * 2").ops] == ["mul"]
    assert [op.name for op in notebook.trace("%%time\n%%trace\ny = x * 2").ops] == ["mul"]


def test_above_time_lines_names_and_the_kept_trace_are_the_learners(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor(2., requires_grad=True)")
    trace = notebook.trace("%%trace kept\n\n%%time\ny = x * 2\nz = y.exp()\nz")
    assert names(trace) == [("mul", ["y"]), ("exp", ["z"])]
    assert notebook.shell.user_ns["kept"] is trace
    assert trace.ops[1].position is not None
    assert (trace.ops[1].position.file, trace.ops[1].position.code) == ("cell", "z = y.exp()")
    assert "<timed exec>" not in linecache.cache  # the next timed cell has another text
    [value] = notebook.trace("%%trace\n%%time\nx * 3").ops[-1].outputs
    assert value is not None
    assert [op.name for op in notebook.trace("%%trace\n%%capture said\nprint(x * 4)").ops] == ["mul"]
    assert "tensor(8." in notebook.shell.user_ns["said"].stdout


def test_a_traced_expression_has_the_learners_names(notebook: Notebook) -> None:
    notebook.run("a = torch.tensor(2., requires_grad=True); b = torch.tensor(3.)")
    trace = notebook.trace("%trace (a * b).exp()")
    assert names(trace) == [("mul", ["mul₁"]), ("exp", ["exp₁"])]
    assert [trace.label(each.value) for each in trace.ops[0].inputs if each.value is not None] == ["a", "b"]
    assert trace.ops[0].position is not None
    assert trace.ops[0].position.code == "(a * b).exp()"


def test_an_empty_cell_and_a_syntax_error(notebook: Notebook) -> None:
    assert not notebook.run("%%trace\n").success
    assert isinstance(notebook.run("%%trace\ny = = 2").error_before_exec, SyntaxError)
    assert not notebook.shown


def test_a_wrong_argument_is_refused_and_nothing_runs(notebook: Notebook) -> None:
    result = notebook.run("%%trace 3x\nran = True")
    assert not result.success
    assert "ran" not in notebook.shell.user_ns


def test_line_numbers_in_errors_are_those_of_the_cell(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("%%trace\n\n\n1 / 0")
    assert "line 4" in capsys.readouterr().out


def test_the_trace_is_kept_in_a_variable_and_keeps_no_tensor_alive(notebook: Notebook) -> None:
    notebook.trace("%%trace kept\nx = torch.ones(3, requires_grad=True)\ny = (x * 2).sum()\ny.backward()")
    trace = notebook.shell.user_ns["kept"]
    assert isinstance(trace, Trace)
    x = weakref.ref(notebook.shell.user_ns["x"])
    notebook.run("del x, y")
    gc.collect()
    assert x() is None


def test_names_in_other_scripts_and_markup_stay_text(notebook: Notebook) -> None:
    notebook.run("权重 = torch.tensor([1., 2.], requires_grad=True)")
    trace = notebook.trace("%%trace\n损失 = (权重 * 2).sum()  # <script>alert(1)</script>\n损失.backward()")
    assert trace.ops[-1].outputs
    assert trace.label(trace.ops[-1].outputs[0]) == "损失"
    assert events_of(trace, Accumulated)[0].name == "权重"
    assert "<script>" not in trace.to_html()


def test_reload_is_idempotent_and_unload_takes_the_magics_away(notebook: Notebook) -> None:
    notebook.run("%reload_ext autogradkit")
    trace = notebook.trace("%%trace\ny = torch.ones(2) + 1")
    assert [op.name for op in trace.ops] == ["ones", "add"]
    notebook.run("%unload_ext autogradkit")
    assert not notebook.run("%%trace\ny = 1").success
    notebook.run("%load_ext autogradkit")


def test_a_nested_run_does_not_end_the_trace(notebook: Notebook) -> None:
    trace = notebook.trace("%%trace\na = torch.ones(2)\nget_ipython().run_cell('b = a * 2')\nc = a + b")
    assert [op.name for op in trace.ops] == ["ones", "mul", "add"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%storage", "name one or more tensors"),
        ("%storage nope", "not defined"),
        ("%storage [1]", "is a list, not a tensor"),
        ("%storage plain.to_sparse()", "%storage plain.to_sparse(): there is no memory to show."),
        ("%strides plain.to_sparse()", "%strides plain.to_sparse(): a sparse tensor has no strides"),
        ("%strides", "name one tensor"),
        ("%strides plain plain", "name one tensor"),
        ("%strides 3", "is an int, not a tensor"),
        ("%why", "%why: there was no error yet. It draws why a .view()"),
        ("%why b", "'b' is no call on a tensor. It draws why"),
        ("%graph 3", "is an int, not a tensor"),
        ("%ledger", "name one tensor"),
        ("%graph plain * 2", "(got 3: plain, *, 2). An expression is written without blanks."),
        ("%storage layer", "'layer' is a Linear, not a tensor. Name what it gives, or one of its parameters."),
        ("%storage {'w':1}", "is a dict, not a tensor. Name what lies in it, such as {'w':1}['w']."),
        ("%storage [1,2]", "is a list, not a tensor. Name what lies in it, such as [1,2][0]."),
        ("%trace y = 1", "'y = 1' is no expression that Python can evaluate. Statements are written below %%trace."),
        ("%graph plain.to_mkldnn()", "PyTorch has Tensor.to_mkldnn; autogradkit does not have it yet"),
        ("%storage plain.view(3)", "raised RuntimeError: shape '[3]' is invalid for input of size 2"),
        ("%ledger plain", "'plain' does not require grad"),
        ("%ledger nope", "name 'nope' is not defined"),
        ("%ledger 3", "'3' is an int, not a tensor"),
        ("%ledger plain plain", "name one tensor"),
        ("%ledger --folow plain", "there is no option --folow"),
        ("%ledger PyTorch.ones(1, requires_grad=True)", "is a tensor of PyTorch"),
        ("%ledger (plain.requires_grad_() * 2)", "keeps no .grad for it"),
        ("%train --epochs 0", "must be above 0"),
        ("%train --lr nan", "must be above 0 and finite, got nan"),
        ("%train --batch-size 99999999999999999999", "must be above 0 and below 1,000,000,000, got 9"),
        ("%train --seed 99999999999999999999", "must fit into 64 bits"),
        ("%train --nonsense", "%train: unrecognized arguments: --nonsense. %train? shows what it takes."),
        ("%train torch.nn.ReLU()", "there is no model 'torch.nn.ReLU()'"),
        ("%train bare", "%train: 'bare' has no parameters that could learn."),
        ("%train 'lenet", "%train: No closing quotation in 'lenet"),
        ("%%trace 'x\npass", "%%trace: No closing quotation in 'x"),
        ("%%trace a b\npass", "%%trace: unrecognized arguments: b. %%trace? shows what it takes."),
        ("%%trace class\npass", "'class' cannot be the name of a variable"),
        ("%%trace plain\npass", "'plain' is a Tensor already. Choose another name for the trace."),
        ("%%trace PyTorch\npass", "'PyTorch' is a module already"),
        ("%%trace print\npass", "'print' is Python's own"),
        ("%%trace __builtins__\npass", "'__builtins__' is "),
        ("%%trace In\npass", "'In' is a list already"),
        ("%trace", "write an expression"),
    ],
)
def test_a_wrong_use_gets_a_clear_message(
    notebook: Notebook, line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run(
        "plain = torch.ones(2); layer = torch.nn.Linear(2, 2); bare = torch.nn.ReLU()\nimport torch as PyTorch"
    )
    capsys.readouterr()
    assert not notebook.run(line).success
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert message in text
    assert "Traceback" not in text


def offered(notebook: Notebook, line: str) -> set[str]:
    """What Tab offers at the end of a line."""
    with provisionalcompleter():
        return {each.text for each in notebook.shell.Completer.completions(line, len(line))}


def test_completion_offers_tensors_and_models(notebook: Notebook) -> None:
    notebook.run("weight = torch.ones(2); number = 3")
    assert "weight" in offered(notebook, "%storage we")
    assert "weight" in offered(notebook, "%strides we")
    assert "number" not in offered(notebook, "%ledger nu")
    assert "lenet" in offered(notebook, "%train le")


def test_help_says_what_trace_does(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("%%trace?")
    said = capsys.readouterr().out
    assert "forward values" in said
    assert "%%trace steps\n" in said
    assert "y.backward()" in said
    assert torch is not None


def test_a_module_of_another_cell_and_its_layers(notebook: Notebook) -> None:
    notebook.run(
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.first = torch.nn.Linear(3, 2)\n"
        "    def forward(self, x):\n"
        "        return torch.relu(self.first(x))\n"
        "net = Net(); x = torch.ones(1, 3)"
    )
    trace = notebook.trace("%%trace\nout = net(x)\nout.sum().backward()")
    assert [(op.name, op.scope) for op in trace.ops[:3]] == [
        ("t", ("Net", "first")),
        ("addmm", ("Net", "first")),
        ("relu", ("Net",)),
    ]
    assert {event.name for event in events_of(trace, Accumulated)} == {"net.first.weight", "net.first.bias"}
    assert trace.label(trace.ops[2].outputs[0]) == "out"


def test_lenet_forward_loss_and_backward(notebook: Notebook) -> None:
    notebook.run(
        "from autogradkit.vision.models import LeNet\nimport autogradkit.nn.functional as F\n"
        "net = LeNet(); images = torch.rand(2, 1, 28, 28); labels = torch.tensor([3, 7])"
    )
    trace = notebook.trace("%%trace\nloss = F.cross_entropy(net(images), labels)\nloss.backward()")
    assert trace.label(trace.ops[-1].outputs[0]) == "loss"
    assert {op.scope[-1] for op in trace.ops if op.name == "convolution"} == {"conv1", "conv2"}
    assert len(events_of(trace, Accumulated)) == 10
    assert trace.left_out > 0


def test_several_results_take_the_names_they_are_unpacked_to(notebook: Notebook) -> None:
    trace = notebook.trace("%%trace\na, b = torch.ones(2, 3).unbind()")
    assert [trace.label(output) for output in trace.ops[-1].outputs] == ["a", "b"]


def test_an_edit_of_a_tensor_by_itself_is_recorded(notebook: Notebook) -> None:
    notebook.run("x = torch.tensor([1., 2.], requires_grad=True)")
    trace = notebook.trace("%%trace\ny = x * 2\ny.mul_(y)")
    assert trace.values[trace.ops[-1].outputs[0]].numbers.data == (4.0, 16.0)


def test_a_trace_takes_the_name_of_an_older_trace(notebook: Notebook) -> None:
    notebook.run("%%trace steps\ntorch.ones(2) + 1")
    first = notebook.run("steps").result
    notebook.run("%%trace steps\ntorch.ones(2) * 2")
    assert notebook.run("steps").result is not first


def test_what_else_is_in_the_namespace_is_nobodys_business(notebook: Notebook) -> None:
    """A lazy proxy, or a method of the learner's own that fails, neither runs nor takes the picture away."""
    notebook.run(
        "class Lazy:\n    def __getattribute__(self, name): raise RuntimeError('woken by ' + name)\nlazy = Lazy()\n"
        "class Odd:\n    def named_parameters(self): raise KeyError('odd')\nodd = Odd()\n"
        "w = torch.ones(2, requires_grad=True); loss = (w * 2).sum()"
    )
    for line in (
        "%graph loss",
        "%storage w",
        "%ledger w",
        "%trace w * 3",
        "%%trace\n(w * w).sum().backward()",
        "%strides w",
    ):
        assert notebook.run(line).success, line
    assert "w" in offered(notebook, "%graph ")
    assert "lenet" in offered(notebook, "%train ")
    assert not notebook.run("%why").success


def test_a_cell_that_tampers_with_the_recorders_is_still_a_cell(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    emptied = "from autogradkit.core.recording import RECORDERS\nx = torch.ones(2) + 1\nRECORDERS.clear()\ny = x * 3"
    trace = notebook.trace(f"%%trace\n{emptied}")
    assert [op.name for op in trace.ops] == ["ones", "add"]
    assert any("stopped before the cell ended" in note for note in trace.notes)
    assert "Error in callback" not in capsys.readouterr().out
    assert [op.name for op in notebook.trace("%%trace\nx * 2").ops] == ["mul"]


def test_unloading_in_a_traced_cell_leaves_no_recorder(notebook: Notebook) -> None:
    notebook.run("from autogradkit.core.recording import RECORDERS")
    notebook.run("%%trace\n%unload_ext autogradkit\ntorch.ones(2)")
    assert notebook.run("len(RECORDERS)").result == 0
    notebook.run("%load_ext autogradkit")
    assert [op.name for op in notebook.trace("%%trace\ntorch.ones(2) * 2").ops] == ["ones", "mul"]
