"""Write `autogradkit/vision/models/published.json`: what torchvision says of the parameters that it publishes.

`python -m scripts.write_published_weights`, with the torchvision of the tests installed. Names, addresses, sizes, measured
accuracies, preparation of pictures, and lists of categories: `tests/parity/test_published_weights.py` holds the file to
what is installed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.parity.oracle_vision import torchvision

FILE = Path(__file__).resolve().parent.parent / "autogradkit" / "vision" / "models" / "published.json"


def described(member: Any, lists: dict[str, list[str]]) -> dict[str, Any]:
    """One member of an enum; of its text nothing, and the name of its list of categories, which is entered in `lists`."""
    preset = getattr(member.transforms, "func", member.transforms).__name__
    keywords = dict(getattr(member.transforms, "keywords", {}))
    if preset != "ImageClassification":
        keywords["preset"] = preset
    if "interpolation" in keywords:
        keywords["interpolation"] = keywords["interpolation"].value
    meta = {key: value for key, value in member.meta.items() if key != "_docs"}
    named = meta.pop("categories", None)
    name = None
    if named is not None:
        name = f"{len(named)} from {named[0]}"
        assert lists.setdefault(name, list(named)) == list(named)
    return {"url": member.url, "transforms": keywords, "categories": name, "meta": meta}


def text() -> str:
    """The file's content: a line for each member of each enum that a model's source names, then the lists of categories."""
    models = torchvision.models
    known = {enum.__name__: enum for enum in map(models.get_model_weights, models.list_models())}
    sources = "".join(file.read_text(encoding="utf-8") for file in sorted(FILE.parent.rglob("*.py")))
    enums, lists = {}, {}
    for name in sorted(set(re.findall(r'= published\("(\w+)"', sources))):
        enums[name] = [
            f'"{key}": {json.dumps(described(member, lists) if member.name == key else member.name)}'
            for key, member in known[name].__members__.items()
        ]
    entries = ",\n".join(f'"{name}": {{\n' + ",\n".join(lines) + "\n}" for name, lines in enums.items())
    categories = ",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in lists.items())
    return f'{{"weights": {{\n{entries}\n}},\n"categories": {{\n{categories}\n}}}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
