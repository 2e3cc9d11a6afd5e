"""Running a model builder to learn what it asks: which hyperparameters, in which order, and what decides that."""

from __future__ import annotations

import contextlib
import functools
import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from typing_extensions import override

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from cloudautoml.search import Option
    from cloudautoml_local.spaces.hypermodel_builder import Builder

POINTS: Final = 16
"""Values of a range without steps."""
MOST_OPTIONS: Final = 128
"""Values of a range with steps; of more, so many are taken at even distances."""
_RANDOM_RUNS = 12
_MOST_PROBES = 300
_PROBED_OPTIONS = 32
_COMPARED = 20


class _Enough(BaseException):
    """Ends a builder where no more is to be learned; no `except Exception` of the user's stops it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One hyperparameter that a builder asked for.

    Attributes:
        decision: The choice it is.
        default: What it is when nobody chooses: the user's own default, or KerasTuner's.
        given: Whether the user said so.
    """

    decision: Decision
    default: Option
    given: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a builder asked for, in order, and what it was told.

    Attributes:
        asked: The hyperparameters.
        values: Their values.
        error: What it raised at the end, if it did.
    """

    asked: tuple[Asked, ...]
    values: Mapping[str, Option]
    error: Exception | None = None


@functools.cache
def _questions_type() -> Any:
    """`HyperParameters` that ask, and remember what was asked; made when KerasTuner is needed."""
    from keras_tuner import HyperParameters
    from keras_tuner.engine import hyperparameters as hp_types

    class Questions(HyperParameters):  # type: ignore[misc]
        def __init__(self, choose: Callable[[Asked], Option]) -> None:
            super().__init__()
            self.asked: dict[str, Asked] = {}
            self._choose = choose

        @override
        def _retrieve(self, hp: Any) -> Any:  # all of Int, Float, Choice and Boolean come by here
            if not isinstance(hp, hp_types.Fixed) and hp.name not in self.asked and self.is_active(hp):
                asked = asked_for(hp)
                self.asked[hp.name] = asked
                self.values[hp.name] = self._choose(asked)
            return super()._retrieve(hp)

    return Questions


def run_builder(builder: Builder, choose: Callable[[Asked], Option]) -> Run:
    """Run a builder to its end, and drop the model.

    Args:
        builder: The builder.
        choose: Gives the value of a hyperparameter; may end the run by raising `StopIteration`.
    """
    ended = False

    def answer(asked: Asked) -> Option:
        nonlocal ended
        try:
            return choose(asked)
        except StopIteration:
            ended = True
            raise _Enough from None

    questions, error = _questions_type()(answer), None
    try:
        with _processor():
            builder(questions)
    except _Enough:
        pass
    except Exception as exc:  # noqa: BLE001 - some values do not make a model; the trial of such a candidate fails
        error = exc
    asked = tuple(questions.asked.values())
    return Run(asked, {a.decision.name: questions.values.get(a.decision.name) for a in asked}, error)


@contextlib.contextmanager
def _processor() -> Generator[None]:
    """Make the models of these runs, which nobody trains, in main memory; the trials need the device's."""
    import keras

    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # it has run already in this process
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, enable=True)
    with tf.device("CPU:0"):
        yield


def asked_for(hp: Any) -> Asked:
    """A hyperparameter of KerasTuner as a decision."""
    kind = type(hp).__name__
    if kind == "Boolean":
        decision = Decision(hp.name, (False, True))
    elif kind == "Choice":
        decision = Decision(hp.name, tuple({repr(v): v for v in hp.values}.values()), ordered=bool(hp.ordered))
    else:
        decision = Decision(hp.name, _range(hp), ordered=True)
    default: Any = hp.default
    if not any(repr(default) == repr(option) for option in decision.options):  # between two of them
        default = min(decision.options, key=lambda option: abs(cast("float", option) - default))
    # KerasTuner has a default for everything: what nobody has written recommends nothing
    given = default is True if kind == "Boolean" else getattr(hp, "_default", None) is not None
    return Asked(decision, default, given)


def _range(hp: Any) -> tuple[Option, ...]:
    """The values of an `Int` or a `Float`."""
    whole = type(hp).__name__ == "Int"
    if hp.step is not None:
        values = [int(value) if whole else float(f"{value:.12g}") for value in hp.values]
        if len(values) > MOST_OPTIONS:
            values = [values[round(i * (len(values) - 1) / (MOST_OPTIONS - 1))] for i in range(MOST_OPTIONS)]
    else:
        low, high = hp.min_value, hp.max_value
        values = [_between(low, high, i / (POINTS - 1), hp.sampling) for i in range(POINTS)]
        values = [round(value) if whole else float(f"{value:.6g}") for value in values]
        values = [min(max(value, low), high) for value in values]
    given = getattr(hp, "_default", None)
    if given is not None:  # the user's own default is always among them
        values.append(int(given) if whole else float(given))
    return tuple(sorted(set(values)))


def _between(low: float, high: float, share: float, sampling: str) -> float:
    if sampling == "linear":
        return low + share * (high - low)
    if sampling == "log":
        return float(low * (high / low) ** share)
    return float(high + low - low * (high / low) ** (1 - share))


