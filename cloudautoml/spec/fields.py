"""Fields: which keys a model takes at a place in a document, for messages that say what was meant."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from cloudautoml.spec.document import Keys


def fields_at(root: type[BaseModel], keys: Keys, values: Any) -> dict[str, str]:
    """The keys that are allowed in the mapping at `keys`, each with its description.

    Args:
        root: The model of the whole document.
        keys: The way to the mapping.
        values: The document; its `type` keys say which member of a union is meant.
    """
    model: type[BaseModel] | None = root
    current = values
    for key in keys:
        current = current.get(key) if isinstance(current, dict) else None
        if model is None or not isinstance(key, str) or key not in model.model_fields:
            return {}
        model = _chosen(_models(model.model_fields[key].annotation), current)
    if model is None:
        return {}
    return {name: field.description or "" for name, field in model.model_fields.items()}


@cache
def fields_named(root: type[BaseModel]) -> dict[str, str]:
    """Where each key belongs that has one home below the top: `max_trials` in `budget.max_trials`."""
    homes: dict[str, set[str]] = {}
    for name, field in root.model_fields.items():
        for model in _models(field.annotation):
            for inner in model.model_fields:
                homes.setdefault(inner, set()).add(f"{name}.{inner}")
    return {name: next(iter(places)) for name, places in homes.items() if len(places) == 1}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _chosen(models: list[type[BaseModel]], value: Any) -> type[BaseModel] | None:
    if len(models) < 2:
        return models[0] if models else None
    tag = value.get("type") if isinstance(value, dict) else None
    return next((model for model in models if model.model_fields["type"].default == tag), None)
