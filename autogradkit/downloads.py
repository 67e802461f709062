"""Files from a network: whole and checked, or not there; where nothing answers, the error says which file belongs where.

Rests on the standard library, and on tqdm, which is loaded when something is fetched. Data sets and `hub` fetch with it.
"""

from __future__ import annotations

import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

PIECE = 1 << 15
MOST_DOWNLOADED = 4_000_000_000  # bytes of one file; the largest data set has two thousand million


def fetch(
    url: str, target: Path, check: Callable[[str], None], *, most: int = MOST_DOWNLOADED, progress: bool = True
) -> None:
    """Put what a URL answers, up to `most` bytes, in the place of `target`, and show how far it is on a bar.

    `check` sees the path of the complete file before it takes its name, and raises where it is another one. What was cut
    off leaves nothing behind. Raises URLError where nothing answers.

    >>> folder = Path(tempfile.mkdtemp()); _ = (folder / "published").write_text("12345")
    >>> fetch((folder / "published").as_uri(), folder / "here", lambda part: None, progress=False)
    >>> (folder / "here").read_text()
    '12345'
    """
    descriptor, part = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:
            _copy(url, file, most, progress)
        check(part)
        os.chmod(part, 0o644)
        os.replace(part, target)
    except urllib.error.URLError as error:
        error.add_note(f"autogradkit: fetch {url} where there is a network, and put it there: {target}")
        raise error from None  # of the errors below it the first line tells
    finally:
        Path(part).unlink(missing_ok=True)


def _copy(url: str, file: IO[bytes], most: int, progress: bool) -> None:
    from tqdm import tqdm

    request = urllib.request.Request(url, headers={"User-Agent": "autogradkit"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        length = getattr(answer, "length", None)
        with tqdm(total=length, unit="B", unit_scale=True, disable=not progress) as bar:
            while most > 0 and (piece := answer.read(min(PIECE, most))):
                file.write(piece)
                bar.update(len(piece))
                most -= len(piece)
