"""Imagenette (Howard, 2019): ten classes of ImageNet, easily told apart. Rests on `vision.datasets.listed`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.folder import default_loader, find_classes, make_dataset
from autogradkit.vision.datasets.listed import NOT_FOUND, Listed, fetched
from autogradkit.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from autogradkit.vision.datasets.vision import Transform

_NAMES = {
    "n01440764": ("tench", "Tinca tinca"),
    "n02102040": ("English springer", "English springer spaniel"),
    "n02979186": ("cassette player",),
    "n03000684": ("chain saw", "chainsaw"),
    "n03028079": ("church", "church building"),
    "n03394916": ("French horn", "horn"),
    "n03417042": ("garbage truck", "dustcart"),
    "n03425413": ("gas pump", "gasoline pump", "petrol pump", "island dispenser"),
    "n03445777": ("golf ball",),
    "n03888257": ("parachute", "chute"),
}


class Imagenette(Listed):
    """Photographs of fish, dogs, churches and seven things more; `split` is "train" or "val", `size` "full", "320px" or "160px".

    `root` is the folder with `imagenette2`, `imagenette2-320` or `imagenette2-160`, where `download=True` puts it. Each of
    `classes` has one name or several. Raises RuntimeError where it is not there.
    """

    _ARCHIVES = {  # noqa: RUF012 - by size, the folder's name and the digest of its archive
        "full": ("imagenette2", "fe2fc210e6bb7c5664d602c3cd71e612"),
        "320px": ("imagenette2-320", "3df6f0d01a2c9592104656642f5e78a3"),
        "160px": ("imagenette2-160", "e793b78cc4c9e9a4ccc0c1155377a412"),
    }

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        size: str = "full",
        download: bool = False,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[Any], Any] = default_loader,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        verify_str_arg(split, "split", ("train", "val"))
        name, md5 = self._ARCHIVES[verify_str_arg(size, "size", ("full", "320px", "160px"))]
        folder = Path(self.root) / name
        url = f"https://s3.amazonaws.com/fast-ai-imageclas/{name}.tgz"
        fetched(folder.exists, download, lambda: download_and_extract_archive(url, self.root, md5=md5), f"{NOT_FOUND}.")
        self.wnids, self.wnid_to_idx = find_classes(str(folder / split))
        self.classes = [_NAMES[each] for each in self.wnids]
        self.class_to_idx = {word: place for place, words in enumerate(self.classes) for word in words}
        samples = make_dataset(str(folder / split), self.wnid_to_idx, extensions=".jpeg")
        self._image_files = [Path(path) for path, _ in samples]
        self._labels = [label for _, label in samples]
        self.loader = loader
