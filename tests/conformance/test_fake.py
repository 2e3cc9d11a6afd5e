"""The reference provider passes the suite, also when it refuses most of what it can do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from cloudautoml.capabilities import Feature
from cloudautoml.testing import FakeProvider, FakeVendor, ProviderSuite
from cloudautoml.testing.fake import FakeConfig, plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.provider import Provider
    from cloudautoml.store import Store


class TestFake(ProviderSuite):
    plugin = plugin

    @pytest.fixture(scope="class")
    @classmethod
    def vendor(cls) -> FakeVendor:
        return FakeVendor()

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def make_provider(cls, vendor: FakeVendor) -> Callable[[Store], Provider[Any]]:
        kind = cls.plugin.provider
        assert issubclass(kind, FakeProvider)
        return lambda store: kind(FakeConfig(), store=store, vendor=vendor)

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def vendor_calls(cls, vendor: FakeVendor) -> Callable[[], int]:
        return lambda: len(vendor.calls)


KEPT = {
    Feature.TABULAR_REGRESSION, Feature.CANCEL, Feature.ATTACH, Feature.EVENTS, Feature.LEADERBOARD, Feature.PREDICT,
    Feature.REPORT, Feature.MAX_TRIALS,
}  # fmt: skip


class TestFrugalFake(TestFake):
    plugin = replace(plugin, provider=FakeProvider.refusing(*(feature for feature in Feature if feature not in KEPT)))
