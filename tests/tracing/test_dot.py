"""A trace as a graph for Graphviz: what is on it, that `dot` draws it, and what is said where something is missing.

The tests ask the program `dot` what it drew, so it has to be there (apt install graphviz).
"""

import json
import re
import sys
from html import unescape

import graphviz
import pytest

import autogradkit as torch
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.marks.colours import LIGHT, contrast
from autogradkit.tracing.trace import Trace
from tests.every_case import every_case
from tests.tracing.render.cells import CELLS, trace_cell, trace_source


def drawn(trace: Trace) -> dict:
    """What the program `dot` made of a trace's graph."""
    return json.loads(trace.to_graphviz().pipe(format="json", encoding="utf-8"))


def plain(label: str) -> str:
    lines = re.split(r'<BR ALIGN="LEFT"/>', label)
    return "\n".join(unescape(re.sub(r"<[^>]+>", "", line)).replace("\xa0", " ") for line in lines).strip()


def nodes(found: dict) -> dict[str, dict]:
    return {each["name"]: each for each in found.get("objects", ()) if "nodes" not in each}


def clusters(found: dict) -> list[tuple[str, set[str]]]:
    """The title of each cluster, and what its nodes say first."""
    names = {each["_gvid"]: each for each in found["objects"]}
    return [
        (plain(each["label"]), {plain(names[node]["label"]).split()[0] for node in each["nodes"]})
        for each in found["objects"]
        if each["name"].startswith("cluster")
    ]


@every_case("name", [name for name in CELLS if name not in ("many_results", "irregular", "deep")])
def test_dot_draws_every_item_and_every_gradient_of_the_picture(name):
    trace = trace_cell(name)
    graph = build(trace)
    found = drawn(trace)
    assert set(nodes(found)) == set(graph.items)
    edges = found.get("edges", [])
    assert len([edge for edge in edges if edge["style"] != "dashed"]) == len(graph.links)
    assert len([edge for edge in edges if edge["style"] == "dashed"]) == sum(bool(link.grads) for link in graph.links)


def test_values_and_gradients_stand_on_the_edges_that_carry_them():
    found = drawn(trace_cell("fan_in"))
    said = {key: plain(node["label"]) for key, node in nodes(found).items()}
    assert "x  data · 3\n[1., 2., 3.]" in said.values()
    assert "w  leaf · 3\n[0.5, -1., 2.]\n.grad = [2., -6., 39.]" in said.values()
    assert "loss = 44.75" in said.values()
    forward = sorted(plain(edge["label"]) for edge in found["edges"] if edge["style"] == "solid" and edge["label"])
    assert forward == ["add₁ = [0.75, 2., 42.]", "mul₁ = [0.25, 4., 36.]"]
    back = [edge for edge in found["edges"] if edge["style"] == "dashed"]
    assert sorted(plain(edge["label"]) for edge in back) == [
        "∂ 1.", "∂ [0.5, -2., 6.]", "∂ [0.5, -2., 6.]", "∂ [1., 1., 1.]", "∂ [1., 1., 1.]", "∂ [1., 1., 1.]",
        "∂ [2., -3., 13.]", "∂ [2., -6., 39.]",
    ]  # fmt: skip
    assert {edge["dir"] for edge in back} == {"back"}  # the arrow points up


def test_modules_are_clusters_around_their_operations_and_parameters():
    found = dict(clusters(drawn(trace_cell("lenet"))))
    assert set(found) == {"LeNet", "conv1", "conv2", "fc1", "fc2", "fc3"}
    assert found["conv1"] == {"conv2d(padding=2)", "model.conv1.weight", "model.conv1.bias"}
    assert {"t", "model.fc1.weight", "model.fc1.bias", "@"} == found["fc1"]
    assert "images" not in found["LeNet"]
    assert "relu" in found["LeNet"]
    assert not {"loss", "nll_loss", "digits"} & found["LeNet"]


def test_a_module_that_runs_twice_has_a_cluster_for_each_call():
    trace = trace_source(
        "y = layer(layer(x).tanh())",
        "from autogradkit import nn\ntorch.manual_seed(0)\nlayer = nn.Linear(2, 2)\nx = torch.ones(1, 2)",
    )
    found = clusters(drawn(trace))
    assert [title for title, _ in found] == ["Linear", "Linear"]
    assert not any("weight" in said for _, said in found)  # it belongs to both


def test_colours_are_the_pictures_and_nothing_hangs_on_them_alone():
    found = drawn(trace_cell("fan_in"))
    by_label = {plain(node["label"]).split()[0]: node for node in nodes(found).values()}
    assert by_label["w"]["color"] == LIGHT["leaf"]
    assert by_label["x"]["color"] == LIGHT["mark"]
    assert "leaf" in plain(by_label["w"]["label"])
    assert "data" in plain(by_label["x"]["label"])
    for edge in found["edges"]:
        gradient = edge["color"] == LIGHT["gradient"]
        assert gradient == (edge["style"] == "dashed") == plain(edge["label"]).startswith("∂")
    for role in ("ink", "muted", "gradient", "error"):
        assert contrast(LIGHT[role], LIGHT["ground"]) >= 4.5


def test_a_failure_is_told_and_marked_where_it_happened():
    found = drawn(trace_cell("second_backward"))
    assert "RuntimeError: Trying to backward through the graph a second time" in plain(found["label"])
    [stopped] = [node for node in nodes(found).values() if "✗ stopped here" in plain(node["label"])]
    assert stopped["color"] == LIGHT["error"]
    assert "self · freed" in plain(stopped["label"])
    mismatch = nodes(drawn(trace_cell("mismatch")))["failed"]
    assert plain(mismatch["label"]) == "@\n✗ stopped here"


def test_text_of_the_learner_stays_text():
    quotes = 'a = x * 2  # "<b>&amp;\\\\n{|}'
    trace = trace_source(quotes + "\nб = a + 1", "x = torch.ones(2)")
    label = drawn(trace)["label"]
    assert "<b>" not in label
    assert any(plain(node["label"]).startswith("б") for node in nodes(drawn(trace)).values())


def test_nothing_traced_is_a_sentence():
    assert "there is nothing to draw" in plain(drawn(Trace())["label"])


def test_it_is_a_digraph_whose_source_needs_no_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    dot = trace_cell("power").to_graphviz()
    assert isinstance(dot, graphviz.Digraph)
    assert dot.source.startswith("digraph autogradkit {")
    for draw in (
        lambda: dot.pipe(format="svg"),
        lambda: dot.render("graph", directory=tmp_path),
        dot._repr_mimebundle_,
    ):
        with pytest.raises(graphviz.ExecutableNotFound) as caught:
            draw()
        assert any("apt install graphviz" in note and "to_html()" in note for note in caught.value.__notes__)


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    monkeypatch.delitem(sys.modules, "autogradkit.tracing.dot")
    with torch.record() as trace:
        torch.ones(2) + 1
    with pytest.raises(ModuleNotFoundError, match="pip install graphviz"):
        trace.to_graphviz()


def test_it_renders_to_a_file(tmp_path):
    path = trace_cell("chinese").to_graphviz().render("graph", directory=tmp_path, format="svg")
    with open(path, encoding="utf-8") as file:
        svg = file.read()
    assert "权重" in svg
    assert LIGHT["gradient"] in svg
