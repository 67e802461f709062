"""`nn.utils.prune`: masks, several after one another, over several layers, taking them off, refusals."""

from __future__ import annotations

import copy
import importlib
from typing import Any

from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case, case_of

importlib.import_module("torch.nn.utils.prune")  # which PyTorch does not do by itself

CASES: dict[str, Case] = {}
case = case_of(CASES)


def conv(m: Any) -> Any:
    return m.nn.Conv2d(2, 4, 2)


@case
def each_way(m: Any) -> Any:
    p, found = m.nn.utils.prune, []
    for put in (
        lambda layer: p.identity(layer, "weight"),
        lambda layer: p.random_unstructured(layer, "weight", 0.3),
        lambda layer: p.l1_unstructured(layer, "weight", 5),
        lambda layer: p.l1_unstructured(layer, "bias", 0.5, importance_scores=m.tensor([3.0, 1.0, 2.0, 0.5])),
        lambda layer: p.random_structured(layer, "weight", 2, dim=0),
        lambda layer: p.random_structured(layer, "weight", 0, dim=0),
        lambda layer: p.ln_structured(layer, "weight", 0.5, n=2, dim=-1),
        lambda layer: p.ln_structured(layer, "weight", 1, n=float("inf"), dim=1),
        lambda layer: p.custom_from_mask(layer, "weight", m.arange(32).reshape(4, 2, 2, 2) % 3 > 0),
    ):
        layer = put(conv(m))
        y = layer(m.ones(1, 2, 3, 3))
        y.sum().backward()
        found.append((layer, y, layer.weight, [each.grad for each in layer.parameters()], p.is_pruned(layer)))
    return found, m.rand(1)


@case
def one_after_another(m: Any) -> Any:
    p = m.nn.utils.prune
    layer = p.l1_unstructured(conv(m), "weight", 6)
    p.ln_structured(layer, "weight", 1, n=2, dim=0)
    p.random_unstructured(layer, "weight", 0.5)
    p.random_structured(layer, "weight", 1, dim=1)
    p.custom_from_mask(layer, "weight", m.arange(32).reshape(4, 2, 2, 2) > 7)
    ((_, hook),) = [(type(each).__name__, each) for each in hooks(layer)]
    return layer, type(hook).__name__, len(hook), [type(each).__name__ for each in hook], hook[0].amount


def hooks(layer: Any) -> list[Any]:
    """The hooks before `forward`, from either library."""
    return [each for _, each in layer._before_forward()] if hasattr(layer, "_before_forward") else list(
        layer._forward_pre_hooks.values()
    )  # fmt: skip


@case
def everywhere_at_once(m: Any) -> Any:
    p, net = m.nn.utils.prune, m.nn.Sequential(m.nn.Linear(3, 4), m.nn.Linear(4, 2))
    p.identity(net[0], "weight")
    p.global_unstructured([(net[0], "weight"), (net[1], "weight")], p.L1Unstructured, amount=0.4)
    p.global_unstructured(
        [(net[0], "bias"), (net[1], "bias")], p.L1Unstructured, {(net[0], "bias"): m.ones(4) * 9}, amount=1
    )
    return net, net(m.ones(1, 3))


@case
def everywhere_by_slices(m: Any) -> Any:
    p = m.nn.utils.prune
    try:
        p.global_unstructured([(m.nn.Linear(2, 2), "weight")], p.RandomStructured, amount=1)
    except TypeError as error:
        return str(error).split("<")[0]


@case
def everywhere_in_no_list(m: Any) -> Any:
    m.nn.utils.prune.global_unstructured(3, m.nn.utils.prune.L1Unstructured, amount=1)


@case
def everywhere_by_no_dict(m: Any) -> Any:
    m.nn.utils.prune.global_unstructured([], m.nn.utils.prune.L1Unstructured, importance_scores=3, amount=1)


@case
def removed(m: Any) -> Any:
    p = m.nn.utils.prune
    layer = p.l1_unstructured(m.nn.Linear(3, 2), "weight", 2)
    original = layer.weight_orig
    return p.remove(layer, "weight"), layer.weight is original, list(dict(layer.named_parameters())), p.is_pruned(layer)


@case
def removed_from_nothing(m: Any) -> Any:
    m.nn.utils.prune.remove(m.nn.Linear(3, 2), "weight")


@case
def trained(m: Any) -> Any:
    layer = m.nn.utils.prune.l1_unstructured(m.nn.Linear(3, 2), "weight", 2)
    optimizer = m.optim.SGD(layer.parameters(), lr=0.5)
    for _ in range(2):
        optimizer.zero_grad()
        layer(m.ones(1, 3)).pow(2).sum().backward()
        optimizer.step()
    return layer, layer.weight


@case
def copied(m: Any) -> Any:
    layer = m.nn.utils.prune.l1_unstructured(m.nn.Linear(3, 2), "weight", 2)
    layer(m.ones(1, 3))
    layer.weight = layer.weight.detach()  # what has a graph cannot be copied
    twin = copy.deepcopy(layer)
    return twin, twin(m.ones(1, 3)), twin.weight


@case
def only_computed(m: Any) -> Any:
    p, t = m.nn.utils.prune, m.tensor([[1.0, -3.0], [2.0, 0.5]])
    scores = m.tensor([[4.0, 1.0], [2.0, 3.0]])
    return p.L1Unstructured(2).prune(t), p.L1Unstructured(2).prune(t, importance_scores=scores), p.Identity().prune(
        t, default_mask=m.eye(2)
    )  # fmt: skip


@case
def of_a_negative_amount(m: Any) -> Any:
    m.nn.utils.prune.L1Unstructured(-1)


@case
def of_too_large_a_share(m: Any) -> Any:
    m.nn.utils.prune.RandomUnstructured(1.5)


@case
def of_no_number(m: Any) -> Any:
    m.nn.utils.prune.RandomUnstructured("a")


@case
def of_more_than_there_is(m: Any) -> Any:
    layer = m.nn.Linear(2, 1)
    try:
        m.nn.utils.prune.l1_unstructured(layer, "weight", 9)
    except ValueError as error:
        return str(error), layer


@case
def of_slices_of_a_vector(m: Any) -> Any:
    m.nn.utils.prune.random_structured(m.nn.Linear(2, 2), "bias", 1, dim=0)


@case
def of_slices_beyond(m: Any) -> Any:
    m.nn.utils.prune.ln_structured(m.nn.Linear(2, 2), "weight", 1, n=2, dim=2)


@case
def of_other_scores(m: Any) -> Any:
    m.nn.utils.prune.l1_unstructured(m.nn.Linear(2, 2), "weight", 1, importance_scores=m.ones(3))


@case
def of_another_mask(m: Any) -> Any:
    m.nn.utils.prune.custom_from_mask(m.nn.Linear(2, 2), "weight", m.ones(3))


@case
def container_of_others(m: Any) -> Any:
    p = m.nn.utils.prune
    one, other = p.L1Unstructured(1), p.Identity()
    one._tensor_name, other._tensor_name = "a", "b"
    container = p.PruningContainer(one)
    try:
        container.add_pruning_method(other)
    except ValueError as error:
        found = str(error).split("<")[0]
    container.add_pruning_method(3) if found is None else None
    return found


@case
def container_of_numbers(m: Any) -> Any:
    p = m.nn.utils.prune
    one = p.L1Unstructured(1)
    one._tensor_name = "a"
    p.PruningContainer(one).add_pruning_method(3)


@every_case("name", CASES)
def test_it_is_as_in_pytorch(name: str) -> None:
    assert_alike(CASES[name])
