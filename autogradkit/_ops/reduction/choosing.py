"""Which of several equal elements `topk`, `kthvalue` and `mode` pick: what PyTorch's partitioning leaves where.

Equal elements are told apart by their indices alone, and to these a gradient goes. PyTorch sorts no further than it must, with
the selection of the C++ library (introselect and heaps, as libstdc++ has them) and a quickselect of its own. The same steps are
taken here, on a row of ranks: one after the other, hence only on rows whose equal elements matter. Rests on nothing; used by
order.py, modes.py and histograms.py.
"""

from __future__ import annotations

from collections.abc import Sequence

Row = list[int]  # positions, in the order that a partition left them
_SHORT = 16  # elements from which the C++ library's sort partitions at all


def top(ranks: list[int], k: int, ordered: bool) -> Row:
    """The positions of the `k` smallest ranks, in the order in which `topk` gives them.

    >>> top([0, 0, 0, 0], 3, True)
    [2, 3, 0]
    """
    row = list(range(len(ranks)))
    if k * 64 <= len(row):
        _heap_select(row, ranks, 0, k, len(row))
        _sort_heap(row, ranks, 0, k)
    elif k:
        _nth_element(row, ranks, k - 1)
        if ordered:
            _sort(row, ranks, 0, k - 1)
    return row[:k]


def in_order(numbers: list[float]) -> Row:
    """The positions in the order of the C++ library's sort, to which no NaN is less or more than anything.

    >>> in_order([5, 2, 2])
    [1, 2, 0]
    """
    row = list(range(len(numbers)))
    _sort(row, numbers, 0, len(row))
    return row


def last_of_equals(numbers: list[float], wanted: float) -> int:
    """The position of that element equal to `wanted` which the C++ library's sort puts last; without NaN.

    The sort partitions until few elements are left, and lets equal ones of these stand as they do: so only the part that holds
    the last of them is followed.

    >>> last_of_equals([2] * 16, 2), last_of_equals([2] * 20, 2)
    (15, 1)
    """
    row = list(range(len(numbers)))
    first, last, depth = 0, len(row), 2 * (len(row).bit_length() - 1)
    while last - first > _SHORT and depth:
        depth -= 1
        cut = _partition(row, numbers, first, last)
        if any(numbers[at] == wanted for at in row[cut:last]):
            first = cut
        else:
            last = cut
    if last - first > _SHORT:  # of an order so unlucky that the library sorts by heaps
        row, first, last = in_order(numbers), 0, len(row)
    return next(at for at in reversed(row[first:last]) if numbers[at] == wanted)


