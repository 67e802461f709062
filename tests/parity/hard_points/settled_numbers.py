"""The same of hard numbers as parameters, whose kinds end with `BY_A_NUMBER`, and of what only some dtypes show.

Rests on settled.py for the reasons that both have; used by listed.py.
"""

from __future__ import annotations

from .settled import BY_A_NUMBER, COMPLEX, LOST_DIGITS, ORDER, UNWRITTEN

_LARGE = "a number past 63 bits is kept by the node, and refused by PyTorch when backward reads it"
_SUMS_WITH_PRODUCTS = tuple(
    f"{name} gradient's error"
    for each in ("addbmm", "addmv", "addr", "baddbmm")
    for name in (each, f"Tensor.{each}", f"Tensor.{each}_")
)
_UNSIGNED = "a number of 64 bits without a sign beside whole numbers, which PyTorch does not promote together"
_INFINITE = "draws and products with an infinite scale: where it is multiplied by 0 is another place"
_RANGE = "ranges from, to or by what no size or dtype holds"
_OF_NUMBERS = "the node keeps the number with its kind: a bool, one past 63 bits, a complex one"
SETTLED_NUMBERS: dict[str, str] = {
    f"{signature}{BY_A_NUMBER} {dtypes}": reason
    for reason, dtypes, signatures in (
        (
            _LARGE,
            "float32",
            (
                "Tensor.add gradient's error",
                "Tensor.add_ gradient's error",
                *_SUMS_WITH_PRODUCTS,
                "Tensor.addmm gradient's error",
                "Tensor.addmm_ gradient's error",
                "Tensor.index_add gradient's error",
                "Tensor.index_add_ gradient's error",
                "Tensor.sub gradient's error",
                "Tensor.sub_ gradient's error",
                "Tensor.subtract gradient's error",
                "Tensor.subtract_ gradient's error",
                "add gradient's error",
                "addmm gradient's error",
                "index_add gradient's error",
                "rsub gradient's error",
                "sub gradient's error",
                "subtract gradient's error",
            ),
        ),
        (ORDER, "float", ("Tensor.addmm_ text",)),
        (
            ORDER,
            "int64",
            (
                "Tensor.addmm_ text",
                "div error type",
                "divide error type",
                "normal error type",
            ),
        ),
        (
            ORDER,
            "float32",
            (
                "div error type",
                "divide error type",
            ),
        ),
        (
            _UNSIGNED,
            "float32",
            (
                "Tensor.where text",
                "add computed here",
                "clamp text",
                "clip text",
                "div computed here",
                "mul computed here",
                "pow text",
                "sub computed here",
                "where text",
            ),
        ),
        (
            ORDER,
            "int64",
            (
                "Tensor.clamp_ text",
                "clamp text",
                "clip text",
            ),
        ),
        (
            _OF_NUMBERS,
            "float32",
            (
                "Tensor.pow gradient",
                "pow gradient",
            ),
        ),
        (
            _RANGE,
            "float32",
            (
                "arange error type",
                "arange text",
                "linspace forward",
            ),
        ),
        (_RANGE, "float16", ("arange text", "fill refused here", "full refused here")),
    )
    for signature in signatures
}  # fmt: skip


