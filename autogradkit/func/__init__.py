"""Functions of functions, as PyTorch's `torch.func` names them: gradients, products with Jacobians, and batches.

`transforms.py` has gradients and the level of a call, `pushforward.py` products from the other side, `jacobians.py` whole
matrices, `batching.py` `vmap`, `control.py` what PyTorch's compilers ask for; `modules.py` calls a module with other parameters,
`trees.py` takes nested tuples, lists and dicts of tensors apart, which all of them take and give.
"""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.func.batching import vmap as vmap
from autogradkit.func.control import functionalize as functionalize
from autogradkit.func.jacobians import hessian as hessian
from autogradkit.func.jacobians import jacfwd as jacfwd
from autogradkit.func.jacobians import jacrev as jacrev
from autogradkit.func.modules import functional_call as functional_call
from autogradkit.func.modules import replace_all_batch_norm_modules_ as replace_all_batch_norm_modules_
from autogradkit.func.modules import stack_module_state as stack_module_state
from autogradkit.func.pushforward import jvp as jvp
from autogradkit.func.pushforward import linearize as linearize
from autogradkit.func.transforms import grad as grad
from autogradkit.func.transforms import grad_and_value as grad_and_value
from autogradkit.func.transforms import vjp as vjp

__getattr__ = _absent_from("func")
