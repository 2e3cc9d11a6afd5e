"""Charts of trials: learning curves, and the score against what using a model takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.render import format_count, leaderboard_html, leaderboard_text
from cloudautoml.report.board import board_table
from cloudautoml.report.trial_figures import trial_figures
from cloudautoml.search import Architecture, Measurement, Proposal, Trial, TrialState


def candidate(name: str, score: float, parameters: float | None, **more: object) -> Candidate:
    costs = {} if parameters is None else {"parameters": parameters}
    made = Candidate(name, "chain", "local", "job-1", score_val=score, costs=costs, trial=int(name[1:]))
    return replace(made, **more)  # type: ignore[arg-type]


ROWS = [
    candidate("m0", 0.90, 90_000),
    candidate("m1", 0.95, 1_200_000),
    candidate("m2", 0.90, 250_000),
    candidate("m3", 0.60, 812),
    candidate("m4", 0.99, None),
    candidate("m5", 0.10, 10, algorithm="baseline"),
]
BOARD = Leaderboard(ROWS, metric="accuracy", job="job-1", minimize=("parameters",))


def trial(number: int, *curve: float, **details: bool) -> Trial:
    measured = Measurement(max(curve), curve=curve, details=details)
    return Trial(number, Proposal(Architecture(())), TrialState.SUCCEEDED, measured)


def test_the_front_holds_whom_nobody_beats_in_both() -> None:
    assert [c.model for c in BOARD.front] == ["m1", "m0", "m3"]
    assert [row["model"] for row in BOARD.rows() if row["on_front"]] == ["m1", "m0", "m3"]
    again = Leaderboard.from_dict(BOARD.to_dict())
    assert again.minimize == ("parameters",)
    assert again.front == BOARD.front


def test_without_costs_to_be_minimised_there_is_no_front() -> None:
    board = Leaderboard(ROWS, metric="accuracy", job="job-1")
    assert board.front == ()
    assert "on_front" not in board.rows()[0]


def test_the_leaderboard_shows_parameters_and_the_front() -> None:
    lines = leaderboard_text(BOARD).splitlines()
    assert lines[1].split()[-2:] == ["parameters", "front"]
    assert next(line for line in lines if " m1 " in line).split()[-2:] == ["1.2M", "●"]
    assert "●" not in next(line for line in lines if " m2 " in line)
    assert "1.2M" in leaderboard_html(BOARD)
    columns, rows = board_table(BOARD)
    assert [column.title for column in columns][-2:] == ["parameters", "front"]
    assert [row.cells[-1].text for row in rows] == ["", "●", "●", "", "●", ""]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (812, "812"), (25_340, "25.3k"), (1_240_000, "1.24M"), (3e9, "3G")]
)
def test_counts_are_short(value: float | None, text: str) -> None:
    assert format_count(value) in {text, "–", "—"} if value is None else format_count(value) == text  # noqa: RUF001


def test_the_front_is_drawn_against_its_cost() -> None:
    (figure,) = trial_figures(BOARD, ())
    assert figure.key == "pareto_parameters"
    _, beaten, best = figure.data
    assert beaten["x"] == [250_000]
    assert best["x"] == [812, 90_000, 1_200_000]
    assert figure.layout["xaxis"]["type"] == "log"
    assert "3 of 4 candidates" in figure.note


def test_learning_curves_put_the_best_in_front_and_say_who_was_stopped() -> None:
    trials = [trial(0, 0.1, 0.5), trial(1, 0.2, 0.8, 0.9), trial(2, 0.1, 0.2, stopped=True), trial(3, 0.4)]
    board = Leaderboard([candidate("m0", 0.5, 1)], metric="accuracy", job="job-1")
    (figure,) = trial_figures(board, trials)
    assert len(figure.data) == 3, "a single score is no curve"
    assert figure.data[-1]["y"] == [0.2, 0.8, 0.9]
    assert "trial 1" in figure.data[-1]["name"]
    assert "1 were ended early" in figure.note


def test_a_minimised_metric_is_drawn_in_its_own_units() -> None:
    trials = [trial(number, -3.0, -2.0 + 0.1 * number) for number in range(3)]
    board = Leaderboard([candidate("m0", -2.0, 1)], metric="rmse", job="job-1")
    (figure,) = trial_figures(board, trials)
    assert figure.data[-1]["y"] == pytest.approx([3.0, 1.8])
