"""History: what the finished trials of a job tell an estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cloudautoml.search import Measurement, Proposal, Trial


def trained(history: Sequence[Trial]) -> Iterator[tuple[Trial, Measurement]]:
    """The trials that were really trained, with what came out."""
    for trial in history:
        if trial.measurement is not None and not trial.measurement.predicted:
            yield trial, trial.measurement


def parent_of(proposal: Proposal, history: Sequence[Trial]) -> Trial | None:
    """The trial that a proposal descends from; None where there is none, or it left no model."""
    if proposal.parent is None:
        return None
    return next((trial for trial, _ in trained(history) if trial.number == proposal.parent), None)
