"""A title is the expression that backward started from, or the one statement that ran, or there is none."""

from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.wording.titles import title
from tests.every_case import every_case
from tests.tracing.render.cells import trace_source

BEFORE = (
    "x = torch.tensor([1., 2.])\nw = torch.tensor([.5, -1.], requires_grad=True)\ndef half(v):\n    return v.sum() / 2"
)


@every_case(
    "source wanted",
    [
        ("loss = (w * x).sum()\nloss.backward()", "loss = (w * x).sum()"),
        ("(w * x).sum().backward()  # a comment", "(w * x).sum()"),
        ("loss = 0\nfor i in range(2):\n    loss += (w * i).sum()\nloss.backward()", "loss"),
        ("h = w * x\nloss = half(h)\nprint('done')\nloss.backward()\nprint(loss)", "loss = half(h)"),
        ("for i in range(3):\n    loss = (w * x).sum()\n    loss.backward()\ny = w * 2", "loss = (w * x).sum()"),
        ("h = w\nfor i in range(3):\n    h = h * x\nh.sum().backward()", "h.sum()"),
        ("class A:\n    def f(self, v):\n        return v * 2\ny = A().f(w)\ny.sum().backward()", "y.sum()"),
        ("loss = (\n    w\n    * x\n).sum()\nloss.backward()", "loss = ( w * x ).sum()"),
        ("a = w * 2\nb = w * 3\na.sum().backward()\nb.sum().backward()", ""),
        ("g, = torch.autograd.grad((w * x).sum(), w)", "(w * x).sum()"),
        ("g = torch.autograd.grad(outputs=half(w), inputs=w)", ""),
        ("g = torch.func.grad(half)(w)", ""),
        ("g = torch.func.vmap(torch.func.grad(half, 0))(w.view(2, 1))", ""),
        ("y = torch.sin(w) * x", "y = torch.sin(w) * x"),
        ("a = w * 2\nb = a + 1", ""),
        ("for i in range(3):\n    y = w * 2", "y = w * 2"),
        ("a = w * 2\nb = a @ torch.ones(3)", ""),  # which fails
        ("a = (w * 2) @ torch.ones(3)", "a = (w * 2) @ torch.ones(3)"),
        ("if True:\n    pass\nwith torch.no_grad(): y = w * 2", ""),
    ],
)
def test_the_title(source: str, wanted: str) -> None:
    assert title(trace_source(source, BEFORE)) == wanted


def test_without_a_cell_the_statement_that_ran_is_the_title() -> None:
    trace = trace_source("loss = (w * x).sum()\nloss.backward()", BEFORE)
    trace.source = ""
    assert title(trace) == "loss = (w * x).sum()"


def test_a_picture_without_a_title_begins_with_the_picture() -> None:
    drawn = draw_graph(trace_source("a = w * 2\nb = a + 1", BEFORE))
    assert drawn.alt.startswith("Graph. 2 operations ran forward.")
    first = min(float(part.split('"')[0]) for part in drawn.svg.split(' y="')[1:])
    assert first < 20
