"""Data sets of pictures: MNIST from its published files, and the sample of it that the package carries.

Rests on `vision.idx` and utils.data; training code, the command line and the lessons use it.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autogradkit.core.tensor import Tensor, wrap
from autogradkit.files import write_whole
from autogradkit.utils.data import Dataset
from autogradkit.vision.idx import read_idx

SAMPLE_FILE = Path(__file__).parent / "_data" / "mnist_sample.npz"
MOST_DOWNLOADED = 64_000_000  # bytes of one file; the largest of MNIST has ten million
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
Transform = Callable[[Any], Any]


class _Digits(Dataset):
    """Pictures of digits with their labels, each passed through the transforms when it is asked for."""

    classes: ClassVar[list[str]] = [f"{digit} - {name}" for digit, name in enumerate(_DIGITS)]
    data: Tensor
    targets: Tensor

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        train: bool,
        transform: Transform | None,
        target_transform: Transform | None,
    ) -> None:
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        self.data = wrap(images)
        self.targets = wrap(labels.astype(np.int64))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of every class."""
        return {name: digit for digit, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        picture: Any = Image.fromarray(self.data.numpy()[index])
        target: Any = int(self.targets.numpy()[index])
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target

    def _describe(self, **facts: str) -> str:
        facts = {"Number of datapoints": str(len(self)), **facts, "Split": "Train" if self.train else "Test"}
        lines = [f"Dataset {type(self).__name__}", *(f"    {name}: {value}" for name, value in facts.items())]
        if self.transform is not None or self.target_transform is not None:
            lines.append("    StandardTransform")
            for name, transform in (("Transform", self.transform), ("Target transform", self.target_transform)):
                if transform is not None:
                    indented = repr(transform).replace("\n", "\n" + " " * (len(name) + 2))
                    lines.append(f"{name}: {indented}")
        return "\n".join(lines)


class MNISTSample(_Digits):
    """The handwritten digits that the package carries: 5,000 to train on, 1,000 to test with, as many of each digit.

    `data` is a uint8 tensor (N, 28, 28), `targets` an int64 tensor (N,). An item is `(picture, label)`: a PIL image
    unless `transform` makes something else of it, and an int.

    >>> from autogradkit.vision.transforms import ToTensor
    >>> digits = MNISTSample(train=False, transform=ToTensor())
    >>> picture, label = digits[0]
    >>> len(digits), tuple(picture.shape), label
    (1000, (1, 28, 28), 7)
    """

    def __init__(
        self, train: bool = True, transform: Transform | None = None, target_transform: Transform | None = None
    ) -> None:
        part = "train" if train else "test"
        with np.load(SAMPLE_FILE) as sample:
            images, labels = sample[f"{part}_images"], sample[f"{part}_labels"]
        super().__init__(images, labels, train, transform, target_transform)

    def __repr__(self) -> str:
        return self._describe()


class MNIST(_Digits):
    """The full MNIST database, from its IDX files: 60,000 digits to train on, 10,000 to test with.

    `root` is a folder that holds the files, plain or `.gz`, directly or in `MNIST/raw` (torchvision's layout).
    `download=True` fetches what is missing into `root/MNIST/raw`. `data` is a uint8 tensor (N, 28, 28), `targets` an
    int64 tensor (N,). Raises RuntimeError where the files are not there, ValueError where one is damaged.

    >>> MNIST.classes[7]
    '7 - seven'
    """

    mirrors: ClassVar[list[str]] = ["https://ossci-datasets.s3.amazonaws.com/mnist/"]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        self.root = Path(root).expanduser()
        if download:
            self.download()
        folder = self._folder()
        if folder is None:
            raise _explained(
                RuntimeError("Dataset not found. You can use download=True to download it"),
                f"Looked for {self.resources[0][0]} and its three companions, with or without .gz, in "
                + ", ".join(str(place) for place in self._places()),
            )
        super().__init__(*read_mnist(folder, train), train, transform, target_transform)

    @property
    def raw_folder(self) -> Path:
        """Where `download` puts the files."""
        return self.root / "MNIST" / "raw"

    def download(self) -> None:
        """Fetch the four files, unless they are there, and check that they are the published ones."""
        if self._folder() is not None:
            return
        self.raw_folder.mkdir(parents=True, exist_ok=True)
        for name, md5 in self.resources:
            self._fetch(name, md5)

    def _fetch(self, name: str, md5: str) -> None:
        failed = ""
        for mirror in self.mirrors:
            try:
                with urllib.request.urlopen(mirror + name, timeout=60) as answer:
                    content = answer.read(MOST_DOWNLOADED)  # cut off, it is not the published one
            except urllib.error.URLError as error:
                failed = f"{mirror}{name}: {error.reason}"
                continue
            if hashlib.md5(content, usedforsecurity=False).hexdigest() == md5:
                write_whole(self.raw_folder / name, content)
                return
            failed = f"{mirror}{name}: the file is not the published one"
        raise _explained(RuntimeError(f"Error downloading {name}"), failed)

    def _places(self) -> tuple[Path, ...]:
        return self.raw_folder, self.root / "raw", self.root

    def _folder(self) -> Path | None:
        stems = [name.removesuffix(".gz") for name, _ in self.resources]
        for place in self._places():
            if all((place / stem).is_file() or (place / f"{stem}.gz").is_file() for stem in stems):
                return place
        return None

    def __repr__(self) -> str:
        return self._describe(**{"Root location": str(self.root)})


def read_mnist(folder: str | Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 28, 28) and labels (N,), both uint8, from the IDX files in `folder`, compressed or not.

    Raises FileNotFoundError where a file is missing, ValueError where one is damaged or the two do not fit together.
    """
    part = "train" if train else "t10k"
    images_file = _find(Path(folder), f"{part}-images-idx3-ubyte")
    labels_file = _find(Path(folder), f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(images_file), read_idx(labels_file)
    if images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise ValueError(f"{images_file} should hold uint8 images (N, 28, 28), not {images.dtype} {images.shape}")
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise ValueError(f"{labels_file} should hold uint8 labels (N,), not {labels.dtype} {labels.shape}")
    if len(images) != len(labels):
        raise ValueError(f"{images_file} holds {len(images)} images, but {labels_file} holds {len(labels)} labels")
    return images, labels


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"neither {name} nor {name}.gz is in {folder}")


def _explained(error: RuntimeError, note: str) -> RuntimeError:
    error.add_note(note)
    return error
