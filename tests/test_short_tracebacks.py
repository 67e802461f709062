"""An error has the learner's frames and at most one of ours, wherever it is seen, unless all of them were asked for."""

from __future__ import annotations

import io
import logging
import os
import random
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

import autogradkit as torch
from autogradkit.core.frames import PACKAGE
from tests.every_case import every_case
from tests.parity.valid_calls import TARGETS, described, valid_calls
from tests.parity.wrong_calls import damaged

# Each raises in its last line; the functions named are the learner's, on the way to where it arose.
CASES = {
    "an op": ("x + torch.ones(5)", ""),
    "a wrong argument": ("torch.exp(3)", ""),
    "a wrong name": ("x.sum(dims=1)", ""),
    "a wrong type in place": ("x.detach().mul_('a')", ""),
    "an index": ("x[7]", ""),
    "an assignment": ("x.detach()[0] = torch.ones(5)", ""),
    "a leaf edited": ("x.mul_(2)", ""),
    "an attribute": ("x.nothing", ""),
    "a grad assigned": ("x.grad = torch.ones(9)", ""),
    "data assigned": ("x.data = 3", ""),
    "a flag": ("(x * 2).requires_grad = False", ""),
    "a number of several": ("float(x)", ""),
    "a truth of several": ("bool(x)", ""),
    "a view": ("x.t().view(6)", ""),
    "a view of a dtype": ("x.detach().t().view(torch.float64)", ""),
    "matmul": ("x @ x", ""),
    "an array on the left": ("__import__('numpy').ones(9) * x.detach()", ""),
    "a reflected power": ("2.5 // torch.ones(2, dtype=torch.complex64)", ""),
    "torch.tensor": ("torch.tensor([1, 'a'])", ""),
    "a typed constructor": ("torch.FloatTensor([1, [2]])", ""),
    "from_numpy": ("torch.from_numpy([1])", ""),
    "split": ("torch.split(x, [1, 5])", ""),
    "norm": ("torch.norm(x, 'nuc', dim=7)", ""),
    "manual_seed": ("torch.manual_seed(2**70)", ""),
    "a name that is not here": ("torch.no_such_thing", ""),
    "backward of several": ("(x * 2).backward()", ""),
    "backward twice": ("y = (x * x).sum(); y.backward()\ny.backward()", ""),
    "backward of no graph": ("torch.ones(()).backward()", ""),
    "a wrong gradient": ("(x * 2).backward(torch.ones(9))", ""),
    "autograd.grad unused": ("torch.autograd.grad(x.sum(), torch.ones(1, requires_grad=True))", ""),
    "an edited saved tensor": ("y = x.exp(); y.mul_(2)\ny.sum().backward()", ""),
    "an edit found under create_graph": ("y = x.exp(); y.mul_(2)\ntorch.autograd.grad(y.sum(), x, create_graph=True)", ""),
    "a hook": ("def hook(g): return g + torch.ones(9)\ny = x * 2; y.register_hook(hook)\ny.sum().backward()", "hook"),
    "a hook of a leaf": ("def hook(g): 1 / 0\nx.register_hook(hook)\nx.sum().backward()", "hook"),
    "a hook under create_graph": (
        "def hook(g): 1 / 0\nx.register_hook(hook)\ntorch.autograd.grad(x.sum(), x, create_graph=True)", "hook"),
    "a hook of the wrong kind": ("y = x * 2; y.register_hook(lambda g: 3)\ny.sum().backward()", ""),
    "a node's hook": ("def hook(*g): 1 / 0\ny = x * 2; y.grad_fn.register_hook(hook)\ny.sum().backward()", "hook"),
    "a hook after accumulation": (
        "def hook(t): 1 / 0\nx.register_post_accumulate_grad_hook(hook)\nx.sum().backward()", "hook"),
    "a custom forward": (
        "class F(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x): return x.view(7)\n"
        "F.apply(x)", "forward"),
    "a custom backward": (
        "class F(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x): return x * 2\n"
        "    @staticmethod\n    def backward(ctx, g): return helper(g)\n"
        "def helper(g): return g.view(7)\n"
        "F.apply(x).sum().backward()", "backward helper"),
    "a custom backward of the wrong size": (
        "class F(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x): return x * 2\n"
        "    @staticmethod\n    def backward(ctx, g): return torch.ones(7)\n"
        "F.apply(x).sum().backward()", ""),
    "the old style": (
        "class F(torch.autograd.Function):\n    def forward(self, x): return x.view(7)\nF()(x)", "forward"),
    "gradcheck": ("def f(t): return t.view(7)\ntorch.autograd.gradcheck(f, x.detach().double().requires_grad_())", "f"),
    "gradgradcheck": ("def f(t): return t.view(7)\ntorch.autograd.gradgradcheck(f, x.detach().double().requires_grad_())", "f"),
    "a grad mode": ("@torch.no_grad()\ndef f(): 1 / 0\nf()", "f"),
    "a layer": ("torch.nn.Linear(2, 3)(x)", ""),
    "a layer in a layer": ("torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(2, 3))(x)", ""),
    "a convolution": ("torch.nn.Conv2d(1, 6, 5)(x)", ""),
    "a module of the learner's": (
        "class N(torch.nn.Module):\n"
        "    def __init__(self): super().__init__(); self.l = torch.nn.Linear(2, 2)\n"
        "    def forward(self, x): return self.inner(x)\n"
        "    def inner(self, x): return self.l(x)\n"
        "torch.nn.Sequential(N())(x)", "forward inner"),
    "a module without forward": ("class N(torch.nn.Module): pass\nN()(x)", ""),
    "a module's hook": (
        "def hook(*a): 1 / 0\nn = torch.nn.Linear(3, 2); n.register_forward_hook(hook)\nn(x)", "hook"),
    "a module's backward hook": (
        "def hook(*a): 1 / 0\nn = torch.nn.Linear(3, 2); n.register_full_backward_hook(hook)\nn(x).sum().backward()", "hook"),
    "apply": ("def f(m): 1 / 0\ntorch.nn.Sequential(torch.nn.Linear(1, 1)).apply(f)", "f"),
    "a layer's constructor": ("torch.nn.Conv2d(1, 2, 3, padding_mode='a')", ""),
    "a layer of a wrong size": ("torch.nn.Linear(-1, 'a')", ""),
    "a member": ("n = torch.nn.Linear(1, 1); n.weight = 3", ""),
    "load_state_dict": ("torch.nn.Sequential(torch.nn.Linear(1, 1)).load_state_dict({})", ""),
    "cross_entropy": ("torch.nn.functional.cross_entropy(torch.ones(2, 3), torch.tensor([0, 3]))", ""),
    "cross_entropy's layer": ("torch.nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0, 3]))", ""),
    "a reduction": ("torch.nn.functional.mse_loss(x, x, reduction='all')", ""),
    "mse_loss": ("torch.nn.functional.mse_loss(x.detach(), 3)", ""),
    "dropout": ("torch.nn.functional.dropout(x, 2.0)", ""),
    "embedding": ("torch.nn.functional.embedding(torch.tensor([9]), torch.ones(2, 2))", ""),
    "init": ("torch.nn.init.xavier_uniform_(torch.ones(2))", ""),
    "an optimizer's constructor": ("torch.optim.SGD([], lr=0.1)", ""),
    "an optimizer's rate": ("torch.optim.Adam([x], lr=-1)", ""),
    "an optimizer of no leaf": ("torch.optim.SGD([x * 2], lr=0.1)", ""),
    "an optimizer's closure": ("def closure(): 1 / 0\ntorch.optim.SGD([x], lr=0.1).step(closure)", "closure"),
    "an optimizer of the learner's": (
        "class O(torch.optim.SGD):\n    def _updater(self, group): 1 / 0\nO([x], lr=0.1).step()", "_updater"),
    "an optimizer's state": ("torch.optim.SGD([x], lr=0.1).load_state_dict({'param_groups': []})", ""),
    "running statistics anew": (
        "def data():\n    yield 1 / 0\ntorch.optim.swa_utils.update_bn(data(), torch.nn.BatchNorm1d(2))", "data"),
    "a schedule": ("torch.optim.lr_scheduler.LambdaLR(torch.optim.SGD([x], lr=0.1), lambda e: 1 / 0)", "<lambda>"),
    "a data set": (
        "class D(torch.utils.data.Dataset):\n    def __len__(self): return 3\n    def __getitem__(self, i): return helper(i)\n"
        "def helper(i): raise KeyError(i)\n"
        "list(torch.utils.data.DataLoader(D()))", "__getitem__ helper"),
    "a stream": (
        "class D(torch.utils.data.IterableDataset):\n    def __iter__(self):\n        yield 1 / 0\n"
        "list(torch.utils.data.DataLoader(D(), batch_size=2))", "__iter__"),
    "a batch that does not stack": ("list(torch.utils.data.DataLoader([torch.ones(1), torch.ones(2)], 2))", ""),
    "a collate function": ("def f(b): 1 / 0\nlist(torch.utils.data.DataLoader([1, 2], 2, collate_fn=f))", "f"),
    "a subset": ("torch.utils.data.Subset([1], [5])[0]", ""),
    "a loader's options": ("torch.utils.data.DataLoader([1], shuffle=True, sampler=[0])", ""),
    "random_split": ("torch.utils.data.random_split([1, 2], [5])", ""),
    "a model in training": (
        "from autogradkit.vision.train import fit\n"
        "class N(torch.nn.Module):\n    def forward(self, x): return helper(x)\n"
        "def helper(x): return x.view(9)\n"
        "fit(N(), [(x, x)], torch.nn.MSELoss(), torch.optim.SGD([x], lr=0.1), 1)", "forward helper"),
    "a wrong model in training": (
        "from autogradkit.vision.train import fit\n"
        "fit(torch.nn.Linear(5, 5), [(x, x)], torch.nn.MSELoss(), torch.optim.SGD([x], lr=0.1), 1)", ""),
    "a transform": (
        "from autogradkit.vision import transforms\ndef f(i): 1 / 0\ntransforms.Compose([f])(3)", "f"),
    "a transform's constructor": (
        "from autogradkit.vision.transforms import RandomCrop\nRandomCrop((1, 2, 3))", ""),
    "a wrong picture": (
        "from autogradkit.vision import transforms\ntransforms.Compose([transforms.RandomCrop(9)])(torch.ones(1, 2, 2))", ""),
    "a wrong transform of v2": (
        "from autogradkit.vision.transforms import v2\nv2.RandomErasing(p=3)", ""),
    "a grid of no pictures": ("from autogradkit.vision.utils import make_grid\nmake_grid([1])", ""),
    "a file": ("from autogradkit.vision.idx import read_idx\nread_idx('/nowhere/at/all')", ""),
    "a trace": ("torch.Trace.load('/nowhere/at/all')", ""),
    "a checkpoint": ("torch.load('/nowhere/at/all')", ""),
    "a damaged checkpoint": ("import io\ntorch.load(io.BytesIO(b'PK34junk'))", ""),
    "a folder for a checkpoint": ("torch.save(1, '/')", ""),
    "pruning": ("torch.nn.utils.prune.l1_unstructured(torch.nn.ReLU(), 'weight', 0.5)", ""),
    "a tree": ("def f(a): 1 / 0\ntorch.utils._pytree.tree_map(f, [1])", "f"),
    "an operator without types": ("torch.library.custom_op('a::b', mutates_args=())(lambda x: x)", ""),
    "a size that is not known": ("torch.nn.LazyLinear(3).weight.shape", ""),
    "an interrupt": ("def hook(g): raise KeyboardInterrupt\nx.register_hook(hook)\nx.sum().backward()", "hook"),
    "an end": ("def hook(g): raise SystemExit(3)\nx.register_hook(hook)\nx.sum().backward()", "hook"),
    "a group": ("def hook(g): raise ExceptionGroup('two', [KeyError(1)])\nx.register_hook(hook)\nx.sum().backward()", "hook"),
    "recursion": ("class N(torch.nn.Module):\n    def forward(self, x): return self(x)\nN()(x)", "forward"),
}  # fmt: skip
# Functions of ours that call others of ours, one line each.
LINES = """
torch.nn.functional.mse_loss(torch.ones(2), torch.ones(2), torch.ones(2) > 0)
torch.nn.functional.l1_loss(torch.ones(2), torch.ones(2), reduction=__import__('numpy').ones(2))
torch.nn.Sequential(3)
torch.nn.Sequential()[0]
torch.nn.ModuleList([3])
torch.nn.ModuleDict({'a': 3})
torch.nn.Linear(2, 2).register_buffer('a.b', None)
torch.nn.Linear(2, 2).to(torch.int32)
torch.nn.Linear(2, 2).get_submodule('a')
torch.nn.init.kaiming_uniform_(torch.ones(2))
torch.nn.Embedding(3, 2)(torch.tensor([9]))
torch.optim.AdamW([x], eps=-1)
torch.optim.SGD([x], lr=0.1).add_param_group({'params': [x]})
torch.utils.data.TensorDataset(torch.ones(2))[5]
torch.utils.data.DataLoader([1], batch_size=0)
torch.utils.data.default_collate([torch.ones(1), 3])
y = (x * x).sum(); node = y.grad_fn.next_functions[0][0]; y.backward(); node._saved_self
torch.ones(2, 2).unflatten(0, torch.ones(2, 2))
torch.ones(3) in torch.ones(2)
torch.nn.functional.embedding(torch.tensor([0]), torch.ones(2, 2), max_norm=object)
torch.nn.functional.dropout(torch.ones(2), torch.ones(2))
torch.nn.functional.relu(torch.ones(2), torch.ones(2))
torch.nn.functional.log_softmax(torch.ones(2), None, torch.float32)
torch.nn.functional.mse_loss(torch.ones(2), torch.ones(2), weight=torch.ones(3))
torch.Tensor('a')
torch.Tensor(2, 'a')
torch.set_rng_state(torch.ones(2))
torch.Generator().manual_seed('a')
from autogradkit.vision.learnt import predict; predict(torch.nn.Linear(1, 1), x)
from autogradkit.vision.learnt import confusion; confusion(x, 3)
from autogradkit.vision.figures import show_filters; show_filters(torch.nn.ReLU())
from autogradkit.vision import models; models.resnet18(num_clases=3)
from autogradkit.vision import models; models.get_model('resnet19')
from autogradkit.vision import models; models.alexnet(weights='DEFAULT')
from autogradkit.vision import datasets; datasets.MNIST('/nowhere/at/all')
from autogradkit.vision import datasets; datasets.CIFAR10('/nowhere/at/all')
from autogradkit.vision import datasets; datasets.SVHN('/nowhere/at/all', 'tets')
from autogradkit.vision import datasets; datasets.VOCDetection('/nowhere/at/all')
from autogradkit.vision import datasets; datasets.CocoDetection('/nowhere', '/nowhere/at/all.json')
from autogradkit.vision import datasets; datasets.ImageFolder('/nowhere/at/all')
from autogradkit.vision import datasets; datasets.FakeData(3)[3]
from autogradkit.vision import datasets; datasets.MNISTSample()[6000]
from autogradkit.vision import ops; ops.nms(x, x, 0.5)
from autogradkit.vision import ops; ops.box_iou(x, x, 'yxyx')
from autogradkit.vision import ops; ops.roi_align(torch.ones(1, 1, 4, 4), x, 2)
from autogradkit.vision import ops; ops.roi_pool(torch.ones(1, 1, 4, 4), 3, 2)
from autogradkit.vision.recipes import RECIPES; RECIPES['mlp'].prepare('a')
from autogradkit.widgets.graph import GraphView; GraphView(3)
from autogradkit.widgets.storage import storage_map; storage_map({'a': 3}, {})
from autogradkit.widgets.training import TrainingView; TrainingView().log(loss='a')
""".strip().splitlines()


