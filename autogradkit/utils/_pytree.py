"""Nested containers taken apart into their leaves and put together again, as PyTorch's `torch.utils._pytree` does.

A tree is a leaf, or a container of trees: a tuple, list, dict, named tuple, OrderedDict, defaultdict, deque, or of a class
that `register_pytree_node` was told of. A `TreeSpec` is what is left of a tree without its leaves. None is a leaf.

Rests on `pytree_nodes.py`, where the containers are. `func`, the transforms of `vision` and other packages walk their
arguments with it.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.utils.pytree_dataclasses import register_dataclass as register_dataclass
from autogradkit.utils.pytree_nodes import SUPPORTED_NODES, Context, node_type
from autogradkit.utils.pytree_nodes import GetAttrKey as GetAttrKey
from autogradkit.utils.pytree_nodes import MappingKey as MappingKey
from autogradkit.utils.pytree_nodes import NodeDef as NodeDef
from autogradkit.utils.pytree_nodes import SequenceKey as SequenceKey
from autogradkit.utils.pytree_nodes import _register_pytree_node as _register_pytree_node
from autogradkit.utils.pytree_nodes import is_namedtuple as is_namedtuple
from autogradkit.utils.pytree_nodes import is_namedtuple_class as is_namedtuple_class
from autogradkit.utils.pytree_nodes import is_namedtuple_instance as is_namedtuple_instance
from autogradkit.utils.pytree_nodes import is_structseq as is_structseq
from autogradkit.utils.pytree_nodes import is_structseq_class as is_structseq_class
from autogradkit.utils.pytree_nodes import is_structseq_instance as is_structseq_instance
from autogradkit.utils.pytree_nodes import register_pytree_node as register_pytree_node

_get_node_type = node_type  # PyTorch's name
PyTree = Any
KeyPath = tuple[Any, ...]
IsLeaf = Callable[[PyTree], bool] | None


def tree_is_leaf(tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether `tree` is a leaf: no container, or one that `is_leaf` says is to be taken whole."""
    return (is_leaf is not None and is_leaf(tree)) or node_type(tree) not in SUPPORTED_NODES


@dataclass(frozen=True, init=False, repr=False)
class TreeSpec:
    """A container's class, what beside its parts makes it (keys, a named tuple's class), and its parts; or a leaf."""

    type: Any
    _context: Any
    _children: tuple[TreeSpec, ...]

    def __init__(self, type: Any, context: Context = None, children: Iterable[TreeSpec] = ()) -> None:
        for name, value in (("type", type), ("_context", context), ("_children", tuple(children))):
            object.__setattr__(self, name, value)

    @property
    def context(self) -> Context:
        """What beside its parts makes the container."""
        return self._context

    @property
    def num_children(self) -> int:
        """How many parts the container has."""
        return len(self._children)

    @property
    def num_leaves(self) -> int:
        """How many leaves the tree has."""
        return 1 if self.type is None else sum(child.num_leaves for child in self._children)

    @property
    def num_nodes(self) -> int:
        """How many containers and leaves the tree has."""
        return 1 + sum(child.num_nodes for child in self._children)

    def children(self) -> list[TreeSpec]:
        """The parts."""
        return list(self._children)

    def child(self, index: int) -> TreeSpec:
        """The part at `index`."""
        return self._children[index]

    def is_leaf(self) -> bool:
        """Whether this is a leaf."""
        return self.type is None

    def __repr__(self) -> str:
        return self._text(0)

    def __hash__(self) -> int:
        return hash((self.type, repr(self._context), self._children))

    def _text(self, indent: int) -> str:
        """As PyTorch prints it, each part but the first on a line of its own."""
        if self.type is None:
            return "*"
        parts = (",\n" + " " * (indent + 2)).join(child._text(indent + 2) for child in self._children)
        return f"TreeSpec({self.type.__name__}, {self._context}, [{parts}])"

    def unflatten(self, leaves: Iterable[Any]) -> PyTree:
        """The tree of this structure with these leaves. Raises ValueError where they are too many or too few."""
        given = list(leaves)
        if len(given) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(given)} but the spec refers to a pytree that holds "
                f"{self.num_leaves} items ({self})."
            )
        return self._filled(iter(given))

    def _filled(self, leaves: Iterator[Any]) -> PyTree:
        if self.type is None:
            return next(leaves)
        return SUPPORTED_NODES[self.type].unflatten_fn(
            [child._filled(leaves) for child in self._children], self._context
        )

    def flatten_up_to(self, tree: PyTree) -> list[PyTree]:
        """What of `tree` stands in the place of each leaf. Raises ValueError where it is built otherwise."""
        if self.type is None:
            return [tree]
        return [
            each
            for child, part in zip(self._children, self._parts_of(tree), strict=True)
            for each in child.flatten_up_to(part)
        ]

    def _parts_of(self, tree: PyTree) -> list[PyTree]:
        """The parts of a tree that should have this structure, in the order of its children."""
        kind, mapping = node_type(tree), self.type in _MAPPINGS
        if kind is not self.type and not (mapping and kind in _MAPPINGS):  # dicts of all kinds are alike, as in PyTorch
            own = type(tree) if kind is not namedtuple else namedtuple
            raise ValueError(f"Node type mismatch; expected {self.type!r}, but got {own!r}.")
        parts, context = SUPPORTED_NODES[kind].flatten_fn(tree)
        if len(parts) != self.num_children:
            raise ValueError(f"Node arity mismatch; expected {self.num_children}, but got {len(parts)}.")
        if mapping:
            keys = self._context[1] if self.type is defaultdict else self._context
            missing, extra = set(keys).difference(tree), set(tree).difference(keys)
            if missing or extra:
                texts = [f"missing key(s): {missing}"] * bool(missing) + [f"extra key(s): {extra}"] * bool(extra)
                raise ValueError(f"Node keys mismatch; {'; '.join(texts)}.")
            return [tree[key] for key in keys]
        if self.type is not deque and context != self._context:
            raise ValueError(
                f"Node context mismatch for node type {self.type!r}; expected {self._context!r}, but got {context!r}."
            )
        return parts


