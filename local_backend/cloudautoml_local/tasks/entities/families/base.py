"""The contract of a family of taggers: what it learns from, what it gives back, and what a module of one offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from cloudautoml.data.tokens import Sentences
    from cloudautoml.search import Decision, Option
    from cloudautoml_local.tasks.tabular.families.base import Deadline

    Floats: TypeAlias = npt.NDArray[np.float64]

Params: TypeAlias = "Mapping[str, Option]"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be learned, and with what.

    Attributes:
        tags: All BIO tags, in the order of the columns of probabilities; `O` first.
        seed: Seed of everything that is drawn.
        threads: CPU threads.
    """

    tags: tuple[str, ...]
    seed: int = 0
    threads: int = 1


class Fitted(Protocol):
    """A trained tagger."""

    @property
    def rounds(self) -> int:
        """Iterations or epochs it was trained for."""
        ...

    def predict(self, tokens: Sequence[Sequence[str]]) -> Floats:
        """Probabilities of each tag for each token: all tokens of all sentences x tags."""
        ...

    def save(self, directory: Path) -> None:
        """Write it into a folder that exists."""
        ...


class Family(Protocol):
    """A module of this folder, as the trainer sees it."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """Its name in specs and leaderboards."""
        ...

    @property
    def PARAMETERS(self) -> tuple[Decision, ...]:  # noqa: N802 - a module's constant
        """What can be chosen."""
        ...

    @property
    def DEFAULTS(self) -> tuple[dict[str, Any], ...]:  # noqa: N802 - a module's constant
        """Choices that are known to do well."""
        ...

    def fit(
        self,
        params: Params,
        train: Sentences,
        valid: Sentences | None,
        problem: Problem,
        *,
        deadline: Deadline,
        rounds: int | None = None,
    ) -> Fitted:
        """Train one tagger.

        Args:
            params: Options of `PARAMETERS`, by name.
            train: Sentences to learn from.
            valid: Sentences to stop early on; None to train `rounds` rounds.
            problem: What is to be learned.
            deadline: When to be done; training is planned to end by then.
            rounds: Rounds to train without sentences to stop on.
        """
        ...

    def load(self, directory: Path, tags: tuple[str, ...]) -> Fitted:
        """Read what `Fitted.save` wrote, for a task with these tags."""
        ...
