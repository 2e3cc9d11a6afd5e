"""Resolution: the job spec that all layers of settings make together, and the origin of each value."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.config.layers import Layer, Origin, Origins, merge
from cloudautoml.config.secrecy import masked
from cloudautoml.config.sources import (
    environment_layers,
    file_layer,
    flag_layer,
    override_layer,
    project_file,
    user_file,
)
from cloudautoml.errors import ConfigError, UnknownNameError
from cloudautoml.spec.load import spec_from
from cloudautoml.spec.problems import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cloudautoml.spec import JobSpec
    from cloudautoml.spec.document import Flaw, Keys, Place


@dataclass(frozen=True, slots=True)
class Settings:
    """All layers together, before they are checked as a spec.

    Attributes:
        values: What was written, merged.
        origins: Where each value came from.
        profiles: Named provider settings of the project's and the user's file.
        profile: The profile that was chosen; None for a provider by its own name.
        flaws: What is wrong with single values.
        files: The files that were read, weakest first.
    """

    values: dict[str, Any]
    origins: Origins
    profiles: dict[str, Any]
    profile: str | None
    flaws: tuple[Flaw, ...]
    files: tuple[Path, ...]

    def explain(self) -> Iterator[tuple[str, Any, Origin]]:
        """Each value that was given, with its field path and its origin; secrets masked."""
        return _explain(masked(self.values), (), self.origins)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A job spec and where its values came from.

    Attributes:
        spec: What to run.
        settings: The layers it was made of.
    """

    spec: JobSpec
    settings: Settings

    def explain(self) -> Iterator[tuple[str, Any, Origin]]:
        """Each value of the spec with its field path and its origin, defaults included; secrets masked."""
        return _explain(masked(self.spec.model_dump(mode="json")), (), self.settings.origins)


def load_spec(path: str | Path, *, overrides: Sequence[str] = ()) -> JobSpec:
    """Read a job spec from a YAML or JSON file, with the settings of the environment and of the files around it.

    Args:
        path: The file.
        overrides: Texts such as `budget.max_time=5m`, stronger than everything else.

    Raises:
        SpecError: The file cannot be read or says something wrong; every problem is told, with its line.
        ConfigError: A setting outside the file is wrong.
    """
    return resolve(path, overrides=overrides).spec


def resolve(
    path: str | Path, *, flags: Mapping[str, tuple[str, Any]] | None = None, overrides: Sequence[str] = ()
) -> Resolved:
    """Read a job spec with all layers of settings.

    Args:
        path: The spec file.
        flags: Values by option of the command line, each with the field it stands for.
        overrides: As for `load_spec`.

    Raises:
        SpecError: As for `load_spec`.
        ConfigError: As for `load_spec`.
    """
    path = Path(path)
    settings = gather(path, flags=flags, overrides=overrides)
    spec = spec_from(settings.values, place_of=settings.origins.place, flaws=settings.flaws, source=str(path))
    return Resolved(spec, settings)


def gather(
    path: Path | None = None,
    *,
    flags: Mapping[str, tuple[str, Any]] | None = None,
    overrides: Sequence[str] = (),
) -> Settings:
    """Merge all layers; without a spec file, the settings that hold for every job started here."""
    start = path.absolute().parent if path else Path.cwd()
    found = [("user file", user_file()), ("project file", project_file(start, besides=path))]
    files = [(name, file) for name, file in found if file is not None and file.is_file()]
    shared = [file_layer(name, file, may_be_empty=True) for name, file in files]
    profiles = _profiles(shared)
    above = [file_layer("spec", path)] if path else []
    above += environment_layers(os.environ)
    above += [flag_layer(field, value, option) for option, (field, value) in (flags or {}).items()]
    above += [override_layer(text) for text in overrides]
    layers = [*shared, *above]
    values, origins = merge(layers)
    chosen = values.get("provider", "local")
    profile = None
    if isinstance(chosen, str) and chosen in profiles.values:
        profile = chosen
        values, origins = merge([*shared, _profile_layer(profiles, chosen), *above])
        values["provider"] = profiles.values[chosen]["provider"]
    elif os.environ.get("CLOUDAUTOML_PROFILE") == chosen:
        raise UnknownNameError("profile", str(chosen), list(profiles.values), where="CLOUDAUTOML_PROFILE")
    flaws = tuple(flaw for layer in layers for flaw in layer.flaws)
    read = [file for _, file in files] + ([path] if path else [])
    return Settings(values, origins, profiles.values, profile, flaws, tuple(read))


def _profiles(shared: Sequence[Layer]) -> Layer:
    # profiles name providers; they are no fields of a spec, so they leave the layers before those are merged
    layers = [
        Layer(layer.name, {"profiles": layer.values.pop("profiles")}, layer.places)
        for layer in shared
        if "profiles" in layer.values
    ]
    values, origins = merge(layers)
    profiles = values.get("profiles") or {}
    for name, profile in profiles.items() if isinstance(profiles, dict) else [("profiles", None)]:
        if not isinstance(profile, dict) or not isinstance(profile.get("provider"), str):
            keys = ("profiles",) if name == "profiles" else ("profiles", name)
            raise ConfigError(
                f"{dotted(keys)}: expected the name of a provider and its settings",
                where=str(origins.place(keys)),
                hint="profiles: {work: {provider: sagemaker, region: eu-west-1}}",
            )
    places: dict[Keys, Place] = {}
    for inner in _paths(profiles, ("profiles",)):
        if place := origins.place(inner):
            places[inner] = place
    return Layer("profile", profiles, places)


def _profile_layer(profiles: Layer, name: str) -> Layer:
    block = {key: value for key, value in profiles.values[name].items() if key != "provider"}
    provider = profiles.values[name]["provider"]
    places = {
        ("providers", provider, *keys[2:]): place
        for keys, place in profiles.places.items()
        if keys[:2] == ("profiles", name)
    }
    return Layer("profile", {"providers": {provider: block}}, places)


def _paths(value: Any, keys: Keys) -> Iterator[Keys]:
    yield keys
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*keys, key))


def _explain(value: Any, keys: tuple[str | int, ...], origins: Origins) -> Iterator[tuple[str, Any, Origin]]:
    if isinstance(value, dict) and (value or not keys):
        for key, inner in value.items():
            yield from _explain(inner, (*keys, key), origins)
    else:
        yield dotted(keys), value, origins.of(keys) or Origin("default")
