"""What an optimizer remembers of the parameter in hand, copied before its step and after it.

Rests on the copier; the recorder asks it about each step.
"""

from __future__ import annotations

from autogradkit.core.facts import Declaration, Remembering
from autogradkit.tracing.copying import Copier
from autogradkit.tracing.events import Numbers, State


class Remembered:
    """The state of optimizers, as one recording copies it."""

    def __init__(self, copier: Copier) -> None:
        self._copier = copier
        self._before: dict[str, Numbers] = {}

    def before(self, declaration: Declaration) -> None:
        """Copy what is remembered now: a step, or another edit in place, begins."""
        self._before = self._copied(declaration)

    def after(self, declaration: Declaration) -> tuple[State, ...]:
        """What was remembered before the step that was just taken, and what is now; nothing where it was no step."""
        if not isinstance(declaration, Remembering):
            return ()
        now, symbols = self._copied(declaration), declaration.symbols
        return tuple([State(name, symbols.get(name, name), self._before.get(name), new) for name, new in now.items()])

    def _copied(self, declaration: Declaration) -> dict[str, Numbers]:
        if not isinstance(declaration, Remembering):
            return {}
        return {name: self._copier.copy(each) for name, each in declaration.remembered().items()}
