"""The module that a class names, when it goes by PyTorch's name, is that of PyTorch's class."""

from __future__ import annotations

import importlib

import torch

from autogradkit.core.homes import pytorchs_home
from tests.every_case import every_case

NAMESPACES = [
    "nn",
    "nn.utils.rnn",
    "nn.utils.prune",
    "optim",
    "optim.lr_scheduler",
    "utils.data",
    "distributions",
    "distributions.transforms",
]


@every_case("namespace", NAMESPACES)
def test_classes_name_pytorchs_module(namespace: str) -> None:
    theirs, ours = (importlib.import_module(f"{package}.{namespace}") for package in ("torch", "autogradkit"))
    asked = [
        (kind, getattr(ours, name))
        for name, kind in vars(theirs).items()
        if isinstance(kind, type)
        and kind.__module__.startswith(f"torch.{namespace}")
        and hasattr(ours, name)
        and name != "Parameter"  # of which `as_torch` knows
    ]
    assert asked
    for kind, own in asked:
        assert pytorchs_home(own.__module__.replace("autogradkit", "torch"), own.__name__) == kind.__module__, kind


def test_what_autograd_has_elsewhere() -> None:
    import autogradkit

    for path in (
        "graph.saved_tensors_hooks",
        "graph.save_on_cpu",
        "graph.GradientEdge",
        "detect_anomaly",
        "set_detect_anomaly",
    ):
        own, kind = autogradkit.autograd, torch.autograd
        for name in path.split("."):
            own, kind = getattr(own, name), getattr(kind, name)
        assert pytorchs_home(own.__module__.replace("autogradkit", "torch"), own.__name__) == kind.__module__
