"""What a network takes, known before it is built: the shapes of its layers, its parameters, its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml_local.networks.layers import Effect, effect_of

if TYPE_CHECKING:
    from cloudautoml.search import Signature
    from cloudautoml_local.networks.graph import Network
    from cloudautoml_local.networks.layers import Shape


def effects(network: Network, signature: Signature) -> dict[str, Effect]:
    """What every layer makes of its inputs, by name, in the order of the layers.

    Raises:
        ValueError: A layer has wrong settings or cannot read its inputs; it is named.
    """
    found: dict[str, Effect] = {}
    for layer in network:
        found[layer.name] = effect_of(layer, [found[name].shape for name in layer.inputs], signature)
    return found


def shapes(network: Network, signature: Signature) -> dict[str, Shape]:
    """The shape of every layer's output for one example, by name; errors as in `effects`."""
    return {name: effect.shape for name, effect in effects(network, signature).items()}


def parameters(network: Network, signature: Signature) -> int:
    """How many numbers the network holds, trained or not, as Keras counts them; errors as in `effects`."""
    return sum(effect.trainable + effect.frozen for effect in effects(network, signature).values())


def flops(network: Network, signature: Signature) -> int:
    """Operations to predict one example; a multiplication and an addition are two; errors as in `effects`."""
    return sum(effect.flops for effect in effects(network, signature).values())
