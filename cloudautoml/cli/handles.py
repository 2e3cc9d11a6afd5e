"""Handles: the job that a command line means, and the provider that runs it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.config import Resolved
    from cloudautoml.job import Job
    from cloudautoml.provider import Provider
    from cloudautoml.store import Store


def open_job(ref: str, store: "Store | None" = None) -> "Job":
    """The handle to a recorded job.

    Args:
        ref: Its id or the start of one, its name, the vendor's name for it, or `last`.
        store: Where it is recorded; the user's own unless given.

    Raises:
        JobNotFoundError: There is none.
    """
    from cloudautoml.config import provider_for
    from cloudautoml.store import Store

    store = store or Store()
    record = store.find(ref)
    return provider_for(record.spec, record.provider, store=store).attach(record.id)


def provider_of(resolved: "Resolved", store: "Store | None" = None) -> "Provider[Any]":
    """The provider that a spec, with all settings around it, is to run on."""
    from cloudautoml.config import provider_for

    settings = resolved.settings
    return provider_for(resolved.spec, store=store, origins=settings.origins, profiles=settings.profiles)


def flags(**given: object) -> "Mapping[str, tuple[str, Any]]":
    """Options of the command line as settings: by option, the field and the value; what is None was not given.

    Args:
        given: Values by the name of a field, such as `max_trials`.
    """
    homes = {"max_trials": "budget", "max_time": "budget", "max_cost": "budget"}
    return {
        f"--{name.replace('_', '-')}": (f"{homes[name]}.{name}" if name in homes else name, value)
        for name, value in given.items()
        if value is not None
    }
