"""Leaderboards, jobs and plans as text, HTML and CSV."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from cloudautoml import render
from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.job import JobState
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.plan import CostBound, Plan, VendorRequest
from cloudautoml.store.records import JobRecord

HOSTILE = '</td></script><script>alert(1)</script><img src=x onerror=alert(1)>"\' onmouseover="x'


def candidate(model: str, score: float | None, **fields: object) -> Candidate:
    plain = Candidate(model=model, algorithm="lightgbm", provider="local", job="churn-a", score_val=score)
    return replace(plain, **fields)  # type: ignore[arg-type]


def board(*candidates: Candidate, metric: str = "roc_auc") -> Leaderboard:
    return Leaderboard(candidates, metric=metric, job="churn-a")


class Tags(HTMLParser):
    """The tags and attributes of a page, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    @override
    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_text_shows_natural_values_aligned_and_failures_with_reasons() -> None:
    text = render.leaderboard_text(
        board(
            candidate("a", -12.5, score_holdout=-13.25, fit_seconds=3.21, predict_ms_per_row=0.012, size_mb=1.5),
            candidate("longer_name", -1234.5, fit_seconds=75.0),
            candidate("c", None, status="failed", reason="timeout: more than 30 s"),
            metric="rmse",
        )
    )
    assert text.splitlines() == [
        "Leaderboard of churn-a: rmse ↓",
        "#  model        algorithm   rmse ↓  holdout     fit  ms/row    MB",
        "1  a            lightgbm      12.5   13.250   3.2 s   0.012  1.50",
        "2  longer_name  lightgbm   1,234.5        –  1m 15s       –     –",  # noqa: RUF001
        "failed: c: timeout: more than 30 s",
    ]


def test_a_model_without_a_validation_score_stands_in_the_table() -> None:
    rows = board(candidate("a", 0.9), candidate("refit", None, score_holdout=0.91))
    assert render.leaderboard_text(rows).splitlines()[-1].split() == [
        "2",
        "refit",
        "lightgbm",
        render.NOTHING,
        "0.9100",
    ]
    assert "did not succeed" not in render.leaderboard_html(rows)
    assert "no reason given" not in render.leaderboard_html(rows)


def test_text_of_an_empty_board() -> None:
    assert render.leaderboard_text(board()).endswith("no candidates yet")


def test_a_long_board_is_cut_but_keeps_its_baseline() -> None:
    rows = [candidate(f"m{number}", 0.9 - number / 1000) for number in range(50)]
    rows.append(candidate("baseline", 0.5, algorithm="baseline"))
    text = render.leaderboard_text(board(*rows), limit=10)
    assert "51  baseline" in text
    assert "m9 " in text
    assert "m10 " not in text
    assert "... and 40 more" in text
    assert len(render.leaderboard_text(board(*rows), limit=None).splitlines()) == 53
    assert "and 40 more" in render.leaderboard_html(board(*rows), limit=10)


def test_many_failures_are_counted() -> None:
    rows = [candidate(f"m{number}", None, status="failed") for number in range(5)]
    assert "and 3 more that did not succeed" in render.leaderboard_text(board(*rows), limit=2)
    assert "and 3 more that did not succeed" in render.leaderboard_html(board(*rows), limit=2)


def test_text_cannot_drive_a_terminal() -> None:
    text = render.leaderboard_text(board(candidate("evil\x1b[31m\nname\u202e", None, status="failed", reason="a\rb")))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.splitlines()[1:] == ["failed: evil [31m name: a b"]


def test_wide_characters_keep_the_columns_aligned() -> None:
    lines = render.leaderboard_text(board(candidate("模型", 0.9), candidate("ab", 0.8))).splitlines()
    assert [line.index("lightgbm") for line in lines[2:]] == [8, 10]  # two characters that are two columns wide


def test_an_emulated_price_says_so() -> None:
    rows = board(candidate("a", 0.9, cost_usd=4.2, cost_source="emulated"))
    assert "USD (emulated)" in render.leaderboard_text(rows)
    assert "USD (emulated)" in render.leaderboard_html(rows)
    assert "USD" not in render.leaderboard_text(board(candidate("a", 0.9, cost_usd=0.0)))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.93124, 0.5], ["0.9312", "0.5000"]),
        ([1.0, 0.98765], ["1.0000", "0.9877"]),
        ([45.1234], ["45.123"]),
        ([123456.0, 1.0], ["123,456", "1"]),
        ([0.00012345], ["0.0001234"]),
        ([1.5e-9], ["1.500e-09"]),
        ([0.0, None], ["0.0000", render.NOTHING]),
        ([float("inf"), 0.5], ["inf", "0.5000"]),
        ([float("nan")], ["nan"]),
        ([], []),
    ],
)
def test_numbers(values: list[float | None], texts: list[str]) -> None:
    assert render.format_numbers(values) == texts


