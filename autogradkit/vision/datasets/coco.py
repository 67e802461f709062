"""COCO (Lin et al., 2014): photographs with the objects in them, or with captions, from a JSON file of annotations.

Rests on `vision.datasets.vision`. The JSON is read here, so that pycocotools need not be installed; what it would compute (masks,
scores) is not.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.vision import Transform, Transforms, VisionDataset

Entry = dict[str, Any]


class Annotations:
    """What the JSON file says, under the names of pycocotools: images, annotations and categories by their ids."""

    def __init__(self, annotation_file: str | Path) -> None:
        with open(annotation_file, encoding="utf-8") as file:
            self.dataset: Entry = json.load(file)
        self.imgs: dict[int, Entry] = {each["id"]: each for each in self.dataset.get("images", ())}
        self.anns: dict[int, Entry] = {each["id"]: each for each in self.dataset.get("annotations", ())}
        self.cats: dict[int, Entry] = {each["id"]: each for each in self.dataset.get("categories", ())}
        self.imgToAnns: dict[int, list[Entry]] = defaultdict(list)
        self.catToImgs: dict[int, list[int]] = defaultdict(list)
        for each in self.dataset.get("annotations", ()):
            self.imgToAnns[each["image_id"]].append(each)
            if "category_id" in each:
                self.catToImgs[each["category_id"]].append(each["image_id"])

    def loadImgs(self, ids: int | Iterable[int] = ()) -> list[Entry]:  # noqa: N802 - pycocotools' name
        """The images of these ids."""
        return _entries_for(self.imgs, ids)

    def loadAnns(self, ids: int | Iterable[int] = ()) -> list[Entry]:  # noqa: N802
        """The annotations of these ids."""
        return _entries_for(self.anns, ids)

    def loadCats(self, ids: int | Iterable[int] = ()) -> list[Entry]:  # noqa: N802
        """The categories of these ids."""
        return _entries_for(self.cats, ids)

    def getImgIds(self) -> list[int]:  # noqa: N802
        """The ids of all images."""
        return list(self.imgs)

    def getCatIds(self) -> list[int]:  # noqa: N802
        """The ids of all categories."""
        return list(self.cats)

    def getAnnIds(self, imgIds: int | Iterable[int] = ()) -> list[int]:  # noqa: N802, N803
        """The ids of the annotations of these images, without any of all."""
        images = [imgIds] if isinstance(imgIds, int) else list(imgIds)
        if not images:
            return list(self.anns)
        return [each["id"] for image in images for each in self.imgToAnns.get(image, ())]


def _entries_for(entries: dict[int, Entry], ids: int | Iterable[int]) -> list[Entry]:
    return [entries[each] for each in ([ids] if isinstance(ids, int) else ids)]


class CocoDetection(VisionDataset):
    """Photographs with boxes and outlines: an item is (picture, list of its annotations), by increasing id of the image.

    `root` is the folder with the pictures, `annFile` the JSON file. `coco` holds what it says.
    """

    @entry
    def __init__(
        self,
        root: str | Path,
        annFile: str | Path,  # noqa: N803 - torchvision's name
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        transforms: Transforms | None = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.coco = Annotations(annFile)
        self.ids = sorted(self.coco.imgs)

    def _load_image(self, id: int) -> Any:
        from PIL import Image

        return Image.open(os.path.join(self.root, self.coco.imgs[id]["file_name"])).convert("RGB")

    def _load_target(self, id: int) -> list[Any]:
        return self.coco.loadAnns(self.coco.getAnnIds(id))

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not isinstance(index, int):
            raise ValueError(f"Index must be of type integer, got {type(index)} instead.")
        id = self.ids[index]
        picture, target = self._load_image(id), self._load_target(id)
        return (picture, target) if self.transforms is None else self.transforms(picture, target)

    def __len__(self) -> int:
        return len(self.ids)


class CocoCaptions(CocoDetection):
    """Photographs with captions: an item is (picture, list of sentences)."""

    def _load_target(self, id: int) -> list[str]:
        return [annotation["caption"] for annotation in super()._load_target(id)]
