"""Providers: one by its name, by a profile or by its settings, ready to submit to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cloudautoml import registry
from cloudautoml.config.resolution import gather
from cloudautoml.errors import ConfigError, MissingExtraError, UnknownNameError
from cloudautoml.provider import ProviderConfig
from cloudautoml.spec.problems import Problem, problems_in, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.config.layers import Origins
    from cloudautoml.provider import Provider, ProviderPlugin
    from cloudautoml.spec import JobSpec
    from cloudautoml.spec.document import Keys, Place
    from cloudautoml.store import Store


def connect(provider: str | ProviderConfig | None = None, *, store: Store | None = None) -> Provider[Any]:
    """A provider to submit jobs to.

    Args:
        provider: Its name, the name of a profile of `cloudautoml.yaml`, or its settings; the default one of the
            environment and the files unless given, which is `local` where they say nothing.
        store: Where jobs are recorded; the user's own unless given.

    Raises:
        UnknownNameError: There is no provider and no profile of that name.
        MissingExtraError: It needs a package that is not installed.
        ConfigError: Its settings are wrong.
    """
    if isinstance(provider, ProviderConfig):
        return _plugin_of(provider).provider(provider, store=store)
    flags = {} if provider is None else {"connect": ("provider", provider)}
    settings = gather(flags=flags)
    name = str(settings.values.get("provider", "local"))
    place = settings.origins.place(("provider",))
    blocks = settings.values.get("providers")
    block = blocks.get(name, {}) if isinstance(blocks, dict) else {}
    where = str(place) if place and place.source != "connect" else None
    plugin = _plugin(name, profiles=list(settings.profiles), where=where)
    return plugin.provider(_config(plugin, block, settings.origins), store=store)


def provider_for(
    spec: JobSpec,
    name: str | None = None,
    *,
    store: Store | None = None,
    origins: Origins | None = None,
    profiles: Mapping[str, Any] | None = None,
) -> Provider[Any]:
    """The provider that a spec names, with the settings of its block in `providers`.

    Args:
        spec: The spec.
        name: Another provider of those the spec may run on.
        store: Where jobs are recorded; the user's own unless given.
        origins: Where the spec's values came from, for messages with lines.
        profiles: Names that could have been meant.

    Raises:
        UnknownNameError: There is no such provider.
        MissingExtraError: It needs a package that is not installed.
        ConfigError: Its settings are wrong.
    """
    place = origins.place(("provider",)) if origins and name is None else None
    plugin = _plugin(name or spec.provider, profiles=list(profiles or ()), where=str(place) if place else None)
    return plugin.provider(_config(plugin, spec.providers.get(plugin.name, {}), origins), store=store)


def _plugin(name: str, *, profiles: list[str], where: str | None) -> ProviderPlugin:
    known = registry.names("providers")
    if name not in known:
        raise UnknownNameError("provider", name, [*known, *profiles], where=where)
    return registry.provider_plugin(name, where=where)


def _plugin_of(config: ProviderConfig) -> ProviderPlugin:
    for name in registry.names("providers"):
        try:
            plugin = registry.provider_plugin(name)
        except MissingExtraError:
            continue
        if plugin.config is type(config):
            return plugin
    raise ConfigError(f"{type(config).__name__} is not the configuration of an installed provider")


def _config(plugin: ProviderPlugin, block: Any, origins: Origins | None) -> ProviderConfig:
    def place_of(keys: Keys) -> Place | None:
        return origins.place(("providers", plugin.name, *keys)) if origins else None

    try:
        return plugin.config.model_validate(block)
    except ValidationError as exc:
        prefix = f"providers.{plugin.name}"
        problems = [
            Problem(f"{prefix}.{problem.field}".rstrip("."), problem.message, problem.place, problem.hint)
            for problem in problems_in(exc, block, plugin.config, place_of)
        ]
        refuse(problems, in_spec=lambda _: False)
