"""Cost: budgets in node hours, the most that one may cost, and what a job has used, at dated prices."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import BudgetError
from cloudautoml.job import Cost
from cloudautoml.plan import CostBound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import JobSpec
    from cloudautoml_vertexai.config import VertexaiConfig

LEAST, MOST = 1_000, 72_000
"""Thousandths of a node hour that a table may be given: "between 1,000 and 72,000 milli node hours, inclusive"."""
KIND = "tabular"
"""Word for a table's node hours in the price list."""
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Price:
    """What a node hour costs in USD.

    Attributes:
        amount: The price.
        date: When it was read; None for one of the user's own.
        source: Where it is from.
    """

    amount: Decimal
    date: date | None
    source: str


@cache
def _published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("cloudautoml_vertexai") / "prices.json").read_text(encoding="utf-8"))
    return found


def price_of(config: VertexaiConfig) -> Price:
    """The price of a node hour of a table: the user's own, else the published one."""
    if (own := config.node_hour_prices.get(KIND)) is not None:
        return Price(own, None, "providers.vertexai.node_hour_prices")
    known = _published()
    return Price(Decimal(known["node_hour"][KIND]), date.fromisoformat(known["date"]), known["source"])


def milli_node_hours(spec: JobSpec, config: VertexaiConfig) -> int:
    """The budget: what was asked for in time, or what the money buys, if that is less.

    Raises:
        BudgetError: Nothing bounds the job, or too little is left for Google to begin.
    """
    limits: list[tuple[float, str]] = []
    if spec.budget.max_time is not None:
        limits.append((spec.budget.max_time.total_seconds() / 3.6, "budget.max_time"))
    if (money := spec.budget.max_cost) is not None:
        if money.currency != "USD":
            raise BudgetError("the prices are in USD, and no rate of exchange is known", where="budget.max_cost")
        limits.append((float(money.amount / price_of(config).amount * 1000), "budget.max_cost"))
    if not limits:
        raise BudgetError(
            f"without a limit a job may cost up to {MOST // 1000} node hours, "
            f"{(price_of(config).amount * MOST / 1000).quantize(_CENT)} USD",
            where="budget.max_time",
            hint="give budget.max_time (an hour is a node hour) or budget.max_cost",
        )
    most, field = min(limits)
    if most < LEAST:
        raise BudgetError(
            f"Vertex AI trains for a node hour at least, {price_of(config).amount} USD, "
            f"and this buys {most / 1000:.2f}",
            where=field,
            hint="give max_time: 1h or more, and as much money",
        )
    return min(math.floor(most), MOST)


def bound_of(spec: JobSpec, config: VertexaiConfig) -> CostBound:
    """The most that training can cost: "the training cost of the model will not exceed this budget"."""
    milli, price = milli_node_hours(spec, config), price_of(config)
    amount = (price.amount * milli / 1000).quantize(_CENT, ROUND_UP)
    if spec.budget.max_cost is not None:
        amount = min(amount, spec.budget.max_cost.amount)
    hours = "a node hour" if milli == LEAST else f"{milli / 1000:g} node hours"
    basis = f"{hours} at {price.amount} USD; predictions are apart"
    return CostBound(amount, basis, rate_date=price.date, source=price.source)


def used_milli_node_hours(pipeline: Mapping[str, Any]) -> float | None:
    """What a training has used; None where Google does not say (yet).

    Args:
        pipeline: The training pipeline. Its metadata comes as a Struct, in which a count is a float, or a string.
    """
    used = pipeline.get("trainingTaskMetadata", {}).get("trainCostMilliNodeHours")
    return None if used is None else float(used)


def cost_of(pipeline: Mapping[str, Any], config: VertexaiConfig) -> Cost:
    """What a training has cost; one that failed is not charged for."""
    if pipeline.get("state") == "PIPELINE_STATE_FAILED":
        return Cost(Decimal(0), "estimated")
    used = used_milli_node_hours(pipeline)
    return Cost(None if used is None else Decimal(str(used)) / 1000 * price_of(config).amount, "estimated")
