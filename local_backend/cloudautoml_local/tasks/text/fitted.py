"""Fitted linear models of texts: what they read, their weights and their calibration, as one folder of plain files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.text.blocks import Blocks, Wanted
from cloudautoml_local.tasks.text.calibration import Calibration
from cloudautoml_local.tasks.text.linear import Choice, Weights, fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from cloudautoml.search import Option
    from cloudautoml_local.tasks.neural.problem import Floats
    from cloudautoml_local.tasks.text.data import TextData
    from cloudautoml_local.tasks.text.ngrams import Unit

    Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FittedText:
    """A linear model of texts.

    Attributes:
        blocks: What it reads.
        weights: What it makes of that.
        calibration: What its scores mean.
        longest: For each unit, the characters of a text that its n-grams are counted in.
        labels: Whether a text may have any number of labels.
    """

    blocks: Blocks
    weights: Weights
    calibration: Calibration
    longest: Mapping[Unit, int]
    labels: bool

    def predict(self, texts: Sequence[str], embeddings: npt.NDArray[np.float32] | None) -> Floats:
        """Probabilities of readable texts: n x classes; `embeddings` are theirs."""
        cut = max((self.longest[unit] for unit in self.blocks.units), default=0)
        features = self.blocks.read([text[:cut] for text in texts], embeddings)
        return self.calibration.probabilities(self.weights.scores(features, labels=self.labels), labels=self.labels)

    def calibrated(self, calibration: Calibration) -> FittedText:
        """The same model with what its scores mean."""
        return replace(self, calibration=calibration)

    def save(self, directory: Path) -> None:
        """Write it into a folder."""
        self.blocks.save(directory)
        self.weights.save(directory)
        saved = {"calibration": asdict(self.calibration), "longest": dict(self.longest), "labels": self.labels}
        write_json(directory / "linear.json", saved)

    @classmethod
    def load(cls, directory: Path) -> FittedText:
        """Read what `save` wrote."""
        saved = read_json(directory / "linear.json")
        calibration = Calibration(**saved["calibration"])
        blocks, weights = Blocks.load(directory), Weights.load(directory)
        return cls(blocks, weights, calibration, saved["longest"], bool(saved["labels"]))


def wanted_of(family: str, params: Mapping[str, Option], data: TextData) -> Wanted:
    """What a candidate reads, of the n-grams that there are."""
    longest: dict[Unit, int] = {}
    features = str(params["features"])
    if features in {"both", "words"}:
        longest["words"] = int(params.get("words") or 2)
    if features in {"both", "chars"}:
        if "chars" in data.longest:
            longest["chars"] = int(params.get("chars") or 5)
        else:
            longest["words"] = int(params.get("words") or 2)
    return Wanted(longest, int(params.get("fewest") or 1), embedding=family == "embedding")


def choice_of(params: Mapping[str, Option]) -> Choice:
    """How a candidate's weights are found."""
    method = str(params["method"])
    assert method in {"svm", "logistic", "bayes"}, method
    known: Any = method
    return Choice(known, float(params["strength"] or 1.0), bool(params.get("log_counts")))


def fit_linear(
    family: str, params: Mapping[str, Option], data: TextData, rows: Places, valid: Places | None, *, seed: int
) -> tuple[FittedText, Floats | None]:
    """Fit a candidate on some of the texts, and score others.

    Args:
        family: `linear` or `embedding`.
        params: The family's decisions by their plain names.
        data: The job's texts.
        rows: Places of the texts to learn from.
        valid: Places of the texts to score; None for none.
        seed: Seed of what is drawn.

    Returns:
        The model, not calibrated yet, and its scores: n x classes.
    """
    import numpy as np

    wanted = wanted_of(family, params, data)
    counts = data.counts(tuple(wanted.longest))
    blocks, places = Blocks.learn(counts, rows, wanted)
    embeddings = data.embeddings("train") if wanted.embedding else None

    def features(which: Places) -> Any:
        counted: dict[Unit, Any] = {unit: counts[unit].matrix[which][:, columns] for unit, columns in places.items()}
        return blocks.joined(counted, None if embeddings is None else np.asarray(embeddings[which]))

    of = data.wanted(data.target[rows])
    if not data.labels and of.shape[1] == 2:
        of = of[:, 1:]
    weights = fit(features(rows), of, choice_of(params), seed=seed)
    model = FittedText(blocks, weights, Calibration(), data.longest, data.labels)
    return model, None if valid is None else weights.scores(features(valid), labels=data.labels)
