"""How each feature that is a call on a job is used, and what must come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml.capabilities import Feature
from cloudautoml.errors import DataError, JobCancelledError, JobNotFoundError
from cloudautoml.job import JobState
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.spec import ImageClassification, TabularClassification

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.job import Job
    from cloudautoml.testing.rehearsal import Rehearsal


def _cancel(rehearsal: Rehearsal) -> None:
    spec = rehearsal.main_spec
    job = rehearsal.provider.submit(spec)
    first = job.cancel()
    second = job.cancel()
    assert first.state in {JobState.CANCELLING, JobState.CANCELLED}
    assert second.state in {JobState.CANCELLING, JobState.CANCELLED}
    with pytest.raises(JobCancelledError):
        job.wait(timeout=rehearsal.patience)
    assert job.state is JobState.CANCELLED
    assert job.cancel().state is JobState.CANCELLED
    with pytest.raises(JobCancelledError):
        job.model()


def _attach(rehearsal: Rehearsal) -> None:
    from cloudautoml.store import Store

    job = rehearsal.main
    elsewhere = rehearsal.make(Store(rehearsal.store.home))
    record = rehearsal.store.job(job.id)
    for ref in (job.id, job.id[:-1], *([record.vendor_ref] if record.vendor_ref else [])):
        again = elsewhere.attach(ref)
        assert again.id == job.id
        assert again.state is job.state
        assert again.spec.fingerprint() == job.spec.fingerprint()
        assert again.leaderboard().to_dict() == job.leaderboard().to_dict()
    assert job.id in {known.id for known in elsewhere.list_jobs()}
    with pytest.raises(JobNotFoundError):
        elsewhere.attach("no-such-job-anywhere")


def _events(rehearsal: Rehearsal) -> None:
    job = rehearsal.main
    events = list(job.events())
    assert [event.number for event in events] == list(range(1, len(events) + 1)), "a history has no holes"
    assert [event.time for event in events] == sorted(event.time for event in events)
    states = [event.data["state"] for event in events if event.kind == "state"]
    assert states[0] == "created"
    assert states[-1] == job.state.value
    assert all(event.message for event in events)
    assert [event.number for event in job.events(after=1)] == [event.number for event in events[1:]]
    assert list(job.events(follow=True)) == events, "following a job that has ended ends"
    json.dumps([event.to_dict() for event in events], allow_nan=False)


def _logs(rehearsal: Rehearsal) -> None:
    lines = list(rehearsal.main.logs())
    assert lines
    assert not any(line.endswith("\n") for line in lines)
    assert list(rehearsal.main.logs(follow=True)) == lines, "following a job that has ended ends"


def _leaderboard(rehearsal: Rehearsal) -> None:
    job = rehearsal.main
    board = job.leaderboard()
    assert board.best is not None
    assert board.best.can_infer, "the best candidate can predict"
    assert board.job == job.id
    assert board.metric == job.spec.metric.name
    names = [candidate.model for candidate in board]
    assert len(set(names)) == len(names), "models have names of their own"
    scores = [c.score_val for c in board if c.succeeded and c.score_val is not None]
    assert scores == sorted(scores, reverse=True)
    for candidate in board:
        assert (candidate.provider, candidate.job) == (rehearsal.provider.name, job.id)
        assert candidate.status in {"succeeded", "failed", "skipped"}
        assert candidate.status == "succeeded" or candidate.reason, f"{candidate.model} says why it failed"
        assert candidate.cost_source in {"free", "estimated", "billed", "emulated"}
    text = json.dumps(board.to_dict(), allow_nan=False)
    assert Leaderboard.from_dict(json.loads(text)).to_dict() == board.to_dict()
    assert job.leaderboard().to_dict() == board.to_dict(), "asking again gives the same"


def _predict(rehearsal: Rehearsal) -> None:
    model, rows = rehearsal.main.model(), rehearsal.rows()
    predicted = model.predict(rows)
    assert len(predicted) == len(rows)
    assert list(predicted.index) == list(rows.index)
    assert not predicted.isna().any()
    turned = rows[list(reversed(rows.columns))].assign(nobody_asked_for_this=1)
    assert list(model.predict(turned)) == list(predicted), "columns may come in any order, and extra ones too"
    task = rehearsal.main_spec.task
    if isinstance(task, (TabularClassification, ImageClassification)):
        assert set(map(str, predicted)) <= _classes(rehearsal, task.target)
    assert len(model.predict(rows.head(1))) == 1
    named = rehearsal.main.model(model.name)
    assert list(named.predict(rows)) == list(predicted)


def _predict_proba(rehearsal: Rehearsal) -> None:
    task = rehearsal.main_spec.task
    if not isinstance(task, (TabularClassification, ImageClassification)):
        pytest.fail("the suite probes probabilities on a classification; honour that first")
    model, rows = rehearsal.main.model(), rehearsal.rows()
    table = model.predict_proba(rows)
    assert len(table) == len(rows)
    assert {str(name) for name in table.columns} == _classes(rehearsal, task.target)
    assert bool((table >= 0).all(axis=None))
    assert bool(((table.sum(axis=1) - 1).abs() < 1e-6).all())


def _batch_predict(rehearsal: Rehearsal) -> None:
    model = rehearsal.main.model()
    source = rehearsal.main_spec.data.train
    assert len(model.predict(source)) == len(rehearsal.rows()), "a path is as good as a table"


def _endpoint(rehearsal: Rehearsal) -> None:
    from cloudautoml.errors import SpecError

    model, rows = rehearsal.main.model(), rehearsal.rows().head(8)
    with pytest.raises(SpecError):
        model.deploy(max_hours=0)
    with model.deploy(max_hours=1) as endpoint:
        assert list(endpoint.predict(rows)) == list(model.predict(rows))
        assert list(endpoint.predict(rows).index) == list(rows.index)
        assert model.deploy(max_hours=2).name == endpoint.name, "deploying again while it stands is the same endpoint"
        assert any(item.name == endpoint.name and item.costs for item in rehearsal.provider.leftovers())
    endpoint.delete()
    with pytest.raises(JobNotFoundError):
        endpoint.predict(rows)
    assert not any(item.name == endpoint.name for item in rehearsal.provider.leftovers())


def images_are_predicted(job: Job, rehearsal: Rehearsal) -> None:
    """A folder, a table of paths and an array of the same images have the same predictions, each by its own index."""
    from cloudautoml.data import prepare_images

    spec, model = job.spec, job.model()
    data = prepare_images(spec, base=rehearsal.provider.base)
    paths = [Path(path) for path in data.examples["image"]]
    folder = paths[0].parents[1]
    by_table = model.predict(data.examples[["image"]].rename(columns={"image": data.schema.image}))
    assert list(by_table.index) == list(range(len(paths)))
    told = by_table.explode().dropna() if data.schema.multi_label else by_table  # a list of labels may be empty
    assert set(told) <= set(data.classes)
    if rehearsal.honours(Feature.PREDICT_PROBA):
        table = model.predict_proba(folder)
        assert set(table.columns) == set(data.classes)
        assert bool(((table >= 0) & (table <= 1)).all(axis=None))
    by_folder = model.predict(folder)
    named = {path.relative_to(folder).as_posix(): label for path, label in zip(paths, by_table, strict=True)}
    assert dict(by_folder) == named
    pixels = data.images.pixels(size=data.schema.size, channels=data.schema.channels)
    assert list(model.predict(pixels)) == list(by_table)
    assert len(model.predict(str(paths[0]))) == 1
    with pytest.raises(DataError):
        model.predict(folder / "no such picture.png")


def _classes(rehearsal: Rehearsal, target: str) -> set[str]:
    from cloudautoml.data import read_table

    spec = rehearsal.main_spec
    frame = read_table(spec.data.train, spec.data, base=rehearsal.provider.base)
    return set(map(str, frame[target].dropna().unique()))


CALLS: dict[Feature, Callable[[Rehearsal], None]] = {
    Feature.CANCEL: _cancel,
    Feature.ATTACH: _attach,
    Feature.EVENTS: _events,
    Feature.LOGS: _logs,
    Feature.LEADERBOARD: _leaderboard,
    Feature.PREDICT: _predict,
    Feature.PREDICT_PROBA: _predict_proba,
    Feature.BATCH_PREDICT: _batch_predict,
    Feature.ENDPOINT: _endpoint,
}
"""What the suite does with a job whose provider honours the feature."""

OWN_CALLS = (Feature.RESUME, Feature.EXPORT_ONNX, Feature.FEATURE_IMPORTANCE)
"""Calls that providers offer in their own way: one that honours them brings a probe."""

REFUSED_CALLS: dict[Feature, Callable[[Job, Any], object]] = {
    Feature.LOGS: lambda job, _: list(job.logs()),
    Feature.LEADERBOARD: lambda job, _: job.leaderboard(),
    Feature.PREDICT: lambda job, rows: job.model().predict(rows),
    Feature.PREDICT_PROBA: lambda job, rows: job.model().predict_proba(rows),
    Feature.ENDPOINT: lambda job, _: job.model().deploy(max_hours=1),
}
"""Calls that raise UnsupportedError where the provider refuses them."""
