"""Networks for pictures under the names of `torchvision.models`, and the LeNet and the MLP of the lessons. Rests on nn.

A builder (`resnet18()`) gives a network with random parameters, torchvision's after the same `manual_seed`. Nothing is
downloaded: `weights=` takes the path of a file with a state dict, whose names are torchvision's.
"""

import sys as _sys
from typing import Any as _Any

from autogradkit.core.absent import lookup_error as _lookup_error
from autogradkit.vision.models._api import get_model as get_model
from autogradkit.vision.models._api import get_model_builder as get_model_builder
from autogradkit.vision.models._api import list_models as list_models
from autogradkit.vision.models.alexnet import AlexNet as AlexNet
from autogradkit.vision.models.alexnet import alexnet as alexnet
from autogradkit.vision.models.densenet import DenseNet as DenseNet
from autogradkit.vision.models.densenet import densenet121 as densenet121
from autogradkit.vision.models.densenet import densenet161 as densenet161
from autogradkit.vision.models.densenet import densenet169 as densenet169
from autogradkit.vision.models.densenet import densenet201 as densenet201
from autogradkit.vision.models.digits import CNN as CNN
from autogradkit.vision.models.digits import MLP as MLP
from autogradkit.vision.models.digits import RNN as RNN
from autogradkit.vision.models.digits import LeNet as LeNet
from autogradkit.vision.models.efficientnet import EfficientNet as EfficientNet
from autogradkit.vision.models.efficientnet import efficientnet_b0 as efficientnet_b0
from autogradkit.vision.models.efficientnet import efficientnet_b1 as efficientnet_b1
from autogradkit.vision.models.efficientnet import efficientnet_b2 as efficientnet_b2
from autogradkit.vision.models.efficientnet import efficientnet_b3 as efficientnet_b3
from autogradkit.vision.models.efficientnet import efficientnet_b4 as efficientnet_b4
from autogradkit.vision.models.efficientnet import efficientnet_b5 as efficientnet_b5
from autogradkit.vision.models.efficientnet import efficientnet_b6 as efficientnet_b6
from autogradkit.vision.models.efficientnet import efficientnet_b7 as efficientnet_b7
from autogradkit.vision.models.efficientnet import efficientnet_v2_l as efficientnet_v2_l
from autogradkit.vision.models.efficientnet import efficientnet_v2_m as efficientnet_v2_m
from autogradkit.vision.models.efficientnet import efficientnet_v2_s as efficientnet_v2_s
from autogradkit.vision.models.googlenet import GoogLeNet as GoogLeNet
from autogradkit.vision.models.googlenet import GoogLeNetOutputs as GoogLeNetOutputs
from autogradkit.vision.models.googlenet import googlenet as googlenet
from autogradkit.vision.models.mobilenetv2 import MobileNetV2 as MobileNetV2
from autogradkit.vision.models.mobilenetv2 import mobilenet_v2 as mobilenet_v2
from autogradkit.vision.models.mobilenetv3 import MobileNetV3 as MobileNetV3
from autogradkit.vision.models.mobilenetv3 import mobilenet_v3_large as mobilenet_v3_large
from autogradkit.vision.models.mobilenetv3 import mobilenet_v3_small as mobilenet_v3_small
from autogradkit.vision.models.resnet import ResNet as ResNet
from autogradkit.vision.models.resnet import resnet18 as resnet18
from autogradkit.vision.models.resnet import resnet34 as resnet34
from autogradkit.vision.models.resnet import resnet50 as resnet50
from autogradkit.vision.models.resnet import resnet101 as resnet101
from autogradkit.vision.models.resnet import resnet152 as resnet152
from autogradkit.vision.models.resnet import resnext50_32x4d as resnext50_32x4d
from autogradkit.vision.models.resnet import resnext101_32x8d as resnext101_32x8d
from autogradkit.vision.models.resnet import resnext101_64x4d as resnext101_64x4d
from autogradkit.vision.models.resnet import wide_resnet50_2 as wide_resnet50_2
from autogradkit.vision.models.resnet import wide_resnet101_2 as wide_resnet101_2
from autogradkit.vision.models.squeezenet import SqueezeNet as SqueezeNet
from autogradkit.vision.models.squeezenet import squeezenet1_0 as squeezenet1_0
from autogradkit.vision.models.squeezenet import squeezenet1_1 as squeezenet1_1
from autogradkit.vision.models.vgg import VGG as VGG
from autogradkit.vision.models.vgg import vgg11 as vgg11
from autogradkit.vision.models.vgg import vgg11_bn as vgg11_bn
from autogradkit.vision.models.vgg import vgg13 as vgg13
from autogradkit.vision.models.vgg import vgg13_bn as vgg13_bn
from autogradkit.vision.models.vgg import vgg16 as vgg16
from autogradkit.vision.models.vgg import vgg16_bn as vgg16_bn
from autogradkit.vision.models.vgg import vgg19 as vgg19
from autogradkit.vision.models.vgg import vgg19_bn as vgg19_bn


def __getattr__(name: str) -> _Any:
    error = _lookup_error("vision.models", name, _sys._getframe(1))
    if name.endswith("_Weights"):
        error.add_note("autogradkit downloads no parameters: give `weights=` the path of a file with a state dict")
    raise error
