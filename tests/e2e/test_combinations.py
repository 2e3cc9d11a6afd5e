"""Every space x strategy x estimator, on real digits: what is declared compatible runs, the rest says why not."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.data import prepare_for
from cloudautoml.errors import SpecError
from cloudautoml.search import TrialState
from cloudautoml.spec import Budget, ImageClassification, JobSpec, Outputs, Part, Search, TabularClassification
from cloudautoml.store import Store
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.executors import Executor
from cloudautoml_local.executors.process import ProcessExecutor
from cloudautoml_local.parts import combination_of, task_type
from cloudautoml_local.runner import Runner
from cloudautoml_local.settings import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cloudautoml.search import Trial
    from cloudautoml_local.executors import Outcome

SPACES: dict[str, dict[str, Any]] = {
    "tabular": {"families": ["linear", "knn"]},
    "chain": {"widths": [8, 16], "max_layers": 3},
    "multi_branch": {"widths": [8, 16], "max_stages": 1, "max_branches": 2},
    "cell": {"nodes": 2, "cells": 1, "stages": 2, "filters": 4},
    "hypermodel": {"builder": "hypermodels:dense"},
}
"""Small members of each space, by its options."""

STRATEGIES: dict[str, dict[str, Any]] = {
    "bayesian": {"startup": 2},
    "evolution": {"population": 2, "sample": 2},
    "grid": {"points": 2},
    "hyperband": {"min": 0.3},
    "keras_tuner": {},
    "local_search": {"start": 1},
    "optuna": {},
    "random": {},
    "reinforce": {},
}

ESTIMATORS: dict[str, dict[str, Any]] = {
    "full_training": {"epochs": 2},
    "learning_curve": {"epochs": 2, "min_epochs": 2},
    "low_fidelity": {"epochs": 2, "verify": 1},
    "surrogate": {"epochs": 2, "startup": 2},
    "weight_inheritance": {"epochs": 2},
    "zero_cost": {"epochs": 2},
}

PARENTS = {"evolution", "local_search"}
TRIALS = 3


def runs(space: str, strategy: str, estimator: str) -> bool:
    """Whether the three go together, told independently of what they say themselves."""
    if estimator == "weight_inheritance":
        return space in {"chain", "multi_branch", "cell"} and strategy in PARENTS
    # nothing is known of a family, or of a model that only its builder can make, before it is trained
    return not (estimator == "zero_cost" and space in {"tabular", "hypermodel"})


OF_OTHER_DATA = ("detector", "entities", "forecasting", "pretrained", "text")
"""Spaces whose candidates learn from other data than digits, or need a file of weights: their own tests train them."""


def test_every_part_is_here() -> None:
    """A new part fails here until it is combined with all the others."""
    assert sorted([*SPACES, *OF_OTHER_DATA]) == registry.names("spaces")
    assert sorted(STRATEGIES) == registry.names("strategies")
    assert sorted(ESTIMATORS) == registry.names("estimators")


class Lent(Executor):
    """An executor that many jobs share: closing it leaves it open for the next one."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    @override
    def start(
        self, number: int, call: str, arguments: Mapping[str, Any], *, group: str, seconds: float | None = None
    ) -> None:
        self._executor.start(number, call, arguments, group=group, seconds=seconds)

    @override
    def wait(self, timeout: float) -> Sequence[Outcome]:
        return self._executor.wait(timeout)

    @override
    def kill(self, number: int) -> None:
        self._executor.kill(number)

    @override
    def is_ready(self, group: str) -> bool:
        return self._executor.is_ready(group)

    @override
    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few real digits, as images and as a table."""
    import numpy as np
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("digits")
    found = load_digits()
    images, labels = found.images[:240], found.target[:240]
    np.savez(folder / "digits.npz", x=(images * 15).astype("uint8"), y=labels)
    names = ",".join(f"p{number}" for number in range(64))
    rows = [
        ",".join(f"{value:g}" for value in image.ravel()) + f",digit {y}"
        for image, y in zip(images, labels, strict=True)
    ]
    (folder / "digits.csv").write_text("\n".join([names + ",digit", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Executor]]:
    """A store, and worker hosts that load their libraries once for all the jobs."""
    from cloudautoml_local.tasks.tabular.task import TREES

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        store = Store(tmp_path_factory.mktemp("home"))
        image = task_type("cloudautoml_local.tasks.image:ImageTask")
        spec = JobSpec(name="groups", task=ImageClassification(), data="none.npz")
        groups = [*image(spec, Path()).preloads(), TREES]
        executor = ProcessExecutor(groups, directory=lambda number: store.home / f"trial-{number}", threads=1)
        try:
            yield store, Lent(executor)
        finally:
            executor.close()


def spec_for(digits: Path, space: str, strategy: str, estimator: str) -> JobSpec:
    """A tiny job of three parts."""
    tabular = space == "tabular"
    cut = {"fidelity": "rows"} if tabular and strategy == "hyperband" else {}
    shares = {"cut": {"rows": 0.5}} if tabular and estimator == "low_fidelity" else {}
    options = {n: v for n, v in ESTIMATORS[estimator].items() if not (tabular and n == "epochs")}
    return JobSpec(
        name="parts",
        task=TabularClassification(target="digit") if tabular else ImageClassification(),
        data=str(digits / ("digits.csv" if tabular else "digits.npz")),
        budget=Budget(max_trials=TRIALS),
        search=Search(
            space=Part.model_validate({"type": space, **SPACES[space]}),
            strategy=Part.model_validate({"type": strategy, **STRATEGIES[strategy], **cut}),
            estimator=Part.model_validate({"type": estimator, **options, **shares}),
        ),
        outputs=Outputs(report=False, refit=False),
        seed=5,
    )


def search(spec: JobSpec, store: Store, executor: Executor) -> Sequence[Trial]:
    """The search of a job as its runner makes it, with the executor of all; its final models are not built."""
    record = store.create(spec, "local")
    directory = store.job_dir(record.id)
    data = prepare_for(spec, strict=False)
    assert data is not None
    data.save(directory / "data")
    settings = resolve(LocalConfig(workers=1, threads=1), spec)
    settings.save(directory)
    lease = store.leases.take(record.id)
    try:
        runner = Runner(store, lease, detached=False)
        task = task_type(settings.task)(spec, directory)
        runner._prepare(task)
        return runner._find(task, executor)
    finally:
        store.leases.release(lease)


def check(digits: Path, bench: tuple[Store, Executor], space: str, strategy: str, estimator: str) -> None:
    """One combination: it runs, or it is refused with the reason before anything happens."""
    store, executor = bench
    spec = spec_for(digits, space, strategy, estimator)
    if not runs(space, strategy, estimator):
        task = task_type(resolve(LocalConfig(), spec).task)(spec, Path())
        with pytest.raises(SpecError, match=rf"'{estimator}' needs .+"):
            combination_of(task)
        return
    trials = search(spec, store, executor)
    failed = [trial.error for trial in trials if trial.state is TrialState.FAILED]
    assert not failed, failed
    trained = [t for t in trials if t.measurement is not None and not t.measurement.predicted]
    # a small grid may be exhausted, and an estimator may find little worth training
    assert 1 <= len(trained) <= TRIALS
    assert any(trial.score is not None and trial.score > 0.1 for trial in trained)
    if estimator == "low_fidelity":
        assert all(trial.measurement.fidelity.cost < 1 for trial in trained if trial.measurement)
    if strategy == "hyperband" and estimator == "full_training":
        assert any(trial.proposal.fidelity.cost < 1 for trial in trained)


def pairs_covered() -> list[tuple[str, str, str]]:
    """Few combinations that hold every pair of parts of different kinds, as far as the pair can run at all."""
    everything = list(product(SPACES, STRATEGIES, ESTIMATORS))
    wanted = {frozenset(pair) for combo in everything if runs(*combo) for pair in _pairs(combo)}
    chosen: list[tuple[str, str, str]] = []
    while wanted:
        best = max(everything, key=lambda c: (runs(*c), len(wanted & {frozenset(p) for p in _pairs(c)})))
        chosen.append(best)
        wanted -= {frozenset(pair) for pair in _pairs(best)}
    return chosen


def _pairs(combo: tuple[str, str, str]) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    tagged = list(enumerate(combo))
    return [(tagged[0], tagged[1]), (tagged[0], tagged[2]), (tagged[1], tagged[2])]


@pytest.mark.slow
@pytest.mark.parametrize(("space", "strategy", "estimator"), pairs_covered())
def test_every_pair_of_parts(
    digits: Path, bench: tuple[Store, Executor], space: str, strategy: str, estimator: str
) -> None:
    check(digits, bench, space, strategy, estimator)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("space", "strategy", "estimator"), sorted(set(product(SPACES, STRATEGIES, ESTIMATORS)) - set(pairs_covered()))
)
def test_every_combination(
    digits: Path, bench: tuple[Store, Executor], space: str, strategy: str, estimator: str
) -> None:
    check(digits, bench, space, strategy, estimator)


def test_a_pair_is_covered_by_few() -> None:
    chosen = pairs_covered()
    assert all(runs(*combo) for combo in chosen)
    assert len(chosen) < 80
