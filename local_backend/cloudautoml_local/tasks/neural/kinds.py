"""Kinds of neural models, which differ in how rows become inputs, and opening one from its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudautoml.errors import StorageError
from cloudautoml.leaderboard import Candidate
from cloudautoml.store.files import read_json
from cloudautoml_local.parts import load_path
from cloudautoml_local.tasks.neural.model import MODEL_FILE, Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.neural.model import NeuralModel

MODELS: Final = {
    "image": "cloudautoml_local.tasks.image.model:ImageModel",
    "text": "cloudautoml_local.tasks.text.neural_model:NeuralTextModel",
    "image_features": "cloudautoml_local.tasks.image.pretrained:ImageFeatureModel",
    "table": "cloudautoml_local.tasks.neural.table_model:NeuralTableModel",
}
"""Where the class of each kind is."""


def open_model(candidate: Candidate, *, root: Path, shared: Path, place: str) -> NeuralModel:
    """The model of a finished job.

    Args:
        candidate: Its row of the leaderboard.
        root: The job's folder.
        shared: The task's folder in it.
        place: Name of its folder in `models/`.

    Raises:
        StorageError: It is not there, or damaged.
    """
    file = root / "models" / place / MODEL_FILE
    recipe = Recipe.from_dict(read_json(file), where=str(file))
    return _class_of(recipe, where=str(file))(candidate, root=root, shared=shared, recipe=recipe)


def load_neural_model(path: Path) -> NeuralModel:
    """Read a model that `NeuralModel.save` wrote, from any machine.

    Raises:
        StorageError: It is not a saved model, or is damaged.
    """
    file = path / MODEL_FILE
    recipe = Recipe.from_dict(read_json(file), where=str(file))
    candidate = Candidate.from_dict(read_json(path / "candidate.json"))
    return _class_of(recipe, where=str(file))(candidate, root=path, shared=path, recipe=recipe)


def _class_of(recipe: Recipe, *, where: str) -> type[NeuralModel]:
    if recipe.task not in MODELS:
        raise StorageError(f"models of the kind {recipe.task!r} are not known", where=where, hint="update cloudautoml")
    found: type[NeuralModel] = load_path(MODELS[recipe.task])
    return found