class Structure:
    """What decides which hyperparameters a builder asks for.

    A builder is plain Python, so only running it tells what it asks next, and a run makes a model. Most
    hyperparameters change no later question (a width, a rate); those that do (a number of layers, a kind of
    network) are found out once, by changing each while the others stand still, and by random runs for what two of
    them do together. After that, a builder is run once for each combination of the values that matter. The
    probing is always the same, so all processes agree.

    Args:
        builder: The builder.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._sequences: dict[str, tuple[Asked, ...]] = {}
        self.runs: list[Run] = []
        self.deciding: frozenset[str] = frozenset()
        self._learn()

    def next(self, prefix: Mapping[str, Option]) -> Asked | None:
        """The first hyperparameter that is asked for after these have been chosen."""
        return next((asked for asked in self._sequence(prefix) if asked.decision.name not in prefix), None)

    def _sequence(self, prefix: Mapping[str, Option]) -> tuple[Asked, ...]:
        fixed = {name: prefix[name] for name in sorted(self.deciding) if name in prefix}
        key = repr(fixed)
        if key not in self._sequences:

            def choose(asked: Asked) -> Option:
                name = asked.decision.name
                if name in fixed:
                    return fixed[name]
                if name in self.deciding:
                    raise StopIteration
                return asked.default

            self._sequences[key] = run_builder(self._builder, choose).asked
        return self._sequences[key]

    def walk(self, most: int) -> Iterator[Asked]:
        """Every hyperparameter under every combination that matters, up to a number of combinations."""
        paths: list[dict[str, Option]] = [{}]
        while paths and most:
            most -= 1
            fixed = paths.pop()
            for asked in self._sequence(fixed):
                yield asked
                name = asked.decision.name
                if name in self.deciding and name not in fixed:
                    paths.extend({**fixed, name: option} for option in reversed(asked.decision.options))

    def _learn(self) -> None:
        first = run_builder(self._builder, lambda asked: asked.default)
        self.runs.append(first)
        probed: set[str] = set()
        self._probe_each(first, probed)
        if all(len(run.asked) < 2 for run in self.runs):
            return  # nothing that one of them could decide about
        for number in range(_RANDOM_RUNS):
            drawn = run_builder(self._builder, _drawing(number))
            self.runs.append(drawn)
            self._probe_each(drawn, probed)
        while (cause := self._contradiction()) is not None:
            self.deciding |= cause

    def _probe_each(self, base: Run, probed: set[str]) -> None:
        """Change each hyperparameter of a run that has not been changed before, one at a time."""
        for asked in base.asked:
            decision = asked.decision
            if decision.name in probed:
                continue
            probed.add(decision.name)
            for option in _telling(decision):
                if repr(option) != repr(base.values[decision.name]) and len(self.runs) < _MOST_PROBES:
                    changed = {**base.values, decision.name: option}
                    self.runs.append(run_builder(self._builder, _saying(changed)))

    def _contradiction(self) -> frozenset[str] | None:
        """Names of which one decides something, since two runs that agree in all that does went different ways."""
        next_of: dict[str, dict[str, list[Run]]] = {}
        for run in self.runs:
            told: list[tuple[str, str]] = []
            for asked in run.asked:
                next_of.setdefault(repr(told), {}).setdefault(repr(asked.decision), []).append(run)
                name = asked.decision.name
                told.append((repr(asked.decision), repr(run.values[name]) if name in self.deciding else ""))
            if run.error is None:
                next_of.setdefault(repr(told), {}).setdefault("", []).append(run)
        causes = (
            self._difference(one, other)
            for ways in next_of.values()
            for first, second in itertools.combinations(ways.values(), 2)
            for one, other in itertools.product(first[:_COMPARED], second[:_COMPARED])
        )
        return min((cause for cause in causes if cause), key=len, default=None)

    def _difference(self, one: Run, other: Run) -> frozenset[str]:
        """What two runs chose differently before they went different ways."""
        found: set[str] = set()
        for a, b in zip(one.asked, other.asked, strict=False):
            if repr(a.decision) != repr(b.decision):
                break
            if repr(one.values[a.decision.name]) != repr(other.values[a.decision.name]):
                found.add(a.decision.name)
        return frozenset(found - self.deciding)


def _saying(values: Mapping[str, Option]) -> Callable[[Asked], Option]:
    return lambda asked: values.get(asked.decision.name, asked.default)


def _drawing(seed: int) -> Callable[[Asked], Option]:
    rng = random.Random(seed)  # noqa: S311 - the same runs in every process
    return lambda asked: rng.choice(asked.decision.options)


def _telling(decision: Decision) -> Sequence[Option]:
    """The options of a decision that are tried to see what it decides."""
    options = decision.options
    if not decision.ordered or len(options) <= 8:
        return options[:_PROBED_OPTIONS]
    last = len(options) - 1
    return [options[round(share * last)] for share in (0, 0.25, 0.5, 0.75, 1)]
