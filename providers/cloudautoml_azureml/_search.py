"""Search: model families in Azure's words, and what of a search Azure AutoML takes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.errors import UnknownNameError

if TYPE_CHECKING:
    from cloudautoml.spec import JobSpec

_BOTH = {
    "decision_tree": "DecisionTree",
    "extra_trees": "ExtremeRandomTrees",
    "gradient_boosting": "GradientBoosting",
    "knn": "KNN",
    "lightgbm": "LightGBM",
    "random_forest": "RandomForest",
    "sgd": "SGD",
}
ALGORITHMS: dict[str, dict[str, str]] = {
    "tabular_classification": {
        **_BOTH,
        "bernoulli_naive_bayes": "BernoulliNaiveBayes",
        "linear": "LogisticRegression",
        "linear_svm": "LinearSVM",
        "multinomial_naive_bayes": "MultinomialNaiveBayes",
        "svm": "SVM",
        "xgboost": "XGBoostClassifier",
    },
    "tabular_regression": {
        **_BOTH,
        "lasso_lars": "LassoLars",
        "linear": "ElasticNet",
        "xgboost": "XGBoostRegressor",
    },
}
"""By type of task and by our name of a family: the algorithm that Azure has for it."""

ENSEMBLES = ("VotingEnsemble", "StackEnsemble")
"""What Azure calls the child runs that combine others."""


def algorithms(spec: JobSpec) -> list[str] | None:
    """The `allowedTrainingAlgorithms` of a job; None leaves them to Azure."""
    known = ALGORITHMS.get(spec.task.type, {})
    wanted = [known[name] for name in spec.search.families or ()]
    return list(dict.fromkeys(wanted)) or None


def family(algorithm: str, task: str) -> str:
    """Our name of an algorithm; its own, in small letters, where it has none of ours."""
    if algorithm in ENSEMBLES:
        return "ensemble"
    names = {theirs: ours for ours, theirs in ALGORITHMS.get(task, {}).items()}
    return names.get(algorithm, algorithm.lower())


def check_search(spec: JobSpec) -> None:
    """Refuse families that Azure does not know.

    Raises:
        UnknownNameError: It has none of that name for this task.
    """
    known = ALGORITHMS.get(spec.task.type, {})
    for name in spec.search.families or ():
        if name not in known:
            raise UnknownNameError("model family of Azure AutoML", name, list(known), where="search.families")
