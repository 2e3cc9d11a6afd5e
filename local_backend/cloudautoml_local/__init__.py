"""The local backend: searches, trains and predicts on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.provider import ProviderPlugin
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.provider import LocalProvider

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.model import Model


def load_model(path: Path) -> Model:
    """Open a model that a local job's `Model.save` wrote.

    Raises:
        StorageError: It is something else, or damaged.
    """
    from cloudautoml.store.files import read_json

    saved = read_json(path / "model.json")
    if isinstance(saved, dict) and saved.get("kind") == "networks":
        from cloudautoml_local.tasks.neural import load_neural_model

        return load_neural_model(path)
    if isinstance(saved, dict) and saved.get("kind") == "text":
        from cloudautoml_local.tasks.text.model import load_text_model

        return load_text_model(path)
    if isinstance(saved, dict) and saved.get("kind") == "entities":
        from cloudautoml_local.tasks.entities import load_entity_model

        return load_entity_model(path)
    if isinstance(saved, dict) and saved.get("kind") == "series":
        from cloudautoml_local.tasks.forecasting.model import load_forecast_model

        return load_forecast_model(path)
    if isinstance(saved, dict) and saved.get("kind") == "detector":
        from cloudautoml_local.tasks.detection.model import load_detector

        return load_detector(path)
    from cloudautoml_local.tasks.tabular import load_tabular_model

    return load_tabular_model(path)


plugin = ProviderPlugin(
    name="local",
    description="this machine: free, offline, resumable",
    provider=LocalProvider,
    config=LocalConfig,
    load_model=load_model,
)
"""What the entry point `local` names."""

__all__ = ["LocalConfig", "LocalProvider", "load_model", "plugin"]
