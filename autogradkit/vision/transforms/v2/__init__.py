"""Transforms that take masks, boxes and labels along with an image, under the names of torchvision's `transforms.v2`."""

from autogradkit.vision.transforms.functional import InterpolationMode as InterpolationMode
from autogradkit.vision.transforms.v2 import functional as functional
from autogradkit.vision.transforms.v2.autoaugment import *
from autogradkit.vision.transforms.v2.colors import *
from autogradkit.vision.transforms.v2.containers import *
from autogradkit.vision.transforms.v2.conversion import *
from autogradkit.vision.transforms.v2.frames import *
from autogradkit.vision.transforms.v2.geometry import *
from autogradkit.vision.transforms.v2.mixing import *
from autogradkit.vision.transforms.v2.places import *
from autogradkit.vision.transforms.v2.transform import Transform as Transform
from autogradkit.vision.transforms.v2.transform import check_type as check_type
from autogradkit.vision.transforms.v2.transform import has_all as has_all
from autogradkit.vision.transforms.v2.transform import has_any as has_any
from autogradkit.vision.transforms.v2.transform import query_chw as query_chw
from autogradkit.vision.transforms.v2.transform import query_size as query_size
from autogradkit.vision.transforms.v2.warps import *
