"""A text as Python, where it is any: a cell, a line of it, a text from a file that a stranger made.

Rests on the standard library. Serves titles, names and the sentences on what a picture leaves out.
"""

from __future__ import annotations

import ast
import functools
import re

_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
LONGEST = 1_000_000  # characters that are parsed; no cell of a person is longer


@functools.lru_cache(8)
def parsed(text: str) -> ast.Module:
    """The text as a syntax tree; empty where it is no Python, or nested deeper than Python reads.

    >>> len(parsed("y = x * 2").body), len(parsed("no program").body), len(parsed("(" * 10_000).body)
    (1, 0, 0)
    """
    if len(text) > LONGEST:
        return ast.Module([], [])
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested too deeply for the parser
        return ast.Module([], [])


@functools.lru_cache(8)
def nodes_of(text: str) -> tuple[ast.AST, ...]:
    """All nodes of the text's syntax tree, in the order of `ast.walk`, which takes longer than to parse it.

    >>> [type(node).__name__ for node in nodes_of("f()")]
    ['Module', 'Expr', 'Call', 'Name', 'Load']
    """
    return tuple(ast.walk(parsed(text)))


def without_magics(source: str) -> str:
    """A cell with its lines of magic and of the shell emptied, so that the others keep their numbers.

    >>> without_magics("%time\\ny = 1")
    '\\ny = 1'
    """
    return _MAGIC.sub("", source)
