"""Saved taggers: a weighted set of fitted models whose probabilities are averaged and decoded, as plain files."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import StorageError
from cloudautoml.leaderboard import Candidate
from cloudautoml.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cloudautoml.data.tokens import TokenRows, TokensSchema
    from cloudautoml_local.tasks.entities.families.base import Fitted, Floats

FORMAT = 1
KIND = "entities"
"""What `model.json` of these models says of itself."""

_PLACE = re.compile(r"(trials|models|members)(/[A-Za-z0-9_-]+){1,3}")
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted tagger in an average.

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
        members: The fitted taggers that are averaged.
        scale: Factor on the probability of `O` before the tags are decoded.
    """

    members: tuple[Member, ...]
    scale: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        members = [{"family": m.family, "weight": m.weight, "place": m.place} for m in self.members]
        return {"kind": KIND, "format": FORMAT, "members": members, "scale": self.scale}

    @classmethod
    def from_dict(cls, saved: Any, *, where: str) -> Recipe:
        """Read what `to_dict` wrote, trusting nothing in it.

        Raises:
            StorageError: It is something else, or names a folder outside the model.
        """
        from cloudautoml_local.tasks.entities.families import FAMILIES

        try:
            if (saved["kind"], saved["format"]) != (KIND, FORMAT):
                raise StorageError(f"model format {saved['format']!r} is not known", where=where)
            members = tuple(
                Member(str(item["family"]), float(item["weight"]), str(item["place"])) for item in saved["members"]
            )
            scale = float(saved["scale"])
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise StorageError(f"this is not a saved model: {exc!r}", where=where) from exc
        for member in members:
            if member.family not in FAMILIES or not _PLACE.fullmatch(member.place):
                raise StorageError(f"a member is not one of ours: {member.family!r} in {member.place!r}", where=where)
        return cls(members, scale)


class EntityModel(Model):
    """A tagger on disk; its parts are read when it first predicts.

    Args:
        candidate: Its row of the leaderboard.
        root: Folder that the members' places are relative to.
        shared: Folder of the schema.
        recipe: What it is made of.
    """

    def __init__(self, candidate: Candidate, *, root: Path, shared: Path, recipe: Recipe) -> None:
        super().__init__(candidate)
        self.root, self.shared, self.recipe = root, shared, recipe
        self._loaded: tuple[TokensSchema, list[Fitted]] | None = None

    @override
    def predict(self, rows: Any) -> pd.Series:
        """The BIO tags of the tokens of each row.

        Args:
            rows: A path (CSV, JSON lines, Parquet, CoNLL), a table, or a list; each row a list of tokens, or a text
                that is cut into tokens by a simple rule.

        Returns:
            A list of tags for each row, indexed as the rows where they have an index.
        """
        import pandas as pd

        given, tags, _ = self._tagged(rows)
        return pd.Series(tags, index=given.table.index, name="prediction", dtype=object)

    def entities(self, rows: Any) -> pd.Series:
        """The entities in each row.

        Args:
            rows: As for `predict`.

        Returns:
            For each row a list of objects, as `TokenRows.entities` makes them, with their probabilities.
        """
        import pandas as pd

        given, tags, found = self._tagged(rows)
        schema, _ = self._parts()
        column = {tag: position for position, tag in enumerate(schema.tags)}
        made: list[list[dict[str, Any]]] = []
        first = 0
        for number, sentence in enumerate(tags):
            chances = [float(found[first + place, column[tag]]) for place, tag in enumerate(sentence)]
            made.append(given.entities(number, sentence, chances))
            first += len(sentence)
        return pd.Series(made, index=given.table.index, name="entities", dtype=object)

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        from cloudautoml.capabilities import Feature, Gap, unsupported
        from cloudautoml.errors import UnsupportedError

        refusal = unsupported(
            "a sentence has a probability for each tag of each token, and no class", "use model.entities(rows)"
        )
        raise UnsupportedError("local", [Gap(Feature.PREDICT_PROBA, refusal)])

    def probabilities(self, tokens: Sequence[Sequence[str]]) -> Floats:
        """Probabilities of the tags (as in the schema) of all tokens: tokens x tags."""
        import numpy as np

        _, fitted = self._parts()
        parts: list[Floats] = []
        for begin in range(0, len(tokens), _BATCH):
            some = tokens[begin : begin + _BATCH]
            found = [m.weight * one.predict(some) for m, one in zip(self.recipe.members, fitted, strict=True)]
            parts.append(sum(found[1:], found[0]))
        return np.concatenate(parts) if parts else np.zeros((0, len(self._parts()[0].tags)))

    @override
    def save(self, path: Path) -> Path:
        from cloudautoml.store.files import storage_error, write_json

        path = Path(path)
        if path.exists():
            raise StorageError("exists already", where=str(path), hint="give another name, or remove it first")
        try:
            path.mkdir(parents=True)
            shutil.copyfile(self.shared / "schema.json", path / "schema.json")
            members: list[Member] = []
            for number, member in enumerate(self.recipe.members):
                place = f"members/{number}"
                shutil.copytree(self.root / member.place, path / place)
                members.append(Member(member.family, member.weight, place))
            write_json(path / "candidate.json", self.candidate.to_dict())
            write_json(path / "model.json", Recipe(tuple(members), self.recipe.scale).to_dict())  # last: it is whole
        except OSError as exc:
            raise storage_error(exc, path) from exc
        return path

    def _tagged(self, rows: Any) -> tuple[TokenRows, list[list[str]], Floats]:
        from cloudautoml.data.tokens import read_token_rows
        from cloudautoml_local.tasks.entities.decoding import decode

        schema, _ = self._parts()
        given = read_token_rows(rows, schema)
        found = self.probabilities(given.tokens)
        return given, decode(found, list(map(len, given.tokens)), schema.tags, scale=self.recipe.scale), found

    def _parts(self) -> tuple[TokensSchema, list[Fitted]]:
        if self._loaded is None:
            from cloudautoml.data.tokens import TokensSchema
            from cloudautoml.store.files import read_json
            from cloudautoml_local.tasks.entities.families import FAMILIES

            schema = TokensSchema.from_dict(read_json(self.shared / "schema.json"))
            fitted = [FAMILIES[m.family].load(self._within(m.place), schema.tags) for m in self.recipe.members]
            self._loaded = (schema, fitted)
        return self._loaded

    def _within(self, place: str) -> Path:
        found = (self.root / place).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise StorageError(f"{place!r} leads out of the model's folder", where=str(self.root))
        return found


def load_entity_model(path: Path) -> EntityModel:
    """Read a model that `EntityModel.save` wrote, from any machine.

    Nothing in the folder is executed: weights are arrays and CRFsuite's own format, never pickles.

    Raises:
        StorageError: It is not a saved model, or is damaged.
    """
    from cloudautoml.store.files import read_json

    path = Path(path)
    recipe = Recipe.from_dict(read_json(path / "model.json"), where=str(path / "model.json"))
    candidate = Candidate.from_dict(read_json(path / "candidate.json"))
    return EntityModel(candidate, root=path, shared=path, recipe=recipe)
