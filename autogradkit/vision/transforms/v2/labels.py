"""Where a sample has its labels: what `labels_getter` means to the transforms that change labels too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autogradkit.vision.transforms.v2.functional.dispatch import is_pure_tensor


def getter_of(given: Any) -> Callable[[Any], Any]:
    """What finds the labels in an input: "default", a function of the user's, or None for no labels."""
    if given == "default":
        return _usual_labels
    if given is not None and not callable(given):
        raise ValueError(f"labels_getter should either be 'default', a callable, or None, but got {given}.")
    return given or (lambda _: None)


def _usual_labels(inputs: Any) -> Any:
    """The labels of a batch (images, labels), or what a dictionary has under a name with "label" in it."""
    if isinstance(inputs, (tuple, list)):
        inputs = inputs[1]
    if is_pure_tensor(inputs):
        return inputs
    if not isinstance(inputs, Mapping):
        raise ValueError(
            "When using the default labels_getter, the input passed to forward must be a dictionary or a two-tuple whose "
            f"second item is a dictionary or a tensor, but got {inputs} instead."
        )
    named = [key for key in inputs if key.lower() == "labels"] or [key for key in inputs if "label" in key.lower()]
    if not named:
        raise ValueError(
            "Could not infer where the labels are in the sample. Try passing a callable as the labels_getter parameter?If "
            "there are no labels in the sample by design, pass labels_getter=None."
        )
    return inputs[named[0]]
