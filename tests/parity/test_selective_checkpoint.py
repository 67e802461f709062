"""What a checkpointed function keeps by its user's choice: which operators run again, what is asked, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit as ak

BOTH = pytest.mark.parametrize("m", [ak, torch], ids=["autogradkit", "torch"])


def counting(m: Any) -> Any:
    """A mode that counts the operators that it hears, by their names."""

    class Counting(m.utils._python_dispatch.TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.counts: dict[str, int] = {}

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.counts[str(func)] = self.counts.get(str(func), 0) + 1
            return func(*args, **(kwargs or {}))

    return Counting()


def leaves(m: Any) -> tuple[Any, ...]:
    """Two matrices that require gradients."""
    m.manual_seed(5)
    return tuple(m.rand(3, 3, dtype=m.float64, requires_grad=True) for _ in range(2))


def products(m: Any) -> Any:
    """Contexts that keep products."""
    return m.utils.checkpoint.create_selective_checkpoint_contexts([m.ops.aten.mm.default])


def kept_and_computed(m: Any, chosen: Any) -> tuple[Any, ...]:
    """(gradients and output, how often the forward's operators ran in backward)."""
    x, y = leaves(m)
    contexts = m.utils.checkpoint.create_selective_checkpoint_contexts
    out = m.utils.checkpoint.checkpoint(
        lambda x, y: (x @ y @ y).exp().cos() * y, x, y, use_reentrant=False, context_fn=lambda: contexts(chosen(m))
    )
    with counting(m) as heard:
        out.sum().backward()
    ran = {name: heard.counts.get(name, 0) for name in ("aten.mm.default", "aten.exp.default", "aten.cos.default")}
    return x.grad.tolist(), y.grad.tolist(), out.tolist(), ran


@pytest.mark.parametrize("chosen", ["a list", "a policy", "a policy of bools", "nothing", "all"])
def test_what_is_kept_does_not_run_again(chosen: str) -> None:
    ways: dict[str, Any] = {
        "a list": lambda m: [m.ops.aten.mm.default],
        "a policy": lambda m: (
            lambda ctx, op, *args, **kwargs: (
                m.utils.checkpoint.CheckpointPolicy.PREFER_SAVE
                if op is m.ops.aten.exp.default
                else m.utils.checkpoint.CheckpointPolicy.MUST_RECOMPUTE
            )
        ),
        "a policy of bools": lambda m: lambda ctx, op, *args, **kwargs: op == m.ops.aten.mm.default,
        "nothing": lambda m: [],
        "all": lambda m: lambda ctx, op, *args, **kwargs: m.utils.checkpoint.CheckpointPolicy.MUST_SAVE,
    }
    ours, theirs = (kept_and_computed(m, ways[chosen]) for m in (ak, torch))
    assert ours[3] == theirs[3]
    for mine, its in zip(ours[:3], theirs[:3], strict=True):
        torch.testing.assert_close(torch.tensor(mine, dtype=torch.float64), torch.tensor(its, dtype=torch.float64))


def test_a_policy_is_asked_in_the_first_run_with_what_the_operator_gave() -> None:
    said = []
    for m in (ak, torch):
        asked: list[Any] = []

        def policy(ctx: Any, op: Any, *args: Any, _asked: list[Any] = asked, **kwargs: Any) -> bool:
            _asked.append((str(op), ctx.is_recompute, tuple(ctx.op_output.shape), len(args), kwargs))
            return True

        contexts = m.utils.checkpoint.create_selective_checkpoint_contexts
        x, y = leaves(m)
        m.utils.checkpoint.checkpoint(
            lambda x, y: (x @ y).exp(), x, y, use_reentrant=False, context_fn=lambda c=contexts, p=policy: c(p)
        ).sum().backward()
        said.append(asked)
    assert said[0] == said[1]
    assert [name for name, *_ in said[0]] == ["aten.mm.default", "aten.exp.default"]


def _again(m: Any) -> Any:
    x, y = leaves(m)
    out = m.utils.checkpoint.checkpoint(
        lambda x, y: (x @ y).exp(), x, y, use_reentrant=False, context_fn=lambda: products(m)
    )
    out.sum().backward(retain_graph=True)
    out.sum().backward()


def _edited(m: Any, **options: Any) -> Any:
    x, y = leaves(m)
    kept = []

    def f(x: Any, y: Any) -> Any:
        kept.append(x @ y)
        return kept[-1].exp() @ y

    contexts = m.utils.checkpoint.create_selective_checkpoint_contexts
    out = m.utils.checkpoint.checkpoint(
        f, x, y, use_reentrant=False, context_fn=lambda: contexts([m.ops.aten.mm.default], **options)
    )
    with m.no_grad():
        kept[0].add_(1)
    out.sum().backward()
    return round(x.grad.sum().item(), 2)


def _something_else(m: Any) -> Any:
    x, y = leaves(m)
    runs = []

    def f(x: Any, y: Any) -> Any:
        runs.append(1)
        return (x @ y).exp() if len(runs) == 1 else (x @ y).tanh().cos()

    m.utils.checkpoint.checkpoint(f, x, y, use_reentrant=False, context_fn=lambda: products(m)).sum().backward()


REFUSED: dict[str, Any] = {
    "a backward more": _again,
    "an edit of what is kept": _edited,
    "another operator in the second run": _something_else,
    "no operator": lambda m: m.utils.checkpoint.create_selective_checkpoint_contexts([3]),
    "neither a list nor a policy": lambda m: m.utils.checkpoint.create_selective_checkpoint_contexts(3),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    said = []
    for m in (ak, torch):
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever PyTorch raises
            REFUSED[case](m)
        said.append((type(raised.value).__name__, str(raised.value)))
    assert said[0] == said[1]


def test_an_edit_of_what_is_kept_may_be_wanted() -> None:
    assert _edited(ak, allow_cache_entry_mutation=True) == _edited(torch, allow_cache_entry_mutation=True)


@BOTH
def test_an_operator_without_its_form_is_refused_with_what_to_write(m: Any) -> None:
    with pytest.raises(ValueError, match=r"change it to `torch\.ops\.aten\.mm\.default`"):
        m.utils.checkpoint.create_selective_checkpoint_contexts([m.ops.aten.mm])
