"""Data sets of published photographs beside torchvision's, over the same made-up files: Food101, OxfordIIITPet, STL10, EMNIST."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import zipfile
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autogradkit.vision import datasets as ours
from tests.parity.test_vision_datasets import idx, plain, refusal, same_items, theirs

RNG = np.random.default_rng(5)


def photograph(path: Path, mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a few pictures of each data set."""
    food = tmp_path / "food-101"
    for split, listed in {"train": {"waffles": 3, "apple_pie": 2}, "test": {"apple_pie": 2, "waffles": 1}}.items():
        names = {name: [f"{name}/{split}{i}" for i in range(count)] for name, count in listed.items()}
        for each in [name for several in names.values() for name in several]:
            photograph(food / "images" / f"{each}.jpg")
        (food / "meta").mkdir(exist_ok=True)
        (food / "meta" / f"{split}.json").write_text(json.dumps(names))
    pets = tmp_path / "oxford-iiit-pet"
    rows = {"trainval": ["shiba_inu_2 3 2 1", "Abyssinian_1 1 1 1", "german_shorthaired_7 2 2 2", "Abyssinian_4 1 1 1"]}
    rows["test"] = ["Abyssinian_9 1 1 1", "great_pyrenees_5 2 2 1"]
    for split, lines in rows.items():
        for line in lines:
            photograph(pets / "images" / f"{line.split()[0]}.jpg", "L" if "_9" in line else "RGB")
            photograph(pets / "annotations" / "trimaps" / f"{line.split()[0]}.png", "L")
        (pets / "annotations" / f"{split}.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.mark.parametrize("split", ["train", "test"])
def test_food(root: Path, split: str) -> None:
    one, other = (m.Food101(root, split, transform=len_of, target_transform=str) for m in (ours, theirs))
    assert [one[i] for i in range(len(one))] == [other[i] for i in range(len(other))]
    one, other = ours.Food101(str(root), split), theirs.Food101(str(root), split)
    same_items(one, other)
    assert repr(one) == repr(other)
    assert (one.classes, one.class_to_idx) == (other.classes, other.class_to_idx)
    assert ours.Food101(root, split, loader=str)[1] == theirs.Food101(root, split, loader=str)[1]


def len_of(picture: Any) -> int:
    return int(np.asarray(picture).sum())


@pytest.mark.parametrize("split", ["trainval", "test"])
@pytest.mark.parametrize("kinds", ["category", "binary-category", "segmentation", ["category", "segmentation"], []])
def test_pets(root: Path, split: str, kinds: Any) -> None:
    one, other = ours.OxfordIIITPet(root, split, kinds), theirs.OxfordIIITPet(root, split, kinds)
    assert len(one) == len(other) > 1
    for index in (0, 1, -1):
        assert plain(one[index]) == plain(other[index])
    assert repr(one) == repr(other)
    for name in ("classes", "class_to_idx", "bin_classes", "bin_class_to_idx"):
        assert getattr(one, name) == getattr(other, name)
    both = [m.OxfordIIITPet(root, split, transforms=lambda picture, target: (target, 3)) for m in (ours, theirs)]
    assert both[0][1] == both[1][1]


@pytest.fixture
def stl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    for part, count in (("train", 7), ("test", 3), ("unlabeled", 4)):
        RNG.integers(0, 256, (count, 3, 96, 96), dtype=np.uint8).tofile(folder / f"{part}_X.bin")
        if part != "unlabeled":
            RNG.integers(1, 11, count, dtype=np.uint8).tofile(folder / f"{part}_y.bin")
    (folder / "fold_indices.txt").write_text("".join(f"{i % 7} {(i + 3) % 7} \n" for i in range(10)))
    (folder / "class_names.txt").write_text("airplane\nbird\n")
    for name in ("train_list", "test_list"):
        listed = [
            [file, hashlib.md5((folder / file).read_bytes()).hexdigest()] for file, _ in getattr(ours.STL10, name)
        ]
        assert getattr(ours.STL10, name) == getattr(theirs.STL10, name)
        for library in (ours, theirs):
            monkeypatch.setattr(library.STL10, name, listed)
    return tmp_path


@pytest.mark.filterwarnings("ignore:string or file could not be read:DeprecationWarning")  # of torchvision's reading
@pytest.mark.parametrize(
    "options", [{}, {"split": "test"}, {"split": "unlabeled"}, {"split": "train+unlabeled"}, {"folds": 4},
                {"split": "train+unlabeled", "folds": 9}],
)  # fmt: skip
def test_stl(stl: Path, options: dict[str, Any]) -> None:
    one, other = ours.STL10(stl, **options), theirs.STL10(stl, **options)
    same_items(one, other)
    assert repr(one) == repr(other)
    np.testing.assert_array_equal(one.labels, np.asarray(other.labels))
    assert (one.data.shape, one.classes) == (other.data.shape, other.classes)


def test_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed, theirs_raw = io.BytesIO(), tmp_path / "theirs" / "EMNIST" / "raw"
    theirs_raw.mkdir(parents=True)
    with zipfile.ZipFile(packed, "w") as archive:
        for split, part in itertools.product(ours.EMNIST.splits, ("train", "test")):
            labels = RNG.integers(1, 10, 4, dtype=np.uint8)
            for name, array in (
                ("images-idx3", RNG.integers(0, 256, (4, 28, 28), dtype=np.uint8)),
                ("labels-idx1", labels),
            ):
                archive.writestr(f"gzip/emnist-{split}-{part}-{name}-ubyte.gz", gzip.compress(idx(array)))
                (theirs_raw / f"emnist-{split}-{part}-{name}-ubyte").write_bytes(idx(array))
    (tmp_path / "gzip.zip").write_bytes(packed.getvalue())
    assert (ours.EMNIST.url, ours.EMNIST.md5) == (theirs.EMNIST.url, theirs.EMNIST.md5)
    monkeypatch.setattr(ours.EMNIST, "url", (tmp_path / "gzip.zip").as_uri())
    monkeypatch.setattr(ours.EMNIST, "md5", hashlib.md5(packed.getvalue()).hexdigest())
    for split, train in itertools.product(ours.EMNIST.splits, (True, False)):
        with redirect_stderr(io.StringIO()):
            one = ours.EMNIST(tmp_path / "ours", split, train=train, download=True)
            other = theirs.EMNIST(tmp_path / "theirs", split, train=train)
        same_items(one, other)
        assert repr(one).replace("/ours", "/theirs") == repr(other)
        assert (one.classes, one.class_to_idx) == (other.classes, other.class_to_idx)
        assert one.targets.tolist() == other.targets.tolist()
    assert not (tmp_path / "ours" / "EMNIST" / "raw" / "gzip").exists()
    assert len(ours.EMNIST(tmp_path / "theirs", "letters")) == 4


@pytest.mark.parametrize(
    "call",
    [
        "EMNIST(root, 'letters')",
        "EMNIST(root, 'letter')",
        "Food101(root)",
        "Food101(root, 'val')",
        "OxfordIIITPet(root)",
        "OxfordIIITPet(root, 'train')",
        "OxfordIIITPet(root, target_types=['category', 'breed'])",
        "STL10(root)",
        "STL10(root, 'val')",
        "STL10(root, folds=10)",
        "STL10(root, folds='a')",
    ],
)
def test_wrong_calls_say_what_torchvision_says(call: str, tmp_path: Path) -> None:
    mine, wanted = (refusal(lambda m=each: eval(f"m.{call}", {"m": m, "root": tmp_path})) for each in (ours, theirs))
    assert mine == wanted
