"""Names that are too long for their place: what tells them apart stays, and that something is left out is seen."""

from __future__ import annotations

import autogradkit as torch
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.widgets.storage import storage_map
from tests.tracing.render.cells import texts, trace_source

LONG = "a_very_long_name_" * 20


def test_long_names_of_a_graph_differ_where_they_end() -> None:
    before = f"{LONG}1 = torch.ones(2, requires_grad=True)\n{LONG}2 = torch.ones(2)"
    drawn = draw_graph(trace_source(f"{LONG}3 = ({LONG}1 * {LONG}2).sum()", before))
    names = [text for text in texts(drawn.svg) if text.startswith("a_very_l") and text[-1] in "123"]
    assert {name[-1] for name in names} == set("123")
    assert all("…" in name for name in names)
    assert {label[-1] for label in drawn.graph.labels.values() if label.startswith("a_very")} == set("123")


def test_long_names_of_tensors_in_a_storage_differ_where_they_end() -> None:
    a = torch.ones(2, 3)
    svg = storage_map({f"{LONG}1": a, f"{LONG}2": a.t()}).static_svg()
    names = [text for text in texts(svg) if text.startswith("a_very") and "…" in text[:-1]]
    assert {name[-1] for name in names} == set("12")
    assert len(names) == 4  # on the cards and beside the lanes


def test_parameters_of_a_module_in_a_folded_module_are_told_apart() -> None:
    before = "from autogradkit import nn\nlayer = nn.TransformerEncoderLayer(4, 2, 8, 0.0)\nx = torch.randn(3, 1, 4)"
    written = texts(draw_graph(trace_source("out = layer(x)\nout.sum().backward()", before)).svg)
    assert "out_proj.weight" in written
    assert "in_proj_weight" in written
    assert "weight" in written  # of linear1: the module's own


def test_a_function_with_a_long_name_is_told_whole() -> None:
    before = "from autogradkit.nn import functional as F\nx = torch.zeros(2, requires_grad=True)"
    source = "loss = F.binary_cross_entropy_with_logits(x, torch.ones(2))"
    written = texts(draw_graph(trace_source(source, before)).svg)
    assert written.index("with_logits") - written.index("binary_cross_entropy_") == 1
