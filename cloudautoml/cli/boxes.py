"""The boxes that a detector finds in images, as rows: one a box."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    from cloudautoml.model import Model
    from cloudautoml.spec import Dataset

COLUMNS = ("image", "label", "score", "xmin", "ymin", "xmax", "ymax")


def find_boxes(
    model: "Model", file: Path, *, job: str, dataset: "Dataset", out: Path | None, output: Output, json: bool
) -> int:
    """Write what a detector finds: images without a box have no row.

    Args:
        model: The detector.
        file: Images: a folder, a zip, one image, or a table of paths.
        job: Id of the model's job.
        dataset: How tables are written.
        out: File to write to; standard output unless given.
        output: Where to say what.
        json: Whether to answer with one JSON object.
    """
    import pandas as pd

    from cloudautoml.cli.predict import write_rows

    found = model.predict(file)
    images = [str(image) for image in found.index]
    if json and out is None:
        told: dict[str, Any] = {"job": job, "model": model.name, "images": images, "predictions": found.tolist()}
        output.result(told)
        return 0
    rows = [{"image": image, **box} for image, boxes in zip(images, found, strict=True) for box in boxes]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if out is None:
        dialect = dataset.csv
        lines = table.to_csv(index=False, sep=dialect.delimiter, quotechar=dialect.quote, lineterminator="\n")
        output.data(str(lines).rstrip("\n"))
        return 0
    write_rows(table, out, dataset)
    if json:
        output.result({"job": job, "model": model.name, "images": len(images), "boxes": len(rows), "output": str(out)})
    else:
        output.note(f"{len(rows)} boxes found in {len(images)} images by {model.name}, in {out}")
    return 0
