"""The list of models by name, and what their builders do with `weights`: a published name is looked up, a file is read.

Rests on nn, on `hub` and on `load`, which builds tensors only. The builders in this package use it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from fnmatch import filter as matching
from functools import wraps
from inspect import signature
from os import PathLike
from types import ModuleType
from typing import Any, TypeVar

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.hub import published_file
from autogradkit.serialization import load
from autogradkit.vision.models.published import WeightsEnum

M = TypeVar("M", bound=nn.Module)
Path = str | PathLike[str]
BUILTIN_MODELS: dict[str, Callable[..., nn.Module]] = {}
_WEIGHTS: dict[str, type[WeightsEnum]] = {}
_NAMED = re.compile(r"(\w+_Weights\.)?[A-Z][A-Z0-9_]*")  # DEFAULT, IMAGENET1K_V1, ResNet18_Weights.DEFAULT; else a path


def register_model(
    published: type[WeightsEnum], backbone: type[WeightsEnum] | None = None
) -> Callable[[Callable[..., M]], Callable[..., M]]:
    """Enter a builder in the list, under its name. It gets the path of a file where its caller names published parameters.

    One with a `backbone` of its own leaves `weights_backbone` to that one's builder, but where `weights` have all parameters.
    Older calls are served with torchvision's warnings: arguments by position, `pretrained` and `pretrained_backbone`.
    """

    def register(builder: Callable[..., M]) -> Callable[..., M]:
        @wraps(builder)
        def build(*args: Any, **kwargs: Any) -> M:
            if args:
                names = [name for name in signature(builder).parameters if name != "kwargs"][: len(args)]
                given = " and ".join(filter(None, (", ".join(map(repr, names[:-1])), repr(names[-1]))))
                warnings.warn(
                    f"Using {given} as positional parameter(s) is deprecated since 0.13 and may be removed in the future. "
                    "Please use keyword parameter(s) instead.",
                    stacklevel=3,
                )
                kwargs |= dict(zip(names, args, strict=False))
            _modern(published, kwargs, "weights", "pretrained")
            if backbone is not None:
                _modern(backbone, kwargs, "weights_backbone", "pretrained_backbone")
            weights = kwargs.get("weights")
            if weights is not None and backbone is not None:
                kwargs["weights_backbone"] = None
            if weights is not None and not _is_path(weights):
                member = published.verify(weights)
                if member.meta["categories"] is not None:
                    overwrite(kwargs, "num_classes", len(member.meta["categories"]))
                kwargs["weights"] = published_file(member.url, progress=kwargs.get("progress", True), check_hash=True)
            return builder(**kwargs)

        _WEIGHTS[builder.__name__] = published
        BUILTIN_MODELS[builder.__name__] = entry(build)
        return BUILTIN_MODELS[builder.__name__]  # pyright: ignore[reportReturnType]

    return register


def _is_path(weights: Any) -> bool:
    return isinstance(weights, PathLike) or (isinstance(weights, str) and not _NAMED.fullmatch(weights))


def _modern(published: type[WeightsEnum], kwargs: dict[str, Any], name: str, older: str) -> None:
    """Make `weights` of `pretrained`, and a name or None of whatever else was once given, and warn of it."""
    weights = kwargs.get(name)
    if older in kwargs:
        weights = kwargs.pop(older)
        warnings.warn(
            f"The parameter '{older}' is deprecated since 0.13 and may be removed in the future, "
            f"please use '{name}' instead.",
            stacklevel=4,
        )
    elif weights is None or isinstance(weights, str | PathLike | WeightsEnum):
        return
    first = next(each for each in published.__members__ if each.endswith("_V1"))
    kwargs[name] = meant = published[first] if weights else None
    latest = f" You can also use `{name}={published.__name__}.DEFAULT` to get the most up-to-date weights."
    warnings.warn(
        f"Arguments other than a weight enum or `None` for '{name}' are deprecated since 0.13 and may be removed in the "
        f"future. The current behavior is equivalent to passing `{name}={meant}`.{latest if weights else ''}",
        stacklevel=4,
    )


def filled(
    build: Callable[..., M], weights: Path | None, *, renamed: Callable[[str], str] | None = None, **kwargs: Any
) -> M:
    """The model that `build` makes of the further arguments, with the parameters in the file `weights` if there is one.

    `renamed` gives the name that a parameter has by now, where older files have another.
    """
    state = None if weights is None else load(weights)  # first: a model takes a while to be made
    model = build(**kwargs)
    if state is not None:
        if renamed is not None:
            state = {renamed(name): tensor for name, tensor in state.items()}
        model.load_state_dict(state)
    return model


def overwrite(kwargs: dict[str, Any], name: str, value: Any) -> None:
    """Set what a model is defined by. Raises ValueError where the caller asked for something else."""
    if kwargs.get(name) is None:
        kwargs[name] = value
    if kwargs[name] != value:
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


@entry
def get_model_weights(name: Callable[..., nn.Module] | str) -> type[WeightsEnum]:
    """The enum of the parameters that are published of a model, by its builder or by its name.

    >>> list(get_model_weights("resnet50"))
    [ResNet50_Weights.IMAGENET1K_V1, ResNet50_Weights.IMAGENET1K_V2]
    """
    builder = get_model_builder(name) if isinstance(name, str) else name
    if BUILTIN_MODELS.get(builder.__name__) is builder:
        return _WEIGHTS[builder.__name__]
    if "weights" not in signature(builder).parameters:
        raise ValueError("The method is missing the 'weights' argument.")
    raise ValueError(
        "The WeightsEnum class for the specific method couldn't be retrieved. Make sure the typing info is correct."
    )


@entry
def get_weight(name: str) -> WeightsEnum:
    """A member of an enum by its full name.

    >>> get_weight("ResNet18_Weights.DEFAULT").meta["categories"][:2]
    ['tench', 'goldfish']
    """
    enum, _, member = name.partition(".")
    if not member or "." in member:
        raise ValueError(f"Invalid weight name provided: '{name}'.")
    for each in _WEIGHTS.values():
        if each.__name__ == enum:
            return each[member]
    raise ValueError(f"The weight enum '{enum}' for the specific method couldn't be retrieved.")
