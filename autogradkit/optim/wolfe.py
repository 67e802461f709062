"""A line search that ends where the strong Wolfe conditions hold: lower enough, and flat enough.

Rests on tensors; `LBFGS` calls it. First the step grows until it brackets such a point, then the bracket shrinks, both by the
minimum of the cubic through two points (Nocedal and Wright, "Numerical optimization", algorithms 3.5 and 3.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autogradkit.core.tensor import Tensor

_LOWER, _FLATTER = 1e-4, 0.9  # Armijo's constant and that of the curvature
_NARROW = 1e-9


@dataclass(slots=True)
class _Point:
    t: Any  # how far along the direction
    loss: float
    gradient: Tensor
    slope: Any  # along the direction


def strong_wolfe(
    evaluate: Callable[[Any, Tensor], tuple[float, Tensor]],
    t: Any,
    direction: Tensor,
    loss: float,
    gradient: Tensor,
    slope: Any,
    most: int,
) -> tuple[float, Tensor, Any, int]:
    """Loss and gradient at the step that was found, the step, and how often `evaluate` was called."""
    start = _Point(0, loss, gradient.clone(), slope)

    def at(t: Any) -> _Point:
        value, found = evaluate(t, direction)
        return _Point(t, value, found, found.dot(direction))

    def too_high(point: _Point) -> bool:
        return point.loss > loss + _LOWER * point.t * slope

    def flat(point: _Point) -> bool:
        return bool(abs(point.slope) <= -_FLATTER * slope)

    now, before = at(t), start
    evaluated, searched = 1, 0
    bracket: list[_Point] = []
    done = False
    while searched < most:
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
    if searched == most:
        bracket = [start, now]

    stuck = False
    low, high = (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
    reach = direction.abs().max()
    while not done and searched < most:
        one, other = bracket
        if abs(other.t - one.t) * reach < _NARROW:
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
