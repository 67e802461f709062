"""Write `autogradkit/vision/models/published.json`: what torchvision says of the parameters that it publishes.

`python -m scripts.write_published_weights`, with the torchvision of the tests installed. Names, addresses, sizes, measured
accuracies, preparation of pictures, and the categories of ImageNet: `tests/parity/test_published_weights.py` holds the file to
what is installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autogradkit.vision.models import list_models
from tests.parity.oracle_vision import torchvision

FILE = Path(__file__).resolve().parent.parent / "autogradkit" / "vision" / "models" / "published.json"


def described(member: Any, categories: list[str]) -> dict[str, Any]:
    """One member of an enum; of its text nothing, and True or False for the categories."""
    keywords = dict(member.transforms.keywords)
    if "interpolation" in keywords:
        keywords["interpolation"] = keywords["interpolation"].value
    meta = {key: value for key, value in member.meta.items() if key != "_docs"}
    named = meta.pop("categories", None)
    assert named in (None, categories)
    return {"url": member.url, "transforms": keywords, "categories": named is not None, "meta": meta}


def text() -> str:
    """The file's content: a line for each member of each enum, then the categories."""
    models = torchvision.models
    categories = list(models.AlexNet_Weights.DEFAULT.meta["categories"])
    enums = {}
    for builder in list_models():
        enum = models.get_model_weights(builder)
        enums[enum.__name__] = [
            f'"{name}": {json.dumps(described(member, categories) if member.name == name else member.name)}'
            for name, member in enum.__members__.items()
        ]
    entries = ",\n".join(f'"{name}": {{\n' + ",\n".join(lines) + "\n}" for name, lines in enums.items())
    return f'{{"weights": {{\n{entries}\n}},\n"categories": {json.dumps(categories)}}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
