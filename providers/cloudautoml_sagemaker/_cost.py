"""Cost: the most that a job may cost, and what it has used, by prices that the user has given."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from cloudautoml.job import Cost
from cloudautoml.plan import CostBound
from cloudautoml_sagemaker._request import job_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker.config import SagemakerConfig

_CENT = Decimal("0.01")


def bound_of(spec: JobSpec, config: SagemakerConfig) -> CostBound:
    """The most that training can cost: the job's time limit at the hourly rate of the settings."""
    seconds = job_seconds(spec, config)
    if seconds is None:
        return CostBound(None, "nothing bounds the job")
    if config.hourly_rate is None:
        return CostBound(
            None,
            f"{seconds} s on machines that Autopilot chooses; "
            "providers.sagemaker.hourly_rate is not set, so nothing is known of their price",
        )
    amount = Decimal(seconds) / 3600 * config.hourly_rate
    if spec.budget.max_cost is not None:
        amount = min(amount, spec.budget.max_cost.amount)
    return CostBound(
        amount.quantize(_CENT, ROUND_UP) if amount.quantize(_CENT, ROUND_UP) <= _most(spec) else amount,
        f"{seconds} s at {config.hourly_rate} USD an hour for all machines together; predictions are apart",
        source="providers.sagemaker.hourly_rate",
    )


def _most(spec: JobSpec) -> Decimal:
    return Decimal("Infinity") if spec.budget.max_cost is None else spec.budget.max_cost.amount


def cost_of(seconds: Mapping[str, float], config: SagemakerConfig) -> Cost:
    """What machines have cost.

    Args:
        seconds: Billable machine-seconds by instance type.
        config: With the prices; a type without one leaves the cost unknown.
    """
    if any(kind not in config.instance_prices for kind in seconds):
        return Cost(None, "estimated")
    total = sum(
        (Decimal(str(used)) / 3600 * config.instance_prices[kind] for kind, used in seconds.items()), Decimal(0)
    )
    return Cost(total, "estimated")
