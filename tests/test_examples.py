"""What is public of networks and optimizers is documented; that the examples there print what they say, pytest's doctests ask."""

from __future__ import annotations

import importlib

import pytest


@pytest.mark.parametrize("package", ["nn", "nn.init", "nn.functional", "optim", "optim.lr_scheduler"])
def test_what_is_public_is_documented(package: str) -> None:
    namespace = importlib.import_module(f"autogradkit.{package}")
    for name in getattr(namespace, "__all__", [n for n in vars(namespace) if not n.startswith("_")]):
        member = getattr(namespace, name)
        if getattr(member, "__module__", "").startswith("autogradkit") and callable(member):
            assert member.__doc__, f"{package}.{name} has no docstring"
