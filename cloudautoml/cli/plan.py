"""`cloudautoml plan`: what running would send, what it could cost and what it would refuse; nothing is started."""

import json as json_text
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    from cloudautoml.plan import Plan


def plan(
    spec: options.SpecArgument,
    *,
    providers: Annotated[
        list[str],
        typer.Option("--provider", "-p", metavar="NAME", help="A provider or a profile. May be repeated."),
    ] = [],  # noqa: B006 - read and never changed
    overrides: options.SetOption = [],  # noqa: B006
    max_trials: options.TrialsOption = None,
    max_time: options.TimeOption = None,
    max_cost: options.CostOption = None,
    json: options.JsonOption = False,
) -> int:
    """Show the exact request, its cost and what is refused.

    Needs no network, and starts nothing.
    """
    from cloudautoml.cli.handles import flags, provider_of
    from cloudautoml.config import resolve

    output = Output(as_json=json)
    plans: list[Plan] = []
    wanted: list[str | None] = list(providers) or [None]
    for provider in wanted:
        given = flags(provider=provider, max_trials=max_trials, max_time=max_time, max_cost=max_cost)
        resolved = resolve(spec, flags=given, overrides=overrides)
        plans.append(provider_of(resolved).plan(resolved.spec))
    show_plan(plans, output)
    return 2 if any(found.gaps for found in plans) else 0


def show_plan(plans: Sequence["Plan"], output: Output) -> None:
    """Print plans."""
    from cloudautoml.config import masked

    if output.as_json:
        found = [masked(plan.to_dict()) for plan in plans]
        output.result(found[0] if len(found) == 1 else {"plans": found})
        return
    for position, plan in enumerate(plans):
        output.data(("\n" if position else "") + _text(plan))


def _text(plan: "Plan") -> str:
    from cloudautoml.config import masked

    cost = plan.cost
    amount = "no bound can be given" if cost.amount is None else f"at most {cost.amount} {cost.currency}"
    dated = f", prices of {cost.rate_date:%Y-%m-%d}" if cost.rate_date else ""
    source = f", from {cost.source}" if cost.source else ""
    lines = [f"provider  {plan.provider}", f"cost      {amount} ({cost.basis}{dated}{source})"]
    lines += [f"refused   {gap}" for gap in plan.gaps]
    lines += [f"data      {finding}" for finding in plan.findings]
    lines += [f"note      {note}" for note in plan.notes]
    for request in masked(plan.to_dict()["requests"]):
        body = json_text.dumps(request["body"], indent=2, ensure_ascii=False, default=str)
        lines.append(f"request   {request['operation']}\n{body}")
    return "\n".join(lines)
