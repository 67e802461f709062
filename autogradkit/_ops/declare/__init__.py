"""How ops are declared: a kernel whose annotated signature is the schema, and what follows from it.

kinds → signature → plans, memory, recipe → declaration → form → out → overload → source → lanes, edit_lanes → entries →
unloaded, names → k: each rests on those before it; python_names stands beside names. The tables of ops beside this folder
use `function`, `op`, the kinds and `k`; nothing else does.
"""

from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.names import OVERLOADS, PUBLISHED, SETS, function, op
from autogradkit._ops.declare.plans import FLOAT_TO_REAL, INT_TO_FLOAT, SAME, TO_BOOL, TO_REAL
from autogradkit._ops.declare.python_names import PYTHON_FUNCTIONS, python_function, python_method, reflected

__all__ = [
    "FLOAT_TO_REAL",
    "INT_TO_FLOAT",
    "OVERLOADS",
    "PUBLISHED",
    "PYTHON_FUNCTIONS",
    "SAME",
    "SETS",
    "TO_BOOL",
    "TO_REAL",
    "UNIMPLEMENTED",
    "function",
    "op",
    "python_function",
    "python_method",
    "reflected",
]
