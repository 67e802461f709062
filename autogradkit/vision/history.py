"""What a training run came to: the means of every epoch, as a list that draws its curves.

Rests on nothing but, while drawing, matplotlib; `vision.train` fills it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Blue and green that people who confuse colours tell apart, with contrast on white and on black; the marks differ too.
_LOOKS: dict[str, dict[str, Any]] = {
    "train": {"color": "#2b8cc4", "marker": "."},
    "test": {"color": "#1a9873", "marker": "o", "fillstyle": "none"},
}


@dataclass(frozen=True)
class Epoch:
    """One epoch's means: of its batches, and of the test data where there are any."""

    number: int  # from 1
    loss: float
    accuracy: float | None
    test_loss: float | None = None
    test_accuracy: float | None = None


class History(list[Epoch]):
    """The finished epochs of a run, in order.

    >>> run = History([Epoch(1, 2.0, 0.25, 2.1, 0.2), Epoch(2, 0.5, 0.85, 0.7, 0.8)])
    >>> run[-1].test_accuracy
    0.8
    >>> [axes.get_ylabel() for axes in run.plot()]
    ['loss', 'accuracy']
    """

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> tuple[Axes, ...]:
        """Draw loss and accuracy by epoch, of training and, where it was measured, of testing. Returns the axes.

        There is one axes for the loss and one for the accuracy, if there is any: those of a new figure, or what `ax` gives.
        Raises ValueError while no epoch is finished, and where `ax` gives more or fewer axes than there are measures.
        """
        import matplotlib.pyplot as plt

        if not self:
            raise ValueError("no epoch is finished: there is nothing to plot yet")
        measured: dict[str, dict[str, np.ndarray]] = {}
        for kind in ("loss", "accuracy"):
            for name, field in (("train", kind), ("test", f"test_{kind}")):
                values = [getattr(epoch, field) for epoch in self]
                if any(value is not None for value in values):
                    measured.setdefault(kind, {})[name] = np.array(values, float)  # None becomes NaN: a gap
        if ax is None:
            ax = plt.subplots(1, len(measured), figsize=(4.2 * len(measured), 3.2), layout="constrained")[1]
        axes = tuple(np.ravel(np.asarray(ax)))
        if len(axes) != len(measured):
            raise ValueError(
                f"this run measured {' and '.join(measured)}: it takes {len(measured)} axes, not {len(axes)}"
            )
        for place, (kind, lines) in zip(axes, measured.items(), strict=True):
            for name, values in lines.items():
                place.plot([epoch.number for epoch in self], values, label=name, **_LOOKS[name])
            place.set(xlabel="epoch", ylabel=kind)
            place.locator_params(axis="x", integer=True)
            place.legend()
            if kind == "accuracy":
                place.yaxis.set_major_formatter("{x:.0%}")
        return axes
