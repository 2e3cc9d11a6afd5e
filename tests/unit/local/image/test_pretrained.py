"""Pretrained backbones: found in local files alone, their features computed once, carried by the saved model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from neural_jobs import digits

from cloudautoml.data import prepare_images
from cloudautoml.errors import SpecError
from cloudautoml.spec import Dataset, ImageClassification, JobSpec, Outputs, Part, Search
from cloudautoml_local.parts import task_path, task_type
from cloudautoml_local.spaces.pretrained import PretrainedOptions, find_weights
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.kinds import load_neural_model
from cloudautoml_local.tasks.neural.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

BUILDER = """
def build(arrays, size=16):
    import keras

    pixels = keras.Input((size, size, 3))
    conv = keras.layers.Conv2D(8, 3, strides=2, activation="relu")
    model = keras.Model(pixels, keras.layers.Flatten()(conv(keras.layers.Rescaling(1 / 255)(pixels))))
    conv.set_weights([arrays["kernel"], arrays["bias"]])
    return model
"""


def spec_for(folder: Path, **options: Any) -> JobSpec:
    x, y = digits()
    np.savez(folder / "digits.npz", x=x[:300], y=y[:300])
    rng = np.random.default_rng(0)
    kernel = rng.normal(0, 0.5, (3, 3, 3, 8)).astype(np.float16)
    np.savez(folder / "weights.npz", kernel=kernel, bias=np.zeros(8, np.float16))
    (folder / "net.py").write_text(BUILDER)
    space = {"type": "pretrained", "weights": str(folder / "weights.npz"), "network": f"{folder}/net.py:build"}
    return JobSpec(
        name="digits",
        task=ImageClassification(),
        data=Dataset(train=str(folder / "digits.npz")),
        search=Search(space=Part.model_validate({**space, "size": 16, **options})),
        outputs=Outputs(report=False),
    )


def test_weights_are_found_or_missed_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDAUTOML_WEIGHTS", raising=False)
    with pytest.raises(SpecError, match="no weights are named"):
        find_weights(PretrainedOptions())
    with pytest.raises(SpecError, match="there are no weights at") as caught:
        find_weights(PretrainedOptions(weights=str(tmp_path / "no.keras")))
    assert "nothing is downloaded" in (caught.value.hint or "")
    monkeypatch.setenv("CLOUDAUTOML_WEIGHTS", str(tmp_path))
    with pytest.raises(SpecError, match="0 fitting"):
        find_weights(PretrainedOptions(network="MobileNetV2"))
    weights = tmp_path / "mobilenetv2_no_top.weights.h5"
    weights.touch()
    assert find_weights(PretrainedOptions(network="MobileNetV2")) == weights
    with pytest.raises(SpecError, match="no network of Keras"):
        find_weights(PretrainedOptions(weights=str(weights), network="MobileNetV9"))
    arrays = tmp_path / "arrays.npz"
    arrays.touch()
    with pytest.raises(SpecError, match="what are the arrays"):
        find_weights(PretrainedOptions(weights=str(arrays)))
    with pytest.raises(SpecError, match="there is no file"):
        find_weights(PretrainedOptions(weights=str(arrays), network=f"{tmp_path}/no.py:build"))
    other = tmp_path / "weights.pt"
    other.touch()
    with pytest.raises(SpecError, match="ends in none of"):
        find_weights(PretrainedOptions(weights=str(other)))


def test_features_are_computed_once_and_a_saved_model_needs_nothing_else(tmp_path: Path) -> None:
    from cloudautoml.search import FULL, Proposal, Trial, TrialState
    from cloudautoml_local.tasks.base import Resources

    spec = spec_for(tmp_path)
    task = task_type(task_path(spec, None))(spec, tmp_path / "job")
    space = task.space()
    assert space.size() == 108
    data = prepare_images(spec)
    data.save(tmp_path / "job" / "data")
    task.prepare(data, progress=lambda _: None)
    folder = tmp_path / "job" / "task"
    assert Problem.load(folder).signature.shape == (7 * 7 * 8,)
    features = Examples.open(folder, "train")
    assert features.x.dtype == np.float32
    trainer = task.trainer(0, Resources(seed=1))
    found = trainer.train(space.defaults()[0], fidelity=FULL)
    trial = Trial(0, Proposal(space.defaults()[0], FULL), TrialState.SUCCEEDED, found)
    board = task.finish([trial], seconds=None, threads=1, progress=lambda _: None)
    assert board.best is not None
    assert (board.best.score_holdout or 0) > 0.4
    saved = task.model(board.best).save(tmp_path / "model")
    for name in ("weights.npz", "net.py"):
        (tmp_path / name).unlink()
    x, y = digits()
    assert (load_neural_model(saved).predict(x[:300]).astype(int) == y[:300]).mean() > 0.4


def test_arrays_of_another_network_are_refused(tmp_path: Path) -> None:
    from cloudautoml_local.tasks.image.backbone import open_backbone

    spec_for(tmp_path)
    np.savez(tmp_path / "weights.npz", other=np.zeros(3))
    options = PretrainedOptions(weights=str(tmp_path / "weights.npz"), network=f"{tmp_path}/net.py:build", size=16)
    with pytest.raises(SpecError, match="kernel"):
        open_backbone(options)
