"""Objects that raise where they are looked at: the learner's error stays theirs, and magics go without what they cannot see."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter

from autogradkit.core.recording import RECORDERS

from .conftest import Notebook

ODD = "class Odd(Exception):\n    "
ERRORS = {
    "its text raises": f"{ODD}def __str__(self): raise KeyError(1)\nraise Odd()",
    "its text is no text": f"{ODD}def __str__(self): return 3\nraise Odd()",
    "its repr raises": f"{ODD}def __repr__(self): raise KeyError(1)\nraise Odd()",
    "an argument's repr raises": "class R:\n    def __repr__(self): raise KeyError(1)\nraise ValueError(R())",
    "notes that are a number": "e = ValueError('mine'); e.__notes__ = 3\nraise e",
    "notes that are a dict": "e = ValueError('mine'); e.__notes__ = {'a': 1}\nraise e",
    "notes that are no text": "e = ValueError('mine'); e.__notes__ = [3, None, object()]\nraise e",
    "a note whose text raises": (
        "class S:\n    def __str__(self): raise KeyError(1)\n    __repr__ = __str__\n"
        "e = ValueError('mine'); e.__notes__ = [S()]\nraise e"),
    "a text as a note whose text raises": (
        "class S(str):\n    def __str__(self): raise KeyError(1)\ne = ValueError('mine'); e.__notes__ = [S('a')]\nraise e"),
    "its notes are a property": f"{ODD}__notes__ = property(lambda self: 1 / 0)\nraise Odd()",
    "its class is a property": f"{ODD}__class__ = property(lambda self: 1 / 0)\nraise Odd()",
    "its traceback is a property": f"{ODD}__traceback__ = property(lambda self: 1 / 0)\nraise Odd()",
    "its cause is a property": f"{ODD}__cause__ = __context__ = property(lambda self: 1 / 0)\nraise Odd()",
    "every attribute raises": f"{ODD}def __getattribute__(self, name): raise KeyError(name)\nraise Odd()",
    "no attribute can be set": f"{ODD}def __setattr__(self, name, value): raise KeyError(name)\nraise Odd()",
    "a lone surrogate": "y = '\ud800'",
    "slots": f"{ODD}__slots__ = ()\nraise Odd()",
    "comparing and truth raise": f"{ODD}__eq__ = __hash__ = __bool__ = __len__ = lambda *a: 1 / 0\nraise Odd()",
    "its class has no name to tell": (
        "class M(type):\n    __name__ = property(lambda c: 1 / 0)\nclass Odd(Exception, metaclass=M): pass\nraise Odd()"),
    "a class": "raise KeyError",
    "a group": "raise ExceptionGroup('many', [ValueError(i) for i in range(3)])",
    "a circle of causes": "a = ValueError(1); b = ValueError(2); a.__cause__ = b; b.__cause__ = a\nraise a",
    "an end": "raise SystemExit(3)",
    "a generator's end": "raise GeneratorExit",
    "an interrupt": "raise KeyboardInterrupt",
    "a cancelled task": "import asyncio\nraise asyncio.CancelledError",
    "what is no Exception": "class Odd(BaseException): pass\nraise Odd()",
    "a million characters": "raise ValueError('x' * 10**6)",
    "an object that is missing an attribute": (
        "class P:\n    __class__ = property(lambda self: 1 / 0)\nraise AttributeError('mine', name='to_mkldnn', obj=P())"),
    "an operand whose repr raises": (
        "class R:\n    def __repr__(self): raise KeyError(1)\n    def __getattr__(self, n): raise KeyError(n)\ntorch.exp(R())"),
    "a recorder that was thrown away": (
        "from autogradkit.core.recording import RECORDERS\nRECORDERS.clear()\nraise ValueError('mine')"),
    "an object that dies badly": "class D:\n    def __del__(self): raise KeyError(1)\nD()\nraise ValueError('mine')",
    "a layer whose repr raises": (
        "class N(torch.nn.Linear):\n    def extra_repr(self): raise KeyError(1)\nN(2, 2)(x)"),
    "a module whose walk raises": (
        "class N(torch.nn.Module):\n"
        "    def __init__(self): super().__init__(); self.l = torch.nn.Linear(2, 2)\n"
        "    def named_modules(self, *a, **k): raise KeyError(1)\n"
        "    def forward(self, x): return self.l(x)\n"
        "N()(x)"),
    "a layer whose features raise": (
        "class N(torch.nn.Module):\n    in_features = property(lambda self: 1 / 0)\n"
        "    def forward(self, x): return x.view(7)\nN()(x)"),
}  # fmt: skip
OBJECTS = {
    "a lazy proxy": (
        "class P:\n    __class__ = property(lambda s: 1 / 0)\n    def __getattr__(s, n): raise RuntimeError(n)\np = P()"),
    "every attribute raises": "class P:\n    def __getattribute__(s, n): raise RuntimeError(n)\np = P()",
    "comparing gives an array": "class P:\n    def __eq__(s, o): return torch.ones(3)\n    __hash__ = None\np = P()",
    "a class without a hash": (
        "class M(type):\n    __hash__ = None\n    def __eq__(s, o): raise RuntimeError('class')\n"
        "class P(metaclass=M): pass\np = P()"
    ),
    "truth and length raise": "class P:\n    __bool__ = __len__ = lambda s: 1 / 0\np = P()",
    "a module whose parameters raise": (
        "class P(torch.nn.Linear):\n    def named_parameters(s, *a, **k): raise KeyError(1)\np = P(3, 3)"),
    "a module with odd parameters": (
        "class P(torch.nn.Linear):\n    def named_parameters(s, *a, **k): return [1, (2,), (None, x)]\np = P(3, 3)"),
    "a module that was not begun": "class P(torch.nn.Module):\n    def __init__(s): pass\np = P()",
    "a module in itself": "p = torch.nn.Linear(3, 3); p._modules['me'] = p",
    "a list in itself": "p = []; p.append(p)",
    "huge objects": "p = list(range(10**6)); q = {i: i for i in range(10**6)}",
    "a dict that raises": "class P(dict):\n    items = __iter__ = values = __len__ = lambda s: 1 / 0\np = P(a=x)",
    "a list that raises": "class P(list):\n    __iter__ = __len__ = __getitem__ = lambda s, *a: 1 / 0\np = P([x])",
    "a tensor that raises": (
        "class P(torch.Tensor):\n    def __getattribute__(s, n):\n"
        "        if n[0] == '_': return object.__getattribute__(s, n)\n        raise KeyError(n)\np = P([1.0])"),
    "a class without attributes": (
        "class M(type):\n    def __getattribute__(c, n): raise KeyError(n)\nclass P(metaclass=M): pass\np = P()"),
    "names that are none": "globals()['a b'] = x; globals()['<b>'] = x; globals()[''] = x",
    "an odd optimizer": "p = torch.optim.SGD([x], lr=0.1); p.param_groups = [{'params': 3}, 5]; p.state = 4",
    "a dead proxy": "import weakref\nclass C: pass\nc = C(); p = weakref.proxy(c); del c",
}  # fmt: skip
LOOKS = [
    "%%trace\ny = (x * 2).sum()\ny.backward()",
    "%%trace\nz = p if 'p' in globals() else 1\ny = (x * 3).sum()",
    "%graph y",
    "%ledger x",
    "%storage x",
    "%strides x",
    "%trace x * 2",
    "%why x.reshape(6)",
]
PREPARE = "x = torch.ones(2, 3, requires_grad=True)"


def kind_of(result: Any) -> str:
    error = result.error_in_exec if result.error_before_exec is None else result.error_before_exec
    return "" if error is None else type.__dict__["__name__"].__get__(type(error))


@pytest.mark.one_in(2)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("case", ERRORS)
def test_an_error_stays_the_learners(notebook: Notebook, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run(PREPARE)
    cell = ERRORS[case]
    untraced = kind_of(notebook.run(cell))
    assert untraced
    recorded = "with torch.record() as trace:\n" + "".join(f"    {line}\n" for line in cell.splitlines())
    for each in (f"%%trace\n{cell}", f"%%trace\ny = x * 2\n{cell}", f"%%trace\n%%time\n{cell}", recorded):
        capsys.readouterr()
        assert kind_of(notebook.run(each)) == untraced
        said = capsys.readouterr()
        assert "Error in callback" not in said.out + said.err
    assert not RECORDERS
    assert [op.name for op in notebook.trace("%%trace\ny = x * 2").ops] == ["mul"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", OBJECTS)
def test_an_odd_object_hides_nothing_else(notebook: Notebook, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run(PREPARE).raise_error()
    notebook.run(OBJECTS[case]).raise_error()
    for look in LOOKS:
        capsys.readouterr()
        notebook.run(look).raise_error()
        said = capsys.readouterr()
        assert "Error in callback" not in said.out + said.err
    with provisionalcompleter():
        for magic in ("%graph ", "%ledger ", "%strides "):
            assert "x" in {each.text for each in notebook.shell.Completer.completions(magic, len(magic))}


def test_a_key_that_is_no_name_hides_nothing(notebook: Notebook) -> None:
    notebook.run(f"{PREPARE}\nglobals()[3] = x").raise_error()
    for look in LOOKS:
        notebook.run(look).raise_error()
