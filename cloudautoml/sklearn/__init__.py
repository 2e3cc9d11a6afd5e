"""scikit-learn estimators: a job of any provider behind `fit`, and its best model behind `predict`."""

from importlib.util import find_spec

from cloudautoml.errors import MissingExtraError

if find_spec("sklearn") is None:
    raise MissingExtraError("local", "scikit-learn")

from cloudautoml.sklearn.classifier import AutoMLClassifier
from cloudautoml.sklearn.regressor import AutoMLRegressor

__all__ = ["EXPECTED_FAILED_CHECKS", "AutoMLClassifier", "AutoMLRegressor"]

EXPECTED_FAILED_CHECKS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a row of weight 2 is one row in one fold, and two equal rows may fall into two folds: candidates are "
        "validated on other rows, so scores and the ensemble differ"
    ),
}
"""scikit-learn's checks that cannot hold, with the reason."""