def raised_by(source: str) -> BaseException:
    """What a learner's module of these lines raises."""
    file = f"<learner {abs(hash(source))}>"
    space: dict[str, Any] = {"torch": torch, "x": torch.ones(2, 3, requires_grad=True)}
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - each case raises something else
        exec(compile(source, file, "exec"), space)
    return caught.value


def steps(trace: TracebackType | None) -> list[tuple[str, str]]:
    """(file, function) of each frame, from the learner's module on."""
    found = [(each.filename, each.name) for each in traceback.extract_tb(trace)]
    return found[next(i for i, (file, _) in enumerate(found) if file.startswith("<learner")) :]


def check(error: BaseException, learners: str) -> None:
    """At most one frame is ours, no frame is of what we call, and the learner's are all there."""
    found = steps(error.__traceback__)
    assert sum(file.startswith(PACKAGE) for file, _ in found) <= 1, found
    assert not [file for file, _ in found if not file.startswith((PACKAGE, "<learner"))], found
    names = [name for file, name in found if file.startswith("<learner")]
    if not isinstance(error, RecursionError):
        assert names == ["<module>", *learners.split()]
    else:
        assert names[:2] == ["<module>", learners]
    led_to = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert led_to is None or isinstance(error, RecursionError)


@every_case("case", CASES)
def test_an_error_has_the_learners_frames_and_one_of_ours_at_most(case: str) -> None:
    source, learners = CASES[case]
    check(raised_by(source), learners)


