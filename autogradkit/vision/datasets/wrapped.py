"""Data sets whose targets say what they hold, boxes or masks, so that `transforms.v2` takes them along with the picture.

Rests on the data sets and on `tv_tensors`, which are loaded with the first data set that is wrapped.
"""

from __future__ import annotations

import collections.abc
import importlib
from collections.abc import Callable, Collection
from copy import copy
from typing import TYPE_CHECKING, Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.vision.datasets.caltech import Caltech101, Caltech256
from autogradkit.vision.datasets.cifar import CIFAR10, CIFAR100
from autogradkit.vision.datasets.coco import CocoCaptions, CocoDetection
from autogradkit.vision.datasets.folder import DatasetFolder, ImageFolder
from autogradkit.vision.datasets.mnist import MNIST, FashionMNIST
from autogradkit.vision.datasets.pets import OxfordIIITPet
from autogradkit.vision.datasets.textures import GTSRB
from autogradkit.vision.datasets.vision import VisionDataset
from autogradkit.vision.datasets.voc import VOCDetection, VOCSegmentation
from autogradkit.vision.ops._box_convert import box_convert

if TYPE_CHECKING:
    from autogradkit.vision.tv_tensors import BoundingBoxes, Mask

Wrapper = Callable[[int, Any], Any]


@entry
def wrap_dataset_for_transforms_v2(dataset: Any, target_keys: Any = None) -> Any:
    """A data set of this package, whose masks are `Mask`s and whose boxes are `BoundingBoxes` by their corners.

    `target_keys` says which parts of a dictionary are wanted, "all" for all; of `CocoDetection` and `VOCDetection`.
    """
    strings = isinstance(target_keys, collections.abc.Collection) and all(isinstance(key, str) for key in target_keys)
    if not (target_keys is None or strings):
        raise ValueError(
            "`target_keys` can be None, 'all', or a collection of strings denoting the keys to be returned, "
            f"but got {target_keys}"
        )
    return type(f"Wrapped{type(dataset).__name__}", (_Wrapped, type(dataset)), {})(dataset, target_keys)


