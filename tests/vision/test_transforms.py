"""Transforms: the numbers, layouts and refusals that torchvision has."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import autogradkit as torch
from autogradkit.vision.transforms import Compose, Normalize, ToTensor


def test_to_tensor_of_bytes_is_between_0_and_1() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10
    tensor = ToTensor()(picture)
    assert tensor.shape == (3, 2, 4)
    assert tensor.stride() == (8, 4, 1)
    assert tensor.dtype == torch.float32
    np.testing.assert_array_equal(tensor.numpy(), picture.transpose(2, 0, 1).astype(np.float32) / np.float32(255))
    assert ToTensor()(Image.fromarray(picture)).tolist() == tensor.tolist()


def test_to_tensor_keeps_other_dtypes() -> None:
    picture = np.array([[1.5, -2.0, 300.0]])
    tensor = ToTensor()(picture)
    assert tensor.dtype == torch.float64
    assert tensor.tolist() == [[[1.5, -2.0, 300.0]]]
    tensor.numpy()[0, 0, 0] = 9.0
    assert picture[0, 0] == 1.5


def test_to_tensor_refuses() -> None:
    with pytest.raises(TypeError, match=r"pic should be PIL Image or ndarray\. Got <class 'list'>"):
        ToTensor()([1, 2])
    with pytest.raises(ValueError, match=r"pic should be 2/3 dimensional\. Got 1 dimensions\."):
        ToTensor()(np.zeros(3))


def test_normalize_by_channel() -> None:
    tensor = torch.tensor([[[1.0, 2.0]], [[3.0, 5.0]]])
    changed = Normalize((1.0, 3.0), (0.5, 2.0))(tensor)
    assert changed.tolist() == [[[0.0, 2.0]], [[0.0, 1.0]]]
    assert tensor.tolist() == [[[1.0, 2.0]], [[3.0, 5.0]]]
    assert Normalize((1.0, 3.0), (0.5, 2.0), inplace=True)(tensor) is tensor
    assert tensor.tolist() == changed.tolist()


def test_normalize_refuses() -> None:
    step = Normalize((0.5,), (0.0,))
    with pytest.raises(TypeError, match="img should be Tensor Image"):
        step([1.0])
    with pytest.raises(TypeError, match=r"Input tensor should be a float tensor\. Got torch\.uint8\."):
        step(torch.zeros(1, 2, 2, dtype=torch.uint8))
    with pytest.raises(ValueError, match=r"size \(\.\.\., C, H, W\)\. Got tensor\.size\(\) = torch\.Size\(\[2, 2\]\)"):
        step(torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"std evaluated to zero after conversion to torch\.float32"):
        step(torch.zeros(1, 2, 2))


def test_compose() -> None:
    both = Compose([ToTensor(), Normalize((0.5,), (0.5,))])
    assert both(np.array([[0, 255]], dtype=np.uint8)).tolist() == [[[-1.0, 1.0]]]
    assert repr(both) == "Compose(\n    ToTensor()\n    Normalize(mean=(0.5,), std=(0.5,))\n)"
