"""Print the oldest versions that pyproject.toml allows, as constraints for pip: what the package promises can be tested.

    python scripts/oldest.py > oldest.txt
    python3 -m venv .venv && .venv/bin/pip install -c oldest.txt -e ".[test]" && bash scripts/test.sh

Rests on the standard library alone, as nothing is installed yet. matplotlib's own dependency pyparsing has to be older than 3.3
then, of which the oldest matplotlib warns.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_AT_LEAST = re.compile(r"([\w.-]+)(?:\[[\w, -]+\])?>=([\w.]+)")


def oldest(requirements: Iterable[str]) -> list[str]:
    """The constraint of each requirement that names a least version.

    >>> oldest(["numpy>=2.1", "mygrad>=2.5,<3", "torch==2.13.0", "autogradkit[lab]"])
    ['numpy==2.1', 'mygrad==2.5']
    """
    found = (_AT_LEAST.match(each) for each in requirements)
    return [f"{each[1]}=={each[2]}" for each in found if each is not None]


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirements in (project["dependencies"], *project["optional-dependencies"].values()):
        print(*oldest(requirements), sep="\n")


if __name__ == "__main__":
    main()
