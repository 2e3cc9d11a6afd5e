"""The local provider: what it checks, plans and resolves before anything starts, and its handles."""

from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from analytic_jobs import faults, provider_for, spec_for, submit, table_of
from processes import eventually

from cloudautoml.capabilities import Feature, Level
from cloudautoml.errors import (
    ConfigError,
    JobFailedError,
    JobNotFinishedError,
    SpecError,
    UnknownNameError,
    UnsupportedError,
)
from cloudautoml.job import JobState
from cloudautoml.spec import (
    Budget,
    Constraints,
    JobSpec,
    Objective,
    Outputs,
    Part,
    Search,
    TabularClassification,
    Translation,
)
from cloudautoml.store import Store
from cloudautoml_local import LocalConfig, LocalProvider, plugin
from cloudautoml_local.capabilities import CAPABILITIES
from cloudautoml_local.settings import cpu_count, effective_budget, resolve
from cloudautoml_local.strategies.bayesian import BayesianOptions

if TYPE_CHECKING:
    from pathlib import Path


def tabular(home: Path, **search: Any) -> JobSpec:
    return JobSpec(
        name="tabular",
        task=TabularClassification(target="y"),
        data=str(table_of(home)),
        search=Search(**search),
    )


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"strategy": Part(type="bayesain")}, "did you mean 'bayesian'"),
        ({"estimator": Part(type="full_trainin")}, "did you mean 'full_training'"),
        ({"families": ("lightgmb",)}, "did you mean 'lightgbm'"),
        ({"space": Part(type="tabluar")}, "tabular"),
    ],
)
def test_an_unknown_name_is_refused_with_a_guess(analytic: Path, search: dict[str, Any], message: str) -> None:
    provider = LocalProvider(LocalConfig(), store=Store(analytic))
    with pytest.raises((SpecError, UnknownNameError), match=message):
        provider.submit(tabular(analytic, **search))
    assert provider.list_jobs() == []


def analytic_spec(home: Path, *, minimize: tuple[Any, ...] = (), **search: Any) -> JobSpec:
    return tabular(home, **search).model_copy(update={"objective": Objective(metric="roc_auc", minimize=minimize)})


@pytest.mark.parametrize(
    ("search", "minimize", "message"),
    [
        ({"estimator": Part(type="weight_inheritance"), "strategy": Part(type="random")}, (),
         r"'weight_inheritance' needs a strategy that changes earlier candidates.*and 'random' is none; and"),
        ({"estimator": Part(type="weight_inheritance")}, (), "weights of another"),
        ({"strategy": Part(type="hyperband")}, (), r"'hyperband' needs training that can be cut to fewer epochs"),
        ({"estimator": Part.model_validate({"type": "full_training", "epochs": 3})}, (), "does not train in epochs"),
        ({"strategy": Part(type="bayesian")}, ("size_mb",), r"'bayesian' looks for one best score.*size_mb"),
        ({"strategy": Part.model_validate({"type": "optuna", "sampler": "qmc"})}, ("size_mb",), "looks for one best"),
        ({"constraints": Constraints(max_parameters=9)}, (), "not known before it is trained"),
    ],
)  # fmt: skip
def test_parts_that_do_not_go_together_are_refused_with_the_reason(
    analytic: Path, search: dict[str, Any], minimize: tuple[Any, ...], message: str
) -> None:
    provider = LocalProvider(LocalConfig(), store=Store(analytic))
    with pytest.raises(SpecError, match=message):
        provider.submit(analytic_spec(analytic, minimize=minimize, **search))
    assert provider.list_jobs() == []


@pytest.mark.parametrize(
    ("strategy", "where", "message"),
    [
        ({"type": "bayesian", "startpu": 3}, "search.strategy.startpu", "did you mean 'startup'"),
        ({"type": "bayesian", "startup": 0}, "search.strategy.startup", "greater than or equal to 1"),
        ({"type": "random", "startup": 3}, "search.strategy.startup", "options of random: none"),
    ],
)
def test_a_wrong_option_is_refused_with_its_place(
    analytic: Path, strategy: dict[str, Any], where: str, message: str
) -> None:
    provider = LocalProvider(LocalConfig(), store=Store(analytic))
    with pytest.raises(SpecError, match=message) as caught:
        provider.check(tabular(analytic, strategy=Part.model_validate(strategy)))
    assert caught.value.where == where


def test_a_task_that_no_laptop_can_do_is_refused_with_a_reason(analytic: Path) -> None:
    spec = JobSpec(name="words", task=Translation(target_language="de"), data="words.csv")
    with pytest.raises(UnsupportedError, match="accelerators"):
        LocalProvider(LocalConfig(), store=Store(analytic)).submit(spec)


def test_a_plan_is_free_complete_and_writes_nothing(analytic: Path) -> None:
    plan = provider_for(analytic, workers=3, threads=2).plan(spec_for(analytic, max_trials=7))
    assert plan.cost.amount == Decimal(0)
    (request,) = plan.to_dict()["requests"]
    assert request["operation"] == "run"
    assert request["body"] == {
        "space": {"type": "analytic", "size": 1200},
        "families": "all",
        "strategy": {"type": "bayesian", **BayesianOptions().model_dump()},
        "estimator": {"type": "full_training"},
        "budget": {"max_trials": 7},
        "metric": "roc_auc",
        "seed": 3,
        "executor": "process",
        "workers": 3,
        "threads": 2,
    }
    assert sorted(path.name for path in analytic.iterdir()) == ["table.csv"]


