"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009): 60,000 small colour pictures, from the published Python batches.

Rests on `vision.datasets.archived`. The batches are pickles: those that have their digest are read, and by an unpickler that
makes arrays and plain containers only.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.archived import Archived
from autogradkit.vision.datasets.utils import check_integrity
from autogradkit.vision.datasets.vision import Transform

_REBUILD = np.empty(0).__reduce__()[0]  # what NumPy has its arrays pickled by, wherever that stands


class _Batch(pickle.Unpickler):
    """Reads what the batches hold, and runs nothing else that a file names."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("numpy") and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if module.startswith("numpy") and name == "_reconstruct":
            return _REBUILD
        raise pickle.UnpicklingError(f"a batch of pictures has no {module}.{name}")


def _read(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        return _Batch(file, encoding="latin1").load()


class CIFAR10(Archived):
    """Pictures of 32×32 pixels of ten kinds of things: 50,000 to train on, 10,000 to test with.

    `root` is the folder with `cifar-10-batches-py`, where `download=True` puts it. `data` is a uint8 array (N, 32, 32, 3),
    `targets` a list of ints. Raises RuntimeError where the files are not there or not the published ones.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[list[list[str]]] = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list: ClassVar[list[list[str]]] = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
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
        self.train = train
        self._prepare(download)
        batches = [_read(self._path(name)) for name, _ in (self.train_list if train else self.test_list)]
        pictures = np.vstack([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
        self.data: np.ndarray = pictures.transpose(0, 2, 3, 1)
        self.targets: list[int] = [
            label for batch in batches for label in batch["labels" if "labels" in batch else "fine_labels"]
        ]
        described = self._path(self.meta["filename"])
        if not check_integrity(described, self.meta["md5"]):
            raise RuntimeError("Dataset metadata file not found or corrupted. You can use download=True to download it")
        self.classes: list[str] = _read(described)[self.meta["key"]]
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._transformed(Image.fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """Pictures of 32×32 pixels of a hundred kinds of things: 50,000 to train on, 10,000 to test with."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list: ClassVar[list[list[str]]] = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list: ClassVar[list[list[str]]] = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }
