"""Reading a report the way a browser does: its elements, texts, scripts and figures."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser
from typing import Any

from typing_extensions import override

_VOID = {"meta", "rect"}


class Page(HTMLParser):
    """The parts of a page.

    Args:
        html: The page.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.types: list[str | None] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")
            self.types.append(dict(attrs).get("type"))

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self.open
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif not self.open or self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        """Everything that can be read, in one line."""
        return " ".join(" ".join(self.text).split())

    @property
    def headings(self) -> list[str]:
        """The ids of the sections."""
        return [str(attributes["id"]) for tag, attributes in self.tags if tag == "section"]

    @property
    def figures(self) -> dict[str, Any]:
        """Plotly's figures by key."""
        found = [text for text, kind in zip(self.scripts, self.types, strict=True) if kind == "application/json"]
        return json.loads(found[0]) if found else {}

    @property
    def allowed(self) -> set[str]:
        """Digests of the scripts that the page's policy lets run."""
        policy = next(a["content"] for tag, a in self.tags if tag == "meta" and "http-equiv" in a) or ""
        rule = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
        return set(rule.split()[1:])

    @property
    def running(self) -> set[str]:
        """Digests of the scripts that are there."""
        scripts = [text for text, kind in zip(self.scripts, self.types, strict=True) if kind != "application/json"]
        digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
        return {f"'sha256-{digest}'" for digest in digests}
