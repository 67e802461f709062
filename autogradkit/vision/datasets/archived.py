"""What data sets of one published archive share: where its files are, whether they are the published ones, fetching it."""

from __future__ import annotations

import os
from typing import ClassVar

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.utils import check_integrity, download_and_extract_archive
from autogradkit.vision.datasets.vision import VisionDataset


class Archived(VisionDataset):
    """A data set whose archive unpacks into `base_folder`; the lists have (file, digest) of all that must be there."""

    base_folder: str
    url: str
    filename: str
    tgz_md5: str
    train_list: ClassVar[list[list[str]]]
    test_list: ClassVar[list[list[str]]]

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _check_integrity(self) -> bool:
        return all(check_integrity(self._path(name), md5) for name, md5 in self.train_list + self.test_list)

    def _prepare(self, download: bool) -> None:
        """Fetch what is missing, if it may; RuntimeError where something is missing still, or not the published file."""
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download it")

    @entry
    def download(self) -> None:
        """Fetch and unpack the archive, unless its files are there."""
        if not self._check_integrity():
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.tgz_md5)
