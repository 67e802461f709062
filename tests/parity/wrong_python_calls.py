"""Wrong calls of what PyTorch writes in Python: layers, losses, initial values, autograd, optimizers, schedules, data.

wrong_calls.py makes its calls from PyTorch's schemas, and these names have none. Here each valid call is source text, which
is made wrong by putting another value in the place of one argument, by leaving one out or by adding one; both libraries
run it, and what they raise is compared by type and first line. Used by test_wrong_python_calls.py, and as a command:

    python -m tests.parity.wrong_python_calls [WORD …]

which prints what differs, in the calls whose text has one of the words.
"""

from __future__ import annotations

import ast
import random
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional
import torch.utils.data

import autogradkit as ak
import autogradkit.utils.data

from .programs.state import first_line

_X, _P = "T.ones(2, 3)", "T.ones(2, requires_grad=True)"
_SGD = f"O.SGD([{_P}], lr=0.1)"
CALLS = f"""
nn.Linear(2, 3, bias=True)
nn.Linear(3, 2)({_X})
nn.Conv2d(1, 2, 3, stride=1, padding=0, dilation=1, groups=1)
nn.Conv2d(1, 2, 3)(T.ones(1, 4, 4))
nn.MaxPool2d(2, stride=2, padding=0)(T.ones(1, 4, 4))
nn.Dropout(0.5)(T.ones(3))
nn.Flatten(1, -1)({_X})
nn.Unflatten(1, (1, 3))({_X})
nn.ReLU()({_X})
nn.Tanh()({_X})
nn.Sigmoid()({_X})
nn.Softmax(1)({_X})
nn.LogSoftmax(1)({_X})
nn.Identity()({_X})
nn.MSELoss(reduction="mean")({_X}, {_X})
nn.L1Loss(reduction="sum")({_X}, {_X})
nn.HuberLoss(delta=1.0)({_X}, {_X})
nn.CrossEntropyLoss(ignore_index=-100, label_smoothing=0.0)({_X}, T.tensor([0, 1]))
nn.CrossEntropyLoss(weight=T.ones(3))({_X}, T.tensor([0, 1]))
nn.NLLLoss(weight=T.ones(3), ignore_index=-100)({_X}, T.tensor([0, 1]))
nn.Sequential(nn.ReLU(), nn.Tanh())({_X})
nn.Sequential(nn.ReLU()).append(nn.Tanh())
nn.Sequential(nn.ReLU()).insert(0, nn.Tanh())
nn.Sequential(nn.ReLU()).extend([nn.Tanh()])
nn.ModuleList([nn.ReLU()]).append(nn.Tanh())
nn.ModuleList([nn.ReLU()]).insert(0, nn.Tanh())
nn.ModuleDict({{"a": nn.ReLU()}}).update({{"b": nn.Tanh()}})
nn.ModuleDict({{"a": nn.ReLU()}}).pop("a")
nn.ParameterList([T.ones(2)]).append(T.ones(2))
nn.Parameter(T.ones(2), requires_grad=True)
nn.Module().register_parameter("a", nn.Parameter(T.ones(2)))
nn.Module().register_buffer("a", T.ones(2), persistent=True)
nn.Module().add_module("a", nn.ReLU())
nn.Module().train(True)
nn.Module().requires_grad_(True)
nn.Linear(2, 3).to("cpu", T.float64)
nn.Linear(2, 3).to(dtype=T.float64)
nn.Linear(2, 3).apply(lambda m: None)
nn.Linear(2, 3).get_parameter("weight")
nn.Linear(2, 3).load_state_dict(nn.Linear(2, 3).state_dict(), strict=True)
nn.Linear(2, 3).register_forward_hook(lambda m, a, o: None)
F.linear({_X}, T.ones(4, 3), T.ones(4))
F.relu({_X}, inplace=False)
F.tanh({_X})
F.sigmoid({_X})
F.softmax({_X}, dim=1)
F.log_softmax({_X}, dim=1)
F.dropout({_X}, p=0.5, training=False, inplace=False)
F.pad({_X}, (1, 1), mode="constant", value=0.0)
F.one_hot(T.tensor([0, 1]), 3)
F.embedding(T.tensor([0, 1]), {_X}, padding_idx=0)
F.embedding(T.tensor([0, 1]), {_X}, max_norm=1.0, norm_type=2.0)
F.max_pool2d(T.ones(1, 4, 4), 2, stride=2)
F.conv2d(T.ones(1, 4, 4), T.ones(2, 1, 3, 3), T.ones(2), stride=1, padding=0)
F.mse_loss({_X}, {_X}, reduction="mean")
F.mse_loss({_X}, {_X}, weight={_X})
F.l1_loss({_X}, {_X}, reduction="sum")
F.huber_loss({_X}, {_X}, reduction="none", delta=1.0)
F.cross_entropy({_X}, T.tensor([0, 1]), weight=T.ones(3), ignore_index=-100, reduction="mean", label_smoothing=0.0)
F.cross_entropy({_X}, {_X})
F.nll_loss({_X}, T.tensor([0, 1]), weight=T.ones(3), ignore_index=-100, reduction="mean")
nn.init.uniform_(T.ones(2), 0.0, 1.0)
nn.init.normal_(T.ones(2), 0.0, 1.0)
nn.init.constant_(T.ones(2), 1.0)
nn.init.ones_(T.ones(2))
nn.init.zeros_(T.ones(2))
nn.init.eye_(T.ones(2, 2))
nn.init.xavier_uniform_({_X}, gain=1.0)
nn.init.xavier_normal_({_X}, gain=1.0)
nn.init.kaiming_uniform_({_X}, a=0, mode="fan_in", nonlinearity="relu")
nn.init.kaiming_normal_({_X}, a=0, mode="fan_in", nonlinearity="relu")
nn.init.calculate_gain("leaky_relu", 0.1)
T.autograd.backward({_P}.sum(), retain_graph=False, create_graph=False)
T.autograd.backward({_P} * 2, T.ones(2), inputs=[{_P}])
T.autograd.grad({_P} * 2, {_P}, T.ones(2), allow_unused=True, retain_graph=False)
T.autograd.grad({_P}.sum(), [{_P}], allow_unused=True, materialize_grads=True)
({_P} * 2).backward(T.ones(2), retain_graph=False)
({_P} * 2).register_hook(lambda g: None)
{_P}.register_post_accumulate_grad_hook(lambda p: None)
T.ones(2).requires_grad_(True)
setattr({_P}, "grad", T.ones(2))
setattr({_P}, "data", T.ones(2))
setattr({_P}, "requires_grad", True)
setattr(nn.Linear(2, 3), "weight", nn.Parameter(T.ones(3, 2)))
T.no_grad()(lambda: 1)
T.set_grad_enabled(True)
T.autograd.gradcheck(lambda x: x * 2, (T.ones(2, dtype=T.float64, requires_grad=True),), eps=1e-6, atol=1e-5)
{_SGD}.step()
{_SGD}.zero_grad(set_to_none=True)
{_SGD}.add_param_group({{"params": T.ones(2)}})
{_SGD}.load_state_dict({_SGD}.state_dict())
O.SGD([{_P}], lr=0.1, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False)
O.SGD([{{"params": [{_P}], "lr": 0.1}}])
O.Adam([{_P}], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0, amsgrad=False)
O.AdamW([{_P}], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0, amsgrad=False)
O.ASGD([{_P}], lr=0.1, lambd=1e-4, alpha=0.75, t0=10.0, weight_decay=0.0).step()
O.Adadelta([{_P}], lr=0.1, rho=0.9, eps=1e-6, weight_decay=0.0)
O.Adafactor([{_P}], lr=0.1, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0)
O.Adagrad([{_P}], lr=0.1, lr_decay=0.1, weight_decay=0.0, initial_accumulator_value=0.1, eps=1e-8)
O.Adamax([{_P}], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0)
O.LBFGS([{_P}], lr=1, max_iter=3, max_eval=4, history_size=5)
O.Muon([T.ones(2, 3)], lr=0.1, weight_decay=0.1, momentum=0.9, nesterov=True, eps=1e-7, ns_steps=5)
O.NAdam([{_P}], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3)
O.RAdam([{_P}], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0)
O.RMSprop([{_P}], lr=0.1, alpha=0.9, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False)
O.Rprop([{_P}], lr=0.1, etas=(0.5, 1.2), step_sizes=(1e-6, 50))
S.StepLR({_SGD}, 2, gamma=0.1)
S.ConstantLR({_SGD}, factor=0.5, total_iters=3)
S.LinearLR({_SGD}, start_factor=0.5, end_factor=0.9, total_iters=3)
S.PolynomialLR({_SGD}, total_iters=3, power=1.0)
S.MultiplicativeLR({_SGD}, lambda e: 1.0)
S.CosineAnnealingWarmRestarts({_SGD}, 3, T_mult=2, eta_min=0.0)
S.CyclicLR({_SGD}, 0.1, 0.2, step_size_up=3, mode="triangular", cycle_momentum=False)
S.OneCycleLR({_SGD}, 0.2, total_steps=9, pct_start=0.3)
S.ReduceLROnPlateau({_SGD}, factor=0.5, patience=2, threshold=1e-4, cooldown=1)
S.ReduceLROnPlateau({_SGD}).step(3.0)
S.ChainedScheduler([S.StepLR({_SGD}, 2)])
S.SequentialLR({_SGD}, [], [2])
S.MultiStepLR({_SGD}, [1, 2], gamma=0.1)
S.ExponentialLR({_SGD}, 0.9)
S.CosineAnnealingLR({_SGD}, 3, eta_min=0.0)
S.LambdaLR({_SGD}, lambda e: 1.0)
D.TensorDataset(T.ones(2, 3), T.ones(2))
D.TensorDataset(T.ones(2, 3))[0]
D.Subset([1, 2, 3], [0, 1])[0]
D.ConcatDataset([[1], [2]])
D.random_split([1, 2, 3], [2, 1])
D.DataLoader([1, 2, 3], batch_size=2, shuffle=False, num_workers=0, drop_last=False)
list(D.DataLoader([1, 2, 3], batch_size=2, collate_fn=lambda b: b))
D.RandomSampler([1, 2], replacement=False, num_samples=None)
D.BatchSampler([1, 2], 2, False)
D.WeightedRandomSampler([0.5, 0.5], 2, replacement=True)
D.default_collate([T.ones(2), T.ones(2)])
D.default_collate([(1, 2.0), (3, 4.0)])
T.cat([T.ones(2), T.ones(2)], dim=0)
T.stack([T.ones(2), T.ones(2)], dim=0)
T.allclose(T.ones(2), T.ones(2), rtol=1e-5, atol=1e-8)
T.where(T.ones(2) > 0, T.ones(2), T.ones(2))
T.tensor([1.0, 2.0], dtype=T.float32, requires_grad=False)
T.as_tensor([1.0, 2.0], dtype=T.float32)
T.from_numpy(np.ones(2))
T.ones(2).view(T.int32)
T.ones(2).view(2, 1)
T.ones(2).to(T.float64)
T.ones(2).type(T.float64)
T.meshgrid(T.ones(2), T.ones(2), indexing="ij")
T.broadcast_tensors(T.ones(2), T.ones(2))
T.split(T.ones(4), 2)
T.manual_seed(3)
T.set_default_dtype(T.float32)
T.Generator().manual_seed(3)
"""
VALUES = (
    "3", "-1", "1.5", "'a'", "None", "[1, 2]", "[1.0]", "()", "{}", "np.ones(2)", "T.ones(2)", "T.ones(())", "T.tensor([1])",
    "True", "1j", "object", "float('nan')", "T.float32", "nn.ReLU()", "...", "[None]", "[T.ones(2), 3]", "T.ones(0)",
)  # fmt: skip
_PLAIN = {"ones", "tensor", "sum", "state_dict", "Parameter"}  # calls that only make an argument


