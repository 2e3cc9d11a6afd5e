"""Search: strategies and model families in Autopilot's words, which are a mode and a list of algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.errors import SpecError, UnknownNameError
from cloudautoml.spec import Forecasting, TabularClassification, TabularRegression

if TYPE_CHECKING:
    from cloudautoml.spec import JobSpec

MODES = {"auto": "AUTO", "ensembling": "ENSEMBLING", "hyperparameter_tuning": "HYPERPARAMETER_TUNING"}
"""`TabularJobConfig.Mode` by the name of a strategy."""

# "AutoMLAlgorithmConfig": which algorithms each mode knows
ENSEMBLING = (
    "catboost", "extra-trees", "fastai", "lightgbm", "linear-learner", "nn-torch", "randomforest", "xgboost",
)  # fmt: skip
TUNING = ("linear-learner", "mlp", "xgboost")
FORECASTING = ("cnn-qr", "deepar", "prophet", "arima", "npts", "ets")

_VENDOR = {"extra_trees": "extra-trees", "random_forest": "randomforest", "linear": "linear-learner"}
_OURS = {theirs: ours for ours, theirs in _VENDOR.items()}


def family(algorithm: str) -> str:
    """Our name of an algorithm; its own where it has none of ours."""
    return _OURS.get(algorithm, algorithm)


def known_families(spec: JobSpec) -> tuple[str, ...]:
    """The families that `search.families` may name for a task, in our words."""
    if isinstance(spec.task, Forecasting):
        return FORECASTING
    return tuple(family(name) for name in dict.fromkeys((*ENSEMBLING, *TUNING)))


def _wanted(spec: JobSpec) -> list[str]:
    return [_VENDOR.get(name, name) for name in spec.search.families or ()]


def mode_of(spec: JobSpec) -> str | None:
    """The mode of a tabular job; None leaves it to Autopilot.

    Families and weights are honoured in certain modes only, so either chooses one where the spec does not.
    """
    strategy = spec.search.strategy
    if strategy is not None and (strategy.type != "auto" or not _needs_mode(spec)):
        return MODES[strategy.type]
    if not _needs_mode(spec):
        return None
    if not _weighted(spec) and not set(_wanted(spec)) <= set(ENSEMBLING):
        return "HYPERPARAMETER_TUNING"
    return "ENSEMBLING"


def _weighted(spec: JobSpec) -> bool:
    return getattr(spec.task, "weight", None) is not None


def _needs_mode(spec: JobSpec) -> bool:
    return _weighted(spec) or spec.search.families is not None


def algorithms(spec: JobSpec) -> dict[str, Any] | None:
    """The `CandidateGenerationConfig` of a job; None leaves the algorithms to Autopilot."""
    wanted = _wanted(spec)
    return {"AlgorithmsConfig": [{"AutoMLAlgorithms": wanted}]} if wanted else None


def validation_fraction(spec: JobSpec) -> float | None:
    """The share of rows that Autopilot validates on, where the strategy says so."""
    strategy = spec.search.strategy
    return None if strategy is None else strategy.options.get("validation_fraction")


def check_search(spec: JobSpec) -> None:
    """Refuse names and options that Autopilot does not know.

    Raises:
        UnknownNameError: It has no such strategy or family.
        SpecError: An option, or a combination, does not exist there.
    """
    tabular = isinstance(spec.task, (TabularClassification, TabularRegression))
    strategy, families = spec.search.strategy, spec.search.families
    if strategy is not None:
        known = MODES if tabular else {"auto": ""}
        if strategy.type not in known:
            raise UnknownNameError("search strategy of Autopilot", strategy.type, list(known), where="search.strategy")
        _check_options(spec, strategy.options)
    if families is None:
        return
    if not tabular and not isinstance(spec.task, Forecasting):
        raise SpecError(f"Autopilot chooses the model of a {spec.task.type} itself", where="search.families")
    for name in families:
        if name not in known_families(spec) and _VENDOR.get(name, name) not in map(_vendor, known_families(spec)):
            raise UnknownNameError(
                "model family of Autopilot", name, list(known_families(spec)), where="search.families"
            )
    if tabular:
        _check_mode(spec)


def _vendor(name: str) -> str:
    return _VENDOR.get(name, name)


def _check_options(spec: JobSpec, options: dict[str, Any]) -> None:
    for name, value in options.items():
        place = f"search.strategy.{name}"
        if name != "validation_fraction":
            raise SpecError("unknown option", where=place, hint="known: validation_fraction")
        if isinstance(spec.task, Forecasting):
            raise SpecError("a forecast is validated on its latest steps, not on a share of rows", where=place)
        if not isinstance(value, (int, float)) or not 0 < value < 1:
            raise SpecError("a share of rows is between 0 and 1", where=place)


def _check_mode(spec: JobSpec) -> None:
    mode, wanted = mode_of(spec), set(_wanted(spec))
    fitting = {"ENSEMBLING": ENSEMBLING, "HYPERPARAMETER_TUNING": TUNING}.get(mode or "", ())
    if left := sorted(wanted - set(fitting)):
        raise SpecError(
            f"Autopilot's mode {mode} does not know {', '.join(map(family, left))}",
            where="search.families",
            hint=f"it knows {', '.join(family(name) for name in fitting)}",
        )
