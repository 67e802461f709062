"""What `torch.utils.checkpoint` keeps of a checkpointed function by its user's choice, operator by operator.

Rests on modes that hear operators: the first keeps what chosen operators give, the second hands it out when the function runs
again. The n-th call of an operator in the second run is taken for its n-th call in the first.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from autogradkit._ops.operators.overloads import OpOverload, OpOverloadPacket
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, version_of
from autogradkit.utils._python_dispatch import TorchDispatchMode
from autogradkit.utils._pytree import tree_map

_CHANGED = (
    "This can happen if the operations in the checkpointed region are nondeterministic or depend on global state that changed "
    "between forward and backward."
)


class CheckpointPolicy(enum.Enum):
    """What becomes of what an operator gives: it is kept, or computed again. There is no other device to keep it on."""

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


_KEPT = (CheckpointPolicy.MUST_SAVE, CheckpointPolicy.PREFER_SAVE)


class SelectiveCheckpointContext:
    """What a policy is told beside the operator and its arguments: what it gave. It is asked in the first run alone."""

    def __init__(self, *, is_recompute: bool, op_output: Any = None) -> None:
        self.is_recompute = is_recompute
        self.op_output = op_output


Policy = Callable[..., Any]  # gives a CheckpointPolicy or a bool


class _Kept:
    """What an operator gave, and which version of it."""

    __slots__ = ("value", "version")

    def __init__(self, value: Any) -> None:
        self.value = value.detach() if isinstance(value, Tensor) else value
        self.version = version_of(value) if isinstance(value, Tensor) else 0

    def taken(self, may_be_edited: bool) -> Any:
        """It, unless it was edited since."""
        if not may_be_edited and isinstance(self.value, Tensor) and version_of(self.value) != self.version:
            raise RuntimeError("Tensor cached during selective activation checkpoint has been mutated")
        return self.value


_AGAIN, _TAKEN = object(), object()  # in the place of what was kept: it is computed again; the second run has had it
_Store = defaultdict[Any, dict[int, Any]]  # by the operator, and the number of its call


def _is_left_out(func: Any) -> bool:
    """Whether an operator is never kept, nor counted: saving detaches, and not as often in both runs."""
    return func.name() == "aten::detach"


class _Keeping(TorchDispatchMode):
    """The first run."""

    def __init__(self, policy: Policy, store: _Store) -> None:
        super().__init__()
        self._policy = policy
        self._store = store
        self._calls: Counter[Any] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        if _is_left_out(func):
            return output
        policy = self._policy(SelectiveCheckpointContext(is_recompute=False, op_output=output), func, *args, **kwargs)
        if isinstance(policy, bool):
            policy = CheckpointPolicy.MUST_SAVE if policy else CheckpointPolicy.PREFER_RECOMPUTE
        self._store[func][self._calls[func]] = tree_map(_Kept, output) if policy in _KEPT else _AGAIN
        self._calls[func] += 1
        return output


class _HandingOut(TorchDispatchMode):
    """The second run."""

    def __init__(self, store: _Store, may_be_edited: bool) -> None:
        super().__init__()
        self._store = store
        self._may_be_edited = may_be_edited
        self._calls: Counter[Any] = Counter()

    def __enter__(self) -> TorchDispatchMode:
        self._calls.clear()  # a graph that was retained runs it once more
        return super().__enter__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if _is_left_out(func):
            return func(*args, **(kwargs or {}))
        number = self._calls[func]
        self._calls[func] += 1
        kept = self._store.get(func)
        if kept is None:
            raise RuntimeError(f"{func} encountered during backward but not found in storage. {_CHANGED}")
        if number not in kept:
            raise RuntimeError(
                f"{func} invocation index {number} encountered during backward but not found in storage. {_CHANGED}"
            )
        if kept[number] is _TAKEN:
            raise RuntimeError(
                "Trying to backward an extra time. You are only allowed to backward once on any region computed under selective "
                "activation checkpoint."
            )
        if kept[number] is _AGAIN:
            return func(*args, **(kwargs or {}))
        given, kept[number] = kept[number], _TAKEN
        return tree_map(lambda each: each.taken(self._may_be_edited), given)


@entry
def create_selective_checkpoint_contexts(
    policy_fn_or_list: Policy | list[Any], allow_cache_entry_mutation: bool = False
) -> tuple[TorchDispatchMode, TorchDispatchMode]:
    """The two contexts of `checkpoint(context_fn=)` that keep what some operators give, and compute the rest again.

    They are the operators of a list, or those of which `policy(ctx, op, *args, **kwargs)` gives `CheckpointPolicy.MUST_SAVE`,
    `PREFER_SAVE` or True. Backward raises RuntimeError where one of what is kept was edited, unless `allow_cache_entry_mutation`,
    and in a second backward. Raises ValueError for a list of what are no operators, TypeError for what is neither.

    >>> import autogradkit as torch
    >>> from autogradkit.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts
    >>> def keep_products():
    ...     return create_selective_checkpoint_contexts([torch.ops.aten.mm.default])
    >>> x = torch.ones(2, 2, requires_grad=True)
    >>> checkpoint(lambda x: (x @ x).exp(), x, use_reentrant=False, context_fn=keep_products).sum().backward()
    >>> x.grad
    tensor([[29.5562, 29.5562],
            [29.5562, 29.5562]])
    """
    store: _Store = defaultdict(dict)
    return _Keeping(_policy_of(policy_fn_or_list), store), _HandingOut(store, allow_cache_entry_mutation)


def _policy_of(chosen: Any) -> Policy:
    if isinstance(chosen, list):
        for each in chosen:
            if not isinstance(each, OpOverload):
                more = (
                    "Please update the OpOverloadPacket to a specific OpOverload.For example, if you have `torch.ops.aten.mm`, "
                    "change it to `torch.ops.aten.mm.default`."
                    if isinstance(each, OpOverloadPacket)
                    else ""
                )
                raise ValueError(
                    f"Expected op in `op_list` to be an OpOverload but got: {each} of type {type(each)}. {more}"
                )
        return lambda ctx, op, *args, **kwargs: op in chosen
    if callable(chosen):
        return chosen
    raise TypeError("policy_fn_or_list must be either a function or a list of ops.")
