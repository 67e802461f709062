"""`flow_to_image`: which way and how far each pixel moves, as a colour of a wheel. Published as `torchvision.utils`.

Rests on the package's tensors. The wheel: Baker et al., "A Database and Evaluation Methodology for Optical Flow" (2007).
"""

from __future__ import annotations

import math

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

# From red by yellow, green, cyan, blue and magenta back: how many colours, which channel is full, which one rises or falls.
_STRETCHES = (
    (15, 0, 1, True),
    (6, 1, 0, False),
    (4, 1, 2, True),
    (11, 2, 1, False),
    (13, 2, 0, True),
    (6, 0, 2, False),
)


def _wheel() -> Tensor:
    """The colours of all directions, (55, 3), from 0 to 255."""
    stretches: list[Tensor] = []
    for count, full, changing, rises in _STRETCHES:
        ramp = ak.floor(255 * ak.arange(count) / count)
        colours = ak.zeros((count, 3))
        colours[:, full] = 255
        colours[:, changing] = ramp if rises else 255 - ramp
        stretches.append(colours)
    return ak.cat(stretches)


@entry
def flow_to_image(flow: Tensor) -> Tensor:
    """The image of a flow: (2, H, W) or (N, 2, H, W) of float32 → (3, H, W) or (N, 3, H, W) of uint8.

    A pixel's direction is its hue; the longest move of all has the full colour, none is white. Raises ValueError for another
    dtype or other sizes.

    >>> import autogradkit as torch
    >>> from autogradkit.vision.utils import flow_to_image
    >>> flow_to_image(torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]]])).flatten(1)
    tensor([[255, 255],
            [  0, 255],
            [  0, 255]], dtype=torch.uint8)
    """
    if flow.dtype is not ak.float32:
        raise ValueError(f"Flow should be of dtype torch.float, got {flow.dtype}.")
    flows = flow[None] if flow.ndim == 3 else flow
    if flows.ndim != 4 or flows.shape[1] != 2:
        raise ValueError(f"Input flow should have shape (2, H, W) or (N, 2, H, W), got {flow.shape}.")
    with ak.no_grad():
        longest = flows.pow(2).sum(1).sqrt().max()
        flows = flows / (longest + ak.finfo(flows.dtype).eps)
        lengths, wheel = flows.pow(2).sum(1).sqrt(), _wheel()
        place = (ak.atan2(-flows[:, 1], -flows[:, 0]) / math.pi + 1) / 2 * (len(wheel) - 1)
        before = place.floor().long()
        part = (place - before)[..., None]
        colours = (1 - part) * (wheel[before] / 255) + part * (wheel[(before + 1) % len(wheel)] / 255)
        image = (255 * (1 - lengths[..., None] * (1 - colours))).floor().to(ak.uint8).movedim(-1, 1).contiguous()
    return image[0] if flow.ndim == 3 else image
