"""Draws from a space without replacement: by chance while that is quick, then by a walk that misses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.search import Architecture

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from cloudautoml.search import Decision, Option, SearchSpace

_TRIES = 50
"""Draws of known candidates before the space is walked."""
_MOST_REFUSED = 2_000
"""Candidates beyond the space's limits, in a row, after which it is taken to hold no others."""
_LONGEST_WALK = 20_000


def is_worth_trying(space: SearchSpace, seen: Container[Architecture], architecture: Architecture) -> bool:
    """Whether a candidate is new and within the limits of its space.

    Args:
        space: The space.
        seen: Representatives (`space.canonical`) of the candidates that are known.
        architecture: The candidate.
    """
    return space.canonical(architecture) not in seen and space.refusal(architecture) is None


def draw_unseen(space: SearchSpace, seen: Container[Architecture], rng: random.Random) -> Architecture | None:
    """A candidate whose representative has not been seen, and which the space's limits admit.

    Args:
        space: Where to draw from.
        seen: Representatives (`space.canonical`) of the candidates that are known.
        rng: Source of the draw.

    Returns:
        The candidate, or None when the space is exhausted (or nearly so: the search for it is bounded).
    """
    known = refused = 0
    while known < _TRIES and refused < _MOST_REFUSED:
        architecture = space.sample(rng)
        if space.canonical(architecture) in seen:
            known += 1
        elif space.refusal(architecture) is not None:
            refused += 1
        else:
            return architecture

    def shuffled(decision: Decision) -> Sequence[Option]:
        return rng.sample(decision.options, len(decision.options))

    return first_unseen(space, seen, walk(space, shuffled))


def first_unseen(
    space: SearchSpace, seen: Container[Architecture], candidates: Iterable[Architecture]
) -> Architecture | None:
    """The first of some candidates that is worth trying.

    Args:
        space: Where they are from.
        seen: Representatives (`space.canonical`) of the candidates that are known.
        candidates: The candidates, in order; of an iterator no more is taken than is looked at.

    Returns:
        The candidate, or None when there is none (or none among the first thousands).
    """
    refused = 0
    for steps, architecture in enumerate(candidates):
        if space.canonical(architecture) not in seen:
            if space.refusal(architecture) is None:
                return architecture
            refused += 1
        if refused >= _MOST_REFUSED or steps >= _LONGEST_WALK:
            break
    return None


def walk(space: SearchSpace, order: Callable[[Decision], Sequence[Option]]) -> Iterator[Architecture]:
    """Every candidate once, depth first: the last decision turns over first, as in an odometer.

    Nothing is held but one path, so the space may be of any size.

    Args:
        space: The space.
        order: The options of a decision, at least one, in the order in which they are to be taken.
    """
    made: dict[str, Option] = {}
    wheels: list[tuple[str, Iterator[Option]]] = []
    while True:
        while (decision := space.decide(made)) is not None:
            options = iter(order(decision))
            wheels.append((decision.name, options))
            made[decision.name] = next(options)
        yield Architecture(tuple(made.items()))
        while wheels:
            name, options = wheels[-1]
            del made[name]  # what is put back comes last again
            try:
                made[name] = next(options)
                break
            except StopIteration:
                wheels.pop()
        if not wheels:
            return
