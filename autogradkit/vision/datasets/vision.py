"""What data sets of pictures have in common: where they are, what is done to an item, and how they describe themselves.

Rests on utils.data; every data set in this package is one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.utils.data import Dataset

Transform = Callable[[Any], Any]
Transforms = Callable[[Any, Any], tuple[Any, Any]]


class VisionDataset(Dataset):
    """Base of data sets of pictures: say `__getitem__` and `__len__`, and in `extra_repr` what else describes it.

    `transform` is for the picture, `target_transform` for what it shows; `transforms` instead of the two takes both.

    >>> class Squares(VisionDataset):
    ...     def __len__(self): return 3
    ...     def extra_repr(self): return "Side: 1"
    >>> Squares("/data/squares", target_transform=len)
    Dataset Squares
        Number of datapoints: 3
        Root location: /data/squares
        Side: 1
        StandardTransform
    Target transform: <built-in function len>
    """

    _repr_indent = 4

    def __init__(
        self,
        root: str | Path | None = None,
        transforms: Transforms | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        self.root: Any = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError("Only transforms or transform/target_transform can be passed as argument")
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def _transformed(self, picture: Any, target: Any) -> tuple[Any, Any]:
        """An item as `transform` and `target_transform` make it, which may have been set since."""
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if getattr(self, "transforms", None) is not None:
            body.append(repr(self.transforms))
        return "\n".join([f"Dataset {type(self).__name__}", *(" " * self._repr_indent + line for line in body)])

    def extra_repr(self) -> str:
        """Further lines of the description."""
        return ""


class StandardTransform:
    """A transform for the picture and one for the target, each of which may be None, as one for both.

    >>> StandardTransform(None, str)("a picture", 3)
    ('a picture', '3')
    """

    def __init__(self, transform: Transform | None = None, target_transform: Transform | None = None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    @entry
    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, transform in (("Transform: ", self.transform), ("Target transform: ", self.target_transform)):
            if transform is not None:
                first, *rest = repr(transform).splitlines()
                lines += [head + first, *(" " * len(head) + line for line in rest)]
        return "\n".join(lines)
