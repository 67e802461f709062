"""The recipe by which `autogradkit train gpt` trains a small GPT on the bundled sonnets.

The last tenth of the text is kept for testing. Rests on letters and gpt, and on `vision.recipes` for what a run needs.
"""

from __future__ import annotations

from autogradkit._ops.making.seed import manual_seed
from autogradkit.core.frames import entry
from autogradkit.core.random import Generator
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.optim import AdamW
from autogradkit.optim.lr_scheduler import ExponentialLR
from autogradkit.text.gpt import GPT
from autogradkit.text.letters import Letters, sonnets, windows
from autogradkit.utils.data import DataLoader
from autogradkit.vision.recipes import Setup

WRITTEN = 160  # letters of a sample


@entry
def prepare(seed: int = 0) -> Setup:
    """Seed the generator, build the model, and cut the text into windows.

    Longer training would learn the sonnets by heart: the test loss rises again.

    >>> prepare().sample(1)[:5]
    'When '
    """
    manual_seed(seed)
    text = sonnets()
    letters = Letters(text)
    model = GPT(len(letters))
    numbers = letters.numbers(text)
    kept = len(numbers) * 9 // 10
    optimizer = AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)

    def sample(number: int) -> str:
        stream = Generator().manual_seed(number)  # of its own, so that looking does not change the training
        return letters.text(model.write(letters.numbers("When "), WRITTEN, stream))

    return Setup(
        model,
        DataLoader(windows(numbers[:kept], model.length, model.length // 4), 8, shuffle=True),
        DataLoader(windows(numbers[kept:], model.length, model.length), 32),
        _loss,
        optimizer,
        ExponentialLR(optimizer, 0.8),
        epochs=8,
        target=2.25,
        sample=sample,
    )


def _loss(logits: Tensor, targets: Tensor) -> Tensor:
    """The cross entropy of every letter of every window."""
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
