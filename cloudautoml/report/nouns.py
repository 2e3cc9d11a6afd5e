"""Nouns: what one example of a task is called, so that reports of images do not speak of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudautoml.spec.task import TaskType

_NOUNS: dict[str, str] = {
    "image_classification": "image",
    "object_detection": "image",
    "instance_segmentation": "image",
    "text_classification": "text",
    "named_entity_recognition": "sentence",
    "forecasting": "value",
}


def noun(task: TaskType) -> str:
    """One example of a task: `row`, `image`, `text`, `sentence` or `value`."""
    return _NOUNS.get(task, "row")
