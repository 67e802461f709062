"""Edges of the graph, hooks on several gradients, edits of saved tensors, and saved tensors as objects, beside PyTorch."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case


def _numbers(tensor: Any) -> list[str]:
    return [f"{each:.5g}" for each in tensor.tolist()]


class Net:
    """Four tensors in a row, and one beside, with the namespace `graph` of their library."""

    def __init__(self, m: Any) -> None:
        self.m, self.graph = m, m.autograd.graph
        self.a = m.tensor([1.0, 2.0], requires_grad=True)
        self.b = self.a * 2
        self.c = self.b.exp()
        self.d = self.c.sum()
        self.z = m.ones(3, requires_grad=True) * 3
        self.told: list[Any] = []

    def edge(self, name: str) -> Any:
        return self.graph.get_gradient_edge(getattr(self, name))

    def grad(self, outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return self.m.autograd.grad(outputs, inputs, *args, retain_graph=True, **kwargs)

    def backward(self, *args: Any, **kwargs: Any) -> Any:
        self.m.autograd.backward(*args, retain_graph=True, **kwargs)
        return self.a.grad

    def tell(self, gradients: Any) -> None:
        several = gradients if isinstance(gradients, list) else [gradients]
        self.told.append([None if each is None else _numbers(each) for each in several])

    def hooked(self, names: str, mode: str = "all") -> Any:
        return self.graph.register_multi_grad_hook([getattr(self, name) for name in names], self.tell, mode=mode)


def _outcome(m: Any, case: Callable[[Net], Any]) -> str:
    try:
        found = repr(case(Net(m)))
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    return re.sub("0x[0-9a-f]+", "0x", found).replace("autogradkit", "torch")


EDGES: dict[str, Callable[[Net], Any]] = {
    "leaf": lambda n: n.edge("a"),
    "result": lambda n: (n.edge("c"), n.edge("c").node is n.c.grad_fn, n.edge("c")._fields),
    "leaf's node": lambda n: n.edge("a").node is n.b.grad_fn.next_functions[0][0],
    "no gradient": lambda n: n.graph.get_gradient_edge(n.m.ones(2)),
    "no tensor": lambda n: n.graph.get_gradient_edge(3),
    "input": lambda n: n.grad(n.d, n.edge("c")),
    "inputs": lambda n: n.grad(n.d, [n.edge("a"), n.b]),
    "output": lambda n: n.grad(n.edge("c"), n.a, n.m.ones(2)),
    "scalar output": lambda n: n.grad(n.edge("d"), n.a),
    "outputs": lambda n: n.backward([n.edge("c"), n.d], [n.m.ones(2), None]),
    "no scalar": lambda n: n.grad(n.edge("c"), n.a),
    "other size": lambda n: n.grad(n.edge("c"), n.a, n.m.ones(3)),
    "complex": lambda n: n.grad(n.edge("c"), n.a, n.m.ones(2, dtype=n.m.complex64)),
    "double": lambda n: n.grad(n.edge("c"), n.a, n.m.ones(2, dtype=n.m.float64)),
    "rows": lambda n: n.grad(n.edge("c"), n.a, n.m.ones(3, 2), is_grads_batched=True),
    "graph": lambda n: n.grad(n.edge("c"), n.a, n.m.ones(2), create_graph=True),
    "unused": lambda n: n.grad(n.d, n.edge("z")),
    "unused allowed": lambda n: n.grad(n.d, n.edge("z"), allow_unused=True),
    "unused as zeros": lambda n: n.grad(n.d, n.edge("z"), materialize_grads=True),
    "backward into the leaf": lambda n: n.backward(n.d, inputs=n.edge("a")),
    "backward into a result": lambda n: n.backward(n.d, inputs=[n.edge("c")]),
    "backward into both": lambda n: n.backward(n.d, inputs=[n.edge("c"), n.a]),
    "a number": lambda n: n.grad(n.d, [3]),
    "a number's backward": lambda n: n.backward(n.d, inputs=[3]),
}


@every_case("name", EDGES)
def test_edges(name: str) -> None:
    assert _outcome(autogradkit, EDGES[name]) == _outcome(torch, EDGES[name])


def _twice(n: Net) -> Any:
    handle = n.hooked("abz")
    n.backward(n.d)
    n.backward(n.d + n.z.sum())
    handle.remove()
    n.backward(n.d)
    return n.told


def _within(n: Net) -> Any:
    """A backward within a hook is a run of its own."""
    n.hooked("ac")
    n.b.register_hook(lambda g: n.grad(n.z.sum() + n.c.sum(), n.c) and None)
    n.backward(n.d)
    return n.told


def _raised(n: Net) -> Any:
    def refuse(gradients: Any) -> None:
        raise ValueError("no")

    n.graph.register_multi_grad_hook((n.a, n.b), refuse)
    return n.backward(n.d)


HOOKS: dict[str, Callable[[Net], Any]] = {
    "all": _twice,
    "any": lambda n: (n.hooked("abc", "any"), n.backward(n.d), n.backward(n.d), n.told)[2:],
    "wanted": lambda n: (n.hooked("abc"), n.backward(n.d, inputs=[n.b]), n.told)[2],
    "by grad": lambda n: (n.hooked("abc"), n.grad(n.d, n.b), n.told)[2],
    "leaf by grad": lambda n: (n.hooked("abc"), n.grad(n.d, n.a)),
    "with": lambda n: [n.hooked("a").__enter__().remove(), n.backward(n.d), n.told],
    "within": _within,
    "raised": _raised,
    "none": lambda n: n.hooked(""),
    "mode": lambda n: n.hooked("a", "first"),
    "no gradient": lambda n: n.graph.register_multi_grad_hook((n.a, n.m.ones(1)), n.tell),
    "any of no gradient": lambda n: n.graph.register_multi_grad_hook((n.m.ones(1),), n.tell, mode="any"),
}


@every_case("name", HOOKS)
def test_hooks_on_several_gradients(name: str) -> None:
    assert _outcome(autogradkit, HOOKS[name]) == _outcome(torch, HOOKS[name])


def _counted(n: Net) -> Any:
    view = n.c.detach()[:1]
    n.graph.increment_version(view)
    n.graph.increment_version(each for each in [n.c, view])
    with n.m.inference_mode():
        n.graph.increment_version(n.m.ones(1))
    return n.c._version, view._version


VERSIONS: dict[str, Callable[[Net], Any]] = {
    "counted": _counted,
    "saved": lambda n: (n.graph.increment_version(n.c), n.backward(n.d)),
    "number": lambda n: n.graph.increment_version(3),
    "numbers": lambda n: n.graph.increment_version([3]),
}


@pytest.mark.parametrize("name", VERSIONS)
def test_versions(name: str) -> None:
    assert _outcome(autogradkit, VERSIONS[name]) == _outcome(torch, VERSIONS[name])


def _editing(edit: Callable[[Net], Any]) -> Callable[[Net], Any]:
    """The gradients of a leaf whose saved results are edited by `edit` before backward."""

    def case(n: Net) -> Any:
        with n.graph.allow_mutation_on_saved_tensors():
            w = n.m.tensor([3.0, 5.0])
            n.b = n.a * 2
            n.c = n.b.exp()
            n.d = (n.c * w * n.b).sum()
            n.z = w
            shown = edit(n)
            n.d.backward()
            return shown, n.a.grad, n.c.detach(), w

    return case


def _outside(n: Net) -> Any:
    with n.graph.allow_mutation_on_saved_tensors():
        y = (n.a * n.a).exp()
    y.sum().backward()


MUTATIONS: dict[str, Callable[[Net], Any]] = {
    "nothing": _editing(lambda n: 0),
    "result": _editing(lambda n: n.c.zero_()),
    "several": _editing(lambda n: (n.c.mul_(2), n.b.add_(1), n.z.fill_(9), n.c.zero_())),
    "item": _editing(lambda n: n.z.__setitem__(0, 8.0)),
    "out": _editing(lambda n: n.m.add(n.z, 1, out=n.z)),
    "data": _editing(lambda n: n.c.detach().add_(1)),
    "outside": _outside,
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_edits_of_saved_tensors(name: str) -> None:
    assert _outcome(autogradkit, MUTATIONS[name]) == _outcome(torch, MUTATIONS[name])


@pytest.mark.parametrize("m", [autogradkit, torch])
def test_a_block_that_allows_edits_is_not_nested(m: Any) -> None:
    block = m.autograd.graph.allow_mutation_on_saved_tensors
    refused = pytest.raises(RuntimeError, match="allow_mutation_on_saved_tensors contexts cannot be nested")
    with block(), refused, block():
        pass
    with block():  # and the next one is as the first
        pass


def test_a_saved_view_of_edited_memory_is_as_it_was() -> None:
    """PyTorch copies what begins at the edited address alone, and gives 9 here."""
    a = autogradkit.ones(3, requires_grad=True)
    w = autogradkit.tensor([1.0, 2.0, 3.0])
    with autogradkit.autograd.graph.allow_mutation_on_saved_tensors():
        y = (a * w[1:2]).sum()
        w.fill_(9)
        y.backward()
    assert a.grad.tolist() == [2.0, 2.0, 2.0]


# -- saved tensors as objects ------------------------------------------------------------------------------------------


def _raw(n: Net, name: str = "c") -> Any:
    node = getattr(n, name).grad_fn
    return node._raw_saved_result if name == "c" else node._raw_saved_self


def _doubled(n: Net) -> Any:
    """Hooks on a node's own result, on an operand, on a list of tensors and in a custom function."""
    packed: list[Any] = []

    def pack(tensor: Any) -> Any:
        packed.append((_numbers(tensor), tensor.requires_grad))
        return tensor.detach() * 2

    def unpack(tensor: Any) -> Any:
        return tensor + 1

    class Cube(n.m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x, None)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3 * ctx.saved_tensors[0] ** 2

    w = n.m.tensor([3.0, 4.0])
    product = n.c * w
    places = n.m.tensor([1])
    chosen = product[places]
    cube = Cube.apply(chosen)
    raw = cube.grad_fn._raw_saved_tensors
    for each in (_raw(n), product.grad_fn._raw_saved_other, raw[0]):
        each.register_hooks(pack, unpack)
    chosen.grad_fn._raw_saved_indices[0].register_hooks(lambda t: "kept", lambda _: places)
    told = len(raw), raw[1].unpack(), _raw(n).data, raw[0].unpack().detach(), _raw(n).unpack_hook is unpack
    cube.sum().backward()
    return told, packed, n.a.grad


