"""Aims: what a grid should say of boxes, and how wrong it is, in the graph."""

from __future__ import annotations

from typing import Any, Final

EDGE_SCALE: Final = 0.25
"""Distance of an edge from a place, as a share of the side, at a softplus of 1."""
_SPREAD = 0.54 / 6
"""Standard deviation of the bell around a centre, as a share of the box's side."""
_NEAR = 0.3
"""Height of the bell from which on a place learns the edges too."""
_EDGES_WEIGHT = 4.0


def loss_of(boxes: Any, grid: Any, *, classes: int) -> Any:
    """How wrong a grid is: a focal loss of the things at each place, and the generalised overlap of the boxes.

    Args:
        boxes: (images, boxes, 5): left, top, right, bottom as shares of the side, and the class or what `windows` says.
        grid: (images, rows, columns, classes + 4).
        classes: How many there are.

    Returns:
        One number.
    """
    import tensorflow as tf

    rows = grid.shape[1]
    places = (tf.range(rows, dtype=tf.float32) + 0.5) / rows
    bells, ignored = _bells(boxes, rows, places)
    real = tf.cast(boxes[:, :, 4] >= 0, tf.float32)
    count = tf.maximum(tf.reduce_sum(real), 1.0)
    kinds = tf.one_hot(tf.cast(tf.maximum(boxes[:, :, 4], 0.0), tf.int32), classes) * real[:, :, None]
    wanted = tf.reduce_max(bells[..., None] * kinds[:, :, None, None, :], axis=1)
    things = _focal(wanted, grid[..., :classes], 1.0 - ignored[..., None]) / count
    owner = tf.argmax(bells, axis=1)
    strength = tf.reduce_max(bells, axis=1)
    weight = tf.where(strength > _NEAR, strength, 0.0)
    mine = tf.gather(boxes[:, :, :4], tf.reshape(owner, [tf.shape(owner)[0], -1]), batch_dims=1)
    mine = tf.reshape(mine, [-1, rows, rows, 4])
    edges = _giou_loss(mine, box_at(grid[..., classes:], places))
    return things + _EDGES_WEIGHT * tf.reduce_sum(edges * weight) / tf.maximum(tf.reduce_sum(weight), 1.0)


def box_at(edges: Any, places: Any) -> Any:
    """Boxes from what a grid says of their edges: left, top, right, bottom as shares of the side."""
    import tensorflow as tf

    far = tf.nn.softplus(edges) * EDGE_SCALE
    x, y = places[None, None, :], places[None, :, None]
    return tf.stack([x - far[..., 0], y - far[..., 1], x + far[..., 2], y + far[..., 3]], axis=-1)


def _bells(boxes: Any, rows: int, places: Any) -> tuple[Any, Any]:
    """A bell around the centre of each box, 1 at its place; and where nothing is wrong to find."""
    import tensorflow as tf

    low, high = boxes[:, :, :2], boxes[:, :, 2:4]
    middle = tf.floor(tf.clip_by_value((low + high) / 2, 0.0, 1.0 - 1e-6) * rows)
    middle = (middle + 0.5) / rows
    spread = tf.maximum(high - low, 1.0 / rows) * _SPREAD
    parts = [
        tf.exp(-0.5 * tf.square((places[None, None] - middle[:, :, axis : axis + 1]) / spread[:, :, axis : axis + 1]))
        for axis in (0, 1)
    ]
    real = tf.cast(boxes[:, :, 4] >= 0, tf.float32)[:, :, None, None]
    bells = parts[0][:, :, None, :] * parts[1][:, :, :, None] * real
    inside = [
        (places[None, None] >= low[:, :, axis : axis + 1]) & (places[None, None] <= high[:, :, axis : axis + 1])
        for axis in (0, 1)
    ]
    crowds = (boxes[:, :, 4] < -1.5)[:, :, None, None]
    ignored = tf.reduce_any(inside[0][:, :, None, :] & inside[1][:, :, :, None] & crowds, axis=1)
    return bells, tf.cast(ignored, tf.float32)


def _focal(wanted: Any, logits: Any, counted: Any) -> Any:
    """The focal loss of a bell: its summit is right, and what is near it is less wrong than what is far."""
    import tensorflow as tf

    chance = tf.sigmoid(logits)
    summit = tf.cast(wanted > 0.999, tf.float32)
    right = tf.square(1 - chance) * tf.nn.softplus(-logits) * summit
    wrong = tf.pow(1 - wanted, 4.0) * tf.square(chance) * tf.nn.softplus(logits) * (1 - summit) * counted
    return tf.reduce_sum(right + wrong)


def _giou_loss(wanted: Any, found: Any) -> Any:
    """1 minus the generalised intersection over union (Rezatofighi et al., 2019, CVPR)."""
    import tensorflow as tf

    def area(boxes: Any) -> Any:
        return tf.maximum(boxes[..., 2] - boxes[..., 0], 0.0) * tf.maximum(boxes[..., 3] - boxes[..., 1], 0.0)

    low, high = tf.maximum(wanted[..., :2], found[..., :2]), tf.minimum(wanted[..., 2:], found[..., 2:])
    shared = area(tf.concat([low, high], axis=-1))
    union = area(wanted) + area(found) - shared
    around = tf.concat(
        [tf.minimum(wanted[..., :2], found[..., :2]), tf.maximum(wanted[..., 2:], found[..., 2:])], axis=-1
    )
    hull = tf.maximum(area(around), 1e-6)
    return 1 - shared / tf.maximum(union, 1e-6) + (hull - union) / hull
