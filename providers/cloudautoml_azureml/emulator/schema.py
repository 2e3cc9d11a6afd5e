"""Schema: the bodies of jobs held against the REST models that Azure's own SDK ships."""

from __future__ import annotations

import re
import threading
import types
import typing
import warnings
from datetime import timedelta
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# what the SDK puts on the wire and its models no longer know: fields of preview versions
_PREVIEW = frozenset({
    "autoDeleteSetting", "maxNodes", "searchSpace", "sweepConcurrentTrials", "sweepSettings", "sweepTrials",
    "trainingMode", "fixedParameters",
})  # fmt: skip
_DURATION = re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_LOADING = threading.Lock()


@cache
def models() -> Any:
    """The module of REST models.

    Raises:
        MissingExtraError: azure-ai-ml is not installed.
    """
    with _LOADING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own packages complain about one another
        try:
            from azure.ai.ml._restclient.arm_ml_service import models as found
        except ModuleNotFoundError as exc:
            raise MissingExtraError("azureml", "azure-ai-ml") from exc
        return found


def violations(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the properties of a job, as a path in them and a sentence.

    The SDK sends names in snake_case and values of any type where its models say otherwise; a service that reads
    camelCase would drop or refuse them, so each is found here.

    Args:
        properties: `properties` of the body of `PUT .../jobs/{name}`.
    """
    yield from _model(models().JobBaseProperties, properties, "")


def _model(kind: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield path, f"is an object, not {type(value).__name__}"
        return
    given = typing.cast("dict[str, Any]", value)
    kind = _subclass(kind, given)
    fields = _fields(kind)
    for name, inner in given.items():
        place = f"{path}.{name}".lstrip(".")
        if name in fields:
            yield from _value(fields[name], inner, place)
        elif name not in _PREVIEW:
            yield place, f"unknown field; known: {', '.join(sorted(fields))}"
    for name, hint in fields.items():
        if name not in given and not _optional(hint) and typing.get_origin(hint) is not typing.Literal:
            yield f"{path}.{name}".lstrip("."), "is missing"


def _subclass(kind: Any, given: Mapping[str, Any]) -> Any:
    """The model that a discriminator in a value names."""
    mapping: dict[str, Any] = getattr(kind, "__mapping__", {})
    for name, hint in _fields(kind).items():
        del hint
        if isinstance(given.get(name), str) and given[name] in mapping:
            return mapping[given[name]]
    return kind


@cache
def _fields(kind: Any) -> dict[str, Any]:
    kind()  # a model learns its fields' wire names when the first of it is made
    hints: dict[str, Any] = {}
    module = vars(models())
    space = {"_models": types.SimpleNamespace(**module), "datetime": __import__("datetime")}
    for attribute, field in kind._attr_to_rest_field.items():  # noqa: SLF001 - where the SDK keeps them
        owner = next(base for base in kind.__mro__ if attribute in vars(base).get("__annotations__", {}))
        hint = owner.__annotations__[attribute]
        hints[field._rest_name] = _resolved(hint, space)  # noqa: SLF001
    return hints


def _resolved(hint: Any, space: dict[str, Any]) -> Any:
    if isinstance(hint, str):
        return eval(hint, vars(typing) | space)  # noqa: S307 - annotations of the SDK's own source
    holder = type("Holder", (), {"__annotations__": {"it": hint}})
    return typing.get_type_hints(holder, globalns=vars(typing) | space)["it"]


def _optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _value(hint: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        if value is None and type(None) in inner:
            return
        kinds = [kind for kind in inner if kind is not type(None)]
        enums = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)]
        yield from _value(enums[0] if enums else kinds[0], value, path)
    elif origin is list:
        if not isinstance(value, list):
            yield path, f"is a list, not {type(value).__name__}"
            return
        for number, entry in enumerate(value):
            yield from _value(inner[0], entry, f"{path}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield path, f"is an object, not {type(value).__name__}"
            return
        for name, entry in typing.cast("dict[str, Any]", value).items():
            yield from _value(inner[1], entry, f"{path}.{name}")
    elif origin is typing.Literal:
        known = {str(getattr(entry, "value", entry)) for entry in inner}
        if str(value) not in known:
            yield path, f"{value!r} is not one of {', '.join(sorted(known))}"
    else:
        yield from _scalar(hint, value, path)


def _scalar(hint: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(hint, type) and issubclass(hint, Enum):
        known = [str(member.value) for member in hint]
        if str(value).lower() not in {name.lower() for name in known}:  # the service does not mind the case
            yield path, f"{value!r} is not one of {', '.join(known)}"
    elif hint is timedelta:
        if not isinstance(value, str) or not _DURATION.fullmatch(value):
            yield path, f"{value!r} is not a duration such as PT1H"
    elif hasattr(hint, "_attr_to_rest_field") or hasattr(hint, "__mapping__") or "models" in str(hint):
        yield from _model(hint, value, path)
    elif hint in {str, int, float, bool}:
        fitting: tuple[Any, ...] = (int, float) if hint is float else (hint,)
        if not isinstance(value, fitting) or (isinstance(value, bool) and hint is not bool):
            yield path, f"is of type {hint.__name__}, not {type(value).__name__}"
