"""CelebA (Liu et al., 2015): faces with attributes, from the published folder. Rests on `vision.datasets.listed`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import autogradkit
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.datasets.listed import NOT_WHOLE
from autogradkit.vision.datasets.utils import verify_str_arg
from autogradkit.vision.datasets.vision import Transform, VisionDataset

_PARTS = {"train": 0, "valid": 1, "test": 2}


class CelebA(VisionDataset):
    """Aligned photographs of faces; `split` is "train", "valid", "test" or "all".

    `target_type` is one of "attr" (40 numbers, 0 or 1, named by `attr_names`), "identity" (whose face it is), "bbox" (x, y,
    width, height) and "landmarks" (five points: eyes, nose, corners of the mouth), or several, for a tuple; [] for None. `root`
    is the folder with `celeba`, in which the lists (`list_attr_celeba.txt` and its kin) stand beside the folder of pictures,
    `img_align_celeba`. A copy of only some faces is read as well. Raises RuntimeError where it is not there, also for
    `download=True`, as the files are published where nobody may fetch them unasked.
    """

    _LISTS = (
        "list_attr_celeba",
        "identity_CelebA",
        "list_bbox_celeba",
        "list_landmarks_align_celeba",
        "list_eval_partition",
    )

    @entry
    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        target_type: list[str] | str = "attr",
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = split
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        if not self.target_type and target_transform is not None:
            raise RuntimeError("target_transform is specified but target_type is empty")
        self._folder = Path(self.root) / "celeba"
        there = all((self._folder / f"{name}.txt").is_file() for name in self._LISTS)
        if not (there and (self._folder / "img_align_celeba").is_dir()):
            by_hand = f"CelebA is fetched by hand: its lists and its folder img_align_celeba belong into {self._folder}"
            raise RuntimeError(by_hand if download else NOT_WHOLE)
        kind = verify_str_arg(
            split.lower() if isinstance(split, str) else split, "split", ("train", "valid", "test", "all")
        )
        names, parts, _ = self._read("list_eval_partition", None)
        wanted = [place for place, part in enumerate(parts) if kind == "all" or part[0] == _PARTS[kind]]
        self.filename = [names[place] for place in wanted]

        def chosen(name: str, head: int | None) -> tuple[Tensor, list[str]]:
            _, rows, columns = self._read(name, head)
            return autogradkit.tensor([rows[place] for place in wanted], dtype=autogradkit.int64), columns

        self.identity, _ = chosen("identity_CelebA", None)
        self.bbox, _ = chosen("list_bbox_celeba", 1)
        self.landmarks_align, _ = chosen("list_landmarks_align_celeba", 1)
        signs, self.attr_names = chosen("list_attr_celeba", 1)
        self.attr = (signs > 0).long()

    def _read(self, name: str, head: int | None) -> tuple[list[str], list[list[int]], list[str]]:
        """(names of pictures, their numbers, names of the columns, which stand in the line `head`)."""
        lines = (self._folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines if line.strip()]
        # Each line of the published lists ends in a space, behind which torchvision reads one more name
        columns = [] if head is None else [*rows[head], *[""] * lines[head].endswith(" ")]
        rows = rows if head is None else rows[head + 1 :]
        return [row[0] for row in rows], [list(map(int, row[1:])) for row in rows], columns

    def __len__(self) -> int:
        return len(self.attr)

    def _target(self, kind: str, index: int) -> Any:
        if kind == "attr":
            return self.attr[index, :]
        if kind == "identity":
            return self.identity[index, 0]
        if kind == "bbox":
            return self.bbox[index, :]
        if kind == "landmarks":
            return self.landmarks_align[index, :]
        raise ValueError(f'Target type "{kind}" is not recognized.')

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        picture = Image.open(self._folder / "img_align_celeba" / self.filename[index])
        targets: tuple[Any, ...] = tuple(self._target(kind, index) for kind in self.target_type)
        if not targets:
            return (picture if self.transform is None else self.transform(picture)), None
        return self._transformed(picture, targets[0] if len(targets) == 1 else targets)

    def extra_repr(self) -> str:
        """What is told of a face, and which part it is."""
        return f"Target type: {self.target_type}\nSplit: {self.split}"
