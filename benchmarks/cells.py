"""What a long cell costs, by what its lines are: run, recorded, and drawn as a notebook, a page and a table.

Run it as `python -m benchmarks.cells [--lines N] [FORM …]`. Each form is a way to write a cell of N lines (or N turns of a
loop, or N operations on one line). The columns are seconds of the processor: the cell without a recorder, with one, the
picture that the notebook stores, the page of `to_html()` and the text of `table()`; behind each, the factor from a cell
of a third of the lines, which is 3 where the work is linear. A drawing should take less than a second.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import linecache
import time
from collections.abc import Callable
from typing import Any

import autogradkit as torch
from autogradkit.widgets.graph import GraphView

X = "x = torch.tensor([1.0, 2.0], requires_grad=True)\n"
W = "x = torch.tensor([1.0, 2.0])\nw = torch.tensor([0.5, 0.5], requires_grad=True)\n"
HEAD = X + "h = x\n"


def lines(head: str, line: str, end: str = "") -> Callable[[int], str]:
    """A cell of equal lines; `{i}` is the line's number, `{j}` that of the line before."""
    return lambda count: head + "".join(line.format(i=i, j=i - 1) + "\n" for i in range(1, count + 1)) + end


def loop(head: str, body: str, end: str = "") -> Callable[[int], str]:
    """A cell with a loop of so many turns."""
    inside = "".join(f"    {line}\n" for line in body.split("\n"))
    return lambda count: f"{head}for i in range({count}):\n{inside}{end}"


