"""Pictures of noise, which cost nothing to get, to try a training loop with. Rests on `vision.datasets.vision`."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.seed import get_rng_state, manual_seed, set_rng_state
from autogradkit.core.frames import entry
from autogradkit.vision.datasets.vision import Transform, VisionDataset


class FakeData(VisionDataset):
    """`size` pictures of noise, the same each time they are asked for; an item is (picture, class).

    >>> picture, label = FakeData(size=5, image_size=(3, 4, 6))[2]
    >>> picture.size, picture.mode
    ((6, 4), 'RGB')
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    @entry
    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        import autogradkit

        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        state = get_rng_state()
        manual_seed(index + self.random_offset)
        noise = autogradkit.randn(*self.image_size)
        target = autogradkit.randint(0, self.num_classes, size=(1,), dtype=autogradkit.int64)[0]
        set_rng_state(state)
        pixels = noise.mul(255).byte().permute(1, 2, 0).numpy()
        picture, target = self._transformed(
            Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels), target
        )
        return picture, target.item()

    def __len__(self) -> int:
        return self.size
