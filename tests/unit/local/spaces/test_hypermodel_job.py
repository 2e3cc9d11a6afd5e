"""A job on a user's own model builder, from the spec to the model, in the processes that it really runs in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypermodels import dense

from cloudautoml.errors import SpecError
from cloudautoml.spec import Budget, Dataset, ImageClassification, JobSpec, Outputs, Part, Search
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.provider import LocalProvider

if TYPE_CHECKING:
    from typing import Any


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    from sklearn.datasets import load_digits

    data = load_digits()
    path = tmp_path / "digits.npz"
    np.savez(path, x=(data.images * 15).astype(np.uint8)[:300], y=data.target[:300])
    return path


def spec_for(digits: Path, builder: Any, strategy: str = "random") -> JobSpec:
    return JobSpec(
        name="own",
        task=ImageClassification(),
        data=Dataset(train=str(digits)),
        budget=Budget(max_trials=2),
        search=Search(
            space=Part.model_validate({"type": "hypermodel", "builder": builder, "batch_size": 16}),
            strategy=Part(type=strategy),
            estimator=Part.model_validate({"type": "full_training", "epochs": 6}),
            ensemble=False,
        ),
        outputs=Outputs(report=False, refit=False),
        seed=1,
    )


@pytest.mark.slow
def test_builder_in_a_file_beside_the_spec_is_searched_and_predicts(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(__file__).parents[3] / "hypermodels.py"
    (tmp_path / "my_models.py").write_text(source.read_text())
    provider = LocalProvider(LocalConfig(workers=1), base=tmp_path)
    job = provider.submit(spec_for(digits, "my_models:dense", strategy="keras_tuner"))
    monkeypatch.chdir(os.sep)  # whoever goes on with the job may be anywhere
    board = job.wait(timeout=280).leaderboard()
    trained = [candidate for candidate in board if candidate.trial is not None]
    assert len(trained) == 2
    best = board.best
    assert best is not None
    assert best.score_val is not None
    assert best.score_val > 0.2
    assert {"layers", "units_0", "learning_rate"} <= set(best.params)
    with np.load(digits) as arrays:
        predicted = job.model().predict(arrays["x"])
        right = np.mean(np.asarray(predicted).astype(str) == arrays["y"].astype(str))
    assert right == pytest.approx(best.score_val, abs=0.15)


def test_plan_needs_neither_keras_nor_the_users_module(digits: Path) -> None:
    plan = LocalProvider(LocalConfig()).plan(spec_for(digits, dense))
    assert plan.requests[0].body["space"] == {"type": "hypermodel", "size": None}


def test_builder_that_is_not_there_is_refused_before_anything_runs(digits: Path, tmp_path: Path) -> None:
    provider = LocalProvider(LocalConfig(), base=tmp_path)
    with pytest.raises(SpecError, match=f"there is no file {tmp_path}/my_models.py") as caught:
        provider.submit(spec_for(digits, "my_models.py:dense"))
    assert caught.value.where == "search.space.builder"
    assert provider.list_jobs() == []
