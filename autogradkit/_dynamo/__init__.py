"""PyTorch's `torch._dynamo`, the front of its compiler, of which scripts set switches. They are kept, and change nothing."""

from types import SimpleNamespace
from typing import Any

from autogradkit._dynamo import eval_frame as eval_frame
from autogradkit._dynamo import exc as exc
from autogradkit._dynamo.eval_frame import OptimizedModule as OptimizedModule
from autogradkit.compiler import allow_in_graph as allow_in_graph
from autogradkit.compiler import assume_constant_result as assume_constant_result
from autogradkit.compiler import disable as disable
from autogradkit.compiler import is_compiling as is_compiling
from autogradkit.compiler import list_backends as list_backends
from autogradkit.compiler import reset as reset
from autogradkit.compiler import set_stance as set_stance
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__getattr__ = _absent_from("_dynamo")

config = SimpleNamespace(
    accumulated_cache_size_limit=256, assume_static_by_default=True, automatic_dynamic_shapes=True, cache_size_limit=8,
    capture_scalar_outputs=False, dynamic_shapes=True, optimize_ddp=True, recompile_limit=8, suppress_errors=False, verbose=False,
)  # fmt: skip


@entry
def mark_static_address(t: Any, guard: bool = False) -> None:
    """Nothing: a compiler would be told that the tensor stays where it is. Raises TypeError for what is no tensor."""
    if not isinstance(t, Tensor):
        raise TypeError(f"mark_static_address expects a tensor but received {type(t)}")


def mark_static(t: Any, index: Any = None) -> None:
    """Nothing: a compiler would be told which sizes stay as they are."""


def mark_dynamic(
    t: Any, index: Any, *, hint_override: Any = None, min: Any = None, max: Any = None, specialize_on: Any = None
) -> None:
    """Nothing: a compiler would be told which sizes change."""


def maybe_mark_dynamic(t: Any, index: Any) -> None:
    """Nothing: a compiler would be told which sizes may change."""
