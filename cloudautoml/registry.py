"""Registry: providers and the parts of a search by name, found through entry points, ours and others' alike."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal

from cloudautoml.errors import ConfigError, MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from cloudautoml.emulation import Emulator
    from cloudautoml.provider import ProviderPlugin
    from cloudautoml.search import PerformanceEstimator, SearchSpace, SearchStrategy

Kind = Literal["providers", "strategies", "spaces", "estimators", "emulators"]
_SINGULAR = {
    "providers": "provider",
    "strategies": "strategy",
    "spaces": "search space",
    "estimators": "estimator",
    "emulators": "emulator",
}
_EXTRAS = {"strategies": "local", "spaces": "local", "estimators": "local"}  # what is not the extra of its own name


@cache
def _entries(kind: Kind) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=f"cloudautoml.{kind}"):
        # the same editable install may be listed twice; two packages that claim one name may not
        known = found.setdefault(entry.name, entry)
        if known.value != entry.value:
            raise ConfigError(
                f"two packages register the {_SINGULAR[kind]} {entry.name!r}: {known.value} and {entry.value}",
                hint="uninstall one of them",
            )
    return found


def names(kind: Kind) -> list[str]:
    """The registered names, sorted; nothing is imported."""
    return sorted(_entries(kind))


def load(kind: Kind, name: str, *, where: str | None = None) -> Any:
    """Import what is registered under a name.

    Args:
        kind: Which registry.
        name: The name.
        where: The place that asked, for the error.

    Raises:
        UnknownNameError: Nothing is registered under it.
        MissingExtraError: It is one of ours, but a package that it needs is not installed.
        ConfigError: It is another package's, and what it needs is not installed; or two packages claim the name.
    """
    entries = _entries(kind)
    if name not in entries:
        raise UnknownNameError(_SINGULAR[kind], name, list(entries), where=where)
    entry = entries[name]
    try:
        return entry.load()
    except ModuleNotFoundError as exc:
        package = (exc.name or "").partition(".")[0]
        if package in {"", "cloudautoml", entry.module.partition(".")[0]}:
            raise  # a module of its own or of ours is missing: a broken install, not a missing extra
        owner = entry.dist.name if entry.dist else "cloudautoml"
        if owner != "cloudautoml":
            raise ConfigError(
                f"{package!r} is not installed, and the {_SINGULAR[kind]} {name!r} of the package {owner} needs it",
                hint=f"install {package}, or uninstall {owner}",
            ) from exc
        raise MissingExtraError(_EXTRAS.get(kind, name), package) from exc


def provider_plugin(name: str, *, where: str | None = None) -> ProviderPlugin:
    """The plugin of a provider."""
    from cloudautoml.provider import ProviderPlugin

    plugin = load("providers", name, where=where)
    if not isinstance(plugin, ProviderPlugin) or plugin.name != name:
        raise ConfigError(f"the entry point of provider {name!r} does not name a ProviderPlugin called {name!r}")
    return plugin


def strategy_type(name: str, *, where: str | None = None) -> type[SearchStrategy]:
    """The class of a search strategy."""
    return load("strategies", name, where=where)  # type: ignore[no-any-return]


def space_type(name: str, *, where: str | None = None) -> type[SearchSpace]:
    """The class of a search space."""
    return load("spaces", name, where=where)  # type: ignore[no-any-return]


def estimator_type(name: str, *, where: str | None = None) -> type[PerformanceEstimator]:
    """The class of a performance estimator."""
    return load("estimators", name, where=where)  # type: ignore[no-any-return]


def emulator_type(name: str, *, where: str | None = None) -> type[Emulator]:
    """The class of a provider's emulator."""
    return load("emulators", name, where=where)  # type: ignore[no-any-return]
