"""Masks and key points of regions: what is learnt of them, and how they come back into the picture. Rests on ops alone.

Mask R-CNN and Keypoint R-CNN (He et al., 2017) give each region a small map; its square is the region's box.
"""

from __future__ import annotations

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.ops.roi_align import roi_align

# -- masks -------------------------------------------------------------------------------------------------------------


def maskrcnn_inference(x: Tensor, labels: list[Tensor]) -> tuple[Tensor, ...]:
    """Of logits (N, classes, M, M) the probabilities of each region's class, (L, 1, M, M) for each picture."""
    joined = ak.cat(labels)
    chosen = x.sigmoid()[ak.arange(x.shape[0]), joined][:, None]
    return chosen.split([label.shape[0] for label in labels], dim=0)


def project_masks_on_boxes(gt_masks: Tensor, boxes: Tensor, matched_idxs: Tensor, M: int) -> Tensor:  # noqa: N803 - torchvision's
    """The part of each box's mask that is in the box, at the size (M, M)."""
    rois = ak.cat([matched_idxs.to(boxes)[:, None], boxes], dim=1)
    return roi_align(gt_masks[:, None].to(rois), rois, (M, M), 1.0)[:, 0]


def maskrcnn_loss(
    mask_logits: Tensor,
    proposals: list[Tensor],
    gt_masks: list[Tensor],
    gt_labels: list[Tensor],
    mask_matched_idxs: list[Tensor],
) -> Tensor:
    """How far the masks of the regions' classes are from the true ones."""
    labels = ak.cat([label[at] for label, at in zip(gt_labels, mask_matched_idxs, strict=True)])
    size = mask_logits.shape[-1]
    targets = ak.cat(
        [
            project_masks_on_boxes(masks, boxes, at, size)
            for masks, boxes, at in zip(gt_masks, proposals, mask_matched_idxs, strict=True)
        ]
    )
    if targets.numel() == 0:
        return mask_logits.sum() * 0
    return F.binary_cross_entropy_with_logits(mask_logits[ak.arange(labels.shape[0]), labels], targets)


def paste_masks_in_image(masks: Tensor, boxes: Tensor, img_shape: tuple[int, int], padding: int = 1) -> Tensor:
    """Masks (N, 1, M, M) of boxes in pictures of their own, (N, 1, H, W)."""
    size = masks.shape[-1]
    scale = float(size + 2 * padding) / size
    masks = F.pad(masks, (padding,) * 4)
    placed = _grown(boxes, scale).long().tolist()
    pasted = [_pasted(mask[0], box, *img_shape) for mask, box in zip(masks, placed, strict=True)]
    return ak.stack(pasted)[:, None] if pasted else masks.new_empty((0, 1, *img_shape))


def _grown(boxes: Tensor, scale: float) -> Tensor:
    left, top, right, bottom = boxes.unbind(1)
    x, y = (right + left) * 0.5, (bottom + top) * 0.5
    across, down = (right - left) * 0.5 * scale, (bottom - top) * 0.5 * scale
    return ak.stack((x - across, y - down, x + across, y + down), 1)


def _pasted(mask: Tensor, box: list[int], height: int, width: int) -> Tensor:
    left, top, right, bottom = box
    size = max(bottom - top + 1, 1), max(right - left + 1, 1)
    mask = F.interpolate(mask[None, None], size=size, mode="bilinear", align_corners=False)[0, 0]
    x0, x1, y0, y1 = max(left, 0), min(right + 1, width), max(top, 0), min(bottom + 1, height)
    picture = ak.zeros((height, width), dtype=mask.dtype)
    picture[y0:y1, x0:x1] = mask[y0 - top : y1 - top, x0 - left : x1 - left]
    return picture


# -- key points --------------------------------------------------------------------------------------------------------


def keypoints_to_heatmap(keypoints: Tensor, rois: Tensor, heatmap_size: int) -> tuple[Tensor, Tensor]:
    """The place of each point in its region's map of so many squares, counted row by row, and whether it is in it."""
    places, inside = [], keypoints[..., 2] > 0
    for axis in (0, 1):
        low, high = rois[:, axis, None], rois[:, axis + 2, None]
        at = ((keypoints[..., axis] - low) * (heatmap_size / (high - low))).floor().long()
        at[keypoints[..., axis] == high] = heatmap_size - 1
        inside = inside & (at >= 0) & (at < heatmap_size)
        places.append(at)
    return (places[1] * heatmap_size + places[0]) * inside.long(), inside.long()


def heatmaps_to_keypoints(maps: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """Where each map (K, points, M, M) is highest, as points (K, points, 3) in the picture, and how high it is there."""
    count = maps.shape[1]
    sizes = (rois[:, 2:] - rois[:, :2]).clamp(min=1)
    points = ak.zeros((len(rois), count, 3), dtype=ak.float32)
    scores = ak.zeros((len(rois), count), dtype=ak.float32)
    for number, (size, low) in enumerate(zip(sizes, rois[:, :2], strict=True)):
        width, height = (int(each) for each in size.ceil())
        grown = F.interpolate(maps[number][:, None], size=(height, width), mode="bicubic", align_corners=False)[:, 0]
        best = grown.reshape(count, -1).argmax(dim=1)
        x, y = best % width, ak.div(best - best % width, width, rounding_mode="floor")
        points[number, :, 0] = (x.float() + 0.5) * (size[0] / width) + low[0]
        points[number, :, 1] = (y.float() + 0.5) * (size[1] / height) + low[1]
        points[number, :, 2] = 1
        scores[number] = grown[ak.arange(count), y, x]
    return points, scores


def keypointrcnn_loss(
    keypoint_logits: Tensor, proposals: list[Tensor], gt_keypoints: list[Tensor], keypoint_matched_idxs: list[Tensor]
) -> Tensor:
    """How far the points that are seen are from the squares that the maps choose."""
    regions, count, height, width = keypoint_logits.shape
    if height != width:
        raise ValueError(
            "keypoint_logits height and width (last two elements of shape) should be equal. "
            f"Instead got H = {height} and W = {width}"
        )
    made = [
        keypoints_to_heatmap(points[at], boxes, height)
        for boxes, points, at in zip(proposals, gt_keypoints, keypoint_matched_idxs, strict=True)
    ]
    targets, seen = (ak.cat([each[part].view(-1) for each in made]) for part in (0, 1))
    valid = ak.where(seen)[0]
    if targets.numel() == 0 or len(valid) == 0:
        return keypoint_logits.sum() * 0
    return F.cross_entropy(keypoint_logits.view(regions * count, height * width)[valid], targets[valid])


def keypointrcnn_inference(x: Tensor, boxes: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """For each picture its points, and how sure they are."""
    parts = x.split([box.size(0) for box in boxes], dim=0)
    return [heatmaps_to_keypoints(each, box) for each, box in zip(parts, boxes, strict=True)]
