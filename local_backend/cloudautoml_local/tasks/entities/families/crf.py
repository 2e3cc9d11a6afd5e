"""Conditional random field by CRFsuite: a linear chain over features of tokens, kept in CRFsuite's own format."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.data.tokens import Sentences
    from cloudautoml_local.tasks.entities.families.base import Fitted, Floats, Params, Problem
    from cloudautoml_local.tasks.entities.features import Extractor
    from cloudautoml_local.tasks.tabular.families.base import Deadline

NAME: Final = "crf"
PARAMETERS: Final = (
    Decision("window", (1, 2, 3), ordered=True),
    Decision("affixes", (0, 3, 4, 5), ordered=True),
    Decision("shapes", (True, False)),
    Decision("pairs", (True, False)),
    Decision("words", (1, 2, 4), ordered=True),
    Decision("casing", (True, False)),
    Decision("gazetteer", (True, False)),
    Decision("c1", (0.0, 0.01, 0.03, 0.1, 0.3, 1.0), ordered=True),
    Decision("c2", (0.001, 0.01, 0.03, 0.1, 0.3, 1.0), ordered=True),
    Decision("iterations", (40, 80, 160), ordered=True),
)
_PLAIN: Final[dict[str, Any]] = {
    "window": 2, "affixes": 4, "shapes": True, "pairs": True, "words": 1, "casing": False, "gazetteer": False,
    "c1": 0.1, "c2": 0.01, "iterations": 80,
}  # fmt: skip
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    _PLAIN,
    {**_PLAIN, "gazetteer": True, "casing": True, "c2": 0.03},
    {**_PLAIN, "words": 2, "pairs": False, "casing": True, "c1": 0.03},
    {**_PLAIN, "window": 1, "affixes": 5, "pairs": False, "c1": 0.0, "c2": 0.3},
)
_MODEL, _FEATURES = "model.crfsuite", "features.json"
_STEPS = (160, 120, 80, 60, 40, 30, 25)  # with fewer it has learned nothing, so that more time is taken instead
_PROBE = 3
_SHARE = 0.85  # of the time left; marginals and writing take the rest


@dataclass(frozen=True, slots=True, eq=False)
class FittedField:
    """A trained field.

    Attributes:
        extractor: Makes its features.
        model: The file of CRFsuite's, as bytes.
        tags: Columns of its probabilities.
        rounds: Iterations of its training.
    """

    extractor: Extractor
    model: bytes
    tags: tuple[str, ...]
    rounds: int

    def predict(self, tokens: Sequence[Sequence[str]]) -> Floats:
        """Marginal probabilities of the tags of each token."""
        import numpy as np
        import pycrfsuite

        tagger: Any = pycrfsuite.Tagger()
        tagger.open_inmemory(self.model)
        learned = set(tagger.labels())
        columns = [(column, tag) for column, tag in enumerate(self.tags) if tag in learned]
        found = np.zeros((sum(map(len, tokens)), len(self.tags)))
        row = 0
        for sentence in tokens:
            if not sentence:
                continue
            tagger.set(pycrfsuite.ItemSequence(self.extractor.features(sentence)))
            for place in range(len(sentence)):
                for column, tag in columns:
                    found[row, column] = tagger.marginal(tag, place)
                row += 1
        return found

    def save(self, directory: Path) -> None:
        """Write the model as CRFsuite reads it, and what makes its features."""
        from cloudautoml.store.files import write_json

        (directory / _MODEL).write_bytes(self.model)
        write_json(directory / _FEATURES, {**self.extractor.to_dict(), "rounds": self.rounds})


def fit(
    params: Params,
    train: Sentences,
    valid: Sentences | None,  # noqa: ARG001 - it needs none to know when to stop
    problem: Problem,
    *,
    deadline: Deadline,
    rounds: int | None = None,
) -> Fitted:
    """Train by L-BFGS; where the time is short, for fewer iterations."""
    import pycrfsuite

    from cloudautoml_local.tasks.entities.features import Extractor, Template
    from cloudautoml_local.tasks.entities.lexicon import Lexicon

    extractor = Extractor(Template.from_dict(params), Lexicon.of(train))
    watched = _watched_trainer()
    trainer: Any = watched(algorithm="lbfgs", verbose=False)
    for tokens, tags in zip(train.tokens, train.tags, strict=True):
        trainer.append(pycrfsuite.ItemSequence(extractor.features(tokens, tags)), list(tags))
    iterations = rounds or int(params["iterations"] or 80)
    trainer.set_params(
        {"c1": float(params["c1"] or 0.0), "c2": float(params["c2"] or 0.0), "feature.possible_transitions": True}
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / _MODEL
        iterations = _train(trainer, place, iterations, deadline)
        return FittedField(extractor, place.read_bytes(), problem.tags, iterations)


def _train(trainer: Any, place: Path, iterations: int, deadline: Deadline) -> int:
    """Train, and begin again with fewer iterations where the first few show that the time is too short."""
    limited = deadline.left < 1e9
    trainer.set_params({"max_iterations": iterations})
    trainer.watch(deadline.left * _SHARE if limited else None, iterations)
    try:
        trainer.train(str(place))
    except _TooSlowError as exc:
        iterations = exc.iterations
        trainer.set_params({"max_iterations": iterations})
        trainer.watch(None, iterations)
        trainer.train(str(place))
    return iterations


class _TooSlowError(Exception):
    """The iterations that were asked for do not fit into the time."""

    def __init__(self, iterations: int) -> None:
        super().__init__(iterations)
        self.iterations = iterations


def _watched_trainer() -> Any:
    """A trainer of CRFsuite that times its first iterations; made here, since the library is not loaded before."""
    import pycrfsuite

    class Watched(pycrfsuite.Trainer):  # type: ignore[misc]
        def watch(self, seconds: float | None, iterations: int) -> None:
            self.seconds, self.iterations = seconds, iterations
            self.begun, self.first, self.done = time.monotonic(), 0.0, 0

        @override
        def message(self, message: str) -> None:
            if self.seconds is None or "Iteration #" not in message:
                return
            self.done += 1
            now = time.monotonic()
            if self.done == 1:
                self.first = now
            if self.done == _PROBE:
                each, overhead = (now - self.first) / (_PROBE - 1), self.first - self.begun
                if now - self.begun + (self.iterations - _PROBE) * each > self.seconds:
                    left = self.seconds - (now - self.begun) - overhead
                    raise _TooSlowError(next((step for step in _STEPS if step * each <= left), _STEPS[-1]))

    return Watched


def load(directory: Path, tags: tuple[str, ...]) -> Fitted:
    """Read the model and what makes its features."""
    from cloudautoml.store.files import read_json
    from cloudautoml_local.tasks.entities.features import Extractor

    saved = read_json(directory / _FEATURES)
    return FittedField(Extractor.from_dict(saved), (directory / _MODEL).read_bytes(), tags, int(saved["rounds"]))
