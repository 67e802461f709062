"""The names that are said to be PyTorch's are those of the installed PyTorch."""

from __future__ import annotations

import importlib

import torch

from autogradkit.core.absent import _names
from scripts.write_pytorch_names import FILE, NAMESPACES, home, text
from tests.every_case import every_case


def test_the_file_is_what_its_script_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run python -m scripts.write_pytorch_names"


@every_case("namespace", NAMESPACES)
def test_pytorch_has_every_name(namespace: str) -> None:
    path = home(namespace)
    owner = torch.Tensor if namespace == "Tensor" else importlib.import_module(path)
    missing = [
        name
        for name in sorted(_names()[namespace])
        if not hasattr(owner, name) and importlib.util.find_spec(f"{path}.{name}") is None
    ]
    assert missing == []
