"""Search by any oracle of KerasTuner; only its suggestions are used, nothing of its tuners."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
import threading
import warnings
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import Field, field_validator
from typing_extensions import override

from cloudautoml.errors import MissingExtraError, SpecError
from cloudautoml.search import Architecture, StrategyOptions, TrialState
from cloudautoml_local.parts import load_path
from cloudautoml_local.strategies.adapted import AdaptedSearch

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.search import Option, SearchSpace, Trial

_ORACLES: Final = {
    "random": "RandomSearchOracle",
    "bayesian": "BayesianOptimizationOracle",
    "grid": "GridSearchOracle",
}
_LEARN_NOTHING: Final = {"RandomSearchOracle", "GridSearchOracle"}
_SCORE: Final = "score"
_LARGEST: Final = 1e100
_NEVER: Final = 10**9


class KerasTunerOptions(StrategyOptions):
    """Options of a search by KerasTuner."""

    oracle: Annotated[str, Field(min_length=1)] = "random"
    """`random`, `bayesian` (a second or two a suggestion) or `grid`; or an oracle's class, `package.module:Class`."""
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Arguments of the oracle, as KerasTuner names them."""

    @field_validator("oracle")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if importlib.util.find_spec("keras_tuner") is None:
            raise MissingExtraError("local", "keras_tuner")
        if value.rpartition(":")[2] in {"hyperband", "HyperbandOracle"}:
            msg = "KerasTuner's Hyperband trains through its own tuner; the strategy 'hyperband' does it here"
            raise ValueError(msg)
        if value not in _ORACLES and ":" not in value:
            msg = f"KerasTuner's oracles are {', '.join(_ORACLES)}; any other class is written package.module:Class"
            raise ValueError(msg)
        return value


class KerasTunerSearch(AdaptedSearch[Any]):
    """Lets an oracle of KerasTuner fill in the decisions of the space.

    An ordered decision is an integer to it, any other one a choice; what a candidate does not come to is ignored.
    A repeated suggestion is answered with the known score. A proposal takes a few milliseconds at 500 trials, with
    the oracle `bayesian` one or two seconds, which is its own.
    """

    name: ClassVar[str] = "keras_tuner"
    paper: ClassVar[str] = "O'Malley et al., 2019, https://github.com/keras-team/keras-tuner"
    options_type: ClassVar[type[StrategyOptions]] = KerasTunerOptions

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._lock = threading.Lock()
        self._asked = 0
        assert isinstance(self.options, KerasTunerOptions)
        if ":" in self.options.oracle or self.options.arguments:
            _ = self._oracle  # only KerasTuner can tell whether they are right

    @cached_property
    def _names(self) -> dict[str, str]:
        return {repr(decision): f"{number}" for number, decision in enumerate(self.space.decisions)}

    @cached_property
    def _oracle(self) -> Any:
        """The oracle, made when it is first used: KerasTuner takes seconds to import."""
        oracle = self._new_oracle()
        if isinstance(oracle, _bayesian_type()):
            self._tries = 3  # each takes a second, and knowing the same score again changes little
        return oracle

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the oracle: one thread at a time, since its own lock is never given back after an error."""
        with self._lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return function(*arguments)
            except BaseException:
                self._unlock()
                raise

    def _unlock(self) -> None:
        engine = _engine()
        lock = engine.LOCKS[self._oracle]
        if lock.locked():
            lock.release()
        engine.THREADS[self._oracle] = None

    def _new_oracle(self) -> Any:
        import keras_tuner

        options = self.options
        assert isinstance(options, KerasTunerOptions)
        given = options.oracle
        found = load_path(given) if ":" in given else getattr(keras_tuner.oracles, _ORACLES[given])
        if not (isinstance(found, type) and issubclass(found, keras_tuner.Oracle)):
            raise SpecError(f"{given!r} is not an oracle of KerasTuner", where="search.strategy.oracle")
        kind: Any = found
        unknown = keras_tuner.HyperParameters()
        for decision in self.space.decisions:
            name, last = self._names[repr(decision)], len(decision.options) - 1
            if decision.ordered:
                unknown.Int(name, 0, last)
            else:
                unknown.Choice(name, list(range(last + 1)), ordered=False)
        usual = {
            "objective": keras_tuner.Objective(_SCORE, "max"),
            "hyperparameters": unknown,
            "seed": self.seed % 2**31 + 1,  # it takes 0 for "any"
            "max_trials": _NEVER,
            "max_consecutive_failed_trials": _NEVER,
        }
        try:
            oracle: Any = kind(**{**usual, **options.arguments})
        except (TypeError, ValueError) as exc:
            raise SpecError(f"{kind.__name__}: {exc}", where="search.strategy.arguments") from exc
        oracle.verbose = 0
        # its state is rebuilt from the trials here: what it would write, twice a trial, nobody reads
        oracle.save = _write_nothing
        oracle._save_trial = _write_nothing  # noqa: SLF001
        place = tempfile.mkdtemp(prefix="keras-tuner-")
        oracle._set_project_dir(place, "oracle")  # noqa: SLF001
        weakref.finalize(self, _forget, oracle, place)
        return oracle

    @override
    def _suggest(self) -> tuple[Architecture, Any] | None:
        oracle = self._oracle
        self._asked += 1
        trial = self._call(oracle.create_trial, f"{self._asked}")
        if trial.status != "RUNNING":
            return None
        values = trial.hyperparameters.values
        made: dict[str, Option] = {}
        while (decision := self.space.decide(made)) is not None:
            made[decision.name] = decision.options[int(values.get(self._names.get(repr(decision), ""), 0))]
        return Architecture(tuple(made.items())), trial

    @override
    def _answer(self, handle: Any, trial: Trial | None) -> None:
        self._call(self._end, handle, trial)

    def _end(self, handle: Any, trial: Trial | None) -> None:
        score = None if trial is None else trial.score
        if score is not None:
            self._oracle.update_trial(handle.trial_id, {_SCORE: min(max(score, -_LARGEST), _LARGEST)})
        handle.status = "FAILED" if score is None else "COMPLETED"
        handle.message = None if trial is None else trial.error
        self._oracle.end_trial(handle)

    @override
    def _learn(self, trial: Trial) -> None:
        if type(self._oracle).__name__ in _LEARN_NOTHING or trial.state is TrialState.SKIPPED:
            return
        self._call(self._enter, trial)

    def _enter(self, trial: Trial) -> None:
        """Put a trial that the oracle has not suggested among its own."""
        from keras_tuner.engine.trial import Trial as OracleTrial

        values = self._oracle.get_space()
        values.ensure_active_values()
        for decision, option in self.space.path(trial.architecture):
            if (name := self._names.get(repr(decision))) is not None:
                values.values[name] = decision.index(option)
        entered = OracleTrial(values, trial_id=f"{len(self._oracle.trials):010d}", status="RUNNING")
        self._oracle.trials[entered.trial_id] = entered
        self._oracle.start_order.append(entered.trial_id)
        self._end(entered, trial)


def _write_nothing(_trial: Any = None) -> None:
    """Stands in for what writes files."""


def _bayesian_type() -> Any:
    import keras_tuner

    return keras_tuner.oracles.BayesianOptimizationOracle


def _engine() -> Any:
    """The module that keeps the locks of all oracles."""
    import keras_tuner

    return sys.modules[keras_tuner.Oracle.__module__]


def _forget(oracle: Any, place: str) -> None:
    """Free what KerasTuner keeps of an oracle for ever, and its folder."""
    engine = _engine()
    engine.LOCKS.pop(oracle, None)
    engine.THREADS.pop(oracle, None)
    shutil.rmtree(place, ignore_errors=True)