def test_a_job_without_a_budget_gets_one_and_says_so(analytic: Path) -> None:
    plan = provider_for(analytic).plan(spec_for(analytic))
    assert plan.requests[0].body["budget"] == {"max_trials": 50, "max_time": "5m"}
    assert any("no budget" in note for note in plan.notes)
    with_time = Budget(max_time=3)
    assert effective_budget(with_time) is with_time


def test_settings_share_the_cores_and_keep_to_the_budget(analytic: Path) -> None:
    spec = spec_for(analytic, max_parallel=1)
    alone = resolve(LocalConfig(workers=6), spec)
    assert (alone.workers, alone.threads, alone.window) == (1, cpu_count(), 2)
    inline = resolve(LocalConfig(executor="inline", workers=6), spec_for(analytic))
    assert (inline.executor, inline.workers, inline.window) == ("inline", 1, 1)
    given = resolve(LocalConfig(workers=3, threads=5), spec_for(analytic))
    assert (given.workers, given.threads, given.window) == (3, 5, 6)


def test_refusals_have_reasons_and_money_is_always_honoured() -> None:
    assert CAPABILITIES[Feature.MAX_COST].level is Level.NATIVE
    refused = {feature for feature, support in CAPABILITIES.items() if not support}
    assert {Feature.INSTANCE_SEGMENTATION, Feature.TRANSLATION, Feature.ENDPOINT} <= refused
    assert Feature.TABULAR_CLASSIFICATION not in refused


def test_a_task_of_ones_own_must_be_a_task(analytic: Path) -> None:
    wrong = LocalProvider(LocalConfig(task="json:JSONDecoder"), store=Store(analytic))
    with pytest.raises(ConfigError, match="not a LocalTask"):
        wrong.submit(spec_for(analytic))
    missing = LocalProvider(LocalConfig(task="no_such:Task"), store=Store(analytic))
    with pytest.raises(ConfigError, match="no_such"):
        missing.submit(spec_for(analytic))


def test_an_inline_job_has_ended_when_submit_returns(analytic: Path, store: Store) -> None:
    provider = provider_for(analytic, executor="inline")
    job = submit(provider, spec_for(analytic, max_trials=5))
    assert store.job(job.id).state is JobState.SUCCEEDED
    assert len(job.leaderboard()) == 5
    assert store.leases.owner(job.id) is None
    assert job.status().progress == 1.0
    assert submit(provider, spec_for(analytic, max_trials=5)).leaderboard().best == _renamed(job, store)


def _renamed(job: Any, store: Store) -> Any:
    from dataclasses import replace

    newest = store.jobs(limit=1)[0].id
    best = job.leaderboard().best
    assert best is not None
    return replace(best, job=newest)


def test_an_inline_job_that_fails_says_so_and_leaves_no_owner(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults(monkeypatch, every="error")
    job = submit(provider_for(analytic, executor="inline"), spec_for(analytic, max_trials=2))
    with pytest.raises(JobFailedError, match="a library's own error"):
        job.wait()
    assert store.leases.owner(job.id) is None


def test_a_handle_made_elsewhere_sees_the_same_job(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    faults(monkeypatch, t1=f"gate:{gate}")
    job = submit(provider_for(analytic, workers=1), spec_for(analytic, max_trials=3))
    other = provider_for(analytic).attach(job.id)
    assert not other.status().is_over
    with pytest.raises(JobNotFinishedError):
        other.model()
    eventually(lambda: len(other.leaderboard()) >= 1)  # what there is so far is shown while it runs
    gate.touch()
    other.wait(timeout=60)
    assert other.cost().amount == Decimal(0)
    assert set(other.artifacts()) == {"leaderboard", "log", "models"}
    assert other.native() == store.job_dir(job.id)
    lines = list(other.logs(follow=True))
    assert any(line.endswith("searching") for line in lines)
    assert lines[-1].endswith("succeeded")
    phases = [event.message for event in other.events(follow=True) if event.kind == "phase"]
    assert [phase for phase in phases if phase != "waiting"] == [
        "preparing the data",
        "searching",
        "building the final models",
    ]
    assert store.job(job.id).active_seconds > 0


def test_a_report_that_cannot_be_written_is_a_warning(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        msg = "no ink"
        raise RuntimeError(msg)

    monkeypatch.setattr("cloudautoml.report.write_report", broken)
    spec = spec_for(analytic, max_trials=2).model_copy(update={"outputs": Outputs(report=True)})
    job = submit(provider_for(analytic, executor="inline"), spec)
    assert job.state is JobState.SUCCEEDED
    assert any(event.kind == "warning" and "no ink" in event.message for event in job.events())


def test_a_runner_that_cannot_start_fails_the_job_with_its_last_words(
    analytic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.exit('no start today')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    provider = provider_for(analytic)
    with pytest.raises(JobFailedError, match="no start today"):
        provider.submit(spec_for(analytic, max_trials=2))
    (job,) = provider.list_jobs()
    assert job.state is JobState.FAILED


def test_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, cloudautoml_local, cloudautoml_local.strategies.bayesian, cloudautoml_local.launch\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'optuna', 'tensorflow', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert time.monotonic() - began < 10
    assert plugin.name == LocalProvider.name == "local"
