"""`cloudautoml list`: what there is to choose from."""

import inspect
from enum import StrEnum
from typing import Annotated, Any, cast

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output, table


class What(StrEnum):
    """What can be listed."""

    PROVIDERS = "providers"
    TASKS = "tasks"
    METRICS = "metrics"
    STRATEGIES = "strategies"
    SPACES = "spaces"
    ESTIMATORS = "estimators"


def list_(
    what: Annotated[What, typer.Argument(metavar="WHAT", help="Such as providers, tasks or strategies.")],
    *,
    json: options.JsonOption = False,
) -> int:
    """List what there is to choose from, plugins included."""
    output = Output(as_json=json)
    rows = {What.PROVIDERS: _providers, What.TASKS: _tasks, What.METRICS: _metrics}.get(what, lambda: _parts(what))()
    if json:
        output.result({what.value: rows})
        return 0
    short = [name for name in rows[0] if name not in _LONG] if rows else []
    header = ["name", *short, "description", *(["paper"] if rows and "paper" in rows[0] else [])]
    output.data(table(header, [[_cell(row[name]) for name in header] for row in rows]))
    if what is What.PROVIDERS:
        output.data("\n" + _matrix([row for row in rows if row["capabilities"]]))
    return 0


_LONG = frozenset({"name", "description", "paper", "capabilities", "tasks"})
"""What stands first, last, or in the JSON alone."""


def _matrix(rows: list[dict[str, Any]]) -> str:
    """What each provider can do: itself, through us, or not."""
    from cloudautoml.capabilities import Feature

    words = {"native": "yes", "emulated": "yes, by us"}
    lines = [[f.value, *(words.get(row["capabilities"][f.value]["level"], "no") for row in rows)] for f in Feature]
    return table(["feature", *(row["name"] for row in rows)], lines)


def _providers() -> list[dict[str, Any]]:
    from cloudautoml import registry
    from cloudautoml.errors import MissingExtraError

    rows: list[dict[str, Any]] = []
    for name in registry.names("providers"):
        try:
            plugin = registry.provider_plugin(name)
        except MissingExtraError as exc:
            rows.append({"name": name, "installed": False, "description": exc.hint, "capabilities": None})
            continue
        table_of = {
            feature.value: {"level": support.level.value, "reason": support.reason, "instead": support.instead}
            for feature, support in plugin.provider.capabilities.items()
        }
        rows.append({"name": name, "installed": True, "description": plugin.description, "capabilities": table_of})
    return rows


def _tasks() -> list[dict[str, Any]]:
    from cloudautoml import registry
    from cloudautoml.capabilities import Feature
    from cloudautoml.errors import MissingExtraError
    from cloudautoml.spec import task as tasks
    from cloudautoml.spec.metrics import DEFAULT_METRICS

    plugins: list[Any] = []
    for name in registry.names("providers"):
        try:
            plugins.append(registry.provider_plugin(name))
        except MissingExtraError:
            continue
    return [
        {
            "name": name,
            "metric": DEFAULT_METRICS[name],
            "providers": [plugin.name for plugin in plugins if plugin.provider.capabilities[Feature(name)]],
            "description": _first_line(getattr(tasks, "".join(word.capitalize() for word in name.split("_")))),
        }
        for name in tasks.TASK_TYPES
    ]


def _metrics() -> list[dict[str, Any]]:
    from cloudautoml.spec import METRICS, TASK_TYPES, metrics_for

    return [
        {
            "name": metric.name,
            "goal": metric.goal.value,
            "tasks": [task for task in TASK_TYPES if metric in metrics_for(task)],
            "description": metric.description,
        }
        for metric in METRICS.values()
    ]


def _parts(what: What) -> list[dict[str, Any]]:
    from cloudautoml import registry
    from cloudautoml.errors import MissingExtraError

    kind = cast("registry.Kind", what.value)
    rows: list[dict[str, Any]] = []
    for name in registry.names(kind):
        try:
            part = registry.load(kind, name)
            rows.append({"name": name, "description": _first_line(part), "paper": part.paper})
        except MissingExtraError as exc:
            rows.append({"name": name, "description": exc.hint, "paper": ""})
    return rows


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
