"""Page: what all HTML pages share: one file that needs no network, its style, its scripts and its charts."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.report.figures import Figure


def rendered(template: str, figures: Sequence[Figure], **values: Any) -> str:
    """A page.

    Args:
        template: Name of its template beside this module. It extends `page.html`.
        figures: All its charts; without any the page has no chart library in it.
        values: What the template shows.
    """
    import jinja2
    from markupsafe import Markup

    import cloudautoml

    script = _file("page.js")
    plotly = _plotly() if figures else ""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_file), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(template).render(
        **values,
        version=cloudautoml.__version__,
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        style=Markup(_file("page.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        plotly=Markup(plotly),  # noqa: S704 - plotly's own file
        hashes=Markup(" ".join(_hash(text) for text in (script, plotly) if text)),  # noqa: S704 - digests
        figures_json=Markup(_figures_json(figures)) if figures else "",  # noqa: S704 - escaped there
    )


def _file(name: str) -> str:
    return (resources.files("cloudautoml.report") / name).read_text(encoding="utf-8")


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    # a browser reads every line end as a line feed, and hashes what it has read
    return str(get_plotlyjs()).replace("\r\n", "\n").replace("\r", "\n")


def _hash(script: str) -> str:
    """What the page's policy calls a script that may run; no other may."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _figures_json(figures: Sequence[Figure]) -> str:
    """Figures as JSON that cannot end the element it stands in."""
    text = json.dumps(
        {figure.key: {"data": figure.data, "layout": figure.layout} for figure in figures},
        allow_nan=False, separators=(",", ":"),
    )  # fmt: skip
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
