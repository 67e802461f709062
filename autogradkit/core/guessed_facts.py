"""What is guessed of an op from its name, until every op hands its declaration to the listeners.

Rests on facts. `recording.observed(name, ...)` and `tracing.rebuild` ask; when the first has no caller left and every node
carries its declaration, this module goes.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from autogradkit.core.facts import Declaration, OpFacts

# fmt: off
_POINTWISE = frozenset((
    "add", "sub", "rsub", "mul", "div", "pow", "maximum", "minimum", "fmin", "fmax", "where", "atan2", "lerp",
    "addcmul", "addcdiv", "eq", "ne", "lt", "le", "gt", "ge", "remainder", "fmod", "copy", "masked_fill", "floor_divide",
    "bitwise_and", "bitwise_or", "bitwise_xor", "logical_and", "logical_or", "logical_xor",
))
# fmt: on

_RULES = {
    "add": "∂self = ∂\n∂other = alpha · ∂",
    "sub": "∂self = ∂\n∂other = −∂",
    "mul": "∂self = ∂ · other\n∂other = ∂ · self",
    "div": "∂self = ∂ / other\n∂other = −∂ · self / other²",
    "pow": "∂self = ∂ · n · self^(n−1)",
    "neg": "∂self = −∂",
    "exp": "∂self = ∂ · result",
    "log": "∂self = ∂ / self",
    "sqrt": "∂self = ∂ / (2 · result)",
    "sin": "∂self = ∂ · cos(self)",
    "cos": "∂self = −∂ · sin(self)",
    "abs": "∂self = ∂ · sign(self)",
    "tanh": "∂self = ∂ · (1 − result²)",
    "sigmoid": "∂self = ∂ · result · (1 − result)",
    "relu": "∂self = ∂ where result > 0, else 0",
    "mm": "∂self = ∂ @ mat2ᵀ\n∂mat2 = selfᵀ @ ∂",
    "mv": "∂self = ∂ ⊗ vec\n∂vec = selfᵀ @ ∂",
    "dot": "∂self = ∂ · tensor\n∂tensor = ∂ · self",
    "bmm": "∂self = ∂ @ mat2ᵀ\n∂mat2 = selfᵀ @ ∂",
    "addmm": "∂self = ∂\n∂mat1 = ∂ @ mat2ᵀ\n∂mat2 = mat1ᵀ @ ∂",
    "sum": "∂self = ∂, spread over the summed elements",
    "mean": "∂self = ∂ / n, spread over the n averaged elements",
    "t": "∂self = ∂ᵀ",
    "transpose": "∂self = ∂ with the two dimensions swapped",
    "view": "∂self = ∂ in the shape of self",
    "reshape": "∂self = ∂ in the shape of self",
    "expand": "∂self = ∂ summed over the expanded dimensions",
    "select": "∂self = ∂ at the selected index, 0 elsewhere",
    "slice": "∂self = ∂ in the slice, 0 elsewhere",
    "clone": "∂self = ∂",
    "max_pool2d": "∂self = ∂ at each window's maximum, 0 elsewhere",
    "convolution": "∂input = ∂ ⋆ weight, turned by 180°\n∂weight = input ⋆ ∂\n∂bias = Σ∂",
    "log_softmax": "∂self = ∂ − softmax(self) · Σ∂",
    "nll_loss": "∂self = −∂ / n at each target, 0 elsewhere",
}


@dataclass(frozen=True, slots=True)
class Named:
    """Stands for the declaration of an op of which only the name is known."""

    name: str
    facts: OpFacts


@functools.cache
def named(name: str) -> Named:
    """A declaration with what its name tells."""
    return Named(name, facts_of_name(name))


def declaration_of(node: Any) -> Declaration:
    """The declaration that a graph node carries, or what its name tells."""
    carried: Declaration | None = getattr(node, "declaration", None)
    return named(node.name().split("Backward")[0].lower()) if carried is None else carried


def facts_of_name(name: str) -> OpFacts:
    """What an op's name tells of it.

    >>> facts_of_name("max_pool2d_with_indices").label, facts_of_name("mm").parameters
    ('max_pool2d', ('self', 'mat2'))
    """
    label = name.removesuffix("_with_indices").removesuffix("_nd").lstrip("_")
    rule = _RULES.get(label, "")
    return OpFacts(label, label in _POINTWISE, rule, tuple(re.findall(r"^∂(\w+) =", rule, re.MULTILINE)))
