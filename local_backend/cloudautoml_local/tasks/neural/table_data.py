"""Examples of a table: rows of the dense view, split into those to learn from and those to choose by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cloudautoml.search import Signature
from cloudautoml.store.files import write_json
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.neural.split import set_apart
from cloudautoml_local.tasks.tabular.table import info_of, targets
from cloudautoml_local.tasks.tabular.views import Preprocessor

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.data import PreparedData
    from cloudautoml.spec import JobSpec


def write_table_examples(data: PreparedData, spec: JobSpec, directory: Path) -> Problem:
    """Fit the preprocessing on the rows to learn from, and write examples and problem.

    Args:
        data: The job's data.
        spec: The job.
        directory: The task's folder.
    """
    schema = data.schema
    info = info_of(data, spec)
    target, weight = targets(data.train, data, info)
    learned, chosen_by = set_apart(target, classes=len(info.classes), groups=data.groups, seed=spec.seed)
    features = data.train[schema.names]
    preprocessor = Preprocessor.fit(features.iloc[learned].reset_index(drop=True), schema, seed=spec.seed)
    preprocessor.save(directory)
    write_json(directory / "schema.json", schema.to_dict())
    whole = Examples(preprocessor.dense.transform(preprocessor.tree(features)), _coded(target, info.classes), weight)
    train = whole.take(learned)
    train.save(directory, "train")
    whole.take(chosen_by).save(directory, "valid")
    if data.holdout is not None:
        sealed, sealed_weight = targets(data.holdout, data, info)
        x = preprocessor.dense.transform(preprocessor.tree(data.holdout[schema.names]))
        Examples(x, _coded(sealed, info.classes), sealed_weight).save(directory, "holdout")
    outputs = max(1, len(info.classes))
    signature = Signature("table", (whole.x.shape[1],), outputs, "classes" if info.classes else "value")
    problem = Problem(
        signature, info.metric, info.classes, info.positive, info.loss, logarithm=info.transform == "log1p"
    )
    if not info.classes:
        learned_values = np.log1p(train.target) if problem.logarithm else train.target
        spread = float(learned_values.std()) or 1.0
        problem = replace(problem, centre=float(learned_values.mean()), spread=spread)
    problem.save(directory)
    return problem


def _coded(target: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    return target.astype(np.int64) if classes else target
