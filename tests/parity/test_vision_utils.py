"""`vision.utils` beside torchvision: grids, saved files, and what is drawn upon an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import autogradkit as ak
from autogradkit.vision import utils as ours
from tests.every_case import every_case
from tests.parity.oracle import to_ours
from tests.parity.oracle_vision import torchvision
from tests.parity.vision_cases import TENSORS, compare

theirs = torchvision.utils

BATCHES = {
    "rgb": torch.arange(7 * 3 * 4 * 5, dtype=torch.float32).view(7, 3, 4, 5) / 100 - 1,
    "grey": torch.arange(5 * 4 * 5, dtype=torch.float32).view(5, 1, 4, 5),
    "bytes": torch.arange(2 * 3 * 4 * 5, dtype=torch.uint8).view(2, 3, 4, 5),
    "one": torch.arange(3 * 4 * 5, dtype=torch.float32).view(1, 3, 4, 5),
    "image": torch.arange(1 * 4 * 5, dtype=torch.float32).view(1, 4, 5),
    "matrix": torch.arange(4 * 5, dtype=torch.float32).view(4, 5),
}
GRIDS = """
U.make_grid(x)
U.make_grid(x, nrow=3, padding=0)
U.make_grid(x, 2, 3, normalize=True, pad_value=0.5)
U.make_grid(x, normalize=True, value_range=(-0.5, 0.5))
U.make_grid(x, normalize=True, scale_each=True)
U.make_grid(x, normalize=True, value_range=[0, 1])
U.make_grid(list(x))
U.make_grid([1, x])
U.make_grid(3)
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def run(library: Any, tensors: Any, call: str, x: Any) -> Any:
    return eval(call, {"U": library, "t": tensors, "x": x})


@every_case("call", lines(GRIDS))
@every_case("kind", BATCHES)
def test_a_grid(call: str, kind: str) -> None:
    compare(lambda x: run(ours, ak, call, x), lambda x: run(theirs, torch, call, x), BATCHES[kind])


def test_a_normalised_grid_leaves_the_batch_as_it_was() -> None:
    batch = to_ours(BATCHES["rgb"])
    ours.make_grid(batch, normalize=True)
    np.testing.assert_array_equal(batch.numpy(), BATCHES["rgb"].numpy())


@pytest.mark.parametrize("name", ["grid.png", "grid.bmp"])
def test_a_saved_image(name: str, tmp_path: Path) -> None:
    theirs.save_image(BATCHES["rgb"], tmp_path / f"theirs-{name}", nrow=3)
    ours.save_image(to_ours(BATCHES["rgb"]), tmp_path / f"ours-{name}", nrow=3)
    one, other = (np.asarray(Image.open(tmp_path / f"{whose}-{name}")) for whose in ("ours", "theirs"))
    np.testing.assert_array_equal(one, other)


DRAWN = """
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9], [3.5, 0, 15, 11]]))
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9], [3, 0, 15, 11]]), labels=['a', 'bc'], colors=['red', (0, 255, 9)], width=2)
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9]]), fill=True, colors='#00ff00')
U.draw_bounding_boxes(x, t.tensor([[0, 0, 8, 9]]), ['q'], fill_labels=True, label_background_colors='blue', label_colors='white')
U.draw_bounding_boxes(x, t.tensor([[1, 2, 14, 2, 14, 9, 1, 9], [2, 6, 9, 1, 14, 6, 8, 11]]), colors=(9, 99, 200))
U.draw_bounding_boxes(x, t.tensor([[5, 2, 1, 9]]))
U.draw_bounding_boxes(x, t.zeros(0, 4))
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9]]), labels=['a', 'b'])
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9]]), colors=[])
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9]]), colors=(1, 2))
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9]]), colors=3)
U.draw_bounding_boxes(x, t.tensor([[1, 2, 8, 9]]), font_size=20)
U.draw_segmentation_masks(x, x[0] > 0.4)
U.draw_segmentation_masks(x, t.stack([x[0] > 0.6, x[1] < 0.7, x[2] == 0]), alpha=0.5, colors=['red', 'blue', (1, 2, 3)])
U.draw_segmentation_masks(x, t.ones(3, 3) > 0)
U.draw_segmentation_masks(x, t.ones(3, 3))
U.draw_segmentation_masks(x, t.ones(1, 1, 1, 1) > 0)
U.draw_keypoints(x, t.tensor([[[2, 3], [9, 8], [14.5, 2]], [[5, 5], [1, 11], [16, 12]]]), colors='red')
U.draw_keypoints(x, t.tensor([[[2, 3], [9, 8]]]), [(0, 1)], colors=(0, 0, 255), radius=1, width=1)
U.draw_keypoints(x, t.tensor([[[2, 3], [9, 8]]]), [(0, 1)], colors='red', visibility=t.tensor([[True, False]]))
U.draw_keypoints(x, t.tensor([[[2, 3], [9, 8]]]), visibility=t.tensor([True, False]))
U.draw_keypoints(x, t.tensor([[[2, 3], [9, 8]]]), visibility=t.tensor([[True]]))
U.draw_keypoints(x, t.tensor([[2, 3]]))
"""


@every_case("call", lines(DRAWN))
@every_case("kind", ["uint8", "float32", "grey", "batch"])
def test_what_is_drawn(call: str, kind: str) -> None:
    compare(lambda x: run(ours, ak, call, x), lambda x: run(theirs, torch, call, x), TENSORS[kind])


def test_a_flow_in_colours() -> None:
    flow = torch.randn(2, 2, 20, 30, generator=torch.Generator().manual_seed(5))
    for given in (flow, flow[0], flow * 0, -flow[1]):
        image, theirs = ours.flow_to_image(ak.tensor(given.numpy())), torchvision.utils.flow_to_image(given)
        assert (str(image.dtype), image.shape, image.stride()) == (str(theirs.dtype), theirs.shape, theirs.stride())
        apart = np.abs(image.numpy().astype(int) - theirs.numpy().astype(int))
        assert apart.max() <= 1  # a last digit of the direction may cross a border between two shades
        assert (apart > 0).mean() < 0.001
    for sizes in ((2, 3), (3, 4, 4)):
        for library, utils in ((ak, ours), (torch, torchvision.utils)):
            with pytest.raises(ValueError, match=r"have shape \(2, H, W\) or \(N, 2, H, W\), got torch\.Size"):
                utils.flow_to_image(library.ones(sizes))
            with pytest.raises(ValueError, match=r"Flow should be of dtype torch\.float, got torch\.float64"):
                utils.flow_to_image(library.ones(sizes).double())
