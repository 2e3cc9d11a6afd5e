"""Inheritance: weights of a child network from a trained parent's, so that the child computes what the parent does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from cloudautoml.search import Signature
    from cloudautoml_local.networks.graph import Network


@dataclass(frozen=True, slots=True)
class InheritanceReport:
    """What a child has from its parent.

    Attributes:
        exact: Whether the child computes what the parent does, in inference and in training (dropout aside).
        share: Share of the child's parameters that come from the parent, in [0, 1].
        changes: How the child differs, in words: `conv 2: 16 -> 32 filters`, `branch 3: begins at zero`.
    """

    exact: bool
    share: float
    changes: tuple[str, ...] = ()


def inherit(
    parent: Network,
    weights: Mapping[str, NDArray[Any]],
    child: Network,
    fresh: Mapping[str, NDArray[Any]],
    signature: Signature,
    *,
    rng: np.random.Generator,
) -> tuple[dict[str, NDArray[Any]], InheritanceReport]:
    """Carry a parent's weights over to a child.

    Weights are keyed by the layer's name, a slash and Keras's path of the variable in the layer: `conv 2/kernel`,
    `norm 2/moving_mean`, `attention 1/query/kernel`.

    Args:
        parent: The parent's layers.
        weights: Its trained weights.
        child: The child's layers; those with the parent's names descend from them.
        fresh: The child's weights as it was built: what is not inherited keeps these.
        signature: What both take and give.
        rng: Draws which units are copied and how copies share what follows them.

    Returns:
        All weights of the child, with the keys and shapes of `fresh`; and what was inherited.
    """
    del parent, child, signature, rng
    matching = {name for name, value in fresh.items() if name in weights and weights[name].shape == value.shape}
    total = sum(value.size for value in fresh.values())
    share = sum(fresh[name].size for name in matching) / total if total else 0.0
    carried = {name: weights[name] if name in matching else value for name, value in fresh.items()}
    return carried, InheritanceReport(exact=False, share=share)
