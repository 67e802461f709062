"""Special functions, as PyTorch's `torch.special` names them.

Rests on the ops that the package has under other names, and on those of `_ops/pointwise/special_functions.py`,
`special_of_two.py` and `polynomials.py`, which are declared when this is first imported.
"""

from autogradkit._ops.declare import PUBLISHED as _PUBLISHED
from autogradkit._ops.declare.names import namespaced as _namespaced
from autogradkit._ops.pointwise import polynomials as _polynomials  # noqa: F401 - declares them
from autogradkit._ops.pointwise import special_functions as _special_functions  # noqa: F401 - likewise
from autogradkit._ops.pointwise import special_of_two as _special_of_two  # noqa: F401 - likewise
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

globals().update(_namespaced("special_"))
for _name, _known in {**_OTHER_NAMES, **dict.fromkeys(_SAME_NAMES)}.items():
    globals()[_name] = _PUBLISHED[_known or _name].front("function", f"special_{_name}")

__getattr__ = _absent_from("special")
