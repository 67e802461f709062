"""What anomaly mode says of a node that failed, or gave NaN. Rests on node; run.py asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit.core.warning import warn
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import Node
from autogradkit.engine.sparse import elements


def explain(node: Node) -> None:
    """In anomaly mode: warn, at the line that called backward, of where the node that failed was made."""
    if MODE.anomaly:
        place = node.hooks.traceback if node.hooks is not None else None
        text = (
            f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{place}"
            if place is not None
            else f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly "
            "during forward pass for more information."
        )
        warn(text)


def check_nan(node: Node, sent: Sequence[Any]) -> None:
    """In anomaly mode: raise RuntimeError where a node gave NaN."""
    for index, gradient in enumerate(sent):
        if gradient is not None and np.isnan(elements(gradient)).any():
            explain(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {index}th output.")
