"""`nn.init`: the same streams of random numbers, the same refusals, the old names with their warnings."""

from __future__ import annotations

from typing import Any

from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case

FILLS = {
    "truncated": lambda m: m.nn.init.trunc_normal_(m.empty(50, 3), 0.5, 2.0, -1.0, 2.0),
    "truncated far out": lambda m: m.nn.init.trunc_normal_(m.empty(40), 0.0, 1.0, 2.0, 3.0),
    "truncated beyond": lambda m: m.nn.init.trunc_normal_(m.empty(4), 9.0, 1.0),
    "truncated in doubles": lambda m: m.nn.init.trunc_normal_(m.empty(40, dtype=m.float64), std=3.0),
    "truncated by a generator": lambda m: m.nn.init.trunc_normal_(m.empty(9), generator=m.Generator().manual_seed(7)),
    "dirac": lambda m: m.nn.init.dirac_(m.empty(4, 2, 3)),
    "dirac in groups": lambda m: m.nn.init.dirac_(m.empty(6, 2, 3, 4), groups=3),
    "dirac of volumes": lambda m: m.nn.init.dirac_(m.nn.Parameter(m.empty(2, 3, 2, 1, 3))),
    "dirac of a matrix": lambda m: m.nn.init.dirac_(m.empty(2, 2)),
    "dirac that does not divide": lambda m: m.nn.init.dirac_(m.empty(5, 2, 2), 2),
    "sparse": lambda m: m.nn.init.sparse_(m.empty(7, 4), 0.3, std=2.0),
    "sparse of a vector": lambda m: m.nn.init.sparse_(m.empty(7), 0.3),
    "orthogonal of a vector": lambda m: m.nn.init.orthogonal_(m.empty(7)),
    "orthogonal of nothing": lambda m: m.nn.init.orthogonal_(m.empty(0, 2)),
    "orthogonal": lambda m: m.nn.init.orthogonal_(m.empty(4, 3)),
    "orthogonal and wide": lambda m: m.nn.init.orthogonal_(m.nn.Parameter(m.empty(3, 2, 4)), gain=2.0),
    "old uniform": lambda m: m.nn.init.uniform(m.empty(3), 1.0, 2.0),
    "old normal": lambda m: m.nn.init.normal(m.empty(3)),
    "old constant": lambda m: m.nn.init.constant(m.empty(3), 2),
    "old eye": lambda m: m.nn.init.eye(m.empty(3, 2)),
    "old dirac": lambda m: m.nn.init.dirac(m.empty(1, 1, 3)),
    "old xavier": lambda m: (m.nn.init.xavier_uniform(m.empty(3, 2)), m.nn.init.xavier_normal(m.empty(3, 2))),
    "old kaiming": lambda m: (m.nn.init.kaiming_uniform(m.empty(3, 2)), m.nn.init.kaiming_normal(m.empty(3, 2))),
    "old orthogonal": lambda m: m.nn.init.orthogonal(m.empty(3, 2)),
    "old sparse": lambda m: m.nn.init.sparse(m.empty(3, 2), sparsity=0.4),
    "old name": lambda m: m.nn.init.sparse.__name__,
}  # fmt: skip


@every_case("name", FILLS)
def test_it_fills_as_pytorch_does(name: str) -> None:
    close = 1e-5 if "orthogonal" in name else 0.0  # QR is LAPACK's

    def and_on(m: Any) -> Any:  # what is drawn next shows how much was drawn
        return FILLS[name](m), m.rand(1)

    code: Case = and_on
    assert_alike(code, rtol=close, atol=close)
