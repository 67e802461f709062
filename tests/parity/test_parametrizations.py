"""`nn.utils.parametrize` and the ready-made parametrizations: registering, assigning, removing, state dicts, refusals."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case, case_of

CASES: dict[str, Case] = {}
case = case_of(CASES)


def symmetric(m: Any, back: Any = None) -> Any:
    class Symmetric(m.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).mT

    if back is not None:
        Symmetric.right_inverse = lambda self, x: back(x)
    return Symmetric()


def parametrization(m: Any, forward: Any, back: Any = None) -> Any:
    class Made(m.nn.Module):
        def forward(self, *x: Any) -> Any:
            return forward(*x)

    if back is not None:
        Made.right_inverse = lambda self, x: back(x)
    return Made()


def on(m: Any, layer: Any, *ways: Any, **options: Any) -> Any:
    for way in ways:
        m.nn.utils.parametrize.register_parametrization(layer, "weight", way, **options)
    return layer


@case
def registered(m: Any) -> Any:
    layer = on(m, m.nn.Linear(3, 3), symmetric(m))
    y = layer(m.ones(1, 3))
    y.sum().backward()
    p = m.nn.utils.parametrize
    kinds = p.is_parametrized(layer), p.is_parametrized(layer, "bias"), p.type_before_parametrizations(layer).__name__
    names = type(layer).__name__, [name for name, _ in layer.named_parameters()], isinstance(layer, m.nn.Linear)
    return layer, kinds, names, y, layer.parametrizations.weight.original.grad, layer.weight


@case
def two_in_a_row(m: Any) -> Any:
    layer = on(m, m.nn.Linear(3, 3), symmetric(m), parametrization(m, lambda x: x * 2, lambda x: x / 2))
    return layer, layer.weight


@case
def of_a_buffer(m: Any) -> Any:
    layer = m.nn.BatchNorm1d(2)
    m.nn.utils.parametrize.register_parametrization(layer, "running_var", m.nn.Softplus())
    return (
        layer,
        layer.running_var,
        [name for name, _ in layer.named_buffers()],
        layer(m.randn(3, 2)),
        layer.running_var,
    )


@case
def assigned(m: Any) -> Any:
    layer = on(m, m.nn.Linear(2, 2), symmetric(m, lambda x: x.triu()))
    layer.weight = m.tensor([[1.0, 2.0], [2.0, 3.0]])
    return layer, layer.weight


@case
def assigned_without_a_way_back(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), symmetric(m)).weight = m.ones(2, 2)


@case
def assigned_in_another_dtype(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), symmetric(m, lambda x: x.triu())).weight = m.ones(2, 2, dtype=m.float64)


@case
def of_two_tensors(m: Any) -> Any:
    layer = on(m, m.nn.Linear(2, 2), parametrization(m, lambda a, b: a + b, lambda x: (x * 0.25, x * 0.75)))
    names = [name for name, _ in layer.named_parameters()]
    layer.weight = m.ones(2, 2)
    return names, layer, layer.weight, m.nn.utils.parametrize.remove_parametrizations(layer, "weight")


@case
def of_two_tensors_and_back(m: Any) -> Any:
    layer = on(m, m.nn.Linear(2, 2), parametrization(m, lambda a, b: a + b, lambda x: (x, x)))
    m.nn.utils.parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)


@case
def of_too_many_tensors(m: Any) -> Any:
    many = [2]
    layer = on(m, m.nn.Linear(2, 2), parametrization(m, lambda a, b: a + b, lambda x: (x,) * many[0]))
    many[0] = 3
    layer.weight = m.ones(2, 2)


@case
def removed(m: Any) -> Any:
    layer = on(m, m.nn.Linear(2, 2), symmetric(m))
    m.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    return layer, type(layer) is m.nn.Linear, [name for name, _ in layer.named_parameters()], layer.weight


@case
def removed_to_the_original(m: Any) -> Any:
    layer = on(m, m.nn.Linear(2, 2), symmetric(m))
    m.nn.utils.parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    return layer


@case
def removed_of_two(m: Any) -> Any:
    layer = on(m, m.nn.Linear(2, 2), symmetric(m))
    m.nn.utils.parametrize.register_parametrization(layer, "bias", m.nn.Tanh())
    m.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    return layer, type(layer).__name__, layer.bias


@case
def removed_from_nothing(m: Any) -> Any:
    m.nn.utils.parametrize.remove_parametrizations(m.nn.Linear(2, 2), "weight")


@case
def of_no_tensor(m: Any) -> Any:
    m.nn.utils.parametrize.register_parametrization(m.nn.Linear(2, 2), "w", m.nn.Tanh())


@case
def that_gives_no_tensor(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), parametrization(m, lambda x: 3))


@case
def that_changes_the_dtype(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), parametrization(m, lambda x: x.double()))


@case
def that_changes_the_sizes(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), parametrization(m, lambda x: x[0]))


@case
def that_changes_the_sizes_unsafely(m: Any) -> Any:
    return on(m, m.nn.Linear(2, 2), parametrization(m, lambda x: x[:1]), unsafe=True)(m.ones(1, 2))


@case
def whose_way_back_gives_nothing(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), parametrization(m, lambda x: x, lambda x: None))


@case
def whose_way_back_changes_the_dtype(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), parametrization(m, lambda x: x, lambda x: x.double()))


@case
def whose_way_back_gives_numbers(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), parametrization(m, lambda *x: x[0], lambda x: (x, 3)))


@case
def second_that_changes_the_dtype(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), symmetric(m), parametrization(m, lambda x: x.double()))


@case
def second_that_changes_the_sizes(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), symmetric(m), parametrization(m, lambda x: x[0]))


@case
def second_whose_way_back_changes_the_sizes(m: Any) -> Any:
    on(m, m.nn.Linear(2, 2), symmetric(m), parametrization(m, lambda x: x, lambda x: x[0]))


@case
def list_of_nothing(m: Any) -> Any:
    m.nn.utils.parametrize.ParametrizationList([], m.ones(2))


@case
def computed_once(m: Any) -> Any:
    calls: list[int] = []
    layer = on(m, m.nn.Linear(2, 2), parametrization(m, lambda x: calls.append(1) or x * 2))
    with m.nn.utils.parametrize.cached():
        same = layer.weight is layer.weight
    return same, layer.weight is layer.weight, len(calls)


@case
def copied_and_loaded(m: Any) -> Any:
    layer = on(m, m.nn.Linear(2, 2), symmetric(m))
    twin = copy.deepcopy(layer)
    other = on(m, m.nn.Linear(2, 2), symmetric(m))
    other.load_state_dict(layer.state_dict())
    return twin, other, twin.weight is layer.weight, twin.weight, list(layer.state_dict())


@case
def pickled(m: Any) -> Any:
    return pickle.dumps(on(m, m.nn.Linear(2, 2), m.nn.Tanh()))


@case
def transferred(m: Any) -> Any:
    p = m.nn.utils.parametrize
    one = on(m, m.nn.Linear(2, 2), symmetric(m))
    other = p.transfer_parametrizations_and_params(one, m.nn.Linear(2, 2))
    split = m.nn.utils.parametrizations.weight_norm(m.nn.Linear(2, 2))
    third = p.transfer_parametrizations_and_params(split, m.nn.Linear(2, 2), "weight")
    return other, other.weight, third, third.weight


@case
def weight_norm(m: Any) -> Any:
    layer = m.nn.utils.parametrizations.weight_norm(m.nn.Conv1d(2, 3, 2), dim=None)
    other = m.nn.utils.parametrizations.weight_norm(m.nn.Linear(3, 2))
    y = other(m.ones(1, 3))
    y.sum().backward()
    old = {"bias": m.zeros(2), "weight_g": m.ones(2, 1), "weight_v": m.ones(2, 3)}
    found = layer, other.state_dict(), y, [each.grad for each in other.parameters()]
    return found, str(other.load_state_dict(old)), other.weight


@case
def spectral_norm(m: Any) -> Any:
    layer = m.nn.utils.parametrizations.spectral_norm(m.nn.Conv1d(3, 2, 2), n_power_iterations=2)
    x = m.randn(1, 3, 4)
    (layer(x) * layer(x)).sum().backward()
    return layer, layer.parametrizations.weight.original.grad, layer.eval()(x)


@case
def spectral_norm_of_others(m: Any) -> Any:
    turned = m.nn.utils.parametrizations.spectral_norm(m.nn.ConvTranspose1d(3, 2, 2))
    vector = m.nn.utils.parametrizations.spectral_norm(m.nn.Linear(3, 2), "bias")
    return turned, turned.weight, vector, vector.bias


@case
def spectral_norm_of_no_tensor(m: Any) -> Any:
    m.nn.utils.parametrizations.spectral_norm(m.nn.ReLU())


@case
def spectral_norm_along_nothing(m: Any) -> Any:
    m.nn.utils.parametrizations.spectral_norm(m.nn.Linear(3, 2), dim=2)


@case
def spectral_norm_without_iterations(m: Any) -> Any:
    m.nn.utils.parametrizations.spectral_norm(m.nn.Linear(3, 2), n_power_iterations=0)


@every_case("sizes", [(3, 3), (3, 2), (2, 4)])
@every_case("way", [None, "matrix_exp", "cayley", "householder"])
@every_case("trivial", [True, False])
def test_orthogonal(sizes: tuple[int, int], way: str | None, trivial: bool) -> None:
    def code(m: Any) -> Any:
        layer = m.nn.Linear(*sizes[::-1], dtype=m.float64)
        m.nn.utils.parametrizations.orthogonal(layer, orthogonal_map=way, use_trivialization=trivial)
        weight = layer.weight
        (weight * m.arange(float(weight.numel())).reshape(weight.shape)).sum().backward()
        return layer, weight, layer.parametrizations.weight.original.grad

    assert_alike(code, rtol=1e-9, atol=1e-9)


@case
def orthogonal_assigned(m: Any) -> Any:
    layer = m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2))
    layer.weight = m.tensor([[0.0, 1.0], [-1.0, 0.0]])
    return layer, layer.weight


@case
def orthogonal_assigned_other_sizes(m: Any) -> Any:
    m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2)).weight = m.ones(3, 2)


@case
def orthogonal_assigned_without_base(m: Any) -> Any:
    way = {"orthogonal_map": "cayley", "use_trivialization": False}
    m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2), **way).weight = m.ones(2, 2)


@case
def orthogonal_vector(m: Any) -> Any:
    m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2), "bias")


@case
def orthogonal_by_another_map(m: Any) -> Any:
    m.nn.utils.parametrizations.orthogonal(m.nn.Linear(2, 2), orthogonal_map="givens")


@case
def orthogonal_and_complex(m: Any) -> Any:
    layer = m.nn.Linear(2, 2, dtype=m.complex64)
    m.nn.utils.parametrizations.orthogonal(layer, orthogonal_map="householder")


@every_case("name", CASES)
def test_it_is_as_in_pytorch(name: str) -> None:
    assert_alike(CASES[name])
