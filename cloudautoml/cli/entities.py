"""Entities on the command line: rows with the tags of their tokens and the entities that these make."""

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.model import Model
    from cloudautoml.spec import Dataset, NamedEntityRecognition


def find_entities(
    model: "Model",
    file: Path,
    *,
    job: str,
    task: "NamedEntityRecognition",
    dataset: "Dataset",
    out: Path | None,
    output: Output,
    json: bool,
) -> int:
    """Print or write the entities in the rows of a file.

    Args:
        model: A model that finds entities.
        file: Rows of tokens or of texts.
        job: The job's id.
        task: Which columns hold what.
        dataset: How files are written.
        out: Where to write; None for stdout.
        output: Where to print.
        json: Whether to print JSON.
    """
    from cloudautoml.cli.predict import free_name, write_rows
    from cloudautoml.data import TokensSchema, read_token_rows
    from cloudautoml.data.read import locate

    locate(str(file))
    reading = dataset.model_dump(mode="json", include={"csv", "format"}, exclude_unset=True)
    given = read_token_rows(file, TokensSchema((), tokens=task.tokens, target=task.target, reading=reading))
    tags = [list(map(str, found)) for found in model.predict(file)]
    entities = [given.entities(number, found) for number, found in enumerate(tags)]
    if json and out is None:
        output.result({"job": job, "model": model.name, "rows": len(tags), "predictions": tags, "entities": entities})
        return 0
    rows = given.table
    words: list[list[str]] = list(map(list, given.tokens))
    if any(offsets is not None for offsets in given.offsets):
        rows[free_name("words", rows)] = words  # what the tags belong to, where a text was cut
    else:
        rows[task.tokens] = words
    rows[free_name("prediction", rows)] = tags
    rows[free_name("entities", rows)] = cast("list[Any]", entities)
    if out is None:
        output.data(str(_flat(rows).to_csv(index=False, lineterminator="\n")).rstrip("\n"))
        return 0
    # Parquet has one type a column, so where some rows are texts and some are lists they become texts
    mixed = out.suffix.lower() == ".parquet" and rows[task.tokens].map(type).nunique() > 1
    rows = rows.assign(**{task.tokens: _flat(rows[[task.tokens]])[task.tokens]}) if mixed else rows
    write_rows(_flat(rows) if out.suffix.lower() == ".csv" else rows, out, dataset)
    if json:
        output.result({"job": job, "model": model.name, "rows": len(rows), "output": str(out)})
    else:
        output.note(f"{len(rows)} rows tagged by {model.name}, in {out}")
    return 0


def _flat(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Rows as CSV can hold them: lists as JSON."""

    def text(cell: object) -> object:
        return json_text.dumps(cell, ensure_ascii=False) if isinstance(cell, list) else cell

    return rows.map(text)
