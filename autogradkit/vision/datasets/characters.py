"""Handwritten characters beside MNIST.

USPS (Hull, 1994), Semeion (Buscema, 1998), Omniglot (Lake et al., 2015); moving digits.
"""

from __future__ import annotations

import bz2
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.datasets.listed import NOT_FOUND, NOT_WHOLE, Listed, fetched
from autogradkit.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    download_url,
    verify_str_arg,
)
from autogradkit.vision.datasets.vision import Transform, VisionDataset


class _Digits(VisionDataset):
    """Pictures of 16×16 pixels in an array."""

    data: np.ndarray

    def _label(self, index: int) -> int:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.data)

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._transformed(Image.fromarray(self.data[index]), self._label(index))


class USPS(_Digits):
    """Digits from envelopes, 7,291 to train on and 2,007 to test with."""

    split_list: ClassVar[dict[str, list[str]]] = {
        "train": [
            "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.bz2",
            "usps.bz2",
            "ec16c51db3855ca6c91edd34d0e9b197",
        ],
        "test": [
            "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.t.bz2",
            "usps.t.bz2",
            "8ea070ee2aca1ac39742fdd1ef5ed118",
        ],
    }

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
        url, name, md5 = self.split_list["train" if train else "test"]
        path = os.path.join(self.root, name)
        if download and not os.path.exists(path):
            download_url(url, self.root, name, md5=md5)
        with bz2.open(path, "rt") as file:
            rows = [line.split() for line in file]
        values = [[value.split(":")[-1] for value in row[1:]] for row in rows]
        pixels = np.asarray(values, dtype=np.float32).reshape((-1, 16, 16))
        self.data = ((pixels + 1) / 2 * 255).astype(np.uint8)
        self.targets = [int(row[0]) - 1 for row in rows]

    def _label(self, index: int) -> int:
        return self.targets[index]


class SEMEION(_Digits):
    """1,593 digits in black and white."""

    url = "http://archive.ics.uci.edu/ml/machine-learning-databases/semeion/semeion.data"
    filename = "semeion.data"
    md5_checksum = "cb545d371d2ce14ec121470795a77432"

    @entry
    def __init__(
        self,
        root: str | Path,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = True,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        path = os.path.join(self.root, self.filename)
        fetched(lambda: check_integrity(path, self.md5_checksum), download, self.download, NOT_WHOLE)
        numbers = np.loadtxt(path)
        self.data = (numbers[:, :256] * 255).astype(np.uint8).reshape(-1, 16, 16)
        self.labels = np.nonzero(numbers[:, 256:])[1]

    def _label(self, index: int) -> int:
        return int(self.labels[index])

    @entry
    def download(self) -> None:
        """Fetch the file, unless it is there."""
        download_url(self.url, self.root, self.filename, self.md5_checksum)


class Omniglot(Listed):
    """Characters of many alphabets, each drawn by twenty people; those of the `background`, or those to evaluate with."""

    folder = "omniglot-py"
    download_url_prefix = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
    zips_md5: ClassVar[dict[str, str]] = {
        "images_background": "68d2efa1b9178cc56df9314c21c6e718",
        "images_evaluation": "6b91aef0f799c5bb55b94e3f2daec811",
    }

    @entry
    def __init__(
        self,
        root: str | Path,
        background: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        loader: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(os.path.join(root, self.folder), transform=transform, target_transform=target_transform)
        self.background = background
        self._part = "images_background" if background else "images_evaluation"
        zipped, md5 = os.path.join(self.root, f"{self._part}.zip"), self.zips_md5[self._part]
        fetched(lambda: check_integrity(zipped, md5), download, self.download, NOT_WHOLE)
        self.target_folder = os.path.join(self.root, self._part)
        alphabets = [each for each in Path(self.target_folder).iterdir() if each.is_dir()]
        characters = [each for alphabet in alphabets for each in alphabet.iterdir() if each.is_dir()]
        pictures = [
            (file, at) for at, each in enumerate(characters) for file in each.iterdir() if file.suffix == ".png"
        ]
        self._image_files = [file for file, _ in pictures]
        self._labels = [at for _, at in pictures]
        self.loader = loader or _grey

    @entry
    def download(self) -> None:
        """Fetch and unpack the archive."""
        name = f"{self._part}.zip"
        url = f"{self.download_url_prefix}/{name}"
        download_and_extract_archive(url, self.root, filename=name, md5=self.zips_md5[self._part])


def _grey(path: Any) -> Any:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.convert("L")


class MovingMNIST(VisionDataset):
    """10,000 videos of two digits that move, as tensors (T, 1, 64, 64); `split` is None, "train" or "test".

    The first `split_ratio` of the twenty frames are to train on, the others to test with.
    """

    _URL = "http://www.cs.toronto.edu/~nitish/unsupervised_video/mnist_test_seq.npy"
    _MD5 = "be083ec986bfe91a449d63653c411eb2"

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str | None = None,
        split_ratio: int = 10,
        download: bool = False,
        transform: Transform | None = None,
    ) -> None:
        super().__init__(root, transform=transform)
        if split is not None:
            verify_str_arg(split, "split", ("train", "test"))
        self.split = split
        if not isinstance(split_ratio, int):
            raise TypeError(f"`split_ratio` should be an integer, but got {type(split_ratio)}")
        if not 1 <= split_ratio <= 19:
            raise ValueError(f"`split_ratio` should be `1 <= split_ratio <= 19`, but got {split_ratio} instead.")
        self.split_ratio = split_ratio
        path = Path(self.root) / "MovingMNIST" / "mnist_test_seq.npy"
        fetch = lambda: download_url(self._URL, path.parent, path.name, self._MD5)  # noqa: E731
        fetched(path.exists, download, fetch, f"{NOT_FOUND}.")
        frames = ak.from_numpy(np.load(path))
        if split is not None:
            frames = frames[:split_ratio] if split == "train" else frames[split_ratio:]
        self.data = frames.transpose(0, 1).unsqueeze(2).contiguous()

    def __len__(self) -> int:
        return len(self.data)

    @entry
    def __getitem__(self, index: int) -> Tensor:
        return self.data[index] if self.transform is None else self.transform(self.data[index])
