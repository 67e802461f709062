"""What the Python halves of the widgets send and hear is what widgets/schema.json says; the front end is typed by it."""

from __future__ import annotations

import gzip
import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import traitlets
from anywidget import AnyWidget

import autogradkit as torch
import autogradkit.widgets
from autogradkit.tracing.watch import GRADS
from autogradkit.vision.recipes import RECIPES
from autogradkit.widgets.base import StillWidget
from autogradkit.widgets.graph import GraphView
from autogradkit.widgets.ledger import grad_ledger
from autogradkit.widgets.prediction import Prediction
from autogradkit.widgets.storage import storage_map
from autogradkit.widgets.strides import stride_explorer
from autogradkit.widgets.training import TrainingView
from tests.tracing.render.cells import trace_cell
from tests.vision.test_train import Descent, Line, batches, squared

SCHEMA = json.loads((Path(__file__).parents[2] / "widgets" / "schema.json").read_text(encoding="utf-8"))


def state_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a widget's whole state."""
    widget = SCHEMA["widgets"][name]
    properties = SCHEMA["$defs"][widget.get("base", "Picture")]["properties"] | widget["traits"]
    return {
        "$defs": SCHEMA["$defs"],
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def own_traits(widget: type[StillWidget]) -> dict[str, traitlets.TraitType[Any, Any]]:
    """The traits that the front end shares, but for those of every Jupyter widget."""
    common = {*AnyWidget.class_trait_names(sync=True), "_esm", "_css", "_anywidget_id"}
    return {key: trait for key, trait in widget.class_traits(sync=True).items() if key not in common}


def graphs() -> Iterator[StillWidget]:
    for name in ("power", "helper", "accumulate", "mismatch", "no_grad"):
        view = GraphView(trace_cell(name))
        yield view
        view.folds = dict.fromkeys(view.foldable, True)
        view.step, view.selected = len(view.steps) - 1, min(view.details, default="")
        yield view
        view.folds = {}
        for key in view.details:
            view.selected = key
            view.measure()
            if view.details[key].get("grids"):
                view.element = [0] * (1 + len(view.details[key]["grids"][0]["shape"]))
        yield view


def ledgers() -> Iterator[StillWidget]:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    ledger = grad_ledger("w", w)
    yield ledger
    ledger.close()
    v = torch.ones(7, requires_grad=True)
    ledger = grad_ledger("v", v, follow=True)
    for _ in range(9):
        (v * v).sum().backward()
    ledger._cell_ended(None)
    yield ledger
    ledger.sheet, ledger.opened = 1, ["g0"]
    ledger.selected = "e1"
    yield ledger
    ledger.close()
    GRADS.stop()


def predictions() -> Iterator[StillWidget]:
    view = Prediction("What is `w.grad`?", {5: "the second replaces the first", 7: "they are added"}, torch.tensor(7.0))
    yield view
    view.chosen = 0
    yield view


def maps() -> Iterator[StillWidget]:
    a = torch.arange(6).view(2, 3)
    view = storage_map({"a": a, "a.t()": a.t(), "nothing": torch.ones(0)})
    yield view
    view.selected = "t1-3"
    yield view


def explorers() -> Iterator[StillWidget]:
    view = stride_explorer("a", torch.arange(6).view(2, 3))
    yield view
    for offset in (0, 4):
        view.setting = {"offset": offset, "sizes": [3, 2], "strides": [1, 3]}
        yield view


def trainings() -> Iterator[StillWidget]:
    view = TrainingView("line")
    yield view
    model = Line()
    for _ in view.track(range(2)):
        view.log(loss=1.0)
        yield view
    view.fit(model, batches(), squared, Descent(model), 2, test_loader=batches(1))
    yield view
    setup = RECIPES["mlp"].prepare()
    view = TrainingView(model=setup.model, optimizer=setup.optimizer, test=setup.test_loader)
    for tab in view.tabs:
        view._answer({"kind": "look", "tab": tab})
        view.refresh()
        yield view
    view._hear(view, {"kind": "hello", "number": 3}, [])


STATES = {
    "graph": graphs,
    "ledger": ledgers,
    "prediction": predictions,
    "storage": maps,
    "strides": explorers,
    "training": trainings,
}


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_as_the_schema_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: set[str] = set()
    monkeypatch.setattr(StillWidget, "send", lambda self, content, buffers=None: said.add(content["kind"]))
    described = state_schema(name)
    compressed = [key for key, each in described["properties"].items() if "contentEncoding" in each]
    described["properties"] |= {key: described["properties"][key]["contentSchema"] for key in compressed}
    schema = jsonschema.Draft202012Validator(described)
    states = [view.get_state(key=own_traits(type(view))) for view in STATES[name]()]
    for state in states:
        state |= {key: json.loads(gzip.decompress(state[key])) for key in compressed}
    wrong = [f"{each.json_path}: {each.message[:200]}" for state in states for each in schema.iter_errors(state)]
    assert wrong == []
    assert len(states) > 1
    assert said == {kind_of(each) for each in SCHEMA["widgets"][name]["messages"]["to_front_end"]}


def kind_of(message: Any) -> str:
    """The kind of a message of the schema: its name alone, or an object that carries something more."""
    return message if isinstance(message, str) else message["kind"]


def schema_of(trait: traitlets.TraitType[Any, Any]) -> dict[str, Any]:
    """The JSON Schema of what a trait takes, as far as the trait says it."""
    if isinstance(trait, traitlets.Enum):
        return {"enum": list(trait.values or ())}
    if isinstance(trait, traitlets.List):
        inner = trait._trait
        return {"type": "array"} | ({} if inner is None else {"items": schema_of(inner)})
    if isinstance(trait, traitlets.Dict):
        inner = trait._value_trait
        return {"type": "object"} | ({} if inner is None else {"additionalProperties": schema_of(inner)})
    if isinstance(trait, traitlets.Bytes):
        return {"contentEncoding": "gzip"}
    kinds = {
        traitlets.Unicode: "string",
        traitlets.Int: "integer",
        traitlets.Float: "number",
        traitlets.Bool: "boolean",
    }
    return {"type": kinds[type(trait)]}


def agree(said: dict[str, Any], schema: dict[str, Any]) -> bool:
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    inner = [key for key in ("items", "additionalProperties") if key in said]
    return all(said.get(key) == schema.get(key) for key in ("type", "enum", "contentEncoding")) and all(
        agree(said[key], schema[key]) for key in inner
    )


def widgets() -> dict[str, type[StillWidget]]:
    """Every class with a bundle of its own, by the name of its module, which is that of the bundle."""
    modules = [f"autogradkit.widgets.{each.name}" for each in pkgutil.iter_modules(autogradkit.widgets.__path__)]
    found = [vars(importlib.import_module(name)).values() for name in modules]
    return {
        each.__module__.rpartition(".")[2]: each
        for values in found
        for each in values
        if isinstance(each, type) and issubclass(each, StillWidget) and "_esm" in vars(each)
    }


def test_the_schema_knows_every_widget() -> None:
    assert set(widgets()) == set(SCHEMA["widgets"]) == set(STATES)


@pytest.mark.parametrize(("name", "widget"), widgets().items())
def test_the_traits_are_those_of_the_schema(name: str, widget: type[StillWidget]) -> None:
    traits = own_traits(widget)
    schema = state_schema(name)["properties"]
    assert set(traits) == set(schema)
    for key, trait in traits.items():
        assert agree(schema_of(trait), schema[key]), (
            f"{name}.{key}: {schema_of(trait)} here, {schema[key]} in the schema"
        )


SAID: dict[str, dict[str, Any]] = {  # a message of each kind that carries something
    "hello": {"number": 3},
    "look": {"tab": "confusion"},
    "turn": {"by": 1},
    "choose": {"picture": 3},
    "scale": {"log": True},
    "rate": {"lr": 0.5},
    "width": {"width": 900},
}


def test_the_training_view_hears_every_message() -> None:
    heard = {}
    for each in SCHEMA["widgets"]["training"]["messages"]["to_python"]:
        kind = kind_of(each)
        message = {"kind": kind} | SAID.get(kind, {})
        if not isinstance(each, str):
            fields = {name: schema for name, schema in each.items() if name != "kind"}
            jsonschema.validate(SAID[kind], {"$defs": SCHEMA["$defs"], "properties": fields, "required": list(fields)})
        setup = RECIPES["mlp"].prepare()
        view = TrainingView(model=setup.model, optimizer=setup.optimizer, test=setup.test_loader)
        view._answer({"kind": "look", "tab": "pictures"})
        view.refresh()
        view.state = "running"
        if kind == "resume":
            view.pause()

        def seen(view: TrainingView = view) -> tuple[Any, ...]:
            controls = view._controls
            events = controls.waiting, controls._one_more.is_set(), controls.stopped
            return *events, view.tab, view.which, view.log_axis, view.rate, view.svg

        before = seen()
        view._handle_custom_msg(message, [])
        view._heed()
        view.refresh()
        heard[kind] = before != seen()
    assert heard == {kind: kind != "hello" for kind in heard}  # a greeting asks for nothing
    assert set(SAID) < set(heard)
