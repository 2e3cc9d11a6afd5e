"""Model of the service: botocore's own description of the SageMaker API, held against the body of a call."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Java's classes of characters, which Python's `re` lacks, by what they mean for the tags that are checked here
_CLASSES = {r"\p{L}": "L", r"\p{Z}": "Z", r"\p{N}": "N"}


@cache
def service_model() -> Any:
    """The model of the SageMaker service, `botocore.model.ServiceModel`.

    Raises:
        MissingExtraError: botocore is not installed.
    """
    try:
        from botocore.loaders import create_loader
        from botocore.model import ServiceModel
    except ModuleNotFoundError as exc:
        raise MissingExtraError("sagemaker", "boto3") from exc
    return ServiceModel(create_loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def violations(operation: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the body of a call, as a path in it and a sentence.

    botocore's own check covers names and types alone; this one covers patterns, enumerations, lengths and ranges too.

    Args:
        operation: Such as `CreateAutoMLJobV2`.
        body: What would be sent.
    """
    yield from _check(service_model().operation_model(operation).input_shape, body, "")


def _check(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    match shape.type_name:
        case "structure":
            yield from _structure(shape, value, path)
        case "list":
            if not isinstance(value, (list, tuple)):
                yield path, f"is a list, not {type(value).__name__}"
                return
            yield from _size(shape, len(value), path, "entries")
            for number, inner in enumerate(value):
                yield from _check(shape.member, inner, f"{path}[{number}]")
        case "map":
            if not isinstance(value, dict):
                yield path, f"is an object, not {type(value).__name__}"
                return
            yield from _size(shape, len(value), path, "entries")
            for name, inner in value.items():
                yield from _check(shape.key, name, f"{path}.{name}")
                yield from _check(shape.value, inner, f"{path}.{name}")
        case _:
            yield from _scalar(shape, value, path)


def _structure(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield path, f"is an object, not {type(value).__name__}"
        return
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name}".lstrip("."), "is missing"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield path, f"holds exactly one of {', '.join(shape.members)}"
    for name, inner in value.items():
        place = f"{path}.{name}".lstrip(".")
        if name not in shape.members:
            yield place, f"unknown field; known: {', '.join(shape.members)}"
        else:
            yield from _check(shape.members[name], inner, place)


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "integer": (int,), "long": (int,), "float": (int, float),
    "double": (int, float),
}  # fmt: skip


def _scalar(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    kinds = _TYPES.get(shape.type_name, (object,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds and object not in kinds):
        yield path, f"is of type {shape.type_name}, not {type(value).__name__}"
        return
    rules = shape.metadata
    if (known := rules.get("enum")) and value not in known:
        yield path, f"{value!r} is not one of {', '.join(known)}"
    if isinstance(value, str):
        yield from _size(shape, len(value), path, "characters")
        if (pattern := rules.get("pattern")) and not matches(pattern, value):
            yield path, f"{value!r} does not match {pattern}"
    elif not isinstance(value, bool) and isinstance(value, (int, float)):
        yield from _size(shape, value, path, "")


def _size(shape: Any, size: float, path: str, unit: str) -> Iterator[tuple[str, str]]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield path, f"{size} {unit}".rstrip() + f" is fewer than {least}"
    if most is not None and size > most:
        yield path, f"{size} {unit}".rstrip() + f" is more than {most}"


def matches(pattern: str, text: str) -> bool:
    """Whether a whole text matches a pattern of the model, which is written for Java."""
    if r"\p{" not in pattern:
        return re.fullmatch(pattern, text) is not None
    present = [letter for name, letter in _CLASSES.items() if name in pattern]
    for name in _CLASSES:
        pattern = pattern.replace(name, "")
    plain = "".join(char for char in text if unicodedata.category(char)[0] not in present)
    return re.fullmatch(pattern, plain) is not None
