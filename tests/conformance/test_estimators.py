"""Every registered estimator passes the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.testing import EstimatorSuite

if TYPE_CHECKING:
    from cloudautoml.search import PerformanceEstimator


class TestEstimators(EstimatorSuite):
    @pytest.fixture(params=registry.names("estimators"))
    @override
    def estimator_type(self, request: pytest.FixtureRequest) -> type[PerformanceEstimator]:
        return registry.estimator_type(request.param)

    @pytest.mark.parametrize("name", registry.names("estimators"))
    def test_registry_key_is_the_name(self, name: str) -> None:
        assert registry.estimator_type(name).name == name
