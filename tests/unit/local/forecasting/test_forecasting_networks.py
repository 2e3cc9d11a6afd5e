"""Networks that forecast: a family of the usual space, and those of a space of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from series_files import sales

import cloudautoml as ca
from cloudautoml.search import FULL, Proposal, Trial, TrialState
from cloudautoml.spec import Part, Search
from cloudautoml_local.spaces.forecasting import architecture_of
from cloudautoml_local.spaces.neural import NeuralSpace
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.forecasting import ForecastingTask
from cloudautoml_local.tasks.forecasting.families import FAMILIES
from cloudautoml_local.tasks.forecasting.model import ForecastModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.parametrize("space", ["forecasting", "chain"])
def test_a_network_learns_a_season_and_is_read_again(
    make: Callable[..., ForecastingTask], tmp_path: Path, space: str
) -> None:
    task = make(sales(noise=0.05))
    search = Search(space=Part(type=space)) if space != "forecasting" else Search()
    task = ForecastingTask(task.spec.model_copy(update={"search": search}), task.directory)
    assert isinstance(task.space(), NeuralSpace) == (space == "chain")
    architecture = (
        task.space().defaults()[0] if space == "chain" else architecture_of("network", FAMILIES["network"].DEFAULTS[0])
    )
    assert task.preload_of(architecture) == "keras"
    measured = task.trainer(0, Resources(seed=7)).train(architecture, fidelity=FULL)
    board = task.finish(
        [Trial(0, Proposal(architecture), TrialState.SUCCEEDED, measured)],
        seconds=None, threads=1, progress=lambda _: None,
    )  # fmt: skip
    row = board["network-000"]
    assert row.metrics_holdout["mae"] < 2.0, "the season alone moves by six"
    model = task.model(row)
    saved = ca.load_model(model.save(tmp_path / "saved"))
    assert isinstance(model, ForecastModel)
    assert isinstance(saved, ForecastModel)
    np.testing.assert_allclose(saved.predict()["mean"], model.predict()["mean"], rtol=1e-5)
