"""Document: a YAML or JSON file as plain values, with the line and column that each of them stands at."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from typing_extensions import override

from cloudautoml.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ruamel.yaml.error import StringMark
    from ruamel.yaml.nodes import Node

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
"""Values in one document, aliases counted each time they are used: a short file can stand for billions."""
MAX_DEPTH = 100
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = {f"{_TAG}{name}" for name in ("str", "timestamp", "merge")}  # a date and `<<` are text here

Keys = tuple[str | int, ...]
"""The way from the top of a document to one of its values."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written.

    Attributes:
        source: A file, an environment variable, an option of the command line.
        line: From 1; 0 where the source has no lines.
        column: From 1; 0 where the source has no lines.
    """

    source: str
    line: int = 0
    column: int = 0

    @override
    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that a document may not hold.

    Attributes:
        keys: The value that is wrong; it reads as nothing.
        place: Where it stands.
        message: What is wrong.
    """

    keys: Keys
    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """Plain values and where they stand.

    Attributes:
        values: Mappings, lists and JSON scalars.
        places: Where each value, or for a mapping's entry its key, stands.
        flaws: What is wrong with single values: duplicate keys, tags, numbers that JSON cannot hold.
    """

    values: dict[str, Any]
    places: Mapping[Keys, Place]
    flaws: tuple[Flaw, ...] = ()


