"""Load: plain values into a job spec, with every problem told at once and at its line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cloudautoml.spec.document import kind
from cloudautoml.spec.imports import anchored
from cloudautoml.spec.job import JobSpec
from cloudautoml.spec.problems import Problem, dotted, problems_in, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cloudautoml.spec.document import Flaw, Keys, Place

_SHORT_FORMS = {("data",): "train", ("search", "space"): "type", ("search", "strategy"): "type"}
_SHORT_FORMS[("search", "estimator")] = "type"


def spec_from(
    values: dict[str, Any],
    *,
    place_of: Callable[[Keys], Place | None] = lambda _: None,
    flaws: Sequence[Flaw] = (),
    source: str | None = None,
) -> JobSpec:
    """Make a job spec of plain values.

    Args:
        values: What was written, all layers together.
        place_of: Where a value stands.
        flaws: What is already known to be wrong; told together with what is found here.
        source: The spec file.

    Raises:
        SpecError: Something is wrong with it.
        ConfigError: Something is wrong with the settings around it.
    """
    problems = [Problem(dotted(flaw.keys), flaw.message, flaw.place) for flaw in flaws]
    lost = {dotted(flaw.keys) for flaw in flaws if _given(values, flaw.keys) is None}
    spec = None
    try:
        spec = JobSpec.model_validate(values)
    except ValidationError as exc:
        found = problems_in(exc, values, JobSpec, place_of)
        # a value that could not be read is not also told to be of the wrong type
        problems += [item for item in found if item.field not in lost or item.message == "unknown key"]
    else:
        problems += [
            Problem(dotted(keys), f"expected a number, found {kind(value)}", place_of(keys))
            for keys, value in _leaves(values)
            if isinstance(value, bool) and not isinstance(_at(spec, keys), bool)
        ]
    if spec is None or problems:
        refuse(problems, in_spec=lambda place: place is None or source in {None, place.source})
    return spec


def long_form(values: dict[str, Any], places: dict[Keys, Place]) -> None:
    """Write short forms out in place (`data: file` is `data: {train: file}`), so that layers can be merged."""
    for keys, name in _SHORT_FORMS.items():
        holder: Any = values
        for key in keys[:-1]:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(holder.get(keys[-1]), str):
            holder[keys[-1]] = {name: holder[keys[-1]]}
            if keys in places:
                places[*keys, name] = places[keys]


def anchor_paths(values: dict[str, Any], base: Path) -> None:
    """Make relative paths of data and of code absolute, from the folder of the file that they were written in."""
    builder = _given(values, ("search", "space", "builder"))
    if isinstance(builder, str):
        values["search"]["space"]["builder"] = anchored(builder, base)
    network = _given(values, ("search", "space", "network"))
    if isinstance(network, str) and ":" in network:
        values["search"]["space"]["network"] = anchored(network, base)
    weights = _given(values, ("search", "space", "weights"))
    if isinstance(weights, str) and weights[:1] not in {"", "~"}:
        values["search"]["space"]["weights"] = str(base / weights)
    data = values.get("data")
    if isinstance(data, dict):
        for name in ("train", "test"):
            value = data.get(name)
            if isinstance(value, str) and value.strip() and value[0] != "~" and "://" not in value:
                data[name] = str(base / Path(value))


def _given(values: Any, keys: Keys) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _leaves(values: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _leaves(value, (*keys, key))
    else:
        yield keys, values


def _at(spec: Any, keys: Keys) -> Any:
    # a bool that is not an attribute (an option of a part, a provider's setting) is its own owner's to judge
    for key in keys:
        if isinstance(spec, dict):
            spec = spec.get(key, True)
        elif key in type(spec).model_fields:
            spec = getattr(spec, str(key))
        else:
            return True
    return spec
