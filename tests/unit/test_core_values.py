"""Small values of the core: states, polling, leaderboards and errors."""

from __future__ import annotations

import json
import pickle
import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml import errors
from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.job import JobState
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.polling import FakeClock, poll_until


@pytest.mark.parametrize("state", JobState)
def test_terminal_states_never_change(state: JobState) -> None:
    steps = {other for other in JobState if state.can_become(other)}
    assert state in steps
    if state.is_terminal:
        assert steps == {state}
    else:
        assert {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED} <= steps
    if state not in {JobState.UNKNOWN, JobState.CREATED}:
        assert JobState.CREATED not in steps


@given(st.integers(0, 2**32), st.floats(0.1, 10), st.floats(10, 100))
def test_polling_backs_off_within_bounds(seed: int, first: float, longest: float) -> None:
    clock = FakeClock()
    limit = 500.0
    seen = poll_until(
        clock.now, done=lambda _: False, clock=clock, timeout=limit, first_delay=first, max_delay=longest,
        rng=random.Random(seed),
    )  # fmt: skip
    assert seen is None
    assert clock.now() == pytest.approx(limit)
    assert 0.8 * first <= clock.slept[0] <= 1.2 * first
    assert max(clock.slept) <= longest


def test_polling_looks_once_more_at_the_deadline() -> None:
    clock = FakeClock()
    assert poll_until(clock.now, done=lambda now: now >= 10, clock=clock, timeout=10, first_delay=7) == 10
    assert poll_until(clock.now, done=lambda _: False, clock=clock, timeout=0) is None
    assert len(clock.slept) == 2


def candidate(model: str, score: float | None, **fields: object) -> Candidate:
    return Candidate(model, "linear", "local", "job-1", score_val=score, **fields)  # type: ignore[arg-type]


def test_leaderboard_orders_the_same_whatever_the_order_given() -> None:
    rows = [
        candidate("best", 0.9, trial=3),
        candidate("early", 0.5, trial=1),
        candidate("late", 0.5, trial=2),
        candidate("ensemble", 0.5),
        candidate("zero", 0.0, trial=4),
        candidate("negative", -3.0, trial=5),
        candidate("diverged", 0.99, trial=0, status="failed", reason="nan"),
    ]
    boards = [Leaderboard(order, metric="accuracy", job="job-1") for order in permutations(rows)]
    assert {tuple(c.model for c in board) for board in boards} == {tuple(row.model for row in rows)}
    assert boards[0].best == rows[0]


def test_leaderboard_without_success_has_no_best() -> None:
    board = Leaderboard([candidate("a", None, status="failed", reason="oom")], metric="rmse", job="job-1")
    assert board.best is None
    assert Leaderboard([], metric="rmse", job="job-1").to_dict()["leaderboard"] == []


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("field", ["score_val", "score_holdout"])
def test_score_is_finite_or_absent(field: str, score: float) -> None:
    with pytest.raises(ValueError, match=field):
        Candidate("m", "linear", "local", "job-1", **{field: score})  # type: ignore[arg-type]


def test_leaderboard_is_strict_json() -> None:
    row = candidate("a", 0.1 + 0.2, metrics_val={"accuracy": 0.3, "roc_auc": float("nan")}, params={"depth": 3})
    board = Leaderboard([row], metric="accuracy", job="job-1", protocol={"folds": 5})
    text = json.dumps(board.to_dict(), allow_nan=False)
    again = Leaderboard.from_dict(json.loads(text))
    assert again.to_dict() == board.to_dict()
    assert again["a"].score_val == 0.1 + 0.2
    with pytest.raises(errors.UnknownNameError, match="known: a"):
        board["b"]


ERRORS = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CloudAutoMLError)),
    key=lambda kind: kind.code,
)


def raised(kind: type[errors.CloudAutoMLError]) -> errors.CloudAutoMLError:
    if kind is errors.UnsupportedError:
        return errors.UnsupportedError("x", [Gap(Feature.SEED, unsupported("no seeds", "use local"), "seed")])
    if kind is errors.MissingExtraError:
        return errors.MissingExtraError("local", "tensorflow")
    if kind is errors.UnknownNameError:
        return errors.UnknownNameError("metric", "acuracy", ["accuracy", "f1"])
    return kind("what and why", where="file:3:4", hint="do this")


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_error_crosses_processes_whole(kind: type[errors.CloudAutoMLError]) -> None:
    error = raised(kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert "Hint: " in str(error)


def test_every_error_has_its_own_code() -> None:
    assert len({kind.code for kind in ERRORS}) == len(ERRORS)
    assert all(0 < kind.exit_code < 128 for kind in ERRORS)


def test_refusal_names_feature_field_reason_and_way_out() -> None:
    text = str(raised(errors.UnsupportedError))
    assert "seed (seed): no seeds; use local" in text
    assert "cloudautoml plan SPEC -p x" in text