_POWERS = "a power with a large exponent runs over, or is 0, on the way"
_NOT_CONJUGATED = "PyTorch forgets to conjugate alpha in this gradient"
# The same of the other dtypes: what differs by a number, and in which.
_IN_OTHER_DTYPES: tuple[tuple[str, dict[str, str]], ...] = (
    (_LARGE, dict.fromkeys(_SUMS_WITH_PRODUCTS, "complex128 complex64 float64")),
    (_INFINITE, dict.fromkeys(("Tensor.addbmm forward", "Tensor.addbmm_ forward", "addbmm forward"), "float16")),
    (COMPLEX, dict.fromkeys(
        ("Tensor.addmv forward", "Tensor.addmv_ forward", "addmv forward", "dist forward"), "complex128 complex64"
    )),
    (_POWERS, {
        "Tensor.dist forward": "bfloat16 complex128 complex64 float16 float32",
        "pdist forward": "float32",
        "pdist gradient": "float32 float64",
    }),
    (ORDER, {
        "linalg.cond text": "bool complex128 complex64 float32 float64 int16 int32 int64 int8 uint8",
        "linalg.lstsq error type": "bool",
        "linalg.matrix_rank error type": "bool",
        "linalg.matrix_rank text": "bool",
    }),
    (_LARGE, {
        "Tensor.add gradient's error": "complex128 complex64 float64",
        "Tensor.add_ gradient's error": "complex128 complex64 float64",
        "Tensor.addmm gradient's error": "complex128 complex64 float64",
        "Tensor.addmm_ gradient's error": "complex128 complex64 float64",
        "Tensor.index_add gradient's error": "complex128 complex64 float64",
        "Tensor.index_add_ gradient's error": "complex128 complex64 float64",
        "Tensor.sub gradient's error": "complex128 complex64 float64",
        "Tensor.sub_ gradient's error": "complex128 complex64 float64",
        "Tensor.subtract gradient's error": "complex128 complex64 float64",
        "Tensor.subtract_ gradient's error": "complex128 complex64 float64",
        "add gradient's error": "complex128 complex64 float64",
        "addmm gradient's error": "complex128 complex64 float64",
        "index_add gradient's error": "complex128 complex64 float64",
        "rsub gradient's error": "complex128 complex64 float64",
        "sub gradient's error": "complex128 complex64 float64",
        "subtract gradient's error": "complex128 complex64 float64",
    }),
    (ORDER, {
        "Tensor.addmm_ error type": "bool",
        "Tensor.addmm_ text": "complex64 int16 int32 int8 uint8",
        "Tensor.argmax error type": "bool complex128 complex64",
        "Tensor.argmin error type": "bool complex128 complex64",
        "argmin error type": "bool complex128 complex64",
        "div error type": "bool float64 int16 int32 int8 uint8",
        "divide error type": "bool float64 int16 int32 int8 uint8",
        "normal error type": "int16 int32 int8 uint8",
        "unique error type": "complex128 complex64",
    }),
    (_UNSIGNED, {
        "Tensor.clamp text": "bool",
        "Tensor.clamp_ text": "bool int16 int32 int8 uint8",
        "Tensor.clip text": "bool",
        "Tensor.clip_ text": "bool",
        "Tensor.pow text": "bool int16 int32 int8 uint8",
        "Tensor.pow_ text": "bool int16 int32 int8 uint8",
        "Tensor.where text": "bool",
        "clamp text": "bool int16 int32 int8 uint8",
        "clip text": "bool int16 int32 int8 uint8",
        "pow text": "bool int16 int32 int8 uint8",
        "where text": "bool",
    }),
    (_NOT_CONJUGATED, {
        "Tensor.index_add gradient": "complex128 complex64",
        "Tensor.index_add_ gradient": "complex128 complex64",
        "index_add gradient": "complex128 complex64",
    }),
    (_OF_NUMBERS, {
        "Tensor.pow gradient": "complex128 complex64 float64",
        "pow gradient": "complex128 complex64 float64",
    }),
    (_RANGE, {
        "arange error type": "bool complex128 complex64",
        "arange text": "bfloat16 float64 int16 int32 int8 uint8",
        "fill refused here": "bfloat16",
        "full refused here": "bfloat16",
        "linspace forward": "float64",
    }),
    (COMPLEX, {
        "pow forward": "complex128 complex64",
    }),
)  # fmt: skip
SETTLED_NUMBERS |= {
    f"{signature}{BY_A_NUMBER} {dtype}": reason
    for reason, signatures in _IN_OTHER_DTYPES
    for signature, dtypes in signatures.items()
    for dtype in dtypes.split()
}
SETTLED_NUMBERS |= {
    f"{signature}{BY_A_NUMBER} {dtypes}": reason
    for reason, dtypes, signatures in (
        (ORDER, "uint8", ("nn.functional.rrelu error type",)),
        (_RANGE, "float16", ("logspace refused here",)),
        (_RANGE, "any", ("range text", "range computed here", "range error type")),
        (_UNSIGNED, "any", ("result_type computed here",)),
        (UNWRITTEN, "any", ("special.chebyshev_polynomial_u forward",)),
        (LOST_DIGITS, "any", ("special.laguerre_polynomial_l forward",)),
    )
    for signature in signatures
}
SETTLED_NUMBERS["operator.pow gradient complex"] = COMPLEX
