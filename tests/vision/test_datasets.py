"""The digits: what the bundled sample holds, and how full IDX files are found, read, fetched and refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import autogradkit
from autogradkit.vision.datasets import MNIST, SAMPLE_FILE, MNISTSample, read_mnist
from autogradkit.vision.transforms import ToTensor

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.asarray(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def files() -> dict[str, bytes]:
    rng = np.random.default_rng(5)
    train, test = (rng.integers(0, 256, (n, 28, 28), dtype=np.uint8) for n in (7, 3))
    labels, test_labels = np.arange(7, dtype=np.uint8), np.array([9, 0, 4], dtype=np.uint8)
    return dict(zip(NAMES, map(idx, (train, labels, test, test_labels)), strict=True))


def store(folder: Path, files: dict[str, bytes], compress: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / (name + ".gz" * compress)).write_bytes(gzip.compress(content) if compress else content)


@pytest.mark.parametrize(("train", "each"), [(True, 500), (False, 100)])
def test_sample_is_balanced(train: bool, each: int) -> None:
    digits = MNISTSample(train=train)
    assert digits.data.shape == (10 * each, 28, 28)
    assert digits.data.dtype == autogradkit.uint8
    assert digits.targets.dtype == autogradkit.int64
    assert np.bincount(digits.targets.numpy()).tolist() == [each] * 10
    assert int(digits.data.numpy().max()) == 255
    assert len(digits) == 10 * each


def test_sample_is_one_small_file_with_its_licence() -> None:
    assert 800_000 < SAMPLE_FILE.stat().st_size < 1_400_000
    licence = (SAMPLE_FILE.parent / "LICENSE-MNIST.txt").read_text(encoding="utf-8")
    assert "CC BY-SA 3.0" in licence
    assert "Yann LeCun" in licence


def test_sample_items() -> None:
    plain = MNISTSample(train=False)
    picture, label = plain[0]
    assert picture.size == (28, 28)
    assert picture.mode == "L"
    assert label == 7
    assert plain.classes[7] == "7 - seven"
    assert plain.class_to_idx["3 - three"] == 3
    changed = MNISTSample(train=False, transform=ToTensor(), target_transform=lambda digit: digit * 10)
    tensor, label = changed[-1]
    assert tensor.dtype == autogradkit.float32
    np.testing.assert_allclose(tensor.numpy()[0] * 255, plain.data.numpy()[-1], rtol=1e-6)
    assert label == 10 * plain.targets.tolist()[-1]
    with pytest.raises(IndexError):
        plain[1000]


def test_sample_describes_itself() -> None:
    assert repr(MNISTSample(train=False, transform=ToTensor())) == (
        "Dataset MNISTSample\n    Number of datapoints: 1000\n    Split: Test\n    StandardTransform\n"
        "Transform: ToTensor()"
    )


@pytest.mark.parametrize("layout", ["MNIST/raw", "raw", "."])
@pytest.mark.parametrize("compress", [True, False], ids=["gz", "plain"])
def test_reads_both_layouts(tmp_path: Path, files: dict[str, bytes], layout: str, compress: bool) -> None:
    store(tmp_path / layout, files, compress)
    train, test = MNIST(tmp_path), MNIST(str(tmp_path), train=False)
    assert train.targets.tolist() == list(range(7))
    assert test.targets.tolist() == [9, 0, 4]
    assert test.data.numpy().tobytes() == files[NAMES[2]][16:]
    assert repr(test) == (f"Dataset MNIST\n    Number of datapoints: 3\n    Root location: {tmp_path}\n    Split: Test")


def test_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^Dataset not found\. You can use download=True to download it") as raised:
        MNIST(tmp_path)
    assert str(tmp_path / "MNIST" / "raw") in raised.value.__notes__[0]


def test_refuses_damaged_files(tmp_path: Path, files: dict[str, bytes]) -> None:
    store(tmp_path, files | {NAMES[0]: files[NAMES[0]][:-1]}, compress=False)
    with pytest.raises(ValueError, match="train-images-idx3-ubyte is truncated"):
        MNIST(tmp_path)
    store(tmp_path, files | {NAMES[0]: files[NAMES[2]]}, compress=False)
    with pytest.raises(ValueError, match=r"holds 3 images, but .* holds 7 labels"):
        MNIST(tmp_path)
    store(tmp_path, files | {NAMES[0]: files[NAMES[1]]}, compress=False)
    with pytest.raises(ValueError, match=r"should hold uint8 images \(N, 28, 28\), not uint8 \(7,\)"):
        MNIST(tmp_path)
    store(tmp_path, files | {NAMES[1]: files[NAMES[0]]}, compress=False)
    with pytest.raises(ValueError, match=r"should hold uint8 labels \(N,\)"):
        MNIST(tmp_path)


def test_downloads_once_and_checks(tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    published = tmp_path / "published"
    store(published, files, compress=True)
    sums = [(f.name, hashlib.md5(f.read_bytes(), usedforsecurity=False).hexdigest()) for f in published.iterdir()]
    monkeypatch.setattr(MNIST, "mirrors", [(tmp_path / "gone").as_uri() + "/", published.as_uri() + "/"])
    monkeypatch.setattr(MNIST, "resources", sums)
    root = tmp_path / "root"
    assert len(MNIST(root, download=True)) == 7
    assert sorted(f.name for f in (root / "MNIST" / "raw").iterdir()) == sorted(name for name, _ in sums)
    monkeypatch.setattr(MNIST, "mirrors", [])
    assert len(MNIST(root, train=False, download=True)) == 3
    monkeypatch.setattr(MNIST, "mirrors", [published.as_uri() + "/"])
    monkeypatch.setattr(MNIST, "resources", [(name, "0" * 32) for name, _ in sums])
    with pytest.raises(
        RuntimeError, match=r"^Error downloading .*:\nTried file:.*, got:\nFile not found or corrupted\.\n$"
    ):
        MNIST(tmp_path / "other", download=True)
    assert list((tmp_path / "other" / "MNIST" / "raw").iterdir()) == []


def test_read_mnist_names_the_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="neither t10k-images-idx3-ubyte nor"):
        read_mnist(tmp_path, train=False)


def test_feeds_a_data_loader() -> None:
    loader = autogradkit.utils.data.DataLoader(MNISTSample(train=False, transform=ToTensor()), batch_size=250)
    shapes = [(tuple(pictures.shape), labels.tolist()[:3]) for pictures, labels in loader]
    assert shapes[0] == ((250, 1, 28, 28), [7, 2, 1])
    assert len(shapes) == 4
    both = MNISTSample(train=True) + MNISTSample(train=False)
    assert len(both) == 6000


def test_an_answer_without_end_is_not_read_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 100_000, "all of it would be read"
            nonlocal given
            given += size
            return bytes(size)

    given = 0
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Endless())
    monkeypatch.setattr("autogradkit.vision.datasets.mnist.MOST_DOWNLOADED", 1_000_000)
    with pytest.raises(RuntimeError, match="Error downloading"):
        MNIST(tmp_path, download=True)
    assert given == 1_000_000 * len(MNIST.mirrors)
    assert list((tmp_path / "MNIST" / "raw").iterdir()) == []
