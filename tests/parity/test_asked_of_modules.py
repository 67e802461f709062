"""What packages ask about modules, beside PyTorch: members by their names, which modules run, graphs of an older tracer."""

from __future__ import annotations

import importlib
import time
from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.parity.test_asked_by_packages import outcomes

MEMBERS = """
acc.get_tensor("a.bias").shape, acc.get_submodule("b.1"), [each[0] for each in acc.named_tensors()]
acc.check_keys(["a.bias", "z"])
acc.swap_tensors_dict({"a.weight": torch.zeros(3, 2), "b.1.bias": torch.ones(1)})[1], net(torch.ones(1, 2)) == 1
acc.get_tensor("a.x")
acc.get_tensor("c.x")
acc.get_submodule("a.training")
acc.swap_tensors_dict({"a.q": torch.ones(1)})
acc.set_tensors(["a.bias"], [])
acc.del_tensor("a.zz")
members.swap_tensor(net.a, "bias", 3)
members.swap_tensor(net.a, "a.b", None)
members.swap_tensor(net.a, "", None)
members.swap_tensor(3, "a", None)
members.set_tensor(net.a, "more", torch.ones(1)), net.a.more, acc.del_tensor("a.more"), hasattr(net.a, "more")
acc.swap_submodule("b.0", torch.nn.Tanh()), net.b[0]
members.swap_submodule(net, "z", torch.nn.Tanh())
[tree.is_structseq_instance(x) for x in (torch.ones(2, 2).max(0), (1,), time.localtime())]
tree.is_structseq_class(torch.return_types.sort)
utils._get_available_device_type(), utils._get_device_module("cpu").__name__[-3:]
utils._get_device_module("foo")
"""


def test_members_by_their_names() -> None:
    def said(library: Any) -> list[str]:
        part = {
            each.rpartition(".")[2]: importlib.import_module(f"{library.__name__}.{each}")
            for each in ("nn.utils._named_member_accessor", "utils._pytree", "_utils")
        }
        net = library.nn.Module()
        net.a, net.b = library.nn.Linear(2, 3), library.nn.Sequential(library.nn.ReLU(), library.nn.Linear(3, 1))
        net.forward = lambda x: net.b(net.a(x) * 0)
        members = part["_named_member_accessor"]
        acc = members.NamedMemberAccessor(net)
        return outcomes(
            library, MEMBERS, net=net, acc=acc, members=members, tree=part["_pytree"], utils=part["_utils"], time=time
        )

    assert said(ak) == said(torch)


def test_a_graph_of_the_tracers_is_refused_in_words() -> None:
    with pytest.raises(NotImplementedError, match="FlopCounterMode counts operations"):
        ak.jit._get_trace_graph(ak.nn.Linear(2, 3), (ak.ones(2),))


def test_modules_that_run_are_tracked_forward_and_backward() -> None:
    def said(library: Any) -> list[Any]:
        tracker = importlib.import_module(f"{library.__name__}.utils.module_tracker").ModuleTracker()
        seen: list[Any] = []

        class Noted(library.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                seen.append((sorted(tracker.parents), tracker.is_bw))
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                seen.append((sorted(tracker.parents), tracker.is_bw))
                return g

        class Inner(library.nn.Module):
            def forward(self, x: Any) -> Any:
                return Noted.apply(x)

        class Net(library.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.one, self.rest = Inner(), library.nn.Sequential(library.nn.Tanh(), Inner())

            def forward(self, x: Any) -> Any:
                return self.rest(self.one(x))

        with tracker:
            Net()(library.ones(2, requires_grad=True)).sum().backward()
        return [*seen, sorted(tracker.parents)]

    assert said(ak) == said(torch)
