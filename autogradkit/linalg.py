"""Linear algebra, as PyTorch's `torch.linalg` names it: products, norms, factorizations, systems of equations.

Rests on the ops of `_ops/linalg`, each of which PyTorch, too, calls `linalg_det` and so on in its messages. What no name of the
package itself needs is declared when this is first imported.
"""

from autogradkit._ops.declare.names import namespaced as _namespaced
from autogradkit._ops.declare.unloaded import load_room as _load_room
from autogradkit._ops.linalg.matrices import LinAlgError as LinAlgError
from autogradkit.core.absent import absent_from as _absent_from

_load_room("linalg")
globals().update(_namespaced("linalg_"))

__getattr__ = _absent_from("linalg")
