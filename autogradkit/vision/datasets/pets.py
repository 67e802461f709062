"""Oxford-IIIT Pets (Parkhi et al., 2012): cats and dogs with masks, from the published folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.vision.datasets.folder import pil_loader
from autogradkit.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from autogradkit.vision.datasets.vision import Transform, Transforms, VisionDataset


class OxfordIIITPet(VisionDataset):
    """Photographs of 37 breeds; `split` is "trainval" or "test".

    `target_types` is one of "category" (the breed's number), "binary-category" (0 for cats, 1 for dogs) and "segmentation" (a
    picture of 1 for the animal, 2 around it, 3 between), or several, for a tuple. `root` is the folder with
    `oxford-iiit-pet`, where `download=True` puts it. Raises RuntimeError where it is not there.
    """

    _RESOURCES = (
        ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c"),
        ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz", "95a8c909bbe2e81eed6a22bccdf3f68f"),
    )
    _VALID_TARGET_TYPES = ("category", "binary-category", "segmentation")

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str = "trainval",
        target_types: Sequence[str] | str = "category",
        transforms: Transforms | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        verify_str_arg(split, "split", ("trainval", "test"))
        wanted = [target_types] if isinstance(target_types, str) else target_types
        self._target_types = [verify_str_arg(each, "target_types", self._VALID_TARGET_TYPES) for each in wanted]
        super().__init__(root, transforms, transform, target_transform)
        folder = Path(self.root) / "oxford-iiit-pet"
        parts = (folder / "images", folder / "annotations")
        if download and not all(each.is_dir() for each in parts):
            for url, md5 in self._RESOURCES:
                download_and_extract_archive(url, folder, md5=md5)
        if not all(each.is_dir() for each in parts):
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        lines = (parts[1] / f"{split}.txt").read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines]
        self._images = [parts[0] / f"{name}.jpg" for name, *_ in rows]
        self._segs = [parts[1] / "trimaps" / f"{name}.png" for name, *_ in rows]
        self._labels = [int(breed) - 1 for _, breed, *_ in rows]
        self._bin_labels = [int(animal) - 1 for _, _, animal, _ in rows]
        breeds = {number: row[0].rpartition("_")[0] for number, row in zip(self._labels, rows, strict=True)}
        self.classes = [" ".join(word.title() for word in name.split("_")) for _, name in sorted(breeds.items())]
        self.bin_classes = ["Cat", "Dog"]
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}
        self.bin_class_to_idx = {name: number for number, name in enumerate(self.bin_classes)}

    def __len__(self) -> int:
        return len(self._images)

    def _target(self, kind: str, index: int) -> Any:
        from PIL import Image

        if kind == "segmentation":
            return Image.open(self._segs[index])
        return (self._labels if kind == "category" else self._bin_labels)[index]

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = pil_loader(self._images[index])
        targets = tuple(self._target(kind, index) for kind in self._target_types)
        target = targets if len(targets) > 1 else targets[0] if targets else None
        return (picture, target) if self.transforms is None else self.transforms(picture, target)
