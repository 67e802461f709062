"""Pictures to learn from: data sets, transforms and models under torchvision's names. Rests on nn and utils.data."""

from autogradkit import __version__ as __version__
from autogradkit.vision import datasets as datasets
from autogradkit.vision import io as io
from autogradkit.vision import models as models
from autogradkit.vision import ops as ops
from autogradkit.vision import transforms as transforms
from autogradkit.vision import tv_tensors as tv_tensors
from autogradkit.vision import utils as utils


def disable_beta_transforms_warning() -> None:
    """Nothing: `transforms.v2` once warned that it was new, and scripts of that time say this before they import it."""


def get_image_backend() -> str:
    """What opens pictures of folders: "PIL"."""
    return "PIL"


def set_image_backend(backend: str) -> None:
    """Say what opens pictures: "PIL", which does. Raises ValueError for what torchvision does not know either.

    >>> import autogradkit.vision as torchvision
    >>> torchvision.set_image_backend("PIL")
    >>> torchvision.get_image_backend()
    'PIL'
    """
    if backend not in ("PIL", "accimage"):
        raise ValueError(f"Invalid backend '{backend}'. Options are 'PIL' and 'accimage'")
    if backend == "accimage":
        raise NotImplementedError("accimage is not asked here: 'PIL' opens the same pictures")
