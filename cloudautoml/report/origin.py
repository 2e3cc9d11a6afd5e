"""Origin: how a result came about, and how to get it again: the spec as YAML, versions, seeds, digests."""

from __future__ import annotations

import io
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

import cloudautoml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudautoml.report.sources import Sources
    from cloudautoml.spec import JobSpec

_LIBRARIES = (
    "numpy", "pandas", "pyarrow", "scikit-learn", "lightgbm", "xgboost", "xgboost-cpu", "catboost", "keras",
    "tensorflow",
)  # fmt: skip


def spec_yaml(spec: JobSpec) -> str:
    """A spec as YAML, without what is as it would be anyway."""
    from ruamel.yaml import YAML

    plain = spec.model_dump(mode="json", exclude_defaults=True)
    plain["task"] = {"type": spec.task.type, **plain["task"]}
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 100
    out = io.StringIO()
    yaml.dump({"name": plain.pop("name"), **plain}, out)
    return out.getvalue()


def reproduction(sources: Sources) -> list[tuple[str, str]]:
    """Names and values of everything that the result depends on."""
    record, spec = sources.record, sources.spec
    facts = [
        ("Job", record.id),
        ("Spec digest", record.fingerprint),
        ("Data digest", str(sources.profile.get("fingerprint", ""))),
        ("Seed", str(spec.seed)),
        ("Search seed", "" if spec.search_seed == spec.seed else str(spec.search_seed)),
        ("Holdout seed", _holdout_seed(spec)),
        ("Vendor's name", record.vendor_ref or ""),
        ("Started", f"{record.created:%Y-%m-%d %H:%M:%S} UTC"),
        ("Ended", f"{record.ended:%Y-%m-%d %H:%M:%S} UTC" if record.ended else ""),
    ]
    facts += [
        (name.replace("_", " ").capitalize(), _plain(value))
        for name, value in sources.board.protocol.items()
        if name != "data"
    ]
    return [(name, value) for name, value in facts if value]


def _holdout_seed(spec: JobSpec) -> str:
    holdout = spec.data.holdout
    drawn = holdout is not None and spec.data.test is None and not (holdout.column or holdout.time)
    return str(holdout.seed) if holdout is not None and drawn else ""


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(inner) for inner in value)
    return "" if value is None else str(value)


def versions() -> list[tuple[str, str]]:
    """Names and versions of what is installed where the report is written."""
    return [
        ("cloudautoml", cloudautoml.__version__),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        *_installed(),
    ]


def _installed() -> Iterator[tuple[str, str]]:
    for name in _LIBRARIES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
