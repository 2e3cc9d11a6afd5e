"""Contact sheet: what image data looks like, as a sentence and a few examples that stand in the page itself."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PIL.Image import Image

_MOST = 16
_SIDE = 96


@dataclass(frozen=True, slots=True)
class Picture:
    """One example.

    Attributes:
        label: Its class.
        name: What it is called in the data.
        source: The picture as a `data:` URI.
    """

    label: str
    name: str
    source: str


def image_summary(profile: Mapping[str, Any]) -> str:
    """What there is to say of a profile of images; empty for other data."""
    if profile.get("kind") != "images":
        return ""
    splits, sizes = profile["splits"], profile["sizes"]
    height, width = profile["size"]
    apart = [f"{splits[split]:,} {what}" for split, what in (("valid", "to validate on"), ("holdout", "sealed"))
             if splits[split]]  # fmt: skip
    found = f"all of {sizes[0]['value']} pixels" if len(sizes) == 1 else (
        f"from {profile['height']['0']} x {profile['width']['0']} to "
        f"{profile['height']['1']} x {profile['width']['1']} pixels, used as {height} x {width}"
    )  # fmt: skip
    colour = "grey" if profile["used_channels"] == 1 else "in colour"
    counts = ", ".join([f"{profile['rows']:,} images to learn from", *apart])
    return f"{counts}; {len(profile['target']['classes'])} classes; {found}, {colour}."


def contact_sheet(folder: Path, profile: Mapping[str, Any]) -> list[Picture]:
    """A few images to learn from, of as many classes as possible; none where the data is not images.

    Args:
        folder: Where the prepared data is.
        profile: Its profile.
    """
    if profile.get("kind") != "images":
        return []
    from cloudautoml.data import PreparedImages

    try:
        data = PreparedImages.load(folder)
        train = data.examples[data.examples["split"] == "train"]
        turn = train.groupby("label").cumcount()
        chosen = train.assign(turn=turn).sort_values(["turn", "label"], kind="stable").head(_MOST)
        return [
            Picture(str(row.label), str(row.image), _inline(data.images.picture(int(str(row.Index)))))
            for row in chosen.sort_values("label", kind="stable").itertuples()
        ]
    except CloudAutoMLError:
        return []  # half a report is better than none


def _inline(picture: Image) -> str:
    from PIL import Image

    small = picture.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