def wrong(text: str) -> Iterator[str]:
    """The call with one argument replaced by each of `VALUES`, with one left out, and with one too many."""
    tree = ast.parse(text, mode="eval")
    for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
        named = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if call is not tree.body and named in _PLAIN:
            continue
        for place, value in enumerate(call.args):
            for each in VALUES:
                call.args[place] = ast.parse(each, mode="eval").body
                yield ast.unparse(tree)
            call.args[place] = value
        for keyword in call.keywords:
            value = keyword.value
            for each in VALUES:
                keyword.value = ast.parse(each, mode="eval").body
                yield ast.unparse(tree)
            keyword.value = value
        if call.args:
            last = call.args.pop()
            yield ast.unparse(tree)
            call.args.append(last)
        call.keywords.append(ast.keyword("foo", ast.Constant(3)))
        yield ast.unparse(tree)
        call.keywords.pop()


def _space(library: Any) -> dict[str, Any]:
    return {
        "T": library, "np": np, "nn": library.nn, "F": library.nn.functional, "O": library.optim,
        "S": library.optim.lr_scheduler, "D": library.utils.data,
    }  # fmt: skip


def refusal_of(text: str, library: Any) -> tuple[str, str] | None:
    """What the call raises: type and first line, or None."""
    library.default_generator.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            eval(text, _space(library))
        except Exception as error:
            kind, line = first_line(error)
            line = line.replace("torch.core.dtype.dtype", "torch.dtype")  # its module is ours
            line = re.sub(r"_?\w+\.__init__\(\)", "__init__()", line)  # of which class of PyTorch's
            line = re.sub(r"(torch\.[a-z_.]+)\.([A-Z]\w+)", r"torch.\2", line)  # PyTorch's private modules are not ours
            return kind, re.sub(r"\{('\w+'(, )?)+\}", "{…}", line)  # a set is printed in another order each time
    return None


def differences(texts: list[str]) -> Iterator[tuple[str, tuple[str, str] | None, tuple[str, str] | None]]:
    """Of the calls those that the libraries treat otherwise: the call, what PyTorch says, what is said here."""
    for text in texts:
        theirs, mine = refusal_of(text, torch), refusal_of(text, ak)
        if theirs != mine and "INTERNAL ASSERT" not in str(theirs):
            yield text, theirs, mine


def all_wrong(words: list[str] | None = None) -> list[str]:
    """Every wrong call; those with one of the words."""
    valid = [line for line in CALLS.strip().splitlines() if not words or any(word in line for word in words)]
    return list(dict.fromkeys(text for line in valid for text in wrong(line)))


def sample(count: int, seed: int) -> list[str]:
    """Some of the wrong calls."""
    return random.Random(seed).sample(all_wrong(), count)


def main(words: list[str]) -> int:
    """The command; see the module's docstring."""
    texts = all_wrong(words)
    found = 0
    for text, theirs, mine in differences(texts):
        found += 1
        print(f"{text}\n    PyTorch {theirs or 'runs'}\n    here    {mine or 'runs'}")
    print(f"{found} of {len(texts)} calls differ")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
