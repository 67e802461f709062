"""Networks for pictures under the names of `torchvision.models`, and the LeNet and the MLP of the lessons. Rests on nn.

A builder (`resnet18()`) gives a network with random parameters, torchvision's after the same `manual_seed`. `weights=` takes
a published name, whose file is fetched where it is not there yet, or the path of a file with a state dict.
"""

import importlib as _importlib
import sys as _sys
from typing import Any as _Any

from autogradkit.core.absent import lookup_error as _lookup_error
from autogradkit.vision.models import detection as detection
from autogradkit.vision.models import segmentation as segmentation
from autogradkit.vision.models import video as video
from autogradkit.vision.models._api import get_model as get_model
from autogradkit.vision.models._api import get_model_builder as get_model_builder
from autogradkit.vision.models._api import get_model_weights as get_model_weights
from autogradkit.vision.models._api import get_weight as get_weight
from autogradkit.vision.models._api import list_models as list_models
from autogradkit.vision.models.alexnet import AlexNet as AlexNet
from autogradkit.vision.models.alexnet import AlexNet_Weights as AlexNet_Weights
from autogradkit.vision.models.alexnet import alexnet as alexnet
from autogradkit.vision.models.convnext import ConvNeXt as ConvNeXt
from autogradkit.vision.models.convnext import ConvNeXt_Base_Weights as ConvNeXt_Base_Weights
from autogradkit.vision.models.convnext import ConvNeXt_Large_Weights as ConvNeXt_Large_Weights
from autogradkit.vision.models.convnext import ConvNeXt_Small_Weights as ConvNeXt_Small_Weights
from autogradkit.vision.models.convnext import ConvNeXt_Tiny_Weights as ConvNeXt_Tiny_Weights
from autogradkit.vision.models.convnext import convnext_base as convnext_base
from autogradkit.vision.models.convnext import convnext_large as convnext_large
from autogradkit.vision.models.convnext import convnext_small as convnext_small
from autogradkit.vision.models.convnext import convnext_tiny as convnext_tiny
from autogradkit.vision.models.densenet import DenseNet as DenseNet
from autogradkit.vision.models.densenet import DenseNet121_Weights as DenseNet121_Weights
from autogradkit.vision.models.densenet import DenseNet161_Weights as DenseNet161_Weights
from autogradkit.vision.models.densenet import DenseNet169_Weights as DenseNet169_Weights
from autogradkit.vision.models.densenet import DenseNet201_Weights as DenseNet201_Weights
from autogradkit.vision.models.densenet import densenet121 as densenet121
from autogradkit.vision.models.densenet import densenet161 as densenet161
from autogradkit.vision.models.densenet import densenet169 as densenet169
from autogradkit.vision.models.densenet import densenet201 as densenet201
from autogradkit.vision.models.digits import CNN as CNN
from autogradkit.vision.models.digits import MLP as MLP
from autogradkit.vision.models.digits import RNN as RNN
from autogradkit.vision.models.digits import LeNet as LeNet
from autogradkit.vision.models.efficientnet import EfficientNet as EfficientNet
from autogradkit.vision.models.efficientnet import EfficientNet_B0_Weights as EfficientNet_B0_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_B1_Weights as EfficientNet_B1_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_B2_Weights as EfficientNet_B2_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_B3_Weights as EfficientNet_B3_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_B4_Weights as EfficientNet_B4_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_B5_Weights as EfficientNet_B5_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_B6_Weights as EfficientNet_B6_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_B7_Weights as EfficientNet_B7_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_V2_L_Weights as EfficientNet_V2_L_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_V2_M_Weights as EfficientNet_V2_M_Weights
from autogradkit.vision.models.efficientnet import EfficientNet_V2_S_Weights as EfficientNet_V2_S_Weights
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
from autogradkit.vision.models.googlenet import GoogLeNet_Weights as GoogLeNet_Weights
from autogradkit.vision.models.googlenet import GoogLeNetOutputs as GoogLeNetOutputs
from autogradkit.vision.models.googlenet import googlenet as googlenet
from autogradkit.vision.models.inception import Inception3 as Inception3
from autogradkit.vision.models.inception import Inception_V3_Weights as Inception_V3_Weights
from autogradkit.vision.models.inception import InceptionOutputs as InceptionOutputs
from autogradkit.vision.models.inception import inception_v3 as inception_v3
from autogradkit.vision.models.mobilenetv2 import MobileNet_V2_Weights as MobileNet_V2_Weights
from autogradkit.vision.models.mobilenetv2 import MobileNetV2 as MobileNetV2
from autogradkit.vision.models.mobilenetv2 import mobilenet_v2 as mobilenet_v2
from autogradkit.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights as MobileNet_V3_Large_Weights
from autogradkit.vision.models.mobilenetv3 import MobileNet_V3_Small_Weights as MobileNet_V3_Small_Weights
from autogradkit.vision.models.mobilenetv3 import MobileNetV3 as MobileNetV3
from autogradkit.vision.models.mobilenetv3 import mobilenet_v3_large as mobilenet_v3_large
from autogradkit.vision.models.mobilenetv3 import mobilenet_v3_small as mobilenet_v3_small
from autogradkit.vision.models.published import Weights as Weights
from autogradkit.vision.models.published import WeightsEnum as WeightsEnum
from autogradkit.vision.models.resnet import ResNet as ResNet
from autogradkit.vision.models.resnet import ResNet18_Weights as ResNet18_Weights
from autogradkit.vision.models.resnet import ResNet34_Weights as ResNet34_Weights
from autogradkit.vision.models.resnet import ResNet50_Weights as ResNet50_Weights
from autogradkit.vision.models.resnet import ResNet101_Weights as ResNet101_Weights
from autogradkit.vision.models.resnet import ResNet152_Weights as ResNet152_Weights
from autogradkit.vision.models.resnet import ResNeXt50_32X4D_Weights as ResNeXt50_32X4D_Weights
from autogradkit.vision.models.resnet import ResNeXt101_32X8D_Weights as ResNeXt101_32X8D_Weights
from autogradkit.vision.models.resnet import ResNeXt101_64X4D_Weights as ResNeXt101_64X4D_Weights
from autogradkit.vision.models.resnet import Wide_ResNet50_2_Weights as Wide_ResNet50_2_Weights
from autogradkit.vision.models.resnet import Wide_ResNet101_2_Weights as Wide_ResNet101_2_Weights
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
from autogradkit.vision.models.shufflenetv2 import ShuffleNet_V2_X0_5_Weights as ShuffleNet_V2_X0_5_Weights
from autogradkit.vision.models.shufflenetv2 import ShuffleNet_V2_X1_0_Weights as ShuffleNet_V2_X1_0_Weights
from autogradkit.vision.models.shufflenetv2 import ShuffleNet_V2_X1_5_Weights as ShuffleNet_V2_X1_5_Weights
from autogradkit.vision.models.shufflenetv2 import ShuffleNet_V2_X2_0_Weights as ShuffleNet_V2_X2_0_Weights
from autogradkit.vision.models.shufflenetv2 import ShuffleNetV2 as ShuffleNetV2
from autogradkit.vision.models.shufflenetv2 import shufflenet_v2_x0_5 as shufflenet_v2_x0_5
from autogradkit.vision.models.shufflenetv2 import shufflenet_v2_x1_0 as shufflenet_v2_x1_0
from autogradkit.vision.models.shufflenetv2 import shufflenet_v2_x1_5 as shufflenet_v2_x1_5
from autogradkit.vision.models.shufflenetv2 import shufflenet_v2_x2_0 as shufflenet_v2_x2_0
from autogradkit.vision.models.squeezenet import SqueezeNet as SqueezeNet
from autogradkit.vision.models.squeezenet import SqueezeNet1_0_Weights as SqueezeNet1_0_Weights
from autogradkit.vision.models.squeezenet import SqueezeNet1_1_Weights as SqueezeNet1_1_Weights
from autogradkit.vision.models.squeezenet import squeezenet1_0 as squeezenet1_0
from autogradkit.vision.models.squeezenet import squeezenet1_1 as squeezenet1_1
from autogradkit.vision.models.vgg import VGG as VGG
from autogradkit.vision.models.vgg import VGG11_BN_Weights as VGG11_BN_Weights
from autogradkit.vision.models.vgg import VGG11_Weights as VGG11_Weights
from autogradkit.vision.models.vgg import VGG13_BN_Weights as VGG13_BN_Weights
from autogradkit.vision.models.vgg import VGG13_Weights as VGG13_Weights
from autogradkit.vision.models.vgg import VGG16_BN_Weights as VGG16_BN_Weights
from autogradkit.vision.models.vgg import VGG16_Weights as VGG16_Weights
from autogradkit.vision.models.vgg import VGG19_BN_Weights as VGG19_BN_Weights
from autogradkit.vision.models.vgg import VGG19_Weights as VGG19_Weights
from autogradkit.vision.models.vgg import vgg11 as vgg11
from autogradkit.vision.models.vgg import vgg11_bn as vgg11_bn
from autogradkit.vision.models.vgg import vgg13 as vgg13
from autogradkit.vision.models.vgg import vgg13_bn as vgg13_bn
from autogradkit.vision.models.vgg import vgg16 as vgg16
from autogradkit.vision.models.vgg import vgg16_bn as vgg16_bn
from autogradkit.vision.models.vgg import vgg19 as vgg19
from autogradkit.vision.models.vgg import vgg19_bn as vgg19_bn
from autogradkit.vision.models.vision_transformer import VisionTransformer as VisionTransformer
from autogradkit.vision.models.vision_transformer import ViT_B_16_Weights as ViT_B_16_Weights
from autogradkit.vision.models.vision_transformer import ViT_B_32_Weights as ViT_B_32_Weights
from autogradkit.vision.models.vision_transformer import ViT_H_14_Weights as ViT_H_14_Weights
from autogradkit.vision.models.vision_transformer import ViT_L_16_Weights as ViT_L_16_Weights
from autogradkit.vision.models.vision_transformer import ViT_L_32_Weights as ViT_L_32_Weights
from autogradkit.vision.models.vision_transformer import vit_b_16 as vit_b_16
from autogradkit.vision.models.vision_transformer import vit_b_32 as vit_b_32
from autogradkit.vision.models.vision_transformer import vit_h_14 as vit_h_14
from autogradkit.vision.models.vision_transformer import vit_l_16 as vit_l_16
from autogradkit.vision.models.vision_transformer import vit_l_32 as vit_l_32


def __getattr__(name: str) -> _Any:
    if name == "feature_extraction":  # with `fx`, which few networks need
        return _importlib.import_module("autogradkit.vision.models.feature_extraction")
    raise _lookup_error("vision.models", name, _sys._getframe(1))
