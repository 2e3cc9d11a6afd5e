"""Forecasts on the command line: the steps that follow, as a table of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    from cloudautoml.model import Model
    from cloudautoml.spec import Dataset


def forecast(
    model: "Model", file: Path | None, *, job: str, dataset: "Dataset", out: Path | None, output: Output, json: bool
) -> int:
    """Print or write the forecasts of a model.

    Args:
        model: A model of series.
        file: Recent rows, and those of columns known ahead; None to go on from the training data.
        job: The job's id.
        dataset: How files are written.
        out: Where to write; None for stdout.
        output: Where to print.
        json: Whether to print JSON.
    """
    from cloudautoml.cli.predict import write_rows
    from cloudautoml.data.read import locate

    if file is not None:
        locate(str(file))
    frame: Any = model.predict(file)
    if out is not None:
        write_rows(frame, out, dataset)
        if json:
            output.result({"job": job, "model": model.name, "rows": len(frame), "output": str(out)})
        else:
            output.note(f"{len(frame)} steps forecast by {model.name}, in {out}")
        return 0
    if json:
        text = frame.assign(**{name: frame[name].astype("str") for name in frame.select_dtypes("datetime").columns})
        rows = text.to_dict("records")
        output.result({"job": job, "model": model.name, "rows": len(frame), "predictions": rows})
        return 0
    dialect = dataset.csv
    lines = frame.to_csv(index=False, sep=dialect.delimiter, quotechar=dialect.quote, lineterminator="\n")
    output.data(str(lines).rstrip("\n"))
    return 0
