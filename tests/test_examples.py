"""The examples in the documentation of networks, optimizers, data loading and models run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import autogradkit


def modules() -> list[str]:
    found: list[str] = []
    for package in ("nn", "optim", "utils", "vision", "text"):
        root = importlib.import_module(f"autogradkit.{package}")
        found.append(root.__name__)
        found += [each.name for each in pkgutil.walk_packages(root.__path__, root.__name__ + ".")]
    return found


@pytest.mark.parametrize("name", modules())
def test_examples_print_what_they_say(name: str) -> None:
    autogradkit.manual_seed(0)
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.REPORT_ONLY_FIRST_FAILURE)
    assert not failed


@pytest.mark.parametrize("package", ["nn", "nn.init", "nn.functional", "optim", "optim.lr_scheduler"])
def test_what_is_public_is_documented(package: str) -> None:
    namespace = importlib.import_module(f"autogradkit.{package}")
    for name in getattr(namespace, "__all__", [n for n in vars(namespace) if not n.startswith("_")]):
        member = getattr(namespace, name)
        if getattr(member, "__module__", "").startswith("autogradkit") and callable(member):
            assert member.__doc__, f"{package}.{name} has no docstring"
