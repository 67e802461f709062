"""`models.detection`, `.segmentation` and `.video` beside torchvision: initial values, losses, gradients, detections.

torchvision's suppression and pooling of regions are C++ and may not load: here they are plain Python, put in their places.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import models as ours
from autogradkit.vision import ops as our_ops
from tests.parity.oracle import error_of
from tests.parity.oracle_vision import torchvision
from tests.parity.test_vision_regions import in_python, kept_by_loops

theirs: Any = torchvision.models


def _suppressed(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    kept = kept_by_loops(boxes.detach().numpy(), scores.detach().numpy(), iou_threshold)
    return torch.tensor(kept, dtype=torch.int64)


def _pooled(
    input: Any,
    boxes: Any,
    output_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Any:
    return in_python(input, boxes, spatial_scale, *output_size, sampling_ratio, aligned)


@pytest.fixture(autouse=True)
def oracle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """torchvision with plain Python for its C++, and float64 in both libraries, in which deep networks differ by little."""
    boxes, poolers = (importlib.import_module(f"torchvision.ops.{name}") for name in ("boxes", "poolers"))
    monkeypatch.setattr(boxes, "nms", _suppressed)
    monkeypatch.setattr(poolers, "roi_align", _pooled)
    monkeypatch.setattr(theirs.detection.roi_heads, "roi_align", _pooled)
    for library in (ak, torch):
        library.set_default_dtype(library.float64)
    yield
    for library in (ak, torch):
        library.set_default_dtype(library.float32)


@pytest.fixture
def single(oracle: None) -> None:
    """float32 again, where no numbers are compared: double ones take seven times as long to draw."""
    for library in (ak, torch):
        library.set_default_dtype(library.float32)


WIDTH = 32  # channels of the maps that heads read


def backbone(m: Any, library: Any) -> Any:
    """A pyramid over a network of three small stages, with the steps of a ResNet's."""
    nn = library.nn

    def stage(channels: int, width: int, step: int) -> Any:
        layers = nn.Conv2d(channels, width, 3, step, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        return nn.Sequential(*layers)

    sizes = {"stem": (3, 8, 4), "layer2": (8, 16, 2), "layer3": (16, 24, 2), "layer4": (24, 40, 2)}
    body = nn.Sequential(OrderedDict({name: stage(*size) for name, size in sizes.items()}))
    returned = {f"layer{number}": str(number - 2) for number in (2, 3, 4)}
    return m.detection.backbone_utils.BackboneWithFPN(body, returned, [16, 24, 40], WIDTH)


def pool(m: Any, size: int) -> Any:
    ops = our_ops if m is ours else torchvision.ops
    return ops.MultiScaleRoIAlign(["0", "1", "2"], size, 2)


def anchors(m: Any, sizes: Any, ratios: Any = (0.5, 1.0, 2.0)) -> Any:
    return m.detection.anchor_utils.AnchorGenerator(sizes, (ratios,) * len(sizes))


SMALL = {"min_size": 64, "max_size": 90}
FEW = {"rpn_post_nms_top_n_train": 40, "rpn_post_nms_top_n_test": 12, "rpn_batch_size_per_image": 32}
FEW |= {"box_batch_size_per_image": 24, "box_detections_per_img": 7, "rpn_pre_nms_top_n_train": 90, **SMALL}
FEW |= {"rpn_pre_nms_top_n_test": 50, "box_score_thresh": 0.1}


def regions(m: Any, kind: str, **more: Any) -> Any:
    library = ak if m is ours else torch
    d = m.detection
    heads = {
        "rpn_anchor_generator": anchors(m, ((8,), (16,), (32,), (64,))),
        "box_roi_pool": pool(m, 3),
        "box_head": d.faster_rcnn.TwoMLPHead(WIDTH * 9, 1024),
    }
    return getattr(d, kind)(backbone(m, library), 4, **heads, **FEW, **more)


def dense(m: Any, kind: str, sizes: Any, ratios: Any, **more: Any) -> Any:
    library = ak if m is ours else torch
    return getattr(m.detection, kind)(
        backbone(m, library), 4, anchor_generator=anchors(m, sizes, ratios), **SMALL, **more
    )


def giou(m: Any) -> Any:
    model = dense(m, "RetinaNet", ((8,), (16,), (32,), (64,)), (1.0, 2.0), topk_candidates=20, score_thresh=0.009)
    model.head.regression_head._loss_type = "giou"
    return model


def ssd(m: Any) -> Any:
    library = ak if m is ours else torch
    boxes = m.detection.anchor_utils.DefaultBoxGenerator([[2], [2, 3], [2], [2]])
    body = backbone(m, library)
    body.out_channels = [WIDTH] * 4
    return m.detection.ssd.SSD(body, boxes, (96, 64), 4, topk_candidates=20, score_thresh=0.2, detections_per_img=9)


FOUR = ((8,), (16,), (32,), (64,))
DETECTORS = {
    "faster": lambda m: regions(m, "FasterRCNN"),
    "mask": lambda m: regions(
        m,
        "MaskRCNN",
        mask_roi_pool=pool(m, 4),
        mask_head=m.detection.mask_rcnn.MaskRCNNHeads(WIDTH, (16, 256), 1),
    ),
    "keypoint": lambda m: regions(
        m,
        "KeypointRCNN",
        num_keypoints=3,
        keypoint_roi_pool=pool(m, 4),
        keypoint_head=m.detection.keypoint_rcnn.KeypointRCNNHeads(WIDTH, (8, 512)),
    ),
    "retina": lambda m: dense(m, "RetinaNet", FOUR, (1.0, 2.0), topk_candidates=20, score_thresh=0.009),
    "giou": giou,
    "fcos": lambda m: dense(m, "FCOS", FOUR, (1.0,), topk_candidates=20, score_thresh=0.06),
    "ssd": ssd,
}


def twins(build: Any) -> tuple[Any, Any]:
    torch.manual_seed(7)
    ak.manual_seed(7)
    return build(ours), build(theirs)


def large_twins(build: Any) -> tuple[Any, Any]:
    """The same of networks of millions of parameters: drawn in float32, in a seventh of the time, then made double."""
    for library in (ak, torch):
        library.set_default_dtype(library.float32)
    made = twins(build)
    for library in (ak, torch):
        library.set_default_dtype(library.float64)
    return made[0].double(), made[1].double()


def targets(library: Any, kind: str) -> list[dict[str, Any]]:
    boxes = [[[3.0, 5.0, 30.0, 40.0], [20.0, 10.0, 47.0, 33.0], [1.0, 2.0, 9.0, 12.0]], [[10.0, 20.0, 50.0, 45.0]]]
    made = []
    for number, each in enumerate(boxes):
        target = {"boxes": library.tensor(each), "labels": library.tensor([1, 3, 2][: len(each)])}
        if kind == "mask":
            masks = np.zeros((len(each), 56, 64), np.uint8)
            for mask, (left, top, right, bottom) in zip(masks, np.array(each).astype(int), strict=True):
                mask[top : bottom - 3, left + 1 : right] = 1
            target["masks"] = library.from_numpy(masks)
        if kind == "keypoint":
            points = np.random.default_rng(number).uniform(5, 40, (len(each), 3, 3)).astype(np.float32)
            points[..., 2] = [1, 1, 0]
            target["keypoints"] = library.from_numpy(points)
        made.append(target)
    return made


def pictures(library: Any) -> list[Any]:
    rng = np.random.default_rng(3)
    return [library.from_numpy(rng.random((3, *size))) for size in ((56, 64), (60, 52))]


def alike(one: Any, other: Any, tolerance: float = 1e-6) -> None:
    """Both, or all in them, the same numbers."""
    if isinstance(other, dict):
        assert list(one) == list(other)
        for name in other:
            alike(one[name], other[name], tolerance)
    elif isinstance(other, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            alike(a, b, tolerance)
    else:
        assert (tuple(one.shape), repr(one.dtype)) == (tuple(other.shape), repr(other.dtype))
        numbers = other.detach().numpy()
        largest = np.abs(numbers).max(initial=1e-9)
        np.testing.assert_allclose(one.detach().numpy(), numbers, rtol=tolerance, atol=tolerance * largest)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("kind", DETECTORS)
def test_a_detector_learns_and_finds_what_torchvisions_does(kind: str) -> None:
    model, expected = twins(DETECTORS[kind])
    assert repr(model) == repr(expected)
    for (name, tensor), other in zip(model.state_dict().items(), expected.state_dict().items(), strict=True):
        assert name == other[0]
        np.testing.assert_array_equal(tensor.numpy(), other[1].numpy(), name)
    torch.manual_seed(3)
    ak.manual_seed(3)
    losses, wanted = model(pictures(ak), targets(ak, kind)), expected(pictures(torch), targets(torch, kind))
    alike(losses, wanted)
    ak.stack(list(losses.values())).sum().backward()
    torch.stack(list(wanted.values())).sum().backward()
    for (name, parameter), other in zip(model.named_parameters(), expected.parameters(), strict=True):
        if other.grad is None:
            assert parameter.grad is None, name
        else:
            alike(parameter.grad, other.grad, 1e-5)
    found, wanted = model.eval()(pictures(ak)), expected.eval()(pictures(torch))
    alike(found, wanted, 1e-5)
    assert sum(len(each["boxes"]) for each in found) > 3


def test_a_picture_without_objects() -> None:
    for kind in ("faster", "retina", "fcos", "ssd"):
        model, expected = twins(DETECTORS[kind])
        told = []
        for each, library in ((model, ak), (expected, torch)):
            library.manual_seed(3)
            some = targets(library, kind)
            some[1] = {"boxes": library.zeros(0, 4), "labels": library.zeros(0, dtype=library.int64)}
            told.append(each(pictures(library), some))
        alike(*told)


@pytest.mark.usefixtures("single")
def test_detectors_freeze_and_take_what_their_builders_say() -> None:
    for m, library in ((ours, ak), (theirs, torch)):
        model = m.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
            weights_backbone=None, num_classes=3, box_detections_per_img=5
        )
        assert model.roi_heads.detections_per_img == 5
        assert model.roi_heads.box_predictor.cls_score.out_features == 3
        model.roi_heads.box_predictor = m.detection.faster_rcnn.FastRCNNPredictor(1024, 7)
        assert (model.transform.min_size, model.rpn.score_thresh) == ((320,), 0.05)
        body = m.detection.backbone_utils.resnet_fpn_backbone(
            backbone_name="resnet18", weights=None, trainable_layers=2
        )
        learnt = {name.split(".")[1] for name, each in body.named_parameters() if each.requires_grad}
        assert learnt == {"layer3", "layer4", "inner_blocks", "layer_blocks"}
        assert sorted(body(library.zeros(1, 3, 64, 64))) == ["0", "1", "2", "3", "pool"]


REFUSED = """
model(images)
model(images, [{'boxes': t.zeros(2), 'labels': t.zeros(2)}] * 2)
model(images, [{'boxes': [1], 'labels': t.zeros(2)}] * 2)
model(images, [{'boxes': t.tensor([[1.0, 2.0, 1.0, 4.0]]), 'labels': t.tensor([1])}] * 2)
model(images, [{'boxes': t.tensor([[1.0, 2.0, 3.0, 4.0]])}] * 2)
model(images, [{'boxes': t.tensor([[1.0, 2.0, 3.0, 4.0]]), 'labels': t.tensor([1.0])}] * 2)
model([t.zeros(3, 4, 5, 6)], [{'boxes': t.zeros(0, 4), 'labels': t.zeros(0)}])
model([t.zeros(3, 4, 5).int()], [{'boxes': t.zeros(0, 4), 'labels': t.zeros(0)}])
d.FasterRCNN(t.nn.Linear(2, 3), 3)
d.FasterRCNN(body, 3, rpn_anchor_generator=3)
d.FasterRCNN(body, 3, box_roi_pool=3)
d.FasterRCNN(body)
d.FasterRCNN(body, 3, box_predictor=t.nn.Identity())
d.MaskRCNN(body, 3, mask_roi_pool=3)
d.MaskRCNN(body, 3, mask_predictor=t.nn.Identity())
d.KeypointRCNN(body, 3, num_keypoints=4, keypoint_predictor=t.nn.Identity())
d.RetinaNet(body, 3, anchor_generator=3)
d.FCOS(body, 3, anchor_generator=3)
d.FCOS(body, 3, anchor_generator=d.anchor_utils.AnchorGenerator())
d.ssd.SSD(body, d.anchor_utils.DefaultBoxGenerator([[2]]), (64, 64), 3)
d.anchor_utils.DefaultBoxGenerator([[2]], steps=[1, 2])
d.backbone_utils.resnet_fpn_backbone(backbone_name='resnet18', weights=None, trainable_layers=6)
d.backbone_utils.resnet_fpn_backbone(backbone_name='resnet18', weights=None, returned_layers=[0, 1])
d._utils.Matcher(0.3, 0.5)
d._utils.Matcher(0.5, 0.3)(t.zeros(0, 3))
d._utils.Matcher(0.5, 0.3)(t.zeros(3, 0))
d.fasterrcnn_resnet50_fpn(weights='COCO_V1', num_classes=3)
"""


@pytest.fixture(scope="module")
def refusing() -> list[dict[str, Any]]:
    given = []
    for m, library in ((ours, ak), (theirs, torch)):
        body = backbone(m, library)
        names = {"t": library, "d": m.detection, "body": body, "images": [library.zeros(3, 8, 8)] * 2}
        given.append(names | {"model": regions(m, "FasterRCNN")})
    return given


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("call", REFUSED.strip().splitlines())
def test_wrong_calls_say_what_torchvision_says(call: str, refusing: list[dict[str, Any]]) -> None:
    one, other = (error_of(lambda names=names: eval(call, names)) for names in refusing)
    assert other is not None
    assert one is not None, other
    shorter = one[1].replace("autogradkit.vision.", "torchvision.").replace("autogradkit.", "torch.")
    assert (one[0].__name__, shorter) == (other[0].__name__, other[1]) or "nn.modules" in other[1]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("kind", ["fcn", "deeplab", "lraspp", "getter"])
def test_segmentation(kind: str) -> None:
    def build(m: Any) -> Any:
        if kind == "lraspp":
            return m.segmentation.lraspp_mobilenet_v3_large(weights_backbone=None, num_classes=4)
        getter = m._utils.IntermediateLayerGetter(m.resnet18(), {"layer3": "aux", "layer4": "out"})
        if kind == "getter":
            return getter
        if kind == "fcn":
            return m.segmentation.FCN(getter, m.segmentation.fcn.FCNHead(512, 3))
        head = m.segmentation.deeplabv3.DeepLabHead(512, 3, (1, 2))
        return m.segmentation.DeepLabV3(getter, head, m.segmentation.fcn.FCNHead(256, 3))

    model, expected = large_twins(build)
    picture = np.random.default_rng(1).normal(size=(2, 3, 64, 40))
    for training in (True, False):
        torch.manual_seed(5)
        ak.manual_seed(5)
        made, wanted = (
            each.train(training)(library.from_numpy(picture)) for each, library in ((model, ak), (expected, torch))
        )
        alike(made, wanted, 1e-7)
    assert type(made).__name__ == type(wanted).__name__ == "OrderedDict"
    for library, outputs in ((ak, made), (torch, wanted)):
        library.stack([each.square().sum() for each in outputs.values()]).sum().backward()
    for parameter, other in zip(model.parameters(), expected.parameters(), strict=True):
        alike(parameter.grad, other.grad, 1e-6)


def test_layers_that_are_not_there_are_refused() -> None:
    for m, library in ((ours, ak), (theirs, torch)):
        with pytest.raises(ValueError, match=r"^return_layers are not present in model$"):
            m._utils.IntermediateLayerGetter(library.nn.Sequential(library.nn.ReLU()), {"layer5": "out"})


def _mixed(m: Any) -> Any:
    return m.video.mc3_18(num_classes=3)


def _factored(m: Any) -> Any:
    """A small network of the parts of r2plus1d_18."""
    parts = m.video.resnet
    return parts.VideoResNet(parts.BasicBlock, [parts.Conv2Plus1D] * 4, [1, 1, 1, 1], parts.R2Plus1dStem, num_classes=3)


LARGE = [pytest.param(lambda m, name=name: getattr(m.video, name)(num_classes=3), marks=pytest.mark.wide, id=name)
         for name in ("r3d_18", "r2plus1d_18")]  # fmt: skip


@pytest.mark.parametrize("build", [_mixed, _factored, *LARGE])
def test_videos(build: Any) -> None:
    model, expected = large_twins(build)
    video = np.random.default_rng(1).normal(size=(2, 3, 4, 16, 16))
    for training in (True, False):
        made = model.train(training)(ak.from_numpy(video))
        alike(made, expected.train(training)(torch.from_numpy(video)), 1e-6)


def test_videos_in_inception_blocks() -> None:
    video = np.random.default_rng(1).normal(size=(1, 3, 8, 32, 32))

    def video_scores(m: Any, library: Any) -> Any:
        model = m.video.s3d(num_classes=3).eval()
        model.avgpool = library.nn.Identity()  # which takes 14 frames of 224×224
        with library.no_grad():
            return model(library.from_numpy(video))

    torch.manual_seed(7)
    ak.manual_seed(7)
    alike(video_scores(ours, ak), video_scores(theirs, torch), 1e-7)


PRESETS = ["segmentation.FCN_ResNet50_Weights", "detection.FCOS_ResNet50_FPN_Weights", "video.R3D_18_Weights"]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_prepare_pictures_as_torchvisions(name: str) -> None:
    home, enum = name.split(".")
    one, other = (getattr(getattr(m, home), enum).DEFAULT.transforms() for m in (ours, theirs))
    frames = np.random.default_rng(2).random((3, 3, 120, 150))
    alike(one(ak.from_numpy(frames)), other(torch.from_numpy(frames)), 1e-5)
    assert one.describe()