@every_case("line", LINES)
def test_what_calls_other_functions_of_ours_shows_itself_at_most(line: str) -> None:
    check(raised_by(line), "")


@every_case("case", CASES)
def test_so_it_is_while_something_records(case: str) -> None:
    source, learners = CASES[case]
    check(raised_by("with torch.record():\n" + textwrap.indent(source, "    ")), learners)


@every_case("line", LINES)
def test_so_it_is_once_a_class_of_the_user_s_overrides_functions(line: str) -> None:
    class Overrides(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return super().__torch_function__(func, types, args, kwargs or {})

    torch.nn.functional.relu(torch.ones(2).as_subclass(Overrides))
    error = raised_by(line)
    check(error, "")
    assert "During handling" not in "".join(traceback.format_exception(error))


@pytest.mark.long
def test_random_wrong_calls_have_one_frame_of_ours_at_most() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    refused = 0
    for target in TARGETS.values():
        calls = valid_calls(target)
        for call in [damaged(target, chance.choice(calls), chance) for _ in range(3 if calls else 0)]:
            try:
                target.ask_mine(call)
            except Exception as error:
                refused += 1
                ours = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(PACKAGE)]
                assert len(ours) <= 1, f"seed {seed}: {described(target, call)}: {ours}"
    assert refused > 500


