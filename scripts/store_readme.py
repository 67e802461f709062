"""Store the picture that README.md shows: what its first `%%trace` cell draws, as a notebook would show it.

    python -m scripts.store_readme

Rests on `store_lessons.run`. `tests/scripts/test_store_readme.py` holds the stored picture to the cell.
"""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from scripts.store_lessons import ROOT, run

README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "trace.svg"


def cells(text: str) -> list[str]:
    """The sources of README's first `%%trace` cell and of what it needs before it."""
    traced = re.search(r"```python\n(%%trace\n.*?)```", text, re.DOTALL)
    if traced is None:
        raise ValueError(f"{README} has no block of Python that begins with %%trace, whose picture {PICTURE} could be")
    return ["import autogradkit as torch\n%load_ext autogradkit", traced[1].rstrip()]


def picture(sources: list[str]) -> str:
    """The SVG in the last cell's output, run in a fresh kernel."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with TemporaryDirectory() as folder:
        run(notebook, Path(folder))
    html = notebook.cells[-1].outputs[-1].data["text/html"]
    stored = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    if stored is None:
        raise ValueError(f"the cell's output has no SVG: {html[:200]}")
    return b64decode(stored[1]).decode()


def main() -> None:
    """Draw README's cell and store the picture."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(cells(README.read_text(encoding="utf-8"))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
