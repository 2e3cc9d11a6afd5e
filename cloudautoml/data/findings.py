"""Finding: one thing worth knowing about the data, as a value that a person, a script or a report can use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"  # worth knowing; nothing to do
    WARNING = "warning"  # training goes on, and the result may mislead
    ERROR = "error"  # training would be meaningless


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about the data.

    Attributes:
        code: Stable name, such as `target.one_class`.
        severity: How much it matters.
        message: What was seen, with counts.
        column: The column it is about, where it is about one.
        hint: What to do about it.
    """

    code: str
    severity: Severity
    message: str
    column: str | None = None
    hint: str = ""

    @override
    def __str__(self) -> str:
        place = f"column {self.column!r}: " if self.column is not None else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.severity.value} {self.code}: {place}{self.message}{hint}"

    def to_dict(self) -> dict[str, str | None]:
        """The finding as a JSON object."""
        return {**asdict(self), "severity": self.severity.value}

    @classmethod
    def from_dict(cls, value: Mapping[str, str | None]) -> Finding:
        """Read what `to_dict` wrote."""
        return cls(
            code=str(value["code"]),
            severity=Severity(str(value["severity"])),
            message=str(value["message"]),
            column=value["column"],
            hint=value["hint"] or "",
        )
