"""Charts of parts, and examples that the model gets wrong."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml.report.mistakes import mistakes
from cloudautoml.report.paint import painted
from cloudautoml.report.part_figures import part_figures
from cloudautoml.report.sources import Sources
from cloudautoml.report.write import report_html

if TYPE_CHECKING:
    from pathlib import Path

    from report_jobs import Ended

STAMPS = ["2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00", "2026-01-03T00:00:00+00:00"]
FORECAST = {
    "series": "<b>north</b>",
    "time": STAMPS[1:],
    "truth": [3.0, None],
    "predicted": [2.5, 2.0],
    "low": [2.0, 1.0],
    "high": [3.0, 4.0],
    "history_time": STAMPS[:1],
    "history": [4.0],
}
CLASSES = [
    {"class": "cat", "precision": 0.9, "recall": 0.8, "f1": 0.85, "support": 1200},
    {"class": "dog", "precision": 0.6, "recall": None, "f1": 0.4, "support": 7},
]
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def test_classes_are_ordered_by_what_they_lack() -> None:
    (figure,) = part_figures({"per_class": CLASSES})
    assert figure.layout["yaxis"]["ticktext"] == ["cat", "dog"]  # plotly counts from below: the worst is on top
    by_name = {trace["name"]: trace for trace in figure.data}
    assert by_name["f1"]["x"] == [0.85, 0.4]
    assert by_name["recall"]["x"] == [0.8]
    assert by_name["recall"]["text"] == ["cat<br>recall 0.8000<br>1,200 of them"]


def test_many_classes_are_cut_to_the_worst() -> None:
    many = [{"class": f"c{number}", "ap": number / 100} for number in range(50)]
    (figure,) = part_figures({"per_class": many})
    assert figure.layout["yaxis"]["ticktext"][-1] == "c0"
    assert len(figure.data[0]["x"]) == 30
    assert "The worst 30 of 50" in figure.note


def test_the_error_by_step() -> None:
    steps = [{"step": 1, "rmse": 2.0, "mase": 0.5}, {"step": 2, "rmse": 3.0, "mase": 0.75}]
    (figure,) = part_figures({"horizon": steps})
    assert figure.layout["yaxis"]["title"]["text"] == "mase"
    assert (figure.data[0]["x"], figure.data[0]["y"]) == ([1, 2], [0.5, 0.75])


def test_a_forecast_with_its_range() -> None:
    (figure,) = part_figures({"forecasts": [FORECAST]})
    assert figure.title == "Forecast of &lt;b&gt;north&lt;/b&gt;"
    band = figure.data[0]
    assert band["x"] == [*STAMPS[1:], *STAMPS[:0:-1]]
    assert band["y"] == [3.0, 4.0, 1.0, 2.0]
    assert [trace["name"] for trace in figure.data[1:4]] == ["history", "truth", "predicted"]


@pytest.mark.parametrize("broken", [{"per_class": 3}, {"horizon": [{"no": 1}, {}]}, {"forecasts": [{"time": 1}, 7]}])
def test_a_file_of_another_version_costs_its_own_chart(broken: dict[str, Any]) -> None:
    assert [figure.key for figure in part_figures({"per_class": CLASSES, **broken})] == (
        [] if "per_class" in broken else ["per_class"]
    )


@pytest.mark.parametrize("evaluation", [{"per_class": CLASSES}, {"forecasts": [FORECAST]}])
def test_parts_are_painted(evaluation: dict[str, Any]) -> None:
    (figure,) = part_figures(evaluation)
    assert painted(figure, form="png").startswith(b"\x89PNG")


def test_mistakes_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "a.png").write_bytes(PIXEL)
    (tmp_path / "secret.png").write_bytes(PIXEL)
    found = mistakes(
        {
            "errors": [
                {"truth": "a", "predicted": "b", "probability": 0.913, "text": "x" * 400, "where": "row 7"},
                {"truth": ["a", "b"], "predicted": [], "image": "a.png"},
                {"truth": "a", "predicted": "b", "image": "../secret.png"},
                {"truth": "a", "predicted": "b", "image": "missing.png"},
                {"tokens": [["Ada", "B-person", "O"], ["ran", "O", "O"]], "truth": None, "predicted": None},
                "nonsense",
            ]
        },
        tmp_path / "task",
    )
    assert [bool(mistake.image) for mistake in found] == [False, True, False]
    assert (found[0].probability, len(found[0].text)) == ("91%", 300)
    assert (found[1].truth, found[1].predicted) == ("a, b", "none")
    assert [token.wrong for token in found[2].tokens] == [True, False]


def test_the_page_shows_mistakes_and_escapes_them(classifier: Ended) -> None:
    errors = [{"truth": "<i>ham</i>", "predicted": "spam", "text": "<script>alert(1)</script>", "where": "row 3"}]
    classifier.write("task/evaluation.json", {"note": "sealed texts", "per_class": CLASSES, "errors": errors})
    page = report_html(Sources.read(classifier.store, classifier.job))
    section = page[page.index('id="mistakes"') : page.index('id="data"')]
    assert "&lt;script&gt;alert(1)" in section
    assert "&lt;i&gt;ham" in section
    assert not re.search(r"<script>alert", page)
    assert 'data-figure="per_class"' in page
