"""Notebooks in the server's folder: written, and signed or not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary


def write_notebook(path: Path, sources: Iterable[str]) -> Path:
    """A notebook of these code cells, for the kernel of this environment."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def sign(path: Path, data: Path, trusted: bool) -> None:
    """Sign a stored notebook, as `jupyter trust` does, so that its stored HTML is shown as it is, or take that back."""
    notary = NotebookNotary(data_dir=str(data))
    (notary.sign if trusted else notary.unsign)(nbformat.read(path, as_version=4))
    notary.store.close()
