"""Matrix products equal NumPy's in one piece and in many, and leave the number of BLAS threads as they found it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from autogradkit.core import blas
from autogradkit.core.openblas import OpenBlas
from tests.every_case import every_case


def _threads() -> int | None:
    library = blas.openblas()
    return library.get_threads() if library else None


@pytest.mark.parametrize(
    "shapes", [((3, 4), (4, 5)), ((2, 40, 50), (50, 60)), ((600, 600), (600, 700)), ((300, 90), (90,))]
)
def test_products_equal_numpys_and_keep_the_threads(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    stream = np.random.default_rng(0)
    a, b = (stream.standard_normal(shape) for shape in shapes)
    before = _threads()
    np.testing.assert_allclose(blas.matmul(a, b), np.matmul(a, b), rtol=1e-9)
    out = np.empty(np.matmul(a, b).shape)
    assert blas.matmul(a, b, out) is out
    with pytest.raises(ValueError, match=r"mismatch|not aligned"):
        blas.matmul(a, b[:-1])
    assert before == _threads()


@pytest.fixture
def small_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """An OpenBLAS with kernels for small matrices, whatever the processor: pieces are right everywhere."""
    library = blas.openblas()
    if library is None:
        library = OpenBlas(lambda: 1, lambda threads: None, True, lambda *_: None, lambda *_: None, {})
    monkeypatch.setattr(blas, "openblas", lambda: library._replace(has_small_kernels=True))


@pytest.mark.usefixtures("small_kernels")
@every_case("dtype", ["float32", "float64"])
@every_case(
    "layout", ["a @ b", "a.T @ b", "a @ b.T", "a.T @ b.T", "a[:, 1:] @ b", "a @ b[::2]", "batch @ b", "a @ batch"]
)
@every_case(
    "m inner n",
    [
        (64, 784, 128),
        (67, 700, 131),
        (2, 1500, 1101),
        (128, 64, 784),
        (1000, 100, 30),
        (3, 4000, 300),
        (3, 70000, 20),
        (16, 4096, 300),
    ],
)
def test_a_product_in_pieces_is_the_product(m: int, inner: int, n: int, layout: str, dtype: str) -> None:
    stream = np.random.default_rng(3)

    def draw(*shape: int) -> Any:
        return stream.standard_normal(shape).astype(dtype)

    left, right = layout.split(" @ ")
    a = {"a": lambda: draw(m, inner), "a.T": lambda: draw(inner, m).T, "a[:, 1:]": lambda: draw(m, inner + 1)[:, 1:]}
    b = {"b": lambda: draw(inner, n), "b.T": lambda: draw(n, inner).T, "b[::2]": lambda: draw(2 * inner, n)[::2]}
    x = draw(2, 1, m, inner) if left == "batch" else a[left]()
    y = draw(3, inner, n) if right == "batch" else b[right]()
    scale = float(inner * np.finfo(dtype).eps * 4)
    expected = np.matmul(x.astype("float64"), y.astype("float64"))
    np.testing.assert_allclose(blas.matmul(x, y), expected, rtol=1e-3, atol=scale)
    out = np.full(expected.shape, np.nan, dtype)
    assert blas.matmul(x, y, out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-3, atol=scale)


@pytest.mark.usefixtures("small_kernels")
def test_pieces_keep_what_is_not_finite_in_its_place() -> None:
    a, b = np.ones((64, 784), "float32"), np.ones((784, 128), "float32")
    a[5, 3], b[7, 11] = np.nan, np.inf
    product = blas.matmul(a, b)
    assert np.isnan(product[5]).all()
    assert np.isinf(product[:, 11]).sum() == 63
    assert (np.delete(np.delete(product, 5, 0), 11, 1) == 784).all()


@pytest.mark.usefixtures("small_kernels")
def test_only_products_of_few_rows_or_columns_go_in_pieces() -> None:
    def is_split(m: int, inner: int, n: int) -> bool:
        a, b = np.empty((m, inner), "float32"), np.empty((inner, n), "float32")
        return blas._size_of_pieces(a, b) is not None

    assert is_split(16, 512, 512)
    assert is_split(1000, 1000, 10)
    assert not is_split(1024, 1024, 1024)
    assert not is_split(64, 288, 384)


@every_case("library", ["OpenBLAS", "another"])
@every_case("dtype", ["float32", "float64", "complex64"])
@every_case("layout", ["a @ b", "a.T @ b", "a @ b.T", "one matrix", "one row", "one column", "nothing"])
def test_products_are_added_one_after_the_other_to_what_overlaps(library: str, dtype: str, layout: str) -> None:
    stream = np.random.default_rng(3)
    inner, rows, columns = {"one row": (5, 1, 4), "one column": (1, 3, 1), "nothing": (0, 3, 4)}.get(layout, (5, 3, 4))
    a, b = (stream.standard_normal(shape).astype(dtype) for shape in ((6, rows, inner), (6, inner, columns)))
    if layout == "a.T @ b":
        a = a.swapaxes(1, 2).copy().swapaxes(1, 2)
    if layout == "a @ b.T":
        b = b.swapaxes(1, 2).copy().swapaxes(1, 2)
    if layout == "one matrix":
        a = a[2]
    memory = stream.standard_normal((8, columns + 1)).astype(dtype)
    expected = memory.copy()
    for place in range(6):
        expected[place : place + rows, :columns] += np.matmul(a if a.ndim == 2 else a[place], b[place])
    row, column = memory.strides
    with pytest.MonkeyPatch.context() as patched:
        if library == "another":
            patched.setattr(blas, "openblas", lambda: None)
        blas.add_products(a, b, as_strided(memory, (6, rows, columns), (row, row, column)))
        np.testing.assert_allclose(memory, expected, rtol=1e-4, atol=1e-4)
        total = np.zeros((rows, columns), dtype)
        blas.add_products(a, b, blas.repeated(total, 6))
    np.testing.assert_allclose(total, np.matmul(a, b).sum(0), rtol=1e-4, atol=1e-4)
