"""Special functions, as PyTorch's `torch.special` names them.

Rests on the ops of `_ops/pointwise`, of which those that no first step needs are declared when this is first imported.
"""

from autogradkit._ops.declare import PUBLISHED as _PUBLISHED
from autogradkit._ops.declare.names import namespaced as _namespaced
from autogradkit._ops.declare.unloaded import load_room as _load_room
from autogradkit.core.absent import absent_from as _absent_from

_OTHER_NAMES = {
    "expit": "sigmoid",
    "gammaln": "lgamma",
    "psi": "digamma",
    "gammainc": "igamma",
    "gammaincc": "igammac",
    "multigammaln": "mvlgamma",
}
_SAME_NAMES = (
    "digamma", "erf", "erfc", "erfinv", "exp2", "expm1", "i0", "log1p", "logit", "logsumexp", "polygamma",
    "sinc", "xlogy",
)  # fmt: skip

_load_room("pointwise")
globals().update(_namespaced("special_"))
for _name, _known in {**_OTHER_NAMES, **dict.fromkeys(_SAME_NAMES)}.items():
    globals()[_name] = _PUBLISHED[_known or _name].front("function", f"special_{_name}")

__getattr__ = _absent_from("special")
