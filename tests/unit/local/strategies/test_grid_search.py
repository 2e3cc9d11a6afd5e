"""Grid search: in order, without a list, within its points."""

from __future__ import annotations

import itertools

import pytest
from analytic_task import AnalyticSpace

from cloudautoml.search import Measurement, Proposal, Trial, TrialState
from cloudautoml.testing.simulation import every_architecture, limited_spaces, small_spaces
from cloudautoml_local.strategies.grid import GridOptions, GridSearch


@pytest.mark.parametrize("name", list(small_spaces()))
def test_every_candidate_comes_in_the_order_of_the_decisions(name: str) -> None:
    space = small_spaces()[name]
    strategy = GridSearch(space, seed=1)
    proposals = [proposal for _ in range(40) for proposal in strategy.ask(3)]
    assert [proposal.architecture for proposal in proposals] == every_architecture(space)


@pytest.mark.parametrize(("points", "taken"), [(1, [10]), (2, [0, 19]), (3, [0, 10, 19]), (50, list(range(20)))])
def test_points_are_spaced_evenly_on_ordered_decisions_alone(points: int, taken: list[int]) -> None:
    strategy = GridSearch(AnalyticSpace(), seed=1, options=GridOptions(points=points))
    proposed = [tuple(option for _, option in p.architecture.choices) for p in strategy.ask(2000)]
    assert proposed == list(itertools.product(taken, taken, ["red", "green", "blue"]))
    assert list(strategy.ask(1)) == []


def test_what_is_told_or_refused_is_left_out() -> None:
    space = limited_spaces()["ordered"]
    allowed = [each for each in every_architecture(space) if space.refusal(each) is None]
    strategy = GridSearch(space, seed=1)
    strategy.tell([Trial(0, Proposal(allowed[1]), TrialState.SUCCEEDED, Measurement(0.5))])
    assert [proposal.architecture for proposal in strategy.ask(100)] == [allowed[0], *allowed[2:]]
