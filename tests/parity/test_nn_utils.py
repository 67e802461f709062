"""`nn.utils`: clipping, vectors, fusion, weights normed by hooks, stateless calls."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case, case_of

CASES: dict[str, Case] = {}
case = case_of(CASES)


def graded(m: Any) -> list[Any]:
    found = [m.ones(2, 3), m.ones(4, dtype=m.float64), m.ones(1)]
    for each in found[:2]:
        each.requires_grad_().grad = m.randn(each.shape, dtype=each.dtype) * 3
    return found


def grads(parameters: Any) -> Any:
    return [each.grad for each in parameters], [each.grad._version for each in parameters if each.grad is not None]


@case
def clipped_norm(m: Any) -> Any:
    p = graded(m)
    return m.nn.utils.clip_grad_norm_(p, 2.0), grads(p), m.nn.utils.clip_grad_norm_(iter(p), 50), grads(p)


@case
def clipped_norms_of_other_orders(m: Any) -> Any:
    p = graded(m)
    orders = (1, 3.5, float("inf"), 0)
    return [m.nn.utils.clip_grad_norm_(p, 2.0, order, foreach=True) for order in orders], grads(p)


@case
def clipped_single(m: Any) -> Any:
    (p, *_) = graded(m)
    return m.nn.utils.clip_grad_norm_(p, 0.5), grads([p])


@case
def clipped_nothing(m: Any) -> Any:
    return m.nn.utils.clip_grad_norm_([], 1.0), m.nn.utils.clip_grad_norm_((each for each in ()), 1.0)


@case
def clipped_infinite(m: Any) -> Any:
    p = graded(m)
    p[0].grad[0, 0] = float("inf")
    m.nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)


@case
def clipped_by_the_old_name(m: Any) -> Any:
    return m.nn.utils.clip_grad_norm(graded(m), 1.0)


@case
def norm_and_factor(m: Any) -> Any:
    p = graded(m)
    total = m.nn.utils.get_total_norm([each.grad for each in p if each.grad is not None])
    return total, m.nn.utils.clip_grads_with_norm_(p, 1.0, total), grads(p), m.nn.utils.get_total_norm(m.ones(4))


@case
def clipped_values(m: Any) -> Any:
    p = graded(m)
    return m.nn.utils.clip_grad_value_(p, 1), grads(p)


@case
def clipped_by_a_word(m: Any) -> Any:
    m.nn.utils.clip_grad_value_(graded(m), "a")


@case
def vector_there_and_back(m: Any) -> Any:
    layer = m.nn.Linear(2, 3)
    vector = m.nn.utils.parameters_to_vector(layer.parameters())
    other = m.arange(9.0)
    m.nn.utils.vector_to_parameters(other, layer.parameters())
    other[0] = 7
    return vector, vector.grad_fn is not None, layer


@case
def vector_that_is_none(m: Any) -> Any:
    m.nn.utils.vector_to_parameters([1.0], m.nn.Linear(1, 1).parameters())


@case
def vector_that_is_short(m: Any) -> Any:
    m.nn.utils.vector_to_parameters(m.ones(1), m.nn.Linear(1, 1).parameters())


def normed(m: Any, norm: Any) -> Any:
    for value in norm.state_dict().values():
        if value.is_floating_point():
            value.copy_(m.rand(value.shape) + 0.5)
    return norm.eval()


@case
def fused(m: Any) -> Any:
    utils = m.nn.utils
    conv = utils.fuse_conv_bn_eval(m.nn.Conv2d(2, 3, 2).eval(), normed(m, m.nn.BatchNorm2d(3)))
    turned = utils.fuse_conv_bn_eval(
        m.nn.ConvTranspose1d(2, 3, 2, bias=False).eval(), normed(m, m.nn.BatchNorm1d(3, affine=False)), True
    )
    return conv, turned, utils.fuse_linear_bn_eval(m.nn.Linear(2, 3).eval(), normed(m, m.nn.BatchNorm1d(3)))


@case
def fused_in_training(m: Any) -> Any:
    m.nn.utils.fuse_conv_bn_eval(m.nn.Conv2d(2, 3, 2), m.nn.BatchNorm2d(3))


@case
def fused_without_statistics(m: Any) -> Any:
    m.nn.utils.fuse_conv_bn_eval(m.nn.Conv2d(2, 3, 2).eval(), m.nn.BatchNorm2d(3, track_running_stats=False).eval())


@case
def fused_with_other_features(m: Any) -> Any:
    m.nn.utils.fuse_linear_bn_eval(m.nn.Linear(2, 3).eval(), m.nn.BatchNorm1d(2).eval())


@case
def no_initial_values(m: Any) -> Any:
    layer = m.nn.utils.skip_init(m.nn.Linear, 3, out_features=2, dtype=m.float64)
    return repr(layer), tuple(layer.weight.shape), str(layer.weight.dtype), layer.weight.requires_grad, m.rand(1)


@case
def no_initial_values_of_no_module(m: Any) -> Any:
    m.nn.utils.skip_init(int)


@case
def no_initial_values_without_device(m: Any) -> Any:
    m.nn.utils.skip_init(m.nn.ReLU)


@case
def formats(m: Any) -> Any:
    net = m.nn.Sequential(m.nn.Conv2d(3, 2, 2), m.nn.Conv3d(3, 2, 2), m.nn.ConvTranspose2d(3, 2, 2))
    m.nn.utils.convert_conv2d_weight_memory_format(net, m.channels_last)
    return net, m.nn.utils.convert_conv3d_weight_memory_format(net, m.contiguous_format)


@case
def weight_norm(m: Any) -> Any:
    layer = m.nn.utils.weight_norm(m.nn.Linear(3, 2))
    y = layer(m.ones(1, 3))
    y.sum().backward()
    before = layer.state_dict(), y, layer.weight_g.grad, layer.weight_v.grad
    return before, m.nn.utils.remove_weight_norm(layer), [name for name, _ in layer.named_parameters()]


@case
def weight_norms_along_others(m: Any) -> Any:
    made = [m.nn.utils.weight_norm(m.nn.Conv2d(2, 3, 2), dim=dim) for dim in (None, 1, 3)]
    return made, [each(m.ones(1, 2, 3, 3)) for each in made]


@case
def weight_norm_twice(m: Any) -> Any:
    m.nn.utils.weight_norm(m.nn.utils.weight_norm(m.nn.Linear(3, 2)))


@case
def weight_norm_of_a_lazy_layer(m: Any) -> Any:
    m.nn.utils.weight_norm(m.nn.LazyLinear(2))


@case
def weight_norm_that_is_not_there(m: Any) -> Any:
    m.nn.utils.remove_weight_norm(m.nn.Linear(3, 2))


@case
def spectral_norm(m: Any) -> Any:
    layer = m.nn.utils.spectral_norm(m.nn.Conv1d(3, 2, 2), n_power_iterations=2)
    x = m.randn(1, 3, 4)
    (layer(x) * layer(x)).sum().backward()
    kept = {key: value.clone() for key, value in layer.state_dict().items()}
    found = kept, dict(layer.state_dict()._metadata), layer.weight_orig.grad, layer.eval()(x)
    return found, m.nn.utils.remove_spectral_norm(layer), dict(layer.state_dict()._metadata)


@case
def spectral_norm_of_a_turned_convolution(m: Any) -> Any:
    layer = m.nn.utils.spectral_norm(m.nn.ConvTranspose2d(3, 2, 2))
    return layer(m.ones(1, 3, 2, 2)), layer.weight_u, layer.weight_v


@case
def spectral_norm_from_an_old_dict(m: Any) -> Any:
    layer = m.nn.utils.spectral_norm(m.nn.Linear(2, 2))
    weight = m.tensor([[2.0, 0.5], [0.25, 1.0]])
    state = OrderedDict(bias=m.zeros(2), weight_orig=weight, weight=weight / 2.1, weight_u=m.tensor([0.9, 0.3]))
    layer.load_state_dict(state)
    return layer.weight_v


@case
def spectral_norm_from_a_poor_dict(m: Any) -> Any:
    m.nn.utils.spectral_norm(m.nn.Linear(2, 2)).load_state_dict({"bias": m.zeros(2)})


@case
def spectral_norm_twice(m: Any) -> Any:
    m.nn.utils.spectral_norm(m.nn.utils.spectral_norm(m.nn.Linear(3, 2)))


@case
def spectral_norm_of_nothing(m: Any) -> Any:
    m.nn.utils.spectral_norm(m.nn.Linear(3, 2, bias=False), "bias")


@case
def spectral_norm_without_iterations(m: Any) -> Any:
    m.nn.utils.spectral_norm(m.nn.Linear(3, 2), n_power_iterations=0)


@case
def spectral_norm_that_is_not_there(m: Any) -> Any:
    m.nn.utils.remove_spectral_norm(m.nn.Linear(3, 2))


@case
def stateless_call(m: Any) -> Any:
    layer = m.nn.Linear(2, 1)
    return m.nn.utils.stateless.functional_call(layer, {"weight": m.ones(1, 2)}, m.ones(3, 2)), layer


@case
def stateless_call_of_copies(m: Any) -> Any:
    return m.nn.utils.stateless.functional_call(m.nn.DataParallel(m.nn.Linear(2, 1)), {}, m.ones(3, 2))


@case
def shared(m: Any) -> Any:
    layer = m.nn.Linear(2, 1).share_memory()
    return layer, layer.weight.is_shared()


@every_case("name", CASES)
def test_it_is_as_in_pytorch(name: str) -> None:
    assert_alike(CASES[name])
