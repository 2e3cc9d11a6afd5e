"""Which checks of the suites take more than ten seconds: those that train on pictures."""

from __future__ import annotations

import pytest

SLOW = ("object_detection", "image_multi_label")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "test_local.py" in item.nodeid and any(f"[{feature}]" in item.nodeid for feature in SLOW):
            item.add_marker(pytest.mark.slow)