def _registered(n: Net, *hooks: Any) -> Any:
    return _raw(n).register_hooks(*hooks)


def _freed(n: Net) -> Any:
    raw = _raw(n)
    n.d.backward()
    return raw.register_hooks(abs, abs)


def _freed_unpack(n: Net) -> Any:
    raw = _raw(n)
    n.d.backward()
    return raw.unpack()


def _by_default(n: Net) -> Any:
    with n.graph.saved_tensors_hooks(abs, abs):
        return (n.a.exp() * 2).grad_fn.next_functions[0][0]._raw_saved_result.register_hooks(abs, abs)


SAVED: dict[str, Callable[[Net], Any]] = {
    "object": lambda n: (_raw(n), n.a.exp().grad_fn._raw_saved_result.unpack_hook),
    "operand": lambda n: (n.a * n.b).grad_fn._raw_saved_self.unpack() is n.a,
    "none": lambda n: (n.a * n.m.ones(2)).grad_fn._raw_saved_self.unpack(),
    "hooks on none": lambda n: (n.a * n.m.ones(2)).grad_fn._raw_saved_self.register_hooks(abs, abs),
    "hooks": _doubled,
    "hooks twice": lambda n: (_registered(n, abs, abs), _registered(n, abs, abs)),
    "hooks by default": _by_default,
    "numbers": lambda n: _registered(n, 1, 2),
    "one": lambda n: _registered(n, abs),
    "freed": _freed,
    "freed and unpacked": _freed_unpack,
    "edited": lambda n: (n.z.exp(), (n.b * n.c).grad_fn._raw_saved_other, n.c.detach().add_(1))[1].unpack(),
    "edits": lambda n: _registered(n, lambda t: t.add_(1), abs),
    "no tensor": lambda n: (_registered(n, lambda t: 1, lambda t: t), n.d.backward()),
    "made": lambda n: n.m.autograd.SavedTensor(),
    "node": lambda n: type(n.c.grad_fn)(),
}


@every_case("name", SAVED)
def test_saved_tensors_as_objects(name: str) -> None:
    assert _outcome(autogradkit, SAVED[name]) == _outcome(torch, SAVED[name])
