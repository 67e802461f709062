"""Caltech 101 (Fei-Fei et al., 2004) and 256 (Griffin et al., 2007): photographs of things, from the published folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.listed import NOT_WHOLE, fetched
from autogradkit.vision.datasets.utils import download_and_extract_archive, extract_archive, verify_str_arg
from autogradkit.vision.datasets.vision import Transform, VisionDataset


class _Numbered(VisionDataset):
    """A folder for each category, its pictures numbered from 1; `index` and `y` are the numbers and the categories."""

    categories: list[str]
    _folder: str

    def _list(self, ending: str) -> None:
        self.index, self.y = [], []
        for label, name in enumerate(self.categories):
            files = [file for file in os.listdir(os.path.join(self.root, self._folder, name)) if file.endswith(ending)]
            self.index += range(1, len(files) + 1)
            self.y += [label] * len(files)

    def __len__(self) -> int:
        return len(self.index)

    def _picture(self, index: int, name: str) -> Any:
        from PIL import Image

        return Image.open(os.path.join(self.root, self._folder, self.categories[self.y[index]], name))


class Caltech101(_Numbered):
    """Things of 101 kinds; `target_type` is "category", "annotation" (an outline, which SciPy reads), or several."""

    _folder = "101_ObjectCategories"

    @entry
    def __init__(
        self,
        root: str | Path,
        target_type: Sequence[str] | str = "category",
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(os.path.join(root, "caltech101"), transform=transform, target_transform=target_transform)
        wanted = [target_type] if isinstance(target_type, str) else target_type
        self.target_type = [verify_str_arg(each, "target_type", ("category", "annotation")) for each in wanted]
        folder = Path(self.root) / self._folder
        fetched(folder.exists, download, self.download, NOT_WHOLE)
        self.categories = sorted(os.listdir(folder))
        self.categories.remove("BACKGROUND_Google")
        others = {"Faces": "Faces_2", "Faces_easy": "Faces_3", "Motorbikes": "Motorbikes_16"}
        others["airplanes"] = "Airplanes_Side_2"
        self.annotation_categories = [others.get(name, name) for name in self.categories]
        self._list("")

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = self._picture(index, f"image_{self.index[index]:04d}.jpg")
        found = [self.y[index] if kind == "category" else self._outline(index) for kind in self.target_type]
        return self._transformed(picture, tuple(found) if len(found) > 1 else found[0])

    def _outline(self, index: int) -> Any:
        from scipy.io import loadmat

        name = f"annotation_{self.index[index]:04d}.mat"
        home = os.path.join(self.root, "Annotations", self.annotation_categories[self.y[index]])
        return loadmat(os.path.join(home, name))["obj_contour"]

    @entry
    def download(self) -> None:
        """Fetch the archive and unpack what is in it."""
        download_and_extract_archive(
            "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
            self.root,
            filename="caltech-101.zip",
            md5="3138e1922a9193bfa496528edbbc45d0",
            remove_finished=True,
        )
        inner = Path(self.root) / "caltech-101"
        for archive in inner.glob("*.gz"):
            extract_archive(archive, self.root)
        shutil.rmtree(inner)

    def extra_repr(self) -> str:
        """What targets are."""
        return f"Target type: {self.target_type}"


class Caltech256(_Numbered):
    """Things of 256 kinds, and one folder of others."""

    _folder = "256_ObjectCategories"

    @entry
    def __init__(
        self,
        root: str | Path,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(os.path.join(root, "caltech256"), transform=transform, target_transform=target_transform)
        folder = Path(self.root) / self._folder
        fetched(folder.exists, download, self.download, NOT_WHOLE)
        self.categories = sorted(os.listdir(folder))
        self._list(".jpg")

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        label = self.y[index]
        return self._transformed(self._picture(index, f"{label + 1:03d}_{self.index[index]:04d}.jpg"), label)

    @entry
    def download(self) -> None:
        """Fetch and unpack the archive."""
        download_and_extract_archive(
            "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
            self.root,
            filename="256_ObjectCategories.tar",
            md5="67b4f42ca05d46448c6bb8ecd2220f6d",
        )
