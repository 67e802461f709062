"""Trainings that real Ctrl-Cs interrupt, at random times, and that are resumed until they are finished, end in equal weights."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest

import autogradkit as T
from autogradkit.vision.train import Training
from tests.interrupts.states import process, works


def make() -> Training:
    """A small training with everything that has a state: dropout, momentum or moments, a shuffled loader, a schedule."""
    T.manual_seed(11)
    inputs, targets = T.randn(48, 4), T.randint(0, 3, (48,))
    data = T.utils.data.TensorDataset(inputs, targets)
    model = T.nn.Sequential(T.nn.Linear(4, 8), T.nn.ReLU(), T.nn.Dropout(0.3), T.nn.Linear(8, 3))
    optimizer = T.optim.AdamW(model.parameters(), 0.01)
    return Training(
        model,
        T.utils.data.DataLoader(data, 8, shuffle=True),
        T.nn.CrossEntropyLoss(),
        optimizer,
        test_loader=T.utils.data.DataLoader(data, 16),
        scheduler=T.optim.lr_scheduler.StepLR(optimizer, 1, 0.5),
    )


def results(training: Training) -> list[Any]:
    """The weights, the state of the optimizer, and what was measured."""
    moments = [each["exp_avg_sq"].numpy() for each in training.optimizer.state_dict()["state"].values()]
    weights = [each.detach().numpy() for each in training.model.parameters()]
    return [*weights, *moments, np.array([step.loss for step in training.epochs.steps])]


def interrupted_run(epochs: int, stream: random.Random, seconds: float) -> tuple[Training, int]:
    """A training and how often it was interrupted: once in each of its calls, at a random time, twice at once now and then."""
    training, interrupts, told = make(), 0, 0
    while len(training.epochs) < epochs:
        done = threading.Event()
        wait, twice = stream.random() * seconds, stream.random() < 0.2

        def strike(done: threading.Event = done, wait: float = wait, twice: bool = twice) -> None:
            if not done.wait(wait):
                os.kill(os.getpid(), signal.SIGINT)
                if twice:
                    time.sleep(0.0005)
                    if not done.is_set():
                        os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=strike)
        try:
            try:
                thread.start()
                for _ in training.steps(epochs):
                    told += 1
            finally:
                done.set()
            thread.join()
        except KeyboardInterrupt:
            interrupts += 1
            while thread.is_alive():
                try:
                    thread.join()
                except KeyboardInterrupt:
                    interrupts += 1
        works()
    assert told == len(training.epochs.steps)
    return training, interrupts


def check(trainings: int, seed: int) -> None:
    """`trainings` interrupted ones are compared with one that was not, also where a background shell has SIGINT ignored."""
    given = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _check(trainings, seed)
    finally:
        signal.signal(signal.SIGINT, given)


def _check(trainings: int, seed: int) -> None:
    before = process()
    make().run(3)  # what is compiled when it is first used would make the next one seem long
    whole = make()
    began = time.perf_counter()
    whole.run(3)
    seconds = time.perf_counter() - began
    expected, interrupts, stream = results(whole), 0, random.Random(seed)
    for number in range(trainings):
        training, count = interrupted_run(3, stream, seconds)
        interrupts += count
        for mine, wanted in zip(results(training), expected, strict=True):
            np.testing.assert_array_equal(mine, wanted, err_msg=f"training {number} of seed {seed}")
        assert training.epochs == whole.epochs
    assert process() == before
    assert interrupts >= trainings / 4, f"{interrupts} interrupts came in {trainings} trainings"


def test_interrupted_trainings_end_in_equal_weights() -> None:
    check(15, seed=1)


@pytest.mark.long
def test_a_hundred_interrupted_trainings_end_in_equal_weights() -> None:
    check(100, seed=2)
