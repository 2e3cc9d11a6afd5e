"""The controller of a reinforced search: an LSTM that makes choices one after the other, and learns from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from cloudautoml_local.strategies.reinforce_network import functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEAST: Final = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One step of a sequence of choices.

    Attributes:
        start: Token of the decision's first option; tokens count from 1, and 0 is the beginning.
        count: Options.
        chosen: Position of the option that was taken.
    """

    start: int
    count: int
    chosen: int


@dataclass(frozen=True, slots=True)
class Experience:
    """A sequence of choices and how it turned out.

    Attributes:
        choices: The choices.
        advantage: How much better it was than could be expected.
        likelihood: Logarithm of how likely it was when it was made.
    """

    choices: Sequence[Choice]
    advantage: float
    likelihood: float


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a controller is.

    Attributes:
        tokens: Options of all decisions together.
        options: Options of a decision at most.
        embedding: Numbers that stand for a token.
        units: Units of the LSTM.
    """

    tokens: int
    options: int
    embedding: int
    units: int


class Controller:
    """Reads the choices made so far and says how likely each option of the next decision is.

    Every decision has outputs of its own. At first all options are equally likely. Numbers of tokens, options, steps
    and sequences are rounded up to powers of two, so that few sizes have to be compiled.

    Args:
        shape: How large it is.
        seed: Decides the weights it begins with.
        learning_rate: Of Adam.
        entropy: Weight of the bonus for being undecided.
        clip: How much more a sequence may count for having become likelier since it was made.
    """

    def __init__(self, shape: Shape, *, seed: int, learning_rate: float, entropy: float, clip: float) -> None:
        import numpy as np

        rng = np.random.default_rng(seed)
        self._functions = functions()
        self._units = shape.units
        self._options = _rounded(shape.options)
        tokens = _rounded(1 + shape.tokens + self._options)  # more, so that no window of options ends beyond them
        reads = shape.embedding + shape.units
        gates = np.zeros(4 * shape.units)
        gates[2 * shape.units : 3 * shape.units] = 1.0  # it begins by forgetting little
        weights = (
            rng.normal(size=(tokens, shape.embedding)),
            rng.normal(scale=reads**-0.5, size=(reads, 4 * shape.units)),
            gates,
            np.zeros((shape.units, tokens)),
            np.zeros(tokens),
        )
        self._trained: Any = [
            (weight.astype(np.float32), np.zeros((2, *weight.shape), np.float32)) for weight in weights
        ]
        self._rates = np.array([learning_rate, entropy, clip, 0], np.float32)

    @property
    def _weights(self) -> Any:
        return [weight for weight, _ in self._trained]

    def begin(self, rows: int) -> Any:
        """The state in which nothing has been chosen, of that many sequences at once."""
        import numpy as np

        return np.zeros((2, rows, self._units), np.float32)

    def step(self, state: Any, decisions: Sequence[tuple[int, int, int]]) -> tuple[list[list[float]], Any]:
        """Read the last choices and weigh the next ones.

        Args:
            state: What `begin` or the last `step` gave.
            decisions: For each sequence the token last chosen (0 at the beginning), the first token of the next
                decision and the number of its options (0 where there is none).

        Returns:
            For each sequence how likely each option is, with zeros after them; and the next state.
        """
        import numpy as np

        inputs = np.array(decisions, np.int32).T
        likely, state = self._functions.step(self._weights, state, inputs, self._options)
        return cast("list[list[float]]", likely.numpy().tolist()), state

    def likelihoods(self, sequences: Sequence[Sequence[Choice]]) -> list[float]:
        """Logarithms of how likely the controller is to make these choices."""
        found = self._functions.likelihoods(self._weights, _batch(sequences), self._options)
        return cast("list[float]", found.numpy().tolist())[: len(sequences)]

    def learn(self, experiences: Sequence[Experience]) -> None:
        """Make what turned out better than expected likelier, and the rest less likely: one step of REINFORCE.

        What was made when the controller was another one counts for as much more as it has become likelier since.
        """
        import numpy as np

        batch = _batch([experience.choices for experience in experiences])
        outcomes = np.zeros((3, batch.shape[-1]), np.float32)
        for row, experience in enumerate(experiences):
            outcomes[:, row] = experience.advantage, experience.likelihood, 1.0
        self._rates[-1] += 1
        self._trained = self._functions.learn(self._trained, batch, outcomes, self._rates.copy(), self._options)


def _rounded(number: int) -> int:
    size = _LEAST
    while size < number:
        size *= 2
    return size


def _batch(sequences: Iterable[Sequence[Choice]]) -> Any:
    """Tokens that are read, starts, counts and positions, an array `(4, steps, rows)`; counts of 0 fill it up."""
    import numpy as np

    known = list(sequences)
    batch = np.zeros((4, _rounded(max(map(len, known))), _rounded(len(known))), np.int32)
    for row, choices in enumerate(known):
        token = 0
        for step, choice in enumerate(choices):
            batch[:, step, row] = token, choice.start, choice.count, choice.chosen
            token = choice.start + choice.chosen
    return batch