def kth(ranks: list[int], place: int) -> int:
    """The position that `kthvalue` gives for the element at `place` of the order.

    >>> kth([5, 5, 5], 1)
    0
    """
    row, ranks = list(range(len(ranks))), list(ranks)

    def swap(i: int, j: int) -> None:
        row[i], row[j] = row[j], row[i]
        ranks[i], ranks[j] = ranks[j], ranks[i]

    left, right = 0, len(row) - 1
    while left < right:
        if right == left + 1:
            if ranks[left] > ranks[right]:
                swap(left, right)
            break
        swap(left + (right - left) // 2, left + 1)
        for low, high in ((left + 1, right), (left, right), (left + 1, left)):
            if ranks[low] > ranks[high]:
                swap(low, high)
        i, j, pivot = left + 1, right, ranks[left]
        while True:
            i += 1
            while pivot > ranks[i]:
                i += 1
            j -= 1
            while ranks[j] > pivot:
                j -= 1
            if j < i:
                break
            swap(i, j)
        swap(left, j)
        if j <= place:
            left = i
        if j >= place:
            right = j - 1
    return row[place]


# -- as libstdc++ does it: each works on row[first:last], compared by `ranks` ----------------------------------------------


def _nth_element(row: Row, ranks: Sequence[float], nth: int) -> None:
    first, last, depth = 0, len(row), 2 * (len(row).bit_length() - 1)
    while last - first > 3:
        if not depth:
            _heap_select(row, ranks, first, nth + 1, last)
            row[first], row[nth] = row[nth], row[first]
            return
        depth -= 1
        cut = _partition(row, ranks, first, last)
        if cut <= nth:
            first = cut
        else:
            last = cut
    _insertion_sort(row, ranks, first, last)


def _sort(row: Row, ranks: Sequence[float], first: int, last: int) -> None:
    if last - first < 2:
        return
    _sort_coarsely(row, ranks, first, last, 2 * ((last - first).bit_length() - 1))
    if last - first <= _SHORT:
        _insertion_sort(row, ranks, first, last)
        return
    _insertion_sort(row, ranks, first, first + _SHORT)
    for at in range(first + _SHORT, last):
        _insert(row, ranks, at)


def _sort_coarsely(row: Row, ranks: Sequence[float], first: int, last: int, depth: int) -> None:
    while last - first > _SHORT:
        if not depth:
            _heap_select(row, ranks, first, last, last)
            _sort_heap(row, ranks, first, last)
            return
        depth -= 1
        cut = _partition(row, ranks, first, last)
        _sort_coarsely(row, ranks, cut, last, depth)
        last = cut


def _partition(row: Row, ranks: Sequence[float], first: int, last: int) -> int:
    a, b, c = first + 1, first + (last - first) // 2, last - 1
    ra, rb, rc = ranks[row[a]], ranks[row[b]], ranks[row[c]]
    if ra < rb:
        median = b if rb < rc else c if ra < rc else a
    else:
        median = a if ra < rc else c if rb < rc else b
    row[first], row[median] = row[median], row[first]
    pivot, low, high = ranks[row[first]], first + 1, last
    while True:
        while ranks[row[low]] < pivot:
            low += 1
        high -= 1
        while pivot < ranks[row[high]]:
            high -= 1
        if low >= high:
            return low
        row[low], row[high] = row[high], row[low]
        low += 1


def _insertion_sort(row: Row, ranks: Sequence[float], first: int, last: int) -> None:
    for at in range(first + 1, last):
        if ranks[row[at]] < ranks[row[first]]:
            row[first : at + 1] = [row[at], *row[first:at]]
        else:
            _insert(row, ranks, at)


def _insert(row: Row, ranks: Sequence[float], at: int) -> None:
    moved = row[at]
    while ranks[moved] < ranks[row[at - 1]]:
        row[at] = row[at - 1]
        at -= 1
    row[at] = moved


def _heap_select(row: Row, ranks: Sequence[float], first: int, middle: int, last: int) -> None:
    size = middle - first
    for hole in range((size - 2) // 2, -1, -1):
        _adjust_heap(row, ranks, first, hole, size, row[first + hole])
    for at in range(middle, last):
        if ranks[row[at]] < ranks[row[first]]:
            moved, row[at] = row[at], row[first]
            _adjust_heap(row, ranks, first, 0, size, moved)


def _sort_heap(row: Row, ranks: Sequence[float], first: int, last: int) -> None:
    while last - first > 1:
        last -= 1
        moved, row[last] = row[last], row[first]
        _adjust_heap(row, ranks, first, 0, last - first, moved)


def _adjust_heap(row: Row, ranks: Sequence[float], first: int, hole: int, size: int, moved: int) -> None:
    top, child = hole, hole
    while child < (size - 1) // 2:
        child = 2 * (child + 1)
        if ranks[row[first + child]] < ranks[row[first + child - 1]]:
            child -= 1
        row[first + hole] = row[first + child]
        hole = child
    if size % 2 == 0 and child == (size - 2) // 2:
        child = 2 * (child + 1)
        row[first + hole] = row[first + child - 1]
        hole = child - 1
    parent = (hole - 1) // 2
    while hole > top and ranks[row[first + parent]] < ranks[moved]:
        row[first + hole] = row[first + parent]
        hole = parent
        parent = (hole - 1) // 2
    row[first + hole] = moved