class _Wrapped:
    """Stands before a data set, whose class it is of, too; transforms see what the wrapper makes of an item."""

    def __init__(self, dataset: Any, target_keys: Any) -> None:
        kind = type(dataset)
        if not isinstance(dataset, VisionDataset):
            raise TypeError(
                "This wrapper is meant for subclasses of `torchvision.datasets.VisionDataset`, "
                f"but got a '{kind.__name__}' instead.\n"
                "For an example of how to perform the wrapping for custom datasets, see\n\n"
                "https://pytorch.org/vision/main/auto_examples/plot_tv_tensors.html"
                "#do-i-have-to-wrap-the-output-of-the-datasets-myself"
            )
        known = next((each for each in kind.mro() if each in _WRAPPERS), None)
        if known is None:
            message = f"No wrapper exists for dataset class {kind.__name__}. Please wrap the output yourself."
            if kind.__module__.rpartition(".")[0] == __package__:
                message += (
                    " If an automated wrapper for this dataset would be useful for you, "
                    "please open an issue at https://github.com/pytorch/vision/issues."
                )
            raise TypeError(message)
        if target_keys is not None and known not in (CocoDetection, VOCDetection):
            raise ValueError(
                "`target_keys` is currently only supported for `CocoDetection`, `VOCDetection`, `Kitti`, and `WIDERFace`, "
                f"but got {known.__name__}."
            )
        self._dataset = dataset
        self._target_keys = target_keys
        self._wrapper = _WRAPPERS[known](dataset, target_keys)
        for name in ("transform", "target_transform", "transforms"):
            setattr(self, name, getattr(dataset, name))
            setattr(dataset, name, None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_dataset"], name)

    def __getitem__(self, index: int) -> Any:
        sample = self._wrapper(index, self._dataset[index])
        transforms = self.__dict__["transforms"]
        return sample if transforms is None else transforms(*sample)

    def __len__(self) -> int:
        return len(self._dataset)

    def __reduce__(self) -> Any:
        dataset = copy(self._dataset)
        for name in ("transform", "target_transform", "transforms"):
            setattr(dataset, name, self.__dict__[name])
        return wrap_dataset_for_transforms_v2, (dataset, self._target_keys)


def _as_is(dataset: Any, target_keys: Any) -> Wrapper:
    return lambda index, sample: sample


def _mask(picture: Any) -> Mask:
    from autogradkit.vision.tv_tensors import Mask

    return Mask(picture)


def _boxes(corners: Any, picture: Any) -> BoundingBoxes:
    from autogradkit.vision.tv_tensors import BoundingBoxes

    return BoundingBoxes(corners, format="XYXY", canvas_size=(picture.height, picture.width))


def _segmentation(dataset: Any, target_keys: Any) -> Wrapper:
    return lambda index, sample: (sample[0], _mask(sample[1]))


def _outlines_refused(dataset: Any, target_keys: Any) -> Wrapper:
    if "annotation" in dataset.target_type:
        raise RuntimeError(
            "Caltech101 dataset with `target_type=['annotation', ...]` is currently not supported by this wrapper. "
            "If this would be helpful for you, please open an issue at https://github.com/pytorch/vision/issues."
        )
    return _as_is(dataset, target_keys)


def _chosen(asked: Any, available: set[str], usual: set[str]) -> Collection[str]:
    if asked is None:
        return usual
    if asked == "all":
        return available
    extra = set(asked) - available
    if extra:
        raise ValueError(f"Target keys {sorted(extra)} are not available")
    return set(asked)


def _coco(dataset: Any, target_keys: Any) -> Wrapper:
    parts = {"segmentation", "area", "iscrowd", "bbox", "category_id"}
    keys = _chosen(target_keys, parts | {"image_id", "boxes", "masks", "labels"}, {"image_id", "boxes", "labels"})

    def wrapper(index: int, sample: Any) -> Any:
        picture, told = sample
        number = dataset.ids[index]
        if not told:
            return picture, {"image_id": number}
        made: dict[str, Any] = {}
        if "image_id" in keys:
            made["image_id"] = number
        if "boxes" in keys:
            boxes = ak.tensor([each["bbox"] for each in told])
            made["boxes"] = _boxes(box_convert(boxes, "xywh", "xyxy"), picture)
        if "masks" in keys:
            made["masks"] = _mask(ak.stack([_decoded(each["segmentation"], picture) for each in told]))
        if "labels" in keys:
            made["labels"] = ak.tensor([each["category_id"] for each in told])
        return picture, made | {part: [each[part] for each in told] for part in parts if part in keys}

    return wrapper


def _decoded(segmentation: Any, picture: Any) -> Any:
    """A mask of COCO's polygons or runs, by its own library."""
    mask: Any = importlib.import_module("pycocotools.mask")
    size = picture.height, picture.width
    if isinstance(segmentation, list):
        segmentation = mask.merge(mask.frPyObjects(segmentation, *size))
    elif not isinstance(segmentation, dict):
        raise ValueError(f"COCO segmentation expected to be a dict or a list, got {type(segmentation)}")
    elif not isinstance(segmentation["counts"], str):
        segmentation = mask.frPyObjects(segmentation, *size)
    return ak.from_numpy(mask.decode(segmentation))


_VOC = [
    *("__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
]


def _voc(dataset: Any, target_keys: Any) -> Wrapper:
    keys = _chosen(target_keys, {"annotation", "boxes", "labels"}, {"boxes", "labels"})

    def wrapper(index: int, sample: Any) -> Any:
        picture, told = sample
        objects = told["annotation"]["object"]
        made = dict(told) if "annotation" in keys else {}
        if "boxes" in keys:
            edges = ("xmin", "ymin", "xmax", "ymax")
            made["boxes"] = _boxes([[int(each["bndbox"][edge]) for edge in edges] for each in objects], picture)
        if "labels" in keys:
            made["labels"] = ak.tensor([_VOC.index(each["name"]) for each in objects])
        return picture, made

    return wrapper


def _pets(dataset: Any, target_keys: Any) -> Wrapper:
    kinds = dataset._target_types

    def wrapper(index: int, sample: Any) -> Any:
        picture, target = sample
        if target is None:
            return picture, target
        several = target if isinstance(target, tuple | list) else [target]
        made = tuple(_mask(each) if kind == "segmentation" else each for kind, each in zip(kinds, several, strict=True))
        return picture, made[0] if len(made) == 1 else made

    return wrapper


_WRAPPERS: dict[type, Callable[[Any, Any], Wrapper]] = {
    **dict.fromkeys(
        (
            Caltech256,
            CIFAR10,
            CIFAR100,
            MNIST,
            FashionMNIST,
            GTSRB,
            DatasetFolder,
            ImageFolder,
            CocoCaptions,
        ),
        _as_is,
    ),
    VOCSegmentation: _segmentation,
    Caltech101: _outlines_refused,
    CocoDetection: _coco,
    VOCDetection: _voc,
    OxfordIIITPet: _pets,
}
