"""Helpers around training: `utils.data` feeds a network, `utils.checkpoint` lets a part of it run twice and keep nothing.

`swap_tensors` lets two tensors exchange what they are, `utils.dlpack` hands memory to other libraries, `utils.hooks` has what is
said of hooks.
`utils.benchmark`, `utils.flop_counter`, `utils.model_zoo`, `utils.tensorboard`, `utils.weak` and `utils._pytree` are loaded when
they are first named.
"""

import importlib as _importlib
import sys as _sys
from typing import Any as _Any

from autogradkit.core import absent as _absent
from autogradkit.engine.swapping import swap_tensors as swap_tensors
from autogradkit.utils import checkpoint as checkpoint
from autogradkit.utils import data as data
from autogradkit.utils import dlpack as dlpack
from autogradkit.utils import hooks as hooks


def __getattr__(name: str) -> _Any:
    if name not in (
        "_mode_utils",
        "_pytree",
        "_python_dispatch",
        "benchmark",
        "collect_env",
        "flop_counter",
        "model_zoo",
        "tensorboard",
        "weak",
    ):
        raise _absent.lookup_error("utils", name, _sys._getframe(1))
    try:
        return _importlib.import_module(f"autogradkit.utils.{name}")
    except ModuleNotFoundError as error:  # of an extra, which it names
        raise AttributeError(str(error)) from None
