"""PyTorch's `torch._dynamo`, the front of its compiler, of which scripts set switches. They are kept, and change nothing."""

from types import SimpleNamespace

from autogradkit._dynamo import eval_frame as eval_frame
from autogradkit._dynamo.eval_frame import OptimizedModule as OptimizedModule
from autogradkit.compiler import allow_in_graph as allow_in_graph
from autogradkit.compiler import disable as disable
from autogradkit.compiler import is_compiling as is_compiling
from autogradkit.compiler import reset as reset

config = SimpleNamespace(
    accumulated_cache_size_limit=256, assume_static_by_default=True, automatic_dynamic_shapes=True, cache_size_limit=8,
    capture_scalar_outputs=False, dynamic_shapes=True, optimize_ddp=True, recompile_limit=8, suppress_errors=False, verbose=False,
)  # fmt: skip
