"""`kl_divergence` of two distributions, by the formula that is registered for their classes."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.distributions.kl import crossed as _crossed  # noqa: F401 - registers them
from autogradkit.distributions.kl import same_family as _same_family  # noqa: F401 - likewise
from autogradkit.distributions.kl.registry import _KL_REGISTRY as _KL_REGISTRY
from autogradkit.distributions.kl.registry import kl_divergence as kl_divergence
from autogradkit.distributions.kl.registry import register_kl as register_kl

__all__ = ["kl_divergence", "register_kl"]
__getattr__ = _absent_from("distributions.kl")
