"""Writing: everything about a job put together into one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.job import JobState
from cloudautoml.render import format_number, format_seconds, natural
from cloudautoml.report.board import board_table
from cloudautoml.report.card import model_card
from cloudautoml.report.columns import column_rows
from cloudautoml.report.contact_sheet import contact_sheet, image_summary
from cloudautoml.report.graph_svg import graph_svg
from cloudautoml.report.mistakes import mistakes
from cloudautoml.report.nouns import noun
from cloudautoml.report.origin import reproduction, spec_yaml, versions
from cloudautoml.report.page import rendered
from cloudautoml.report.pictures import architecture_drawing, figures_of
from cloudautoml.report.sources import Sources
from cloudautoml.report.verdict import judge
from cloudautoml.search import rank_correlations
from cloudautoml.spec.metrics import Goal, get_metric
from cloudautoml.store.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.report.verdict import Verdict
    from cloudautoml.store import Store

_LAST_EVENTS = 300


def write_report(store: Store, job: str) -> Path:
    """Write the report of a job into its folder: one file that needs no network and no other file.

    Args:
        store: Where the job is recorded.
        job: Its id. It may be of any provider and in any state; what it has not got is left out.

    Returns:
        The file, `report.html`.

    Raises:
        JobNotFoundError: The store has no such job.
        StorageError: The file cannot be written.
    """
    path = store.job_dir(job) / "report.html"
    write_bytes(path, report_html(Sources.read(store, job)).encode())
    return path


def report_html(sources: Sources) -> str:
    """The report of a job as a page."""
    from markupsafe import Markup

    verdict = judge(sources)
    columns, rows = board_table(sources.board)
    searched, evaluated = figures_of(sources)
    drawing = architecture_drawing(sources.architecture)
    figures = [*searched, *evaluated]
    return rendered(
        "report.html",
        figures,
        record=sources.record,
        spec=sources.spec,
        verdict=verdict,
        perfect="0" if get_metric(sources.board.metric).goal is Goal.MINIMIZE else "1",
        metric=get_metric(sources.board.metric),
        emulated=any(candidate.cost_source == "emulated" for candidate in sources.board),
        facts=_facts(sources, verdict),
        columns=columns,
        board=rows,
        sealed=any(candidate.score_holdout is not None for candidate in sources.board),
        failures=[
            (c.model, c.algorithm, c.status, c.reason or "no reason given")
            for c in sources.board
            if c.status != "succeeded"
        ],
        search_figures=searched,
        model_figures=evaluated,
        fidelities=[str(found) for found in rank_correlations(sources.trials)],
        drawing=drawing,
        drawings=[Markup(graph_svg(graph)) for graph in drawing.graphs] if drawing else [],  # noqa: S704 - escaped there
        mistakes=mistakes(sources.evaluation, sources.folder / "task"),
        example=noun(sources.spec.task.type),
        model_note=_measured_on(sources.evaluation),
        state=_state(sources),
        findings=sources.findings,
        column_rows=column_rows(sources.profile),
        rows=sources.profile.get("rows"),
        features=len(sources.profile.get("columns", [])),
        image_summary=image_summary(sources.profile),
        pictures=contact_sheet(sources.folder / "data", sources.profile),
        card=model_card(sources, verdict),
        spec_yaml=spec_yaml(sources.spec),
        reproduction=reproduction(sources),
        versions=versions(),
        history=_history(sources),
        history_left_out=max(0, len(sources.events) - _LAST_EVENTS),
    )


def _facts(sources: Sources, verdict: Verdict) -> list[tuple[str, str]]:
    record, board, best = sources.record, sources.board, verdict.best
    facts: list[tuple[str, str]] = []
    if best is not None:
        facts += [("Best model", best.model)]
        if best.score_holdout is not None:
            facts += [("Holdout", format_number(natural(board.metric, best.score_holdout)))]
        facts += [("Validation", format_number(natural(board.metric, best.score_val)))]
    tried = len(sources.trials) or sum(candidate.algorithm != "baseline" for candidate in board)
    if tried:
        facts += [("Trials", f"{tried:,}")]
    rows, columns = sources.profile.get("rows"), len(sources.profile.get("columns", []))
    example = noun(sources.spec.task.type)
    if rows and example == "row":
        facts += [("Data", f"{rows:,} × {columns}")]  # noqa: RUF001 - rows by columns
    elif rows:
        facts += [(f"{example}s".capitalize(), f"{rows:,}")]
    took = ((record.ended or record.updated) - record.created).total_seconds()
    return [*facts, ("Time", format_seconds(took))]


def _state(sources: Sources) -> str:
    """Where the job stands; a job with its final models is done, though its runner still writes this page."""
    record = sources.record
    done = record.state is JobState.RUNNING and sources.finished
    return (JobState.SUCCEEDED if done else record.state).value


def _measured_on(evaluation: Mapping[str, Any]) -> str:
    rows = str(evaluation.get("note") or "")
    return f"Measured on {rows}." if rows else ""


def _history(sources: Sources) -> list[tuple[str, str, str]]:
    start = sources.record.created
    return [
        (format_seconds(max(0.0, (event.time - start).total_seconds())), event.kind, event.message)
        for event in sources.events[-_LAST_EVENTS:]
    ]
