"""Conjugates and signs that are pending, beside PyTorch: what lines say, and random programs of views, edits and backward."""

from __future__ import annotations

import io
import random
import warnings

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check
from tests.parity.test_inplace_views import attempt, choices, facts, value_or_refusal

Z = "z = torch.tensor([[1 + 2j, 3 - 4j], [0.5 + 5j, 6 - 0.5j]], dtype=torch.complex128); "
EXPRESSIONS = """
z.conj(); z.conj().is_conj(); z.conj().conj().is_conj(); z.conj().imag.is_neg(); z.conj().imag; z.conj().real.is_neg()
z.conj()._base is z; z.conj().imag._base is z; z.conj()._is_view(); z.conj().clone().is_conj()
z.conj().data_ptr() == z.data_ptr(); z.T.conj().contiguous().is_conj(); z.conj().contiguous().is_conj()
z.conj().to(torch.complex64).is_conj(); z.conj().to(torch.complex128).is_conj()
z.conj().to(torch.complex128, copy=True).is_conj(); z.conj().cpu().is_conj(); z.conj().numpy(); z.conj().imag.numpy()
z.conj().numpy(force=True); z.conj().__array__(); np.asarray(z.conj()); z.conj().requires_grad_().numpy(); z.conj().tolist()
z.conj().__dlpack__(); z.conj().requires_grad_().__dlpack__(); torch.view_as_real(z.conj())
torch.view_as_real(torch._neg_view(z)).is_neg(); torch.view_as_real(torch._neg_view(z))
torch.view_as_complex(torch._neg_view(torch.view_as_real(z))); z.conj().view(torch.float64); z.conj().view(torch.complex64)
z.conj().imag.view(torch.int64); z.conj().view(torch.complex128).is_conj(); z.conj().view(4).is_conj(); z.conj().view(-1)
torch._neg_view(z).conj().imag.is_neg(); torch._neg_view(z).conj().is_neg(); torch._neg_view(z).real.is_neg()
torch._neg_view(torch.tensor([1, 2])); torch._neg_view(torch.tensor([1, 2])).add_(1); torch._neg_view(z)
torch._neg_view(z).conj(); torch._neg_view(torch.tensor([True])).clone(); torch._neg_view(z).resolve_conj().is_neg()
torch._neg_view(z).resolve_neg().is_neg(); copy.deepcopy(z.conj()).is_conj(); copy.copy(z.conj()).is_conj()
copy.copy(z.conj()); copy.copy(z.conj().imag); pickle.loads(pickle.dumps(z.conj())).is_conj()
pickle.loads(pickle.dumps(z.conj().imag)); pickle.loads(pickle.dumps(z.T.conj())); z.conj().detach().is_conj()
z.conj().data.is_conj(); z.conj().data; z.conj().mT.is_conj(); z.mH.is_conj(); z.mH.stride(); z.mH; z.H
z.adjoint().is_conj(); z.conj()[0].is_conj(); z.conj()[0]; z.conj()[None]; z.conj()[:, 1:]; z.conj()[...].is_conj()
z.conj()[[0]].is_conj(); z.conj().ravel().is_conj(); z.T.conj().ravel().is_conj(); z.conj().unflatten(0, (2, 1)).is_conj()
z.conj().reshape(-1).is_conj(); z.T.conj().reshape(-1).is_conj(); z.conj().flatten().is_conj(); z.conj().T.is_conj()
z.conj().as_strided((2,), (1,)).is_conj(); z.conj().as_strided((2,), (2,)); z.conj().expand(2, 2, 2).is_conj()
z.conj().unbind()[1]; z.conj().chunk(2)[0].is_conj(); z.conj().diagonal(); z.conj().squeeze().is_conj()
z.conj().unfold(0, 1, 1); z.conj().movedim(0, 1); z.conj().resolve_conj().is_conj(); z.conj().resolve_neg().is_conj()
z.resolve_conj() is z; z.conj().imag.resolve_neg().is_neg(); z.conj().conj_physical().is_conj(); z.conj().conj_physical()
z.conj().positive().is_conj(); z.conj().neg().is_conj(); -z.conj()
z.conj().untyped_storage().data_ptr() == z.untyped_storage().data_ptr(); z.conj().storage_offset()
z[1:].conj().storage_offset(); z.conj()._version; torch.empty_like(z.conj()).is_conj()
torch.zeros_like(z.T.conj()).stride(); z[:, ::2].conj().clone().stride(); z.conj().is_contiguous()
z.T.conj().is_contiguous(); z.T.conj().stride(); z[:, 1].conj().stride(); z[:, 1].conj() * 1; z.conj().is_set_to(z)
z.conj().is_set_to(z.conj()); z.clone().set_(z.conj()); z.conj().set_(z).is_conj(); z.conj().resize_(1)
z.conj().t_().is_conj(); z.conj().squeeze_().unsqueeze_(0); z.conj().dim_order(); z.conj().storage().tolist()
z.conj().type(); torch.is_conj(z.conj()); torch.is_neg(z.conj().imag); torch.is_conj(z.real); torch.is_conj(3)
torch.is_neg(); torch.conj(3); torch.conj(z.real).is_conj(); torch.resolve_conj(3); z.conj().is_complex(); z.conj().dtype
torch.resolve_neg(); torch.fft.ihfft(z.real).is_conj(); torch.fft.ihfft(z.real); torch.vdot(z[0], z[1].conj())
z.conj() @ z.mH; torch.fft.fft(z.conj()); f"{z.conj()[0, 0]}"; z.conj()[0, 0].item(); complex(z.conj()[0, 0])
bool(z.conj()[0, 0]); len(z.conj()); list(z.conj()); torch.equal(z.conj(), z.conj()); torch.equal(z.conj(), z)
z.conj() == z; z.conj().sum(); z.conj().abs(); torch.stack([z.conj(), z]); torch.cat([z.conj(), z.T.conj()]).is_conj()
torch.where(z.real > 1, z.conj(), z); z.conj().imag.exp(); z.conj().imag > 0; torch.tensor(z.conj()).is_conj()
torch.as_tensor(z.conj()).is_conj(); z.conj().type(torch.complex128).is_conj(); z.conj().requires_grad_().is_leaf
z.conj().numel(); z.conj().dim(); z.conj().size(); z.conj().element_size(); z.conj().nbytes
torch.vmap(lambda v: v.conj())(z); torch.vmap(lambda v: v.conj() * v)(z.conj()); z.conj().isnan().any(); z.conj() + 1
torch.func.vjp(lambda v: v.conj() * 2, z)[1](z); torch.func.vjp(lambda v: v.mH.imag, z)[1](z.real)
torch.autograd.functional.jvp(lambda v: v.conj().abs().sum(), z, z); torch.func.grad(lambda v: v.conj().abs().sum())(z)
z.conj().requires_grad_().grad_fn; z.requires_grad_().conj().add_(1); z.requires_grad_().conj().grad_fn.name()
torch._neg_view(z.requires_grad_()).grad_fn.name(); z.requires_grad_().conj().resolve_conj().grad_fn.name()
z.requires_grad_().conj().imag.grad_fn.next_functions[0][0].name(); z.real.conj().add_(1); z[0, :1].expand(3).conj().add_(1)
torch.linalg.norm(z.conj()); z.conj().std(); torch.linalg.solve(z.conj(), z); z.mH.inverse()
torch.view_as_real(z.conj().resolve_conj())
"""
LINES = """
y = z.conj(); y.add_(1j); z
y = z.conj(); z.mul_(2j); y
y = z.conj(); z.add_(y); z
y = z.conj(); y.copy_(z); z
y = z.conj(); y.zero_(); z
y = z.conj(); y.imag.fill_(5); z
y = z.conj(); y.real.fill_(3); z
y = z.conj(); y.imag = torch.ones(2, 2); z
z.conj().imag.add_(1); z
y = z.conj()[0]; y[1] = 7 - 1j; [z, y]
y = z.conj(); y[y.real > 2] = 1j; z
y = z.conj(); y[[0, 1], [1, 0]] = 2j; z
y = z.mH; y += 1j; z
y = z.conj(); y.index_add_(0, torch.tensor([0]), z[:1].clone()); z
y = z.conj(); y.masked_fill_(z.real > 1, 3j); z
y = z.conj(); y.exp_(); z
y = z.conj(); y.conj_physical_(); [z, y]
y = z.conj(); torch.mul(z, 2j, out=y); [z, y]
y = torch.empty(0, dtype=torch.complex128).conj(); torch.mul(z, 1j, out=y); [y, y.is_conj()]
y = z.conj(); torch.cat([z[:1], z[1:]], out=y); z
y = z.conj(); torch.sum(z, 0, out=y[0]); z
y = z.conj(); torch.add(z.real, 1, out=y); z
y = z.conj(); torch.exp(z.real, out=y.imag); z
y = z.conj(); torch.matmul(z.clone(), z.clone(), out=y); z
y = z.conj().imag; y += y.clone(); z
y = z.conj().imag; torch.neg(y, out=y); z
y = z.conj(); y.t_(); [y.stride(), y.is_conj(), y]
y = z.conj(); y.data = torch.tensor([1j]); [y, y.is_conj()]
y = z.clone(); y.data = z.conj(); [y, y.is_conj()]
y = z.conj(); y.data = z.conj().mT; y
y = torch.nn.Parameter(z.conj()); y
y = z.conj().requires_grad_(); (y * 1j).imag.sum().backward(); y.grad
z.grad = z.conj(); z.requires_grad_(); z.real.sum().backward(); [z.grad, z.grad.is_conj()]
z.requires_grad_(); z.conj().imag.sum().backward(); z.grad
z.requires_grad_(); y = z * 1; w = y.conj(); v = w * w; w.add_(1); v.real.sum().backward(); 0
z.requires_grad_(); y = z * 1; w = y.conj(); w.exp_(); w.mul_(2); w.real.sum().backward(); z.grad
z.requires_grad_(); y = z * 1; w = y.conj().imag; w.mul_(2); y.abs().sum().backward(); z.grad
z.requires_grad_(); y = z * 1; w = y.mH; w.mul_(2); [w.grad_fn.name(), w.grad_fn.next_functions[0][0].name()]
y = z.conj().detach(); w = z[0].clone().requires_grad_() * 1j; y[1] = w; y.real.sum().backward(); [z, y]
y = z.conj().detach(); w = z.imag.clone().requires_grad_() * 2; y.imag = w; y.imag.sum().backward(); [z, y]
y = z.conj(); w = copy.deepcopy([z, y]); w[0].add_(1j); w
y = pickle.loads(pickle.dumps([z.conj(), z])); y
y = z[:, :1].expand(2, 2); y.copy_(y.conj()); z
y = z.mH; y.copy_(z); z
z.requires_grad_(); y = z * 1; w = torch._neg_view(torch.view_as_real(y)); y.mul_(2); w.sum().backward(); z.grad
z.requires_grad_(); y = z * 1; w = torch._neg_view(y.imag[1:]); w.mul_(2); y.abs().sum().backward(); z.grad
y = torch.optim.SGD([z.conj().requires_grad_()], 0.1); y.param_groups[0]["params"][0].grad = z; y.step(); z
"""


