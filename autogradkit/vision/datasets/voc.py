"""PASCAL VOC (Everingham et al., 2010): photographs with the objects in them, as boxes or as masks.

Rests on `vision.datasets.vision`; annotations are XML files, read by the standard library.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, parse

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from autogradkit.vision.datasets.vision import Transform, Transforms, VisionDataset


def _published(year: str, name: str, md5: str, filename: str | None = None, base: str = "VOCdevkit") -> dict[str, str]:
    folder = year.partition("-")[0]
    return {
        "url": f"https://thor.robots.ox.ac.uk/pascal/VOC/voc{folder}/{name}",
        "filename": filename or name,
        "md5": md5,
        "base_dir": os.path.join(base, f"VOC{folder}"),
    }


DATASET_YEAR_DICT = {
    "2012": _published("2012", "VOCtrainval_11-May-2012.tar", "6cd6e144f989b92b3379bac3b3de84fd"),
    "2011": _published(
        "2011",
        "VOCtrainval_25-May-2011.tar",
        "6c3384ef61512963050cb5d687e5bf1e",
        base=os.path.join("TrainVal", "VOCdevkit"),
    ),
    "2010": _published("2010", "VOCtrainval_03-May-2010.tar", "da459979d0c395079b5c75ee67908abb"),
    "2009": _published("2009", "VOCtrainval_11-May-2009.tar", "a3e00b113cfcfebf17e343f59da3caa1"),
    "2008": _published(
        "2008", "VOCtrainval_14-Jul-2008.tar", "2629fa636546599198acfcfbfcf1904a", "VOCtrainval_11-May-2012.tar"
    ),
    "2007": _published("2007", "VOCtrainval_06-Nov-2007.tar", "c52e279531787c972589f7e41ab4ae64"),
    "2007-test": _published("2007-test", "VOCtest_06-Nov-2007.tar", "b6e924de25625d8de591ea690078ad9f"),
}


class _VOC(VisionDataset):
    _SPLITS_DIR: ClassVar[str]
    _TARGET_DIR: ClassVar[str]
    _TARGET_FILE_EXT: ClassVar[str]

    @entry
    def __init__(
        self,
        root: str | Path,
        year: str = "2012",
        image_set: str = "train",
        download: bool = False,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        transforms: Transforms | None = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.year = verify_str_arg(year, "year", [str(each) for each in range(2007, 2013)])
        sets = ["train", "trainval", "val", *(["test"] if year == "2007" else [])]
        self.image_set = verify_str_arg(image_set, "image_set", sets)
        published = DATASET_YEAR_DICT["2007-test" if (year, image_set) == ("2007", "test") else year]
        self.url, self.filename, self.md5 = (published[each] for each in ("url", "filename", "md5"))
        folder = os.path.join(self.root, published["base_dir"])
        if download:
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.md5)
        if not os.path.isdir(folder):
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download it")
        with open(os.path.join(folder, "ImageSets", self._SPLITS_DIR, f"{image_set}.txt"), encoding="utf-8") as file:
            names = [line.strip() for line in file]
        self.images = [os.path.join(folder, "JPEGImages", f"{name}.jpg") for name in names]
        self.targets = [os.path.join(folder, self._TARGET_DIR, name + self._TARGET_FILE_EXT) for name in names]

    def __len__(self) -> int:
        return len(self.images)

    def _target(self, path: str) -> Any:
        raise NotImplementedError

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        picture = Image.open(self.images[index]).convert("RGB")
        target = self._target(self.targets[index])
        return (picture, target) if self.transforms is None else self.transforms(picture, target)


class VOCSegmentation(_VOC):
    """Photographs with masks: an item is (picture, picture whose colours number the classes).

    `root` is the folder with `VOCdevkit/VOC2012`, or that of another `year` from 2007; `image_set` is "train", "trainval", "val",
    and for 2007 "test".
    """

    _SPLITS_DIR = "Segmentation"
    _TARGET_DIR = "SegmentationClass"
    _TARGET_FILE_EXT = ".png"

    @property
    def masks(self) -> list[str]:
        """The files with the masks."""
        return self.targets

    def _target(self, path: str) -> Any:
        from PIL import Image

        return Image.open(path)


class VOCDetection(_VOC):
    """Photographs with boxes: an item is (picture, dict of what its XML file says).

    `root` is the folder with `VOCdevkit/VOC2012`, or that of another `year` from 2007; `image_set` is "train", "trainval", "val",
    and for 2007 "test".
    """

    _SPLITS_DIR = "Main"
    _TARGET_DIR = "Annotations"
    _TARGET_FILE_EXT = ".xml"

    @property
    def annotations(self) -> list[str]:
        """The files with the boxes."""
        return self.targets

    def _target(self, path: str) -> Any:
        return self.parse_voc_xml(parse(path).getroot())

    @staticmethod
    def parse_voc_xml(node: Element) -> dict[str, Any]:
        """A node as a dict; what occurs several times is a list, and so are an annotation's objects.

        >>> from xml.etree.ElementTree import fromstring
        >>> VOCDetection.parse_voc_xml(fromstring("<annotation><object><name>cat</name></object></annotation>"))
        {'annotation': {'object': [{'name': 'cat'}]}}
        """
        children = list(node)
        if not children:
            return {node.tag: node.text.strip()} if node.text else {}
        found: dict[str, list[Any]] = defaultdict(list)
        for child in children:
            for name, value in VOCDetection.parse_voc_xml(child).items():
                found[name].append(value)
        if node.tag == "annotation":
            found["object"] = [found["object"]]
        return {node.tag: {name: values[0] if len(values) == 1 else values for name, values in found.items()}}
