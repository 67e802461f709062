"""Ops and blocks for pictures and the boxes in them, under the names of `torchvision.ops`. Rests on nn."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.vision.ops._box_convert import box_convert as box_convert
from autogradkit.vision.ops.boxes import batched_nms as batched_nms
from autogradkit.vision.ops.boxes import box_area as box_area
from autogradkit.vision.ops.boxes import box_iou as box_iou
from autogradkit.vision.ops.boxes import clip_boxes_to_image as clip_boxes_to_image
from autogradkit.vision.ops.boxes import complete_box_iou as complete_box_iou
from autogradkit.vision.ops.boxes import distance_box_iou as distance_box_iou
from autogradkit.vision.ops.boxes import generalized_box_iou as generalized_box_iou
from autogradkit.vision.ops.boxes import masks_to_boxes as masks_to_boxes
from autogradkit.vision.ops.boxes import nms as nms
from autogradkit.vision.ops.boxes import remove_small_boxes as remove_small_boxes
from autogradkit.vision.ops.deform_conv import DeformConv2d as DeformConv2d
from autogradkit.vision.ops.deform_conv import deform_conv2d as deform_conv2d
from autogradkit.vision.ops.drop_block import DropBlock2d as DropBlock2d
from autogradkit.vision.ops.drop_block import DropBlock3d as DropBlock3d
from autogradkit.vision.ops.drop_block import drop_block2d as drop_block2d
from autogradkit.vision.ops.drop_block import drop_block3d as drop_block3d
from autogradkit.vision.ops.feature_pyramid_network import FeaturePyramidNetwork as FeaturePyramidNetwork
from autogradkit.vision.ops.losses import complete_box_iou_loss as complete_box_iou_loss
from autogradkit.vision.ops.losses import distance_box_iou_loss as distance_box_iou_loss
from autogradkit.vision.ops.losses import generalized_box_iou_loss as generalized_box_iou_loss
from autogradkit.vision.ops.losses import sigmoid_focal_loss as sigmoid_focal_loss
from autogradkit.vision.ops.misc import MLP as MLP
from autogradkit.vision.ops.misc import Conv2dNormActivation as Conv2dNormActivation
from autogradkit.vision.ops.misc import Conv3dNormActivation as Conv3dNormActivation
from autogradkit.vision.ops.misc import FrozenBatchNorm2d as FrozenBatchNorm2d
from autogradkit.vision.ops.misc import Permute as Permute
from autogradkit.vision.ops.misc import SqueezeExcitation as SqueezeExcitation
from autogradkit.vision.ops.poolers import MultiScaleRoIAlign as MultiScaleRoIAlign
from autogradkit.vision.ops.ps_roi import PSRoIAlign as PSRoIAlign
from autogradkit.vision.ops.ps_roi import PSRoIPool as PSRoIPool
from autogradkit.vision.ops.ps_roi import ps_roi_align as ps_roi_align
from autogradkit.vision.ops.ps_roi import ps_roi_pool as ps_roi_pool
from autogradkit.vision.ops.roi_align import RoIAlign as RoIAlign
from autogradkit.vision.ops.roi_align import roi_align as roi_align
from autogradkit.vision.ops.roi_pool import RoIPool as RoIPool
from autogradkit.vision.ops.roi_pool import roi_pool as roi_pool
from autogradkit.vision.ops.stochastic_depth import StochasticDepth as StochasticDepth
from autogradkit.vision.ops.stochastic_depth import stochastic_depth as stochastic_depth

__getattr__ = _absent_from("vision.ops")
