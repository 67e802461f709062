"""Data sets in folders and small files, read from tiny copies by this package and by torchvision."""

from __future__ import annotations

import bz2
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from autogradkit import vision
from autogradkit.vision import datasets as ours
from tests.parity.oracle import error_of
from tests.parity.oracle_vision import torchvision

theirs: Any = torchvision.datasets
_RANDOM = np.random.default_rng(3)


def picture(path: Path, mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (9, 8, 3) if mode == "RGB" else (9, 8)
    Image.fromarray(_RANDOM.integers(0, 255, shape).astype(np.uint8), mode).save(path)


def written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def textures(root: Path) -> None:
    names = ["banded/banded_1.jpg", "dotted/dotted_4.jpg", "banded/banded_2.jpg"]
    for name in names:
        picture(root / "dtd/dtd/images" / name)
    written(root / "dtd/dtd/labels/train1.txt", "\n".join(names) + "\n")
    written(root / "dtd/dtd/labels/val2.txt", names[1] + "\n")


def signs(root: Path) -> None:
    for name in ("Training/00000/a.ppm", "Training/00002/b.ppm", "Final_Test/Images/c.ppm", "Final_Test/Images/d.ppm"):
        picture(root / "gtsrb/GTSRB" / name)
    written(root / "gtsrb/GT-final_test.csv", "Filename;Width;ClassId\nd.ppm;8;17\nc.ppm;8;3\n")


def cars(root: Path) -> None:
    home = root / "stanford_cars"
    for folder in ("cars_train", "cars_test"):
        for name in ("1.jpg", "2.jpg"):
            picture(home / folder / name)
    (home / "devkit").mkdir()
    rows = np.array([("2.jpg", 2), ("1.jpg", 1)], dtype=[("fname", object), ("class", object)])
    savemat(home / "devkit/cars_train_annos.mat", {"annotations": rows})
    savemat(home / "cars_test_annos_withlabels.mat", {"annotations": rows[::-1]})
    savemat(home / "devkit/cars_meta.mat", {"class_names": np.array(["Acura", "Dodge"], dtype=object)})


def flowers(root: Path) -> None:
    home = root / "flowers-102"
    for number in range(1, 7):
        picture(home / f"jpg/image_{number:05d}.jpg")
    savemat(home / "imagelabels.mat", {"labels": np.array([3, 3, 1, 2, 7, 1])})
    savemat(home / "setid.mat", {"trnid": np.array([2, 5]), "valid": np.array([6, 1]), "tstid": np.array([3, 4])})


def faces(root: Path) -> None:
    home = root / "celeba"
    names = ["000001.jpg", "000002.jpg", "000003.jpg", "000004.jpg"]
    for name in names:
        picture(home / "img_align_celeba" / name)

    def listed(file: str, rows: list[str], head: str = "") -> None:
        lines = [f"{name}  {row}" for name, row in zip(names, rows, strict=True)]
        written(home / f"{file}.txt", "\n".join([*(["4", head] if head else []), *lines]) + "\n")

    listed("list_eval_partition", ["0", "2", "0", "2"])
    listed("identity_CelebA", ["17", "3", "17", "5"])
    listed("list_attr_celeba", ["-1  1", " 1  1", " 1 -1", "-1 -1"], "Smiling Young ")
    listed("list_bbox_celeba", ["95 71 226 313", "1 2 3 4", "5 6 7 8", "0 0 1 1"], "image_id x_1 y_1 width height")
    listed("list_landmarks_align_celeba", ["69 109", "1 2", "3 4", "5 6"], "lefteye_x lefteye_y")


def ten_things(root: Path) -> None:
    for name in ("train/n02102040/b.JPEG", "train/n01440764/a.JPEG", "train/n02102040/c.JPEG", "val/n03028079/d.JPEG"):
        picture(root / "imagenette2-160" / name)


def land(root: Path) -> None:
    for name in ("Forest/Forest_1.jpg", "River/River_1.jpg", "River/River_2.jpg"):
        picture(root / "eurosat/2750" / name)


def envelopes(root: Path) -> None:
    rows = [
        f"{digit} " + " ".join(f"{at}:{value:.4f}" for at, value in enumerate(_RANDOM.uniform(-1, 1, 256), 1))
        for digit in (10, 3, 1)
    ]
    for name in ("usps.bz2", "usps.t.bz2"):
        (root / name).write_bytes(bz2.compress("\n".join(rows).encode()))
        rows = rows[:2]


def semeion(root: Path) -> None:
    rows = np.concatenate([_RANDOM.integers(0, 2, (3, 256)), np.eye(10)[[4, 0, 9]]], axis=1)
    np.savetxt(root / "semeion.data", rows, "%.4f")


def alphabets(root: Path) -> None:
    home = root / "omniglot-py"
    for part in ("images_background", "images_evaluation"):
        for name in ("Greek/character01/1_01.png", "Greek/character02/2_01.png", "Tifinagh/character01/3_01.png"):
            picture(home / part / name, "L")
        (home / f"{part}.zip").touch()


def moving(root: Path) -> None:
    (root / "MovingMNIST").mkdir()
    np.save(root / "MovingMNIST/mnist_test_seq.npy", _RANDOM.integers(0, 255, (20, 3, 4, 4)).astype(np.uint8))


def caltech101(root: Path) -> None:
    home = root / "caltech101"
    for name in ("Faces/image_0001", "Faces/image_0002", "anchor/image_0001", "BACKGROUND_Google/image_0001"):
        picture(home / f"101_ObjectCategories/{name}.jpg")
    for name in ("Faces_2/annotation_0001", "Faces_2/annotation_0002", "anchor/annotation_0001"):
        (home / "Annotations" / name).parent.mkdir(parents=True, exist_ok=True)
        savemat(home / "Annotations" / f"{name}.mat", {"obj_contour": _RANDOM.random((2, 3))})


def caltech256(root: Path) -> None:
    for name in ("001.ak47/001_0001.jpg", "001.ak47/001_0002.jpg", "002.flag/002_0001.jpg"):
        picture(root / "caltech256/256_ObjectCategories" / name)
    written(root / "caltech256/256_ObjectCategories/002.flag/notes.txt", "")


SETS: dict[str, tuple[Callable[[Path], None], list[dict[str, Any]]]] = {
    "DTD": (textures, [{}, {"split": "val", "partition": 2}, {"split": "tset"}, {"partition": "a"}]),
    "GTSRB": (signs, [{}, {"split": "test"}, {"split": "val"}]),
    "StanfordCars": (cars, [{}, {"split": "test"}, {"split": "val"}, {"download": True}]),
    "Flowers102": (flowers, [{}, {"split": "val"}, {"split": "test"}, {"split": "x"}]),
    "EuroSAT": (land, [{}]),
    "CelebA": (faces, [{}, {"split": "TEST", "target_type": ["identity", "bbox", "landmarks"]}, {"split": "all"}]),
    "Imagenette": (
        ten_things,
        [{"size": "160px"}, {"size": "160px", "split": "val"}, {}, {"size": "80px"}, {"split": "x"}],
    ),
    "USPS": (envelopes, [{}, {"train": False}]),
    "SEMEION": (semeion, [{"download": False}]),
    "Omniglot": (alphabets, [{}, {"background": False}]),
    "MovingMNIST": (moving, [{}, {"split": "train"}, {"split": "test", "split_ratio": 3}, {"split": "x"}]),
    "Caltech101": (caltech101, [{}, {"target_type": "annotation"}, {"target_type": ["category", "annotation"]}]),
    "Caltech256": (caltech256, [{}]),
}
SETS["MovingMNIST"][1].extend([{"split_ratio": 0}, {"split_ratio": "a"}])
SETS["CelebA"][1].extend([{"target_type": []}, {"split": "rest"}, {"target_type": [], "target_transform": str}])
SETS["Caltech101"][1].append({"target_type": "outline"})


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny copies have not the digests of the published files."""

    def there(path: Any, md5: str | None = None) -> bool:
        return os.path.isfile(path)

    for module in ("textures", "characters"):
        monkeypatch.setattr(f"autogradkit.vision.datasets.{module}.check_integrity", there)
    for module in ("flowers102", "semeion", "omniglot", "celeba"):
        monkeypatch.setattr(f"torchvision.datasets.{module}.check_integrity", there)


def plain(value: Any) -> Any:
    """Something that can be compared: pictures, arrays and tensors as numbers."""
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, Image.Image):
        return value.mode, np.asarray(value).tolist()
    return value.tolist() if hasattr(value, "tolist") else value


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("name", "options"), [(name, each) for name, (_, several) in SETS.items() for each in several])
def test_a_tiny_copy(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    SETS[name][0](tmp_path)
    refused = error_of(lambda: getattr(theirs, name)(str(tmp_path), **options))
    if refused is not None:
        assert error_of(lambda: getattr(ours, name)(str(tmp_path), **options)) == refused
        return
    one, other = (getattr(library, name)(str(tmp_path), **options) for library in (ours, theirs))
    assert repr(one) == repr(other)
    assert len(one) == len(other) > 0
    for each, expected in zip(one, (other[at] for at in range(len(other))), strict=False):
        assert plain(each) == plain(expected)
    for attribute in (
        "classes",
        "class_to_idx",
        "categories",
        "index",
        "y",
        "annotation_categories",
        "attr_names",
        "wnids",
        "filename",
    ):
        if hasattr(other, attribute) and name != "Flowers102":
            assert getattr(one, attribute) == getattr(other, attribute)


@pytest.mark.usefixtures("unchecked")
def test_what_is_done_to_items(tmp_path: Path) -> None:
    flowers(tmp_path)
    how = {"transform": str.upper, "target_transform": str, "loader": lambda path: path.name}
    assert list(ours.Flowers102(tmp_path, **how)) == [("IMAGE_00002.JPG", "2"), ("IMAGE_00005.JPG", "6")]


@pytest.mark.parametrize("name", SETS)
def test_what_is_missing_is_refused(name: str, tmp_path: Path) -> None:
    options = {"download": False} if name == "SEMEION" else {}
    refused = error_of(lambda: getattr(theirs, name)(str(tmp_path), **options))
    assert error_of(lambda: getattr(ours, name)(str(tmp_path), **options)) == refused
    assert refused is not None


def objects(root: Path) -> None:
    """Two pictures with boxes and masks, as VOC and as COCO have them, and as pets."""
    voc = root / "VOCdevkit/VOC2012"
    for name in ("a", "b"):
        picture(voc / f"JPEGImages/{name}.jpg")
        picture(voc / f"SegmentationClass/{name}.png", "L")
        parts = "".join(
            f"<object><name>{kind}</name><bndbox><xmin>{at}</xmin><ymin>2</ymin><xmax>6</xmax><ymax>8</ymax></bndbox></object>"
            for at, kind in enumerate(("dog", "person", "chair"))
        )
        written(voc / f"Annotations/{name}.xml", f"<annotation><folder>VOC2012</folder>{parts}</annotation>")
        picture(root / f"oxford-iiit-pet/images/Beagle_{name}.jpg")
        picture(root / f"oxford-iiit-pet/annotations/trimaps/Beagle_{name}.png", "L")
    for folder in ("Main", "Segmentation"):
        written(voc / f"ImageSets/{folder}/train.txt", "a\nb\n")
    written(root / "oxford-iiit-pet/annotations/trainval.txt", "Beagle_a 1 2 1\nBeagle_b 1 2 1\n")
    told = {
        "images": [{"id": 3, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
        "annotations": [
            {"id": at, "image_id": 3, "category_id": at + 1, "bbox": [at, 1, 3.5, 4], "area": 14.0, "iscrowd": 0}
            for at in range(2)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    written(root / "told.json", json.dumps(told))


WRAPPED = """
d.VOCDetection(root, image_set='train')
d.VOCDetection(root, image_set='train'), ['annotation', 'labels']
d.VOCDetection(root, image_set='train'), 'all'
d.VOCDetection(root, image_set='train'), ['box']
d.VOCDetection(root, image_set='train'), 3
d.VOCDetection(root, image_set='train', transform=lambda image: image.size)
d.VOCDetection(root, image_set='train', transforms=lambda image, target: (target, image))
d.VOCSegmentation(root, image_set='train')
d.VOCSegmentation(root, image_set='train'), 'all'
d.OxfordIIITPet(root)
d.OxfordIIITPet(root, target_types=['segmentation', 'category'])
d.ImageFolder(folders)
d.Food101(root)
d.FakeData(2)
[1, 2]
"""


@pytest.mark.parametrize("call", WRAPPED.strip().splitlines())
def test_targets_say_what_they_hold(call: str, tmp_path: Path) -> None:
    objects(tmp_path)
    land(tmp_path)
    for name in ("meta", "images"):
        (tmp_path / "food-101" / name).mkdir(parents=True)
    written(tmp_path / "food-101/meta/train.json", "{}")
    names = {"root": str(tmp_path), "folders": str(tmp_path / "eurosat/2750")}

    def wrapped(library: Any) -> Any:
        given = eval(call, names | {"d": library})
        return library.wrap_dataset_for_transforms_v2(*(given if isinstance(given, tuple) else (given,)))

    refused = error_of(lambda: wrapped(theirs))
    if refused is not None:
        assert error_of(lambda: wrapped(ours)) == refused
        return
    one, other = wrapped(ours), wrapped(theirs)
    assert type(one).__name__ == type(other).__name__
    assert isinstance(one, type(one).__mro__[2])
    assert len(one) == len(other)
    for at in range(len(other)):
        for each, expected in zip(one[at], other[at], strict=True):
            assert holding(each) == holding(expected)


def holding(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: holding(each) for name, each in value.items()}
    facts = (
        [str(getattr(value, name, None)) for name in ("format", "canvas_size")] if hasattr(value, "canvas_size") else []
    )
    return [type(value).__name__, plain(value), *facts]


def test_boxes_of_coco_are_given_by_corners(tmp_path: Path) -> None:
    """torchvision reads COCO with pycocotools alone, which is not installed: these are its numbers by hand."""
    objects(tmp_path)
    pictures = tmp_path / "VOCdevkit/VOC2012/JPEGImages"
    coco = ours.CocoDetection(pictures, tmp_path / "told.json")
    found = ours.wrap_dataset_for_transforms_v2(coco)
    picture, target = found[0]
    assert picture.size == (8, 9)
    assert list(target) == ["image_id", "boxes", "labels"]
    assert (target["image_id"], target["labels"].tolist()) == (3, [1, 2])
    assert target["boxes"].tolist() == [[0.0, 1.0, 3.5, 5.0], [1.0, 1.0, 4.5, 5.0]]
    assert (target["boxes"].format.value, target["boxes"].canvas_size) == ("XYXY", (9, 8))
    assert found[1][1] == {"image_id": 8}
    some = ours.wrap_dataset_for_transforms_v2(coco, ["area", "image_id"])
    assert some[0][1] == {"image_id": 3, "area": [14.0, 14.0]}
    with pytest.raises(ValueError, match=r"^Target keys \['box'\] are not available$"):
        ours.wrap_dataset_for_transforms_v2(coco, ["box"])


def test_a_wrapped_data_set_is_copied(tmp_path: Path) -> None:
    land(tmp_path)
    found = ours.wrap_dataset_for_transforms_v2(ours.EuroSAT(tmp_path, transform=str.upper, loader=os.path.basename))
    found.transforms = None
    again = pickle.loads(pickle.dumps(found))
    assert type(again).__name__ == "WrappedEuroSAT"
    assert [again[at] for at in range(3)] == [found[at] for at in range(3)]
    assert again.classes == ["Forest", "River"]


def test_what_opens_pictures() -> None:
    for library in (vision, torchvision):
        library.set_image_backend("PIL")
        assert library.get_image_backend() == "PIL"
        with pytest.raises(ValueError, match=r"^Invalid backend 'nope'\. Options are 'PIL' and 'accimage'$"):
            library.set_image_backend("nope")
    with pytest.raises(NotImplementedError, match="'PIL' opens the same pictures"):
        vision.set_image_backend("accimage")
