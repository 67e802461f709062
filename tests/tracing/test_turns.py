"""Turns of loops: the loop's own count, whatever ran in it."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import autogradkit as torch
from tests.every_case import every_case
from tests.tracing.render.cells import trace_source

W = "w = torch.tensor([1., 2.], requires_grad=True)"

NET = (
    "class Net(torch.nn.Module):\n    def forward(self, x):\n        h = x\n        for k in range(2):\n"
    "            h = h * k\n        return h\n"
)


def turns(source: str, before: str = W) -> list[tuple[str | None, tuple[int, ...]]]:
    """The name and the turns of what each op gave."""
    trace = trace_source(source, before)
    return [(trace.values[op.outputs[0]].name, trace.values[op.outputs[0]].turn) for op in trace.ops]


@every_case(
    "source expected",
    [
        ("for i in range(3):\n    if i == 1: continue\n    y = w * i", [("y", (1,)), ("y", (3,))]),
        ("n = 0\nwhile n < 3:\n    n += 1\n    if n == 1:\n        continue\n    y = w - n", [("y", (2,)), ("y", (3,))]),
        ("n = 0\nwhile n < 2: n += 1; y = w * n", [("y", (1,)), ("y", (2,))]),
        ("for i in range(2):\n    for j in range(i):\n        y = w * j", [("y", (2, 1))]),
        ("for i in range(2): pass\ny = w * 2", [("y", ())]),
        ("def f(a):\n    for k in range(2): a = a * k\n    return a\nm = f(w)", [("a", (1,)), ("a", (2,))]),
        ("def f(a): return a * 2\nfor x in 'ab':\n    m = f(w)", [("m", (1,)), ("m", (2,))]),
        ("def f():\n    for k in range(3):\n        y = w * k\n        yield y\nlist(f())", [("y", (n,)) for n in (1, 2, 3)]),
        ("def f():\n    yield\n    return w * 2\ndef g():\n    y = yield from f()\nlist(g())", [("y", ())]),  # so does `await`
        (NET + "net = Net()\nnet(w)", [("h", (1,)), ("h", (2,))]),
        ("class Net(torch.nn.Sequential): pass\n" + NET.replace("Net", "Inner") + "Net(Inner())(w)", [("h", (1,)), ("h", (2,))]),
        ("net = torch.nn.Sequential(torch.nn.ReLU(), Net(), torch.nn.Sequential(Net(), torch.nn.ReLU()))\n"
         "for k in range(2):\n    y = net(w)\nz = w * 4".replace("net =", NET + "net =", 1), [
            each
            for k in (1, 2)
            for each in [("h", ()), ("h", (k, 1)), ("h", (k, 2)), ("h", (k, 1)), ("h", (k, 2)), ("y", (k,))]
         ] + [("z", ())]),
        ("for i in range(3):\n    if w.sum() > 9: continue\n    y = w * i", [
            (None, ()), (None, ()), ("y", (1,)), (None, ()), (None, ()), ("y", (2,)), (None, ()), (None, ()), ("y", (3,)),
        ]),
        ("while True:\n    y = w * 2\n    break", [("y", ())]),  # Python compiles no loop
        ("with torch.no_grad():\n    a = w * 2\ny = w * 3", [("a", ()), ("y", ())]),  # what an error leads to jumps back
        ("for i in range(2):\n    with torch.no_grad():\n        a = w * 2\n    y = a * 3\nz = w * 4", [
            ("a", (1,)), ("y", (1,)), ("a", (2,)), ("y", (2,)), ("z", ()),
        ]),
        ("for i in range(2):\n    try:\n        int('x')\n    except ValueError:\n        y = w * i\nz = w * 4", [
            ("y", (1,)), ("y", (2,)), ("z", ()),
        ]),
        ("n = 0\nwhile True:\n    try:\n        y = w * n\n        int('x' * (2 - n) or '0')\n        break\n"
         "    except ValueError:\n        n += 1\nz = w * 4", [("y", (1,)), ("y", (2,)), ("y", (3,)), ("z", ())]),
    ],
)  # fmt: skip
def test_the_turn_is_the_loops(source: str, expected: list[Any]) -> None:
    assert turns(source) == expected


def test_a_block_recorded_within_a_turn_counts_its_own_loops_only() -> None:
    w = torch.tensor(2.0)
    for epoch in range(2):
        with torch.record() as trace:
            for step in range(2):
                y = w * step + epoch
        names = [(trace.values[op.outputs[0]].name, trace.values[op.outputs[0]].turn) for op in trace.ops]
        assert names == [(None, ()), ("y", (1,)), (None, ()), ("y", (2,))]
    assert y == 3


def test_no_tracing_is_left_behind_and_a_debugger_keeps_its_own() -> None:
    def mine(frame: FrameType, event: str, arg: Any) -> None:
        return None

    before = sys.gettrace()
    trace_source("for i in range(2):\n    y = w * i", W)
    assert sys.gettrace() is before
    sys.settrace(mine)
    try:
        found = turns("for i in range(2):\n    y = w * i")
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)
    assert found == [("y", ()), ("y", ())]  # not counted, and so not told
