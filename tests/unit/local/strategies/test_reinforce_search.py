"""Reinforced search: what it is rewarded for becomes likely, whatever the scale, the length and the gaps."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, ClassVar

import pytest
from typing_extensions import override

from cloudautoml.search import Decision, Measurement, Proposal, SearchSpace, Trial, TrialState
from cloudautoml.testing.simulation import Branch, TableSpace, large_space, quality
from cloudautoml_local.strategies.random import RandomSearch
from cloudautoml_local.strategies.reinforce import ReinforceOptions, ReinforceSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudautoml.search import Architecture, Option, SearchStrategy


def search(
    strategy: SearchStrategy, score: Callable[[Architecture], float | None], *, trials: int, batch: int = 1
) -> list[Trial]:
    found: list[Trial] = []
    while len(found) < trials and (proposals := strategy.ask(batch)):
        told = [trial(len(found) + n, p.architecture, score) for n, p in enumerate(proposals)]
        found += told
        strategy.tell(told)
    return found


def trial(number: int, architecture: Architecture, score: Callable[[Architecture], float | None]) -> Trial:
    value = score(architecture)
    state = TrialState.FAILED if value is None else TrialState.SUCCEEDED
    return Trial(number, Proposal(architecture), state, None if value is None else Measurement(value))


def late(trials: Sequence[Trial]) -> float:
    """Mean quality of the second half of the trials."""
    return statistics.mean(quality(each.architecture) for each in trials[len(trials) // 2 :])


def test_it_comes_to_propose_better_candidates() -> None:
    seeds = range(3)
    learned = [late(search(ReinforceSearch(large_space(), seed=s), quality, trials=100)) for s in seeds]
    drawn = [late(search(RandomSearch(large_space(), seed=s), quality, trials=100)) for s in seeds]
    assert min(learned) > max(drawn)
    assert statistics.mean(learned) > statistics.mean(drawn) + 0.05


def test_only_the_order_of_the_scores_counts() -> None:
    plain, other = (
        search(ReinforceSearch(large_space(), seed=4), score, trials=20)
        for score in (quality, lambda architecture: -1e6 + 1e3 * quality(architecture) ** 3)
    )
    assert [each.architecture for each in plain] == [each.architecture for each in other]


class Deep(SearchSpace):
    """As many layers as the first decision says, each of a kind; what one kind has is decided beside it."""

    name: ClassVar[str] = "deep"

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        if "depth" not in prefix:
            return Decision("depth", (1, 2, 3, 4, 5, 6))
        for layer in range(int(prefix["depth"] or 0)):
            if f"{layer}.kind" not in prefix:
                return Decision(f"{layer}.kind", ("conv", "pool", "dense"))
            if prefix[f"{layer}.kind"] == "conv" and f"{layer}.width" not in prefix:
                return Decision(f"{layer}.width", (8, 16, 32))
            if f"{layer}.only" not in prefix:
                return Decision(f"{layer}.only", ("one",))
        return None

    @override
    def size(self) -> None:
        return None


def wide_convolutions(architecture: Architecture) -> float:
    return sum(option == 32 for _, option in architecture.choices) - 0.1 * len(architecture.choices)


def test_strings_of_choices_may_have_any_length() -> None:
    trials = search(ReinforceSearch(Deep(), seed=1), wide_convolutions, trials=120)
    drawn = search(RandomSearch(Deep(), seed=1), wide_convolutions, trials=120)
    assert len({len(each.architecture.choices) for each in trials}) > 4
    learned, chance = (statistics.mean(t.score or 0.0 for t in each[60:]) for each in (trials, drawn))
    assert learned > chance + 0.5


class Unlisted(Deep):
    """A space that does not know all of its decisions beforehand."""

    name: ClassVar[str] = "unlisted"
    decisions = (Decision("depth", (1, 2, 3, 4, 5, 6)), Decision("0.kind", ("conv", "pool", "dense")))


def test_decisions_that_are_not_listed_are_made_by_chance() -> None:
    trials = search(ReinforceSearch(Unlisted(), seed=1), wide_convolutions, trials=60)
    assert all(each.architecture in Deep() for each in trials)
    assert len({each.architecture for each in trials}) == 60
    chosen = [each.architecture["0.kind"] for each in trials[40:]]
    assert chosen.count("conv") > 10


def test_a_space_that_leaves_no_choice_has_one_candidate() -> None:
    strategy = ReinforceSearch(TableSpace(Branch(Decision("only", ("one",)))), seed=0)
    assert len(search(strategy, quality, trials=5)) == 1


def test_candidates_that_fail_are_avoided() -> None:
    def score(architecture: Architecture) -> float | None:
        return None if architecture["d0"] in {1, 2} else 0.5

    trials = search(ReinforceSearch(large_space(), seed=2), score, trials=100)
    assert sum(each.score is None for each in trials[60:]) <= 8  # by chance it would be half of forty


def test_warm_starts_inform_it() -> None:
    space = large_space()
    warm = [proposal.architecture for proposal in RandomSearch(space, seed=3).ask(200)]
    strategy = ReinforceSearch(space, seed=3)
    strategy.tell([trial(n, architecture, quality) for n, architecture in enumerate(warm)])
    proposed = [proposal.architecture for proposal in strategy.ask(20)]
    assert not set(proposed) & set(warm)
    assert statistics.mean(map(quality, proposed)) > statistics.mean(map(quality, warm)) + 0.1


def test_trials_that_never_started_teach_nothing() -> None:
    strategies = [ReinforceSearch(large_space(), seed=5) for _ in range(2)]
    for strategy in strategies:
        search(strategy, quality, trials=10)
    skipped = Trial(10, strategies[1].ask(1)[0], TrialState.SKIPPED, error="why")
    strategies[0].ask(1)
    strategies[1].tell([skipped])
    assert strategies[0].ask(4) == strategies[1].ask(4)


@pytest.mark.parametrize("options", [{"replay": 1}, {"entropy": 0}, {"clip": 0}, {"units": 3, "embedding": 1}])
def test_options_change_the_search(options: dict[str, float]) -> None:
    plain = search(ReinforceSearch(large_space(), seed=6), quality, trials=24, batch=3)
    changed = ReinforceSearch(large_space(), seed=6, options=ReinforceOptions.model_validate(options))
    other = search(changed, quality, trials=24, batch=3)
    assert len({each.architecture for each in other}) == 24
    assert [each.architecture for each in plain] != [each.architecture for each in other]


def test_a_suggestion_stays_quick_after_many_trials() -> None:
    space = TableSpace(*(Branch(Decision(f"d{number}", tuple(range(6)))) for number in range(16)))
    warm = [proposal.architecture for proposal in RandomSearch(space, seed=1).ask(500)]
    strategy = ReinforceSearch(space, seed=1)
    strategy.tell([trial(number, architecture, quality) for number, architecture in enumerate(warm)])
    search(strategy, quality, trials=2)
    spent: list[float] = []
    for number in range(500, 509):
        began = time.process_time()
        (proposal,) = strategy.ask(1)
        strategy.tell([trial(number, proposal.architecture, quality)])
        spent.append(time.process_time() - began)
    assert statistics.median(spent) < 0.05


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, cloudautoml_local.strategies.reinforce\n"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
