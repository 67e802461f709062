"""`vision.datasets` beside torchvision's, over the same small files: items, descriptions, refusals, what is fetched."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import tarfile
import urllib.error
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

import autogradkit as ak
from autogradkit.vision import datasets as ours
from autogradkit.vision.datasets import utils
from tests.parity.oracle_vision import torchvision

theirs = torchvision.datasets
RNG = np.random.default_rng(3)
Files = dict[str, bytes]


def plain(value: Any) -> Any:
    """An item that can be compared: pictures as their mode and pixels."""
    if isinstance(value, Image.Image):
        return value.mode, np.asarray(value).tolist()
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def same_items(one: Any, other: Any) -> None:
    assert len(one) == len(other) > 1
    for index in (0, 1, len(other) - 1, -1):
        mine, wanted = one[index], other[index]
        assert type(mine[0]) is type(wanted[0])
        assert type(mine[1]) is type(wanted[1])
        assert plain(mine) == plain(wanted)


def refusal(call: Callable[[], Any]) -> tuple[type[BaseException], str]:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - each call raises something else
        call()
    return raised.type, str(raised.value)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.asarray(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    for name in ("MNIST", "FashionMNIST", "KMNIST"):
        folder = tmp_path / name / "raw"
        folder.mkdir(parents=True)
        for part, count in (("train", 6), ("t10k", 4)):
            (folder / f"{part}-images-idx3-ubyte").write_bytes(
                idx(RNG.integers(0, 256, (count, 28, 28), dtype=np.uint8))
            )
            (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(RNG.integers(0, 10, count, dtype=np.uint8)))
    return tmp_path


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_digits_and_what_has_their_form(name: str, digits: Path) -> None:
    mine, wanted = getattr(ours, name), getattr(theirs, name)
    assert (mine.classes, mine.resources, mine.mirrors) == (wanted.classes, wanted.resources, wanted.mirrors)
    for train in (True, False):
        options = {"train": train, "transform": lambda picture: picture.rotate(90), "target_transform": oct}
        one, other = mine(str(digits), **options), wanted(str(digits), **options)
        same_items(one, other)
        assert repr(one) == repr(other)
        assert (one.raw_folder, one.class_to_idx) == (other.raw_folder, other.class_to_idx)
        assert one.data.tolist() == other.data.tolist()
        assert one.targets.tolist() == other.targets.tolist()
        assert (repr(one.data.dtype), repr(one.targets.dtype)) == (repr(other.data.dtype), repr(other.targets.dtype))
    assert refusal(lambda: one[9]) == refusal(lambda: other[9])
    assert refusal(lambda: mine(digits / "nowhere")) == refusal(lambda: wanted(digits / "nowhere"))
    with pytest.warns(UserWarning, match="^train_labels has been renamed targets$"):
        assert one.train_labels is one.targets


def batches(name: str, label: str) -> tuple[Files, dict[str, Any]]:
    """The files of a CIFAR, and what a class is told of them."""
    files, lists = {}, {}
    for part, names in (("train", ["first", "second"]), ("test", ["last"])):
        for each in names:
            data = RNG.integers(0, 256, (3, 3072), dtype=np.uint8)
            files[each] = pickle.dumps({"data": data, label: RNG.integers(0, 3, 3).tolist()}, protocol=4)
        lists[f"{part}_list"] = [[each, hashlib.md5(files[each]).hexdigest()] for each in names]
    files["about"] = pickle.dumps({"the_names": ["cat", "dog", "ship"]})
    meta = {"filename": "about", "key": "the_names", "md5": hashlib.md5(files["about"]).hexdigest()}
    return files, {**lists, "meta": meta, "base_folder": name}


def packed(files: Files, folder: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return content.getvalue()


@pytest.mark.parametrize(("name", "label"), [("CIFAR10", "labels"), ("CIFAR100", "fine_labels")])
def test_cifar(name: str, label: str, tmp_path: Path) -> None:
    published = ("base_folder", "url", "filename", "tgz_md5", "train_list", "test_list", "meta")
    mine, wanted = getattr(ours, name), getattr(theirs, name)
    assert [getattr(mine, each) for each in published] == [getattr(wanted, each) for each in published]
    assert refusal(lambda: mine(tmp_path)) == refusal(lambda: wanted(tmp_path))

    files, told = batches("small", label)
    archive = packed(files, "small")
    (tmp_path / "small.tar.gz").write_bytes(archive)
    told |= {
        "url": (tmp_path / "small.tar.gz").as_uri(),
        "filename": "c.tar.gz",
        "tgz_md5": hashlib.md5(archive).hexdigest(),
    }
    mine, wanted = (type(name, (each,), told) for each in (mine, wanted))
    root = tmp_path / "root"
    shown = io.StringIO()
    with redirect_stderr(shown):
        fetched = mine(root, download=True)
    assert "100%" in shown.getvalue() or "B/s" in shown.getvalue()
    assert sorted(each.name for each in root.iterdir()) == ["c.tar.gz", "small"]
    for train in (True, False):
        one, other = (each(root, train, target_transform=oct) for each in (mine, wanted))
        same_items(one, other)
        assert repr(one) == repr(other)
        assert (one.data.shape, one.data.strides, one.targets) == (other.data.shape, other.data.strides, other.targets)
        assert (one.classes, one.class_to_idx) == (other.classes, other.class_to_idx)
    assert len(fetched) == 6
    (root / "small" / "about").write_bytes(b"changed")
    assert refusal(lambda: mine(root)) == refusal(lambda: wanted(root))
    (root / "small" / "last").write_bytes(b"changed")
    assert refusal(lambda: mine(root)) == refusal(lambda: wanted(root))


def test_a_batch_that_runs_something_is_refused(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "run",)

    files, told = batches("small", "labels")
    files["first"] = pickle.dumps({"data": Runs()})
    told["train_list"][0][1] = hashlib.md5(files["first"]).hexdigest()
    (tmp_path / "small").mkdir()
    for name, content in files.items():
        (tmp_path / "small" / name).write_bytes(content)
    with pytest.raises(pickle.UnpicklingError, match="a batch of pictures has no"):
        type("CIFAR10", (ours.CIFAR10,), told)(tmp_path)
    assert not (tmp_path / "run").exists()


def test_svhn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ours.SVHN.split_list == theirs.SVHN.split_list
    assert refusal(lambda: ours.SVHN(tmp_path)) == refusal(lambda: theirs.SVHN(tmp_path))
    assert refusal(lambda: ours.SVHN(tmp_path, "val")) == refusal(lambda: theirs.SVHN(tmp_path, "val"))
    assert refusal(lambda: ours.SVHN(tmp_path, 3)) == refusal(lambda: theirs.SVHN(tmp_path, 3))
    file = tmp_path / "test_32x32.mat"
    savemat(
        file, {"X": RNG.integers(0, 256, (32, 32, 3, 5), dtype=np.uint8), "y": np.array([[10], [3], [1], [10], [9]])}
    )
    split = {"test": ["", file.name, hashlib.md5(file.read_bytes()).hexdigest()]}
    for library in (ours, theirs):
        monkeypatch.setattr(library.SVHN, "split_list", split)
    one, other = ours.SVHN(tmp_path, "test"), theirs.SVHN(tmp_path, "test")
    same_items(one, other)
    assert repr(one) == repr(other)
    assert one.labels.tolist() == other.labels.tolist() == [0, 3, 1, 0, 9]
    assert (one.data.shape, one.labels.dtype) == (other.data.shape, other.labels.dtype)


@pytest.mark.parametrize("size", [(3, 5, 4), (1, 2, 3)])
def test_fake_data(size: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    ak.manual_seed(1)
    options: dict[str, Any] = {"size": 4, "image_size": size, "num_classes": 7, "random_offset": 3}
    one, other = ours.FakeData(**options), theirs.FakeData(**options)
    for index in range(4):
        assert plain(one[index]) == plain(other[index])
    assert repr(one) == repr(other)
    assert refusal(lambda: one[4]) == refusal(lambda: other[4])
    assert ak.rand(3).tolist() == torch.rand(3).tolist()  # the stream goes on as if nothing had been drawn


XML = """<annotation><folder>VOC2012</folder><size><width>6</width><height>5</height></size>{}</annotation>"""
OBJECT = "<object><name>{}</name><bndbox><xmin>1</xmin><ymin>2</ymin></bndbox><part><name>head</name></part></object>"


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    base = tmp_path / "VOCdevkit" / "VOC2012"
    for folder in ("ImageSets/Main", "ImageSets/Segmentation", "JPEGImages", "Annotations", "SegmentationClass"):
        (base / folder).mkdir(parents=True)
    for sort in ("Main", "Segmentation"):
        (base / "ImageSets" / sort / "val.txt").write_text("a1\nb2\nc3\n")
    for number, name in enumerate(("a1", "b2", "c3")):
        Image.fromarray(RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)).save(base / "JPEGImages" / f"{name}.jpg")
        Image.fromarray(RNG.integers(0, 3, (5, 6), dtype=np.uint8)).save(base / "SegmentationClass" / f"{name}.png")
        objects = "".join(OBJECT.format(each) for each in ("cat", "dog")[:number])
        (base / "Annotations" / f"{name}.xml").write_text(XML.format(objects))
    return tmp_path


@pytest.mark.parametrize("name", ["VOCDetection", "VOCSegmentation"])
def test_voc(name: str, voc: Path) -> None:
    mine, wanted = getattr(ours, name), getattr(theirs, name)
    assert ours.voc.DATASET_YEAR_DICT == theirs.voc.DATASET_YEAR_DICT
    for year, part in (
        ("2012", "val"),
        ("2012", "test"),
        ("2007", "test"),
        ("2013", "val"),
        (2012, "val"),
        ("2012", "train"),
    ):
        if (year, part) != ("2012", "val"):
            assert refusal(lambda y=year, p=part: mine(voc, y, p)) == refusal(lambda y=year, p=part: wanted(voc, y, p))
    one, other = mine(voc, image_set="val"), wanted(voc, image_set="val")
    assert [plain(one[index]) for index in range(3)] == [plain(other[index]) for index in range(3)]
    assert repr(one) == repr(other)
    assert (one.images, one.targets) == (other.images, other.targets)
    flipped = {"image_set": "val", "transforms": lambda picture, target: (target, picture)}
    assert plain(mine(voc, **flipped)[2]) == plain(wanted(voc, **flipped)[2])
    both = {"transforms": max, "transform": str}
    assert refusal(lambda: mine(voc, **both)) == refusal(lambda: wanted(voc, **both))


def test_coco(tmp_path: Path) -> None:
    for number in (3, 8):
        Image.fromarray(RNG.integers(0, 256, (4, 5), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    file = tmp_path / "annotations.json"
    content = {
        "images": [{"id": 8, "file_name": "8.png"}, {"id": 3, "file_name": "3.png"}],
        "annotations": [
            {"id": 20, "image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "caption": "one"},
            {"id": 10, "image_id": 3, "category_id": 2, "bbox": [0, 1, 2, 2], "caption": "two"},
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    file.write_text(json.dumps(content))
    found = ours.CocoDetection(
        str(tmp_path), str(file), target_transform=lambda objects: [each["id"] for each in objects]
    )
    assert found.ids == [3, 8]
    assert found[0][0].mode == "RGB"
    assert found[0][1] == [20, 10]
    assert found[1][1] == []
    assert ours.CocoDetection(tmp_path, file)[0][1] == content["annotations"]
    assert ours.CocoCaptions(tmp_path, file)[0][1] == ["one", "two"]
    assert [each["name"] for each in found.coco.loadCats(found.coco.getCatIds())] == ["cat", "dog"]
    assert found.coco.loadImgs(8) == [{"id": 8, "file_name": "8.png"}]
    assert found.coco.catToImgs[2] == [3]
    with pytest.raises(ValueError, match="Index must be of type integer, got <class 'str'> instead"):
        found["0"]
    assert (
        repr(ours.CocoDetection(tmp_path, file))
        == f"Dataset CocoDetection\n    Number of datapoints: 2\n    Root location: {tmp_path}"
    )


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("dog/b.PNG", "dog/a.png", "cat/deep/z.jpg", "cat/note.txt", "ant/1.bmp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("txt"):
            (tmp_path / name).write_text("no picture")
        else:
            Image.fromarray(RNG.integers(0, 256, (3, 4, 3), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "loose.png").write_bytes(b"")
    return tmp_path


def test_folders_of_pictures(folders: Path) -> None:
    one, other = ours.ImageFolder(str(folders)), theirs.ImageFolder(str(folders))
    same_items(one, other)
    assert repr(one) == repr(other)
    for fact in ("classes", "class_to_idx", "samples", "imgs", "targets", "extensions"):
        assert getattr(one, fact) == getattr(other, fact)
    options = {"loader": Path, "extensions": (".txt", ".png"), "allow_empty": True}
    assert ours.DatasetFolder(folders, **options).samples == theirs.DatasetFolder(folders, **options).samples
    options = {"loader": str, "is_valid_file": lambda path: path.endswith("t"), "allow_empty": True}
    assert list(ours.DatasetFolder(folders, **options)) == list(theirs.DatasetFolder(folders, **options))


@pytest.mark.parametrize(
    "call",
    [
        "ImageFolder(root / 'nowhere')",
        "ImageFolder(root / 'dog')",
        "DatasetFolder(root, str, ('.txt', '.doc'))",
        "DatasetFolder(root, str, '.txt')",
        "DatasetFolder(root, str)",
        "DatasetFolder(root, str, ('.txt',), is_valid_file=bool)",
        "DatasetFolder(root, str, is_valid_file=lambda path: False)",
        "DatasetFolder.make_dataset(root, None, ('.png',))",
        "folder.make_dataset(root, {}, ('.png',))",
        "VisionDataset(root)[0]",
        "VisionDataset('x', str, str)",
    ],
)
def test_wrong_calls_say_what_torchvision_says(call: str, folders: Path) -> None:
    mine, wanted = (refusal(lambda m=each: eval(f"m.{call}", {"m": m, "root": folders})) for each in (ours, theirs))
    assert mine == wanted


def test_a_user_class_describes_itself() -> None:
    class Both:
        def __repr__(self) -> str:
            return "Both(\n    one\n)"

    texts = []
    for library in (ours, theirs):

        class Own(library.VisionDataset):
            def __len__(self) -> int:
                return 5

            def extra_repr(self) -> str:
                return "Kind: own\nMore: yes"

        texts.append([repr(Own(root, **options)) for root in (None, "~/x") for options in (
            {}, {"transform": Both()}, {"transform": Both(), "target_transform": Both()}, {"transforms": Both()}
        )])  # fmt: skip
    assert texts[0] == texts[1]


def test_nothing_half_fetched_is_left(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"0123456789")
    url, root = (tmp_path / "there").as_uri(), tmp_path / "root"
    for call, error in (
        (lambda: utils.download_url(url, root, md5="0" * 32), RuntimeError),
        (lambda: utils.download_url((tmp_path / "gone").as_uri(), root), urllib.error.URLError),
    ):
        with pytest.raises(error):
            call()
        assert list(root.iterdir()) == []
    with pytest.raises(urllib.error.URLError) as refused:
        utils.download_url((tmp_path / "gone").as_uri(), root, "name")
    assert str(root / "name") in refused.value.__notes__[0]
    utils.download_url(url, root, "name", hashlib.md5(b"0123456789").hexdigest())
    assert (root / "name").read_bytes() == b"0123456789"


def test_archives(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/side.txt", "zip")
    (tmp_path / "b.tar.gz").write_bytes(packed({"side.txt": b"tar", "more.txt": b"too"}, "in"))
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b"gz"))
    assert utils.extract_archive(tmp_path / "a.zip", tmp_path / "out") == tmp_path / "out"
    assert (tmp_path / "out" / "in" / "side.txt").read_text() == "zip"
    utils.extract_archive(str(tmp_path / "b.tar.gz"), tmp_path / "out", remove_finished=True)
    assert sorted((each.name, each.read_text()) for each in (tmp_path / "out" / "in").iterdir()) == [
        ("more.txt", "too"), ("side.txt", "tar"),
    ]  # fmt: skip
    assert not (tmp_path / "b.tar.gz").exists()
    assert utils.extract_archive(str(tmp_path / "c.txt.gz")) == str(tmp_path / "c.txt")
    (tmp_path / "d.tar.gz").write_bytes(packed({"../../outside": b"x"}, "in"))
    with pytest.raises(tarfile.OutsideDestinationError):
        utils.extract_archive(tmp_path / "d.tar.gz", tmp_path / "out")
    (tmp_path / "e.tar.gz").write_bytes(packed({"side.txt": bytes(100_000)}, "in")[:-40])
    with pytest.raises((EOFError, tarfile.ReadError)):
        utils.extract_archive(tmp_path / "e.tar.gz", tmp_path / "out")
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["in"]
    assert (tmp_path / "out" / "in" / "side.txt").read_text() == "tar"
