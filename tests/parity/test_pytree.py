"""Nested containers taken apart and put together as by PyTorch's `torch.utils._pytree`."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import torch
import torch.utils._pytree as theirs

import autogradkit
from autogradkit.utils import _pytree as ours
from tests.every_case import every_case

Point = namedtuple("Point", "x y")
Place = namedtuple("Place", "x y")


def trees(library: ModuleType) -> dict[str, Any]:
    """Trees of every kind of container, with distinct leaves; some hold tensors of `library`."""
    return {
        "leaf": 3,
        "none": None,
        "empty": [],
        "nested": {"b": 1, "a": [2, (3, {"c": 4.5})]},
        "named": Point(1, [2, Point(3, None)]),
        "ordered": OrderedDict(z=1, a=(2,)),
        "default": defaultdict(list, {"k": [1, 2]}),
        "queue": deque([1, (2, 3)], maxlen=4),
        "size": [library.Size([2, 3]), 5],
        "results": [library.tensor([[1.0, 5.0], [7.0, 2.0]]).max(0)],
    }


def text_of(function: Callable[[], Any]) -> str:
    """The text of a result, or of an error with its type."""
    try:
        return repr(function())
    except (ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


NAMES = trees(torch)


@every_case("name", NAMES)
def test_a_tree_is_taken_apart_and_put_together(name: str) -> None:
    for ask in (
        lambda pytree, tree: pytree.tree_flatten(tree),
        lambda pytree, tree: pytree.tree_unflatten(*pytree.tree_flatten(tree)),
        lambda pytree, tree: pytree.tree_flatten_with_path(tree),
        lambda pytree, tree: [pytree.keystr(keys) for keys, _ in pytree.tree_leaves_with_path(tree)],
        lambda pytree, tree: list(pytree.tree_iter(tree)),
        lambda pytree, tree: pytree.tree_map(lambda leaf, other: (leaf, other), tree, tree),
        lambda pytree, tree: pytree.tree_map_with_path(lambda keys, leaf: (pytree.keystr(keys), leaf), tree),
        lambda pytree, tree: pytree.tree_map_only(int, lambda n: n * 10, tree),
        lambda pytree, tree: (pytree.tree_any(lambda leaf: leaf == 2, [1, 2]), pytree.tree_is_leaf(tree)),
        lambda pytree, tree: pytree.tree_flatten(tree, is_leaf=lambda part: isinstance(part, (list, tuple))),
        lambda pytree, tree: [
            (s.num_leaves, s.num_nodes, s.num_children, s.is_leaf(), s.children())
            for s in [pytree.tree_structure(tree)]
        ],
    ):
        assert text_of(partial(ask, ours, trees(autogradkit)[name])) == text_of(
            partial(ask, theirs, trees(torch)[name])
        )


PAIRS = {
    "keys in another order": ({"a": 1, "b": 2}, {"b": 3, "a": 4}),
    "other keys": ({"a": 1, "b": 2}, {"c": 3, "a": 4}),
    "fewer": ([1, 2], [3]),
    "another kind": ((1, 2), [3, 4]),
    "a leaf for a part": ([1, (2, 3)], [4, 5]),
    "a part for a leaf": ([1, 2], [3, (4, 5)]),
    "another name": (Point(1, 2), Place(3, 4)),
    "another length": (deque([1, 2], maxlen=3), deque([3, 4])),
    "a dict for a dict": (defaultdict(list, {"a": 1}), {"a": 2}),
    "an ordered dict for a dict": ({"a": 1}, OrderedDict(a=2)),
}


@every_case("name", PAIRS)
def test_two_trees_are_walked_together_or_refused(name: str) -> None:
    first, second = PAIRS[name]

    def ask(pytree: ModuleType) -> list[str]:
        return [
            text_of(lambda: pytree.tree_map(lambda a, b: (a, b), first, second)),
            text_of(lambda: pytree.tree_structure(first) == pytree.tree_structure(second)),
            text_of(lambda: pytree._broadcast_to_and_flatten(second, pytree.tree_structure(first))),
        ]

    # The address of a function differs from process to process, and the two libraries have each the same one here.
    assert ask(ours) == ask(theirs)


@pytest.mark.parametrize(
    "ask",
    [
        lambda pytree: pytree.tree_unflatten([1], pytree.tree_structure([1, 2])),
        lambda pytree: pytree.tree_unflatten([1], 3),
        lambda pytree: pytree.tree_map_only(3, len, [1]),
    ],
)
def test_wrong_calls_are_refused_with_pytorch_s_words(ask: Callable[[ModuleType], Any]) -> None:
    assert text_of(lambda: ask(ours)) == text_of(lambda: ask(theirs))


def test_a_class_of_one_s_own_is_a_container_once_it_is_registered() -> None:
    class Pair:
        def __init__(self, a: Any, b: Any) -> None:
            self.a, self.b = a, b

    def register(pytree: ModuleType) -> Any:
        return pytree.register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda parts, _: Pair(*parts))

    for pytree in (ours, theirs):
        assert pytree.tree_is_leaf(Pair(1, 2))
        register(pytree)
        assert pytree.tree_leaves([Pair(1, [2]), 3]) == [1, 2, 3]
    for ask in (register, lambda pytree: pytree.tree_flatten_with_path(Pair(1, 2))):
        mine, other = [text_of(partial(ask, pytree)) for pytree in (ours, theirs)]
        assert mine == other
        assert "Error" in mine
    # Transforms walk it, too.
    doubled = autogradkit.func.vmap(lambda pair: Pair(pair.a * 2, pair.b))(
        Pair(autogradkit.ones(2), autogradkit.zeros(2))
    )
    assert doubled.a.tolist() == [2.0, 2.0]


@pytest.mark.filterwarnings("ignore:.*already registered as pytree node")
def test_a_dataclass_is_a_container_of_its_fields() -> None:
    @dataclass
    class Weights:
        w: Any
        b: Any = 3
        rest: Any = None

    class Plain:
        def __init__(self, u: Any, v: Any) -> None:
            self.u, self.v = u, v

    def transcript(pytree: ModuleType) -> list[str]:
        def double(tree: Any) -> Any:
            return pytree.tree_map(lambda leaf: leaf * 2, tree)

        pytree.register_dataclass(Weights)
        pytree.register_dataclass(Plain, field_names=["u", "v"])
        found = [
            str(pytree.tree_flatten(Weights(1, [2, 5]))),
            repr(double(Weights(1, rest=(4,)))),
            repr(double(Weights(None))),
        ]
        found += [pytree.keystr(path) for path, _ in pytree.tree_flatten_with_path(Weights({"k": 1}))[0]]
        found += [str(vars(double(Plain(1, [2]))))]
        pytree.register_dataclass(Weights, field_names=["w"], drop_field_names=["b", "rest"])
        found += [repr(double(Weights(1, 9)))]
        for wrong in (
            lambda: pytree.register_dataclass(Plain),
            lambda: pytree.register_dataclass(Weights, field_names=["w", "b"]),
            lambda: pytree.register_dataclass(Weights, field_names=["w", "z"], drop_field_names=["b", "rest"]),
        ):
            found.append(text_of(wrong))
        return found

    assert transcript(ours) == transcript(theirs)
    gradient = autogradkit.func.grad(lambda weights: (weights.w * 3).sum())(Weights(autogradkit.ones(2)))
    assert gradient.w.tolist() == [3.0, 3.0]


def test_transforms_give_back_results_under_names() -> None:
    for library in (autogradkit, torch):
        found = library.func.vmap(lambda row: row.max(0))(library.tensor([[1.0, 5.0], [7.0, 2.0]]))
        assert type(found).__name__ == "max"
        assert found.values.tolist() == [5.0, 7.0]
        assert found.indices.tolist() == [1, 0]
