"""Conformance suites and reference doubles, for this project's parts and for everybody else's.

Needs pytest and hypothesis.
"""

import pytest

for _module in ("asks", "calls", "provider_suite", "space_suite", "strategy_suite", "estimator_suite", "series"):
    pytest.register_assert_rewrite(f"cloudautoml.testing.{_module}")

from cloudautoml.testing.estimator_suite import EstimatorSuite  # noqa: E402 - asserts are rewritten on import
from cloudautoml.testing.fake import FakeProvider, FakeVendor  # noqa: E402
from cloudautoml.testing.provider_suite import ProviderSuite  # noqa: E402
from cloudautoml.testing.simulation import SimulatedTrainer  # noqa: E402
from cloudautoml.testing.space_suite import SpaceSuite  # noqa: E402
from cloudautoml.testing.strategy_suite import StrategySuite  # noqa: E402
from cloudautoml.testing.suite import Suite, deviates  # noqa: E402

__all__ = [
    "EstimatorSuite",
    "FakeProvider",
    "FakeVendor",
    "ProviderSuite",
    "SimulatedTrainer",
    "SpaceSuite",
    "StrategySuite",
    "Suite",
    "deviates",
]
