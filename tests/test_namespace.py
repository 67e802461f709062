"""What `dir(autogradkit)`, and with it completion in a notebook, offers."""

from __future__ import annotations

import pickle
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
        if isinstance(value, ModuleType) and name != "ops":  # which says PyTorch's name for itself
            assert value.__name__ == f"autogradkit.{name}"
    assert not {"core", "engine", "importlib", "annotations"} & set(listed)


def test_a_reload_which_finds_all_modules_loaded_lists_the_same() -> None:
    code = "import importlib, autogradkit.magics, autogradkit.vision; print(dir(importlib.reload(autogradkit)))"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert answer.strip() == str(dir(autogradkit))


def test_functions_of_networks_are_declared_when_they_are_first_asked_for() -> None:
    """They are loaded with `nn`, or by their names: what tensors need alone stays light."""
    code = (
        "import sys, autogradkit as torch\n"
        "assert 'autogradkit._ops.network.conv' not in sys.modules\n"
        "torch.ones(2) + 1\n"
        "assert 'autogradkit._ops.network.conv' not in sys.modules\n"
        "print(tuple(torch.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 2)).shape), 'gru_cell' in dir(torch))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(1, 1, 4) True\n"


def test_a_method_of_a_family_that_is_not_loaded_yet_is_the_method() -> None:
    code = (
        "import sys, autogradkit as torch\n"
        "assert 'stft' in dir(torch.Tensor) and 'autogradkit._ops.spectral.short_time' not in sys.modules\n"
        "print(tuple(torch.ones(8).stft(4, window=torch.ones(4), return_complex=True).shape), torch.Tensor.istft.__name__)\n"
        "print(torch.finfo(torch.float32).bits, torch.logspace(0, 1, 2).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(3, 9) istft\n32 [1.0, 10.0]\n"


def test_a_pickle_names_a_function_that_is_not_loaded_yet() -> None:
    code = f"import pickle; print(pickle.loads({pickle.dumps(autogradkit.conv2d)!r}).__name__)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "conv2d\n"