def read_document(path: Path, *, may_be_empty: bool = False) -> Document:
    """Read a YAML 1.2 file, or a JSON file by its ending.

    Raises:
        SpecError: It cannot be read, is too large, is not one mapping, or is not YAML (JSON).
    """
    name = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError("no such file", where=name, hint="cloudautoml init writes one") from None
    except OSError as exc:
        raise SpecError(f"cannot be read: {exc.strerror or exc}", where=name) from exc
    if len(data) > MAX_BYTES:
        raise SpecError(f"the file is larger than {MAX_BYTES // 1_000_000} MB", where=name, hint="is it a spec?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        column = exc.start - data.rfind(b"\n", 0, exc.start)
        raise SpecError(
            f"byte {exc.start} is not UTF-8", where=f"{name}:{line}:{column}", hint="save the file as UTF-8"
        ) from exc
    is_json = path.suffix.lower() == ".json"
    return parse_document(text, name, is_json=is_json, may_be_empty=may_be_empty)


def parse_document(text: str, source: str, *, is_json: bool = False, may_be_empty: bool = False) -> Document:
    """Parse the text of a document; see `read_document`."""
    if is_json:
        text = _checked_json(text, source)
    root = _compose(text, source)
    if root is None and may_be_empty:
        return Document({}, {})
    if root is None:
        raise SpecError("the file is empty", where=f"{source}:1:1", hint="cloudautoml init writes a spec to start from")
    builder = _Builder(source)
    values = builder.build(root, (), 0)
    if not isinstance(values, dict):
        place = builder.place(root.start_mark)
        raise SpecError(f"expected `key: value` lines, found {kind(values)}", where=str(place))
    return Document(values, builder.places, tuple(builder.flaws))


def parse_value(text: str) -> Any:
    """Read a value given outside a file: a YAML scalar, or a list or mapping in brackets; else the text itself."""
    flat = text.strip()
    if flat[:1] not in tuple("[{\"'") and (not flat or flat[0] in "#&*!|>%@" or ": " in flat or " #" in flat):
        return text
    try:
        document = parse_document(f"value: {flat}", "value")
    except SpecError:
        return text
    return text if document.flaws or list(document.values) != ["value"] else document.values["value"]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _checked_json(text: str, source: str) -> str:
    def refuse(constant: str) -> NoReturn:
        raise SpecError(f"{constant} is not JSON", where=source)

    try:
        json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as exc:
        raise SpecError(f"not JSON: {exc.msg}", where=f"{source}:{exc.lineno}:{exc.colno}") from exc
    except RecursionError:
        raise SpecError("nested too deeply", where=source) from None
    # JSON is YAML but for tabs between values; inside its texts a tab cannot stand
    return text.replace("\t", " ")


def _compose(text: str, source: str) -> Node | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
    from ruamel.yaml.reader import ReaderError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # the later anchor counts, as YAML has it
            return YAML(typ="safe", pure=True).compose(text)  # type: ignore[no-any-return]
    except MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        if "single document" in str(exc.context):
            raise SpecError("a second document starts here; a spec is one", where=place) from exc
        tab = bool(exc.problem) and "'\\t'" in str(exc.problem)
        hint = "indent with spaces; YAML allows no tabs there" if tab else None
        context = f" ({exc.context})" if exc.context else ""
        raise SpecError(f"not YAML: {exc.problem or exc.context}{context}", where=place, hint=hint) from exc
    except ReaderError as exc:
        before = text[: exc.position]
        place = f"{source}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        raise SpecError(f"the character {chr(exc.character)!r} is not allowed", where=place) from exc
    except RecursionError:
        raise SpecError("nested too deeply", where=source) from None


class _Builder:
    """Turns composed nodes into plain values; counts them, and remembers where they stand."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.places: dict[Keys, Place] = {}
        self.flaws: list[Flaw] = []
        self._count = 0

    def place(self, mark: StringMark) -> Place:
        return Place(self.source, mark.line + 1, mark.column + 1)

    def build(self, node: Node, keys: Keys, depth: int) -> Any:
        from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

        self._count += 1
        place = self.place(node.start_mark)
        if self._count > MAX_NODES:
            raise SpecError(f"more than {MAX_NODES} values once its aliases are expanded", where=str(place))
        if depth > MAX_DEPTH:
            raise SpecError(f"nested more than {MAX_DEPTH} deep", where=str(place))
        self.places.setdefault(keys, place)
        tag = str(node.tag)
        if isinstance(node, MappingNode) and tag == f"{_TAG}map":
            return dict(self._entries(node, keys, depth))
        if isinstance(node, SequenceNode) and tag == f"{_TAG}seq":
            return [self.build(item, (*keys, index), depth + 1) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode) and tag.startswith(_TAG):
            try:
                return _scalar(tag, str(node.value))
            except ValueError as exc:
                self.flaws.append(Flaw(keys, place, str(exc)))
                return None
        self.flaws.append(Flaw(keys, place, _refused(tag)))
        return None

    def _entries(self, node: Node, keys: Keys, depth: int) -> Iterator[tuple[str, Any]]:
        seen: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node.start_mark)
            key = self.build(key_node, (), depth + 1)
            if not isinstance(key, str):
                self.flaws.append(
                    Flaw((*keys, str(key)), place, f"the key {key!r} is {kind(key)}; put it in quotes to make it text")
                )
                continue
            if key in seen:
                self.flaws.append(Flaw((*keys, key), place, f"duplicate key, first given in line {seen[key].line}"))
                continue
            seen[key] = place
            self.places.setdefault((*keys, key), place)
            yield key, self.build(value_node, (*keys, key), depth + 1)


def _scalar(tag: str, text: str) -> str | int | float | bool | None:
    if tag in _TEXT_TAGS:
        # JSON writes what is beyond U+FFFF as two escapes
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if tag == f"{_TAG}null":
        return None
    if tag == f"{_TAG}bool":
        return text.lower() == "true"
    plain = text.replace("_", "").lower()
    if tag == f"{_TAG}int":
        bases = {"0x": 16, "0o": 8, "0b": 2}
        try:
            return int(plain, bases.get(plain.lstrip("+-")[:2], 10))
        except ValueError:
            raise ValueError(f"{text[:40]!r} is not a whole number") from None
    if tag == f"{_TAG}float":
        value = float(plain) if _is_number(plain) else math.nan
        if not math.isfinite(value):
            raise ValueError(f"{text[:40]!r} is not a finite number")
        return value
    raise ValueError(_refused(tag))


def _refused(tag: str) -> str:
    return f"the tag {tag.replace(_TAG, '!!')} is not allowed; only plain values are"


def kind(value: Any) -> str:
    """What a value is, in the words of messages."""
    kinds = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return kinds.get(type(value), "a number")
