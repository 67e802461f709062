"""What `%train` does: choose a recipe or a model of the learner's, change what the options say, and train it live.

Rests on `vision.recipes` and the view; `autogradkit.magics` reads the line and calls it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..nn import Module
from ..vision.recipes import RECIPES
from .training import TrainingView


def train_from_magic(
    what: str,
    namespace: dict[str, Any],
    *,
    epochs: int | None = None,
    lr: float | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
) -> TrainingView:
    """What `%train` does: train a model on the bundled digits, live; the view that showed it.

    `what` is a recipe, such as "lenet" or "mlp", or the name of a model in `namespace` that takes (N, 1, 28, 28) pixels and gives
    (N, 10) scores; that one learns from where it stands, by LeNet's recipe. What is None is as the recipe has it.
    An interrupt ends the training as Stop does: `resume()` on the view goes on, and `view.training.model` has learnt.
    Raises ValueError where `what` is neither.
    """
    own = namespace.get(what)
    if isinstance(own, Module):
        recipe, title = dataclasses.replace(RECIPES["lenet"], model=lambda: own), what
    elif what in RECIPES:
        recipe = RECIPES[what]
        title = f"{getattr(recipe.model, '__name__', what)} on handwritten digits"
    else:
        raise ValueError(f"'{what}' is no model: use {', '.join(RECIPES)}, or the name of an nn.Module of yours")
    if batch_size is not None:
        recipe = dataclasses.replace(recipe, batch_size=batch_size)
    if lr is not None:
        recipe = dataclasses.replace(recipe, optimizer=_with_rate(recipe.optimizer, lr))
    setup = recipe.prepare(0 if seed is None else seed)
    training = setup.training()
    view = TrainingView(title)
    with suppress(KeyboardInterrupt):
        view.run(training, setup.epochs if epochs is None else epochs)
    return view


def _with_rate(make: Callable[[Any], Any], lr: float) -> Callable[[Any], Any]:
    def made(parameters: Any) -> Any:
        optimizer = make(parameters)
        for group in optimizer.param_groups:
            group["lr"] = lr
        return optimizer

    return made
