"""What may be given by name: parameters of public functions, classes and methods have PyTorch's names, order and defaults."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

NAMESPACES = [
    "nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.prune", "nn.utils.parametrize",
    "nn.utils.parametrizations", "nn.utils.fusion", "optim", "optim.lr_scheduler", "optim.swa_utils", "utils.data",
    "distributions", "func", "autograd.functional", "testing",
]  # fmt: skip

OTHERWISE = {
    "distributions.Wishart.rsample": "how often it tries again is private",
    "distributions.CorrCholeskyTransform.log_abs_det_jacobian": "intermediate results are looked at by neither",
    "utils.data.random_split": "the default generator, whose repr has its class",
}


def _parameters(asked: Any) -> list[tuple[str, str, str]] | None:
    try:
        found = inspect.signature(asked).parameters.values()
    except (ValueError, TypeError):
        return None  # a builtin
    if [each.kind for each in found] == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]:
        return None
    told = [(each.name, each.kind.name, repr(each.default).replace("autogradkit", "torch")) for each in found]
    return [
        (name, kind, "()" if default == "torch.Size([])" else default.partition(" at 0x")[0])
        for name, kind, default in told
    ]


def _pairs(namespace: str) -> list[tuple[str, Any, Any]]:
    theirs, ours = (importlib.import_module(f"{package}.{namespace}") for package in ("torch", "autogradkit"))
    pairs: list[tuple[str, Any, Any]] = []
    for name, value in vars(theirs).items():
        own = getattr(ours, name, None)
        if name.startswith("_") or own is None or not getattr(value, "__module__", "").startswith("torch"):
            continue
        pairs.append((name, value, own))
        if not isinstance(value, type) or not value.__module__.startswith(f"torch.{namespace}"):
            continue
        for method in dir(value):
            plain = inspect.getattr_static(value, method)
            if method.startswith("_") or not inspect.isfunction(plain) or not hasattr(own, method):
                continue
            # The others nobody calls by name
            if plain.__module__ != "torch._tensor" and plain.__name__ != "_forward_unimplemented":
                pairs.append((f"{name}.{method}", plain, getattr(own, method)))
    return pairs


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_parameters_have_pytorchs_names_and_defaults(namespace: str) -> None:
    different = {}
    for name, theirs, ours in _pairs(namespace):
        expected, given = _parameters(theirs), _parameters(ours)
        if expected is not None and expected != given and f"{namespace}.{name}" not in OTHERWISE:
            different[name] = given, expected
    assert not different
