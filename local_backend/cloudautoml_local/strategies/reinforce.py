"""Reinforcement learning: a recurrent controller makes the choices, and is rewarded by how good the candidates are."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Architecture, Proposal, SearchStrategy, StrategyOptions, TrialState
from cloudautoml_local.strategies.draws import draw_unseen, is_worth_trying
from cloudautoml_local.strategies.reinforce_controller import Choice, Controller, Experience, Shape

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from cloudautoml.search import Decision, Option, SearchSpace, Trial

_ROWS = 16
"""Candidates that are made up at once."""
_TEMPERATURES = (1.0, 1.5, 2.25, 3.4)
"""How boldly they are made up: more so as long as all of them are known; then one is drawn by chance."""
_MOST_STEPS = 20
"""Steps of learning from trials that are told at once."""


class ReinforceOptions(StrategyOptions):
    """Options of the reinforced search."""

    learning_rate: Annotated[float, Field(gt=0)] = 0.02
    """How far a step of learning goes (Adam); high, for a search has hundreds of trials and not thousands."""
    entropy: Annotated[float, Field(ge=0)] = 0.3
    """Bonus for being undecided, against a standard deviation of the scores: keeps it from settling early."""
    baseline: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Share of the moving average of rewards that each new one leaves; what is above it is encouraged."""
    replay: Annotated[int, Field(ge=1)] = 32
    """Trials to learn from in one step: those just told, and earlier ones by chance; 1 is REINFORCE at its plainest."""
    clip: Annotated[float, Field(ge=0)] = 1.5
    """How much more an earlier trial may count for having become more likely since."""
    units: Annotated[int, Field(ge=1)] = 32
    """Units of the LSTM."""
    embedding: Annotated[int, Field(ge=1)] = 16
    """Numbers that stand for a choice where the LSTM reads it."""


class _Outcome(NamedTuple):
    """A trial that has been told."""

    choices: tuple[Choice, ...]
    score: float
    likelihood: float


