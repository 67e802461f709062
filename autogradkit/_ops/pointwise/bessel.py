"""Bessel functions of order 0 and 1, and Airy's, by the quotients of polynomials that Moshier's Cephes library has for them.

As in PyTorch they are evaluated in the dtype of the result, and where Cephes leaves a leading coefficient of 1 out of its tables
(`QQ`, `AFD`, `AGD` and those for small x), PyTorch forgets it: for |x| > 5 its numbers are off by some 1e-7, and these are, too.
Rests on special.py; special_functions.py declares the ops.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.pointwise.special import polynomial


class Quotient(NamedTuple):
    """Coefficients above and below, of the highest power first."""

    above: tuple[float, ...]
    below: tuple[float, ...]

    def at(self, x: Array) -> Array:
        """Its value."""
        return polynomial(x, self.above) / polynomial(x, self.below)


class Order(NamedTuple):
    """What makes up the functions of an order: far from 0 a modulus and a phase, near it a quotient beside known zeros."""

    phase: float
    even: Quotient
    odd: Quotient
    near: Quotient  # of the first kind, without its first two zeros
    zeros: tuple[float, float]  # their squares
    second: Quotient  # of the second kind, without its logarithm


ZERO = Order(
    phase=math.pi / 4,
    even=Quotient(
        (
            7.96936729297347051624e-04, 8.28352392107440799803e-02, 1.23953371646414299388e00, 5.44725003058768775090e00,
            8.74716500199817011941e00, 5.30324038235394892183e00, 9.99999999999999997821e-01,
        ),
        (
            9.24408810558863637013e-04, 8.56288474354474431428e-02, 1.25352743901058953537e00, 5.47097740330417105182e00,
            8.76190883237069594232e00, 5.30605288235394617618e00, 1.00000000000000000218e00,
        ),
    ),
    odd=Quotient(
        (
            -1.13663838898469149931e-02, -1.28252718670509318512e00, -1.95539544257735972385e01, -9.32060152123768231369e01,
            -1.77681167980488050595e02, -1.47077505154951170175e02, -5.14105326766599330220e01, -6.05014350600728481186e00,
        ),
        (
            6.43178256118178023184e01, 8.56430025976980587198e02, 3.88240183605401609683e03, 7.24046774195652478189e03,
            5.93072701187316984827e03, 2.06209331660327847417e03, 2.42005740240291393179e02,
        ),
    ),
    near=Quotient(
        (-4.79443220978201773821e09, 1.95617491946556577543e12, -2.49248344360967716204e14, 9.70862251047306323952e15),
        (
            4.99563147152651017219e02, 1.73785401676374683123e05, 4.84409658339962045305e07, 1.11855537045356834862e10,
            2.11277520115489217587e12, 3.10518229857422583814e14, 3.18121955943204943306e16, 1.71086294081043136091e18,
        ),
    ),
    zeros=(5.78318596294678452118e00, 3.04712623436620863991e01),
    second=Quotient(
        (
            1.55924367855235737965e04, -1.46639295903971606143e07, 5.43526477051876500413e09, -9.82136065717911466409e11,
            8.75906394395366999549e13, -3.46628303384729719441e15, 4.42733268572569800351e16, -1.84950800436986690637e16,
        ),
        (
            1.04128353664259848412e03, 6.26107330137134956842e05, 2.68919633393814121987e08, 8.64002487103935000337e10,
            2.02979612750105546709e13, 3.17157752842975028269e15, 2.50596256172653059228e17,
        ),
    ),
)  # fmt: skip
ONE = Order(
    phase=3 * math.pi / 4,
    even=Quotient(
        (
            7.62125616208173112003e-04, 7.31397056940917570436e-02, 1.12719608129684925192e00, 5.11207951146807644818e00,
            8.42404590141772420927e00, 5.21451598682361504063e00, 1.00000000000000000254e00,
        ),
        (
            5.71323128072548699714e-04, 6.88455908754495404082e-02, 1.10514232634061696926e00, 5.07386386128601488557e00,
            8.39985554327604159757e00, 5.20982848682361821619e00, 9.99999999999999997461e-01,
        ),
    ),
    odd=Quotient(
        (
            5.10862594750176621635e-02, 4.98213872951233449420e00, 7.58238284132545283818e01, 3.66779609360150777800e02,
            7.10856304998926107277e02, 5.97489612400613639965e02, 2.11688757100572135698e02, 2.52070205858023719784e01,
        ),
        (
            7.42373277035675149943e01, 1.05644886038262816351e03, 4.98641058337653607651e03, 9.56231892404756170795e03,
            7.99704160447350683650e03, 2.82619278517639096600e03, 3.36093607810698293419e02,
        ),
    ),
    near=Quotient(
        (-8.99971225705559398224e08, 4.52228297998194034323e11, -7.27494245221818276015e13, 3.68295732863852883286e15),
        (
            6.20836478118054335476e02, 2.56987256757748830383e05, 8.35146791431949253037e07, 2.21511595479792499675e10,
            4.74914122079991414898e12, 7.84369607876235854894e14, 8.95222336184627338078e16, 5.32278620332680085395e18,
        ),
    ),
    zeros=(1.46819706421238932572e01, 4.92184563216946036703e01),
    second=Quotient(
        (
            1.26320474790178026440e09, -6.47355876379160291031e11, 1.14509511541823727583e14, -8.12770255501325109621e15,
            2.02439475713594898196e17, -7.78877196265950026825e17,
        ),
        (
            5.94301592346128195359e02, 2.35564092943068577943e05, 7.34811944459721705660e07, 1.87601316108706159478e10,
            3.88231277496238566008e12, 6.20557727146953693363e14, 6.87141087355300489866e16, 3.97270608116560655612e18,
        ),
    ),
)  # fmt: skip
_FAR = 5.0


def _chosen(x: Array, places: list[tuple[Array, Callable[[Array], Array]]]) -> Array:
    """What each function gives of the elements it stands for, NaN elsewhere."""
    found = np.full(x.shape, np.nan, x.dtype)
    for here, function in places:
        found[here] = function(x[here])
    return found


def _at_a_distance(order: Order, x: Array, first: bool) -> Array:
    step = 5.0 / x
    even, odd = order.even.at(step * step), step * order.odd.at(step * step)
    cosine, sine = np.cos(x - order.phase), np.sin(x - order.phase)
    wave = even * cosine - odd * sine if first else even * sine + odd * cosine
    return wave * math.sqrt(2 / math.pi) / np.sqrt(x)


def _j0_near(x: Array) -> Array:
    square = x * x
    one, other = ZERO.zeros
    return np.where(x < 1e-5, 1 - square / 4, (square - one) * (square - other) * ZERO.near.at(square))


def _j1_near(x: Array) -> Array:
    square = x * x
    one, other = ONE.zeros
    return ONE.near.at(square) * x * (square - one) * (square - other)


def _y0_near(x: Array) -> Array:
    return ZERO.second.at(x * x) + 2 / math.pi * np.log(x) * _j0_near(x)


def _y1_near(x: Array) -> Array:
    return x * ONE.second.at(x * x) + 2 / math.pi * (_j1_near(x) * np.log(x) - 1 / x)


def _first_kind(order: Order, near: Callable[[Array], Array], x: Array) -> Array:
    return _chosen(x, [(x <= _FAR, near), (x > _FAR, lambda x: _at_a_distance(order, x, True))])


def _second_kind(order: Order, near: Callable[[Array], Array], x: Array) -> Array:
    inside = (x > 0) & (x <= _FAR)
    found = _chosen(x, [(inside, near), (x > _FAR, lambda x: _at_a_distance(order, x, False))])
    found[x == 0] = -np.inf
    return found


def j0(x: Array) -> Array:
    """Of the first kind, of order 0."""
    return _first_kind(ZERO, _j0_near, np.abs(x))


def j1(x: Array) -> Array:
    """Of the first kind, of order 1."""
    found = _first_kind(ONE, _j1_near, np.where(x < 0, -x, x))  # −0 stays what it is
    return np.where(x < 0, -found, found)


def y0(x: Array) -> Array:
    """Of the second kind, of order 0; −∞ at 0, NaN below."""
    return _second_kind(ZERO, _y0_near, x)


def y1(x: Array) -> Array:
    """Of the second kind, of order 1; −∞ at 0, NaN below."""
    return _second_kind(ONE, _y1_near, x)


# -- Airy's function ---------------------------------------------------------------------------------------------------

_DECAY = Quotient(
    (
        3.46538101525629032477e-01, 1.20075952739645805542e01, 7.62796053615234516538e01, 1.68089224934630576269e02,
        1.59756391350164413639e02, 7.05360906840444183113e01, 1.40264691163389668864e01, 9.99999999999999995305e-01,
    ),
    (
        5.67594532638770212846e-01, 1.47562562584847203173e01, 8.45138970141474626562e01, 1.77318088145400459522e02,
        1.64234692871529701831e02, 7.14778400825575695274e01, 1.40959135607834029598e01, 1.00000000000000000470e00,
    ),
)  # fmt: skip
_SINE = Quotient(
    (
        -1.31696323418331795333e-01, -6.26456544431912369773e-01, -6.93158036036933542233e-01, -2.79779981545119124951e-01,
        -4.91900132609500318020e-02, -4.06265923594885404393e-03, -1.59276496239262096340e-04, -2.77649108155232920844e-06,
        -1.67787698489114633780e-08,
    ),
    (
        1.33560420706553243746e01, 3.26825032795224613948e01, 2.67367040941499554804e01, 9.18707402907259625840e00,
        1.47529146771666414581e00, 1.15687173795188044134e-01, 4.40291641615211203805e-03, 7.54720348287414296618e-05,
        4.51850092970580378464e-07,
    ),
)  # fmt: skip
_COSINE = Quotient(
    (
        1.97339932091685679179e-02, 3.91103029615688277255e-01, 1.06579897599595591108e00, 9.39169229816650230044e-01,
        3.51465656105547619242e-01, 6.33888919628925490927e-02, 5.85804113048388458567e-03, 2.82851600836737019778e-04,
        6.98793669997260967291e-06, 8.11789239554389293311e-08, 3.41551784765923618484e-10,
    ),
    (
        9.30892908077441974853e00, 1.98352928718312140417e01, 1.55646628932864612953e01, 5.47686069422975497931e00,
        9.54293611618961883998e-01, 8.64580826352392193095e-02, 4.12656523824222607191e-03, 1.01259085116509135510e-04,
        1.17166733214413521882e-06, 4.91834570062930015649e-09,
    ),
)  # fmt: skip
_AI_0, _MINUS_SLOPE_0 = 0.355028053887817239260, 0.258819403792806798405
_EDGE, _GONE = 2.09, 103.892


def _airy_swinging(x: Array) -> Array:
    root = np.sqrt(-x)
    zeta = -2.0 * x * root / 3.0
    step = 1.0 / zeta
    square = step * step
    angle = zeta + 0.25 * math.pi
    sine = np.sin(angle) * (1.0 + square * _SINE.at(square))
    return 1 / math.sqrt(math.pi) / np.sqrt(root) * (sine - np.cos(angle) * (step * _COSINE.at(square)))


def _airy_decaying(x: Array) -> Array:
    root = np.sqrt(x)
    zeta = 2.0 * x * root / 3.0
    return 1 / math.sqrt(math.pi) * _DECAY.at(1.0 / zeta) / (2.0 * np.sqrt(root) * np.exp(zeta))


def _airy_by_series(x: Array) -> Array:
    """By its power series, as many terms as the slowest element needs."""
    cube = x * x * x
    even, odd = np.ones_like(x), x.copy()  # the terms of 1 + x³/6 + … and x + x⁴/12 + …
    sum_even, sum_odd = even.copy(), odd.copy()
    k = 1
    while (np.abs(even / sum_even) > np.finfo(x.dtype).eps).any():
        even = even * cube / (k + 1) / (k + 2)
        odd = odd * cube / (k + 2) / (k + 3)
        sum_even, sum_odd = sum_even + even, sum_odd + odd
        k += 3
    return _AI_0 * sum_even - _MINUS_SLOPE_0 * sum_odd


def airy(x: Array) -> Array:
    """Airy's function Ai. At ±∞ it is NaN, as in PyTorch."""
    places = [
        (np.isfinite(x) & (x < -_EDGE), _airy_swinging),
        ((x >= -_EDGE) & (x < _EDGE), _airy_by_series),
        ((x >= _EDGE) & (x <= _GONE), _airy_decaying),
        (np.isfinite(x) & (x > _GONE), np.zeros_like),
    ]
    return _chosen(x, places)
