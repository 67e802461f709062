"""Food-101 (Bossard et al., 2014): photographs of dishes, from the published folder. Rests on `vision.datasets.listed`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.folder import default_loader
from autogradkit.vision.datasets.listed import NOT_FOUND, Listed, fetched
from autogradkit.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from autogradkit.vision.datasets.vision import Transform


class Food101(Listed):
    """Photographs of 101 dishes: 750 of each to train on, 250 to test with; `split` is "train" or "test".

    `root` is the folder with `food-101`, where `download=True` puts it (five thousand million bytes: fetched by hand).
    Raises RuntimeError where it is not there.
    """

    _URL = "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz"
    _MD5 = "85eeb15f3717b99a5da872d97d918f87"

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        loader: Callable[[Any], Any] = default_loader,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self._split = verify_str_arg(split, "split", ("train", "test"))
        folder = Path(self.root) / "food-101"
        fetched(
            lambda: (folder / "meta").is_dir() and (folder / "images").is_dir(),
            download,
            lambda: download_and_extract_archive(self._URL, self.root, md5=self._MD5),
            NOT_FOUND,
        )
        listed: dict[str, list[str]] = json.loads((folder / "meta" / f"{split}.json").read_text(encoding="utf-8"))
        self.classes = sorted(listed)
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}
        self._labels = [self.class_to_idx[name] for name, pictures in listed.items() for _ in pictures]
        self._image_files = [folder / "images" / f"{each}.jpg" for pictures in listed.values() for each in pictures]
        self.loader = loader

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"split={self._split}"
