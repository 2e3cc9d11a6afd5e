"""A search strategy of your own in about thirty lines: simulated annealing.

Register it in the `pyproject.toml` of your package, install that, and it is a strategy like any other:

    [project.entry-points."cloudautoml.strategies"]
    annealing = "custom_strategy:Annealing"

    $ cloudautoml list strategies

    # in a job's YAML
    search:
      strategy: {type: annealing, cooling: 0.9}

And this is its whole test, to be run with pytest:

    class TestAnnealing(cloudautoml.testing.StrategySuite):
        @pytest.fixture
        def strategy_type(self):
            return Annealing
"""

from __future__ import annotations

import math

from cloudautoml.search import Proposal, SearchStrategy, StrategyOptions, Trait


class AnnealingOptions(StrategyOptions):
    temperature: float = 0.05
    """The loss of score that is accepted one time in three at first."""
    cooling: float = 0.95
    """What is left of the temperature after each trial."""


class Annealing(SearchStrategy):
    """Walks on from candidate to candidate, and while it is hot to worse ones, too."""

    name = "annealing"
    paper = "Kirkpatrick et al., 1983, Science 220"
    options_type = AnnealingOptions
    gives = frozenset({Trait.PARENTS})  # its proposals descend from earlier trials: weights may be inherited

    def __init__(self, space, *, seed, options=None):
        super().__init__(space, seed=seed, options=options)
        self.seen, self.place, self.heat = set(), None, self.options.temperature

    def ask(self, count):
        proposals = [self.step(self.next_rng()) for _ in range(count)]  # draw from `next_rng` alone: searches resume
        return [proposal for proposal in proposals if proposal is not None]

    def step(self, rng):
        changed = (self.space.mutate(self.place.architecture, rng) for _ in range(20 if self.place else 0))
        drawn = (self.space.sample(rng) for _ in range(1000))
        for parent, candidates in ((self.place, changed), (None, drawn)):
            for candidate in candidates:
                if self.space.canonical(candidate) not in self.seen and self.space.refusal(candidate) is None:
                    self.seen.add(self.space.canonical(candidate))
                    return Proposal(candidate, parent=parent.number if parent else None)
        return None  # nothing is left to try

    def tell(self, trials):
        for trial in trials:
            self.seen.add(self.space.canonical(trial.architecture))
            if trial.score is not None:
                loss = max(0.0, self.place.score - trial.score) if self.place else 0.0
                if self.next_rng().random() < math.exp(-loss / max(self.heat, 1e-9)):
                    self.place = trial
            self.heat *= self.options.cooling
