"""Draws from a space without replacement: by chance while that is quick, then by a walk that misses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.search import Architecture

if TYPE_CHECKING:
    import random
    from collections.abc import Container, Iterator

    from cloudautoml.search import Option, SearchSpace

_TRIES = 50
_LONGEST_WALK = 20_000


def draw_unseen(space: SearchSpace, seen: Container[Architecture], rng: random.Random) -> Architecture | None:
    """A candidate whose representative has not been seen.

    Args:
        space: Where to draw from.
        seen: Representatives (`space.canonical`) of the candidates that are known.
        rng: Source of the draw.

    Returns:
        The candidate, or None when the space is exhausted (or nearly so: the walk is bounded).
    """
    for _ in range(_TRIES):
        architecture = space.sample(rng)
        if space.canonical(architecture) not in seen:
            return architecture
    for steps, architecture in enumerate(_walk(space, rng)):
        if space.canonical(architecture) not in seen:
            return architecture
        if steps >= _LONGEST_WALK:
            break
    return None


def _walk(space: SearchSpace, rng: random.Random) -> Iterator[Architecture]:
    """Every candidate once, depth first, the options of each decision in a drawn order."""
    paths: list[dict[str, Option]] = [{}]
    while paths:
        made = paths.pop()
        decision = space.decide(made)
        if decision is None:
            yield Architecture(tuple(made.items()))
        else:
            options = list(decision.options)
            rng.shuffle(options)
            paths.extend({**made, decision.name: option} for option in options)