FORMS: dict[str, Callable[[int], str]] = {
    "one op a line": lines(HEAD, "h = h * 1.001", "h.sum().backward()"),
    "one op, new names": lines(X + "h0 = x\n", "h{i} = h{j} * 1.001"),
    "two ops a line": lines(HEAD, "h = h * 1.001 + 0.001"),
    "four ops a line": lines(HEAD, "h = ((h * 1.001 + x) * 0.5).exp().log()"),
    "nothing but comments": lines(HEAD, "# line {i} says h = h * {i}", "(h * 2).sum().backward()"),
    "numbers only": lines(HEAD, "a{i} = {i} * 2", "(h * 2).sum().backward()"),
    "functions": lines(HEAD, "def f{i}(t): return t * {i}.0"),
    "functions called": lines(HEAD, "def f{i}(t): return t * 1.001\nh = f{i}(h)"),
    "classes": lines(HEAD, "class C{i}(torch.nn.Module):\n    def forward(self, t): return t * 2\ny{i} = C{i}()(x)"),
    "backward calls": lines(HEAD, "(h * {i}.0).sum().backward()"),
    "backward and None": lines(HEAD, "(h * {i}.0).sum().backward(); x.grad = None"),
    "autograd.grad calls": lines(HEAD, "g{i}, = torch.autograd.grad((x * {i}.0).sum(), x)"),
    "second derivatives": lines(
        HEAD, "torch.autograd.grad(torch.autograd.grad((x**3).sum(), x, create_graph=True)[0].sum(), x)"
    ),
    "x.add_": lines("x = torch.zeros(2)\n", "x.add_({i}.0)"),
    "h.mul_ in a graph": lines(X + "h = x * 1\n", "h.mul_(1.001)"),
    "elements assigned": lines("x = torch.zeros(9)\n", "x[{i} % 9] = {i}.0"),
    "elements of a graph": lines(X + "h = x * 1\n", "h[{i} % 2] = x[0] * {i}"),
    "data assigned": lines(HEAD, "x.data[{i} % 2] = {i}.0"),
    "views": lines(HEAD, "v{i} = x.view(2, 1)"),
    "views of views": lines(HEAD, "h = h.unsqueeze(0).squeeze(0)"),
    "views kept, edited": lines("x = torch.zeros(2)\n", "v{i} = x[:1]\nv{i}.add_(1)"),
    "detached": lines(HEAD, "d{i} = (x * 2).detach()"),
    "new tensors": lines("", "t{i} = torch.tensor([{i}.0])"),
    "new leaves": lines("", "t{i} = torch.ones(2, requires_grad=True)", "sum([t1 * 2, t2]).sum().backward()"),
    "requires_grad_": lines("", "t{i} = torch.ones(2).requires_grad_()\ny{i} = t{i} * 2"),
    "printed items": lines(HEAD, "print((x * {i}).sum().item())"),
    "printed tensors": lines(HEAD, "print(x * {i})"),
    "no_grad blocks": lines(HEAD, "with torch.no_grad():\n    y{i} = x * {i}"),
    "detach and in place": lines(W, "with torch.no_grad(): w -= 0.001 * x"),
    "one tensor used by all": lines(HEAD, "y{i} = x * {i}.0"),
    "all used at the end": lambda count: (
        lines(X, "y{i} = x * {i}.0")(count) + f"s = torch.stack([{', '.join(f'y{i}' for i in range(1, count + 1))}])\n"
        "s.sum().backward()"
    ),
    "two before": lines(X + "h0 = x\nh1 = x * 2\n", "h{i} = h{j} + x if {i} > 1 else h1"),
    "in a list": lines(X + "l = [x]\n", "l.append(l[-1] * 1.001)"),
    "in a list, all summed": lines(X + "l = []\n", "l.append(x * {i})", "sum(l).sum().backward()"),
    "in a dict": lines(X + "d = dict(k0=x)\n", "d['k{i}'] = d['k{j}'] * 1.001"),
    "attributes": lines("class O: pass\no = O()\n" + X + "o.h0 = x\n", "o.h{i} = o.h{j} * 1.001"),
    "ifs": lines(HEAD, "if {i} % 2: h = h * 1.001\nelse: h = h + 0.001"),
    "tries": lines(HEAD, "try: h + torch.ones(3)\nexcept RuntimeError: pass"),
    "semicolons": lambda count: HEAD + "; ".join(["h = h * 1.001"] * count),
    "one line of +": lambda count: HEAD + "y = " + " + ".join(["x"] * min(count, 900)) + "\ny.sum().backward()",
    "one call after another": lambda count: HEAD + "y = x" + ".neg()" * min(count, 900),
    "brackets in brackets": lambda count: HEAD + "y = " + "torch.neg(" * min(count, 90) + "x" + ")" * min(count, 90),
    "one list of ops": lambda count: HEAD + "l = [" + ", ".join(f"x * {i}" for i in range(count)) + "]",
    "one long text": lambda count: HEAD + f'y = (x * len("{"x" * 33 * count}")).sum()\ny.backward()',
    "one long comment": lambda count: HEAD + f"y = x * 2  # {'x' * 33 * count}",
    "one long name": lambda count: HEAD + f"{'n' * 33 * count} = x * 2",
    "many short texts": lines(HEAD, "s{i} = 'a text of some length in line {i}'", "(x * 2).sum().backward()"),
    "lines that are empty": lambda count: HEAD + "\n" * count + "(x * 2).sum().backward()",
    "loop: ops": loop(HEAD, "h = h * 1.001"),
    "loop: kept": loop(X + "l = []\n", "l.append(x * i)", "sum(l).sum().backward()"),
    "loop: backward": loop(HEAD, "loss = (x * i).sum()\nloss.backward()\nx.grad = None"),
    "loop: backward added": loop(HEAD, "(x * i).sum().backward()"),
    "loop: descent": loop(
        W, "loss = ((w * x - 1) ** 2).mean()\nloss.backward()\nwith torch.no_grad(): w -= 0.01 * w.grad\nw.grad = None"
    ),
    "loop: SGD": loop(
        W + "o = torch.optim.SGD([w], lr=0.01)\n", "o.zero_grad()\n((w * x - 1) ** 2).mean().backward()\no.step()"
    ),
    "loop: Adam of a model": loop(
        "m = torch.nn.Linear(2, 1)\no = torch.optim.Adam(m.parameters())\nx = torch.ones(3, 2)\n",
        "o.zero_grad()\nm(x).mean().backward()\no.step()",
    ),
    "loop in a loop": lambda count: (
        HEAD + f"for i in range({max(1, count // 30)}):\n    for j in range(30):\n        h = h * 1.001"
    ),
    "while": lambda count: HEAD + f"i = 0\nwhile i < {count}:\n    h = h * 1.001\n    i += 1",
    "comprehension": lambda count: HEAD + f"l = [x * i for i in range({count})]\nsum(l).sum().backward()",
    "function in a loop": loop(HEAD + "def f(t):\n    u = t * 1.001\n    return u + 0.001\n", "h = f(h)"),
    "recursion": lambda count: (
        HEAD + f"def f(t, n): return t if n == 0 else f(t * 1.001, n - 1)\ny = f(x, {min(count, 300)})"
    ),
    "printed in a loop": loop(HEAD, "print((x * i).sum().item())"),
    "elements in a loop": loop("x = torch.zeros(9)\n", "x[i % 9] = i"),
    "elements read": loop("x = torch.ones(9)\ns = 0\n", "s = s + x[i % 9]"),
    "layers written out": lines("x = torch.ones(3, 2)\n", "m{i} = torch.nn.Linear(2, 2)\nx = m{i}(x)"),
    "layers in Sequential": lambda count: (
        "x = torch.ones(3, 2)\nm = torch.nn.Sequential(*[torch.nn.Linear(2, 2) "
        f"for _ in range({count})])\ny = m(x)\ny.sum().backward()"
    ),
    "a layer used again": loop("m = torch.nn.Linear(2, 2)\nx = torch.ones(3, 2)\n", "x = m(x)", "x.sum().backward()"),
    "modules in modules": lambda count: (
        "x = torch.ones(3, 2)\nm = torch.nn.Linear(2, 2)\n"
        f"for _ in range({min(count, 90)}): m = torch.nn.Sequential(m)\nm(x).sum().backward()"
    ),
    "optimizer of many": lambda count: (
        f"ps = [torch.ones(2, requires_grad=True) for _ in range({count})]\n"
        "o = torch.optim.SGD(ps, lr=0.1)\nsum((p * 2).sum() for p in ps).backward()\no.step()\no.zero_grad()"
    ),
    "hooks": lines(HEAD, "h = h * 1.001; h.register_hook(lambda g: g * 2)", "h.sum().backward()"),
    "custom functions": lambda count: (
        "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(c, t): return t * 2\n"
        "    @staticmethod\n    def backward(c, g): return g * 2\n" + lines(HEAD, "h = F.apply(h) * 0.5")(count)
    ),
    "parts of a split": lambda count: (
        HEAD + f"b = torch.ones({count}, requires_grad=True).unbind()\ny = b[0] * b[1] * b[-1]\ny.backward()"
    ),
    "retain_grad": lines(HEAD, "h = h * 1.001; h.retain_grad()", "h.sum().backward()"),
    "an error at the end": lines(HEAD, "h = h * 1.001", "h + torch.ones(3)"),
}
COLUMNS = ("run", "recorded", "picture", "page", "table")


