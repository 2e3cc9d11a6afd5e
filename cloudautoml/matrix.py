"""The capability matrix: every feature by every installed provider, as the README shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.capabilities import Feature, Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.capabilities import Capabilities, Support

_SIGNS = {Level.NATIVE: "✓", Level.EMULATED: "✓ ¹", Level.NOT_IMPLEMENTED: "–", Level.UNSUPPORTED: "✗"}


def matrix_markdown(providers: Mapping[str, Capabilities]) -> str:
    """A Markdown table with a row a feature and a column a provider; refusals with their reason below it.

    Args:
        providers: Capability tables by provider name, in the order of the columns.
    """
    lines = [
        "| feature | " + " | ".join(f"`{name}`" for name in providers) + " |",
        "| --- |" + " :-: |" * len(providers),
    ]
    for feature in Feature:
        signs = [_SIGNS[table[feature].level] for table in providers.values()]
        lines.append(f"| {feature.value.replace('_', ' ')} | " + " | ".join(signs) + " |")
    lines += ["", "✓ native · ✓ ¹ done by cloudautoml around the provider · – not built yet · ✗ the provider cannot", ""]
    for name, table in providers.items():
        refused = [(feature, support) for feature, support in table.items() if not support]
        lines += [f"<details><summary>What <code>{name}</code> refuses, and why</summary>", ""]
        lines += [f"- **{feature.value.replace('_', ' ')}**: {_reason(support)}" for feature, support in refused]
        lines += ["", "</details>", ""]
    return "\n".join(lines).rstrip() + "\n"


def _reason(support: Support) -> str:
    return f"{support.reason}; {support.instead}" if support.instead else support.reason
