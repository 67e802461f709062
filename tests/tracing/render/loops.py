"""A loop of gradient descent, and what a picture has made stacks of; for the tests of stacks and of what is too large."""

from autogradkit.tracing.render.graph.drawing.picture import Drawn

DESCENT = "x = torch.tensor([1., 2., 3.])\ny = torch.tensor([2., 4., 6.])\nw = torch.tensor(0., requires_grad=True)"


def descent(turns: int) -> str:
    return (
        f"for step in range({turns}):\n    loss = ((w * x - y) ** 2).mean()\n    loss.backward()\n"
        "    with torch.no_grad():\n        w -= 0.05 * w.grad\n    w.grad = None"
    )


def stacks(drawn: Drawn) -> list[tuple[str, int]]:
    return [(item.title, item.times) for item in drawn.graph.items.values() if item.kind == "stack"]
