"""Sources: where settings are read from: files, environment variables, options of the command line."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.config.layers import Layer
from cloudautoml.errors import ConfigError
from cloudautoml.spec.document import Document, Keys, Place, parse_value, read_document
from cloudautoml.spec.load import anchor_paths, long_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT_FILE = "cloudautoml.yaml"
_PREFIX = "CLOUDAUTOML_"
RESERVED = ("HOME", "CONFIG", "OFFLINE", "PROFILE", "DEVICES", "WEIGHTS", "DEBUG")
"""Names of environment variables, after the prefix, that are no fields of a spec."""
_STEP = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^.\"'=]+)")


def file_layer(name: str, path: Path, *, may_be_empty: bool = False) -> Layer:
    """The settings in a file; relative data paths start from its folder.

    Raises:
        SpecError: It cannot be read, or is not one YAML (JSON) mapping.
    """
    document = read_document(path, may_be_empty=may_be_empty)
    return _layer(name, document, path.absolute().parent)


def _layer(name: str, document: Document, base: Path) -> Layer:
    places = dict(document.places)
    long_form(document.values, places)
    anchor_paths(document.values, base)
    return Layer(name, document.values, places, document.flaws)


def project_file(start: Path, *, besides: Path | None = None) -> Path | None:
    """The nearest `cloudautoml.yaml` at or above a folder, not beyond a repository's top or the user's home."""
    for folder in (start, *start.parents):
        path = folder / PROJECT_FILE
        if path.is_file() and not (besides and besides.exists() and path.samefile(besides)):
            return path
        if (folder / ".git").exists() or folder == Path.home():
            return None
    return None


def user_file() -> Path:
    """The user's own file: `CLOUDAUTOML_CONFIG`, or `config.yaml` in the system's place for settings."""
    if named := os.environ.get(f"{_PREFIX}CONFIG"):
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("cloudautoml", appauthor=False) / "config.yaml"


def environment_layers(environ: Mapping[str, str]) -> Iterator[Layer]:
    """One layer for each variable: `CLOUDAUTOML_BUDGET__MAX_TIME=5m` sets `budget.max_time`.

    Raises:
        ConfigError: A variable with our prefix names no field.
    """
    from cloudautoml.spec.job import JobSpec

    if profile := environ.get(f"{_PREFIX}PROFILE"):
        yield _single("environment", ("provider",), profile, f"{_PREFIX}PROFILE")
    # a shorter name first, so that a field goes over the mapping that holds it
    for name in sorted((name for name in environ if name.startswith(_PREFIX)), key=lambda name: (len(name), name)):
        rest = name.removeprefix(_PREFIX)
        if rest in RESERVED or not environ[name]:
            continue
        keys = tuple(part.lower() for part in rest.split("__"))
        if keys[0] not in JobSpec.model_fields or not all(keys):
            import difflib

            known = [*(field.upper() for field in JobSpec.model_fields), *RESERVED]
            close = difflib.get_close_matches(rest.partition("__")[0], known, n=1)
            guess = f"did you mean {_PREFIX}{close[0]}{rest[len(rest.partition('__')[0]) :]}?" if close else None
            hint = guess or f"known: {', '.join(known)}; nested as {_PREFIX}BUDGET__MAX_TIME"
            raise ConfigError("this environment variable names no setting", where=name, hint=hint)
        yield _single("environment", keys, parse_value(environ[name]), name)


def override_layer(text: str) -> Layer:
    """The layer of one `--set a.b=value`.

    Raises:
        ConfigError: It has no such form.
    """
    keys: list[str] = []
    position, goes_on = 0, True
    while goes_on:
        match = _STEP.match(text, position)
        keys.append(next((part.strip() for part in match.groups() if part is not None), "") if match else "")
        position = match.end() if match else position
        goes_on = match is not None and text[position : position + 1] == "."
        position += goes_on
    if not all(keys) or text[position : position + 1] != "=":
        raise ConfigError(f"{text!r} is not of the form field=value", where="--set", hint="--set budget.max_time=5m")
    return _single("override", tuple(keys), parse_value(text[position + 1 :]), f"--set {'.'.join(keys)}")


def flag_layer(field: str, value: Any, option: str) -> Layer:
    """The layer of one option that stands for a field, such as `--max-time` for `budget.max_time`."""
    return _single("flag", tuple(field.split(".")), value, option)


def _single(name: str, keys: tuple[str, ...], value: Any, source: str) -> Layer:
    values: Any = value
    for key in reversed(keys):
        values = {key: values}
    places: dict[Keys, Place] = {(): Place(source)}
    return _layer(name, Document(values, places), Path.cwd())
