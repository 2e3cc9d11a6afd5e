"""`cloudautoml predict`: the rows of a file with a prediction for each."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.spec import Dataset

_ENDINGS = (".csv", ".parquet", ".jsonl")


def predict(
    job: options.JobArgument,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Rows: CSV, Parquet or JSON lines. Images: also a folder, a zip, .npz or one image. Series: or none.",
        ),
    ] = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to a .csv, .parquet or .jsonl file.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="A model of the leaderboard, instead of the best.")
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add a column of probabilities for each class.")] = False,
    json: options.JsonOption = False,
) -> int:
    """Predict the rows of a file.

    As many rows come out, in the same order, with all their columns and the prediction. Of series, the steps that
    follow: after their training data without a FILE, else after its rows.
    """
    from cloudautoml.cli.handles import open_job
    from cloudautoml.data.read import locate
    from cloudautoml.spec import Forecasting, ImageClassification, NamedEntityRecognition, ObjectDetection

    output = Output(as_json=json)
    if out is not None and out.suffix.lower() not in _ENDINGS:
        raise typer.BadParameter(f"the file must end in one of {', '.join(_ENDINGS)}", param_hint="--out")
    handle = open_job(job)
    dataset = handle.spec.data
    chosen = handle.model(model)
    if isinstance(handle.spec.task, Forecasting) and not proba:
        from cloudautoml.cli.forecasts import forecast

        return forecast(chosen, file, job=handle.id, dataset=dataset, out=out, output=output, json=json)
    if isinstance(handle.spec.task, NamedEntityRecognition) and file is not None and not proba:
        from cloudautoml.cli.entities import find_entities

        return find_entities(
            chosen, file, job=handle.id, task=handle.spec.task, dataset=dataset, out=out, output=output, json=json
        )
    if file is None:
        raise typer.BadParameter("only series go on without new rows", param_hint="FILE")
    if isinstance(handle.spec.task, ObjectDetection) and not proba:
        from cloudautoml.cli.boxes import find_boxes

        return find_boxes(chosen, file, job=handle.id, dataset=dataset, out=out, output=output, json=json)
    tabular = not (isinstance(handle.spec.task, ImageClassification) and _holds_images(file))
    if tabular:
        locate(str(file))
    predictions = chosen.predict(file)
    chances = chosen.predict_proba(file) if proba else None
    if json and out is None:
        output.result(
            {
                "job": handle.id,
                "model": chosen.name,
                "rows": len(predictions),
                "predictions": predictions.tolist(),
                "probabilities": None
                if chances is None
                else {str(name): chances[name].tolist() for name in chances.columns},
            }
        )
        return 0
    rows = _rows(file, dataset) if tabular else predictions.index.to_frame(index=False, name="image")
    separator = getattr(handle.spec.task, "separator", ",")
    labels = [separator.join(found) if isinstance(found, list) else found for found in predictions]
    rows[free_name("prediction", rows)] = labels
    for name in () if chances is None else chances.columns:
        rows[free_name(f"proba_{name}", rows)] = chances[name].to_numpy() if chances is not None else None
    if out is None:
        output.data(_csv(rows, dataset).rstrip("\n"))
        return 0
    write_rows(rows, out, dataset)
    if json:
        output.result({"job": handle.id, "model": chosen.name, "rows": len(rows), "output": str(out)})
    else:
        output.note(f"{len(rows)} rows predicted by {chosen.name}, in {out}")
    return 0


def _rows(file: Path, dataset: "Dataset") -> "pd.DataFrame":
    """The rows as they stand in the file: what the model calls missing keeps its text."""
    from cloudautoml.data import read_table

    return read_table(str(file), dataset.model_copy(update={"na_values": ()}))


def _holds_images(file: Path) -> bool:
    """Whether a path is images themselves, and no table of their paths."""
    from cloudautoml.data.images.decode import ENDINGS

    return file.is_dir() or file.suffix.lower() in {*ENDINGS, ".zip", ".npz"}


def free_name(name: str, rows: "pd.DataFrame") -> str:
    """A column name that the rows do not have yet."""
    number, free = 2, name
    while free in rows.columns:
        free, number = f"{name}_{number}", number + 1
    return free


def _csv(rows: "pd.DataFrame", dataset: "Dataset") -> str:
    dialect = dataset.csv
    return str(rows.to_csv(index=False, sep=dialect.delimiter, quotechar=dialect.quote, lineterminator="\n"))


def write_rows(rows: "pd.DataFrame", out: Path, dataset: "Dataset") -> None:
    """Write rows in the format that the file's ending says, whole or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    from cloudautoml.cli.delivery import delivered

    with delivered(out) as beside:
        if out.suffix.lower() == ".csv":
            beside.write_text(_csv(rows, dataset), encoding="utf-8", newline="")
        elif out.suffix.lower() == ".parquet":
            rows.to_parquet(beside, index=False)
        else:
            text: Any = rows.to_json(orient="records", lines=True, date_format="iso", force_ascii=False)
            beside.write_text(text, encoding="utf-8", newline="")
