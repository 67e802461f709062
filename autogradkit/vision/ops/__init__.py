"""Ops and blocks for pictures and the boxes in them, under the names of `torchvision.ops`. Rests on nn."""

from autogradkit.vision.ops.misc import MLP as MLP
from autogradkit.vision.ops.misc import Conv2dNormActivation as Conv2dNormActivation
from autogradkit.vision.ops.misc import Conv3dNormActivation as Conv3dNormActivation
from autogradkit.vision.ops.misc import FrozenBatchNorm2d as FrozenBatchNorm2d
from autogradkit.vision.ops.misc import Permute as Permute
from autogradkit.vision.ops.misc import SqueezeExcitation as SqueezeExcitation
from autogradkit.vision.ops.stochastic_depth import StochasticDepth as StochasticDepth
from autogradkit.vision.ops.stochastic_depth import stochastic_depth as stochastic_depth
