"""Functions of neural networks: what layers compute, without their parameters; one family a file.

Rests on the declared ops; the modules in `nn.modules` call these. Everything is differentiable.
"""

from types import FunctionType as _FunctionType

from autogradkit._ops.declare.asking import overridable as _overridable
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.nn import grad as grad
from autogradkit.nn.functional.activations import *
from autogradkit.nn.functional.attention import *
from autogradkit.nn.functional.convolutions import *
from autogradkit.nn.functional.distances import *
from autogradkit.nn.functional.dropouts import *
from autogradkit.nn.functional.embeddings import *
from autogradkit.nn.functional.fractional import *
from autogradkit.nn.functional.grids import *
from autogradkit.nn.functional.label_losses import *
from autogradkit.nn.functional.linear_losses import *
from autogradkit.nn.functional.linear_maps import *
from autogradkit.nn.functional.losses import *
from autogradkit.nn.functional.margin_losses import *
from autogradkit.nn.functional.multi_head import *
from autogradkit.nn.functional.multi_head import canonical_mask as _canonical_mask  # noqa: F401 - copied layers call these
from autogradkit.nn.functional.multi_head import none_or_dtype as _none_or_dtype  # noqa: F401
from autogradkit.nn.functional.multi_head import projected_at_once as _in_projection_packed  # noqa: F401
from autogradkit.nn.functional.norms import *
from autogradkit.nn.functional.norms import require_several as _verify_batch_size  # noqa: F401
from autogradkit.nn.functional.paddings import *
from autogradkit.nn.functional.poolings import *
from autogradkit.nn.functional.resizing import *
from autogradkit.nn.functional.softmaxes import *

_overridable(  # what is made of declared ops asks by itself
    each
    for _name, each in list(globals().items())
    if isinstance(each, _FunctionType) and each.__module__.startswith(f"{__name__}.")
)

__getattr__ = _absent_from("nn.functional")
