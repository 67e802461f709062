"""Networks for videos, under the names of `torchvision.models.video`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.vision.models.video.resnet import *
from autogradkit.vision.models.video.s3d import *

__getattr__ = _absent_from("vision.models.video")
