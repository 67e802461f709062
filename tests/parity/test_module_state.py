"""State dicts with hooks and extra state, old ones of norms, conversions, submodules by path, the older backward hooks."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any

from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case, case_of

CASES: dict[str, Case] = {}
case = case_of(CASES)


def net(m: Any) -> Any:
    return m.nn.Sequential(m.nn.Linear(2, 3), m.nn.BatchNorm1d(3))


def ones(m: Any, layer: Any) -> Any:
    state = layer.state_dict()
    for key, value in state.items():
        state[key] = m.ones_like(value)
    return state


def with_extra(m: Any) -> Any:
    class Extra(m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = m.nn.Parameter(m.ones(1))
            self.got: Any = None

        def get_extra_state(self) -> Any:
            return {"steps": 3}

        def set_extra_state(self, state: Any) -> None:
            self.got = state

    return Extra()


@case
def hooks_around_saving(m: Any) -> Any:
    layer, seen = net(m), []

    def before(module: Any, prefix: str, keep_vars: bool) -> None:
        seen.append((type(module).__name__, prefix, keep_vars))

    def after(module: Any, state: Any, prefix: str, own: Any) -> None:
        seen.append((list(state), prefix, own))
        state[prefix + "more"] = m.zeros(1)

    layer[1].register_state_dict_pre_hook(before)
    handle = layer[1].register_state_dict_post_hook(after)
    first = layer.state_dict()
    handle.remove()
    return seen, dict(first), dict(layer.state_dict(prefix="p.", keep_vars=True)), dict(first._metadata)


@case
def hook_that_gives_a_dict(m: Any) -> Any:
    layer = net(m)
    layer.register_state_dict_post_hook(lambda *given: {})
    return layer.state_dict()


@case
def hook_that_replaces_the_dict(m: Any) -> Any:
    layer = net(m)
    layer._register_state_dict_hook(lambda module, state, prefix, own: {"only": 1})
    return layer.state_dict()


@case
def public_hook_registered_again(m: Any) -> Any:
    layer = net(m)

    def hook(*given: Any) -> None: ...

    layer.register_state_dict_post_hook(hook)
    layer._register_state_dict_hook(hook)


@case
def positional_arguments(m: Any) -> Any:
    found: dict[str, Any] = {}
    m.nn.Linear(1, 1).state_dict(found, "a.")
    return found


@case
def hooks_around_loading(m: Any) -> Any:
    layer, seen = net(m), []

    def before(module: Any, state: Any, prefix: str, own: Any, *rest: Any) -> None:
        seen.append((type(module).__name__, list(state), prefix, own, rest))
        state[prefix + "weight"] = m.zeros(3)

    def after(module: Any, keys: Any) -> None:
        seen.append((type(module).__name__, str(keys)))
        keys.missing_keys.clear()

    layer[1].register_load_state_dict_pre_hook(before)
    layer.register_load_state_dict_post_hook(after)
    state = ones(m, layer)
    del state["0.bias"]
    return str(layer.load_state_dict(state)), seen, layer


@case
def hook_after_loading_that_gives_something(m: Any) -> Any:
    layer = net(m)
    layer.register_load_state_dict_post_hook(lambda module, keys: 3)
    layer.load_state_dict(layer.state_dict())


@case
def old_pre_hook(m: Any) -> Any:
    layer, seen = net(m), []
    layer._register_load_state_dict_pre_hook(lambda state, prefix, *rest: seen.append((list(state), prefix)))
    layer.load_state_dict(layer.state_dict())
    return seen


@case
def extra_state(m: Any) -> Any:
    layer = with_extra(m)
    state = layer.state_dict()
    other = with_extra(m)
    other.load_state_dict(state)
    return state["_extra_state"], other.got, list(state)


@case
def extra_state_missing(m: Any) -> Any:
    with_extra(m).load_state_dict({"w": m.ones(1)})


@case
def extra_state_unexpected(m: Any) -> Any:
    m.nn.ReLU().load_state_dict({"_extra_state": 1})


@case
def extra_state_of_no_use(m: Any) -> Any:
    return m.nn.ReLU().get_extra_state()


@case
def extra_state_set_for_nothing(m: Any) -> Any:
    return m.nn.ReLU().set_extra_state(1)


@case
def assigned(m: Any) -> Any:
    layer = net(m)
    layer[0].weight.requires_grad_(False)
    state = ones(m, layer)
    given = state["0.bias"] = m.nn.Parameter(m.zeros(3, dtype=m.float64))
    layer.load_state_dict(state, assign=True)
    return layer, layer[0].bias is given, layer[0].weight, layer[1].running_mean is state["1.running_mean"]


@case
def one_number_for_a_scalar(m: Any) -> Any:
    layer = m.nn.Module()
    layer.w = m.nn.Parameter(m.tensor(1.0))
    layer.load_state_dict({"w": m.tensor([5.0])})
    return layer


@case
def a_copy_that_fails(m: Any) -> Any:
    layer = m.nn.Module()
    layer.w = m.nn.Parameter(m.ones(2)).detach().expand(2, 2)
    layer.register_buffer("b", m.ones(1).expand(3))
    layer.load_state_dict({"b": m.ones(3)})


@case
def a_norm_from_before_counts(m: Any) -> Any:
    layer = m.nn.BatchNorm1d(2)
    layer.num_batches_tracked.add_(4)
    state = {key: value for key, value in ones(m, layer).items() if key != "num_batches_tracked"}
    return str(layer.load_state_dict(state)), layer


@case
def a_norm_of_this_version_without_count(m: Any) -> Any:
    layer = m.nn.BatchNorm1d(2)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    layer.load_state_dict(state)


@case
def statistics_for_a_norm_without(m: Any) -> Any:
    m.nn.InstanceNorm1d(2).load_state_dict(OrderedDict(running_mean=m.ones(2), running_var=m.ones(2)))


@case
def a_class_with_its_own_loading(m: Any) -> Any:
    class Renamed(m.nn.Linear):
        def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")
            super()._load_from_state_dict(state_dict, prefix, *rest)

    layer = m.nn.Sequential(Renamed(1, 1))
    return str(layer.load_state_dict({"0.w": m.ones(1, 1), "0.bias": m.ones(1)})), layer.state_dict()


@case
def conversions(m: Any) -> Any:
    layer = net(m)
    layer.bfloat16()
    found = [layer[0].weight.dtype, layer[1].num_batches_tracked.dtype]
    layer.type(m.float64)
    return [str(each) for each in found], layer[1].num_batches_tracked, layer.type("torch.FloatTensor")


@case
def emptied(m: Any) -> Any:
    layer = net(m)
    layer[0].weight.grad = m.ones(3, 2)
    weight = layer[0].weight
    layer.to_empty(device="cpu")
    return layer[0].weight is weight, [tuple(each.shape) for each in layer.state_dict().values()]


@case
def emptied_but_not_below(m: Any) -> Any:
    layer = net(m)
    before = layer[0].weight.tolist()
    layer.to_empty(device="cpu", recurse=False)
    return layer[0].weight.tolist() == before


@case
def to_an_absent_device(m: Any) -> Any:
    return m.nn.ReLU().xpu(), m.nn.Linear(1, 1).xpu()


@case
def to_another_absent_device(m: Any) -> Any:
    return m.nn.Linear(1, 1).ipu()


@case
def submodule_put(m: Any) -> Any:
    layer = m.nn.Sequential(net(m))
    layer.set_submodule("0.1", m.nn.ReLU())
    layer.set_submodule("new", m.nn.Tanh())
    return layer


@case
def submodule_without_path(m: Any) -> Any:
    net(m).set_submodule("", m.nn.ReLU())


@case
def submodule_that_is_none(m: Any) -> Any:
    net(m).set_submodule("0", 3)


@case
def submodule_of_nothing(m: Any) -> Any:
    net(m).set_submodule("a.b", m.nn.ReLU())


@case
def submodule_strictly(m: Any) -> Any:
    net(m).set_submodule("a", m.nn.ReLU(), strict=True)


@case
def submodule_in_a_parameters_place(m: Any) -> Any:
    net(m).set_submodule("0.weight", m.nn.ReLU())


@case
def constructor_arguments_passed_on(m: Any) -> Any:
    class Other:
        def __init__(self, a: int, b: int) -> None:
            self.sum = a + b

    class Both(m.nn.Module, Other):
        call_super_init = True

        def __init__(self) -> None:
            super().__init__(1, b=2)

    return Both().sum


@case
def state_pickled(m: Any) -> Any:
    layer = net(m)
    again = pickle.loads(pickle.dumps(layer))
    return again.state_dict()["0.weight"] - layer[0].weight


@case
def older_backward_hook(m: Any) -> Any:
    layer, seen = m.nn.Linear(2, 1), []
    layer.register_backward_hook(lambda module, given, got: seen.append((type(module).__name__, len(given), got)))
    layer(m.ones(3, 2, requires_grad=True)).sum().backward()
    return seen


@case
def older_backward_hook_of_one_node(m: Any) -> Any:
    layer, seen = m.nn.Tanh(), []
    layer.register_backward_hook(lambda module, given, got: seen.append((given, got)))
    layer(m.ones(3, requires_grad=True) * 2).sum().backward()
    return seen


@case
def older_backward_hook_of_two_results(m: Any) -> Any:
    class Two(m.nn.Module):
        def forward(self, x: Any) -> Any:
            return x * 2, x * 3

    layer = Two()
    layer.register_backward_hook(lambda *given: None)
    return layer(m.ones(1, requires_grad=True))


@case
def older_backward_hook_of_a_dict(m: Any) -> Any:
    class Named(m.nn.Module):
        def forward(self, x: Any) -> Any:
            return {"a": x * 2}

    layer = Named()
    layer.register_backward_hook(lambda *given: None)
    return layer(m.ones(1, requires_grad=True))


@case
def older_after_full(m: Any) -> Any:
    layer = m.nn.ReLU()
    layer.register_full_backward_hook(lambda *given: None)
    layer.register_backward_hook(lambda *given: None)


@case
def full_after_older(m: Any) -> Any:
    layer = m.nn.ReLU()
    layer.register_backward_hook(lambda *given: None)
    layer.register_full_backward_hook(lambda *given: None)


@every_case("name", CASES)
def test_it_is_as_in_pytorch(name: str) -> None:
    assert_alike(CASES[name])
