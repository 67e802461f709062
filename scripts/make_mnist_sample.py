"""Make the bundled MNIST sample from the full IDX files.

The sample holds the first 500 training and the first 100 test images of every digit, in the order of the full files,
so that the same input always gives the same file. `autogradkit.vision.datasets.MNISTSample` reads it.

    python scripts/make_mnist_sample.py FOLDER_WITH_IDX_FILES
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from autogradkit.vision.datasets import SAMPLE_FILE, read_mnist

TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 100


def balanced(images: np.ndarray, labels: np.ndarray, per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `per_class` images of every digit, in their original order."""
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == digit)[:per_class] for digit in range(10)]))
    if len(chosen) != 10 * per_class:
        raise ValueError(f"the files hold fewer than {per_class} images of some digit")
    return images[chosen], labels[chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="the folder that holds the four IDX files, .gz or not")
    parser.add_argument("--output", type=Path, default=SAMPLE_FILE, help="the file to write (default: %(default)s)")
    arguments = parser.parse_args()
    train_images, train_labels = balanced(*read_mnist(arguments.folder, train=True), TRAIN_PER_CLASS)
    test_images, test_labels = balanced(*read_mnist(arguments.folder, train=False), TEST_PER_CLASS)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        arguments.output,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
