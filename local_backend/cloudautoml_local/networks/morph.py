"""Inheritance: weights of a child network from a trained parent's, so that the child computes what the parent does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml_local.networks.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from cloudautoml.search import Signature
    from cloudautoml_local.networks.graph import Network
    from cloudautoml_local.networks.meaning import Request


@dataclass(frozen=True, slots=True)
class InheritanceReport:
    """What a child has from its parent.

    Attributes:
        exact: Whether the child computes what the parent does, in inference and in training (dropout aside).
        share: Share of the child's parameters that come from the parent, in [0, 1].
        changes: How the child differs, in words, such as `conv2 is wider: 16 -> 32`.
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

    These changes, alone and together, leave what the network computes as it is: wider layers (units are copied, and
    share what follows them), larger windows (of zeros), layers that are new beside something (what they add begins at
    zero), inputs that are new in a concatenation (they are not listened to), and new layers without a normalisation
    that can begin as the identity. After any other change, layers of the same name take what fits, and the child is
    not exact.

    Weights are keyed by the layer's name, a slash and Keras's path of the variable in the layer: `conv2/kernel`,
    `norm2/moving_mean`, `attention1/query/kernel`.

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
    requests: dict[str, Request] = {}
    seed = int(rng.integers(2**63))
    while True:
        walk = Walk(parent, weights, child, fresh, signature, requests=requests, seed=seed)
        request = walk.run()
        if request is None:
            break
        requests[request.layer] = request
    total = sum(value.size for value in fresh.values())
    share = walk.inherited / total if total else 0.0
    return dict(walk.values), InheritanceReport(walk.exact, share, tuple(walk.changes))
