"""What is done to an image, a tensor or a PIL image, as functions of it: torchvision's `transforms.functional`."""

from autogradkit.vision.transforms.functional.colors import *
from autogradkit.vision.transforms.functional.conversion import *
from autogradkit.vision.transforms.functional.geometry import *
from autogradkit.vision.transforms.functional.images import *
from autogradkit.vision.transforms.functional.warps import *
