"""Training of networks that forecast: stretches of all series on one scale, each step ahead an output."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cloudautoml_local.tasks.forecasting.ridge import scaled, windows
from cloudautoml_local.tasks.forecasting.transform import bounded, logged, unlogged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudautoml_local.spaces.neural import Recipe
    from cloudautoml_local.tasks.forecasting.families.base import Context
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

WEIGHTS: Final = "network.keras"
NOTES: Final = "network.json"
_MOST_WINDOWS = 40_000
_FARTHEST = 10.0
_BATCH = 1024
_FEWEST_STEPS = 300
_MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """A Keras model of stretches of `lags` values, each with one channel, that gives the next h of them.

    Attributes:
        model: The model.
        lags: Values it goes by.
        log: Whether it has learned logarithms.
        context: Seasons and seed.
    """

    model: Any
    lags: int
    log: bool
    context: Context

    def forecast(self, panel: Panel) -> Floats:
        """The next h steps of each series."""
        from cloudautoml_local.tasks.neural.session import keras_reads_arrays

        given = logged(panel) if self.log else panel
        before = np.stack([_last(values, self.lags, self.context.season) for values in given.values])
        x, centre, spread = scaled(before, self.context.season)
        shaped = _shaped(x, self.model)
        with keras_reads_arrays():  # called as it is: a graph for each of a few calls would take longer to make
            parts = [self.model(shaped[at : at + _BATCH], training=False) for at in range(0, len(shaped), _BATCH)]
            made = np.concatenate([np.asarray(part, np.float64) for part in parts])
        found = made.reshape(len(panel), -1) * spread + centre
        return bounded(unlogged(found, panel) if self.log else found, panel)

    def save(self, directory: Path) -> None:
        """Write Keras's own format."""
        from cloudautoml.store.files import write_json
        from cloudautoml_local.tasks.neural.session import keras_reads_arrays

        with keras_reads_arrays():
            self.model.save(directory / WEIGHTS)
        write_json(directory / NOTES, {"lags": self.lags, "log": self.log})


def fit_network(
    panel: Panel,
    build: Callable[[], Any],
    recipe: Recipe,
    context: Context,
    *,
    lags: int,
    log: bool,
    epochs: int,
    deadline: Deadline,
) -> FittedNetwork:
    """Train a network on stretches of all series, the latest first where there are too many.

    Args:
        panel: The series.
        build: Makes the network, which takes lags x 1 numbers and gives h.
        recipe: How to train it.
        context: Seasons, seed and threads.
        lags: Values it goes by.
        log: Whether to learn logarithms.
        epochs: Times to go through the stretches; more where they are few.
        deadline: When to stop, whatever has been reached.
    """
    import keras

    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.neural.optimiser import adam_for
    from cloudautoml_local.tasks.neural.session import begin_session, keras_reads_arrays

    begin_session(Resources(threads=context.threads, seed=context.seed))
    x, y = _stretches(logged(panel) if log else panel, lags, context.season)
    # few stretches need small steps, and more rounds of them
    batch = min(recipe.batch_size, 2 ** max(3, int(math.log2(max(1, len(x) // 8)))))
    epochs = max(epochs, min(_MOST_ROUNDS * epochs, math.ceil(_FEWEST_STEPS * batch / len(x))))
    kinds: Any = keras

    class Pace(kinds.callbacks.Callback):  # type: ignore[misc]
        """A cosine decay of the learning rate, and an end in time."""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras's own
            self.model.optimizer.learning_rate = recipe.learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras's own
            if deadline.passed:
                self.model.stop_training = True

    with keras_reads_arrays():
        model = build()
        model.compile(optimizer=adam_for(model, recipe), loss="mean_absolute_error")
        shaped = _shaped(x, model)
        model.fit(shaped, y, batch_size=batch, epochs=epochs, verbose=0, callbacks=[Pace()])
    return FittedNetwork(model, lags, log, context)


def load_fitted(directory: Path, context: Context) -> FittedNetwork:
    """Read what `FittedNetwork.save` wrote."""
    from cloudautoml.store.files import read_json
    from cloudautoml_local.tasks.neural.model import load_network

    notes = read_json(directory / NOTES)
    return FittedNetwork(load_network(directory / WEIGHTS), int(notes["lags"]), bool(notes["log"]), context)


def usable_lags(panel: Panel, wanted: int) -> int:
    """Values to go by: as many as wanted, as far as most series have them beside a stretch to learn from."""
    return max(1, min(wanted, (int(np.median(panel.lengths)) - panel.horizon) // 2))


def _stretches(panel: Panel, lags: int, season: int) -> tuple[Any, Any]:
    total = sum(max(0, len(values) - lags - panel.horizon + 1) for values in panel.values)
    every = max(1, math.ceil(total / _MOST_WINDOWS))
    parts: list[tuple[Floats, Floats]] = []
    for values in panel.values:
        if len(values) >= lags + panel.horizon:
            before, after = windows(values, lags, panel.horizon, every=every)
            x, centre, spread = scaled(before, season)
            parts.append((x, np.clip((after - centre) / spread, -_FARTHEST, _FARTHEST)))
    if not parts:
        msg = f"no series has {lags + panel.horizon} values, which a stretch to learn from needs"
        raise ValueError(msg)
    first, second = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    return first.astype(np.float32), second.astype(np.float32)


def _shaped(x: Floats, model: Any) -> Any:
    """Stretches as a model takes them: with a channel or without."""
    return np.asarray(x, np.float32).reshape(len(x), *model.input_shape[1:])


def _last(values: Floats, lags: int, season: int) -> Floats:
    """The last values of a series, continued backwards by its first season where it is shorter."""
    if len(values) >= lags:
        return values[-lags:]
    cycle = values[: season if len(values) >= season else 1]
    lacking = lags - len(values)
    return np.concatenate([cycle[(np.arange(lacking) - lacking) % len(cycle)], values])
