"""What `dir(autogradkit)`, and with it completion in a notebook, offers."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import autogradkit


def test_it_lists_what_is_loaded_on_first_use_without_loading_it() -> None:
    code = "import sys, autogradkit; print(*dir(autogradkit)); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    listed, loaded = (set(line.split()) for line in answer.splitlines())
    assert {"nn", "optim", "autograd", "utils", "record", "Trace"} <= listed
    assert {"tensor", "Tensor", "float32", "exp", "matmul", "manual_seed", "no_grad", "set_printoptions"} <= listed
    assert not {"autogradkit.nn", "autogradkit.optim", "autogradkit.tracing"} & loaded


def test_every_name_is_there_and_is_meant_for_users() -> None:
    listed = dir(autogradkit)
    assert listed == sorted(set(listed))
    for name in listed:
        assert not name.startswith("_")
        value = getattr(autogradkit, name)
        if isinstance(value, ModuleType):
            assert value.__name__ == f"autogradkit.{name}"
    assert not {"core", "engine", "importlib", "annotations"} & set(listed)


def test_a_reload_which_finds_all_modules_loaded_lists_the_same() -> None:
    code = "import importlib, autogradkit.magics, autogradkit.vision; print(dir(importlib.reload(autogradkit)))"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert answer.strip() == str(dir(autogradkit))
