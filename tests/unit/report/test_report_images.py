"""A report of images says what they are and shows some, and goes without where their files are damaged."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from report_jobs import Ended, candidates, write_board

from cloudautoml.data import prepare_images
from cloudautoml.job import JobState, JobStatus
from cloudautoml.report import write_report
from cloudautoml.spec import ImageClassification, JobSpec
from cloudautoml.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pictured(home: Path) -> Ended:
    """An image classification that succeeded: 90 coloured images of three classes, one with a hostile name."""
    images = np.random.default_rng(0).integers(0, 256, (90, 20, 30, 3), dtype=np.uint8)
    labels = np.array(["cat", "dog", "<script>alert(1)</script>"])[np.arange(90) % 3]
    spec = JobSpec.model_validate({"name": "pets", "task": ImageClassification(), "data": (images, labels)})
    store = Store(home)
    ended = Ended(store, store.create(spec, "local").id)
    prepare_images(spec).save(ended.folder / "data")
    store.observe(ended.job, JobStatus(JobState.RUNNING))
    store.observe(ended.job, JobStatus(JobState.SUCCEEDED))
    write_board(ended, candidates(ended.job), "accuracy")
    return ended


def test_images_are_described_and_shown(pictured: Ended) -> None:
    html = write_report(pictured.store, pictured.job).read_text("utf-8")
    assert "72 images to learn from, 18 sealed; 3 classes; all of 20 x 30 pixels, in colour." in html
    assert "It learned from 72 images." in html
    assert "<dt>Images</dt><dd>72</dd>" in html
    shown = re.findall(r'<img src="data:image/png;base64,([^"]+)"', html)
    assert len(shown) == 16
    with Image.open(io.BytesIO(base64.b64decode(shown[0]))) as first:
        assert first.size == (30, 20)
    assert "<script>alert" not in html


def test_damaged_images_are_left_out(pictured: Ended) -> None:
    (pictured.folder / "data" / "images.npy").write_bytes(b"damaged")
    html = write_report(pictured.store, pictured.job).read_text("utf-8")
    assert "72 images to learn from" in html
    assert '<img src="data' not in html
