"""Images shown, put into one, saved and drawn upon: torchvision's `utils`, and `show` for a figure of many."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.vision.utils.drawing import draw_bounding_boxes as draw_bounding_boxes
from autogradkit.vision.utils.drawing import draw_keypoints as draw_keypoints
from autogradkit.vision.utils.drawing import draw_segmentation_masks as draw_segmentation_masks
from autogradkit.vision.utils.flows import flow_to_image as flow_to_image
from autogradkit.vision.utils.grids import make_grid as make_grid
from autogradkit.vision.utils.grids import save_image as save_image
from autogradkit.vision.utils.sheets import show as show

__getattr__ = _absent_from("vision.utils")
