"""Data sets of pictures under the names of `torchvision.datasets`, and the sample of MNIST that the package carries.

They are read from local files in torchvision's layout. `download=True` fetches what is missing, where there is a network. Rests
on utils.data; pictures are PIL images, and PIL is loaded with the first of them.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.vision.datasets.caltech import Caltech101 as Caltech101
from autogradkit.vision.datasets.caltech import Caltech256 as Caltech256
from autogradkit.vision.datasets.characters import SEMEION as SEMEION
from autogradkit.vision.datasets.characters import USPS as USPS
from autogradkit.vision.datasets.characters import MovingMNIST as MovingMNIST
from autogradkit.vision.datasets.characters import Omniglot as Omniglot
from autogradkit.vision.datasets.cifar import CIFAR10 as CIFAR10
from autogradkit.vision.datasets.cifar import CIFAR100 as CIFAR100
from autogradkit.vision.datasets.coco import CocoCaptions as CocoCaptions
from autogradkit.vision.datasets.coco import CocoDetection as CocoDetection
from autogradkit.vision.datasets.emnist import EMNIST as EMNIST
from autogradkit.vision.datasets.faces import CelebA as CelebA
from autogradkit.vision.datasets.fakedata import FakeData as FakeData
from autogradkit.vision.datasets.folder import DatasetFolder as DatasetFolder
from autogradkit.vision.datasets.folder import ImageFolder as ImageFolder
from autogradkit.vision.datasets.food import Food101 as Food101
from autogradkit.vision.datasets.imagenette import Imagenette as Imagenette
from autogradkit.vision.datasets.mnist import KMNIST as KMNIST
from autogradkit.vision.datasets.mnist import MNIST as MNIST
from autogradkit.vision.datasets.mnist import SAMPLE_FILE as SAMPLE_FILE
from autogradkit.vision.datasets.mnist import FashionMNIST as FashionMNIST
from autogradkit.vision.datasets.mnist import MNISTSample as MNISTSample
from autogradkit.vision.datasets.mnist import read_mnist as read_mnist
from autogradkit.vision.datasets.pets import OxfordIIITPet as OxfordIIITPet
from autogradkit.vision.datasets.stl10 import STL10 as STL10
from autogradkit.vision.datasets.svhn import SVHN as SVHN
from autogradkit.vision.datasets.textures import DTD as DTD
from autogradkit.vision.datasets.textures import GTSRB as GTSRB
from autogradkit.vision.datasets.textures import EuroSAT as EuroSAT
from autogradkit.vision.datasets.textures import Flowers102 as Flowers102
from autogradkit.vision.datasets.textures import StanfordCars as StanfordCars
from autogradkit.vision.datasets.vision import VisionDataset as VisionDataset
from autogradkit.vision.datasets.voc import VOCDetection as VOCDetection
from autogradkit.vision.datasets.voc import VOCSegmentation as VOCSegmentation
from autogradkit.vision.datasets.wrapped import wrap_dataset_for_transforms_v2 as wrap_dataset_for_transforms_v2

__getattr__ = _absent_from("vision.datasets")
