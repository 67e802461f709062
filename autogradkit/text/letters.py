"""The letters of a text as numbers, and the sonnets that the package carries. Rests on tensors and utils.data."""

from __future__ import annotations

from pathlib import Path

from autogradkit._ops.making.data import tensor
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.utils.data import TensorDataset

_SONNETS = Path(__file__).parent / "_data" / "sonnets.txt"


def sonnets() -> str:
    """Twenty-one of Shakespeare's sonnets, an empty line between two.

    >>> sonnets().splitlines()[0]
    'From fairest creatures we desire increase,'
    """
    return _SONNETS.read_text(encoding="utf-8")


class Letters:
    """The different letters of a text, signs and line breaks among them, in order; each has its number.

    >>> letters = Letters("to be")
    >>> letters.numbers("bet")
    tensor([1, 2, 4])
    >>> letters.text(letters.numbers("bet"))
    'bet'
    """

    def __init__(self, text: str) -> None:
        self.all = sorted(set(text))
        self._number = {letter: number for number, letter in enumerate(self.all)}

    def __len__(self) -> int:
        return len(self.all)

    @entry
    def numbers(self, text: str) -> Tensor:
        """The number of each letter, int64 of shape (len(text),). Raises KeyError for a letter that is not among them."""
        return tensor([self._number[letter] for letter in text])

    def text(self, numbers: Tensor) -> str:
        """The text that the numbers, (N,), stand for."""
        return "".join(self.all[number] for number in numbers.tolist())


def windows(numbers: Tensor, length: int, stride: int) -> TensorDataset:
    """Parts of a text that begin every `stride` letters, and the same one letter on: both (windows, length).

    >>> import autogradkit as torch
    >>> windows(torch.arange(6), 3, 2)[:]
    (tensor([[0, 1, 2],
            [2, 3, 4]]), tensor([[1, 2, 3],
            [3, 4, 5]]))
    """
    rows = numbers.unfold(0, length + 1, stride)
    return TensorDataset(rows[:, :-1], rows[:, 1:])
