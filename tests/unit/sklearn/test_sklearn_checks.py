"""scikit-learn's own checks of estimators."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml import AutoMLClassifier, AutoMLRegressor
from cloudautoml.sklearn import EXPECTED_FAILED_CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = 5
NOT_FOR_US = {"check_array_api_input"}  # about arrays on other devices; it skips itself where they are off


def checks(estimator: Any) -> Iterator[tuple[str, Any, Any]]:
    from sklearn.utils.estimator_checks import estimator_checks_generator

    for instance, check in estimator_checks_generator(estimator):
        name = check.func.__name__
        if name not in NOT_FOR_US:
            yield name, instance, check


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", [AutoMLClassifier, AutoMLRegressor])
def test_scikit_learns_checks_hold(kind: type[Any], part: int) -> None:
    estimator = kind(executor="inline", max_trials=2, families=("linear",))
    mine = list(checks(estimator))[part::PARTS]
    assert len(mine) > 5
    wrong: list[str] = []
    for name, instance, check in mine:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some checks are about warnings, and record them themselves
                check(instance)
        except Exception as exc:  # noqa: BLE001 - all that fail are named together
            if name not in EXPECTED_FAILED_CHECKS:
                wrong.append(f"{name}: {type(exc).__name__}: {exc}")
        else:
            if name in EXPECTED_FAILED_CHECKS:
                wrong.append(f"{name}: holds, and is listed as one that cannot")
    assert not wrong, "\n".join(wrong)


def test_what_cannot_hold_is_a_check_that_there_is() -> None:
    for kind in (AutoMLClassifier, AutoMLRegressor):
        names = {name for name, _, _ in checks(kind())}
        assert set(EXPECTED_FAILED_CHECKS) <= names
