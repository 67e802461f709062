"""What an op tells of itself to whoever watches it run.

Rests on nothing. Declarations make it, `recording` hands it on, the events of a trace keep it, and pictures are drawn from
it, so that a picture needs no table of names and a saved trace no op.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class OpFacts:
    """The facts about an op that pictures need."""

    label: str  # what a picture calls it: "mul", "max_pool2d"; of an in-place variant, without its underscore
    pointwise: bool  # whether operands of other shapes are broadcast to the result's, element by element
    rule: str  # a line for each gradient, "∂self = ∂ · other\n∂other = ∂ · self"; empty where there is none to tell
    parameters: tuple[str, ...]  # the names of its arguments, in order
    # What each is where nobody gives it, as Python prints it; empty where it must be given
    defaults: tuple[str, ...] = ()
    # Whether its first argument but `self` is a list of ints that may come one by one, `x.view(2, 3)`
    spread: bool = False
    sign: str = ""  # the operator that runs it: "+", "@", ">"
    update: str = ""  # of an optimizer's step, a line for each thing that it works out: "self = self − 0.1 · grad"
    writes: tuple[str, ...] = ()  # parameters that it may write beside its result, as running statistics


class Declaration(Protocol):
    """What a listener asks of a declared op."""

    @property
    def name(self) -> str:
        """The name that users call it by, without an in-place variant's underscore."""
        ...

    @property
    def facts(self) -> OpFacts:
        """What pictures need; asked for only while somebody listens."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """The declaration of what is no declared op: a custom Function, a step of an optimizer, an edit seen from its base."""

    name: str
    facts: OpFacts


@dataclass(frozen=True, slots=True)
class Remembering:
    """The declaration of an optimizer's step for one parameter, of which it remembers tensors from step to step."""

    name: str
    facts: OpFacts
    # What `facts.update` calls each of these tensors, by their names in the optimizer's state
    symbols: Mapping[str, str]
    remembered: Callable[[], Mapping[str, Any]]  # those that there are now, by their names


@functools.cache
def named(name: str) -> Named:
    """A declaration that has only a name to tell.

    >>> named("CopySlices").facts.label
    'CopySlices'
    """
    return Named(name, OpFacts(name, False, "", ()))