_MAPPINGS = (dict, OrderedDict, defaultdict)
_LEAF = TreeSpec(None)


def _dict_flatten_with_keys(d: dict[Any, Any]) -> tuple[list[tuple[Any, Any]], Context]:
    """How dicts are taken apart: what packages register classes of theirs that are dicts with."""
    with_keys = SUPPORTED_NODES[dict].flatten_with_keys_fn
    assert with_keys is not None
    return with_keys(d)


# The two ways likewise, by PyTorch's names, and those of lists, tuples and named tuples.
_dict_flatten, _dict_unflatten = SUPPORTED_NODES[dict].flatten_fn, SUPPORTED_NODES[dict].unflatten_fn
_list_flatten, _list_unflatten = SUPPORTED_NODES[list].flatten_fn, SUPPORTED_NODES[list].unflatten_fn
_tuple_flatten, _tuple_unflatten = SUPPORTED_NODES[tuple].flatten_fn, SUPPORTED_NODES[tuple].unflatten_fn
_namedtuple_flatten, _namedtuple_unflatten = (
    SUPPORTED_NODES[namedtuple].flatten_fn,
    SUPPORTED_NODES[namedtuple].unflatten_fn,
)
_list_flatten_with_keys = SUPPORTED_NODES[list].flatten_with_keys_fn


def LeafSpec() -> TreeSpec:  # noqa: N802 - PyTorch's name
    """The structure of a leaf."""
    return _LEAF


def treespec_leaf() -> TreeSpec:
    """The structure of a leaf."""
    return _LEAF


def tree_flatten(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeSpec]:
    """(the leaves of a tree in order, its structure); what `is_leaf` says yes to is taken whole.

    >>> tree_flatten((1, [2, {"a": 3}]))
    ([1, 2, 3], TreeSpec(tuple, None, [*,
      TreeSpec(list, None, [*,
        TreeSpec(dict, ['a'], [*])])]))
    """
    leaves: list[Any] = []
    return leaves, _taken_apart(tree, is_leaf, leaves)


def _taken_apart(tree: PyTree, is_leaf: IsLeaf, leaves: list[Any]) -> TreeSpec:
    kind = node_type(tree)
    if kind not in SUPPORTED_NODES or (is_leaf is not None and is_leaf(tree)):
        leaves.append(tree)
        return _LEAF
    parts, context = SUPPORTED_NODES[kind].flatten_fn(tree)
    return TreeSpec(kind, context, [_taken_apart(part, is_leaf, leaves) for part in parts])


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> PyTree:
    """The tree of this structure with these leaves. Raises ValueError where they are too many or too few.

    >>> tree_unflatten([3, 4], tree_structure((1, [2])))
    (3, [4])
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.")
    return treespec.unflatten(leaves)


def tree_iter(tree: PyTree, is_leaf: IsLeaf = None) -> Iterator[Any]:
    """The leaves of a tree in order, one by one."""
    if tree_is_leaf(tree, is_leaf):
        yield tree
    else:
        for part in SUPPORTED_NODES[node_type(tree)].flatten_fn(tree)[0]:
            yield from tree_iter(part, is_leaf)


def tree_leaves(tree: PyTree, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a tree in order."""
    return list(tree_iter(tree, is_leaf))


def tree_structure(tree: PyTree, is_leaf: IsLeaf = None) -> TreeSpec:
    """A tree without its leaves."""
    return tree_flatten(tree, is_leaf)[1]


