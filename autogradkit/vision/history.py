"""What a training run came to: every batch and the means of every epoch, as a value with rows, a file and curves.

Rests on nothing but, while drawing, matplotlib; `vision.train` and the live view fill it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.files import read_bounded, write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMAT = "autogradkit training run"
VERSION = 1
LARGEST_FILE = 1_000_000_000  # bytes: some ten million batches

# Blue and green that people who confuse colours tell apart, with contrast on white and on black; the marks differ too.
_LOOKS: dict[str, dict[str, Any]] = {
    "train": {"color": "#2b8cc4", "marker": "."},
    "test": {"color": "#1a9873", "marker": "o", "fillstyle": "none"},
}
_BATCHES: dict[str, Any] = {"color": "#8a929a", "linewidth": 0.7}

_Record = TypeVar("_Record", "Epoch", "Step")


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's means: of its batches, and of the test data where there are any."""

    number: int  # from 1
    loss: float
    accuracy: float | None
    test_loss: float | None = None
    test_accuracy: float | None = None
    lr: float | None = None  # the learning rate of its last batch


@dataclass(frozen=True, slots=True)
class Step:
    """One batch learnt. `loss` and `accuracy` are the batch's, before the step that it caused."""

    epoch: int  # from 0
    batch: int  # from 0, within the epoch
    batches: int | None  # in an epoch, where the loader knows
    loss: float
    accuracy: float | None
    lr: float | None = None  # of the optimizer's first group, in this step

    @property
    def at(self) -> float:
        """The place on the axis of epochs: 1.5 in the middle of the second one."""
        return self.epoch + (self.batch + 1) / max(self.batches or self.batch + 1, self.batch + 1)


