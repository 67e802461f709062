"""What data sets of photographs in files share: a list of files with a label each, read when asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.vision import VisionDataset


class Listed(VisionDataset):
    """A data set that has listed its `_image_files`, with `_labels`, and knows how to load one."""

    _image_files: list[Path]
    _labels: list[int]
    loader: Callable[[Any], Any]

    def __len__(self) -> int:
        return len(self._image_files)

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(self.loader(self._image_files[index]), self._labels[index])


def fetched(there: Callable[[], bool], download: bool, fetch: Callable[[], None], message: str) -> None:
    """Fetch what is not there, if it may; RuntimeError with what is to be said where it is not there still."""
    if download and not there():
        fetch()
    if not there():
        raise RuntimeError(message)


NOT_FOUND = "Dataset not found. You can use download=True to download it"
NOT_WHOLE = "Dataset not found or corrupted. You can use download=True to download it"
