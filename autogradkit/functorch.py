"""The package `functorch`, installed with PyTorch: the functions of `torch.func` from before they were there, with its warning.

`as_torch()` gives it to scripts that import `functorch`. Rests on `func` and `_functorch`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autogradkit import __version__ as __version__
from autogradkit import func as _func
from autogradkit._functorch import make_functional as _made
from autogradkit._functorch.make_functional import FunctionalModule as FunctionalModule
from autogradkit._functorch.make_functional import FunctionalModuleWithBuffers as FunctionalModuleWithBuffers
from autogradkit.core.warning import warn as _warn


def _older(function: Callable[..., Any], instead: str) -> Callable[..., Any]:
    """The function under its older name, of which each call warns."""
    name = function.__name__

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        _warn(
            f"We've integrated functorch into PyTorch. As the final step of the integration, `functorch.{name}` is deprecated as "
            f"of PyTorch 2.0 and will be deleted in a future version of PyTorch >= 2.3. Please use `{instead}` instead; see the "
            "PyTorch 2.0 release notes and/or the `torch.func` migration guide for more details "
            "https://pytorch.org/docs/main/func.migrating.html",
            FutureWarning,
        )
        return function(*args, **kwargs)

    return called


vmap = _older(_func.vmap, "torch.vmap")
grad = _older(_func.grad, "torch.func.grad")
grad_and_value = _older(_func.grad_and_value, "torch.func.grad_and_value")
vjp = _older(_func.vjp, "torch.func.vjp")
jvp = _older(_func.jvp, "torch.func.jvp")
jacrev = _older(_func.jacrev, "torch.func.jacrev")
jacfwd = _older(_func.jacfwd, "torch.func.jacfwd")
hessian = _older(_func.hessian, "torch.func.hessian")
functionalize = _older(_func.functionalize, "torch.func.functionalize")
make_functional = _older(_made.make_functional, "torch.func.functional_call")
make_functional_with_buffers = _older(_made.make_functional_with_buffers, "torch.func.functional_call")
combine_state_for_ensemble = _older(_made.combine_state_for_ensemble, "torch.func.stack_module_state")
