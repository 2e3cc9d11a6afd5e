"""Saved text classifiers: a weighted set of linear models and networks with what they share, as plain files."""

from __future__ import annotations

import re
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from cloudautoml.errors import StorageError
from cloudautoml.leaderboard import Candidate
from cloudautoml.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from cloudautoml_local.tasks.neural.problem import Floats, Problem

KIND: Final = "text"
FORMAT: Final = 1
MODEL_FILE: Final = "model.json"
NETWORK_FILE: Final = "model.keras"
EMBEDDER: Final = "embedder"
EMBEDDED: Final = "train_embeddings.npy"
_PLACE = re.compile(r"(trials|models|members)(/[A-Za-z0-9_-]+){1,3}")


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted model in an average.

    Attributes:
        family: `linear`, `embedding` or `network`.
        weight: Its weight; those of a model sum to 1.
        place: Its folder, relative to the model's root.
    """

    family: str
    weight: float
    place: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model is made of.

    Attributes:
        members: The fitted models that are averaged.
        problem: What they have learned.
        scales: Factors on the probabilities before the largest is taken as the label.
        reading: How files with new rows are to be read: fields of `Dataset`.
    """

    members: tuple[Member, ...]
    problem: Problem
    scales: tuple[float, ...] = ()
    reading: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {"kind": KIND, "format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: Any, *, where: str) -> Recipe:
        """Read what `to_dict` wrote, trusting nothing in it.

        Raises:
            StorageError: It is something else, or names a folder outside the model.
        """
        from cloudautoml_local.spaces.text import FAMILIES
        from cloudautoml_local.tasks.neural.problem import Problem

        try:
            if saved["kind"] != KIND or saved["format"] != FORMAT:
                raise StorageError(f"model format {saved['format']!r} is not known", where=where)
            members = tuple(Member(str(m["family"]), float(m["weight"]), str(m["place"])) for m in saved["members"])
            scales = tuple(float(scale) for scale in saved["scales"])
            made = cls(members, Problem.from_dict(saved["problem"]), scales, dict(saved["reading"]))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise StorageError(f"this is not a saved model: {exc!r}", where=where) from exc
        for member in members:
            if member.family not in FAMILIES or not _PLACE.fullmatch(member.place):
                raise StorageError(f"a member is not one of ours: {member.family!r} in {member.place!r}", where=where)
        return made


class TextModel(Model):
    """A text classifier on disk; its parts are read when it first predicts.

    Args:
        candidate: Its row of the leaderboard.
        root: Folder that the members' places are relative to.
        shared: Folder of the schema, the vocabulary and the sentence-embedding model.
        recipe: What it is made of.
    """

    def __init__(self, candidate: Candidate, *, root: Path, shared: Path, recipe: Recipe) -> None:
        super().__init__(candidate)
        self.root, self.shared, self.recipe = root, shared, recipe
        self._loaded: list[tuple[Member, Any]] | None = None
        self._embedder: Any = None

    @override
    def predict(self, rows: Any) -> pd.Series:
        import pandas as pd

        from cloudautoml_local.tasks.text.judging import labels_taken

        found, index = self._found(rows)
        labels = labels_taken(self.recipe.problem, found, self.recipe.scales)
        if self.recipe.problem.kind == "multi_label":
            return pd.Series(labels, index=index, name="prediction", dtype=object)
        return pd.Series(labels, index=index, name="prediction", dtype="str")

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        import pandas as pd

        found, index = self._found(rows)
        return pd.DataFrame(found, index=index, columns=pd.Index(self.recipe.problem.classes, dtype="str"))

    def predict_texts(self, texts: Sequence[str], *, embeddings: npt.NDArray[Any] | None = None) -> Floats:
        """Probabilities of readable texts: n x classes.

        Args:
            texts: What `wording.readable` made of them.
            embeddings: Their embeddings, where they are known already.
        """
        import numpy as np

        from cloudautoml_local.tasks.text import network
        from cloudautoml_local.tasks.text.fitted import FittedText

        members = self._members()
        total = np.zeros((len(texts), len(self.recipe.problem.classes)))
        if not len(texts):
            return total
        if embeddings is None and any(member.family == "embedding" for member, _ in members):
            embeddings = self._embed(texts)
        numbers = None
        for member, model in members:
            if isinstance(model, FittedText):
                total += member.weight * model.predict(texts, embeddings)
            else:
                if numbers is None:
                    numbers = self._numbers(texts)
                total += member.weight * network.predict(model, self.recipe.problem, numbers)
        return total

    @override
    def save(self, path: Path) -> Path:
        from cloudautoml.store.files import storage_error, write_json

        path = Path(path)
        if path.exists():
            raise StorageError("exists already", where=str(path), hint="give another name, or remove it first")
        families = {member.family for member in self.recipe.members}
        try:
            path.mkdir(parents=True)
            shutil.copyfile(self.shared / "schema.json", path / "schema.json")
            if "network" in families:
                shutil.copyfile(self.shared / "vocabulary.json", path / "vocabulary.json")
            if "embedding" in families:
                shutil.copytree(self.shared / EMBEDDER, path / EMBEDDER)
            members: list[Member] = []
            for i, member in enumerate(self.recipe.members):
                place = f"members/{i}"
                shutil.copytree(self._within(member.place), path / place)
                members.append(replace(member, place=place))
            write_json(path / "candidate.json", self.candidate.to_dict())
            # last: a folder with it is whole
            write_json(path / MODEL_FILE, replace(self.recipe, members=tuple(members)).to_dict())
        except OSError as exc:
            raise storage_error(exc, path) from exc
        return path

    def _found(self, rows: Any) -> tuple[Floats, Any]:
        from cloudautoml_local.tasks.text.reading import read_texts

        texts, index = read_texts(rows, self.shared, self.recipe.reading)
        return self.predict_texts(texts), index

    def _members(self) -> list[tuple[Member, Any]]:
        if self._loaded is None:
            from cloudautoml_local.tasks.neural.model import load_network
            from cloudautoml_local.tasks.text.fitted import FittedText

            self._loaded = [
                (
                    member,
                    load_network(self._within(member.place) / NETWORK_FILE)
                    if member.family == "network"
                    else FittedText.load(self._within(member.place)),
                )
                for member in self.recipe.members
            ]
        return self._loaded

    def _embed(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        import os

        from cloudautoml_local.tasks.text.embedder import Embedder

        if self._embedder is None:
            self._embedder = Embedder(self.shared / EMBEDDER, threads=max(1, (os.cpu_count() or 1) // 2))
        found: npt.NDArray[Any] = self._embedder.embed(texts)
        return found

    def _numbers(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        from cloudautoml_local.tasks.text.vocabulary import Vocabulary

        return Vocabulary.load(self.shared).read(texts)

    def _within(self, place: str) -> Path:
        found = (self.root / place).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise StorageError(f"{place!r} leads out of the model's folder", where=str(self.root))
        return found


def open_text_model(candidate: Candidate, directory: Path) -> TextModel:
    """The model of a row that can predict, on the files of the job.

    Raises:
        StorageError: It is not there, or damaged.
    """
    from cloudautoml.store.files import read_json

    file = directory / "models" / candidate.model / MODEL_FILE
    recipe = Recipe.from_dict(read_json(file), where=str(file))
    return TextModel(candidate, root=directory, shared=directory / "task", recipe=recipe)


def load_text_model(path: Path) -> TextModel:
    """Read a model that `TextModel.save` wrote, from any machine.

    Raises:
        StorageError: It is not a saved model, or is damaged.
    """
    from cloudautoml.store.files import read_json

    path = Path(path)
    recipe = Recipe.from_dict(read_json(path / MODEL_FILE), where=str(path / MODEL_FILE))
    candidate = Candidate.from_dict(read_json(path / "candidate.json"))
    return TextModel(candidate, root=path, shared=path, recipe=recipe)
