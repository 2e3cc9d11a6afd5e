"""Networks become Keras models: one standard Keras layer for each of ours, under the same name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml_local.networks import layers
from cloudautoml_local.networks.cost import effects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.search import Signature
    from cloudautoml_local.networks.graph import Network

BATCH_MOMENTUM: Final = 0.9
"""Of batch normalisation; with Keras' own 0.99 the averages lag behind in the short trainings of a search."""

_START: Final = "he_normal"


def build(network: Network, signature: Signature) -> Any:
    """The `keras.Model` of a network, not trained and not compiled.

    Its file is read by Keras alone: only Keras' own layers are in it. Layers bear the names they have in the network.

    Args:
        network: The layers.
        signature: What goes in and comes out: images are scaled already, token ids are int32 and 0 pads them.

    Raises:
        ValueError: A layer has wrong settings or cannot read its inputs; it is named.
    """
    import keras

    effects(network, signature)  # our errors come before Keras' own
    tensors: dict[str, Any] = {}
    for layer in network:
        kind = layers.kind_of(layer)
        read = [tensors[name] for name in layer.inputs]
        if isinstance(kind, layers.Input):
            ids = signature.kind == "sequence" and len(signature.shape) == 1
            tensors[layer.name] = keras.Input(signature.shape, dtype="int32" if ids else "float32", name=layer.name)
        else:
            place = _Place(keras, layer.name, len(read[0].shape) - 2, signature.vocabulary)
            made = _MAKERS[type(kind)](kind, place)
            tensors[layer.name] = made(read) if len(read) > 1 else made(*read * _TIMES.get(type(kind), 1))
    return keras.Model(tensors[network.layers[0].name], tensors[network.layers[-1].name])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a layer is to stand: its name, the axes that a window slides along, and how many token ids there are."""

    keras: Any
    name: str
    rank: int
    vocabulary: int

    def layer(self, keras_name: str, settings: Mapping[str, Any]) -> Any:
        """The Keras layer of that name with these settings."""
        return getattr(self.keras.layers, keras_name)(name=self.name, **settings)

    def sliding(self, keras_name: str, settings: Mapping[str, Any]) -> Any:
        """The layer in as many dimensions as its input has."""
        return self.layer(f"{keras_name}{self.rank}D", settings)


def _embedding(kind: layers.Embedding, place: _Place) -> Any:
    return place.layer("Embedding", {"input_dim": place.vocabulary, "output_dim": kind.size})


def _conv(kind: layers.Conv, place: _Place) -> Any:
    settings = {**_window(kind), "filters": kind.filters, "groups": kind.groups, "kernel_initializer": _START}
    return place.sliding("Conv", settings)


def _depthwise(kind: layers.Depthwise, place: _Place) -> Any:
    return place.sliding("DepthwiseConv", {**_window(kind), "depthwise_initializer": _channelwise(place)})


def _separable(kind: layers.Separable, place: _Place) -> Any:
    starts = {"depthwise_initializer": _channelwise(place), "pointwise_initializer": _START}
    return place.sliding("SeparableConv", {**_window(kind), **starts, "filters": kind.filters})


def _channelwise(place: _Place) -> Any:
    # a channel reads its own window alone, and Keras takes that for what goes out of the kernel, not in
    return place.keras.initializers.VarianceScaling(1.0, mode="fan_out")


def _window(kind: layers.Conv | layers.Depthwise | layers.Separable) -> dict[str, Any]:
    return {
        "kernel_size": kind.kernel,
        "strides": kind.stride,
        "dilation_rate": kind.dilation,
        "use_bias": kind.bias,
        "padding": "same",
    }


def _pool(kind: layers.Pool, place: _Place) -> Any:
    settings = {"pool_size": kind.size, "strides": kind.stride, "padding": "same"}
    return place.sliding(f"{kind.op.title()}Pooling", settings)


def _global_pool(kind: layers.GlobalPool, place: _Place) -> Any:
    return place.sliding(f"Global{kind.op.title()}Pooling", {})


def _dense(kind: layers.Dense, place: _Place) -> Any:
    return place.layer("Dense", {"units": kind.units, "use_bias": kind.bias, "kernel_initializer": _START})


def _flatten(_: layers.Flatten, place: _Place) -> Any:
    return place.layer("Flatten", {})


def _norm(kind: layers.Norm, place: _Place) -> Any:
    gamma = {"gamma_initializer": place.keras.initializers.Constant(kind.gamma)}
    if kind.type == "batch":
        return place.layer("BatchNormalization", {**gamma, "momentum": BATCH_MOMENTUM})
    return place.layer("LayerNormalization", gamma)


def _activation(kind: layers.Activation, place: _Place) -> Any:
    return place.layer("Activation", {"activation": kind.function})


def _dropout(kind: layers.Dropout, place: _Place) -> Any:
    return place.layer("Dropout", {"rate": kind.rate})


def _recurrent(kind: layers.Recurrent, place: _Place) -> Any:
    cell = getattr(place.keras.layers, kind.cell.upper())
    if kind.bidirectional:
        return place.layer("Bidirectional", {"layer": cell(kind.units, return_sequences=kind.sequences)})
    return cell(kind.units, return_sequences=kind.sequences, name=place.name)


def _attention(kind: layers.Attention, place: _Place) -> Any:
    return place.layer("MultiHeadAttention", {"num_heads": kind.heads, "key_dim": kind.size})


def _add(_: layers.Add, place: _Place) -> Any:
    return place.layer("Add", {})


def _concat(_: layers.Concat, place: _Place) -> Any:
    return place.layer("Concatenate", {})


_MAKERS: Final[dict[type[layers.Kind], Callable[[Any, _Place], Any]]] = {
    layers.Embedding: _embedding,
    layers.Conv: _conv,
    layers.Depthwise: _depthwise,
    layers.Separable: _separable,
    layers.Pool: _pool,
    layers.GlobalPool: _global_pool,
    layers.Dense: _dense,
    layers.Flatten: _flatten,
    layers.Norm: _norm,
    layers.Activation: _activation,
    layers.Dropout: _dropout,
    layers.Recurrent: _recurrent,
    layers.Attention: _attention,
    layers.Add: _add,
    layers.Concat: _concat,
}

_TIMES: Final[dict[type[layers.Kind], int]] = {layers.Attention: 2}
"""How often a layer is handed its input: attention compares it with itself."""
