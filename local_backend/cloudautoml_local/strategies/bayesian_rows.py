"""Candidates as rows of numbers, the positions of what they chose: quick to vary, to compare and to learn from."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from cloudautoml.search import Architecture

if TYPE_CHECKING:
    from cloudautoml.search import Decision, SearchSpace

_WALKED = 50

Row = tuple[int, ...]
"""A number for each of the space's decisions: the position of the chosen option, or -1 where it is not made."""


class Rows:
    """Turns candidates of a space into rows and back, and varies them.

    Where every candidate makes the same decisions, a row is varied without walking the space, which takes microseconds.

    Args:
        space: Where the candidates come from.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self.decisions = space.decisions
        self._columns: dict[str, list[int]] = {}
        for column, decision in enumerate(self.decisions):
            self._columns.setdefault(decision.name, []).append(column)
        self._positions = [_positions(decision) for decision in self.decisions]
        self._movable = [column for column, decision in enumerate(self.decisions) if len(decision.options) > 1]
        self._is_flat = is_flat(space)
        self._representatives: dict[Row, Row] = {}

    def row(self, architecture: Architecture) -> Row:
        """The row of a candidate; a decision that `space.decisions` lacks has no part in it."""
        row = [-1] * len(self.decisions)
        for name, option in architecture.choices:
            for column in self._columns.get(name, ()):
                row[column] = self._positions[column].get((type(option), option), -1)
        return tuple(row)

    def architecture(self, row: Row) -> Architecture:
        """The candidate of a row."""
        chosen = [
            (decision.name, decision.options[position])
            for decision, position in zip(self.decisions, row, strict=True)
            if position >= 0
        ]
        if self._is_flat:
            return Architecture(tuple(chosen))
        return self._space.complete(dict(chosen), random.Random(0))  # noqa: S311 - nothing is left to draw

    def representative(self, row: Row) -> Row:
        """The row that stands for all candidates that are the same model."""
        if row not in self._representatives:
            self._representatives[row] = self.row(self._space.canonical(self.architecture(row)))
        return self._representatives[row]

    def mutate(self, row: Row, rng: random.Random) -> Row:
        """Change one decision."""
        if not self._is_flat:
            return self.row(self._space.mutate(self.architecture(row), rng))
        if not self._movable:
            return row
        column = rng.choice(self._movable)
        position = rng.randrange(len(self.decisions[column].options) - 1)
        return (*row[:column], position + (position >= row[column]), *row[column + 1 :])

    def mix(self, one: Row, other: Row, rng: random.Random) -> Row:
        """Take each decision from one of two."""
        if not self._is_flat:
            return self.row(self._space.crossover(self.architecture(one), self.architecture(other), rng))
        return tuple(rng.choice(pair) for pair in zip(one, other, strict=True))

    def draw(self, rng: random.Random) -> Row:
        """A candidate by chance."""
        return self.row(self._space.sample(rng))


def is_flat(space: SearchSpace) -> bool:
    """Whether every candidate makes the same decisions, those of `space.decisions`.

    One candidate that makes them all is not enough: another option of it, or of another one, may close a decision.
    """
    rng = random.Random(0)  # noqa: S311 - the same candidates in every process
    count = len(space.decisions)
    first = space.sample(rng)
    if len(first.choices) != count:
        return False
    others = (*space.neighbours(first), *(space.sample(rng) for _ in range(_WALKED)))
    return all(len(architecture.choices) == count for architecture in others)


def _positions(decision: Decision) -> dict[tuple[type, object], int]:
    return {(type(option), option): place for place, option in enumerate(decision.options)}
