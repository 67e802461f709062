"""MNIST and two data sets of its form, from their published files, and the sample of MNIST that the package carries.

Rests on `vision.idx`; training code, the command line and the lessons use it.
"""

from __future__ import annotations

import os
import urllib.error
import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.vision.datasets.utils import download_url
from autogradkit.vision.datasets.vision import Transform, VisionDataset
from autogradkit.vision.idx import read_idx

SAMPLE_FILE = Path(__file__).parent.parent / "_data" / "mnist_sample.npz"
MOST_DOWNLOADED = 64_000_000  # bytes of one file; the largest has thirty million
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _renamed(old: str, new: str) -> property:
    """An attribute under its older name, which warns."""

    def get(self: Any) -> Tensor:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=2)
        return getattr(self, new)

    return property(get, doc=f"The older name of `{new}`.")


class _Digits(VisionDataset):
    """Pictures of 28×28 pixels with their labels, each passed through the transforms when it is asked for."""

    classes: ClassVar[list[str]] = [f"{digit} - {name}" for digit, name in enumerate(_DIGITS)]
    data: Tensor
    targets: Tensor
    train: bool

    train_labels = _renamed("train_labels", "targets")
    test_labels = _renamed("test_labels", "targets")
    train_data = _renamed("train_data", "data")
    test_data = _renamed("test_data", "data")

    def _hold(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.data = wrap(images)
        self.targets = wrap(labels.astype(np.int64))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of every class."""
        return {name: number for number, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._transformed(Image.fromarray(self.data[index].numpy()), int(self.targets[index]))

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


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
        super().__init__(transform=transform, target_transform=target_transform)
        self.train = train
        part = "train" if train else "test"
        with np.load(SAMPLE_FILE) as sample:
            self._hold(sample[f"{part}_images"], sample[f"{part}_labels"])


class MNIST(_Digits):
    """The full MNIST database, from its IDX files: 60,000 digits to train on, 10,000 to test with.

    `root` is a folder that holds the files, plain or `.gz`, in `MNIST/raw` (torchvision's layout), in `raw` or directly.
    `download=True` fetches what is missing into `root/MNIST/raw`. `data` is a uint8 tensor (N, 28, 28), `targets` an
    int64 tensor (N,). Raises RuntimeError where the files are not there, ValueError where one is damaged.

    >>> MNIST.classes[7]
    '7 - seven'
    """

    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]

    @entry
    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        folder = self._folder()
        if folder is None:
            error = RuntimeError("Dataset not found. You can use download=True to download it")
            error.add_note(
                f"autogradkit: looked for {self.resources[0][0]} and its companions, with or without .gz, in "
                + ", ".join(map(str, self._places()))
            )
            raise error
        self._hold(*self._read(folder))

    def _read(self, folder: Path) -> tuple[np.ndarray, np.ndarray]:
        return read_mnist(folder, self.train)

    @property
    def raw_folder(self) -> str:
        """Where `download` puts the files."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @entry
    def download(self) -> None:
        """Fetch the four files, unless they are there, and check that they are the published ones."""
        if self._folder() is not None:
            return
        for name, md5 in self.resources:
            self._fetch(name, md5)

    def _fetch(self, name: str, md5: str) -> None:
        message = f"Error downloading {name}:\n"
        for mirror in self.mirrors:
            try:
                download_url(mirror + name, self.raw_folder, name, md5, MOST_DOWNLOADED)
            except (RuntimeError, urllib.error.URLError) as error:
                message += f"Tried {mirror}, got:\n{error}\n"
            else:
                return
        raise RuntimeError(message)

    def _places(self) -> tuple[Path, ...]:
        root = Path(self.root)
        return Path(self.raw_folder), root / "raw", root

    def _folder(self) -> Path | None:
        stems = [name.removesuffix(".gz") for name, _ in self.resources]
        for place in self._places():
            if all((place / stem).is_file() or (place / f"{stem}.gz").is_file() for stem in stems):
                return place
        return None


class FashionMNIST(MNIST):
    """70,000 pictures of clothes in the form of MNIST (Xiao et al., 2017).

    >>> FashionMNIST.classes[9]
    'Ankle boot'
    """

    mirrors: ClassVar[list[str]] = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes: ClassVar[list[str]] = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip


class KMNIST(MNIST):
    """70,000 handwritten hiragana in the form of MNIST (Clanuwat et al., 2018).

    >>> KMNIST.classes[2]
    'su'
    """

    mirrors: ClassVar[list[str]] = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes: ClassVar[list[str]] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


def read_mnist(folder: str | Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 28, 28) and labels (N,), both uint8, from the IDX files in `folder`, compressed or not.

    Raises FileNotFoundError where a file is missing, ValueError where one is damaged or the two do not fit together.
    """
    return read_part(folder, "train" if train else "t10k")


def read_part(folder: str | Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels in the two files whose names begin with `part`; see `read_mnist`."""
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
