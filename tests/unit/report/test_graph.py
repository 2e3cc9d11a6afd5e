"""Drawings of networks: every layer once, nothing on top of anything else, lines that go down."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudautoml.errors import ConfigError, UnknownNameError
from cloudautoml.report import Drawing, paint, pictures
from cloudautoml.report.graph import HEIGHT, WIDTH, Graph, graph_of
from cloudautoml.report.graph_svg import graph_svg
from cloudautoml.report.paint import FORMATS

if TYPE_CHECKING:
    from report_jobs import Ended

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def layer(name: str, kind: str, *inputs: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "inputs": list(inputs), "settings": settings, "part": ""}


RESIDUAL = [
    layer("input", "input"),
    layer("conv1", "conv", "input", filters=16, kernel=3),
    layer("norm1", "norm", "conv1", type="batch"),
    layer("act1", "activation", "norm1", function="relu"),
    layer("conv2", "conv", "act1", filters=16, kernel=5, stride=2),
    layer("skip", "pool", "act1", op="max", size=2, stride=2),
    layer("sum", "add", "conv2", "skip"),
    layer("out", "dense", "sum", units=10),
]


def test_what_follows_a_layer_alone_is_told_in_its_box() -> None:
    graph = graph_of("network", RESIDUAL)
    assert list(graph.boxes) == ["input", "conv1", "conv2", "skip", "sum", "out"]
    assert graph.boxes["conv1"].lines == ("conv 3×3", "16, norm, relu")  # noqa: RUF001
    assert graph.boxes["conv2"].lines == ("conv 5×5", "16, stride 2")  # noqa: RUF001
    assert ("conv1", "skip") in graph.edges
    assert graph.boxes["sum"].lines == ("+",)


def test_the_inputs_of_a_cell_are_inputs() -> None:
    cell = [
        layer("input", "input"),
        layer("previous cell", "activation", "input", function="linear"),
        layer("cell before that", "activation", "input", function="linear"),
        layer("node1", "add", "previous cell", "cell before that"),
    ]
    graph = graph_of("normal cell", cell)
    assert {box.name: box.kind for box in graph.boxes.values()} == {
        "previous cell": "input", "cell before that": "input", "node1": "add",
    }  # fmt: skip


@st.composite
def networks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Graphs in which each layer reads one to three earlier ones."""
    layers = [layer("l0", "input")]
    for number in range(1, draw(st.integers(1, 25))):
        inputs = draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=3, unique=True))
        kind = "conv" if len(inputs) == 1 else "add"
        layers.append(layer(f"l{number}", kind, *(f"l{read}" for read in inputs), filters=8))
    return layers


@settings(max_examples=60, deadline=None)
@given(networks())
def test_no_box_lies_on_another_and_every_line_goes_down(layers: list[dict[str, Any]]) -> None:
    graph = graph_of("network", layers)
    for one, other in combinations(graph.boxes.values(), 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    for box in graph.boxes.values():
        assert WIDTH / 2 - 0.01 <= box.x <= graph.width - WIDTH / 2 + 0.01
        assert HEIGHT / 2 <= box.y <= graph.height - HEIGHT / 2
    for (start, end), path in zip(graph.edges, graph.paths, strict=True):
        assert path[0] == (graph.boxes[start].x, graph.boxes[start].y + HEIGHT / 2)
        assert path[-1] == (graph.boxes[end].x, graph.boxes[end].y - HEIGHT / 2)
        assert all(upper[1] < lower[1] for upper, lower in pairwise(path))


def test_the_drawing_in_a_page_is_well_formed_and_harmless() -> None:
    graph = graph_of("<b>", [layer("input", "input"), layer('<script>"&', "activation", "input", function="linear")])
    root = ET.fromstring(graph_svg(graph).replace(" class=quiet", ' class="quiet"'))
    assert {element.tag for element in root.iter()} <= {"svg", "path", "rect", "text"}
    assert not list(root.iter("script"))


def test_pictures_are_those_of_the_report_and_the_best_architecture(classifier: Ended) -> None:
    assert "architecture" not in pictures(classifier.store, classifier.job)
    classifier.write("task/best.json", {"model": "cell-003", "layers": RESIDUAL, "overview": []})
    known = pictures(classifier.store, classifier.job)
    assert {"progress", "families", "roc", "confusion", "importance", "architecture"} <= set(known)
    drawing = known["architecture"]
    assert isinstance(drawing, Drawing)
    assert [graph.title for graph in drawing.graphs] == ["network"]
    overview = [{"title": "normal cell", "layers": RESIDUAL}, {"title": "reduction cell", "layers": RESIDUAL}]
    classifier.write("task/best.json", {"model": "cell-003", "layers": RESIDUAL, "overview": overview})
    drawing = pictures(classifier.store, classifier.job)["architecture"]
    assert isinstance(drawing, Drawing)
    assert [graph.title for graph in drawing.graphs] == ["normal cell", "reduction cell"]


@pytest.mark.parametrize("form", FORMATS)
def test_every_picture_can_be_a_file_and_is_the_same_twice(classifier: Ended, form: str) -> None:
    classifier.write("task/best.json", {"model": "cell-003", "layers": RESIDUAL, "overview": []})
    known = pictures(classifier.store, classifier.job)
    for name in known:
        data = paint(known, name, form=form)
        assert data.startswith(MAGIC[form])
        if form == "svg":
            assert data == paint(known, name, form=form)
            assert ET.fromstring(data).tag.endswith("svg")


def test_an_unknown_picture_or_format_is_named(classifier: Ended) -> None:
    known = pictures(classifier.store, classifier.job)
    with pytest.raises(UnknownNameError, match="progres"):
        paint(known, "progres", form="png")
    with pytest.raises(ConfigError, match="'gif'"):
        paint(known, "progress", form="gif")


def test_a_network_too_large_to_be_read_is_not_drawn(classifier: Ended) -> None:
    chain = [layer("l0", "input"), *(layer(f"l{n}", "conv", f"l{n - 1}", filters=8) for n in range(1, 80))]
    assert isinstance(graph_of("network", chain), Graph)
    classifier.write("task/best.json", {"model": "x", "layers": chain, "overview": []})
    assert "architecture" not in pictures(classifier.store, classifier.job)