def test_what_was_being_handled_is_short_too() -> None:
    error = raised_by(
        "def inner(): x.t().view(6)\n"
        "try:\n    inner()\nexcept RuntimeError:\n    torch.nn.Linear(2, 3)(x)"
    )  # fmt: skip
    assert [name for _, name in steps(error.__traceback__)] == ["<module>"]
    assert error.__context__ is not None
    assert [name for _, name in steps(error.__context__.__traceback__)] == ["<module>", "inner"]


def test_the_notes_are_there_without_a_recorder() -> None:
    assert "strides (1, 3)" in "".join(raised_by(CASES["a view"][0]).__notes__)
    assert "layer '1' of Sequential" in "".join(raised_by(CASES["a layer in a layer"][0]).__notes__)
    assert "names the line" in "".join(raised_by(CASES["backward twice"][0]).__notes__)


def test_all_frames_come_back_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADKIT_TRACEBACK", "full")
    found = steps(raised_by(CASES["a view"][0]).__traceback__)
    assert found[-1][1] == "view_sizes"
    assert len(steps(raised_by(CASES["a module of the learner's"][0]).__traceback__)) > 8


def test_what_a_log_keeps_is_short() -> None:
    written = io.StringIO()
    logger, handler = logging.getLogger("learner"), logging.StreamHandler(written)
    logger.addHandler(handler)
    try:
        torch.ones(2, 3).t().view(6)
    except RuntimeError:
        logger.exception("lost")
    finally:
        logger.removeHandler(handler)
    assert "view size" in written.getvalue()
    assert PACKAGE not in written.getvalue()


@pytest.mark.parametrize("seen", ["short", "full"])
def test_a_script_prints_the_learners_lines(tmp_path: Path, seen: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import threading\nimport autogradkit as torch\n"
        "def flat(t):\n    return t.t().view(6)\n"
        "class Net(torch.nn.Module):\n"
        "    def forward(self, x):\n        return flat(x)\n"
        "thread = threading.Thread(target=lambda: torch.ones(2, 3) + torch.ones(5))\n"
        "thread.start(); thread.join()\n"
        "torch.nn.Sequential(Net())(torch.ones(2, 3))\n"
    )
    environment = {**os.environ, "AUTOGRADKIT_TRACEBACK": seen, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "return t.t().view(6)" in done.stderr
    assert "must match" in done.stderr
    if seen == "short":
        assert PACKAGE not in done.stderr
        assert done.stderr.rstrip().splitlines()[-1].startswith("autogradkit: the tensor has shape (3, 2)")
    else:
        assert "in view_sizes" in done.stderr
