"""Arrays in a spec: every way to write them is one source, and what is none is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from cloudautoml.spec import Dataset, ImageClassification, InMemory, JobSpec

IMAGES, LABELS = np.zeros((4, 3, 3), np.uint8), np.array([0, 1, 0, 1])


def data(value: Any) -> Dataset:
    return JobSpec.model_validate({"name": "a", "task": ImageClassification(), "data": value}).data


@pytest.mark.parametrize("value", [(IMAGES, LABELS), {"images": IMAGES, "labels": LABELS}, {"train": (IMAGES, LABELS)}])
def test_arrays_are_kept_as_they_are(value: Any) -> None:
    source = data(value).train
    assert isinstance(source, InMemory)
    kept = source.table
    assert (kept["images"] if isinstance(kept, dict) else kept[0]) is IMAGES
    assert repr(source) == "<arrays images (4, 3, 3), labels (4,)>"
    assert data(value).model_dump(mode="json")["train"] == repr(source)


def test_two_pairs_are_train_and_test() -> None:
    found = data(((IMAGES, LABELS), (IMAGES[:2], LABELS[:2])))
    assert repr(found.test) == "<arrays images (2, 3, 3), labels (2,)>"
    both = data({"train": (IMAGES, LABELS), "test": {"x": IMAGES, "y": LABELS}})
    assert isinstance(both.test, InMemory)


@pytest.mark.parametrize("value", [(IMAGES,), (IMAGES, LABELS, LABELS), ("a", "b"), {"train": (1, 2)}, IMAGES])
def test_what_is_no_pair_of_arrays_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        data(value)
