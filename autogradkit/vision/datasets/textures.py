"""Photographs of textures, traffic signs, cars, flowers and land from above, from their published folders.

DTD (Cimpoi et al., 2014), GTSRB (Stallkamp et al., 2012), Stanford Cars (Krause et al., 2013), Flowers-102 (Nilsback and
Zisserman, 2008), EuroSAT (Helber et al., 2019). Each lists its files; SciPy reads the lists that are MATLAB's.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.folder import ImageFolder, default_loader, make_dataset, pil_loader
from autogradkit.vision.datasets.listed import NOT_FOUND, NOT_WHOLE, Listed, fetched
from autogradkit.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    download_url,
    verify_str_arg,
)
from autogradkit.vision.datasets.vision import Transform


class DTD(Listed):
    """Pictures of 47 textures in ten ways to split them; `split` is "train", "val" or "test"."""

    _URL = "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz"
    _MD5 = "fff73e5086ae6bdbea199a49dfb8a4c1"

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        partition: int = 1,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        loader: Callable[[Any], Any] = default_loader,
    ) -> None:
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        if not isinstance(partition, int) and not 1 <= partition <= 10:
            raise ValueError(
                f"Parameter 'partition' should be an integer with `1 <= partition <= 10`, but got {partition} instead"
            )
        self._partition = partition
        super().__init__(root, transform=transform, target_transform=target_transform)
        base = Path(self.root) / "dtd"
        folder = base / "dtd"
        fetch = lambda: download_and_extract_archive(self._URL, base, md5=self._MD5)  # noqa: E731
        fetched(folder.is_dir, download, fetch, NOT_FOUND)
        lines = (folder / "labels" / f"{split}{partition}.txt").read_text(encoding="utf-8").split()
        names = [line.split("/")[0] for line in lines]
        self.classes = sorted(set(names))
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}
        self._image_files = [folder / "images" / line for line in lines]
        self._labels = [self.class_to_idx[name] for name in names]
        self.loader = loader

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"split={self._split}, partition={self._partition}"


class GTSRB(Listed):
    """German traffic signs of 43 kinds; `split` is "train" or "test"."""

    _ADDRESS = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
    _ARCHIVES: ClassVar[dict[str, list[tuple[str, str]]]] = {
        "train": [("GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478")],
        "test": [
            ("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
            ("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
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
        self._split = verify_str_arg(split, "split", ("train", "test"))
        self._base_folder = Path(root) / "gtsrb"
        folder = self._base_folder / "GTSRB" / ("Training" if split == "train" else "Final_Test/Images")
        fetched(folder.is_dir, download, self.download, NOT_FOUND)
        if split == "train":
            samples = make_dataset(str(folder), extensions=(".ppm",))
        else:
            with open(self._base_folder / "GT-final_test.csv", encoding="utf-8") as file:
                rows = csv.DictReader(file, delimiter=";", skipinitialspace=True)
                samples = [(str(folder / row["Filename"]), int(row["ClassId"])) for row in rows]
        self._image_files = [Path(path) for path, _ in samples]
        self._labels = [label for _, label in samples]
        self.loader = pil_loader

    @entry
    def download(self) -> None:
        """Fetch and unpack the archives of the split."""
        for name, md5 in self._ARCHIVES[self._split]:
            download_and_extract_archive(self._ADDRESS + name, self._base_folder, md5=md5)


class StanfordCars(Listed):
    """Cars of 196 models; `split` is "train" or "test". Its address is gone: it is read where it is there."""

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
        base = Path(root) / "stanford_cars"
        devkit, folder = base / "devkit", base / f"cars_{split}"
        told = devkit / "cars_train_annos.mat" if split == "train" else base / "cars_test_annos_withlabels.mat"
        if download:
            raise ValueError("The original URL is broken so the StanfordCars dataset cannot be downloaded anymore.")
        if not (devkit.is_dir() and told.exists() and folder.is_dir()):
            raise RuntimeError("Dataset not found.")
        rows = _matlab(told)["annotations"]
        self._image_files = [folder / str(row["fname"]) for row in rows]
        self._labels = [row["class"] - 1 for row in rows]
        self.classes: list[str] = _matlab(devkit / "cars_meta.mat")["class_names"].tolist()
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}
        self.loader = loader


class Flowers102(Listed):
    """Flowers of 102 species; `split` is "train", "val" or "test"."""

    _ADDRESS = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
    _LISTS: ClassVar[dict[str, str]] = {
        "imagelabels.mat": "e0620be6f572b9609742df49c70aed4d",
        "setid.mat": "a5357ecc9cb78c4bef273ce3793fc85c",
    }
    _MD5 = "52808999861908f626f3c1f4e79d11fa"

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
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        self._base_folder = Path(self.root) / "flowers-102"
        fetched(self._check_integrity, download, self.download, NOT_WHOLE)
        column = {"train": "trnid", "val": "valid", "test": "tstid"}[split]
        numbers = _matlab(self._base_folder / "setid.mat")[column].tolist()
        labels = (_matlab(self._base_folder / "imagelabels.mat")["labels"] - 1).tolist()
        self._labels = [labels[number - 1] for number in numbers]
        self._image_files = [self._base_folder / "jpg" / f"image_{number:05d}.jpg" for number in numbers]
        self.loader = loader

    def _check_integrity(self) -> bool:
        lists = all(check_integrity(self._base_folder / name, md5) for name, md5 in self._LISTS.items())
        return lists and (self._base_folder / "jpg").is_dir()

    @entry
    def download(self) -> None:
        """Fetch the pictures and the lists."""
        download_and_extract_archive(f"{self._ADDRESS}102flowers.tgz", self._base_folder, md5=self._MD5)
        for name, md5 in self._LISTS.items():
            download_url(self._ADDRESS + name, self._base_folder, md5=md5)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"split={self._split}"


class EuroSAT(ImageFolder):
    """Land of ten kinds, photographed by satellites."""

    _URL = (
        "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip"
    )
    _MD5 = "c8fa014336c82ac7804f0398fcb19387"

    @entry
    def __init__(
        self,
        root: str | Path,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
        loader: Callable[[Any], Any] = default_loader,
    ) -> None:
        home = os.path.expanduser(root)
        base = Path(home) / "eurosat"
        fetch = lambda: download_and_extract_archive(self._URL, base, md5=self._MD5)  # noqa: E731
        fetched((base / "2750").exists, download, fetch, NOT_FOUND)
        super().__init__(str(base / "2750"), transform=transform, target_transform=target_transform, loader=loader)
        self.root = home


def _matlab(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat

    return loadmat(path, squeeze_me=True)
