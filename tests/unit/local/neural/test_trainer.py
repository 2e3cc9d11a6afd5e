"""Trials of networks on real digits: what each fidelity cuts, what is continued, and what ends a training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from neural_jobs import TinySpace, digits_task, tiny, train

from cloudautoml.search import Fidelity, TrialFailedError, TrialSkippedError
from cloudautoml.spec import Constraints, Part
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.files import read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from neural_jobs import DigitsTask


@pytest.fixture
def task(tmp_path: Path) -> DigitsTask:
    return digits_task(tmp_path)


def patient(epochs: int, patience: int | None = None) -> Part:
    options = {"type": "full_training", "epochs": epochs, "patience": patience}
    return Part.model_validate({name: value for name, value in options.items() if value is not None})


def test_a_trial_learns_and_leaves_what_others_need(task: DigitsTask) -> None:
    steps: list[tuple[int, float]] = []

    def watch(epoch: int, score: float) -> bool:
        steps.append((epoch, score))
        return True

    found = train(task, 3, on_step=watch)
    assert found.score > 0.6
    assert found.score == max(found.curve) == found.metrics["accuracy"]
    assert steps == list(enumerate(found.curve, 1))
    assert found.costs["parameters"] == 64 * 16 + 16 + 16 * 10 + 10
    assert found.costs["flops"] > 2 * 64 * 16
    assert 0 < found.costs["latency_ms"] < 1000
    assert found.costs["size_mb"] == pytest.approx(found.costs["parameters"] * 4e-6)
    left = task.trial_dir(3)
    weights = read_weights(left / "weights.npz")
    assert weights is not None
    assert set(weights) == {"hidden/kernel", "hidden/bias", "output/kernel", "output/bias"}
    predicted = np.load(left / "valid.npy")
    truth = Examples.open(task.directory / "task", "valid").target
    assert (predicted.argmax(axis=1) == truth).mean() == pytest.approx(found.score)
    assert json.loads((left / "trial.json").read_text())["epochs"] == len(found.curve) == 6


def test_the_same_seed_gives_the_same_score(task: DigitsTask) -> None:
    first, again, other = (train(task, number, seed=seed) for number, seed in enumerate((5, 5, 6)))
    assert first.curve == again.curve
    assert first.metrics == again.metrics
    assert first.curve != other.curve


def test_epochs_are_cut_and_their_rates_planned_anew(task: DigitsTask) -> None:
    short = train(task, 0, fidelity=Fidelity.of(epochs=1 / 3))
    whole = train(task, 1)
    assert len(short.curve) == task.trainer(0, _resources()).curve_length(Fidelity.of(epochs=1 / 3)) == 2
    assert short.fidelity == Fidelity.of(epochs=1 / 3)
    assert short.curve != whole.curve[:2], "the rate has to come down by the end of the shorter training"


def test_fewer_rows_give_fewer_steps(task: DigitsTask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _seen_examples(monkeypatch)
    train(task, 0, fidelity=Fidelity.of(rows=0.2))
    assert len(seen[-1]) == pytest.approx(120, abs=6)
    assert set(seen[-1].target) == set(range(10))


def test_smaller_images_are_made_once(task: DigitsTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudautoml_local.tasks.neural.fidelity.LEAST_SIDE", 2)
    seen = _seen_examples(monkeypatch)
    found = train(task, 0, fidelity=Fidelity.of(resolution=0.5))
    assert seen[-1].x.shape[1:] == (4, 4, 1)
    kept = task.directory / "task" / "train_x_4x4.npy"
    before = kept.stat().st_mtime_ns
    train(task, 1, fidelity=Fidelity.of(resolution=0.5))
    assert kept.stat().st_mtime_ns == before
    assert found.costs["parameters"] == 64 * 16 + 16 + 16 * 10 + 10, "what it takes is told at full size"


def test_a_narrower_network_is_trained(task: DigitsTask) -> None:
    train(task, 0, fidelity=Fidelity.of(width=0.25))
    weights = read_weights(task.trial_dir(0) / "weights.npz")
    assert weights is not None
    assert weights["hidden/kernel"].shape == (64, 4)


def test_a_candidate_is_continued_and_only_the_rest_is_trained(task: DigitsTask) -> None:
    first = train(task, 0, fidelity=Fidelity.of(epochs=1 / 3))
    second = train(task, 1, parent=0)
    assert len(second.curve) == 4
    assert second.details["continued"] == 0
    assert second.details["epochs_before"] == 2
    assert second.curve[0] > first.curve[0], "it does not begin anew"


@pytest.mark.parametrize("left", ["nothing", "a damaged file"])
def test_a_parent_that_left_nothing_is_no_error(task: DigitsTask, left: str) -> None:
    if left != "nothing":
        task.trial_dir(7).mkdir(parents=True)
        (task.trial_dir(7) / "weights.npz").write_bytes(b"PK no")
    found = train(task, 8, parent=7)
    assert len(found.curve) == 6
    assert "continued" not in found.details
    assert found.curve == train(task, 9).curve


def test_another_candidate_inherits(task: DigitsTask) -> None:
    train(task, 0)
    child = train(task, 1, tiny(64), parent=0)
    assert child.details["inherited"] == 0
    share = child.details["inherited_share"]
    assert isinstance(share, float)
    assert 0 < share <= 1
    assert len(child.curve) == 6


def test_patience_ends_a_training_and_the_best_weights_are_kept(tmp_path: Path) -> None:
    task = digits_task(tmp_path, estimator=patient(60, 2))
    found = train(task)
    assert found.details["ended"] == "patience"
    assert len(found.curve) == int(found.details["epochs_best"] or 0) + 2 < 60
    assert found.score == max(found.curve)
    assert found.fidelity == Fidelity()


def test_who_watches_may_end_it(task: DigitsTask) -> None:
    found = train(task, on_step=lambda epoch, score: epoch < 2)
    assert len(found.curve) == 2
    assert found.details["ended"] == "stopped"
    assert found.fidelity.settings["epochs"] == pytest.approx(2 / 6)


def test_the_time_is_kept(tmp_path: Path) -> None:
    task = digits_task(tmp_path, rows=900, estimator=patient(100_000, 100_000))
    train(task, seconds=1.0)  # what is imported for the first time is not counted
    found = train(task, seconds=5.0)
    assert found.details["ended"] == "time"
    assert found.seconds < 10.0
    assert found.fidelity.cost < 0.1


def test_losses_that_are_no_numbers_fail_the_trial(task: DigitsTask) -> None:
    with pytest.raises(TrialFailedError, match="nan"):
        train(task, 0, tiny(16, 1e30))


def test_limits_are_kept_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _seen_examples(monkeypatch)
    task = digits_task(tmp_path, constraints=Constraints(max_parameters=1000))
    with pytest.raises(TrialSkippedError, match="parameters is 1210, at most 1000"):
        train(task)
    slow = digits_task(tmp_path, constraints=Constraints(max_latency_ms=1e-6))
    with pytest.raises(TrialSkippedError, match="latency_ms"):
        train(slow, fidelity=Fidelity.of(width=0.25))
    assert not seen


def test_proxies_of_a_candidate(task: DigitsTask) -> None:
    found = task.trainer(0, _resources()).proxies(tiny())
    assert found["parameters"] == 1210
    assert {"synflow", "naswot"} <= set(found)


def test_what_the_builder_raises_is_a_failed_trial(task: DigitsTask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any, **_settings: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(TinySpace, "build", broken)
    with pytest.raises(TrialFailedError) as caught:
        train(task)
    assert caught.value.reason == "oom"


def _resources() -> Any:
    from cloudautoml_local.tasks.base import Resources

    return Resources()


def _seen_examples(monkeypatch: pytest.MonkeyPatch) -> list[Examples]:
    """The examples that trainings are given from now on."""
    from cloudautoml_local.tasks.neural import trainer, training

    seen: list[Examples] = []
    fit = training.fit

    def watched(loop: Any, examples: Examples, *rest: Any, **settings: Any) -> Any:
        seen.append(examples)
        return fit(loop, examples, *rest, **settings)

    monkeypatch.setattr(trainer, "fit", watched)
    return seen
