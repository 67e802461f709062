"""Numbers as PyTorch prints them, shortened to what fits a picture; the rest stays on hover and in the table.

Rests on `tracing.events.Numbers`; every renderer and the text forms use it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit.tracing.events import Number, Numbers

SHOWN = 12  # elements printed on a picture; beyond that a summary and a heat strip


def number(value: Number, digits: int = 4) -> str:
    """One number: PyTorch's four decimals without the trailing zeros, `1.` for a whole float.

    >>> [number(v) for v in (1.0, 0.25, -1.5, 3, True, 1e-5, 123456.75, float("nan"))]
    ['1.', '0.25', '-1.5', '3', 'True', '1e-05', '1.2346e+05', 'nan']
    """
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, complex):
        sign = "-" if value.imag < 0 or (value.imag == 0 and math.copysign(1, value.imag) < 0) else "+"
        return f"{number(value.real, digits)}{sign}{number(abs(value.imag), digits)}j"
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size and (size < 10.0**-digits or size >= 1e5):
        mantissa, exponent = f"{value:.{digits}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    text = f"{value:.{digits}f}".rstrip("0")
    return "-0." if text == "-0." and value == 0 else "0." if text == "-0." else text


def plain(value: Number) -> str:
    """One number as arithmetic writes it: with a minus sign, a whole one without its point, no zero below zero.

    >>> [plain(v) for v in (42.0, -0.27943, 3, float("-inf"), complex(-0.0, 1.0))]
    ['42', '−0.2794', '3', '−inf', '0.+1.j']
    """
    text = number(value + 0.0 if isinstance(value, complex) else value)  # which leaves no zero its minus
    text = text.removesuffix(".") if isinstance(value, float) else text
    return "0" if text == "-0" else text.replace("-", "−")


def plain_array(array: np.ndarray[Any, Any]) -> str:
    """An array as arithmetic writes it.

    >>> plain_array(np.array([[1.0, -0.5]]))
    '[[1, −0.5]]'
    """
    if not array.ndim:
        return plain(array.item())
    return f"[{', '.join(map(plain_array, array))}]" if array.ndim > 1 else f"[{', '.join(map(plain, array.tolist()))}]"


def rows(numbers: Numbers, digits: int = 4) -> list[str] | None:
    """The elements as nested brackets, one string for each row of a matrix, which may be a batch of one; None where too many
    to print.

    >>> rows(Numbers((2, 2), "float32", (0.5, -1.0, 2.0, 0.25), "", -1.0, 2.0, 0.4375, 0, 0, 0))
    ['[[0.5, -1. ],', ' [2.,  0.25]]']
    >>> rows(Numbers((1, 2, 1), "float32", (0.5, -1.0), "", -1.0, 0.5, -0.25, 0, 0, 0))
    ['[[[0.5],', '  [-1.]]]']
    """
    several = any(each > 1 for each in numbers.shape[:-2])
    if numbers.data is None or len(numbers.data) > SHOWN or several or numbers.omitted:
        return None
    cells = [number(value, digits) for value in numbers.data]
    if not numbers.shape:
        return cells[:1]
    if len(numbers.shape) == 1 or 0 in numbers.shape:
        return ["[" + ", ".join(cells) + "]" if cells else "[]"]
    columns, deep = numbers.shape[-1], len(numbers.shape)
    wide = [max(len(cell) for cell in cells[c::columns]) for c in range(columns)]
    lines = []
    for start in range(0, len(cells), columns):
        row = cells[start : start + columns]
        aligned = [f"{cell}," for cell in row[:-1]] + row[-1:]
        padded = [cell.ljust(wide[c] + (c < columns - 1)) for c, cell in enumerate(aligned)]
        begin = "[" * deep if start == 0 else " " * (deep - 1) + "["
        lines.append(begin + " ".join(padded) + ("]," if start + columns < len(cells) else "]" * deep))
    return lines


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as people say it: `2×3`, or `scalar` where there is no dimension.

    >>> shape_text((2, 3)), shape_text(()), shape_text((4,))
    ('2×3', 'scalar', '4')
    """
    return "×".join(map(str, shape)) if shape else "scalar"


def parameters(several: list[Numbers]) -> str:
    """How many parameters there are, and how large they are.

    >>> parameters([Numbers((3, 2), "float32", None, "", None, None, None, 0, 0, 6)])
    '6 parameters, 24 B'
    """
    count = sum(math.prod(each.shape) for each in several)
    size = float(sum(math.prod(each.shape) * np.dtype(each.dtype).itemsize for each in several))
    unit = next((power for power in range(3) if size < 1000 * 1024**power), 3)
    shown = f"{size / 1024**unit:.{1 if unit else 0}f}".removesuffix(".0")
    return f"{count:,} parameter{'s' * (count != 1)}, {shown} {('B', 'KiB', 'MiB', 'GiB')[unit]}"