@entry
def tree_map(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """The tree with `func` of each leaf, and of what stands there in the other trees. Raises ValueError where these differ.

    >>> tree_map(lambda a, b: a + b, {"x": 1, "y": [2]}, {"x": 10, "y": [20]})
    {'x': 11, 'y': [22]}
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, leaves, *[spec.flatten_up_to(rest) for rest in rests]))


def tree_map_(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Call `func` on each leaf, for what it does to it; gives the tree."""
    leaves, spec = tree_flatten(tree, is_leaf)
    deque(map(func, leaves, *[spec.flatten_up_to(rest) for rest in rests]), maxlen=0)
    return tree


Wanted = type[Any] | tuple[type[Any], ...] | Callable[[Any], bool]


def map_only(wanted: Wanted, /) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Decorate a function so that it leaves alone what is not of a class, of one of some, or what a test refuses.

    Raises TypeError for what is none of the three.
    """
    chosen = _test_of(wanted)
    return lambda func: lambda leaf: func(leaf) if chosen(leaf) else leaf


def _test_of(wanted: Wanted) -> Callable[[Any], bool]:
    if isinstance(wanted, (type, tuple)):
        return lambda leaf: isinstance(leaf, wanted)
    if callable(wanted):
        return wanted
    raise TypeError("Argument must be a type, a tuple of types, or a callable.")


def tree_map_only(wanted: Wanted, /, func: Callable[[Any], Any], tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """The tree with `func` of each leaf that is wanted, as `map_only` says, and the others as they are.

    >>> tree_map_only(int, lambda n: n + 1, [1, 2.5, "a"])
    [2, 2.5, 'a']
    """
    return tree_map(map_only(wanted)(func), tree, is_leaf=is_leaf)


def tree_map_only_(wanted: Wanted, /, func: Callable[[Any], Any], tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Call `func` on each leaf that is wanted, for what it does to it; gives the tree."""
    return tree_map_(map_only(wanted)(func), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether `pred` holds for all leaves."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether `pred` holds for some leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(wanted: Wanted, /, pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether `pred` holds for all leaves that are wanted."""
    return all(map(pred, filter(_test_of(wanted), tree_iter(tree, is_leaf))))


def tree_any_only(wanted: Wanted, /, pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether `pred` holds for some leaf that is wanted."""
    return any(map(pred, filter(_test_of(wanted), tree_iter(tree, is_leaf))))


def tree_leaves_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> list[tuple[KeyPath, Any]]:
    """Each leaf with the keys that lead to it. Raises ValueError for a registered class that names no keys."""
    return list(_with_paths((), tree, is_leaf))


def _with_paths(path: KeyPath, tree: PyTree, is_leaf: IsLeaf) -> Iterator[tuple[KeyPath, Any]]:
    if tree_is_leaf(tree, is_leaf):
        yield path, tree
        return
    kind = node_type(tree)
    with_keys = SUPPORTED_NODES[kind].flatten_with_keys_fn
    if with_keys is None:
        raise ValueError(
            f"Did not find a flatten_with_keys_fn for type: {kind}. Please pass a flatten_with_keys_fn argument to "
            "register_pytree_node."
        )
    for key, part in with_keys(tree)[0]:
        yield from _with_paths((*path, key), part, is_leaf)


def tree_flatten_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[tuple[KeyPath, Any]], TreeSpec]:
    """(the leaves, each with the keys that lead to it; the structure)."""
    return tree_leaves_with_path(tree, is_leaf), tree_structure(tree, is_leaf)


def tree_map_with_path(func: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """The tree with `func` of the keys that lead to each leaf, the leaf, and what stands there in the other trees.

    >>> tree_map_with_path(lambda keys, leaf: keystr(keys), {"x": [1, 2]})
    {'x': ["['x'][0]", "['x'][1]"]}
    """
    leaves, spec = tree_flatten_with_path(tree, is_leaf)
    paths, values = map(itemgetter(0), leaves), map(itemgetter(1), leaves)
    return spec.unflatten(map(func, paths, values, *[spec.flatten_up_to(rest) for rest in rests]))


def keystr(kp: KeyPath) -> str:
    """Keys as one would write them behind the tree."""
    return "".join(map(str, kp))


def key_get(obj: Any, kp: KeyPath) -> Any:
    """What these keys lead to."""
    for key in kp:
        obj = key.get(obj)
    return obj


def _broadcast_to_and_flatten(tree: PyTree, treespec: TreeSpec, is_leaf: IsLeaf = None) -> list[Any] | None:
    """The leaves of `tree` for each leaf of a structure, where a leaf may stand for a whole part of it; None if it does not fit.

    >>> _broadcast_to_and_flatten((0, None), tree_structure(([1, 2], 3)))
    [0, 0, None]
    """
    if tree_is_leaf(tree, is_leaf):
        return [tree] * treespec.num_leaves
    if treespec.is_leaf():
        return None
    try:
        treespec._parts_of(tree)
    except ValueError:  # another container
        return None
    parts, _ = SUPPORTED_NODES[node_type(tree)].flatten_fn(tree)  # in its own order, as in PyTorch
    found: list[Any] = []
    for part, child in zip(parts, treespec.children(), strict=True):
        some = _broadcast_to_and_flatten(part, child, is_leaf)
        if some is None:
            return None
        found += some
    return found
