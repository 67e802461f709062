"""`kl_divergence` and `register_kl`: formulas by the classes of both distributions, the nearest base classes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.distributions.distribution import Distribution

Formula = Callable[[Any, Any], Tensor]

_KL_REGISTRY: dict[tuple[type, type], Formula] = {}


@entry
def register_kl(type_p: type, type_q: type) -> Callable[[Formula], Formula]:
    """Decorates the formula for two classes, which serves their subclasses too.

    They may be classes of a user's that are no distributions, as in PyTorch. Raises TypeError for what is no class.
    """
    if not (isinstance(type_p, type) and isinstance(type_q, type)):
        raise TypeError("issubclass() arg 1 must be a class")

    def register(formula: Formula) -> Formula:
        _KL_REGISTRY[type_p, type_q] = formula
        return formula

    return register


def _formula(type_p: type, type_q: type) -> Formula | None:
    """The formula of the nearest classes; where p's nearest is not q's, p's, with a warning."""
    found = [pair for pair in _KL_REGISTRY if issubclass(type_p, pair[0]) and issubclass(type_q, pair[1])]
    if not found:
        return None
    distance = {pair: (type_p.__mro__.index(pair[0]), type_q.__mro__.index(pair[1])) for pair in found}
    nearest_p = min(found, key=lambda pair: distance[pair])
    nearest_q = min(found, key=lambda pair: distance[pair][::-1])
    if _KL_REGISTRY[nearest_p] is not _KL_REGISTRY[nearest_q]:
        warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl("
            f"{nearest_p[0].__name__}, {nearest_q[1].__name__})",
            RuntimeWarning,
        )
    return _KL_REGISTRY[nearest_p]


@entry
def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The Kullback-Leibler divergence KL(p ‖ q), the expected log p(x) − log q(x) over draws x of p, for each of a batch.

    Raises NotImplementedError where there is no formula for the two.

    >>> import autogradkit as torch
    >>> D = torch.distributions
    >>> D.kl_divergence(D.Normal(1.0, 1.0), D.Normal(0.0, 1.0))
    tensor(0.5000)
    """
    formula = _formula(type(p), type(q))
    if formula is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
        )
    return formula(p, q)
