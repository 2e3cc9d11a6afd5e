"""Evaluation figures: the best model closely: what it goes by, and where it is right and wrong."""

from __future__ import annotations

import contextlib
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cloudautoml.render import format_number
from cloudautoml.report.figures import Figure, axis, dots, layout, line, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_FEATURES = 20
_CLASSES = 30
_CURVES = 8  # more lines are a tangle
_KINDS = {
    "roc": (
        "ROC curve",
        ("fpr", "tpr"),
        ("false positive rate", "true positive rate"),
        "The further up and left of the diagonal, the better.",
    ),
    "precision_recall": (
        "Precision and recall",
        ("recall", "precision"),
        ("recall", "precision"),
        "How many false alarms come with finding more.",
    ),
    "calibration": (
        "Calibration",
        ("predicted", "observed"),
        ("predicted share", "observed share"),
        "On the diagonal, what is called 70 % likely happens 70 % of the time.",
    ),
}


def evaluation_figures(evaluation: Mapping[str, Any], importance: Mapping[str, Any]) -> list[Figure]:
    """The charts that the files of a task give; each is left out when its part is missing.

    Args:
        evaluation: `task/evaluation.json`: for a classifier `classes`, `confusion` (rows are the truth) and
            `curves` (a list with `class`, `roc`, `precision_recall` and `calibration`), for a regressor
            `points` (`truth`, `predicted`), `residuals` (`edges`, `counts`) and `residual_quantiles`.
        importance: `task/importance.json`: `features`, a list with `name`, `importance` and `std`, and
            a `note` that says what they are.
    """
    drawings: list[Callable[[], Figure | None]] = [
        partial(_importance, importance),
        partial(_confusion, evaluation),
        *(partial(_curve, evaluation, kind) for kind in _KINDS),
        partial(_predicted, evaluation),
        partial(_residuals, evaluation),
    ]
    figures: list[Figure] = []
    for draw in drawings:
        # a file of another version costs its own chart, not the whole report
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            if (figure := draw()) is not None:
                figures.append(figure)
    return figures


def _importance(importance: Mapping[str, Any]) -> Figure | None:
    features: Sequence[Mapping[str, Any]] = importance.get("features", [])
    if not features:
        return None
    shown = sorted(features, key=lambda feature: -float(feature["importance"]))[:_FEATURES][::-1]
    values = [float(feature["importance"]) for feature in shown]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": list(range(len(shown))),
        "marker": {"color": "@accent"},
        "text": [f"{text(feature['name'])}<br>{format_number(float(feature['importance']))}" for feature in shown],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }
    y = axis("") | {
        # positions, not names: two long names may be cut to the same text
        "tickvals": list(range(len(shown))),
        "ticktext": [text(feature["name"], longest=28) for feature in shown],
        "showgrid": False,
        "ticklabelstandoff": 8,
    }
    note = str(importance.get("note") or "How much the score falls when a column is shuffled.")
    if len(features) > _FEATURES:
        note += f" The first {_FEATURES} of {len(features)}."
    picture = layout(axis("") | {"rangemode": "tozero"}, y, height=70 + 24 * len(shown)) | {"bargap": 0.35}
    return Figure("importance", "Feature importance", note, [bars], picture, wide=len(shown) > 10)


