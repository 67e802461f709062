"""The transforms of all families, where torchvision has them: `torchvision.transforms.transforms`."""

from autogradkit.vision.transforms import colors, containers, conversion, geometry, warps
from autogradkit.vision.transforms.colors import *
from autogradkit.vision.transforms.containers import *
from autogradkit.vision.transforms.conversion import *
from autogradkit.vision.transforms.functional import InterpolationMode as InterpolationMode
from autogradkit.vision.transforms.geometry import *
from autogradkit.vision.transforms.warps import *

__all__ = ["InterpolationMode"]
__all__ += colors.__all__
__all__ += containers.__all__
__all__ += conversion.__all__
__all__ += geometry.__all__
__all__ += warps.__all__
