"""Run the lessons and store them as they are shipped: outputs and static pictures, no widget state.

Without widget state a stored lesson shows its static pictures, in any viewer and before anything has run. What
differs from run to run (timings, ids, paths) is normalised, so that nbval can compare every output strictly.

    python scripts/store_lessons.py            every lesson in tutorials/
    python scripts/store_lessons.py FILE ...   these alone
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
LESSONS = ROOT / "tutorials"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA: dict[str, Any] = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Execute every cell in a fresh kernel that imports autogradkit from this checkout.

    Raises CellExecutionError where a cell fails that is not tagged `raises-exception`.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment)


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy in the form in which lessons are stored; cells keep their ids. Cleaning what is clean changes nothing."""
    cells = []
    executed = 0
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in ("tags",) if cell.metadata.get(key)}
        if cell.cell_type == "code":
            executed += 1
            outputs = _joined([_clean_output(output, executed) for output in cell.outputs])
            stored = nbformat.v4.new_code_cell(cell.source, metadata=kept, outputs=outputs, execution_count=executed)
        else:
            stored = nbformat.v4.new_markdown_cell(cell.source, metadata=kept)
        stored.id = cell.id
        cells.append(stored)
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA, nbformat_minor=5)


def _clean_output(output: nbformat.NotebookNode, executed: int) -> nbformat.NotebookNode:
    kept: Any = nbformat.from_dict(output)
    if "data" in kept:
        kept.data = nbformat.from_dict({kind: data for kind, data in output.data.items() if kind != WIDGET_VIEW})
        kept.metadata = nbformat.from_dict({})
    if "execution_count" in kept:
        kept.execution_count = executed
    if "traceback" in kept:
        kept.traceback = [line.replace(f"{ROOT}{os.sep}", "") for line in kept.traceback]
    return kept


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The outputs with neighbouring pieces of one stream as one: where a stream is cut depends on timing."""
    joined: list[nbformat.NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="*", type=Path, help="the notebooks (default: all in tutorials/)")
    files: list[Path] = parser.parse_args().files or sorted(LESSONS.rglob("[0-9]*.ipynb"))
    for file in files:
        notebook = nbformat.read(file, as_version=4)
        run(notebook, file.parent)
        stored = clean(notebook)
        text = nbformat.writes(stored)
        if str(ROOT) in text:
            print(f"{file}: an output shows {ROOT}; a reader has no such folder", file=sys.stderr)
            return 1
        file.write_text(text + "\n", encoding="utf-8")
        print(f"{file}: {len(text):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
