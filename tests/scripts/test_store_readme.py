"""README's picture: it is what its cell draws."""

from __future__ import annotations

import pytest

from scripts.store_readme import PICTURE, README, cells, picture


def test_the_picture_is_what_the_cell_above_it_draws() -> None:
    text = README.read_text(encoding="utf-8")
    assert picture(cells(text)) + "\n" == PICTURE.read_text(encoding="utf-8"), "python -m scripts.store_readme"
    assert f"]({PICTURE.relative_to(README.parent).as_posix()})" in text


def test_a_readme_without_a_traced_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="no block of Python that begins with %%trace"):
        cells("```python\nx = 1\n```")
