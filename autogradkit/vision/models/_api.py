"""The list of models by name, and what their builders do with `weights`: nothing is downloaded, a file is read.

Rests on nn and on `load`, which builds tensors only. The builders in this package use it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from fnmatch import filter as matching
from functools import wraps
from os import PathLike
from types import ModuleType
from typing import Any, TypeVar

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.serialization import load

M = TypeVar("M", bound=nn.Module)
Path = str | PathLike[str]
BUILTIN_MODELS: dict[str, Callable[..., nn.Module]] = {}
_PUBLISHED = re.compile(r"(\w+_Weights\.)?[A-Z][A-Z0-9_]*")  # DEFAULT, IMAGENET1K_V1, ResNet18_Weights.DEFAULT


def register_model(builder: Callable[..., M]) -> Callable[..., M]:
    """Enter a builder in the list, under its name, and let it take `pretrained`, the older word for `weights`, too."""

    @wraps(builder)
    def build(*args: Any, **kwargs: Any) -> M:
        if args:
            weights, *progress = args
            given = "'weights'" if not progress else "'weights' and 'progress'"
            warnings.warn(
                f"Using {given} as positional parameter(s) is deprecated since 0.13 and may be removed in the future. "
                "Please use keyword parameter(s) instead.",
                stacklevel=3,
            )
            kwargs |= dict(zip(("weights", "progress"), (weights, *progress), strict=False))
        if "pretrained" in kwargs:
            kwargs["weights"] = kwargs.pop("pretrained")
            warnings.warn(
                "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the future, "
                "please use 'weights' instead.",
                stacklevel=3,
            )
        if kwargs.get("weights") is False:
            kwargs["weights"] = None
            warnings.warn(
                "Arguments other than a weight enum or `None` for 'weights' are deprecated since 0.13 and may be removed "
                "in the future. The current behavior is equivalent to passing `weights=None`.",
                stacklevel=3,
            )
        return builder(**kwargs)

    BUILTIN_MODELS[builder.__name__] = entry(build)
    return BUILTIN_MODELS[builder.__name__]  # pyright: ignore[reportReturnType]


def stored_state(weights: Path | None) -> dict[str, Tensor] | None:
    """The state dict in the file `weights`; None without one.

    Raises NotImplementedError for what torchvision would download, and what `load` raises for a file that is none.

    >>> stored_state("DEFAULT")
    Traceback (most recent call last):
    ...
    NotImplementedError: weights='DEFAULT' would be downloaded, and autogradkit downloads none: give the path of a file with \
the state_dict, which torch.save(model.state_dict(), path) writes where there is torchvision
    """
    if weights is None:
        return None
    if not isinstance(weights, str | PathLike) or (isinstance(weights, str) and _PUBLISHED.fullmatch(weights)):
        raise NotImplementedError(
            f"weights={weights!r} would be downloaded, and autogradkit downloads none: give the path of a file with the "
            "state_dict, which torch.save(model.state_dict(), path) writes where there is torchvision"
        )
    return load(weights)


def filled(
    build: Callable[..., M], weights: Path | None, *, renamed: Callable[[str], str] | None = None, **kwargs: Any
) -> M:
    """The model that `build` makes of the further arguments, with the parameters in the file `weights` if there is one.

    `renamed` gives the name that a parameter has by now, where older files have another.
    """
    state = stored_state(weights)  # first: a model takes a while to be made
    model = build(**kwargs)
    if state is not None:
        if renamed is not None:
            state = {renamed(name): tensor for name, tensor in state.items()}
        model.load_state_dict(state)
    return model


def overwrite(kwargs: dict[str, Any], name: str, value: Any) -> None:
    """Set what a model is defined by. Raises ValueError where the caller asked for something else."""
    if kwargs.setdefault(name, value) != value:
        raise ValueError(f"The parameter '{name}' expected value {value} but got {kwargs[name]} instead.")


def list_models(
    module: ModuleType | None = None,
    include: Iterable[str] | str | None = None,
    exclude: Iterable[str] | str | None = None,
) -> list[str]:
    """The names of all models; `include` and `exclude` are shell patterns, one or several.

    >>> list_models(include="vgg*", exclude=["*_bn", "vgg1[13]"])
    ['vgg16', 'vgg19']
    """
    names = {
        name
        for name, builder in BUILTIN_MODELS.items()
        if module is None or builder.__module__.rpartition(".")[0] == module.__name__
    }
    if include:
        names = {name for pattern in _several(include) for name in matching(names, pattern)}
    for pattern in _several(exclude or ()):
        names -= set(matching(names, pattern))
    return sorted(names)


def _several(patterns: Iterable[str] | str) -> Iterable[str]:
    return (patterns,) if isinstance(patterns, str) else patterns


@entry
def get_model_builder(name: str) -> Callable[..., nn.Module]:
    """The function that builds the model of a name.

    >>> get_model_builder("ResNet18").__name__
    'resnet18'
    """
    name = name.lower()
    if name not in BUILTIN_MODELS:
        raise ValueError(f"Unknown model {name}")
    return BUILTIN_MODELS[name]


@entry
def get_model(name: str, **config: Any) -> nn.Module:
    """A new model by its name; `config` goes to its builder.

    >>> type(get_model("squeezenet1_1", num_classes=10)).__name__
    'SqueezeNet'
    """
    return get_model_builder(name)(**config)
