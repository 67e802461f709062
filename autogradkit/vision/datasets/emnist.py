"""EMNIST (Cohen et al., 2017): handwritten letters and digits in the form of MNIST, in six selections."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.mnist import MNIST, read_part
from autogradkit.vision.datasets.utils import download_and_extract_archive, verify_str_arg

_ALL = sorted(string.digits + string.ascii_letters)
_MERGED = [each for each in _ALL if each not in "cijklmopsuvwxyz"]  # whose capitals look alike


class EMNIST(MNIST):
    """Letters and digits of 28×28 pixels, as they are published: lying on their side, mirrored.

    `split` is "byclass", "bymerge", "balanced", "letters", "digits" or "mnist". `root` is a folder that holds the files, plain
    or `.gz`, in `EMNIST/raw` (torchvision's layout), in `raw` or directly; `download=True` fetches all of them. Raises
    RuntimeError where they are not there, ValueError where one is damaged.

    >>> EMNIST.classes_split_dict["letters"][:3]
    ['N/A', 'a', 'b']
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict: ClassVar[dict[str, list[str]]] = {
        "byclass": _ALL,
        "bymerge": _MERGED,
        "balanced": _MERGED,
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    @entry
    def __init__(self, root: str | Path, split: str, train: bool = True, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        self._part = f"emnist-{split}-{'train' if train else 'test'}"
        files = [(f"{self._part}-{kind}-ubyte.gz", "") for kind in ("images-idx3", "labels-idx1")]
        vars(self).update(resources=files, classes=self.classes_split_dict[split])  # of MNIST all objects have the same
        super().__init__(root, train=train, **kwargs)

    def _read(self, folder: Path) -> tuple[np.ndarray, np.ndarray]:
        return read_part(folder, self._part)

    @entry
    def download(self) -> None:
        """Fetch and unpack the archive, which has the files of all selections, unless those of this one are there."""
        if self._folder() is not None:
            return
        raw = Path(self.raw_folder)
        download_and_extract_archive(self.url, raw, md5=self.md5)
        for packed in (raw / "gzip").glob("*.gz"):
            os.replace(packed, raw / packed.name)
        (raw / "gzip").rmdir()
