"""Profile of boxes: how many an image has, of which classes and how large, ready for a report and for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data.boxes.schema import BoxSchema

_TOP = 10
_MOST_SIDE, _LEAST_SIDE, _STEP = 256, 64, 32
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def usual_side(train: pd.DataFrame) -> int:
    """Side of the squares that images are fitted into unless told otherwise: their median long side, 256 at most.

    Args:
        train: Images to learn from, at least one.
    """
    longest = float(train[["height", "width"]].max(axis=1).median())
    return int(min(_MOST_SIDE, max(_LEAST_SIDE, -(-longest // _STEP) * _STEP)))


def profile_boxes(examples: pd.DataFrame, boxes: pd.DataFrame, schema: BoxSchema) -> dict[str, Any]:
    """Describe checked and split images with their boxes.

    Args:
        examples: As `PreparedBoxes` has them.
        boxes: As `PreparedBoxes` has them.
        schema: The classes and the form of the images.

    Returns:
        JSON-ready: `kind` (`boxes`), `rows` (images to learn from), `splits` (counts), `target` (classes and their
        numbers of boxes), `boxes_per_image` and `box_area` (quantiles; the area as a share of the image),
        `height` and `width` of images (quantiles), and `side`.
    """
    train = examples[examples["split"] == "train"]
    mine = boxes[boxes["image"].isin(train.index)]
    counts = mine["label"].value_counts()
    splits = examples["split"].value_counts()
    each = mine.groupby("image").size().reindex(train.index, fill_value=0)
    pixels = (examples["height"] * examples["width"]).loc[mine["image"]].to_numpy()
    areas = ((mine["xmax"] - mine["xmin"]) * (mine["ymax"] - mine["ymin"])).to_numpy() / pixels
    return {
        "kind": schema.to_dict()["kind"],
        "rows": len(train),
        "splits": {split: int(splits.get(split, 0)) for split in ("train", "valid", "holdout")},
        "target": {
            "name": "boxes",
            "type": "categorical",
            "missing": 0.0,
            "distinct": len(schema.classes),
            "top": [{"value": str(label), "count": int(n)} for label, n in counts.head(_TOP).items()],
            "classes": {label: int(counts.get(label, 0)) for label in schema.classes},
        },
        "boxes": len(mine),
        "boxes_per_image": _quantiles(each.to_list()),
        "box_area": _quantiles([round(float(area), 5) for area in areas]),
        "height": _quantiles(train["height"].to_list()),
        "width": _quantiles(train["width"].to_list()),
        "side": schema.side,
    }


def _quantiles(values: list[Any]) -> dict[str, float]:
    ordered = sorted(float(value) for value in values)
    return {f"{share:g}": ordered[round(share * (len(ordered) - 1))] for share in _QUANTILES} if ordered else {}
