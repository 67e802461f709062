"""Data sets of pictures: MNIST from its published files, and the sample of it that the package carries.

Rests on `vision.idx`; training code and lessons use it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autogradkit.vision.idx import read_idx

SAMPLE_FILE = Path(__file__).parent / "_data" / "mnist_sample.npz"


def read_mnist(folder: str | Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 28, 28) and labels (N,), both uint8, from the IDX files in `folder`, compressed or not.

    Raises FileNotFoundError where a file is missing, ValueError where one is damaged or the two do not fit together.
    """
    part = "train" if train else "t10k"
    images_file = _find(Path(folder), f"{part}-images-idx3-ubyte")
    labels_file = _find(Path(folder), f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(images_file), read_idx(labels_file)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"{images_file} holds no images: shape {images.shape}, {images.dtype}; uint8 (N, 28, 28) is it"
        )
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise ValueError(f"{labels_file} holds no labels: shape {labels.shape}, {labels.dtype}; uint8 (N,) is it")
    if len(images) != len(labels):
        raise ValueError(f"{images_file} holds {len(images)} images, {labels_file} holds {len(labels)} labels")
    return images, labels


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"neither {name} nor {name}.gz is in {folder}")
