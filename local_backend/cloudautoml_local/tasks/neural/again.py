"""Training again at the end: candidates that were only looked at, and the best one on all examples."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cloudautoml.data.arrays import read_array
from cloudautoml.search import FULL, TrialFailedError, TrialState
from cloudautoml.store.files import read_json
from cloudautoml_local.tasks.neural.closing import Entry
from cloudautoml_local.tasks.neural.contenders import expected_seconds
from cloudautoml_local.tasks.neural.examples import joined
from cloudautoml_local.tasks.neural.files import WEIGHTS_FILE
from cloudautoml_local.tasks.neural.keeping import saved
from cloudautoml_local.tasks.neural.rows import trial_candidate
from cloudautoml_local.tasks.neural.session import begin_session
from cloudautoml_local.tasks.neural.training import fit
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.leaderboard import Candidate
    from cloudautoml.search import Architecture, Trial
    from cloudautoml_local.tasks.neural.closing import Closing

_REFIT_MARGIN = 1.3


def entry_at(place: str, row: Candidate, architecture: Architecture, closing: Closing) -> Entry | None:
    """The entry of a training that has left its files in a folder; None where they are gone."""
    folder = closing.directory / place
    if not all((folder / name).exists() for name in (WEIGHTS_FILE, "valid.npy", "trial.json")):
        return None
    return Entry(row, read_array(folder / "valid.npy"), architecture=architecture, place=place)


def train_whole(trials: Sequence[Trial], closing: Closing, *, needed: bool) -> list[Entry]:
    """Candidates that only a cheaper look has judged, trained from scratch at full fidelity.

    Args:
        trials: Which, the most promising first; those that would take too long are left out.
        closing: The end of the job.
        needed: Whether one has to be trained, however long it takes.
    """
    entries: list[Entry] = []
    for trial in trials:
        if expected_seconds(trial) > closing.deadline.left * 0.7 and (entries or not needed):
            continue
        space = closing.task.space().name
        name = f"{space}-{trial.number:03d}-full"
        closing.progress(f"training {name}: it was only looked at before")
        trainer = closing.trainer(closing.directory / "models" / name, closing.resources(0.8))
        try:
            found = trainer.train(trial.architecture, fidelity=FULL)
        except TrialFailedError as exc:
            closing.progress(f"{name} failed: {exc}")
            continue
        whole = replace(trial, measurement=found, state=TrialState.SUCCEEDED)
        row = trial_candidate(whole, closing.spec, space, closing.directory.name)
        row = replace(row, model=name, params={**row.params, "trained": "whole, after the search"})
        if (entry := entry_at(f"models/{name}", row, trial.architecture, closing)) is not None:
            entries.append(entry)
    return entries


def refit(best: Entry, closing: Closing) -> Entry | None:
    """The best candidate trained on the validation examples too, for as many epochs as it took to its best.

    Returns:
        Its entry, without a validation score; None where it would take too long, or it was never trained whole.
    """
    assert best.architecture is not None
    left = read_json(closing.directory / best.place / "trial.json")
    if left["fidelity"]:
        return None  # another model than the one that was judged
    epochs = int(left.get("epochs_before", 0)) + int(left["epochs_best"])
    everything = joined(closing.train, closing.valid)
    growth = len(everything) / len(closing.train)
    if float(left["seconds_per_epoch"]) * epochs * growth * _REFIT_MARGIN + 2.0 > closing.deadline.left * 0.8:
        return None
    closing.progress(f"training {best.candidate.model} again on all examples")
    begin, resources = time.perf_counter(), closing.resources(0.8)
    begin_session(resources)
    signature = closing.problem.signature
    loop = closing.trainer(closing.folder, resources).build(best.architecture, closing.problem, signature, FULL)
    try:
        trained = fit(
            loop, everything, None, epochs=epochs, patience=None, seed=resources.seed,
            deadline=Deadline(resources.seconds),
        )  # fmt: skip
    except TrialFailedError as exc:
        closing.progress(f"it failed: {exc}")
        return None
    if trained.ended == "time":
        return None  # cut short, and so another model as well
    row = best.candidate
    columns: dict[str, Any] = {name: getattr(row, name) for name in ("size_mb", "costs", "predict_ms_per_row")}
    candidate = closing.row(
        "refit", row.algorithm, {}, fit_seconds=time.perf_counter() - begin,
        params={"of": row.model, "epochs": epochs, **row.params}, **columns,
    )  # fmt: skip
    return saved(Entry(candidate, best.valid, architecture=best.architecture), loop, closing)
