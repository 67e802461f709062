"""What a refusal is about, and what a warning was said before: the kinds of findings that are no matter of one op.

A call may be wrong in several ways, and each kernel of PyTorch's looks at them in an order of its own. Where both libraries
refuse a line, what each looked at is told by its text; a finding is then "dtypes before sizes" (in PyTorch dtypes are looked at
first, here sizes). Texts that are in none of the groups, or both in one, are a matter of the op: "error text". Used by `runs`.
"""

from __future__ import annotations

import re

# In order: the first group that a text matches says what it is about. These are fragments of PyTorch's messages.
_ABOUT = {
    "graph": (
        "in-place operation|support automatic differentiation|is a view |created in (no_grad|inference) mode|requires gradients"
        "|not differentiable with respect to|inference tensor"
    ),
    "memory": "single memory location|not resizable",
    "out's dtype": (
        "desired output type|[Ee]xpected out tensor|safely castable|Found dtype|output\\.dtype|for result tensor|output dtype"
        "|same type as input|Expected tensor for '\\w+' to have the same type|output tensor dtype|result dtype|out of dtype"
    ),
    "dtypes": (
        "not implemented for|[Dd]types?\\b|scalar[ _]type|long tensor|floating[ -]point|not supported for|should be the same"
        "|long, int, byte or bool|cannot be converted|[Cc]omplex|[Ii]ntegral|Bool"
    ),
    "dimensions": "[Dd]im(s|ension|ensions|ensionality)?\\b|[1-4]-?D\\b|must be a matrix|vector expected|vec2|too many indices",
    "sizes": "[Ss]izes?\\b|[Ss]hapes?\\b|number of elements|at least one element|must match|broadcast|should contain|slice, N"
    "|only 1 value",
    "numbers": "norm type|overflow|negative|is out of bounds|greater|less|between|positive|to be in|equal|inconsistent"
    "|is singular|expects p|p_in|must be defined|Unknown",
}
_GROUPS = {name: re.compile(fragments) for name, fragments in _ABOUT.items()}

# What Python or NumPy says of what no check of ours has looked at.
_UNCHECKED = re.compile(
    "not supported between instances|tuple index out of range|negative dimensions are not|argument must be a"
)

# What PyTorch says as it resizes what `out=` names, or casts into it, before its kernel looks at anything.
_BEFORE = ("An output with one or more elements was resized", "Casting complex values to real")

Said = tuple[str, str]  # the type of an error or a warning, and its first line


def about(text: str) -> str:
    """The group of a refusal's text, or nothing."""
    if _UNCHECKED.search(text):
        return ""
    return next((name for name, fragments in _GROUPS.items() if fragments.search(text)), "")


def of_refusals(theirs: Said, mine: Said) -> str:
    """The kind of a finding where both libraries refuse a line, otherwise."""
    there, here = about(theirs[1]), about(mine[1])
    if there and here and there != here:
        return f"{there} before {here}"
    return "error type" if theirs[0] != mine[0] else "error text"


def of_warnings(theirs: frozenset[Said], mine: frozenset[Said], refused: bool) -> str:
    """The kind of a finding where the libraries warn otherwise, of a line that runs in both or is `refused` for one reason."""
    more = theirs - mine
    if refused and more and mine <= theirs and all(text.startswith(_BEFORE) for _, text in more):
        return "warned before the refusal"
    return "warnings"
