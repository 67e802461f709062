"""`vision.models`' enums of published parameters beside torchvision's: facts, look-ups, refusals, and files that are there."""

from __future__ import annotations

import copy
import pickle
import sys
import urllib.error
import urllib.request
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import autogradkit as ak
from autogradkit.vision import models as ours
from scripts.write_published_weights import FILE, text
from tests.every_case import every_case
from tests.parity.oracle_vision import torchvision

theirs = torchvision.models


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where both libraries look for published files: a new folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert ak.hub.get_dir() == torch.hub.get_dir() == str(tmp_path / "hub")
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_args: Any, **_kwargs: Any) -> Any:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(torch.hub, "urlopen", unreachable)


def facts(enum: Any) -> dict[str, Any]:
    """What an enum says, written out: some accuracies are NaN, which equals nothing."""
    return {
        name: repr((str(member), member, member.url, sorted({**member.meta, "_docs": ""}.items()), member.transforms()))
        for name, member in enum.__members__.items()
    }


def test_the_file_is_what_its_script_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run python -m scripts.write_published_weights"


@every_case("model", ours.list_models())
def test_an_enum_is_torchvisions(model: str) -> None:
    enum, expected = ours.get_model_weights(model), theirs.get_model_weights(model)
    assert facts(enum) == facts(expected)
    assert list(enum) == [ours.get_weight(str(member)) for member in expected]
    home = sys.modules[ours.get_model_builder(model).__module__.rpartition(".")[0]]
    assert getattr(home, enum.__name__) is enum is ours.get_model_weights(getattr(home, model))
    assert enum.__module__.removeprefix("autogradkit.vision") == expected.__module__.removeprefix("torchvision")


def test_members_are_copied_and_pickled() -> None:
    member = ours.ResNet50_Weights.DEFAULT
    assert copy.deepcopy(member) is member
    assert pickle.loads(pickle.dumps(member)) is member
    assert copy.deepcopy(member.value) == member.value != ours.ResNet50_Weights.IMAGENET1K_V1.value
    assert member.value != "IMAGENET1K_V2"


@every_case(
    "call",
    [
        "get_weight('ResNet18_Weights')",
        "get_weight('ResNet18.Weights.DEFAULT')",
        "get_weight('ResNet19_Weights.DEFAULT')",
        "get_weight('ResNet18_Weights.IMAGENET1K_V7')",
        "get_model_weights('resnet19')",
        "get_model_weights(len)",
        "get_model_weights(lambda weights: weights)",
        "ResNet18_Weights.verify(ResNet34_Weights.DEFAULT)",
        "ResNet18_Weights.verify(18)",
        "resnet18(weights='IMAGENET1K_V2')",
        "resnet18(weights=ResNet34_Weights.DEFAULT)",
        "resnet18(weights='DEFAULT', num_classes=10)",
        "vgg16(weights=VGG16_Weights.DEFAULT, num_classes=10)",
    ],
)
def test_wrong_calls_say_what_torchvision_says(call: str) -> None:
    with pytest.raises(Exception) as expected:  # noqa: PT011 - each call raises something else
        eval(call, dict(vars(theirs)))
    with pytest.raises(expected.type) as said:
        eval(call, dict(vars(ours)))
    assert str(said.value) == str(expected.value)


@pytest.mark.parametrize(
    "weights", ["ResNet50_Weights.DEFAULT", "VGG16_Weights.IMAGENET1K_FEATURES", "EfficientNet_B2_Weights.DEFAULT"]
)
def test_a_picture_is_prepared_alike(weights: str) -> None:
    pixels = np.random.default_rng(6).integers(0, 256, (300, 411, 3), dtype=np.uint8)
    prepare, expected = ours.get_weight(weights).transforms(), theirs.get_weight(weights).transforms()
    picture = Image.fromarray(pixels)
    np.testing.assert_array_equal(prepare(picture).numpy(), expected(picture).numpy())
    batch = pixels.transpose(2, 0, 1)[None].copy()
    step = 1.01 / 255 / min(prepare.std)  # where resizing rounds, by one of 256
    np.testing.assert_allclose(
        prepare(ak.from_numpy(batch)).numpy(), expected(torch.from_numpy(batch)).numpy(), rtol=0, atol=step
    )


def warnings_and_weights(call: str, models: Any) -> tuple[list[tuple[type, str]], dict[str, np.ndarray]]:
    with warnings.catch_warnings(record=True, action="always") as heard:
        model = eval(f"m.{call}", {"m": models})
    return [(each.category, str(each.message)) for each in heard], {
        name: tensor.numpy() for name, tensor in model.state_dict().items()
    }


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    "given",
    ["weights=m.SqueezeNet1_1_Weights.DEFAULT", "weights='DEFAULT'", "weights='SqueezeNet1_1_Weights.IMAGENET1K_V1'",
     "pretrained=True", "True", "weights=True"],
)  # fmt: skip
def test_a_file_that_is_there_is_loaded(checkpoints: Path, given: str) -> None:
    torch.manual_seed(3)
    torch.save(theirs.squeezenet1_1().state_dict(), checkpoints / "squeezenet1_1-b8a52dc0.pth")
    heard, state = warnings_and_weights(f"squeezenet1_1({given})", ours)
    wanted, expected = warnings_and_weights(f"squeezenet1_1({given})", theirs)
    assert heard == wanted
    assert state.keys() == expected.keys()
    assert all((state[name] == expected[name]).all() for name in state)
    assert ours.SqueezeNet1_1_Weights.DEFAULT.get_state_dict(progress=False).keys() == expected.keys()


@pytest.mark.usefixtures("offline")
def test_without_a_network_the_error_says_where_the_file_belongs(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for models in (theirs, ours):
        with pytest.raises(urllib.error.URLError) as raised:
            models.resnet18(weights=models.ResNet18_Weights.DEFAULT)
    url = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
    place = checkpoints / "resnet18-f37072fd.pth"
    assert raised.value.__notes__ == [f"autogradkit: fetch {url} where there is a network, and put it there: {place}"]
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == printed[1] == f'Downloading: "{url}" to {place}'
    assert list(checkpoints.iterdir()) == []


def test_a_fetched_file_has_the_digest_that_its_name_says(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(theirs.squeezenet1_0().state_dict(), tmp_path / "published")
    answer = urllib.request.urlopen
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: answer((tmp_path / "published").as_uri()))
    with pytest.raises(RuntimeError, match='invalid hash value \\(expected "b66bff10", got "'):
        ours.squeezenet1_0(weights="DEFAULT", progress=False)
    assert list(checkpoints.iterdir()) == []
