"""Comparisons: what is submitted and what is not, what the sealed rows say, and what comes out when one fails."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from typing_extensions import override

from cloudautoml.capabilities import Feature
from cloudautoml.comparison import Comparison, Contestant, compare, compare_jobs
from cloudautoml.comparison.contest import ordered
from cloudautoml.comparison.page import comparison_html
from cloudautoml.comparison.resample import Interval
from cloudautoml.comparison.run import saved_result, shared_out
from cloudautoml.comparison.sealed import Sealed
from cloudautoml.comparison.verdict import verdict
from cloudautoml.data import prepare
from cloudautoml.errors import (
    ConfigError,
    DataError,
    ServiceUnavailableError,
    SpecError,
    StorageError,
    UnsupportedError,
)
from cloudautoml.job import JobState, JobStatus
from cloudautoml.registry import provider_plugin
from cloudautoml.spec import Budget, Holdout, JobSpec, Objective, TabularClassification, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing.fake import FakeConfig, FakeProvider, FakeVendor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudautoml.model import Model
    from cloudautoml.provider import Provider


class Second(FakeProvider):
    """Another vendor of the same kind."""

    name: ClassVar[str] = "second"


class Dear(FakeProvider):
    """One that costs something."""

    name: ClassVar[str] = "dear"


@pytest.fixture(autouse=True)
def vendors_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudautoml.registry.provider_plugin", lambda name, **_: provider_plugin("local"))


@pytest.fixture
def spec(tmp_path: Path) -> JobSpec:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    frame["y"] = np.where(frame.a + rng.normal(0, 0.5, 200) > 0.6, "yes", "no")
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    return JobSpec(name="demo", task=TabularClassification(target="y"), data=str(path), budget=Budget(max_trials=2))


def pair(store: Store, **vendors: FakeVendor) -> list[Provider[Any]]:
    return [
        FakeProvider(FakeConfig(), store=store, vendor=vendors.get("fake")),
        Second(FakeConfig(), store=store, vendor=vendors.get("second")),
    ]


def test_two_providers_on_the_same_rows(home: Path, spec: JobSpec) -> None:
    store, said = Store(home), list[tuple[str, str]]()
    found = compare(spec, pair(store), store=store, on_progress=lambda *words: said.append(words))
    assert {c.provider for c in found.contestants} == {"fake", "second", "baseline"}
    assert found.rows == 40
    assert all(c.score is not None and c.interval is not None for c in found.contestants)
    assert "no difference that these 40 rows can show" in verdict(found)
    assert ("fake", "has ended") in said
    assert saved_result(store, found.id) == json.loads(json.dumps(found.to_dict()))
    with pytest.raises(StorageError):
        saved_result(store, "nothing")


def test_looking_again_submits_nothing(home: Path, spec: JobSpec) -> None:
    store, vendor = Store(home), FakeVendor()
    first = compare(spec, pair(store, fake=vendor, second=vendor), store=store)
    again = compare(spec, pair(store, fake=vendor, second=vendor), store=store)
    assert again.id == first.id
    assert [c.job for c in again.contestants] == [c.job for c in first.contestants]
    assert [operation for operation, _ in vendor.calls].count("create") == 2
    anew = compare(spec, pair(store, fake=vendor, second=vendor), store=store, fresh=True)
    assert anew.id != first.id
    assert len(store.jobs()) == 4


class Cut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["cloudautoml.comparison.ledger.Ledger.enter", "cloudautoml.job.Job.wait"])
def test_killed_and_started_again_no_job_is_submitted_twice(
    where: str, home: Path, spec: JobSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any, **__: Any) -> None:
        raise Cut

    store, vendor = Store(home), FakeVendor()
    with monkeypatch.context() as patch:
        patch.setattr(where, cut)
        with pytest.raises(Cut):
            compare(spec, pair(store, fake=vendor, second=vendor), store=store)
        for thread in threading.enumerate():  # what a kill would end at once
            if thread.name in {"fake", "second"}:
                thread.join()
    found = compare(spec, pair(store, fake=vendor, second=vendor), store=store)
    assert [operation for operation, _ in vendor.calls].count("create") == 2
    assert len(store.jobs()) == 2
    assert found.leader is not None


def test_one_that_fails_does_not_hold_up_the_others(home: Path, spec: JobSpec) -> None:
    store = Store(home)
    failing = FakeVendor(script=(JobStatus(JobState.FAILED, reason="out of quota"),))
    found = compare(spec, pair(store, second=failing), store=store)
    statuses = {c.provider: c.status for c in found.contestants}
    assert statuses == {"fake": "scored", "baseline": "scored", "second": "failed"}
    assert "out of quota" in found.contestants[-1].reason
    mended = compare(spec, pair(store), store=store)
    assert {c.status for c in mended.contestants} == {"scored"}, "what had failed is tried again"


def test_one_that_cannot_be_reached_is_told(home: Path, spec: JobSpec) -> None:
    store = Store(home)
    away = FakeVendor(faults={"create": [ServiceUnavailableError("nobody answers")] * 9})
    found = compare(spec, pair(store, second=away), store=store, timeout=0)
    assert "nobody answers" in next(c.reason for c in found.contestants if c.provider == "second")


def test_one_that_refuses_is_told_and_none_is_not_enough(home: Path, spec: JobSpec) -> None:
    store = Store(home)
    refusing = FakeProvider.refusing(Feature.MAX_TRIALS, reason="no trials here")
    providers = [refusing(FakeConfig(), store=store), Second(FakeConfig(), store=store)]
    found = compare(spec, providers, store=store)
    assert found.contestants[-1].status == "refused"
    assert "no trials here" in found.contestants[-1].reason
    assert len(store.jobs()) == 1
    with pytest.raises(SpecError, match="no trials here"):
        compare(spec, [refusing(FakeConfig(), store=store), _refusing_second(store)], store=store)
    assert len(store.jobs()) == 1


def _refusing_second(store: Store) -> Provider[Any]:
    kind = FakeProvider.refusing(Feature.MAX_TRIALS)
    kind.name = "second"
    return kind(FakeConfig(), store=store)


def test_what_is_no_comparison(home: Path, spec: JobSpec) -> None:
    store = Store(home)
    one = FakeProvider(FakeConfig(), store=store)
    for providers in ([], [one], [one, one]):
        with pytest.raises(ConfigError, match="two or more providers, each once"):
            compare(spec, providers, store=store)
    unsealed = spec.model_copy(update={"data": spec.data.model_copy(update={"holdout": None})})
    with pytest.raises(DataError, match="no rows are sealed"):
        compare(unsealed, pair(store), store=store)
    assert store.jobs() == []


def test_jobs_that_have_ended(home: Path, spec: JobSpec) -> None:
    store = Store(home)
    provider = FakeProvider(FakeConfig(), store=store)
    jobs = [provider.submit(spec).wait(), provider.submit(spec).wait()]
    found = compare_jobs(jobs, store=store)
    assert {c.job for c in found.contestants} == {jobs[0].id, jobs[1].id, ""}
    other = spec.model_copy(update={"data": spec.data.model_copy(update={"holdout": Holdout(seed=9)})})
    with pytest.raises(DataError, match="not sealed the same rows"):
        compare_jobs([jobs[0], provider.submit(other).wait()], store=store)
    with pytest.raises(ConfigError, match="two jobs or more"):
        compare_jobs(jobs[:1], store=store)


def test_a_limit_of_money_is_one_limit(home: Path, spec: JobSpec) -> None:
    budget = Budget.model_validate({"max_cost": "5 USD"})
    limited = spec.model_copy(update={"budget": budget})
    store = Store(home)
    providers = [*pair(store), Dear(FakeConfig(price=Decimal(0)), store=store)]
    shares = shared_out(limited, providers)
    assert str(shares["fake"].budget.max_cost) == "2.5 USD"
    assert str(shares["dear"].budget.max_cost) == "5 USD", "what costs nothing takes no part of it"


def test_labels_do_not_reach_a_model(spec: JobSpec) -> None:
    class Watching:
        @override
        def __repr__(self) -> str:
            return "watching"

        def predict_proba(self, rows: pd.DataFrame) -> pd.DataFrame:
            assert list(rows.columns) == ["a", "b"]
            return pd.DataFrame({"yes": 0.25, "no": 0.75}, index=rows.index)

    sealed = Sealed(prepare(spec), spec)
    model: Any = Watching()
    found = sealed.predict(model, timed=True)
    assert found.values[0].tolist() == [0.75, 0.25], "in the order of the classes"
    assert len(found.alone_ms) == 39


def test_a_model_of_labels_has_no_score_by_probabilities(spec: JobSpec) -> None:
    class Labels:
        def predict(self, rows: pd.DataFrame) -> pd.Series:
            return pd.Series(["yes" if a > 0 else "no" for a in rows.a])

        def predict_proba(self, rows: pd.DataFrame) -> pd.DataFrame:
            raise UnsupportedError("labels", [])

    model: Any = Labels()
    sealed = Sealed(prepare(spec), spec)
    assert np.isnan(sealed.scorer(sealed.predict(model, timed=False))(np.arange(40)))
    by_accuracy = spec.model_copy(update={"objective": Objective(metric="accuracy")})
    sealed = Sealed(prepare(by_accuracy), by_accuracy)
    assert sealed.scorer(sealed.predict(model, timed=False))(np.arange(40)) > 0.5


def test_numbers(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    pd.DataFrame({"a": range(50), "y": [float(n) for n in range(50)]}).to_csv(path, index=False)
    spec = JobSpec(name="n", task=TabularRegression(target="y"), data=str(path))
    sealed = Sealed(prepare(spec), spec)

    class Exact:
        def predict(self, rows: pd.DataFrame) -> pd.Series:
            return rows.a.astype(float)

    model: Any = Exact()
    everything = np.arange(len(sealed))
    assert sealed.scorer(sealed.predict(model, timed=False))(everything) == 0
    assert sealed.scorer(sealed.baseline())(everything) < -5, "lower errors are higher scores"


def contest(*contestants: Contestant, metric: str = "roc_auc", emulated: bool = False) -> Comparison:
    return Comparison("c", metric, 1000, "d", ordered(contestants), emulated)


LEADER = Contestant("a", "j1", "m", score=0.9, interval=Interval(0.88, 0.92), cost=4.0, ms_per_row=(2.0, 3.0))
EQUAL = Contestant(
    "b", "j2", "<b>", score=0.89, behind=0.01, behind_interval=Interval(-0.01, 0.03), beaten=0.8, cost=1.0,
    own_score=0.95, fit_seconds=60.0,
)  # fmt: skip
WORSE = Contestant("c", "j3", "m", score=0.8, behind=0.1, behind_interval=Interval(0.05, 0.15), cost=0.0)
GUESS = Contestant("baseline", score=0.5, behind=0.4, behind_interval=Interval(0.3, 0.5))


@pytest.mark.parametrize(
    ("contestants", "words"),
    [
        ((LEADER, EQUAL, WORSE, GUESS), "Between a and b there is no difference that these 1,000 rows can show: take "
         "the cheaper, b."),
        ((LEADER, WORSE, GUESS), "a is ahead: roc_auc 0.9000"),
        ((LEADER, GUESS), "a has roc_auc 0.9000; there is nobody to compare it with."),
        ((GUESS,), "No provider has brought a model"),
        ((Contestant("a", score=0.4), Contestant("baseline", score=0.5)), "Nobody is better than guessing"),
    ],
)  # fmt: skip
def test_the_verdict(contestants: tuple[Contestant, ...], words: str) -> None:
    assert words in verdict(contest(*contestants))


def test_an_emulated_comparison_says_so() -> None:
    assert "nothing here tells how good the vendor is" in verdict(contest(LEADER, WORSE, emulated=True))


def test_the_front_weighs_score_cost_and_time() -> None:
    found = contest(LEADER, EQUAL, WORSE, GUESS)
    assert [c.provider for c in found.pareto] == ["a", "b", "c"]
    beaten = contest(LEADER, Contestant("x", score=0.8, cost=9.0, ms_per_row=(9.0, 9.0)))
    assert [c.provider for c in beaten.pareto] == ["a"]


def test_the_page_is_whole_and_safe() -> None:
    failed = Contestant("<i>d</i>", status="failed", reason="<script>alert(1)</script>")
    page = comparison_html(contest(LEADER, EQUAL, WORSE, GUESS, failed))
    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page
    assert 'data-figure="intervals"' in page
    assert "no difference shown" in page
    assert not [address for address in _addresses(page) if not address.startswith("data:")]


def _addresses(page: str) -> Iterator[str]:
    import re

    # plotly's own text holds addresses that nothing loads
    own = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    yield from re.findall(r"(?:src|href)=\"([^\"]+)\"", own)


def test_smaller_is_better_is_told_the_right_way_round() -> None:
    from cloudautoml.cli.compare import comparison_text

    leader = Contestant("a", "j", "m", score=-2.0, interval=Interval(-2.5, -1.5))
    text = comparison_text(contest(leader, Contestant("baseline", score=-9.0), metric="rmse"))
    assert "rmse ↓" in text
    assert "1.5000 to 2.5000" in text


def test_a_model_that_does_not_predict_is_told(home: Path, spec: JobSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, name: str | None) -> Model:
        raise StorageError("its file is damaged")

    store = Store(home)
    providers = pair(store)
    monkeypatch.setattr(type(providers[0].submit(spec).wait()), "_model", broken)
    found = compare(spec, providers, store=store)
    assert {c.status for c in found.contestants if c.provider != "baseline"} == {"failed"}
    assert all("its file is damaged" in c.reason for c in found.contestants if c.provider != "baseline")
    assert found.leader is None
