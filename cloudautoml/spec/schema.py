"""Schema: the JSON Schema of a spec, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from cloudautoml.spec.job import JobSpec
from cloudautoml.spec.metrics import METRICS
from cloudautoml.spec.task import TASK_TYPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a spec as it is written in a file, short forms included."""
    schema = JobSpec.model_json_schema(mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    _shorten(schema)
    definitions["Objective"]["properties"]["metric"]["enum"] = list(METRICS)
    path = definitions["Dataset"]["properties"]["train"]
    schema["properties"]["data"] = {
        "description": schema["properties"]["data"].get("description", ""),
        "anyOf": [{"$ref": "#/$defs/Dataset"}, {"type": path["type"], "minLength": 1}],
    }
    part = definitions["Part"]
    definitions["Part"] = {
        "description": part.pop("description", ""),
        "anyOf": [{"type": "string", "minLength": 1}, part],
    }
    for task in TASK_TYPES:
        definition = definitions["".join(word.capitalize() for word in task.split("_"))]
        definition["required"] = ["type", *definition.get("required", [])]
    return {"$schema": DIALECT, "title": "cloudautoml job spec", **{k: v for k, v in schema.items() if k != "title"}}


def _shorten(node: Any) -> None:
    # pydantic titles every field with its own name, and repeats a tagged union's members as a discriminator
    if isinstance(node, dict):
        for name in ("title", "discriminator"):
            if isinstance(node.get(name), str if name == "title" else dict):
                del node[name]
        for inner in node.values():
            _shorten(inner)
    elif isinstance(node, list):
        for inner in node:
            _shorten(inner)
