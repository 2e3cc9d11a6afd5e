"""Pictures: every chart of a job and the drawing of its best architecture, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import UnknownNameError
from cloudautoml.report.evaluation_figures import evaluation_figures
from cloudautoml.report.figures import Figure
from cloudautoml.report.graph import Graph, graph_of
from cloudautoml.report.part_figures import part_figures
from cloudautoml.report.search_figures import search_figures
from cloudautoml.report.sources import Sources
from cloudautoml.report.trial_figures import trial_figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.store import Store

_MOST_BOXES = 60
"""A network of more is too large to be read; its cells are drawn alone, where it has some."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing of an architecture.

    Attributes:
        title: What it shows.
        note: What there is to know about it.
        graphs: The whole network, or one of each of its cells.
    """

    title: str
    note: str
    graphs: tuple[Graph, ...]


def architecture_drawing(best: Mapping[str, Any]) -> Drawing | None:
    """The drawing of the best architecture; None where there is none, or it is too large.

    Args:
        best: `task/best.json`: `model`, its `layers`, and `overview`, a list of parts with `title` and `layers`.
    """
    if not best:
        return None
    parts = [(str(part["title"]), part["layers"]) for part in best.get("overview", [])]
    whole = [("network", best["layers"])] if best.get("layers") else []
    graphs = tuple(graph_of(title, layers) for title, layers in parts or whole)
    if not graphs or any(len(graph.boxes) > _MOST_BOXES for graph in graphs):
        return None
    note = f"The architecture of {best.get('model', 'the best candidate')}, from its input to its output."
    if parts:
        note = f"The cells that {best.get('model', 'the best candidate')} is stacked from."
    return Drawing("Architecture", note, graphs)


def figures_of(sources: Sources) -> tuple[list[Figure], list[Figure]]:
    """The charts of a job: of its search, and of its best model."""
    searched = [*search_figures(sources.board), *trial_figures(sources.board, sources.trials)]
    evaluated = [*evaluation_figures(sources.evaluation, sources.importance), *part_figures(sources.evaluation)]
    return searched, evaluated


def pictures(store: Store, job: str) -> dict[str, Figure | Drawing]:
    """Every picture that there is of a job, by name.

    Raises:
        JobNotFoundError: The store has no such job.
    """
    sources = Sources.read(store, job)
    drawing = architecture_drawing(sources.architecture)
    searched, evaluated = figures_of(sources)
    found: dict[str, Figure | Drawing] = {figure.key: figure for figure in (*searched, *evaluated)}
    return found if drawing is None else {**found, "architecture": drawing}


def paint(known: Mapping[str, Figure | Drawing], name: str, *, form: str) -> bytes:
    """A picture as a file.

    Args:
        known: What `pictures` gave.
        name: Which one.
        form: `png`, `svg` or `pdf`.

    Raises:
        UnknownNameError: There is no such picture.
        ConfigError: There is no such format.
        MissingExtraError: matplotlib is not installed.
    """
    from cloudautoml.report.paint import drawn, painted

    if name not in known:
        raise UnknownNameError("picture", name, list(known))
    picture = known[name]
    return painted(picture, form=form) if isinstance(picture, Figure) else drawn(picture.graphs, form=form)
