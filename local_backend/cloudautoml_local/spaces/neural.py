"""What all spaces of neural networks share: how a candidate is built, what it takes, and how it is trained."""

from __future__ import annotations

import functools
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from typing_extensions import override

from cloudautoml.search import Architecture, Decision, SearchSpace, SpaceOptions, Trait

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cloudautoml.search import Option, Signature
    from cloudautoml_local.networks.graph import Network

RECIPE_DECISIONS: Final = (
    Decision("learning_rate", (3e-4, 1e-3, 3e-3, 1e-2), ordered=True),
    Decision("batch_size", (32, 64, 128, 256), ordered=True),
    Decision("weight_decay", (0.0, 1e-5, 1e-4, 1e-3), ordered=True),
)
"""How to train is decided last, by these, where a space's option `recipe` is `searched`."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a candidate is trained: Adam with a warm-up and a cosine decay, planned for the epochs of its fidelity.

    Attributes:
        learning_rate: The highest one.
        batch_size: Examples a step.
        weight_decay: Decoupled, of kernels alone.
    """

    learning_rate: float = 3e-3
    batch_size: int = 64
    weight_decay: float = 1e-4


class NeuralSpace(SearchSpace):
    """A space whose candidates become Keras models.

    Args:
        signature: What the models take and give.
        options: Options of the class's `options_type`.
    """

    modules: ClassVar[tuple[str, ...]] = ()
    """Libraries that building its candidates needs beside Keras, for a worker host to load once."""

    def __init__(self, signature: Signature, options: SpaceOptions | None = None) -> None:
        self.signature = signature
        self.options = options if options is not None else self.options_type()

    @classmethod
    @override
    def create(cls, signature: Signature, options: SpaceOptions) -> NeuralSpace:
        return cls(signature, options)

    @abstractmethod
    def build(self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0) -> Any:
        """The Keras model of a candidate, not trained.

        Args:
            architecture: The candidate.
            signature: The job's, with a smaller shape where the resolution is cut.
            width: Share of the filters and units to keep.
            cells: Share of the repeated cells to keep.
        """

    def recipe(self, architecture: Architecture) -> Recipe | None:
        """How to train a candidate; None when its model says so itself (it is compiled)."""
        made = architecture.as_dict()
        usual = Recipe()
        return Recipe(
            learning_rate=float(made.get("learning_rate") or usual.learning_rate),
            batch_size=int(made.get("batch_size") or usual.batch_size),
            weight_decay=float(usual.weight_decay if (decay := made.get("weight_decay")) is None else decay),
        )


class NetworkSpace(NeuralSpace):
    """A neural space whose candidates are networks of known layers.

    So their costs are known beforehand, they can be drawn, made narrower or shorter, scored untrained, and started
    from each other's weights.
    """

    traits: frozenset[Trait] = frozenset({Trait.WIDTH, Trait.WEIGHTS, Trait.PROXIES})

    @abstractmethod
    def network(
        self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0
    ) -> Network:
        """The layers of a candidate; arguments as in `build`. Layers are named by the decisions they come from."""

    def overview(self, architecture: Architecture) -> Sequence[tuple[str, Network]]:  # noqa: ARG002 - for subclasses
        """Titled networks to draw instead of the whole one: the cells of a space of cells. Empty by default."""
        return ()

    @override
    def build(self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0) -> Any:
        from cloudautoml_local.networks.build import build

        return build(self.network(architecture, signature, width=width, cells=cells), signature)

    @override
    def costs(self, architecture: Architecture) -> Mapping[str, float]:
        return self._costs(architecture) if self.signature.known else {}

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - a space lives as long as its search
    def _costs(self, architecture: Architecture) -> Mapping[str, float]:
        from cloudautoml_local.networks.cost import flops, parameters

        network = self.network(architecture, self.signature)
        return {
            "parameters": float(parameters(network, self.signature)),
            "flops": float(flops(network, self.signature)),
        }


def next_of(decisions: Iterable[Decision], prefix: Mapping[str, Option]) -> Decision | None:
    """The first of some decisions that has not been made."""
    return next((decision for decision in decisions if decision.name not in prefix), None)
