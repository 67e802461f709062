"""Networks that find objects, under the names of `torchvision.models.detection`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.vision.models.detection.faster_rcnn import *
from autogradkit.vision.models.detection.fcos import *
from autogradkit.vision.models.detection.keypoint_rcnn import *
from autogradkit.vision.models.detection.mask_rcnn import *
from autogradkit.vision.models.detection.retinanet import *
from autogradkit.vision.models.detection.ssd import *
from autogradkit.vision.models.detection.ssdlite import *

__getattr__ = _absent_from("vision.models.detection")