@every_case("row", EXPRESSIONS.strip().split("\n"))
def test_what_is_asked_of_a_conjugate(row: str) -> None:
    for expression in choices(row):
        check(Z + expression)


@every_case("line", LINES.strip().split("\n"))
def test_edits_of_conjugates(line: str) -> None:
    check(Z + line)


TURNED = [
    "{}.conj()",
    "{}.mH",
    "{}.conj().imag",
    "torch._neg_view({})",
    "{}.conj()[1:]",
    "{}[1].conj()",
    "{}.imag",
    "{}.real",
]
EDITED = """
y = v * 1; c = {of y}; y.mul_(v); r = c * 1
y = v * 1; c = {of y}; c.mul_(3); r = y * 2 + c.sum()
y = v.detach() * 1; c = {of y}; c.mul_({of w}); r = y * 1
y = v * 1; c = {of y}; c.mul_(2); r = {of y} * 1
"""


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@every_case("turned", TURNED)
@every_case("edited", range(4))
def test_tangents_through_edits_of_conjugates(turned: str, edited: int) -> None:
    line = EDITED.strip().split("\n")[edited]
    for name in "yvw":
        line = line.replace(f"{{of {name}}}", turned.format(name))

    def found(library):
        z, t = (library.tensor([[1 + 2j, 3 - 4j], [0.5 + 5j, 6j]], dtype=library.complex128) * by for by in (1, 2 - 1j))
        with library.autograd.forward_ad.dual_level():
            v = library.autograd.forward_ad.make_dual(z, t)
            names = {"torch": library, "v": v, "w": v * 2}
            exec(line, names)
            parts = library.autograd.forward_ad.unpack_dual(names["r"])
            return parts.primal.tolist(), parts.tangent.tolist()

    for ours, theirs in zip(found(autogradkit), found(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


# -- random programs ---------------------------------------------------------------------------------------------------

OUT_OF_PLACE = choices("""
{x} * 2j; {x} + {y}; {x} * {y}; {x} - 1; {x}.sin(); {x}.exp() * 0.1; {x} ** 2; {x}.sum(0); {x}.clone(); {x}.abs()
{x}.contiguous(); {x} @ {x}.mT; {x}.resolve_conj(); {x}.resolve_neg(); {x}.conj_physical(); {x}[[0, 0]]; {x}.cumsum(0); -{x}
torch.cat([{x}, {x}], 0)
""")
VIEWS = choices("""
{x}.conj(); {x}.conj(); {x}.conj(); {x}.mH; {x}.real; {x}.imag; {x}.imag; {x}.conj().imag; {x}[0]; {x}[1:]; {x}[..., :2]
{x}[None]; {x}.detach(); {x}.data; {x}.view(-1); {x}.reshape(-1); {x}.flatten(); {x}.unbind()[0]; {x}.chunk(2)[-1]
{x}.diagonal(); {x}.mT; {x}.expand(2, *{x}.shape); {x}.as_strided((2,), (1,)); torch._neg_view({x}); torch.view_as_real({x})
torch.view_as_complex({x}); {x}.unfold(0, 1, 1); {x}.detach().requires_grad_(); {x}[:]
""")
IN_PLACE = choices("""
{x}.mul_(2j); {x}.mul_(2); {x}.add_({y}); {x}.mul_({y}); {x}.zero_(); {x}.fill_(0.5); {x}.copy_({y}); {x}.sin_(); {x}.exp_()
{x}[0] = 0.25; {x}[0] = {y}; {x}[..., 0] = 2; {x}[:] = {y}; {x}[[0, 0]] = 1.5; {x} += {y}; {x}.detach().add_(1)
{x}.data.mul_(0.5); {x}.conj_physical_(); {x}.neg_(); {x}.squeeze_(); {x}.unsqueeze_(0); {x}.transpose_(0, -1)
{x}.copy_({x}.conj()); {x}.retain_grad(); {x}.imag.mul_(3); {x}.conj().add_(1j)
""")


def program(seed: int) -> list[str]:
    """Lines that each make a tensor or edit one."""
    rng = random.Random(seed)
    names = ["a", "b", "c", "d"]
    lines: list[str] = []
    for number in range(rng.randint(3, 9)):
        x, y, kind = rng.choice((*names, *names[-2:], names[-1])), rng.choice(names), rng.random()
        guard = "with torch.no_grad(): " if rng.random() < 0.1 else ""
        if kind < 0.65 or number == 0:
            made = rng.choice(OUT_OF_PLACE if kind < 0.2 else VIEWS)
            lines.append(f"{guard}t{number} = {made.format(x=x, y=y)}")
            names.append(f"t{number}")
        else:
            lines.append(guard + rng.choice(IN_PLACE).format(x=x, y=y))
    return lines


def run(library, lines: list[str], twice: bool):
    """What each line raised, and of every tensor what is known of it and its numbers; at last the gradients."""

    def leaf(*shape: int):
        count = np.arange(np.prod(shape)).reshape(shape)
        return library.from_numpy((count / 4 - 0.9) + 1j * np.cos(count)).requires_grad_()

    leaves = {"a": leaf(3, 4), "c": leaf(3, 3)}
    known = {**leaves, "b": leaf(4).real.detach().requires_grad_(), "d": leaf(3, 4).detach()}
    leaves["b"] = known["b"]
    outcomes = [attempt(lambda line=line: exec(line, {"torch": library}, known)) for line in lines]
    # Of casts PyTorch says it once
    outcomes = [(error, [each for each in said if "Casting complex" not in each]) for error, said in outcomes]
    tensors = {name: tensor for name, tensor in known.items() if isinstance(tensor, library.Tensor)}

    def looked_at(name, tensor):
        shares = [other for other, each in tensors.items() if each.untyped_storage() == tensor.untyped_storage()]
        return {**facts(name, tensor, tensors), "bits": (tensor.is_conj(), tensor.is_neg()), "shares": shares}

    seen = [looked_at(name, tensor) for name, tensor in tensors.items()]
    values = [tensor.detach().numpy(force=True).copy() for tensor in tensors.values()]

    def finish():
        total = 0
        for tensor in tensors.values():
            if tensor.requires_grad:
                weights = library.arange(tensor.numel()).reshape(tensor.shape) % 5 + 1.0
                total = total + ((tensor * weights).abs() ** 2).sum() * 1e-2
        if twice and isinstance(total, library.Tensor):
            wanted = [each for each in leaves.values() if each.requires_grad and each.is_leaf]
            first = library.autograd.grad(total, wanted, create_graph=True, allow_unused=True)
            total = sum((each * each.conj()).real.sum() for each in first if each is not None)
        if isinstance(total, library.Tensor) and total.requires_grad:
            total.backward()

    outcomes.append(attempt(finish))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a leaf may have become a result
        gradients = [value_or_refusal(lambda each=each: each.grad) for each in leaves.values()]
    return outcomes, seen, values, [None if each is None else each.numpy(force=True) for each in gradients]


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@every_case("seed", range(150))
def test_random_programs(seed: int, twice: bool) -> None:
    lines = program(seed)
    listing = "\n".join(lines)
    outcomes, seen, values, gradients = run(torch, lines, twice)
    our_outcomes, our_seen, our_values, our_gradients = run(autogradkit, lines, twice)
    for line, ours, theirs in zip([*lines, "backward"], our_outcomes, outcomes, strict=True):
        assert ours == theirs, f"{line}\n\n{listing}"
    for ours, theirs in zip(our_seen, seen, strict=True):
        assert ours == theirs, listing
    for fact, ours, theirs in zip(seen, our_values, values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=f"{fact['name']}\n{listing}")
    for ours, theirs in zip(our_gradients, gradients, strict=True):
        if twice:  # one that is zero everywhere may be left out by either
            ours, theirs = (np.zeros(()) if each is None else each for each in (ours, theirs))
        assert (ours is None) == (theirs is None), listing
        if theirs is not None:
            np.testing.assert_allclose(ours + 0 * theirs, theirs + 0 * ours, rtol=1e-6, atol=1e-9, err_msg=listing)


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("writes", "reads"), [(torch, autogradkit), (autogradkit, torch), (autogradkit, autogradkit)])
def test_a_file_keeps_what_is_pending_and_what_is_shared(writes, reads) -> None:
    z = writes.tensor([[1 + 2j, 3 - 4j]])
    file = io.BytesIO()
    writes.save({"z": z, "conj": z.mH, "imag": z.clone().conj().imag}, file)
    file.seek(0)
    found = reads.load(file)
    assert (found["conj"].is_conj(), found["imag"].is_neg()) == (True, True)
    assert found["conj"].tolist() == [[1 - 2j], [3 + 4j]]
    assert found["imag"].tolist() == [[-2.0, 4.0]]
    found["conj"].add_(1j)
    assert found["z"].tolist() == [[1 + 1j, 3 - 5j]]


# -- what else meets them ----------------------------------------------------------------------------------------------


def test_a_class_of_a_users_has_its_conjugates_in_memory() -> None:
    class Own(autogradkit.Tensor):
        pass

    z = autogradkit.tensor([1 + 2j, 3 - 4j]).as_subclass(Own)
    y = z.conj()
    assert (type(y), y.is_conj(), y.tolist()) == (Own, False, [1 - 2j, 3 + 4j])
    y.mul_(2)
    assert (y.tolist(), z.tolist()) == ([2 - 4j, 6 + 8j], [1 + 2j, 3 - 4j])
    assert autogradkit.tensor([1 + 2j]).conj().as_subclass(Own).tolist() == [1 - 2j]


def test_a_picture_has_the_numbers_of_a_conjugate() -> None:
    with autogradkit.tracing.record() as trace:
        z = autogradkit.tensor([1 + 2j, 3 - 4j], requires_grad=True)
        y = z.conj()
        (y * y.conj()).real.sum().backward()
    assert "1.-2.j" in trace.table()


# What a custom function may give of its input: views of it.
GIVEN = {
    "lambda x: x.conj()": "lambda g: g.conj()", "lambda x: x.view(-1)": "lambda g: g.view(1, 2)", "lambda x: x": "lambda g: g",
    "lambda x: x.imag": "lambda g: g * 1j", "lambda x: x.conj().view(-1)": "lambda g: g.view(1, 2).conj()",
    "lambda x: x[:, :1]": "lambda g: T.cat([g, g], 1)",
}  # fmt: skip


@every_case("given source", [(each, source) for each in GIVEN for source in ("z", "z.conj()", "z.conj().imag")])
def test_views_that_a_custom_function_gives(given: str, source: str) -> None:
    def told(library):
        class Views(library.autograd.Function):
            forward = staticmethod(lambda ctx, x: eval(given)(x))
            backward = staticmethod(lambda ctx, g: eval(GIVEN[given], {"T": library})(g))

        leaf = library.tensor([[1 + 2j, 3 - 1j]], requires_grad=True)
        y = Views.apply(eval(source, {"z": leaf * 1}))
        (y.abs() ** 2).sum().backward()
        plain = eval(source, {"z": library.tensor([[1 + 2j, 3 - 1j]])})
        edited = Views.apply(plain)
        edited.add_(1)
        flags = [(each.is_conj(), each.is_neg(), each._is_view(), each._version, each.stride()) for each in (y, edited)]
        return y.tolist(), leaf.grad.tolist(), plain.tolist(), edited.tolist(), flags

    if given == "lambda x: x.imag" and source.endswith("imag"):
        return  # real numbers have none
    assert told(autogradkit) == told(torch)
