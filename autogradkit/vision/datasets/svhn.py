"""SVHN (Netzer et al., 2011): house numbers, cut into digits, from the published MATLAB files. Rests on SciPy to read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.utils import check_integrity, download_url, verify_str_arg
from autogradkit.vision.datasets.vision import Transform, VisionDataset


class SVHN(VisionDataset):
    """Colour pictures of 32×32 pixels of digits; `split` is "train", "test" or "extra".

    `root` is the folder with `train_32x32.mat` and its companions. `data` is a uint8 array (N, 3, 32, 32), `labels` an int64
    array (N,), in which the digit 0 is 0, and not 10 as in the files.
    """

    split_list: ClassVar[dict[str, list[str]]] = {
        "train": [
            "http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
            "train_32x32.mat",
            "e26dedcc434d2e4c54c9b2d4a06d8373",
        ],
        "test": [
            "http://ufldl.stanford.edu/housenumbers/test_32x32.mat",
            "test_32x32.mat",
            "eb5a983be6a315427106f1b164d9cef3",
        ],
        "extra": [
            "http://ufldl.stanford.edu/housenumbers/extra_32x32.mat",
            "extra_32x32.mat",
            "a93ce644f1a588dc4d68dda5feec44a7",
        ],
    }

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", tuple(self.split_list))
        self.url, self.filename, self.file_md5 = self.split_list[split]
        if download:
            self.download()
        path = os.path.join(self.root, self.filename)
        if not check_integrity(path, self.file_md5):
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download it")
        from scipy.io import loadmat

        content: dict[str, Any] = loadmat(path)
        self.data: np.ndarray = content["X"].transpose(3, 2, 0, 1)
        self.labels: np.ndarray = content["y"].astype(np.int64).squeeze() % 10

    @entry
    def download(self) -> None:
        """Fetch the file, unless it is there."""
        download_url(self.url, self.root, self.filename, self.file_md5)

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._transformed(Image.fromarray(self.data[index].transpose(1, 2, 0)), int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {self.split}"