def code_of(source: str) -> Any:
    """A cell compiled, its text where Python finds it."""
    file = f"<a cell of {len(source)} characters>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    return compile(source, file, "exec")


def run(code: Any) -> None:
    """Run a cell as a notebook does: its prints are heard by nobody, its error ends it."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError):
        exec(code, {"torch": torch})


def traced(code: Any, source: str) -> Any:
    """What a cell did."""
    with torch.record() as trace:
        run(code)
    trace.source = source
    return trace


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, for others may be at work, and what came of it."""
    gc.collect()
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def measured(form: Callable[[int], str], count: int) -> tuple[float, ...]:
    """The seconds of each column."""
    source = form(count)
    code = code_of(source)
    bare, _ = timed(lambda: run(code))
    recorded, trace = timed(lambda: traced(code, source))
    picture, _ = timed(lambda: GraphView(trace)._repr_mimebundle_())
    page, _ = timed(trace.to_html)
    table, _ = timed(trace.table)
    return bare, recorded, picture, page, table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("forms", nargs="*", metavar="FORM", help="those whose name has this in it (default: all)")
    parser.add_argument("--lines", type=int, default=3_000)
    wanted = parser.parse_args()
    print(f"{'':24s}" + "".join(f"{column:>17s}" for column in COLUMNS))
    for name, form in FORMS.items():
        if wanted.forms and not any(part in name for part in wanted.forms):
            continue
        third, whole = measured(form, wanted.lines // 3), measured(form, wanted.lines)
        cells = (f"{now:9.3f}s ×{now / max(before, 1e-4):5.1f}" for before, now in zip(third, whole, strict=True))
        print(f"{name:24s}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
