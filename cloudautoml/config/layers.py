"""Layers: settings from several places, merged so that each value knows where it came from."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cloudautoml.spec.document import Flaw, Keys, Place

_PARTS = (("search", "space"), ("search", "strategy"), ("search", "estimator"))


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one place.

    Attributes:
        name: `user file`, `project file`, `profile`, `spec`, `environment`, `flag`, `override`.
        values: What it sets, in the shape of a spec.
        places: Where each value stands.
        flaws: What is wrong with single values.
    """

    name: str
    values: dict[str, Any]
    places: Mapping[Keys, Place] = field(default_factory=dict)
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from.

    Attributes:
        layer: Name of the layer.
        place: File with line and column, environment variable or option; None for a default.
    """

    layer: str
    place: Place | None = None


class Origins:
    """Where the values of a merged document came from."""

    def __init__(self) -> None:
        self._known: dict[Keys, Origin] = {}

    def place(self, keys: Keys) -> Place | None:
        """Where a value stands, or else the nearest mapping around it."""
        origin = self.of(keys, around=True)
        return origin.place if origin else None

    def of(self, keys: Keys, *, around: bool = False) -> Origin | None:
        """The origin of a value; with `around`, of the nearest mapping where nobody gave the value."""
        while keys not in self._known:
            if not around or not keys:
                return None
            keys = keys[:-1]
        return self._known[keys]

    def put(self, keys: Keys, value: Any, layer: Layer) -> None:
        """Note that a layer gives a value, with all that is in it."""
        self._known = {known: origin for known, origin in self._known.items() if known[: len(keys)] != keys}
        for inner, _ in _walk(value, keys):
            self._known[inner] = Origin(layer.name, _nearest(layer.places, inner))

    def join(self, keys: Keys, layer: Layer) -> None:
        """Note that a layer adds to a mapping; a mapping that several give counts as the spec's."""
        if keys not in self._known or layer.name == "spec":
            self._known[keys] = Origin(layer.name, _nearest(layer.places, keys))


def merge(layers: Sequence[Layer]) -> tuple[dict[str, Any], Origins]:
    """Merge layers, the weakest first: mappings merge, everything else is replaced.

    A part of the search of another `type` replaces the whole part: its options are not those of the old one.
    """
    values: dict[str, Any] = {}
    origins = Origins()
    for layer in layers:
        _merge(values, layer.values, (), layer, origins)
    return values, origins


def _merge(into: dict[str, Any], values: Mapping[str, Any], keys: Keys, layer: Layer, origins: Origins) -> None:
    origins.join(keys, layer)
    for key, value in values.items():
        inner, old = (*keys, key), into.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and not _is_another_part(inner, old, value):
            _merge(old, value, inner, layer, origins)
        else:
            into[key] = deepcopy(value)
            origins.put(inner, value, layer)


def _is_another_part(keys: Keys, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return keys in _PARTS and "type" in new and new["type"] != old.get("type")


def _walk(value: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    yield keys, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*keys, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*keys, index))


def _nearest(places: Mapping[Keys, Place], keys: Keys) -> Place | None:
    while keys not in places:
        if not keys:
            return None
        keys = keys[:-1]
    return places[keys]
