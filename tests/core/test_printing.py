"""What tensors, parameters and results say of themselves. The numbers' layout is compared in tests/parity."""

import autogradkit as torch
from autogradkit.core.parameter import Parameter


def test_leaves_results_and_parameters():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    assert repr(w) == "tensor([1., 2.], requires_grad=True)"
    assert str(w * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert repr(w.detach()) == "tensor([1., 2.])"
    assert repr(Parameter(w.detach())) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"


def test_a_subclass_goes_by_its_own_name():
    class Measurement(torch.Tensor):
        pass

    assert repr(Measurement([1.5, 2.5])) == "Measurement([1.5000, 2.5000])"


def test_views_follow_their_strides():
    x = torch.arange(6.0).reshape(2, 3)
    assert repr(x.t()) == "tensor([[0., 3.],\n        [1., 4.],\n        [2., 5.]])"


def test_numbers_without_dimensions_format_as_numbers():
    assert f"{torch.tensor(2.5):.3f}" == "2.500"
    assert f"{torch.tensor(7):>4}" == "   7"
    assert repr(torch.tensor(7)) == "tensor(7)"


def test_a_long_repr_is_bounded():
    assert len(repr(torch.zeros(1_000_000))) < 60
    assert "..." in repr(torch.zeros(1001))
    assert "..." not in repr(torch.zeros(1000))


def test_options_reach_the_tensor():
    x = torch.tensor([1.23456789])
    torch.set_printoptions(precision=6)
    try:
        assert repr(x) == "tensor([1.234568])"
    finally:
        torch.set_printoptions(profile="default")
    with torch.printoptions(sci_mode=True):
        assert repr(x) == "tensor([1.2346e+00])"
    assert repr(x) == "tensor([1.2346])"
