"""Windows: images seen through a window that moves, zooms, mirrors and stretches, with their boxes, in the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.data.boxes.letterbox import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

PADDING: Final = -1.0
"""Class of a row that is no box."""
IGNORED: Final = -2.0
"""Class, or less, of a box inside of which nothing is wrong to find: a crowd, whose class is taken off this number, or
one of which little is left in the window."""
_LEAST_LEFT = 0.35
"""Share of a box that has to be seen for it to be learned from."""


@dataclass(frozen=True, slots=True)
class Variation:
    """How far images are varied.

    Attributes:
        mirrored: Whether half of them are mirrored.
        zoom: The least and the most that a window covers, as a share of the image's side.
        stretch: How much wider or taller a window may be than the image, as a share.
        colour: How much brightness, contrast and the colours may change, as a share.
    """

    mirrored: bool = False
    zoom: tuple[float, float] = (1.0, 1.0)
    stretch: float = 0.0
    colour: float = 0.0


VARIATIONS: Final[Mapping[str, Variation]] = {
    "none": Variation(),
    "flip": Variation(mirrored=True),
    "scale": Variation(mirrored=True, zoom=(0.7, 1.3), colour=0.1),
    "strong": Variation(mirrored=True, zoom=(0.5, 1.5), stretch=0.2, colour=0.25),
}
"""What the option `augment` of the space means."""


def whole(pixels: Any, side: int) -> Any:
    """Images at another size, float32 from 0 to 255, in the graph."""
    import tensorflow as tf

    count = tf.shape(pixels)[0]
    return _seen(pixels, tf.tile([[0.0, 0.0, 1.0, 1.0]], [count, 1]), side)


def varied(pixels: Any, boxes: Any, variation: Variation, side: int) -> tuple[Any, Any]:
    """Images and their boxes, each seen through a window of its own.

    Args:
        pixels: (images, height, width, 3).
        boxes: (images, boxes, 5): left, top, right, bottom as shares of the side, and the class.
        variation: How far they may differ.
        side: Pixels of what is seen.

    Returns:
        Pixels, float32 from 0 to 255, (images, side, side, 3), and boxes alike, cut at the window's border.
    """
    import tensorflow as tf

    count = tf.shape(pixels)[0]

    def drawn(low: float, high: float, columns: int = 1) -> Any:
        return tf.random.uniform([count, columns], low, high)

    zoom = drawn(*variation.zoom)
    stretch = drawn(-variation.stretch, variation.stretch)
    sides = tf.concat([zoom * (1 + stretch), zoom * (1 - stretch)], axis=1)  # height and width
    start = drawn(0.0, 1.0, 2) * (1.0 - sides)
    window = tf.concat([start, start + sides], axis=1)  # top, left, bottom, right
    if variation.mirrored:
        turned = tf.gather(window, [0, 3, 2, 1], axis=1)
        window = tf.where(drawn(0.0, 1.0) < 0.5, turned, window)
    seen = _seen(pixels, window, side)
    if variation.colour:
        change = 1 + drawn(-variation.colour, variation.colour, 3) * 0.5 + drawn(-variation.colour, variation.colour)
        shift = drawn(-variation.colour, variation.colour) * 96
        seen = tf.clip_by_value((seen - 128) * change[:, None, None] + 128 + shift[:, None, None], 0.0, 255.0)
    return seen, _moved(boxes, window)


def _seen(pixels: Any, window: Any, side: int) -> Any:
    """What a window shows; a window whose edges are exchanged mirrors."""
    import tensorflow as tf

    count, height, width = tf.shape(pixels)[0], pixels.shape[1], pixels.shape[2]
    first, last = 0.5 / side, 1 - 0.5 / side  # centres of the outermost pixels
    low, high = window[:, :2], window[:, 2:]
    sides = tf.constant([[float(height), float(width)]])
    ends = [((low + (high - low) * place) * sides - 0.5) / tf.maximum(sides - 1, 1.0) for place in (first, last)]
    return tf.image.crop_and_resize(
        tf.cast(pixels, tf.float32), tf.concat(ends, axis=1), tf.range(count), (side, side), extrapolation_value=EMPTY
    )


def _moved(boxes: Any, window: Any) -> Any:
    import tensorflow as tf

    low = tf.gather(window, [1, 0], axis=1)[:, None]
    high = tf.gather(window, [3, 2], axis=1)[:, None]
    first, last = ((boxes[:, :, place : place + 2] - low) / (high - low) for place in (0, 2))
    near, far = tf.minimum(first, last), tf.maximum(first, last)
    cut_near, cut_far = tf.clip_by_value(near, 0.0, 1.0), tf.clip_by_value(far, 0.0, 1.0)
    before = tf.reduce_prod(tf.maximum(far - near, 1e-6), axis=2)
    after = tf.reduce_prod(tf.maximum(cut_far - cut_near, 0.0), axis=2)
    kind = boxes[:, :, 4]
    kind = tf.where((after < _LEAST_LEFT * before) & (kind >= 0), IGNORED, kind)
    kind = tf.where(after <= 0, PADDING, kind)
    return tf.concat([cut_near, cut_far, kind[:, :, None]], axis=2)
