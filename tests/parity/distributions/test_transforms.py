"""Transforms and constraints beside PyTorch: values, inverses, determinants, shapes, checks, and the registry's choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.distributions.families import close, outcome
from tests.parity.one_line import check

MODULES = (torch, autogradkit)
MATRIX = [[0.3, -1.0, 0.2], [1.5, 0.1, -0.4], [0.7, 0.6, -0.8]]
# A transform and what goes in.
TRANSFORMS = [
    ("ExpTransform()", [0.3, -1.0]),
    ("PowerTransform(torch.tensor([2.0, -0.5]))", [0.3, 1.7]),
    ("SigmoidTransform()", [0.3, -1.0, 60.0]),
    ("SoftplusTransform()", [0.3, -1.0, 30.0]),
    ("TanhTransform()", [0.3, -1.0]),
    ("AbsTransform()", [0.3, -1.0]),
    ("AffineTransform(torch.tensor([1.0, 2.0]), -3.0)", [0.3, -1.0]),
    ("AffineTransform(1.0, torch.tensor([[2.0, 0.5], [3.0, 0.1]]), event_dim=1)", [[0.3, -1.0], [2.0, 4.0]]),
    ("AffineTransform(1.0, 2.0, event_dim=2)", [[0.3, -1.0], [2.0, 4.0]]),
    ("CumulativeDistributionTransform(Normal(0.5, 2.0))", [0.3, -1.0]),
    ("ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0)])", [0.3, -1.0]),
    ("ComposeTransform([AffineTransform(1.0, 2.0), StickBreakingTransform()])", [[0.3, -1.0], [0.2, 0.9]]),
    ("ComposeTransform([])", [0.3]),
    ("IndependentTransform(ExpTransform(), 1)", [[0.3, -1.0], [0.2, 0.9]]),
    ("ReshapeTransform((4,), (2, 2))", [[0.3, -1.0, 0.2, 0.9]]),
    ("SoftmaxTransform()", [[0.3, -1.0], [0.2, 0.9]]),
    ("StickBreakingTransform()", [[0.3, -1.0, 2.0], [0.2, 0.9, -3.0]]),
    ("CorrCholeskyTransform()", [[0.3, -1.0, 2.0], [0.2, 0.9, -3.0]]),
    ("LowerCholeskyTransform()", MATRIX),
    ("PositiveDefiniteTransform()", MATRIX),
    ("StackTransform([ExpTransform(), AffineTransform(1.0, 2.0)], dim=1)", [[0.3, -1.0], [0.2, 0.9]]),
    ("CatTransform([ExpTransform(), AffineTransform(1.0, 2.0)], dim=0, lengths=[2, 1])", [0.3, -1.0, 0.2]),
    ("CatTransform([ExpTransform(), AffineTransform(1.0, 2.0)], dim=-1, lengths=[2, 1])", [[0.3, -1.0, 0.2]]),
    ("ExpTransform().inv", [0.3, 1.7]),
    ("ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0)]).inv", [1.3, 4.0]),
]


def evaluate(module: Any, line: str) -> Any:
    names = {name: getattr(module.distributions, name) for name in torch.distributions.__all__ if name in line}
    return eval(line, names | {"torch": module, "constraints": module.distributions.constraints})


@every_case("line values", TRANSFORMS)
def test_a_transform(line: str, values: Any) -> None:
    found = []
    for module in MODULES:
        transform = evaluate(module, line)
        x = module.tensor(values, requires_grad=True)
        y = transform(x)
        (gradient,) = module.autograd.grad((y * y).sum(), x, retain_graph=True)
        shapes = [str(transform.forward_shape(x.shape)), str(transform.inverse_shape(y.shape))]
        told = [
            repr(transform),
            repr(transform.inv),
            repr(transform.domain),
            repr(transform.codomain),
            transform.bijective,
        ]
        told += [str(outcome(lambda t=transform: t.sign)), str(outcome(lambda t=transform: t.event_dim))]
        volume = outcome(lambda t=transform, x=x, y=y: t.log_abs_det_jacobian(x, y))
        found.append((told + shapes, [y, transform.inv(y.detach()), gradient, volume]))
    (their_words, theirs), (our_words, ours) = found
    assert our_words == their_words
    for our, their in zip(ours, theirs, strict=True):
        close(our, their, 1e-5, 1e-6)


@every_case("line", [line for line, _ in TRANSFORMS])
def test_a_cache_gives_back_what_went_in(line: str) -> None:
    values = dict(TRANSFORMS)[line]
    for module in MODULES:
        transform = evaluate(module, line)
        kept = outcome(lambda t=transform: t.with_cache(1))
        if isinstance(kept, tuple):
            continue
        x = module.tensor(values)
        y = kept(x)
        if isinstance(kept, module.distributions.ComposeTransform):
            assert [each._cache_size for each in kept.parts] == [1] * len(kept.parts)
        else:
            assert kept(x) is y
            assert kept.inv(y) is x
        assert kept.inv.inv is kept


def test_an_equal_transform() -> None:
    lines = [line for line, _ in TRANSFORMS]
    for one in lines:
        theirs, ours = (
            [outcome(lambda m=m, o=one, t=two: evaluate(m, o) == evaluate(m, t)) for two in lines] for m in MODULES
        )
        assert ours == theirs


CONSTRAINTS = """
dependent; boolean; integer_interval(0, 3); multinomial(3); positive; nonnegative; greater_than(0.5); greater_than_eq(0.5)
less_than(0.5); interval(-1.0, 2.0); half_open_interval(0.0, 1.0); unit_interval; real; real_vector; one_hot; simplex
lower_triangular; lower_cholesky; corr_cholesky; square; symmetric; positive_semidefinite; positive_definite
nonnegative_integer; positive_integer; independent(positive, 1); independent(positive, 2)
cat([positive, real], 0, [1, 1]); cat([positive, less_than(0.3)], -1); stack([positive, real], 0)
MixtureSameFamilyConstraint(positive); greater_than(torch.tensor([0.2, 0.7]))
""".replace("\n", ";").split(";")
VALUES = [
    [0.0, 1.0, 0.5, float("nan"), float("inf"), -1.0, 3.0, 2.0],
    [[0.0, 1.0], [0.3, 0.7], [1.0, 1.0], [-0.5, 1.5]],
    [[2.0, 0.0], [0.5, 1.0]],
    [[1.0, 0.0], [0.6, 0.8]],
    [[2.0, 0.5], [0.5, 1.0]],
    [[1.0, 2.0], [2.0, 1.0]],
    [[[1.0, 0.0], [0.6, 0.8]], [[1.0, 2.0], [2.0, 1.0]]],
]


@every_case("line", [each.strip() for each in CONSTRAINTS if each.strip()])
def test_a_constraint(line: str) -> None:
    found: list[Any] = []
    for module in MODULES:
        names = {
            name: getattr(module.distributions.constraints, name) for name in torch.distributions.constraints.__all__
        }
        constraint = eval(line, names | {"torch": module})
        told = [
            repr(constraint),
            *(outcome(lambda c=constraint, n=n: getattr(c, n)) for n in ("is_discrete", "event_dim")),
        ]
        checks = []
        for values in VALUES:
            checked = outcome(lambda c=constraint, v=values, m=module: c.check(m.tensor(v)).tolist())
            checks.append(checked if not isinstance(checked, tuple) else checked[0])
        chosen = [
            repr(outcome(lambda c=constraint, m=module, r=r: getattr(m.distributions, r)(c)))
            for r in ("biject_to", "transform_to")
        ]
        found.append((told, checks, chosen))
    assert found[1] == found[0]


@every_case("registry", ["biject_to", "transform_to"])
@every_case("line", ["positive", "less_than(0.5)", "interval(-1.0, 2.0)", "unit_interval", "simplex", "corr_cholesky"])
def test_a_registered_transform_leads_into_its_constraint(line: str, registry: str) -> None:
    values = np.linspace(-2, 3, 6).reshape(2, 3)
    found = []
    for module in MODULES:
        constraint = eval(f"constraints.{line}", {"constraints": module.distributions.constraints})
        y = getattr(module.distributions, registry)(constraint)(module.tensor(values.tolist()))
        assert constraint.check(y).all()
        found.append(y)
    close(found[1], found[0], 1e-5)


LINES = """
T = torch.distributions.transforms; T.Transform(2)
T = torch.distributions.transforms; T.Transform()(torch.ones(1))
T = torch.distributions.transforms; T.Transform().inv(torch.ones(1))
T = torch.distributions.transforms; T.AbsTransform().sign
T = torch.distributions.transforms; T.SoftmaxTransform().log_abs_det_jacobian(torch.ones(1), torch.ones(1))
T = torch.distributions.transforms; T.ReshapeTransform((2,), (3,))
T = torch.distributions.transforms; T.ReshapeTransform((2,), (1, 2)).forward_shape((3,))
T = torch.distributions.transforms; T.ReshapeTransform((2,), (1, 2)).inverse_shape((2,))
T = torch.distributions.transforms; T.ReshapeTransform((2,), (1, 2)).inverse_shape((3, 3))
T = torch.distributions.transforms; T.CorrCholeskyTransform().forward_shape((4,))
T = torch.distributions.transforms; T.CorrCholeskyTransform().inverse_shape((4, 5))
T = torch.distributions.transforms; T.CorrCholeskyTransform().inverse_shape((5, 5))
T = torch.distributions.transforms; T.StickBreakingTransform().forward_shape(())
T = torch.distributions.transforms; T.IndependentTransform(T.ExpTransform(), 1)(torch.tensor(1.0))
T = torch.distributions.transforms; T.StackTransform([1])
T = torch.distributions.transforms; T.StackTransform([T.ExpTransform()])(torch.ones(2))
T = torch.distributions.transforms; T.CatTransform([T.ExpTransform()], 0, [1])(torch.ones(2))
T = torch.distributions.transforms; T.CatTransform([T.ExpTransform()], 0, [1, 2])
T = torch.distributions.transforms; hash(T.ExpTransform())
T = torch.distributions.transforms; T.AffineTransform(0.0, torch.ones(3, 2)).log_abs_det_jacobian(torch.ones(2), torch.ones(2))
torch.distributions.biject_to(3)
torch.distributions.biject_to.register(3, 4)
torch.distributions.transform_to(torch.distributions.constraints.dependent)
torch.distributions.constraints.independent(torch.distributions.constraints.positive, 1).check(torch.tensor(1.0))
torch.distributions.utils.broadcast_all("a")
torch.distributions.utils.broadcast_all(torch.ones(2).double(), 3, True)
torch.distributions.utils.vec_to_tril_matrix(torch.tensor([1.0, 2.0, 3.0, 4.0]))
torch.distributions.utils.vec_to_tril_matrix(torch.tensor([1.0, 2.0, 3.0]), -1)
torch.distributions.utils.tril_matrix_to_vec(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), -1)
torch.distributions.utils.tril_matrix_to_vec(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), 5)
torch.distributions.utils.probs_to_logits(torch.tensor([0.0, 0.25, 1.0]), True)
torch.distributions.utils.logits_to_probs(torch.tensor([0.0, 0.25, 1.0]))
torch.distributions.utils.clamp_probs(torch.tensor([0.0, 0.25, 1.0]))
""".strip().splitlines()


@every_case("line", LINES)
def test_a_line_says_the_same(line: str) -> None:
    check(line)


def test_a_learners_constraint_is_registered_with_its_transform() -> None:
    dist = autogradkit.distributions

    class Even(dist.constraints.Constraint):
        pass

    @dist.transform_to.register(Even)
    def _double(constraint: Any) -> Any:
        return dist.AffineTransform(0.0, 2.0)

    assert dist.transform_to(Even())(autogradkit.tensor(3.0)).item() == 6.0
