"""Plan: what submitting would do, word for word, and what it could cost; made without any network."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from cloudautoml.capabilities import Gap
    from cloudautoml.data.findings import Finding


@dataclass(frozen=True, slots=True)
class VendorRequest:
    """One call that submitting would make.

    Attributes:
        operation: The vendor's name for it.
        body: What is sent, word for word.
    """

    operation: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CostBound:
    """The most that a job can cost.

    Attributes:
        amount: In `currency`; None when no bound can be given, which counts as over any budget.
        basis: How it was computed.
        rate_date: Date of the prices; None where nothing is paid for.
        source: Where the prices are from.
        currency: ISO 4217 code.
    """

    amount: Decimal | None
    basis: str
    rate_date: date | None = None
    source: str = ""
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Plan:
    """What `submit` would do.

    Attributes:
        provider: Registry name.
        requests: The calls, in order.
        cost: The bound on the cost.
        gaps: What the provider refuses; `submit` would raise when there is any.
        findings: What the data check found; empty where the data cannot be read from here.
        notes: What differs from other providers and is worth knowing before paying.
    """

    provider: str
    requests: tuple[VendorRequest, ...]
    cost: CostBound
    gaps: tuple[Gap, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "schema_version": 1,
            "provider": self.provider,
            "requests": [{"operation": r.operation, "body": _plain(r.body)} for r in self.requests],
            "cost": {
                "amount": None if self.cost.amount is None else str(self.cost.amount),
                "currency": self.cost.currency,
                "basis": self.cost.basis,
                "rate_date": self.cost.rate_date.isoformat() if self.cost.rate_date else None,
                "source": self.cost.source,
            },
            "gaps": [
                {
                    "feature": gap.feature.value,
                    "level": gap.support.level.value,
                    "field": gap.field,
                    "reason": gap.support.reason,
                    "instead": gap.support.instead,
                }
                for gap in self.gaps
            ],
            "findings": [finding.to_dict() for finding in self.findings],
            "notes": list(self.notes),
        }

    def _repr_html_(self) -> str:
        from cloudautoml.render import plan_html

        return plan_html(self)


def _plain(value: Any) -> Any:
    if isinstance(value, (dict, MappingProxyType)):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value
