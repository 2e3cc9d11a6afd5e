"""Saved tabular models: a weighted set of fitted models with the preprocessing they share, as plain files."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import StorageError
from cloudautoml.leaderboard import Candidate
from cloudautoml.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data import Schema
    from cloudautoml_local.tasks.tabular.families.base import Fitted
    from cloudautoml_local.tasks.tabular.table import TableInfo
    from cloudautoml_local.tasks.tabular.views import Preprocessor

FORMAT = 1
_PLACE = re.compile(r"(trials|models|members)(/[A-Za-z0-9_-]+){1,3}")
_SHARED = ("preprocess.json", "preprocess.npz", "schema.json", "table.json")


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted model in an average.

    Attributes:
        family: Its family.
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
        scales: For classification, factors on the probabilities before the largest is taken as the label.
        reading: How files with new rows are to be read: fields of `Dataset`.
    """

    members: tuple[Member, ...]
    scales: tuple[float, ...] = ()
    reading: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        members = [{"family": m.family, "weight": m.weight, "place": m.place} for m in self.members]
        return {"format": FORMAT, "members": members, "scales": list(self.scales), "reading": self.reading}

    @classmethod
    def from_dict(cls, saved: Any, *, where: str) -> Recipe:
        """Read what `to_dict` wrote, trusting nothing in it.

        Raises:
            StorageError: It is something else, or names a folder outside the model.
        """
        from cloudautoml_local.tasks.tabular.families import FAMILIES

        try:
            if saved["format"] != FORMAT:
                raise StorageError(f"model format {saved['format']!r} is not known", where=where)
            members = tuple(
                Member(str(item["family"]), float(item["weight"]), str(item["place"])) for item in saved["members"]
            )
            scales = tuple(float(scale) for scale in saved["scales"])
            reading = dict(saved["reading"])
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise StorageError(f"this is not a saved model: {exc!r}", where=where) from exc
        for member in members:
            if member.family not in FAMILIES or not _PLACE.fullmatch(member.place):
                raise StorageError(f"a member is not one of ours: {member.family!r} in {member.place!r}", where=where)
        return cls(members, scales, reading)


class TabularModel(Model):
    """A tabular model on disk; its parts are read when it first predicts.

    Args:
        candidate: Its row of the leaderboard.
        root: Folder that the members' places are relative to.
        shared: Folder of the preprocessing.
        recipe: What it is made of.
    """

    def __init__(self, candidate: Candidate, *, root: Path, shared: Path, recipe: Recipe) -> None:
        super().__init__(candidate)
        self.root, self.shared, self.recipe = root, shared, recipe
        self._loaded: tuple[Schema, TableInfo, Preprocessor, list[Fitted]] | None = None

    @override
    def predict(self, rows: Any) -> pd.Series:
        import numpy as np
        import pandas as pd

        found, index = self._found(rows)
        _, info, _, _ = self._parts()
        if info.kind == "regression":
            return pd.Series(found, index=index, name="prediction")
        scaled = found * np.asarray(self.recipe.scales) if self.recipe.scales else found
        labels = np.asarray(info.classes, dtype=object)[scaled.argmax(axis=1)]
        return pd.Series(labels, index=index, name="prediction", dtype="str")

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        import pandas as pd

        from cloudautoml.capabilities import Feature, Gap, unsupported
        from cloudautoml.errors import UnsupportedError

        _, info, _, _ = self._parts()
        if info.kind == "regression":
            refusal = unsupported("a regression predicts numbers, not classes", "use predict")
            raise UnsupportedError("local", [Gap(Feature.PREDICT_PROBA, refusal)])
        found, index = self._found(rows)
        return pd.DataFrame(found, index=index, columns=pd.Index(info.classes, dtype="str"))

    def predict_prepared(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Probabilities (n x k) or numbers (n) for rows that the schema has conformed already."""
        from cloudautoml_local.tasks.tabular.trainer import untransform

        _, info, preprocessor, fitted = self._parts()
        tree = preprocessor.tree(frame)
        dense = preprocessor.dense.transform(tree)
        parts = [
            member.weight * untransform(one.predict(tree, dense), info)
            for member, one in zip(self.recipe.members, fitted, strict=True)
        ]
        return sum(parts[1:], parts[0])

    @override
    def save(self, path: Path) -> Path:
        from cloudautoml.store.files import storage_error, write_json

        path = Path(path)
        if path.exists():
            raise StorageError("exists already", where=str(path), hint="give another name, or remove it first")
        try:
            path.mkdir(parents=True)
            for name in _SHARED:
                shutil.copyfile(self.shared / name, path / name)
            members: list[Member] = []
            for i, member in enumerate(self.recipe.members):
                place = f"members/{i}"
                shutil.copytree(self.root / member.place, path / place)
                members.append(Member(member.family, member.weight, place))
            write_json(path / "candidate.json", self.candidate.to_dict())
            recipe = Recipe(tuple(members), self.recipe.scales, self.recipe.reading)
            write_json(path / "model.json", recipe.to_dict())  # last: a folder with it is whole
        except OSError as exc:
            raise storage_error(exc, path) from exc
        return path

    def _found(self, rows: Any) -> tuple[npt.NDArray[np.float64], Any]:
        import pandas as pd

        from cloudautoml.data import read_table
        from cloudautoml.spec import Dataset

        schema, _, _, _ = self._parts()
        where = "rows"
        index = rows.index if isinstance(rows, pd.DataFrame) else None
        if isinstance(rows, (str, Path)):
            where = str(rows)
            dataset = Dataset.model_validate({**self.recipe.reading, "train": where})
            rows = read_table(where, dataset)
        frame = schema.conform(rows, where=where)
        return self.predict_prepared(frame), frame.index if index is None else index

    def _parts(self) -> tuple[Schema, TableInfo, Preprocessor, list[Fitted]]:
        if self._loaded is None:
            from cloudautoml.data import Schema
            from cloudautoml.store.files import read_json
            from cloudautoml_local.tasks.tabular.families import FAMILIES
            from cloudautoml_local.tasks.tabular.table import TableInfo
            from cloudautoml_local.tasks.tabular.views import Preprocessor

            fitted = [FAMILIES[member.family].load(self._within(member.place)) for member in self.recipe.members]
            schema = Schema.from_dict(read_json(self.shared / "schema.json"))
            self._loaded = (schema, TableInfo.load(self.shared), Preprocessor.load(self.shared), fitted)
        return self._loaded

    def _within(self, place: str) -> Path:
        found = (self.root / place).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise StorageError(f"{place!r} leads out of the model's folder", where=str(self.root))
        return found


def load_tabular_model(path: Path) -> TabularModel:
    """Read a model that `TabularModel.save` wrote, from any machine.

    Nothing in the folder is executed: weights are arrays and the boosters' own formats, never pickles.

    Raises:
        StorageError: It is not a saved model, or is damaged.
    """
    from cloudautoml.store.files import read_json

    path = Path(path)
    recipe = Recipe.from_dict(read_json(path / "model.json"), where=str(path / "model.json"))
    candidate = read_json(path / "candidate.json")
    return TabularModel(Candidate.from_dict(candidate), root=path, shared=path, recipe=recipe)


def combined(parts: Sequence[tuple[float, Sequence[Member]]]) -> tuple[Member, ...]:
    """The members of several models under one roof, each model with its weight."""
    return tuple(
        Member(member.family, weight * member.weight, member.place)
        for weight, members in parts
        for member in members
        if weight > 0
    )
