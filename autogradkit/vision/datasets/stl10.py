"""STL-10 (Coates et al., 2011): a few labelled pictures among many that are not, from the published binary files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.archived import Archived
from autogradkit.vision.datasets.utils import verify_str_arg
from autogradkit.vision.datasets.vision import Transform


class STL10(Archived):
    """Pictures of 96×96 pixels of ten kinds of things; `split` is "train", "test", "unlabeled" or "train+unlabeled".

    `folds`, from 0 to 9, takes the thousand training pictures that are published as that fold. A picture without a label has
    the label -1. `root` is the folder with `stl10_binary`, where `download=True` puts it. `data` is a uint8 array
    (N, 3, 96, 96), `labels` an array (N,). Raises RuntimeError where the files are not there or not the published ones.
    """

    base_folder = "stl10_binary"
    url = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
    filename = "stl10_binary.tar.gz"
    tgz_md5 = "91f7769df0f17e558f3565bffb0c7dfb"
    class_names_file = "class_names.txt"
    folds_list_file = "fold_indices.txt"
    train_list: ClassVar[list[list[str]]] = [
        ["train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"],
        ["train_y.bin", "5a34089d4802c674881badbb80307741"],
        ["unlabeled_X.bin", "5242ba1fed5e4be9e1e742405eb56ca4"],
    ]
    test_list: ClassVar[list[list[str]]] = [
        ["test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"],
        ["test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"],
    ]
    splits = ("train", "train+unlabeled", "unlabeled", "test")

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        folds: int | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", self.splits)
        if folds is not None and not isinstance(folds, int):
            raise ValueError(f"Expected type None or int for argument folds, but got type {type(folds)}.")
        if folds is not None and folds not in range(10):
            raise ValueError(f"Value for argument folds should be in the range [0, 10), but got {folds}.")
        self.folds = folds
        self._prepare(download)
        parts = [self._read(part, folds) for part in split.split("+")]
        self.data: np.ndarray = np.concatenate([pictures for pictures, _ in parts])
        self.labels: np.ndarray = np.concatenate([labels for _, labels in parts])
        if os.path.isfile(self._path(self.class_names_file)):
            self.classes = Path(self._path(self.class_names_file)).read_text(encoding="utf-8").splitlines()

    def _read(self, part: str, fold: int | None) -> tuple[np.ndarray, np.ndarray]:
        """The pictures of a part, stored column by column, and their labels, stored from 1 on."""
        pictures = np.fromfile(self._path(f"{part}_X.bin"), np.uint8).reshape(-1, 3, 96, 96).transpose(0, 1, 3, 2)
        if part == "unlabeled":
            return pictures, np.full(len(pictures), -1)
        labels = np.fromfile(self._path(f"{part}_y.bin"), np.uint8) - 1
        if part == "train" and fold is not None:
            lines = Path(self._path(self.folds_list_file)).read_text(encoding="utf-8").splitlines()
            chosen = [int(each) for each in lines[fold].split()]
            pictures, labels = pictures[chosen], labels[chosen]
        return pictures, labels

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        picture = Image.fromarray(self.data[index].transpose(1, 2, 0))
        return self._transformed(picture, int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {self.split}"