class History(list[Epoch]):
    """The finished epochs of a run, in order, and in `steps` every batch, those of an epoch not finished too.

    >>> run = History([Epoch(1, 2.0, 0.25, 2.1, 0.2), Epoch(2, 0.5, 0.85, 0.7, 0.8)])
    >>> run[-1].test_accuracy
    0.8
    >>> [axes.get_ylabel() for axes in run.plot()]
    ['loss', 'accuracy']
    """

    def __init__(self, epochs: Sequence[Epoch] = (), steps: Sequence[Step] = ()) -> None:
        super().__init__(epochs)
        self.steps = list(steps)

    def to_rows(self, each: Literal["epoch", "batch"] = "epoch") -> list[dict[str, Any]]:
        """The run as plain rows, one for `each` epoch or batch: what `pandas.DataFrame` and `csv.DictWriter` take.

        Epochs and batches count from 1. What was not measured is None. Raises ValueError for another `each`.

        >>> run = History([Epoch(1, 2.0, 0.25)], [Step(0, 0, 1, 2.0, 0.25, lr=0.1)])
        >>> run.to_rows()
        [{'epoch': 1, 'loss': 2.0, 'accuracy': 0.25, 'test_loss': None, 'test_accuracy': None, 'lr': None}]
        >>> run.to_rows("batch")
        [{'epoch': 1, 'batch': 1, 'loss': 2.0, 'accuracy': 0.25, 'lr': 0.1}]
        """
        if each == "epoch":
            names = [field.name for field in fields(Epoch)[1:]]
            return [{"epoch": epoch.number} | {name: getattr(epoch, name) for name in names} for epoch in self]
        if each == "batch":
            return [
                {"epoch": step.epoch + 1, "batch": step.batch + 1, "loss": step.loss, "accuracy": step.accuracy,
                 "lr": step.lr} for step in self.steps
            ]  # fmt: skip
        raise ValueError(f"rows are for each 'epoch' or each 'batch', not {each!r}")

    @entry
    def save(self, path: str | Path) -> None:
        """Write the run to a JSON file; `History.load` gives it back, every number the same."""
        write_whole(path, json.dumps(self.document(), allow_nan=False).encode())

    def document(self) -> dict[str, Any]:
        """The run as a plain dictionary, which a file or a checkpoint holds; `from_document` gives it back."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "epochs": {field.name: [_out(getattr(epoch, field.name)) for epoch in self] for field in fields(Epoch)},
            "steps": {field.name: [_out(getattr(step, field.name)) for step in self.steps] for field in fields(Step)},
        }

    @classmethod
    @entry
    def load(cls, path: str | Path) -> History:
        """Read a run that `save` wrote. Raises ValueError, with the reason, where the file holds something else."""
        try:
            return cls._read(read_bounded(path, LARGEST_FILE).decode())
        except UnicodeDecodeError:
            raise ValueError(f"{path}: not a training run: the file is not UTF-8 text") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    @classmethod
    def _read(cls, text: str) -> History:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not a training run: the text is not JSON ({error})") from None
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Any) -> History:
        """The run that `document` told. Raises ValueError, with the reason, for anything else."""
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"not a training run: it does not say format {FORMAT!r}")
        if document.get("version") != VERSION:
            raise ValueError(f"a run of version {document.get('version')!r}; this autogradkit reads version {VERSION}")
        return cls(_records(Epoch, document.get("epochs"), "epochs"), _records(Step, document.get("steps"), "steps"))

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> tuple[Axes, ...]:
        """Draw loss and accuracy by epoch, of training and, where it was measured, of testing. Returns the axes.

        Points are an epoch's means; the loss of each batch is a thin grey line behind them. There is one axes for the loss
        and one for the accuracy, if there is any: those of a new figure, or what `ax` gives. Raises ValueError while no batch
        is learnt, and where `ax` gives more or fewer axes than there are measures.
        """
        import matplotlib.pyplot as plt

        if not self and not self.steps:
            raise ValueError("no epoch is finished: there is nothing to plot yet")
        measured: dict[str, dict[str, np.ndarray]] = {"loss": {}}
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
            if kind == "loss" and self.steps:
                batches = [step.at for step in self.steps], [step.loss for step in self.steps]
                place.plot(*batches, label="each batch", **_BATCHES)
            for name, values in lines.items():
                place.plot([epoch.number for epoch in self], values, label=name, **_LOOKS[name])
            place.set(xlabel="epoch", ylabel=kind)
            place.locator_params(axis="x", integer=True)
            place.legend()
            if kind == "accuracy":
                place.yaxis.set_major_formatter("{x:.0%}")
        return axes


def _out(value: float | None) -> float | str | None:
    """A number as strict JSON has it; NaN and the infinities, which it has not, as their names."""
    return value if value is None or math.isfinite(value) else str(value)


def _records(kind: type[_Record], columns: Any, what: str) -> list[_Record]:
    """The records that a file's columns hold."""
    if not isinstance(columns, dict):
        raise ValueError(f"not a whole training run: '{what}' is missing")
    found = cast("dict[str, Any]", columns)
    names = [field.name for field in fields(kind)]
    if set(found) != set(names):
        raise ValueError(f"not a whole training run: {what} should have {', '.join(names)}, not {', '.join(found)}")
    lists = [found[name] if isinstance(found[name], list) else [] for name in names]
    if len({len(values) for values in lists}) > 1:
        raise ValueError(f"not a whole training run: the columns of {what} are of different lengths")
    for name, values in zip(names, lists, strict=True):
        for value in values:
            _check(what, name, value)
    return [kind(*map(_to_number, values)) for values in zip(*lists, strict=True)]


_COUNTS = {"number", "epoch", "batch"}  # whole numbers, and always there, like every loss
_ODD = ("nan", "inf", "-inf")


def _check(what: str, name: str, value: Any) -> None:
    if value is None:
        good = name not in _COUNTS and name != "loss"
    elif name in _COUNTS or name == "batches":
        good = isinstance(value, int) and not isinstance(value, bool)
    else:
        good = (isinstance(value, int | float) and not isinstance(value, bool)) or value in _ODD
    if not good:
        raise ValueError(f"not a whole training run: {what}: {name} is {value!r}")


def _to_number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value
