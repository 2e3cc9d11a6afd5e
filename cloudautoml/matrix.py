"""The capability matrix of the README: every feature by every installed provider, made from the tables that refuse.

`python -m cloudautoml.matrix README.md` writes it between its markers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cloudautoml.capabilities import Feature, Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.capabilities import Capabilities, Support

BEGIN, END = "<!-- matrix -->\n", "<!-- end of matrix -->\n"
_SIGNS = {Level.NATIVE: "✓", Level.EMULATED: "(✓)", Level.NOT_IMPLEMENTED: "·", Level.UNSUPPORTED: "✗"}


def matrix_markdown(providers: Mapping[str, Capabilities]) -> str:
    """A Markdown table with a row a feature and a column a provider; refusals with their reasons below it.

    Args:
        providers: Capability tables by provider name, in the order of the columns.
    """
    lines = [
        "| feature | " + " | ".join(f"`{name}`" for name in providers) + " |",
        "| --- |" + " :-: |" * len(providers),
    ]
    for feature in Feature:
        signs = [_SIGNS[table[feature].level] for table in providers.values()]
        lines.append(f"| {_words(feature)} | " + " | ".join(signs) + " |")
    lines += ["", "✓ native; (✓) done by cloudautoml around the provider; · not built yet; ✗ the provider cannot.", ""]
    for name, table in providers.items():
        lines += [f"<details><summary>What <code>{name}</code> refuses, and why</summary>", ""]
        lines += [f"- **{_words(feature)}**: {_reason(support)}" for feature, support in table.items() if not support]
        lines += ["", "</details>", ""]
    return "\n".join(lines)


def installed() -> dict[str, Capabilities]:
    """The tables of all providers that are registered, by name."""
    from cloudautoml.registry import names, provider_plugin

    return {name: provider_plugin(name).provider.capabilities for name in names("providers")}


def with_matrix(text: str, matrix: str) -> str:
    """A text with the matrix between its markers.

    Raises:
        ValueError: The markers are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        msg = f"the text has no {BEGIN.strip()} ... {END.strip()}"
        raise ValueError(msg)
    return before + begin + "\n" + matrix + end + after


def _words(feature: Feature) -> str:
    return feature.value.replace("_", " ")


def _reason(support: Support) -> str:
    return f"{support.reason}; {support.instead}" if support.instead else support.reason


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_matrix(page.read_text("utf-8"), matrix_markdown(installed())), "utf-8")
