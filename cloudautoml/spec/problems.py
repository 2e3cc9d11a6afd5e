"""Problems: what pydantic refuses, told as the field that people wrote, the line it stands in and what to write."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

from typing_extensions import override

from cloudautoml.errors import CloudAutoMLError, ConfigError, SpecError
from cloudautoml.spec.document import Keys, Place, kind
from cloudautoml.spec.fields import fields_at, fields_named
from cloudautoml.spec.task import TASK_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_NAME_RULE = "1 to 20 lower-case letters, digits and inner hyphens, such as churn-2"
_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping",
    "tuple": "a list",
    "list": "a list",
    "timedelta": "a duration such as 5m",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what the user wrote.

    Attributes:
        field: Path of the field, such as `budget.max_time`; empty for the whole.
        message: What is wrong.
        place: Where it was written, or where the mapping is that lacks it.
        hint: What to write instead.
    """

    field: str
    message: str
    place: Place | None = None
    hint: str = ""

    @override
    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self._what}{hint}"

    @property
    def _what(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "field": self.field,
            "message": self.message,
            "where": str(self.place) if self.place else None,
            "hint": self.hint or None,
        }

    def error(self, kind_of_error: type[CloudAutoMLError]) -> CloudAutoMLError:
        """The error of a lone problem."""
        where = str(self.place) if self.place else None
        return kind_of_error(self._what, where=where, hint=self.hint or None)


def refuse(problems: Sequence[Problem], *, in_spec: Callable[[Place | None], bool]) -> NoReturn:
    """Raise one error that tells every problem, those of the spec first, in the order of their lines.

    Args:
        problems: At least one.
        in_spec: Whether a place is in the spec itself, and not in the settings around it.

    Raises:
        SpecError: Something in the spec is wrong.
        ConfigError: The spec is right, and a file, an environment variable or a block around it is wrong.
    """

    def order(problem: Problem) -> tuple[bool, str, int, int]:
        place = problem.place or Place("")
        return not in_spec(problem.place), place.source, place.line, place.column

    ordered = sorted(problems, key=order)
    spec_is_wrong = any(in_spec(problem.place) for problem in ordered)
    kind_of_error: type[CloudAutoMLError] = SpecError if spec_is_wrong else ConfigError
    if len(ordered) == 1:
        raise ordered[0].error(kind_of_error)
    first = next((problem.place for problem in ordered if problem.place), None)
    lines = "\n".join(f"  {problem}" for problem in ordered)
    raise kind_of_error(f"{len(ordered)} problems\n{lines}", where=str(first) if first else None)


def problems_in(
    error: ValidationError, values: Any, root: type[BaseModel], place_of: Callable[[Keys], Place | None]
) -> list[Problem]:
    """The problems behind a validation error.

    Args:
        error: What pydantic says.
        values: What was validated.
        root: The model it was to be.
        place_of: Where a value stands.
    """
    found: dict[tuple[Keys, bool], list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        keys = _keys(details, values)
        found.setdefault((keys, details["type"] in {"missing", "extra_forbidden"}), []).append(details)
    return [_problem(keys, details, values, root, place_of) for (keys, _), details in found.items()]


def dotted(keys: Keys) -> str:
    """The path of a field as people write it: `data.types."a.b"`, `search.families[0]`."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f"{'.' if text else ''}{key if '.' not in key and key else repr(key)}"
    return text


def _keys(details: ErrorDetails, values: Any) -> Keys:
    # pydantic names the members of unions and the keys of mappings on the way; what was written does not hold them
    keys: list[str | int] = []
    current, way = values, list(details["loc"])
    for position, step in enumerate(way):
        inside = (isinstance(current, dict) and step in current) or (
            isinstance(current, list) and isinstance(step, int) and step < len(current)
        )
        if inside:
            keys.append(step)
            current = cast("Any", current)[step]
        elif position == len(way) - 1 and details["type"] == "missing":
            keys.append(step)
    if details["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        keys.append("type")
    return tuple(keys)


def _problem(  # noqa: PLR0911 - a case each
    keys: Keys,
    details: list[ErrorDetails],
    values: Any,
    root: type[BaseModel],
    place_of: Callable[[Keys], Place | None],
) -> Problem:
    first = details[0]
    place, field = place_of(keys), dotted(keys)
    match first["type"]:
        case "missing":
            described = fields_at(root, keys[:-1], values).get(str(keys[-1]), "")
            return Problem(field, "is missing", place, described.rstrip("."))
        case "extra_forbidden":
            return Problem(field, "unknown key", place, _nearest(str(keys[-1]), keys[:-1], values, root))
        case "union_tag_not_found":
            return Problem(field, "is missing", place, f"one of {', '.join(TASK_TYPES)}")
        case "union_tag_invalid":
            known = first.get("ctx", {}).get("expected_tags", "").replace("'", "")
            return _choice(field, str(first.get("ctx", {}).get("tag")), known.split(", "), place)
        case "literal_error" | "enum":
            known = str(first.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")
            return _choice(field, str(first["input"]), known.split(", "), place)
        case "value_error":
            message = str(first.get("ctx", {}).get("error", first["msg"]))
            named = message.split(" ", 1)[0]
            if not keys and "." in named:  # a rule over several fields names the one to change
                return Problem("", message, place_of(tuple(named.split("."))))
            return Problem(field, message, place)
        case "string_pattern_mismatch" if keys == ("name",):
            return Problem(field, f"{str(first['input'])[:40]!r} is not {_NAME_RULE}", place)
        case _:
            return Problem(field, _expected(details), place)


def _expected(details: list[ErrorDetails]) -> str:
    wanted: list[str] = []
    for item in details:
        name, _, rest = item["type"].partition("_")
        if rest in {"type", "parsing", "from_float", "attributes_type"} and name in _EXPECTED:
            wanted.append(_EXPECTED[name])
    if not wanted:
        message = details[0]["msg"]
        return message[:1].lower() + message[1:]
    return f"expected {' or '.join(dict.fromkeys(wanted))}, found {kind(details[0]['input'])}"


def _choice(field: str, given: str, known: list[str], place: Place | None) -> Problem:
    close = difflib.get_close_matches(given, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"one of {', '.join(known)}"
    return Problem(field, f"unknown value {given[:40]!r}", place, hint)


def _nearest(key: str, keys: Keys, values: Any, root: type[BaseModel]) -> str:
    here = fields_at(root, keys, values)
    elsewhere = fields_named(root).get(key)
    if elsewhere and elsewhere != dotted((*keys, key)):
        # a right word in the wrong place says more than a similar word
        return f"did you mean {elsewhere!r}?"
    close = difflib.get_close_matches(key, list(here), n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    far = difflib.get_close_matches(key, list(fields_named(root)), n=1, cutoff=0.8)
    if far:
        return f"did you mean {fields_named(root)[far[0]]!r}?"
    return f"known: {', '.join(sorted(here))}" if here else ""
