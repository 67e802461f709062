"""A line search that ends where the strong Wolfe conditions hold: lower enough, and flat enough.

Rests on tensors; `LBFGS` calls it. First the step grows until it brackets such a point, then the bracket shrinks, both by the
minimum of the cubic through two points (Nocedal and Wright, "Numerical optimization", algorithms 3.5 and 3.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autogradkit.core.tensor import Tensor


@dataclass(slots=True)
class _Point:
    t: Any  # how far along the direction
    loss: float
    gradient: Tensor
    slope: Any  # along the direction


def strong_wolfe(
    obj_func: Callable[[Any, Any, Tensor], tuple[float, Tensor]],
    x: Any,
    t: Any,
    d: Tensor,
    f: float,
    g: Tensor,
    gtd: Any,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance_change: float = 1e-9,
    max_ls: int = 25,
) -> tuple[float, Tensor, Any, int]:
    """Loss and gradient at the step that was found, the step, and how often `obj_func(x, t, d)` was called.

    `f`, `g` and `gtd` are loss, gradient and slope at `x`, from which the steps go along `d`; `c1` and `c2` are Armijo's
    constant and that of the curvature. Published optimizers call it as `torch.optim.lbfgs._strong_wolfe`.
    """
    start = _Point(0, f, g.clone(), gtd)

    def at(t: Any) -> _Point:
        value, found = obj_func(x, t, d)
        return _Point(t, value, found, found.dot(d))

    def too_high(point: _Point) -> bool:
        return point.loss > f + c1 * point.t * gtd

    def flat(point: _Point) -> bool:
        return bool(abs(point.slope) <= -c2 * gtd)

    now, before = at(t), start
    evaluated, searched = 1, 0
    bracket: list[_Point] = []
    done = False
    while searched < max_ls:
        if too_high(now) or (searched > 1 and now.loss >= before.loss):
            bracket = [before, now]
            break
        if flat(now):
            bracket, done = [now], True
            break
        if now.slope >= 0:
            bracket = [before, now]
            break
        bounds = (now.t + 0.01 * (now.t - before.t), now.t * 10)
        before, now = now, at(_lowest(before, now, bounds))
        evaluated += 1
        searched += 1
    if searched == max_ls:
        bracket = [start, now]

    stuck = False
    low, high = (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
    reach = d.abs().max()
    while not done and searched < max_ls:
        one, other = bracket
        if abs(other.t - one.t) * reach < tolerance_change:
            break
        t = _lowest(one, other)
        first, last = min(one.t, other.t), max(one.t, other.t)
        margin = 0.1 * (last - first)
        if min(last - t, t - first) < margin:  # so near to an end that it might not get on
            if stuck or t >= last or t <= first:
                t = last - margin if abs(t - last) < abs(t - first) else first + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        now = at(t)
        evaluated += 1
        searched += 1
        if too_high(now) or now.loss >= bracket[low].loss:
            bracket[high] = now
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
        else:
            if flat(now):
                done = True
            elif now.slope * (bracket[high].t - bracket[low].t) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = now
    found = bracket[low]
    return found.loss, found.gradient, found.t, evaluated


def _lowest(one: _Point, other: _Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic with these values and slopes is lowest, within the bounds, which are the points otherwise."""
    first, last = (one, other) if one.t <= other.t else (other, one)
    low, high = bounds or (first.t, last.t)
    d1 = one.slope + other.slope - 3 * (one.loss - other.loss) / (one.t - other.t)
    square = d1**2 - one.slope * other.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = square.sqrt()
    t = last.t - (last.t - first.t) * ((last.slope + d2 - d1) / (last.slope - first.slope + 2 * d2))
    return min(max(t, low), high)
