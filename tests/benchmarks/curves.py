"""Learning curves: how often a training is ended that would have beaten the best one, and what ending saves.

    python tests/benchmarks/curves.py [--trials 60] [--seeds 20]

Replays searches over recorded curves of the folder that CLOUDAUTOML_BENCH_DATA names:
`nasbench/nasbench201_curves_cifar10.npz` (200 cells, 200 epochs, a cosine schedule) and
`nasbench/klein2016_cnn_cifar10_curves.npz` (265 networks, 40 epochs). Trials come in a random order, one at a time,
each with the estimator `learning_curve` in front of a trainer that plays a curve. Each line is the mean over the seeds:
trainings that were ended, of them those that would have beaten the best score at that time, trainings that would have,
share of the epochs that were trained, and how far the best score found is below the best of all, in points of accuracy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2)


def curves(name: str) -> Any:
    """The recorded curves, a row each, in points of accuracy."""
    import numpy as np

    folder = Path(os.environ["CLOUDAUTOML_BENCH_DATA"]) / "nasbench"
    if name == "nasbench201":
        return np.load(folder / "nasbench201_curves_cifar10.npz")["val_acc"].astype(float)
    accuracies = 100 - 100 * np.load(folder / "klein2016_cnn_cifar10_curves.npz")["val_error"].astype(float)
    return accuracies[np.isfinite(accuracies).all(axis=1)]


def player(recorded: Any) -> Any:
    """A trainer that plays the curve whose number the candidate says."""
    from cloudautoml.search import Architecture, Fidelity, Measurement
    from cloudautoml.testing.simulation import SimulatedTrainer

    class Player(SimulatedTrainer):
        """Plays curves."""

        def curve_length(self, fidelity: Fidelity) -> int:
            return max(1, round(recorded.shape[1] * fidelity.share("epochs")))

        def train(
            self,
            architecture: Architecture,
            *,
            fidelity: Fidelity,
            parent: int | None = None,
            on_step: Callable[[int, float], bool] | None = None,
        ) -> Measurement:
            whole = recorded[architecture["curve"]][: self.curve_length(fidelity)]
            seen: list[float] = []
            for step, score in enumerate(whole, start=1):
                seen.append(float(score))
                if on_step is not None and not on_step(step, float(score)):
                    break
            if len(seen) < len(whole):
                fidelity = fidelity.cut(epochs=len(seen) / len(whole))
            return Measurement(max(seen), curve=tuple(seen), fidelity=fidelity)

    return Player(Path())


def search(recorded: Any, *, probability: float, trials: int, seed: int) -> tuple[int, int, int, float, float, float]:
    """One search; what the module says each line is the mean of, and milliseconds a trial beside the training."""
    import numpy as np

    from cloudautoml.search import Architecture, Proposal, Trial, TrialState
    from cloudautoml_local.estimators.learning_curve import LearningCurve, LearningCurveOptions

    order = np.random.default_rng(seed).permutation(len(recorded))[:trials]
    estimator, trainer = LearningCurve(LearningCurveOptions(probability=probability)), player(recorded)
    history: list[Trial] = []
    best, ended, false, wins, trained = -np.inf, 0, 0, 0, 0
    begin = time.perf_counter()
    for number, curve in enumerate(order):
        proposal = Proposal(Architecture((("curve", int(curve)),)))
        measured = estimator.estimate(proposal, trainer, tuple(history))
        history.append(Trial(number, proposal, TrialState.SUCCEEDED, measured))
        would = recorded[curve].max() > best
        wins += would
        if "chance" in measured.details:
            ended += 1
            false += would
        trained += len(measured.curve)
        best = max(best, measured.score)
    spent = 1000 * (time.perf_counter() - begin) / trials
    return ended, false, wins, trained / (trials * recorded.shape[1]), recorded[order].max() - best, spent


def main() -> None:
    """Replay all searches and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    print("| curves | probability | ended | of them would have won | would have won | epochs trained | lost, points |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    spent: list[float] = []
    for name in ("nasbench201", "klein2016"):
        recorded = curves(name)
        for probability in THRESHOLDS:
            rows = [
                search(recorded, probability=probability, trials=options.trials, seed=s) for s in range(options.seeds)
            ]
            ended, false, wins, trained, lost, milliseconds = (_mean([row[at] for row in rows]) for at in range(6))
            spent.append(milliseconds)
            print(
                f"| {name} | {probability:g} | {ended:.1f} | {false:.2f} | {wins:.1f} | {trained:.0%} | {lost:.3f} |",
                flush=True,
            )
    print(f"\n{statistics.mean(spent):.0f} ms a trial beside the training")


def _mean(values: Sequence[float]) -> float:
    return statistics.mean(map(float, values))


if __name__ == "__main__":
    main()
