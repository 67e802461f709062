"""In which order PyTorch's messages list the keywords of a call: that of a hash table of C++'s.

The table is `std::unordered_map` of GNU's library: 13 buckets for up to 13 names, MurmurHash64A of the name, and a name goes
to the front of its bucket, or of the whole list where that bucket is empty. Used by signature.py.
"""

from __future__ import annotations

from collections.abc import Iterable

_WORD = (1 << 64) - 1
_MULTIPLIER = 0xC6A4A7935BD1E995
_SEED = 0xC70F6907
_BUCKETS = (13, 29, 59, 127, 257, 541)


def _mixed(value: int) -> int:
    return value ^ (value >> 47)


def _hash(name: str) -> int:
    data = name.encode()
    found = _SEED ^ (len(data) * _MULTIPLIER & _WORD)
    whole = len(data) & ~7
    for at in range(0, whole, 8):
        word = int.from_bytes(data[at : at + 8], "little")
        found = (found ^ (_mixed(word * _MULTIPLIER & _WORD) * _MULTIPLIER & _WORD)) * _MULTIPLIER & _WORD
    if whole < len(data):
        found = (found ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _WORD
    return _mixed(_mixed(found) * _MULTIPLIER & _WORD)


def in_order_of_c(names: Iterable[str]) -> list[str]:
    """The names as PyTorch lists them, given in the order of the call.

    >>> in_order_of_c(["input", "keepdim", "dim"])
    ['keepdim', 'dim', 'input']
    """
    names = list(names)
    buckets = next((each for each in _BUCKETS if each >= len(names)), len(names))
    found: list[tuple[int, str]] = []
    for name in names:
        bucket = _hash(name) % buckets
        at = next((place for place, (other, _) in enumerate(found) if other == bucket), 0)
        found.insert(at, (bucket, name))
    return [name for _, name in found]
