"""EfficientNet-Lite0 (Tan and Le, 2019; its ReLU6 form of 2020), block by block, with weights from a file of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudautoml.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

_STAGES: Final = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
"""Of each stage: blocks, kernel, stride of the first, expansion, channels."""
_STEM: Final = 32
_BLOCKS: Final = tuple(
    (kernel, stride if number == 0 else 1, expansion, channels)
    for count, kernel, stride, expansion, channels in _STAGES
    for number in range(count)
)
_NORM: Final = ("weight", "bias", "running_mean", "running_var")


def read_backbone(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Weights of the backbone by their names.

    Raises:
        SpecError: The file is missing, or holds something else.
    """
    import numpy as np

    where = "search.space.weights"
    if not path.is_file():
        raise SpecError(
            f"there is no file {str(path)!r}", where=where, hint="give the path of a file with trained weights (.npz)"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: np.asarray(file[name], np.float32) for name in file.files}
    except (OSError, ValueError, KeyError, EOFError) as exc:
        raise SpecError(f"{path} holds no arrays: {exc!s:.200}", where=where) from exc
    expected = {"_conv_stem.weight": (3, 3, 3, _STEM), "_blocks.15._project_conv.weight": (1, 1, 1152, 320)}
    for name, shape in expected.items():
        if name not in found or found[name].shape != shape:
            seen = f"of the shape {found[name].shape}" if name in found else "missing"
            raise SpecError(f"{path} has no weights of EfficientNet-Lite0: {name} is {seen}, not {shape}", where=where)
    return found


class Lite:
    """Builds the network, or a part of it.

    Args:
        weights: By name, kernels as Keras has them.
        trainable: Whether kernels are trained; normalisation keeps its statistics in either case.
    """

    blocks: int = len(_BLOCKS)

    def __init__(self, weights: Mapping[str, Any], *, trainable: bool) -> None:
        self._weights, self._trainable = weights, trainable
        self._made: list[tuple[Any, tuple[str, ...]]] = []

    def start(self, pixels: Any) -> Any:
        """The first layers, on pixels from 0 to 255."""
        import keras

        layers: Any = keras.layers
        x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(pixels)
        return self._normed(self._conv(x, "_conv_stem", _STEM, 3, 2), "_bn0")

    def block(self, x: Any, number: int) -> Any:
        """One block, from 0."""
        import keras

        layers: Any = keras.layers
        kernel, stride, expansion, channels = _BLOCKS[number]
        name, before = f"_blocks.{number}.", x
        if expansion > 1:
            x = self._normed(self._conv(x, f"{name}_expand_conv", x.shape[-1] * expansion, 1, 1), f"{name}_bn0")
        depthwise = layers.DepthwiseConv2D(
            kernel, stride, "same", use_bias=False, trainable=self._trainable, name=f"{name}_depthwise_conv"
        )
        x = self._normed(self._added(depthwise, (f"{name}_depthwise_conv.weight",))(x), f"{name}_bn1")
        x = self._normed(self._conv(x, f"{name}_project_conv", channels, 1, 1), f"{name}_bn2", active=False)
        return layers.Add()([x, before]) if stride == 1 and before.shape[-1] == channels else x

    def set_weights(self) -> None:
        """Give every layer that was built its weights."""
        for layer, names in self._made:
            layer.set_weights([self._weights[name] for name in names])

    def _conv(self, x: Any, name: str, channels: int, kernel: int, stride: int) -> Any:
        import keras

        kinds: Any = keras.layers
        layer = kinds.Conv2D(channels, kernel, stride, "same", use_bias=False, trainable=self._trainable, name=name)
        return self._added(layer, (f"{name}.weight",))(x)

    def _normed(self, x: Any, name: str, *, active: bool = True) -> Any:
        import keras

        layers: Any = keras.layers
        norm = layers.BatchNormalization(epsilon=1e-3, trainable=False, name=name)
        x = self._added(norm, tuple(f"{name}.{part}" for part in _NORM))(x)
        return layers.ReLU(6.0)(x) if active else x

    def _added(self, layer: Any, names: tuple[str, ...]) -> Any:
        self._made.append((layer, names))
        return layer
