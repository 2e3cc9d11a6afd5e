"""Reports: whole, of jobs in any state, of hostile text, and without anything from elsewhere."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pytest
from report_jobs import CLASSIFIER, IMPORTANCE, Ended, candidates, make_job, write_board
from report_page import Page

from cloudautoml.errors import JobNotFoundError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.report import write_report
from cloudautoml.report.figures import COLORS
from cloudautoml.search.space import Architecture
from cloudautoml.search.trial import Measurement, Proposal, Trial, TrialState
from cloudautoml.store import Store

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = '</script></td><script>alert(1)</script><img src=x onerror=alert(1)>"\' onmouseover="x %{y} {{7919*7907}}'
EVERYTHING = ["leaderboard", "search", "model", "data", "card", "reproduction", "history"]


def report(ended: Ended) -> Page:
    path = write_report(ended.store, ended.job)
    assert path == ended.folder / "report.html"
    return Page(path.read_text("utf-8"))


def painted(value: Any) -> Any:
    """A figure with its colours filled in, as the page does it."""
    if isinstance(value, dict):
        return {key: painted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [painted(item) for item in value]
    return "#123456" if value in COLORS else value


def test_a_classification_has_every_section(classifier: Ended) -> None:
    page = report(classifier)
    assert page.headings == EVERYTHING
    assert set(page.figures) == {
        "progress", "families", "time", "holdout",
        "importance", "confusion", "roc", "precision_recall", "calibration",
    }  # fmt: skip
    for words in (
        "roc_auc 0.9200, against 0.5000 for the baseline",
        "84% of the way from the baseline to a perfect score",
        "timeout: took more than 30 s",
        "max_time: 1m30s",
        "cloudautoml run churn.yaml -p local",
        "5-fold cross-validation",
        "It predicts the column churned from",
        "Measured on sealed rows.",
    ):
        assert words in page.words


def test_a_regression_has_its_own_charts(regressor: Ended) -> None:
    page = report(regressor)
    assert page.headings == EVERYTHING
    assert {"predicted", "residuals"} <= set(page.figures)
    assert not {"confusion", "roc"} & set(page.figures)
    assert "rmse 95.00, against 300.00 for the baseline" in page.words
    assert "The error is 68% lower than the baseline's" in page.words


@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_figures_are_what_plotly_takes(name: str, request: pytest.FixtureRequest) -> None:
    page = report(request.getfixturevalue(name))
    places = [str(attributes["data-figure"]) for tag, attributes in page.tags if "data-figure" in attributes]
    assert places == list(page.figures)
    for figure in page.figures.values():
        go.Figure(painted(figure))  # raises for a property that there is not, and for a value that is wrong


def test_nothing_is_loaded_and_only_our_scripts_run(classifier: Ended) -> None:
    page = report(classifier)
    assert page.running == page.allowed
    assert len(page.running) == 2
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "base", "form", "object", "embed", "a"}
        assert not {"src", "href", "srcset"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a) or ""
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    html = write_report(classifier.store, classifier.job).read_text("utf-8")
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def hostile_candidates(job: str) -> list[Any]:
    return [
        replace(
            row, model=f"{row.model}{HOSTILE}", params={HOSTILE: HOSTILE},
            reason=HOSTILE if row.status == "failed" else "", cost_usd=1.0, cost_source="emulated",
        )
        for row in candidates(job, name=HOSTILE)
    ]  # fmt: skip


def test_hostile_text_is_text_wherever_it_stands(home: Path) -> None:
    ended = make_job(home, state=JobState.SUCCEEDED, reason=HOSTILE)
    write_board(ended, hostile_candidates(ended.job), "roc_auc")
    curve = {**CLASSIFIER["curves"][0], "class": HOSTILE}
    ended.write("task/evaluation.json", {**CLASSIFIER, "classes": [HOSTILE, "yes"], "curves": [curve, curve],
                                         "note": HOSTILE})  # fmt: skip
    ended.write("task/importance.json", {"features": [{"name": HOSTILE, "importance": 1.0, "std": 0.0}],
                                         "note": HOSTILE})  # fmt: skip
    column = {"name": HOSTILE, "type": HOSTILE, "missing": 0.5, "distinct": 2, "top": [{"value": HOSTILE, "count": 3}]}
    profile = {"rows": 3, "columns": [column], "target": {**column, "classes": {HOSTILE: 2, "b": 1}},
               "fingerprint": HOSTILE}  # fmt: skip
    ended.write("data/profile.json", profile)
    ended.write("data/findings.json", [{"code": HOSTILE, "severity": HOSTILE, "message": HOSTILE, "column": HOSTILE,
                                        "hint": HOSTILE}])  # fmt: skip
    ended.store.set_vendor_ref(ended.job, HOSTILE)
    ended.store.add_event(ended.job, HOSTILE, HOSTILE, {HOSTILE: HOSTILE})
    page = report(ended)
    assert page.running == page.allowed
    assert len(page.scripts) == 3
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "src"]
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert page.words.count("alert(1)") > 30
    assert "62615533" not in page.words, "a template in the data is text"
    for figure in page.figures.values():
        for text in strings(figure):
            assert "<script" not in text
            assert "<img" not in text
    assert "&lt;" in "".join(strings(page.figures["confusion"]))


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def test_templates_of_charts_hold_no_user_text(home: Path) -> None:
    ended = make_job(home)
    write_board(ended, hostile_candidates(ended.job), "roc_auc")
    curve = {**CLASSIFIER["curves"][0], "class": HOSTILE}
    ended.write("task/evaluation.json", {**CLASSIFIER, "curves": [curve]})
    for figure in report(ended).figures.values():
        for trace in figure["data"]:
            assert "alert" not in trace.get("hovertemplate", "")


@pytest.mark.parametrize(
    ("state", "title"), [(JobState.FAILED, "The job failed"), (JobState.CANCELLED, "The job was cancelled")]
)
def test_a_job_without_results_has_a_report(home: Path, state: JobState, title: str) -> None:
    page = report(make_job(home, state=state, reason="the disk is full"))
    assert title in page.words
    assert "the disk is full" in page.words
    assert page.headings == ["data", "reproduction", "history"]
    assert not page.figures
    assert page.running == page.allowed
    assert len(page.running) == 1  # plotly stays out where there is nothing to draw


def test_a_job_that_left_nothing_at_all_has_a_report(home: Path) -> None:
    ended = make_job(home, state=JobState.FAILED, reason="no")
    for path in (ended.folder / "data").iterdir():
        path.unlink()
    assert report(ended).headings == ["reproduction", "history"]


def test_a_cancelled_job_shows_its_trials(home: Path) -> None:
    ended = make_job(home, state=JobState.CANCELLED)
    lease = ended.store.leases.take(ended.job)
    for number in range(4):
        proposal = Proposal(Architecture((("family", "linear"), ("c", number))))
        ended.store.trials.put(lease, Trial(number, proposal, TrialState.RUNNING))
        if number < 3:
            found = Measurement(0.7 + number / 100, seconds=1.5)
            ended.store.trials.put(lease, Trial(number, proposal, TrialState.SUCCEEDED, found))
    page = report(ended)
    assert "leaderboard" in page.headings
    assert "trial_2" in page.words
    assert "trial_3" not in page.words  # it has not ended
    assert "the search did not end" in page.words
    assert "progress" in page.figures


def test_a_vendor_job_with_an_unknown_shape_has_a_report(home: Path) -> None:
    ended = make_job(home)
    rows = [replace(row, provider="sagemaker", trial=None, cost_usd=2.5, cost_source="emulated")
            for row in candidates(ended.job)]  # fmt: skip
    write_board(ended, rows, "roc_auc")
    page = report(ended)
    assert "USD (emulated)" in page.words
    assert "emulated" in page.words
    assert "progress" not in page.figures


@pytest.mark.parametrize(
    "content",
    [
        {"curves": "x", "confusion": 3, "classes": 4, "points": [], "residuals": {"counts": 5}},
        {"confusion": [["a", "b"]], "classes": ["a"]},
        {"curves": [{"roc": {"fpr": [0]}}]},
        [],
    ],
)
def test_a_file_of_another_version_costs_its_chart_only(classifier: Ended, content: Any) -> None:
    classifier.write("task/evaluation.json", content)
    classifier.write("task/importance.json", IMPORTANCE)
    page = report(classifier)
    assert "importance" in page.figures
    assert not {"confusion", "roc", "predicted", "residuals"} & set(page.figures)


def test_a_damaged_file_is_a_missing_file(classifier: Ended) -> None:
    for name in ("evaluation", "importance"):
        (classifier.folder / "task" / f"{name}.json").write_text("{")
    assert "model" not in report(classifier).headings


def test_a_job_that_is_still_running_has_a_report(home: Path) -> None:
    ended = make_job(home, state=JobState.CANCELLING)
    write_board(ended, candidates(ended.job)[:3], "roc_auc")
    assert "leaderboard" in report(ended).headings


def state_of(page: Page) -> list[str | None]:
    return [attributes["class"] for _, attributes in page.tags if str(attributes.get("class")).startswith("state ")]


def test_the_page_that_a_runner_writes_last_calls_its_job_done(home: Path) -> None:
    store = Store(home)
    record = store.create(make_job(home).store.jobs()[0].spec, "local")
    store.observe(record.id, JobStatus(JobState.RUNNING))
    running = Ended(store, record.id)
    assert state_of(report(running)) == ["state running"]
    rows = candidates(record.id)
    partial = Leaderboard(rows, metric="roc_auc", job=record.id, protocol={"partial": True})
    running.write("leaderboard.json", partial.to_dict())
    assert state_of(report(running)) == ["state running"]
    write_board(running, rows, "roc_auc")
    assert state_of(report(running)) == ["state succeeded"]


def test_an_unknown_job_is_refused(home: Path) -> None:
    with pytest.raises(JobNotFoundError):
        write_report(Store(home), "nothing-here")


def test_writing_replaces_at_once_and_leaves_nothing_beside(classifier: Ended) -> None:
    path = write_report(classifier.store, classifier.job)
    path.write_text("old")
    write_report(classifier.store, classifier.job)
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert not list(classifier.folder.glob(".report*"))


def test_a_report_is_small_and_fast(classifier: Ended) -> None:
    write_report(classifier.store, classifier.job)  # imports
    begin = time.process_time()
    path = write_report(classifier.store, classifier.job)
    assert time.process_time() - begin < 2
    assert path.stat().st_size < 5_000_000


def test_importing_the_report_imports_nothing_heavy() -> None:
    code = (
        "import sys, cloudautoml.report; "
        "print([m for m in ('plotly', 'jinja2', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
