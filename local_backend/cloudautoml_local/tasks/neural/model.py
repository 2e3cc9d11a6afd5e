"""Saved models of networks: a weighted set of Keras files with what turns rows into their inputs, as plain files."""

from __future__ import annotations

import re
import shutil
from abc import abstractmethod
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import StorageError
from cloudautoml.model import Model

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.leaderboard import Candidate
    from cloudautoml_local.tasks.neural.problem import Floats, Problem

FORMAT = 1
KERAS_FILE = "model.keras"
MODEL_FILE = "model.json"
_BATCH = 256
_PLACE = re.compile(r"(models|members)/[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Member:
    """One network in an average.

    Attributes:
        weight: Its weight; those of a model sum to 1.
        place: Its folder, relative to the model's root, with a file `model.keras`.
        logits: Whether its outputs are yet to become probabilities.
        shape: Shape of one example, as it learned from.
    """

    weight: float
    place: str
    logits: bool
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model is made of.

    Attributes:
        task: `image` or `table`: how rows become inputs.
        members: The networks that are averaged.
        problem: What they have learned.
        reading: How files with new rows are to be read: fields of `Dataset`.
    """

    task: str
    members: tuple[Member, ...]
    problem: Problem
    reading: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {"kind": "networks", "format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: Any, *, where: str) -> Recipe:
        """Read what `to_dict` wrote, trusting nothing in it.

        Raises:
            StorageError: It is something else, or names a folder outside the model.
        """
        from cloudautoml_local.tasks.neural.problem import Problem

        try:
            if saved["kind"] != "networks" or saved["format"] != FORMAT:
                raise StorageError(f"model format {saved['format']!r} is not known", where=where)
            members = tuple(
                Member(float(m["weight"]), str(m["place"]), bool(m["logits"]), tuple(map(int, m["shape"])))
                for m in saved["members"]
            )
            made = cls(str(saved["task"]), members, Problem.from_dict(saved["problem"]), dict(saved["reading"]))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise StorageError(f"this is not a saved model: {exc!r}", where=where) from exc
        for member in members:
            if not _PLACE.fullmatch(member.place):
                raise StorageError(f"a member is not one of ours: {member.place!r}", where=where)
        return made


class NeuralModel(Model):
    """A model of networks on disk; they are read when it first predicts.

    Args:
        candidate: Its row of the leaderboard.
        root: Folder that the members' places are relative to.
        shared: Folder of what turns rows into inputs.
        recipe: What it is made of.
    """

    shared_files: tuple[str, ...] = ()
    """Files of `shared` that are saved with the model."""

    def __init__(self, candidate: Candidate, *, root: Path, shared: Path, recipe: Recipe) -> None:
        super().__init__(candidate)
        self.root, self.shared, self.recipe = root, shared, recipe
        self._networks: list[Any] | None = None

    @abstractmethod
    def read(self, rows: Any) -> tuple[Any, Any]:
        """Rows in whatever form `inputs` takes them, and the index of the predictions.

        Raises:
            DataError: They cannot be read.
        """

    @abstractmethod
    def inputs(self, read: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """What networks take, n examples of this shape."""

    @override
    def predict(self, rows: Any) -> pd.Series:
        import numpy as np
        import pandas as pd

        from cloudautoml.scoring_labels import decided

        found, index = self._found(rows)
        classes = self.recipe.problem.classes
        if not classes:
            return pd.Series(found, index=index, name="prediction")
        if self.recipe.problem.kind == "multi_label":
            named = [[classes[place] for place in np.flatnonzero(row)] for row in decided(found)]
            return pd.Series(named, index=index, name="prediction", dtype=object)
        labels = np.asarray(classes, dtype=object)[found.argmax(axis=1)]
        return pd.Series(labels, index=index, name="prediction", dtype="str")

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        import pandas as pd

        from cloudautoml.capabilities import Feature, Gap, unsupported
        from cloudautoml.errors import UnsupportedError

        if not self.recipe.problem.classes:
            refusal = unsupported("a regression predicts numbers, not classes", "use predict")
            raise UnsupportedError("local", [Gap(Feature.PREDICT_PROBA, refusal)])
        found, index = self._found(rows)
        return pd.DataFrame(found, index=index, columns=pd.Index(self.recipe.problem.classes, dtype="str"))

    @override
    def save(self, path: Path) -> Path:
        from cloudautoml.store.files import storage_error, write_json

        path = Path(path)
        if path.exists():
            raise StorageError("exists already", where=str(path), hint="give another name, or remove it first")
        try:
            path.mkdir(parents=True)
            for name in self.shared_files:
                shutil.copyfile(self.shared / name, path / name)
            members: list[Member] = []
            for i, member in enumerate(self.recipe.members):
                place = f"members/{i}"
                (path / place).mkdir(parents=True)
                shutil.copyfile(self._file(member), path / place / KERAS_FILE)
                members.append(replace(member, place=place))
            write_json(path / "candidate.json", self.candidate.to_dict())
            recipe = Recipe(self.recipe.task, tuple(members), self.recipe.problem, self.recipe.reading)
            write_json(path / MODEL_FILE, recipe.to_dict())  # last: a folder with it is whole
        except OSError as exc:
            raise storage_error(exc, path) from exc
        return path

    def _found(self, rows: Any) -> tuple[Floats, Any]:
        import numpy as np

        from cloudautoml_local.tasks.neural.inputs import taken_shape
        from cloudautoml_local.tasks.neural.session import keras_reads_arrays

        read, index = self.read(rows)
        parts: list[Floats] = []
        for member, network in zip(self.recipe.members, self._loaded(), strict=True):
            x = self.inputs(read, member.shape)
            x = x.reshape(len(x), *taken_shape(network, member.shape))
            with keras_reads_arrays():
                outputs = np.asarray(network.predict(x, batch_size=_BATCH, verbose=0))
            parts.append(member.weight * self.recipe.problem.predictions(outputs, logits=member.logits))
        return sum(parts[1:], parts[0]), index

    def _loaded(self) -> list[Any]:
        if self._networks is None:
            self._networks = [load_network(self._file(member)) for member in self.recipe.members]
        return self._networks

    def _file(self, member: Member) -> Path:
        found = (self.root / member.place / KERAS_FILE).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise StorageError(f"{member.place!r} leads out of the model's folder", where=str(self.root))
        return found


def load_network(path: Path) -> Any:
    """Read a Keras model, with nothing in it executed that is not Keras's own or registered with it.

    Raises:
        StorageError: It is missing, damaged, or holds code.
        MissingExtraError: Keras is not installed.
    """
    import os

    from cloudautoml.errors import MissingExtraError

    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
    except ImportError as exc:
        raise MissingExtraError("local", "keras") from exc
    from cloudautoml_local.tasks.neural.session import keras_reads_arrays

    try:
        with keras_reads_arrays():
            return keras.models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError) as exc:
        raise StorageError(f"this network cannot be read: {str(exc)[:300]}", where=str(path)) from exc
