"""Running results of any associative function, and loops as functions of functions, beside PyTorch."""

from __future__ import annotations

import importlib

import torch

import autogradkit as ak
from tests.parity.test_asked_by_packages import BOTH, outcomes

SCANS = """
scan(lambda a, b: a + b, x, 0, combine_mode='generic')
scan(lambda a, b: a * b, x[:4], -1, True, combine_mode='generic')
scan(lambda a, b: a * b, x[:1], 0, combine_mode='generic')
scan(lambda a, b: (a[0] * b[0], b[0] * a[1] + b[1]), (x, x * 2), 0, combine_mode='generic')
scan(lambda a, b: {'q': a['q'] + b['q']}, {'q': x}, 1, combine_mode='generic')
scan(lambda a, b: a @ b, 2 * torch.eye(2).repeat(3, 1, 1), 0, combine_mode='generic')
scan(lambda a, b: a, x, 0)
scan(3, x, 0, combine_mode='generic')
scan(lambda a, b: a, x, 5, combine_mode='generic')
scan(lambda a, b: a, x, 0, combine_mode='abc')
scan(lambda a, b: a, x, 0, reverse=3, combine_mode='generic')
scan(lambda a, b: a, x[:0], 0, combine_mode='generic')
torch.autograd.grad(scan(lambda a, b: a * b, y, 0, combine_mode='generic').sum(), y)
"""


def test_running_results_of_a_function() -> None:
    from torch._higher_order_ops.associative_scan import associative_scan as theirs

    from autogradkit._higher_order_ops.associative_scan import associative_scan as own

    said = [
        outcomes(m, SCANS, scan=scan, x=m.arange(1.0, 16.0).reshape(5, 3), y=m.arange(1.0, 6.0).requires_grad_())
        for m, scan in ((ak, own), (torch, theirs))
    ]
    assert said[0] == said[1]


LOOPS = """
m.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (m.tensor(0), m.ones(2)))
m.while_loop(lambda i: i < 3, lambda i: i + 1, [m.tensor(0)])
m.while_loop(3, lambda i: (i + 1,), (m.tensor(0),))
of("map")(lambda x, y: x + y, m.ones(3, 2), m.ones(2))
of("map")(lambda x: x[0] + x[1], (m.ones(3, 2), m.arange(3.0)))
of("map")(lambda x: {"a": x * 2}, m.ones(3, 1))
of("map")(lambda x: x + 1, m.ones(0, 2))
of("map")(lambda x: x[0] + 1, (m.ones(3), m.ones(2)))
of("scan")(lambda c, x: (c + x, c * x), m.zeros(2), m.arange(6.0).view(2, 3), dim=1, reverse=True)
of("scan")(lambda c, x: (c + x, (c * 2, x + 1)), m.tensor(0.0), m.arange(4.0))
of("scan")(lambda c, x: (c + x, c * x), 3, m.arange(4.0))
of("foreach_map")(m.add, [m.ones(2)], [m.ones(2)])
of("foreach_map")(lambda a, b: a * b, [m.ones(2), m.zeros(1)], 2.0)
of("foreach_map")(m.add, 2, 3)
"""


def test_loops_as_functions_of_functions() -> None:
    said = [
        outcomes(
            m,
            LOOPS,
            m=m,
            of=lambda name, m=m: getattr(importlib.import_module(f"{m.__name__}._higher_order_ops.{name}"), name),
        )
        for m in BOTH
    ]
    assert said[0] == said[1]
