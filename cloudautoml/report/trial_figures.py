"""Trial figures: how training went, what a better score costs in use, and whether cheap scores can be trusted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cloudautoml.render import arrow, format_number, natural
from cloudautoml.report.figures import Figure, axis, dots, layout, line, text, window
from cloudautoml.spec.metrics import Goal, get_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.search.trial import Trial

_FEWEST = 3
_CURVES = 60
_COSTS = {
    "parameters": "parameters",
    "flops": "operations an example",
    "latency_ms": "milliseconds an example",
    "size_mb": "megabytes",
}


def trial_figures(board: Leaderboard, trials: Sequence[Trial]) -> list[Figure]:
    """The charts that trials give beyond the leaderboard, those left out for which there is too little."""
    found = [_curves(board, trials), *(_front(board, name) for name in board.minimize)]
    return [figure for figure in found if figure is not None]


def _value(board: Leaderboard, score: float) -> float:
    value = natural(board.metric, score)
    assert value is not None  # a score is given
    return value


def _curves(board: Leaderboard, trials: Sequence[Trial]) -> Figure | None:
    """Score along training, the best trial in front."""
    drawn = [trial for trial in trials if trial.measurement is not None and len(trial.measurement.curve) > 1]
    if len(drawn) < _FEWEST:
        return None
    drawn.sort(key=lambda trial: trial.score or -math.inf)
    left_out = max(0, len(drawn) - _CURVES)
    traces: list[dict[str, Any]] = []
    values: list[float] = []
    for at, trial in enumerate(shown := drawn[left_out:]):
        assert trial.measurement is not None  # only those are drawn
        ys = [_value(board, score) for score in trial.measurement.curve]
        values += ys
        best = at == len(shown) - 1
        drawn_line = line(
            list(range(1, len(ys) + 1)), ys, name=f"best: trial {trial.number}" if best else "",
            color="@accent" if best else "@quiet",
        )  # fmt: skip
        drawn_line["line"]["width"] = 2.5 if best else 1
        drawn_line["opacity"] = 1.0 if best else 0.35
        traces.append(drawn_line)
    stopped = sum(1 for trial in drawn if trial.measurement and trial.measurement.details.get("stopped"))
    note = f"The validation score of {len(shown)} trials while they were trained."
    note += f" {left_out} worse ones are left out." if left_out else ""
    note += f" {stopped} were ended early, for want of hope." if stopped else ""
    shown_range = window(values, lower_is_better=get_metric(board.metric).goal is Goal.MINIMIZE)
    y = axis(f"{board.metric} {arrow(board.metric)}") | ({"range": list(shown_range)} if shown_range else {})
    longest = max(len(trace["x"]) for trace in traces)
    x = axis("step") | {"showgrid": False, "dtick": max(1, round(longest / 10))}
    return Figure("curves", "Learning curves", note, traces, layout(x, y, height=340, legend=True), wide=True)


def _front(board: Leaderboard, cost: str) -> Figure | None:
    """Score against a cost, with the candidates that no other beats in both joined by a line."""
    from cloudautoml.search.pareto import front

    known = [
        (candidate, spent, candidate.score_val)
        for candidate in board
        if candidate.succeeded and candidate.algorithm != "baseline"
        and (spent := candidate.cost(cost)) is not None and candidate.score_val is not None
    ]  # fmt: skip
    if len(known) < _FEWEST:
        return None
    best = [known[at] for at in front([(spent, -score) for _, spent, score in known])]
    best.sort(key=lambda entry: entry[1])
    others = [entry for entry in known if entry not in best]
    path = line([spent for _, spent, _ in best], [_value(board, s) for *_, s in best], color="@accent")
    path["line"] = {"color": "@accent", "width": 1.5, "shape": "hv"}
    traces = [
        path,
        dots([c for _, c, _ in others], [_value(board, s) for *_, s in others],
             [_hover(board, entry, cost) for entry in others], name="beaten in both", color="@quiet"),
        dots([c for _, c, _ in best], [_value(board, s) for *_, s in best],
             [_hover(board, entry, cost) for entry in best], name="Pareto front", color="@accent"),
    ]  # fmt: skip
    spread = [spent for _, spent, _ in known if spent > 0]
    x = axis(_COSTS.get(cost, cost)) | {"showgrid": False}
    if spread and max(spread) > 30 * min(spread):
        x |= {"type": "log", "dtick": 1}
    values = [_value(board, score) for *_, score in known]
    shown = window(values, lower_is_better=get_metric(board.metric).goal is Goal.MINIMIZE)
    y = axis(f"{board.metric} {arrow(board.metric)}") | ({"range": list(shown)} if shown else {})
    note = f"{len(best)} of {len(known)} candidates are on the front: whoever beats one in score is larger or slower."
    return Figure(f"pareto_{cost}", f"Score and {_COSTS.get(cost, cost)}", note, traces,
                  layout(x, y, height=340, legend=True))  # fmt: skip


def _hover(board: Leaderboard, entry: tuple[Candidate, float, float], cost: str) -> str:
    candidate, spent, score = entry
    return (
        f"<b>{text(candidate.model)}</b><br>{board.metric} {format_number(_value(board, score))}"
        f"<br>{_COSTS.get(cost, cost)} {format_number(spent)}"
    )