def _confusion(evaluation: Mapping[str, Any]) -> Figure | None:
    table: Sequence[Sequence[float]] = evaluation.get("confusion", [])
    classes: Sequence[object] = evaluation.get("classes", [])
    if not table or len(table) != len(classes) or len(classes) > _CLASSES:
        return None
    names = [text(label, longest=24) for label in classes]
    totals = [sum(row) or 1 for row in table]
    heat = {
        "type": "heatmap",
        "x": list(range(len(names))),
        "y": list(range(len(names))),
        "z": [[value / total for value in row] for row, total in zip(table, totals, strict=True)],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, "@wash"], [1, "@accent"]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [[f"{value:,.0f}" for value in row] for row in table],
        "customdata": [
            [f"{names[row]}, predicted as {names[column]}: {value:,.0f}, {value / totals[row]:.1%}"
             for column, value in enumerate(values)]
            for row, values in enumerate(table)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip
    if len(names) <= 12:
        heat["texttemplate"] = "%{text}"
    marks = {"tickvals": list(range(len(names))), "ticktext": names, "showgrid": False}
    x, y = axis("predicted") | marks, axis("truth") | marks | {"autorange": "reversed"}
    size = max(340, 150 + min(40 * len(names), 420))
    note = "Rows are the truth; the darker a cell, the larger its share of the row."
    return Figure("confusion", "Confusion matrix", note, [heat], layout(x, y, height=size), wide=len(names) > 8)


def _curve(evaluation: Mapping[str, Any], kind: str) -> Figure | None:
    title, fields, titles, note = _KINDS[kind]
    curves: Sequence[Mapping[str, Any]] = [curve for curve in evaluation.get("curves", []) if curve.get(kind)]
    if not curves:
        return None
    shown = curves[:_CURVES]
    traces: list[dict[str, Any]] = []
    if kind != "precision_recall":
        traces.append(line([0, 1], [0, 1], color="@line"))
    for number, curve in enumerate(shown):
        color = "@accent" if len(shown) == 1 else f"@c{number % 8}"
        xs, ys = (list(curve[kind][field]) for field in fields)
        trace = line(xs, ys, name=text(curve.get("class", "")), color=color)
        if kind == "calibration":
            trace |= {"mode": "lines+markers", "marker": {"color": color, "size": 7}}
        hover = f"%{{fullData.name}}<br>{titles[0]} %{{x:.3f}}<br>{titles[1]} %{{y:.3f}}<extra></extra>"
        traces.append(trace | {"hoverinfo": "all", "hovertemplate": hover})
    if len(curves) > 1:
        note += f" One line a class{f', the first {_CURVES} of {len(curves)}' if len(curves) > _CURVES else ''}."
    elif curves[0].get("class"):
        note += f" For the class {curves[0]['class']}."
    x, y = axis(titles[0]) | {"range": [0, 1.01]}, axis(titles[1]) | {"range": [0, 1.01]}
    return Figure(kind, title, note, traces, layout(x, y, height=340, legend=len(shown) > 1))


def _predicted(evaluation: Mapping[str, Any]) -> Figure | None:
    points: Mapping[str, Any] = evaluation.get("points", {})
    truth, predicted = points.get("truth", []), points.get("predicted", [])
    if not truth:
        return None
    low, high = min(*truth, *predicted), max(*truth, *predicted)
    pad = 0.03 * (high - low) or 1.0
    ends = [low - pad, high + pad]
    hover = [f"truth {format_number(a)}<br>predicted {format_number(b)}" for a, b in zip(truth, predicted, strict=True)]
    marks = dots(truth, predicted, hover) | {"marker": {"color": "@accent", "size": 5, "opacity": 0.5}}
    x, y = axis("truth") | {"range": ends}, axis("predicted") | {"range": ends}
    note = f"{len(truth):,} rows; on the line, the prediction is right."
    return Figure(
        "predicted", "Predicted and true", note, [line(ends, ends, color="@line"), marks], layout(x, y, height=360)
    )


def _residuals(evaluation: Mapping[str, Any]) -> Figure | None:
    residuals: Mapping[str, Any] = evaluation.get("residuals", {})
    edges, counts = residuals.get("edges", []), residuals.get("counts", [])
    if not counts:
        return None
    bars = {
        "type": "bar",
        "x": [(low + high) / 2 for low, high in pairwise(edges)],
        "width": [high - low for low, high in pairwise(edges)],
        "y": list(counts),
        "marker": {"color": "@accent"},
        "hovertemplate": "%{y} rows<extra></extra>",
    }
    picture = layout(axis("truth less prediction") | {"showgrid": False}, axis("rows"), height=360) | {"bargap": 0.06}
    note = "Right of zero, the model predicted too little."
    quantiles: Mapping[str, float] = evaluation.get("residual_quantiles", {})
    if {"0.25", "0.75"} <= set(quantiles):
        low, high = (format_number(float(quantiles[share])) for share in ("0.25", "0.75"))
        note += f" Half of the rows lie between {low} and {high}."
    return Figure("residuals", "Residuals", note, [bars], picture)