@given(st.lists(st.none() | st.floats(), min_size=1))
def test_any_numbers_can_be_written(values: list[float | None]) -> None:
    assert len(render.format_numbers(values)) == len(values)


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))
def test_a_written_number_is_near_the_number(value: float) -> None:
    assert float(render.format_number(value).replace(",", "")) == pytest.approx(value, rel=1e-3, abs=1e-300)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, render.NOTHING),
        (0.0031, "3 ms"),
        (4.24, "4.2 s"),
        (59.97, "1m 00s"),
        (125.0, "2m 05s"),
        (3599.9, "1h 00m"),
        (3720.0, "1h 02m"),
    ],
)
def test_seconds(seconds: float | None, text: str) -> None:
    assert render.format_seconds(seconds) == text


def record(**fields: object) -> JobRecord:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plain = JobRecord(
        id="churn-a", name="churn", provider="local", state=JobState.RUNNING, phase="searching", reason="",
        progress=0.4, spec_json="{}", fingerprint="", vendor_ref=None, created=start,
        updated=start + timedelta(seconds=72), ended=None, active_seconds=72.0,
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def plan(text: str) -> Plan:
    return Plan(
        provider=text,
        requests=(VendorRequest(text, {text: text}),),
        cost=CostBound(Decimal("4.20"), text, date(2026, 10, 1), text),
        gaps=(Gap(Feature.SEED, unsupported(text), text),),
        findings=(Finding(text, Severity.WARNING, text, text, text),),
        notes=(text,),
    )


def test_html_of_hostile_text_is_text() -> None:
    rows = board(
        candidate(HOSTILE, 0.9, algorithm=HOSTILE, cost_usd=1.0, cost_source=HOSTILE),
        candidate("failed" + HOSTILE, None, status="failed", reason=HOSTILE),
    )
    rows.job = HOSTILE
    failed = record(id=HOSTILE, provider=HOSTILE, state=JobState.FAILED, reason=HOSTILE)
    for page in (
        render.leaderboard_html(rows),
        render.job_html(failed, rows),
        render.job_html(record(phase=HOSTILE), rows),
        render.plan_html(plan(HOSTILE)),
    ):
        seen = Tags(page)
        allowed = {"div", "style", "b", "span", "table", "tr", "th", "td", "details", "summary", "pre"}
        assert set(seen.tags) <= allowed
        assert seen.attributes <= {"class", "colspan"}
        assert "alert(1)" in "".join(seen.text)


def test_job_html_says_where_the_job_stands() -> None:
    page = "".join(Tags(render.job_html(record(), board())).text)
    assert all(word in page for word in ("churn-a", "running", "searching", "40%", "1m 12s", "no candidates yet"))
    ended = record(state=JobState.FAILED, reason="no rows", ended=record().created + timedelta(seconds=3))
    page = "".join(Tags(render.job_html(ended, board(candidate("a", 0.9)))).text)
    assert all(word in page for word in ("failed", "no rows", "3.0 s", "0.9000"))
    assert "searching" not in page


def test_the_best_row_stands_out() -> None:
    page = render.leaderboard_html(board(candidate("a", 0.8), candidate("b", 0.9)))
    assert page.count("<tr class=cam-best>") == 1
    assert page.index("<tr class=cam-best>") < page.index(">b<") < page.index(">a<")


def test_values_show_themselves_in_notebooks() -> None:
    rows = board(candidate("a", 0.8))
    assert repr(rows) == render.leaderboard_text(rows)
    assert rows._repr_html_() == render.leaderboard_html(rows)
    page = plan("local")._repr_html_()
    assert "at most 4.20 USD" in page
    assert "prices of 2026-10-01" in page


def test_a_plan_without_a_bound_says_so() -> None:
    assert "no bound" in render.plan_html(replace(plan("x"), cost=CostBound(None, "unknown price")))


@given(st.text())
def test_csv_cells_are_no_formulas_and_come_back(text: str) -> None:
    page = render.leaderboard_csv(board(candidate("m", 0.5, reason=text, params={"depth": 3})))
    row = next(iter(csv.DictReader(io.StringIO(page, newline=""))))
    cell = row["reason"]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'") == text if cell.startswith("'") else cell == text
    assert row["params"] == '{"depth": 3}'
    assert float(row["score_val"]) == 0.5


def test_csv_of_an_empty_board_is_empty() -> None:
    assert render.leaderboard_csv(board()) == ""


def test_rendering_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cloudautoml.leaderboard import Leaderboard; "
        "b = Leaderboard([], metric='rmse', job='x'); repr(b); b._repr_html_(); "
        "print([m for m in ('pandas', 'numpy', 'plotly', 'jinja2', 'pyarrow', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
