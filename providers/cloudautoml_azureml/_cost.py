"""Cost: the most that a job may cost, and what it has used, by the rate that the user has given."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TYPE_CHECKING

from cloudautoml.job import Cost
from cloudautoml.plan import CostBound
from cloudautoml_azureml._request import job_seconds, machine_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml.config import AzuremlConfig

_CENT = Decimal("0.01")


def bound_of(spec: JobSpec, config: AzuremlConfig) -> CostBound:
    """The most that training can cost: the job's time limit on all its machines at the rate of the settings."""
    seconds, machines = job_seconds(spec, config), machine_count(spec, config)
    if seconds is None:
        return CostBound(None, "nothing bounds the job")
    if config.hourly_rate is None:
        return CostBound(
            None,
            f"{seconds} s on {machines} machine{'s' if machines > 1 else ''}; "
            "providers.azureml.hourly_rate is not set, so nothing is known of their price",
        )
    amount = Decimal(seconds) / 3600 * config.hourly_rate * machines
    money = spec.budget.max_cost
    rounded = amount.quantize(_CENT, ROUND_UP)
    if money is not None and rounded > money.amount:
        rounded = money.amount.quantize(_CENT, ROUND_DOWN)
    return CostBound(
        rounded,
        f"{seconds} s on {machines} machine{'s' if machines > 1 else ''} at {config.hourly_rate} USD an hour; what "
        "comes after the time limit (ensembles), starting and idling machines, and predictions are apart",
        source="providers.azureml.hourly_rate",
    )


def cost_of(seconds: Iterable[float], config: AzuremlConfig) -> Cost:
    """What runs have cost.

    Args:
        seconds: Of each run, on one machine.
        config: With the rate; without one nothing is known.
    """
    if config.hourly_rate is None:
        return Cost(None, "estimated")
    return Cost(Decimal(str(sum(seconds))) / 3600 * config.hourly_rate, "estimated")
