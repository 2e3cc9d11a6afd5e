"""Rehearsal: a vendor's emulator started for a command, trained by the local provider, reached by nobody else."""

import contextlib
import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloudautoml.emulation import Emulator
    from cloudautoml.provider import Provider

TRAINS = "local"
"""The provider behind every emulator."""
_FOLDER = "emulated"


@contextlib.contextmanager
def emulating(name: str, *, port: int = 0) -> Generator["Emulator"]:
    """A running emulator, whose trainings are kept in a store of their own beside the user's.

    Args:
        name: The provider that is emulated.
        port: Where it listens; 0 takes a free port.

    Raises:
        UnknownNameError: Nobody emulates it.
        MissingExtraError: What the emulator needs is not installed.
    """
    from cloudautoml.registry import emulator_type, provider_plugin
    from cloudautoml.store import Store

    kind = emulator_type(name)
    trainer = provider_plugin(TRAINS)
    store = Store(Store().home / _FOLDER)
    with kind(trainer.provider(trainer.config(), store=store), port=port) as emulator:
        yield emulator


@contextlib.contextmanager
def rehearsing(backend: "Provider[Any]") -> Generator["Provider[Any]"]:
    """A provider like another one, whose calls all go to an emulator that is started for it.

    The emulator's variables are set for as long as it runs, so that no call can reach the vendor.
    """
    with emulating(backend.name) as emulator, _environment(dict(emulator.environment())):
        config = type(backend.config).model_validate({**backend.config.model_dump(), **emulator.settings()})
        yield type(backend)(config, store=backend.store, base=backend.base)


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Generator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
