"""`%load_ext autogradkit` and its end: the magics, what listens beside them, and what Tab completes after their names.

Rests on the magics; the package's `load_ipython_extension` and `unload_ipython_extension` are these.
"""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

import autogradkit
from autogradkit.magics import MODELS, AutogradkitMagics
from autogradkit.tracing.namespace import those_of
from autogradkit.tracing.watch import GRADS

_REGISTERED: dict[int, AutogradkitMagics] = {}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; loading again changes nothing."""
    if id(shell) in _REGISTERED:
        return
    magics = AutogradkitMagics(shell)
    try:
        shell.register_magics(magics)
        magics.cells.install()
        magics.tracebacks.install()
        GRADS.listen()
        for name in ("storage", "strides", "why", "graph", "ledger"):
            shell.set_hook("complete_command", _complete_tensors, str_key=f"%{name}")
        shell.set_hook("complete_command", _complete_models, str_key="%train")
        _REGISTERED[id(shell)] = magics  # last: what an interrupt leaves is taken away, and can be loaded anew
    except BaseException:
        _take_away(shell, magics)
        raise


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    magics = _REGISTERED.get(id(shell))
    if magics is None:
        return
    try:
        _take_away(shell, magics)
    except BaseException:  # an interrupt leaves nothing half taken away
        _take_away(shell, magics)
        raise


def _take_away(shell: InteractiveShell, magics: AutogradkitMagics) -> None:
    """Leave the shell as it was without the magics, whatever part of them is there."""
    magics.cells.remove()
    magics.tracebacks.remove()
    if _REGISTERED.keys() <= {id(shell)}:
        GRADS.stop()
    for kind, names in {
        "line": ("trace", "storage", "strides", "why", "graph", "ledger", "train", "as_torch"),
        "cell": ("trace",),
    }.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    _REGISTERED.pop(id(shell), None)


def _complete_tensors(shell: Any, event: Any) -> list[str]:
    """The names of the tensors that the user has."""
    return sorted(name for name, _ in those_of(shell.user_ns, autogradkit.Tensor) if name.startswith(event.symbol))


def _complete_models(shell: Any, event: Any) -> list[str]:
    own = [name for name, _ in those_of(shell.user_ns, autogradkit.nn.Module)]
    return [name for name in (*MODELS, *sorted(own)) if name.startswith(event.symbol)]
