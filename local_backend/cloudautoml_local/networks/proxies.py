"""Zero-cost proxies: scores of an untrained Keras model that go with how well it will do once it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PROXIES: Final = ("synflow", "naswot")
"""What `proxies` computes; `parameters` and `flops` are costs, and known without a model."""

_NONLINEAR: Final = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")
_LEFT_OUT: Final = (
    *_NONLINEAR,
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "UnitNormalization",
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
)
"""Layers that the flow of weights passes unchanged."""
_STEP: Final = 1e-5
"""Of a numerical derivative; its error is about a millionth in a network of a hundred layers."""


def proxies(model: Any, x: NDArray[Any], names: Sequence[str] = PROXIES) -> dict[str, float]:
    """Score an untrained model; higher is better, whatever the proxy.

    The scores are finite and depend on nothing but the model's weights and the examples; the model is left as it was.

    Args:
        model: A Keras model with one input and one output.
        x: Some examples, a few dozen, as the model takes them; one a row.
        names: Which of `PROXIES` to compute.

    Raises:
        ValueError: There is no such proxy.
    """
    if unknown := sorted(set(names) - set(PROXIES)):
        msg = f"there is no proxy {', '.join(unknown)}; known: {', '.join(PROXIES)}"
        raise ValueError(msg)
    computed = {"synflow": synflow, "naswot": naswot}
    return {name: computed[name](model, x) for name in names}


def synflow(model: Any, x: NDArray[Any]) -> float:
    """How much flows through the network when no weight is negative: log(1 + sum of weight times gradient).

    Tanaka et al. (2020). Taken of the network without its nonlinearities, normalisations and biases, so that a branch
    that begins at zero counts too, and in double precision, for what flows through a deep network is a large number.

    Args:
        model: A Keras model.
        x: Examples, of which only the shape matters.
    """
    import keras

    flow = keras.models.clone_model(model, clone_function=_linear)
    pairs = [
        (layer, [_positive(variable) for variable in source.weights])
        for layer, source in zip(flow.layers, model.layers, strict=True)
        if type(layer) is type(source)
    ]
    ones = np.ones((1, *x.shape[1:]), dtype=x.dtype)

    def total(scale: float) -> float:
        for layer, weights in pairs:
            layer.set_weights([scale * weight for weight in weights])
        return float(np.sum(np.asarray(flow(ones, training=False))))

    # weights times gradients, summed, is how the output grows as all weights grow alike: no gradient need be taken
    score = abs(total(1 + _STEP) - total(1 - _STEP)) / (2 * _STEP)
    return float(np.log1p(min(score, np.finfo(np.float64).max)))


def naswot(model: Any, x: NDArray[Any]) -> float:
    """How differently the units respond to different examples: the log-determinant of their likeness.

    Mellor et al. (2021). Two examples are as alike as there are units that are on for both or off for both; a unit is
    on where what goes into its activation is positive.

    Args:
        model: A Keras model.
        x: The examples.
    """
    import keras

    inner = [layer.input for layer in model.layers[:-1] if type(layer).__name__ in _NONLINEAR]
    # a layer with an activation of its own shows only what comes out of it
    inner += [layer.output for layer in model.layers[:-1] if _has_activation(layer)]
    if not inner:
        inner = list(model.outputs)
    responses = keras.Model(model.inputs[0], inner)(x, training=False)
    alike = np.zeros((len(x), len(x)))
    for response in responses if isinstance(responses, (list, tuple)) else [responses]:
        on = (np.asarray(response).reshape(len(x), -1) > 0).astype(np.float64)
        alike += on @ on.T + (1 - on) @ (1 - on).T
    # one unit more that tells all examples apart keeps the determinant above zero
    return float(np.linalg.slogdet(alike + np.eye(len(x)))[1])


def _has_activation(layer: Any) -> bool:
    if type(layer).__name__ in _NONLINEAR:
        return False
    return getattr(getattr(layer, "activation", None), "__name__", "linear") not in {"linear", "softmax"}


def _linear(layer: Any) -> Any:
    import keras

    if type(layer).__name__ in _LEFT_OUT:
        return keras.layers.Lambda(_unchanged, name=layer.name, dtype="float64")
    config = {**layer.get_config(), "dtype": "float64"}
    if "activation" in config and "recurrent_activation" not in config:
        config["activation"] = "linear"
    return type(layer).from_config(config)


def _unchanged(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: ARG001 - any layer's arguments
    return inputs


def _positive(variable: Any) -> NDArray[np.float64]:
    value = np.abs(np.asarray(variable, dtype=np.float64))
    return np.zeros_like(value) if variable.name == "bias" else value
