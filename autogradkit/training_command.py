"""`autogradkit train`: a recipe's run with a progress bar, what the network writes as it goes, curves, and checkpoints.

A checkpoint is written after each epoch; a run that finds one goes on as if it had never stopped. Rests on the recipes of
`vision` and `text`, and on `serialization`; `cli.py` parses what it is given.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autogradkit.files import write_whole
from autogradkit.serialization import load, save
from autogradkit.text import recipe as sonnets
from autogradkit.vision.history import Epoch, History
from autogradkit.vision.recipes import RECIPES, Setup
from autogradkit.vision.train import Training


def train(arguments: argparse.Namespace, tell: Callable[[str], None]) -> int:
    """Train by the recipe and say how well the network does: 0 if it reaches the target, 2 where a file is in the way.

    `tell` says what went wrong with a file.
    """
    network, seed, quiet = arguments.network, arguments.seed, arguments.quiet
    setup = sonnets.prepare(seed) if network == "gpt" else RECIPES[network].prepare(seed)
    epochs: int = arguments.epochs or setup.epochs
    training = setup.training()
    file: Path | None = arguments.checkpoint
    if file is not None and file.exists():
        try:
            _resume(training, file, network, seed)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
            unread = isinstance(error, pickle.UnpicklingError)  # whose text is of options that are not here
            reason = "it cannot be read" if unread else str(error).partition("\n")[0] or "it is empty"
            tell(f"autogradkit train: {file} is no checkpoint of {network}, seed {seed}: {reason}")
            return 2
    print(f"{network}, seed {seed}, {epochs} epochs of {len(setup.loader)} batches")
    if training.epochs:
        print(f"going on after epoch {len(training.epochs)}")
    try:
        _learn(setup, training, epochs, arguments)
        if arguments.curves is not None:
            _draw(training.epochs, arguments.curves)
    except OSError as error:
        if error.filename is None:
            raise  # not of a file of ours: what is printed could not be written
        tell(f"autogradkit train: {error.filename} cannot be written: {error.strerror}")
        return 2
    last = training.epochs[-1]
    if setup.sample is None:
        print(
            f"{last.test_accuracy or 0:.2%} of the test digits named rightly; the recipe's target is {setup.target:.0%}"
        )
    else:
        if quiet:
            print(setup.sample(last.number))
        print(f"the test loss of a letter is {last.test_loss:.2f}; the recipe's target is {setup.target}")
    return 0 if setup.reached(last) or arguments.epochs is not None else 1


def _learn(setup: Setup, training: Training, epochs: int, arguments: argparse.Namespace) -> None:
    """Train to so many epochs, and after each tell of it and write the checkpoint."""
    done = len(training.epochs)
    with tqdm(total=max(epochs, done) * len(setup.loader), unit="batch", disable=arguments.quiet) as bar:
        bar.update(done * len(setup.loader))
        for number in range(done + 1, epochs + 1):
            for step in training.steps(number):
                bar.set_postfix_str(f"loss {step.loss:.3f}", refresh=False)
                bar.update()
            if arguments.checkpoint is not None:
                state = {"network": arguments.network, "seed": arguments.seed, "training": training.state_dict()}
                save(state, arguments.checkpoint)
            if not arguments.quiet:
                bar.write(_line(training.epochs[-1]))
                if setup.sample is not None:
                    bar.write(setup.sample(number) + "\n")


def _resume(training: Training, file: Path, network: str, seed: int) -> None:
    """Go on from a checkpoint. Raises ValueError where it is of another run, and whatever says that it is none."""
    found: Any = load(file)
    if not isinstance(found, dict) or found.keys() != {"network", "seed", "training"}:
        raise ValueError("autogradkit train did not write it")
    if (found["network"], found["seed"]) != (network, seed):
        raise ValueError(f"it is one of {found['network']}, seed {found['seed']}")
    training.load_state_dict(found["training"])


def _draw(epochs: History, file: Path) -> None:
    """Write the curves of a run."""
    from matplotlib.figure import Figure

    figure = epochs.plot()[0].figure
    assert isinstance(figure, Figure)
    drawn = BytesIO()
    figure.savefig(drawn, format=file.suffix[1:])
    write_whole(file, drawn.getvalue())


def _line(epoch: Epoch) -> str:
    named = "" if epoch.test_accuracy is None else f", {epoch.test_accuracy:.2%}"
    return f"epoch {epoch.number:2}: loss {epoch.loss:.4f}, test loss {epoch.test_loss:.4f}{named}"
