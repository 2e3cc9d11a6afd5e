"""Jobs of networks on scikit-learn's digits: a space so small that a trial takes a moment, and a task on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from typing_extensions import override

from cloudautoml.data import ImageSchema, PreparedImages
from cloudautoml.data.images.collection import ArrayImages
from cloudautoml.search import FULL, Architecture, Decision, Proposal, SearchSpace, Signature, Trial, TrialState
from cloudautoml.spec import Dataset, ImageClassification, JobSpec, Outputs, Part, Search
from cloudautoml.store.files import write_json
from cloudautoml_local.networks.graph import Sketch
from cloudautoml_local.spaces.neural import NetworkSpace, next_of
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.image import ImageTask
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.search import Fidelity, InputKind, Measurement, Option
    from cloudautoml_local.networks.graph import Network

DECISIONS = (
    Decision("units", (4, 16, 64), ordered=True),
    Decision("learning_rate", (1e-3, 1e-2, 1e30), ordered=True),
)


class TinySpace(NetworkSpace):
    """One hidden layer."""

    name: ClassVar[str] = "tiny"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"image", "table"})

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return next_of(DECISIONS, prefix)

    @override
    def size(self) -> int:
        return 9

    @override
    def network(
        self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0
    ) -> Network:
        sketch = Sketch()
        last = "input"
        if len(signature.shape) > 1:
            last = sketch.add("flatten", last, name="flatten")
        units = max(1, round(float(architecture["units"] or 1) * width))
        last = sketch.add("dense", last, name="hidden", units=units)
        last = sketch.add("activation", last, name="relu", function="relu")
        sketch.add("dense", last, name="output", units=signature.outputs)
        return sketch.finish()


def tiny(units: int = 16, learning_rate: float = 1e-2) -> Architecture:
    """A candidate of the tiny space."""
    return Architecture((("units", units), ("learning_rate", learning_rate)))


class DigitsTask(ImageTask):
    """Digits in the tiny space."""

    @override
    def space(self) -> SearchSpace:
        return TinySpace(self.signature)


def digits() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Pixels, (1797, 8, 8, 1), and classes."""
    bunch: Any = load_digits()
    return np.rint(bunch.images * (255 / 16)).astype(np.uint8)[..., None], bunch.target.astype(np.int64)


def digits_task(
    directory: Path, *, rows: int = 600, budget: Mapping[str, Any] | None = None, **search: Any
) -> DigitsTask:
    """A task that is prepared, without having been read from anywhere."""
    estimator = search.pop("estimator", Part.model_validate({"type": "full_training", "epochs": 6}))
    spec = JobSpec(
        name="digits",
        task=ImageClassification(),
        data=Dataset(train="digits.npz"),
        budget=budget or {},
        search=Search(estimator=estimator, **search),
        outputs=Outputs(report=False),
    )
    x, y = digits()
    folder = directory / "task"
    parts = {"train": slice(rows), "valid": slice(1000, 1200), "holdout": slice(1200, 1400)}
    for part, places in parts.items():
        Examples(x[places], y[places]).save(folder, part)
    classes = tuple("0123456789")
    Problem(Signature("image", (8, 8, 1), 10), "accuracy", classes).save(folder)
    schema = {"kind": "images", "classes": classes, "size": [8, 8], "channels": 1, "scale": 1.0, "image": "image"}
    schema |= {"target": "label", "multi_label": False}
    write_json(folder / "schema.json", schema)
    chosen = np.concatenate([np.arange(len(x))[places] for places in parts.values()])
    splits = [part for part in parts for _ in x[parts[part]]]
    examples = pd.DataFrame({"image": chosen.astype(str), "label": y[chosen].astype(str), "split": splits})
    images = ArrayImages(x[chosen], chosen.tolist())
    PreparedImages(ImageSchema.from_dict(schema), examples, images, (), {"fingerprint": "f"}).save(directory / "data")
    return DigitsTask(spec, directory)


def train(
    task: Any,
    number: int = 0,
    architecture: Architecture | None = None,
    *,
    fidelity: Fidelity = FULL,
    seed: int = 7,
    seconds: float | None = None,
    **options: Any,
) -> Measurement:
    """Train a candidate as a trial."""
    trainer = task.trainer(number, Resources(seed=seed, seconds=seconds))
    found: Measurement = trainer.train(architecture or tiny(), fidelity=fidelity, **options)
    return found


def ended(number: int, found: Measurement, architecture: Architecture | None = None) -> Trial:
    """The finished trial of a measurement."""
    return Trial(number, Proposal(architecture or tiny(), found.fidelity), TrialState.SUCCEEDED, found)
