"""Profile of images: their classes, sizes and channels, small enough for a report and ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.labels import label_counts

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data.images.schema import ImageSchema

_TOP = 10
_MOST_SIDE = 128
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def usual_size(train: pd.DataFrame) -> tuple[int, int]:
    """Height and width to use unless others are asked for: those of all images, or else the medians.

    The longer side is 128 at most, in the same proportion.

    Args:
        train: Examples to learn from, at least one.
    """
    height, width = (int(train[side].median()) for side in ("height", "width"))
    shrink = min(1.0, _MOST_SIDE / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def profile_images(examples: pd.DataFrame, schema: ImageSchema) -> dict[str, Any]:
    """Describe checked and split examples.

    Args:
        examples: As `PreparedImages` has them.
        schema: The classes and the usual form.

    Returns:
        JSON-ready: `kind` (`images`), `rows` (to learn from), `splits` (counts), `target` (an object as that of a
        table's profile, with all `classes` and counts), `sizes` (the most frequent, `value` as height x width and
        `count`), `height` and `width` (quantiles), `channels` (counts), and what pixels will be: `size` and
        `used_channels`.
    """
    train = examples[examples["split"] == "train"]
    classes = label_counts(train["label"]) if schema.multi_label else _counts(train["label"])
    counts = sorted(classes.items(), key=lambda item: -item[1])
    sizes = (train["height"].astype("str") + " x " + train["width"].astype("str")).value_counts()
    splits = examples["split"].value_counts()
    return {
        "kind": "images",
        "rows": len(train),
        "splits": {split: int(splits.get(split, 0)) for split in ("train", "valid", "holdout")},
        "target": {
            "name": schema.target,
            "type": "labels" if schema.multi_label else "categorical",
            "missing": 0.0,
            "distinct": len(classes),
            "top": [{"value": label, "count": count} for label, count in counts[:_TOP]],
            "classes": classes,
        },
        "sizes": [{"value": str(size), "count": int(count)} for size, count in sizes.head(_TOP).items()],
        "height": _quantiles(train["height"]),
        "width": _quantiles(train["width"]),
        "channels": {
            "grey": int((train["channels"] == 1).sum()),
            "colour": int((train["channels"] == 3).sum()),
        },
        "size": list(schema.size),
        "used_channels": schema.channels,
    }


def _counts(labels: pd.Series[Any]) -> dict[str, int]:
    counts = labels.value_counts()
    return {str(label): int(counts[label]) for label in sorted(counts.index)}


def _quantiles(lengths: pd.Series[Any]) -> dict[str, int]:
    ordered = sorted(int(length) for length in lengths)
    return {f"{share:g}": ordered[round(share * (len(ordered) - 1))] for share in _QUANTILES} if ordered else {}
