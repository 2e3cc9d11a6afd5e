"""Conformance suites and reference doubles, for this project's parts and for everybody else's; needs pytest."""

import pytest

for _module in ("asks", "calls", "provider_suite", "space_suite", "strategy_suite", "estimator_suite"):
    pytest.register_assert_rewrite(f"cloudautoml.testing.{_module}")

from cloudautoml.testing.fake import FakeProvider, FakeVendor  # noqa: E402 - asserts are rewritten on import
from cloudautoml.testing.provider_suite import ProviderSuite  # noqa: E402
from cloudautoml.testing.suite import Suite, deviates  # noqa: E402

__all__ = ["FakeProvider", "FakeVendor", "ProviderSuite", "Suite", "deviates"]
