"""Networks that give each pixel its class, under the names of `torchvision.models.segmentation`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.vision.models.segmentation.deeplabv3 import *
from autogradkit.vision.models.segmentation.fcn import *
from autogradkit.vision.models.segmentation.lraspp import *

__getattr__ = _absent_from("vision.models.segmentation")
