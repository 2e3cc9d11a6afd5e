"""The controller: probabilities that are some, whatever fills up the arrays, and that rewards move."""

from __future__ import annotations

import math
from itertools import product

import pytest

from cloudautoml_local.strategies.reinforce_controller import Choice, Controller, Experience, Shape

SHAPE = Shape(tokens=9, options=4, embedding=5, units=6)


def controller(*, seed: int = 0, entropy: float = 0.0, clip: float = 1.5) -> Controller:
    return Controller(SHAPE, seed=seed, learning_rate=0.02, entropy=entropy, clip=clip)


def sequence(*chosen: int) -> list[Choice]:
    """Two decisions, of 4 and 2 options; the last option of the first opens a third, of 3."""
    places = [(1, 4), (5, 2), (7, 3)]
    return [Choice(start, count, position) for (start, count), position in zip(places, chosen, strict=False)]


EVERY = [
    *(sequence(*chosen) for chosen in product(range(3), range(2))),
    *(sequence(3, *chosen) for chosen in product(range(2), range(3))),
]


def taught(*, steps: int = 30, **settings: float) -> Controller:
    made = controller(**settings)  # type: ignore[arg-type]
    for _ in range(steps):
        now = made.likelihoods([EVERY[7], EVERY[2]])
        made.learn([Experience(EVERY[7], 1.0, now[0]), Experience(EVERY[2], -1.0, now[1])])
    return made


def test_at_first_all_options_are_equally_likely() -> None:
    found = controller().likelihoods(EVERY)
    assert found[0] == pytest.approx(math.log(1 / 8))
    assert found[-1] == pytest.approx(math.log(1 / 24))


def test_all_sequences_together_are_certain() -> None:
    found = taught().likelihoods(EVERY)
    assert sum(map(math.exp, found)) == pytest.approx(1, abs=1e-5)
    assert max(found) - min(found) > 1


def test_what_turns_out_well_becomes_likely() -> None:
    before, after = controller().likelihoods(EVERY), taught().likelihoods(EVERY)
    assert after[7] > before[7] + 1
    assert after[2] < before[2] - 1


def test_step_by_step_it_is_as_likely_as_at_once() -> None:
    made = taught()
    for choices in EVERY:
        state, token, likelihood = made.begin(1), 0, 0.0
        for choice in choices:
            ((*likely,),), state = made.step(state, [(token, choice.start, choice.count)])
            assert sum(likely) == pytest.approx(1, abs=1e-5)
            assert all(chance == 0 for chance in likely[choice.count :])
            likelihood += math.log(likely[choice.chosen])
            token = choice.start + choice.chosen
        assert likelihood == pytest.approx(made.likelihoods([choices])[0], abs=1e-4)


def test_company_does_not_matter() -> None:
    made = taught()
    together = made.likelihoods(EVERY * 2)
    assert together == pytest.approx([made.likelihoods([choices])[0] for choices in EVERY * 2], abs=1e-5)


def test_the_bonus_keeps_it_undecided() -> None:
    decided, undecided = (max(taught(entropy=entropy).likelihoods(EVERY)) for entropy in (0.0, 3.0))
    assert undecided < decided - 0.3


def test_experiences_that_became_likely_are_cut() -> None:
    def learned(likelihood: float, clip: float) -> list[float]:
        made = controller(clip=clip)
        made.learn([Experience(EVERY[0], 1.0, likelihood), Experience(EVERY[9], 0.5, math.log(1 / 24))])
        return made.likelihoods(EVERY)

    unlikely = math.log(1 / 8) - 5
    assert learned(unlikely, 1.5) == pytest.approx(learned(unlikely - 5, 1.5))
    assert learned(unlikely, 1.5) != pytest.approx(learned(unlikely, 1e3))


def test_the_seed_decides() -> None:
    one, again, other = (taught(seed=seed, steps=3).likelihoods(EVERY) for seed in (1, 1, 2))
    assert one == again
    assert one != other
