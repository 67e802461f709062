"""Parameters of `vision.models` from files of torchvision's, older ones, too; and older ways to ask for them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import models as ours
from tests.parity.initial_calls import initial_calls
from tests.parity.oracle_vision import torchvision

theirs = torchvision.models


def test_parameters_come_from_a_file(tmp_path: Path) -> None:
    torch.manual_seed(9)
    expected = theirs.squeezenet1_1(num_classes=5)
    file = tmp_path / "squeezenet.pth"
    torch.save(expected.state_dict(), file)
    for model in (
        ours.squeezenet1_1(weights=file, num_classes=5),
        ours.get_model("squeezenet1_1", weights=str(file), num_classes=5),
    ):
        for tensor, other in zip(model.state_dict().values(), expected.state_dict().values(), strict=True):
            np.testing.assert_array_equal(tensor.numpy(), other.numpy())
    with pytest.raises(RuntimeError, match="size mismatch for classifier"):
        ours.squeezenet1_1(weights=file)
    with pytest.raises(FileNotFoundError):
        ours.squeezenet1_1(weights=tmp_path / "nowhere.pth")


def test_a_transformer_for_pictures_of_another_size(tmp_path: Path) -> None:
    for library, m in ((ak, ours), (torch, theirs)):
        library.manual_seed(4)
        stored = m.VisionTransformer(32, 8, 1, 2, 12, 16).state_dict()
        told = m.vision_transformer.interpolate_embeddings(48, 8, dict(stored), reset_heads=True)
        library.save(told["encoder.pos_embedding"].numpy().tolist(), tmp_path / f"{library.__name__}.pt")
        assert not [name for name in told if name.startswith("heads")]
    one, other = (torch.load(tmp_path / f"{name}.pt") for name in ("autogradkit", "torch"))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert np.shape(one) == (1, 37, 12)


def test_older_files_of_densenet(tmp_path: Path) -> None:
    expected = theirs.densenet121(num_classes=2)
    older = {
        key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): tensor
        for key, tensor in expected.state_dict().items()
        if not key.endswith("num_batches_tracked")  # younger than those files
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in older
    torch.save(older, tmp_path / "densenet.pth")
    with initial_calls(ak.nn.init):
        model = ours.densenet121(weights=tmp_path / "densenet.pth", num_classes=2)
    for tensor, other in zip(model.state_dict().values(), expected.state_dict().values(), strict=True):
        np.testing.assert_array_equal(tensor.numpy(), other.numpy())


def test_a_stored_googlenet_leaves_its_auxiliary_classifiers_out(tmp_path: Path) -> None:
    with initial_calls(torch.nn.init):
        stored = theirs.googlenet(init_weights=True)
    torch.save(stored.state_dict(), tmp_path / "googlenet.pth")
    with initial_calls(ak.nn.init):
        plain = ours.googlenet(weights=tmp_path / "googlenet.pth")
        both = ours.googlenet(weights=tmp_path / "googlenet.pth", aux_logits=True)
    assert (plain.aux_logits, plain.aux1, plain.aux2, plain.transform_input) == (False, None, None, True)
    assert list(both.state_dict()) == list(stored.state_dict())


def test_a_stored_inception_keeps_its_auxiliary_classifier_unless_unwanted(tmp_path: Path) -> None:
    with initial_calls(torch.nn.init):
        stored = theirs.inception_v3(init_weights=True)
    torch.save(stored.state_dict(), tmp_path / "inception.pth")
    with initial_calls(ak.nn.init):
        both = ours.inception_v3(weights=tmp_path / "inception.pth")
        plain = ours.inception_v3(weights=tmp_path / "inception.pth", aux_logits=False)
    assert (plain.aux_logits, plain.AuxLogits, plain.transform_input, both.transform_input) == (False, None, True, True)
    assert list(both.state_dict()) == list(stored.state_dict())


@pytest.mark.parametrize(
    "call",
    [
        "squeezenet1_1(pretrained=False)",
        "squeezenet1_1(False)",
        "squeezenet1_1(None, True)",
        "googlenet()",
        "inception_v3()",
    ],
)
def test_older_calls_warn_as_in_torchvision(call: str) -> None:
    with initial_calls(torch.nn.init), warnings.catch_warnings(record=True, action="always") as expected:
        eval(f"m.{call}", {"m": theirs})
    with initial_calls(ak.nn.init), warnings.catch_warnings(record=True, action="always") as said:
        eval(f"m.{call}", {"m": ours})
    assert [(each.category, str(each.message)) for each in said] == [
        (each.category, str(each.message)) for each in expected
    ]
    assert said
