"""Keeping: weights that a trial left become a model file that Keras alone can read, and predict the sealed examples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cloudautoml.errors import StorageError
from cloudautoml.search import Fidelity
from cloudautoml.store.files import atomic_path, read_json, write_json
from cloudautoml_local.tasks.neural.fidelity import examples_at, signature_at
from cloudautoml_local.tasks.neural.files import WEIGHTS_FILE, fitting, read_weights, weights_of
from cloudautoml_local.tasks.neural.model import KERAS_FILE, MODEL_FILE, Member, Recipe
from cloudautoml_local.tasks.neural.session import begin_session, in_full_precision, keras_reads_arrays

if TYPE_CHECKING:
    from cloudautoml_local.tasks.neural.closing import Closing, Entry
    from cloudautoml_local.tasks.neural.loop import Loop


def keep(entry: Entry, closing: Closing) -> Entry:
    """An entry whose network is rebuilt from its weights and kept.

    Raises:
        StorageError: Its weights are damaged.
    """
    return saved(entry, _rebuilt(entry, closing), closing)


def saved(entry: Entry, loop: Loop, closing: Closing) -> Entry:
    """An entry whose network is written to `models/<name>/` and has predicted the sealed examples."""
    name = entry.candidate.model
    in_full_precision(loop.model)
    with atomic_path(closing.directory / "models" / name / KERAS_FILE) as path, keras_reads_arrays():
        loop.model.save(path)
    holdout = None
    if closing.sealed is not None:
        signature = replace(closing.problem.signature, shape=loop.shape)
        holdout = loop.predict(examples_at(closing.folder, "holdout", signature).x)
    members = (Member(1.0, f"models/{name}", loop.logits, loop.shape),)
    write_recipe(name, members, closing)
    return replace(entry, members=members, holdout=holdout)


def write_recipe(name: str, members: tuple[Member, ...], closing: Closing) -> None:
    """Say what a model is made of, in `models/<name>/model.json`."""
    reading = closing.spec.data.model_dump(mode="json", include={"csv", "na_values"}, exclude_unset=True)
    recipe = Recipe(closing.task.model_kind, members, closing.problem, reading)
    write_json(closing.directory / "models" / name / MODEL_FILE, recipe.to_dict())


def _rebuilt(entry: Entry, closing: Closing) -> Loop:
    assert entry.architecture is not None
    place = closing.directory / entry.place
    fidelity = Fidelity.of(**read_json(place / "trial.json")["fidelity"])
    resources = closing.resources()
    begin_session(resources)
    signature = signature_at(closing.problem.signature, fidelity)
    loop = closing.trainer(place, resources).build(entry.architecture, closing.problem, signature, fidelity)
    weights = read_weights(place / WEIGHTS_FILE)
    arrays = None if weights is None else fitting(weights, weights_of(loop.model))
    if arrays is None:
        raise StorageError("the weights do not fit the network", where=str(place))
    loop.weights = list(arrays)
    return loop
