"""What is done to a picture before a network sees it, under torchvision's names, for PIL images and for tensors.

Functions are in `functional`; here are the classes that draw their arguments at random, and what is made of several.
`v2`, loaded when it is named, has those that take boxes, masks and labels along.
"""

from autogradkit.vision.transforms import functional as functional
from autogradkit.vision.transforms.autoaugment import *
from autogradkit.vision.transforms.transforms import *
