"""The table as trials see it: both views, the target, the folds and what is to be learned, as files to map."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from cloudautoml.data import match_label
from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.spec import TabularClassification
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.tabular.families.base import Kind, Loss, Problem, Rows
from cloudautoml_local.tasks.tabular.plan import Plan, plan_trials
from cloudautoml_local.tasks.tabular.views import Preprocessor

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.data import PreparedData
    from cloudautoml.spec import JobSpec

Transform = Literal["none", "log1p"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What is to be learned from the table, and how trials go about it.

    Attributes:
        kind: Two classes, more, or a number.
        classes: Class labels in the order of their codes; empty for a number.
        positive: Code of the class that binary metrics are about.
        metric: Canonical name of the metric that decides.
        loss: What to minimise in training.
        transform: What is done to the target before training.
        levels: Categories of each column of the tree view, 0 for a number.
        plan: Folds and time.
    """

    kind: Kind
    classes: tuple[str, ...]
    positive: int
    metric: str
    loss: Loss
    transform: Transform
    levels: tuple[int, ...]
    plan: Plan

    def problem(self, *, seed: int, threads: int) -> Problem:
        """What a family is told."""
        return Problem(self.kind, max(1, len(self.classes)), self.loss, self.levels, seed, threads)

    @classmethod
    def load(cls, directory: Path) -> TableInfo:
        """Read what `write_table` wrote."""
        saved = read_json(directory / "table.json")
        saved |= {
            "plan": Plan(**saved["plan"]),
            "classes": tuple(saved["classes"]),
            "levels": tuple(saved["levels"]),
        }
        return cls(**saved)


def write_table(data: PreparedData, spec: JobSpec, directory: Path) -> TableInfo:
    """Fit the preprocessing and write what trials need; of the sealed rows only the features.

    Args:
        data: The job's data.
        spec: The job.
        directory: The task's own folder.
    """
    schema = data.schema
    frame = data.train[schema.names]
    preprocessor = Preprocessor.fit(frame, schema, seed=spec.seed)
    preprocessor.save(directory)
    write_json(directory / "schema.json", schema.to_dict())
    tree = preprocessor.tree(frame)
    write_array(directory / "tree.npy", tree)
    write_array(directory / "dense.npy", preprocessor.dense.transform(tree))
    if data.holdout is not None:
        sealed = preprocessor.tree(data.holdout[schema.names])
        write_array(directory / "holdout_tree.npy", sealed)
        write_array(directory / "holdout_dense.npy", preprocessor.dense.transform(sealed))
    info = info_of(data, spec, tuple(column.levels for column in preprocessor.columns))
    target, weight = targets(data.train, data, info)
    write_array(directory / "target.npy", target)
    if weight is not None:
        write_array(directory / "weight.npy", weight)
    write_array(directory / "folds.npy", folds(target, info, groups=data.groups, seed=spec.seed))
    write_json(directory / "table.json", asdict(info))
    return info


def targets(frame: Any, data: PreparedData, info: TableInfo) -> tuple[Floats, Floats | None]:
    """The target as codes or numbers, and the weights, of training or sealed rows; an unknown class is -1."""
    schema = data.schema
    weight = None if schema.weight is None else frame[schema.weight].to_numpy(np.float64)
    if not info.classes:
        return frame[schema.target].to_numpy(np.float64), weight
    codes = {label: code for code, label in enumerate(info.classes)}
    return frame[schema.target].map(codes).fillna(-1).to_numpy(np.float64), weight


def folds(
    target: Floats, info: TableInfo, *, groups: npt.NDArray[np.int64] | None = None, seed: int
) -> npt.NDArray[np.int8]:
    """Which fold each row is validated in; -1 for rows that are never validated.

    Rows are dealt out by class, or by size of the target, so that each fold looks like the whole; whole groups
    where there are any, the largest first, each to the fold that has the fewest rows.
    """
    rng = np.random.default_rng(seed)
    count = info.plan.splits
    dealt = np.empty(len(target), np.int8)
    if groups is not None and len(np.unique(groups)) >= count:
        sizes = np.bincount(groups)
        drawn = rng.permutation(len(sizes))
        rows = np.zeros(count, np.int64)
        for group in drawn[np.argsort(-sizes[drawn], kind="stable")]:
            emptiest = int(rows.argmin())
            dealt[groups == group] = emptiest
            rows[emptiest] += sizes[group]
        return np.where(dealt < info.plan.folds, dealt, -1).astype(np.int8)
    order = rng.permutation(len(target))
    order = order[np.argsort(target[order], kind="stable")]
    for start in range(0, len(order), count):
        block = order[start : start + count]
        # each run of neighbours gets every part once, in an order of its own
        dealt[block] = rng.permutation(count)[: len(block)]
    return np.where(dealt < info.plan.folds, dealt, -1).astype(np.int8)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The files of a table, mapped into memory.

    Attributes:
        info: What is to be learned.
        rows: All training rows; the target untransformed.
        fold: Which fold each row is validated in.
        holdout: The sealed rows' views; None when nothing is sealed.
    """

    info: TableInfo
    rows: Rows
    fold: npt.NDArray[np.int8]
    holdout: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None

    @classmethod
    def open(cls, directory: Path) -> Table:
        """Map the files that `write_table` wrote."""

        def read(name: str) -> npt.NDArray[Any]:
            return read_array(directory / name, mmap_mode="r")

        weight = np.asarray(read("weight.npy")) if (directory / "weight.npy").exists() else None
        rows = Rows(read("tree.npy"), read("dense.npy"), np.asarray(read("target.npy")), weight)
        sealed = None
        if (directory / "holdout_tree.npy").exists():
            sealed = (read("holdout_tree.npy"), read("holdout_dense.npy"))
        return cls(TableInfo.load(directory), rows, np.asarray(read("folds.npy")), sealed)


def take(rows: Rows, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Rows:
    """Some of the rows, copied."""
    weight = None if rows.weight is None else rows.weight[which]
    return Rows(np.asarray(rows.tree[which]), np.asarray(rows.dense[which]), rows.target[which], weight)


def info_of(data: PreparedData, spec: JobSpec, levels: tuple[int, ...] = ()) -> TableInfo:
    """What is to be learned from a table whose tree view has columns with so many categories each."""
    classes = data.schema.classes or ()
    metric = spec.metric.name
    kind: Kind = "regression" if not classes else "binary" if len(classes) == 2 else "multiclass"
    loss: Loss = "log" if classes else "absolute" if metric in _ABSOLUTE else "squared"
    positive = 0
    if isinstance(spec.task, TabularClassification):
        counts = data.train[data.schema.target].value_counts()
        chosen = None if spec.task.positive is None else match_label(spec.task.positive, classes)
        rarest = min(classes, key=lambda label: (counts.get(label, 0), -classes.index(label)))
        positive = classes.index(chosen or rarest)
    seconds = spec.budget.max_time.total_seconds() if spec.budget.max_time else None
    plan = plan_trials(rows=len(data.train), columns=len(levels), outputs=max(1, len(classes) - 1), seconds=seconds)
    transform: Transform = "log1p" if metric == "rmsle" else "none"
    return TableInfo(kind, classes, positive, metric, loss, transform, levels, plan)


_ABSOLUTE = frozenset({"mae", "median_absolute_error", "mape"})
