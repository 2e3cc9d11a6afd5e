"""Search by any sampler of Optuna, asked along the decisions of the space."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import warnings
import zlib
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, field_validator
from typing_extensions import override

from cloudautoml.errors import MissingExtraError, SpecError
from cloudautoml.search import Architecture, StrategyOptions, TrialState
from cloudautoml_local.parts import load_path
from cloudautoml_local.strategies.adapted import AdaptedSearch

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import optuna

    from cloudautoml.search import Decision, Option, SearchSpace, Trial

_SAMPLERS: Final = {
    "tpe": "TPESampler",
    "random": "RandomSampler",
    "cmaes": "CmaEsSampler",
    "nsgaii": "NSGAIISampler",
    "nsgaiii": "NSGAIIISampler",
    "gp": "GPSampler",
    "qmc": "QMCSampler",
}
_ONE_OBJECTIVE: Final = {"CmaEsSampler", "QMCSampler"}
_PACKAGES: Final = {"cmaes": "cmaes", "gp": "torch"}
"""What a sampler needs beside Optuna."""
_LARGEST: Final = 1e100
"""Scores beyond are told as this: sums and squares of larger ones are no numbers any more."""


class OptunaOptions(StrategyOptions):
    """Options of a search by Optuna."""

    sampler: Annotated[str, Field(min_length=1)] | None = None
    """`tpe`, `random`, `cmaes`, `nsgaii`, `nsgaiii`, `gp` or `qmc`; or a class of your own, `package.module:Class`.
    Unless given, `tpe` for the best score and `nsgaii` where costs are minimised as well."""
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Arguments of the sampler, as Optuna names them."""

    @field_validator("sampler")
    @classmethod
    def _is_there(cls, value: str | None) -> str | None:
        if importlib.util.find_spec("optuna") is None:
            raise MissingExtraError("optuna", "optuna")
        if value is None:
            return None
        if value not in _SAMPLERS and ":" not in value:
            msg = f"Optuna's samplers are {', '.join(_SAMPLERS)}; any other class is written package.module:Class"
            raise ValueError(msg)
        package = _PACKAGES.get(value)
        if package is not None and importlib.util.find_spec(package) is None:
            msg = f"the sampler {value!r} needs {package}, which is not installed: pip install {package}"
            raise ValueError(msg)
        return value


class OptunaSearch(AdaptedSearch["optuna.Trial"]):
    """Lets a sampler of Optuna make each decision in turn.

    An ordered decision is an integer to it, any other one a category; one that a candidate does not come to is
    not asked for. Where costs are to be minimised it looks for the Pareto front. Trials of others count as
    knowledge. A proposal of the default sampler takes 5 to 20 milliseconds at 500 trials; of `tpe` with several
    objectives ten times that.
    """

    name: ClassVar[str] = "optuna"
    paper: ClassVar[str] = "Akiba et al., 2019, KDD, arXiv:1907.10902"
    options_type: ClassVar[type[StrategyOptions]] = OptunaOptions
    multi_objective: bool = True

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._costs: tuple[str, ...] = ()
        self._study = self._new_study()

    def _new_study(self) -> optuna.Study:
        import optuna

        options = self.options
        assert isinstance(options, OptunaOptions)
        with _quiet():
            sampler = _sampler_type(options.sampler or ("nsgaii" if self._costs else "tpe"))
            # such a sampler is refused where costs are to be weighed; told some nevertheless, it goes by the score
            self.multi_objective = sampler.__name__ not in _ONE_OBJECTIVE
            known = inspect.signature(sampler).parameters
            # running trials count as bad, so that parallel ones do not crowd together
            usual = {
                "seed": (self.seed + len(self._costs)) % 2**32,
                "warn_independent_sampling": False,
                "constant_liar": True,
            }
            arguments = {name: value for name, value in usual.items() if name in known} | options.arguments
            try:
                made = sampler(**arguments)
            except (TypeError, ValueError) as exc:
                raise SpecError(f"{sampler.__name__}: {exc}", where="search.strategy.arguments") from exc
            down: list[Literal["minimize"]] = ["minimize"]
            return optuna.create_study(directions=["maximize", *(down * len(self._costs))], sampler=made)

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        # a study's objectives are fixed, and what is minimised is seen by the first outcome
        if self.multi_objective and not self._costs:
            costs = next((t.measurement.costs for t in trials if t.measurement and t.measurement.costs), {})
            if costs:
                self._costs = tuple(sorted(costs))
                self._study = self._new_study()
                self._pending.clear()
                for trial in self._outcomes.values():
                    self._learn(trial)
        super().tell(trials)

    @override
    def _suggest(self) -> tuple[Architecture, optuna.Trial]:
        with _quiet():
            trial = self._study.ask()
            made: dict[str, Option] = {}
            while (decision := self.space.decide(made)) is not None:
                last = len(decision.options) - 1
                if decision.ordered:
                    position = trial.suggest_int(_parameter(decision), 0, last)
                else:
                    position = trial.suggest_categorical(_parameter(decision), range(last + 1))
                made[decision.name] = decision.options[int(position)]
        return Architecture(tuple(made.items())), trial

    @override
    def _answer(self, handle: optuna.Trial, trial: Trial | None) -> None:
        state, values = self._outcome(trial)
        with _quiet():
            self._study.tell(handle, values, state)

    @override
    def _learn(self, trial: Trial) -> None:
        import optuna

        state, values = self._outcome(trial)
        params: dict[str, int] = {}
        distributions: dict[str, optuna.distributions.BaseDistribution] = {}
        for decision, option in self.space.path(trial.architecture):
            name, count = _parameter(decision), len(decision.options)
            params[name] = decision.index(option)
            distributions[name] = (
                optuna.distributions.IntDistribution(0, count - 1)
                if decision.ordered
                else optuna.distributions.CategoricalDistribution(range(count))
            )
        with _quiet():
            self._study.add_trial(
                optuna.create_trial(state=state, values=values, params=params, distributions=distributions)
            )

    def _outcome(self, trial: Trial | None) -> tuple[optuna.trial.TrialState, list[float] | None]:
        from optuna.trial import TrialState as State

        if trial is None or trial.state is TrialState.SKIPPED:
            return State.FAIL, None
        if trial.measurement is None:
            # what was pruned counts as worse than all others, what has failed is forgotten
            return State.FAIL if self._costs else State.PRUNED, None
        costs = [trial.measurement.costs.get(name) for name in self._costs]
        if None in costs:
            return State.FAIL, None
        told = [trial.measurement.score, *(cost for cost in costs if cost is not None)]
        return State.COMPLETE, [min(max(value, -_LARGEST), _LARGEST) for value in told]


def _parameter(decision: Decision) -> str:
    """A name that stands for one distribution: a decision may have other options elsewhere."""
    return f"{decision.name}:{zlib.crc32(repr(decision.options).encode()):08x}"


def _sampler_type(name: str) -> type[optuna.samplers.BaseSampler]:
    import optuna

    found: Any = load_path(name) if ":" in name else getattr(optuna.samplers, _SAMPLERS[name])
    if not (isinstance(found, type) and issubclass(found, optuna.samplers.BaseSampler)):
        raise SpecError(f"{name!r} is not a sampler of Optuna", where="search.strategy.sampler")
    return found


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """Keep Optuna's log and its remarks on what is experimental to itself; the settings of others stay."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