class ReinforceSearch(SearchStrategy):
    """Lets an LSTM make the choices one by one, each in the light of those before, and rewards it for good candidates.

    REINFORCE (Williams, 1992) with a moving average of the rewards as its baseline and an entropy bonus. A reward is
    the place of a score among all known ones, as a standard normal deviate, so neither the metric's scale nor one
    terrible candidate matters; failed trials share the last place. Since every trial is dear, each is learnt from
    again and again, with the weight that its likelihood now against then gives it. No candidate is proposed twice:
    as long as those that are made up are known, they are made up more boldly. A decision that the space does not
    list is made by chance.
    """

    name: ClassVar[str] = "reinforce"
    paper: ClassVar[str] = "Zoph and Le, 2017, ICLR"
    options_type: ClassVar[type[StrategyOptions]] = ReinforceOptions

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._seen: set[Architecture] = set()
        self._told: list[_Outcome] = []
        self._baseline = 0.0

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < count:
            rng = self.next_rng()
            found = list(self._made_up(count - len(proposals), rng))
            if not found and (drawn := draw_unseen(self.space, self._seen, rng)) is not None:
                self._seen.add(self.space.canonical(drawn))
                found = [drawn]
            if not found:
                break
            proposals += map(Proposal, found)
        return proposals

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        self._seen.update(self.space.canonical(trial.architecture) for trial in trials)
        useful = [trial for trial in trials if trial.state is not TrialState.SKIPPED]
        if not useful or not self._heads:
            return
        sequences = [self._choices(trial.architecture) for trial in useful]
        likelihoods = self._controller.likelihoods(sequences)
        for trial, choices, likelihood in zip(useful, sequences, likelihoods, strict=True):
            score = -math.inf if trial.score is None else trial.score
            self._told.append(_Outcome(choices, score, likelihood))
        rewards = _standing([outcome.score for outcome in self._told])
        decay = self._chosen.baseline
        for reward in rewards[-len(useful) :]:
            self._baseline = decay * self._baseline + (1 - decay) * reward
        for _ in range(min(len(useful), _MOST_STEPS)):
            self._learn(rewards, fresh=len(useful))

    @property
    def _chosen(self) -> ReinforceOptions:
        assert isinstance(self.options, ReinforceOptions)
        return self.options

    @cached_property
    def _heads(self) -> dict[Decision, int]:
        """First token of every decision that leaves a choice."""
        heads: dict[Decision, int] = {}
        token = 1
        for decision in self.space.decisions:
            if len(decision.options) > 1:
                heads[decision] = token
                token += len(decision.options)
        return heads

    @cached_property
    def _controller(self) -> Controller:
        counts = [len(decision.options) for decision in self._heads]
        return Controller(
            Shape(sum(counts), max(counts), self._chosen.embedding, self._chosen.units),
            seed=self.next_rng().getrandbits(64),
            learning_rate=self._chosen.learning_rate,
            entropy=self._chosen.entropy,
            clip=self._chosen.clip,
        )

    def _choices(self, architecture: Architecture) -> tuple[Choice, ...]:
        """The choices that the controller would have had to make."""
        return tuple(
            Choice(start, len(decision.options), decision.index(option))
            for decision, option in self.space.path(architecture)
            if (start := self._heads.get(decision)) is not None
        )

    def _made_up(self, count: int, rng: random.Random) -> Iterator[Architecture]:
        """Up to so many candidates that the controller makes up and that are worth trying; they are seen then."""
        if not self._heads:
            return
        for temperature in _TEMPERATURES:
            found = 0
            for architecture in self._walks(rng, temperature):
                if found < count and is_worth_trying(self.space, self._seen, architecture):
                    self._seen.add(self.space.canonical(architecture))
                    found += 1
                    yield architecture
            if found:
                return

    def _walks(self, rng: random.Random, temperature: float) -> list[Architecture]:
        """Candidates that the controller makes up, some of which may be equal; a temperature of 1 is its own."""
        made: list[dict[str, Option]] = [{} for _ in range(_ROWS)]
        tokens, state = [0] * _ROWS, self._controller.begin(_ROWS)
        while any(decisions := [self._next_choice(row, rng) for row in made]):
            asked = [
                (token, self._heads[decision], len(decision.options)) if decision else (0, 0, 0)
                for token, decision in zip(tokens, decisions, strict=True)
            ]
            likely, state = self._controller.step(state, asked)
            for row, decision in enumerate(decisions):
                if decision is not None:
                    weights = [chance ** (1 / temperature) for chance in likely[row][: len(decision.options)]]
                    (position,) = rng.choices(range(len(weights)), weights)
                    made[row][decision.name] = decision.options[position]
                    tokens[row] = self._heads[decision] + position
        return [Architecture(tuple(row.items())) for row in made]

    def _next_choice(self, made: dict[str, Option], rng: random.Random) -> Decision | None:
        """The next decision for the controller; what is none of its business is decided on the way there."""
        while (decision := self.space.decide(made)) is not None and decision not in self._heads:
            made[decision.name] = rng.choice(decision.options)
        return decision

    def _learn(self, rewards: Sequence[float], *, fresh: int) -> None:
        """One step, from trials that were just told and from earlier ones."""
        rng, replay = self.next_rng(), self._chosen.replay
        numbers = range(len(self._told))
        new, old = numbers[-fresh:], numbers[:-fresh]
        picked = rng.sample(new, min(len(new), replay))
        picked += rng.sample(old, min(len(old), replay - len(picked)))
        told = [(self._told[number], rewards[number] - self._baseline) for number in picked]
        self._controller.learn(
            [Experience(outcome.choices, advantage, outcome.likelihood) for outcome, advantage in told]
        )


def _standing(scores: Sequence[float]) -> list[float]:
    """Where each score stands among all, as a standard normal deviate; equal ones share the middle of their places."""
    ordered = sorted(scores)
    normal = NormalDist()
    return [
        normal.inv_cdf((bisect_left(ordered, score) + bisect_right(ordered, score)) / (2 * len(ordered)))
        for score in scores
    ]