def summary(numbers: Numbers) -> str:
    """What stands for elements that are too many to print.

    >>> summary(Numbers((1000,), "float32", None, "", -1.0, 2.0, 0.4375, 0, 0, 1000))
    'min -1. · mean 0.438 · max 2.'
    """
    if numbers.low is None or numbers.high is None:
        if numbers.nans or numbers.infs:
            return "nan" if numbers.nans else "inf"
        return "empty" if 0 in numbers.shape else "value not kept" if unknown(numbers) else "complex"
    if numbers.low == numbers.high and not oddities(numbers):
        return f"all {_bound(numbers.low, numbers)}"
    if numbers.dtype == "bool" and numbers.mean is not None:
        return f"{round(numbers.mean * math.prod(numbers.shape)):,} of {math.prod(numbers.shape):,} True"
    parts = [f"min {_bound(numbers.low, numbers)}"]
    if numbers.mean is not None:
        parts.append(f"mean {number(numbers.mean, 3)}")
    return " · ".join([*parts, f"max {_bound(numbers.high, numbers)}"])


def unknown(numbers: Numbers) -> bool:
    """Whether nothing but the shape is known, as of a value that no node saved."""
    told = numbers.data is not None or numbers.low is not None or numbers.nans or numbers.infs
    return not told and not numbers.dtype.startswith("complex")


def total(parts: list[Numbers]) -> Numbers:
    """The sum of numbers of one shape; where some were not kept, only how many there are.

    >>> one = Numbers((2,), "float32", (1.0, 2.0), "", 1.0, 2.0, 1.5, 0, 0, 0)
    >>> rows(total([one, one]))
    ['[2., 4.]']
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    kept = [part.data for part in parts if part.data is not None and not part.omitted and part.shape == first.shape]
    if len(kept) < len(parts):
        return Numbers(first.shape, first.dtype, None, "", None, None, None, 0, 0, math.prod(first.shape))
    data = tuple(map(sum, zip(*kept, strict=True)))
    finite = [float(each) for each in data if not isinstance(each, complex) and math.isfinite(each)]
    low, high = (min(finite), max(finite)) if finite else (None, None)
    nans = sum(each != each for each in data)
    mean = math.fsum(finite) / len(finite) if finite else None
    text = ", ".join(map(number, data))
    return Numbers(first.shape, first.dtype, data, text, low, high, mean, nans, len(data) - len(finite) - nans, 0)


def oddities(numbers: Numbers) -> str:
    """`3 nan`, `1 inf`, both or nothing; `6 -inf` where none of them is known to be above zero."""
    infinite = [each for each in numbers.data or () if numbers.infs and each in (math.inf, -math.inf)]
    below = len(infinite) == numbers.infs and math.inf not in infinite
    kinds = (numbers.nans, "nan"), (numbers.infs, "-inf" if below else "inf")
    found = [f"{count} {what}" for count, what in kinds if count]
    return ", ".join(found)


def lines(numbers: Numbers, room: int = 26, most: int = 4) -> list[str]:
    """The lines that a label shows: the elements where they fit in `most` lines of `room` characters, else a summary.

    >>> lines(Numbers((2,), "float32", (0.123456, 2.0), "", 0.123456, 2.0, 1.06, 0, 0, 0))
    ['[0.1235, 2.]']
    """
    for digits in (4, 3, 2):
        found = rows(numbers, digits)
        if found is not None and len(found) == 1 and len(numbers.shape) == 1 and not _has_range(numbers):
            found = _wrapped(found[0], room)
        if found is not None and len(found) <= most and max(map(len, found)) <= room:
            return found
    return summary_lines(numbers)


def _has_range(numbers: Numbers) -> bool:
    """Whether the least and the greatest of these elements tell something."""
    return not numbers.dtype.startswith(("complex", "bool"))


def _wrapped(row: str, room: int) -> list[str]:
    """A row of elements in several lines."""
    lines = [""]
    for each in row.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(each) > room:
            lines.append("")
        lines[-1] += f" {each}" if lines[-1] or len(lines) > 1 else each
    return lines


def _bound(value: float, numbers: Numbers) -> str:
    """The least or the greatest of these numbers, in digits; whole numbers have no point."""
    if numbers.dtype == "bool":
        return str(bool(value))
    return str(int(value)) if numbers.dtype.startswith(("int", "uint")) else number(value, 3)


def summary_lines(numbers: Numbers) -> list[str]:
    """Shape, range and mean on two short lines."""
    if numbers.low is None or numbers.high is None:
        return [f"{shape_text(numbers.shape)} · {summary(numbers)}"]
    if numbers.low == numbers.high and not oddities(numbers):
        return [f"all {_bound(numbers.low, numbers)}"]
    if numbers.dtype == "bool":
        return [summary(numbers)]
    mean = "" if numbers.mean is None else f" mean {number(numbers.mean, 3)}"
    return [f"{_bound(numbers.low, numbers)} … {_bound(numbers.high, numbers)}", *([mean.strip()] if mean else [])]


def one_line(numbers: Numbers, room: int = 60) -> str:
    """The elements on one line, or the summary: for sentences and tables."""
    for digits in (4, 3):
        found = rows(numbers, digits)
        if found is not None:
            text = " ".join(" ".join(line.split()) for line in found).replace(" ]", "]").replace(" ,", ",")
            if len(text) <= room:
                return text
    odd = oddities(numbers)
    return f"{shape_text(numbers.shape)}: {summary(numbers)}" + (f" ({odd})" if odd and numbers.low is not None else "")
