"""Arrowheads: each stands upright on a line that comes upright for as long as the head is, as the SVG itself says."""

import re
import xml.etree.ElementTree as ET

import pytest

from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from tests.tracing.render.cells import CELLS, trace_source

SVG = "{http://www.w3.org/2000/svg}"
HEAD = 6.5  # px that a head covers of its line, but what rounding takes
ENDS = {"ak-forward": 1, "ak-back": -1}  # which way an arrow points: values down, gradients up


def last_piece(d: str) -> tuple[float, float, float, float]:
    """The last piece of a path that has pieces `L` and `C` only, where it is straight: from where to where."""
    pieces = re.findall(r"([MLC])([^MLC]*)", d)
    (_, before), (kind, last) = pieces[-2:]
    assert kind == "L", f"{d} ends in a curve"
    x0, y0 = [float(each) for each in before.split()][-2:]
    x1, y1 = [float(each) for each in last.split()]
    return x0, y0, x1, y1


@pytest.mark.parametrize("page", [None, 480, 1400])
@pytest.mark.parametrize("name", CELLS)
def test_every_arrow_stands_upright_at_the_end_of_an_upright_line(name, page):
    before, source = CELLS[name]
    root = ET.fromstring(draw_graph(trace_source(source, before), page=page).svg)
    for marker in root.iter(f"{SVG}marker"):
        assert marker.get("orient") == "auto"  # as its line comes in
        points = [float(each) for each in re.findall(r"[\d.]+", marker[0].get("d", ""))]
        tip = points[2]
        assert tip == max(points[::2])  # the head points along x, which `orient` turns
    heads = 0
    for group in root.iter(f"{SVG}g"):
        towards = ENDS.get(group.get("class", ""))
        for path in group.findall(f"{SVG}path[@marker-end]") if towards else ():
            x0, y0, x1, y1 = last_piece(path.get("d", ""))
            assert abs(x1 - x0) <= 0.5, f"{name}: a head leans"
            assert (y1 - y0) * towards >= HEAD, f"{name}: the line of a head comes from the side"
            heads += 1
    assert heads or "ak-link" not in ET.tostring(root, encoding="unicode")
