"""`cloudautoml init`: a spec to start from, guessed from the data and explained line by line."""

import json as json_text
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.spec import ColumnType

_TARGETS = ("target", "label", "class", "y", "outcome", "churn", "churned", "default", "price", "survived")
_FEW = 20
"""Whole numbers of no more kinds than this look like classes."""


def init(
    *,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="DATA", help="To guess from: a table, a folder of images, .npz.")
    ] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The column to predict.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")] = Path("spec.yaml"),
    force: Annotated[bool, typer.Option("--force", "-f", "--yes", "-y", help="Write over a file.")] = False,
    json: options.JsonOption = False,
) -> int:
    """Write a spec to start from, guessed from the data.

    Task, target, metric and column types are guessed; each line is explained.
    """
    from cloudautoml.cli.delivery import deliver
    from cloudautoml.errors import ConfigError
    from cloudautoml.spec.document import parse_document
    from cloudautoml.spec.load import spec_from

    output = Output(as_json=json)
    if out.exists() and not force:
        raise ConfigError("the file exists", where=str(out), hint="another name with -o, or --force to write over it")
    if source is None:
        text, guessed = _blank(target), dict[str, str]()
    else:
        images = source.is_dir() or source.suffix.lower() in {".npz", ".zip"}
        text, guessed = _from_images(source, target, out) if images else _from_data(source, target, out)
    spec_from(parse_document(text, str(out)).values)
    deliver(out, text.encode())
    if json:
        output.result({"spec": str(out), **guessed})
        return 0
    output.data(str(out))
    for what, value in guessed.items():
        output.note(f"  {what:<7} {value}")
    output.note(f"next: cloudautoml validate {out}\n      cloudautoml run {out}")
    return 0


def _from_data(source: Path, target: str | None, out: Path) -> tuple[str, dict[str, str]]:
    from cloudautoml.cli.init_series import guess_series, series_spec
    from cloudautoml.data import read_table
    from cloudautoml.data.infer import infer_type
    from cloudautoml.errors import UnknownNameError
    from cloudautoml.spec import ColumnType, CsvDialect, Dataset
    from cloudautoml.spec.metrics import DEFAULT_METRICS

    delimiter = _delimiter(source)
    frame = read_table(str(source), Dataset(train=str(source), csv=CsvDialect(delimiter=delimiter)))
    names = [str(name) for name in frame.columns]
    if target is not None and target not in names:
        raise UnknownNameError("column", target, names, where=str(source))
    chosen = target or next((name for wanted in _TARGETS for name in names if name.lower() == wanted), names[-1])
    kinds = {name: infer_type(frame[name])[0] for name in names}
    if (found := guess_series(frame, kinds, chosen)) is not None:
        lines = series_spec(*found, name=_name(source), train=_relative(source, out), quoted=_quoted)
        if delimiter != ",":
            lines.append(f"  csv: {{delimiter: {_quoted(delimiter)}}}")
        guessed = {"task": "forecasting", "target": chosen, "metric": DEFAULT_METRICS["forecasting"]}
        return "\n".join([*lines, *_rest("forecasting")]) + "\n", guessed
    task = _task(frame[chosen], kinds[chosen])
    text = next((name for name in names if name != chosen), "") if len(names) == 2 else ""
    if task != "tabular_classification" or not text or kinds[text] is not ColumnType.TEXT:
        text = ""
    if text:
        task = "text_classification"
    guessed = {"task": task, "target": chosen, "metric": DEFAULT_METRICS[task]}
    lines = [
        f"# {len(frame):,} rows, {len(names)} columns",
        f"name: {_name(source)}",
        "",
        f"task: {{type: {task}, {f'text: {_quoted(text)}, ' if text else ''}target: {_quoted(chosen)}}}"
        f"   # {_about(frame[chosen], task)}",
        "data:",
        f"  train: {_quoted(_relative(source, out))}   # from the folder of this file",
    ]
    if delimiter != ",":
        lines.append(f"  csv: {{delimiter: {_quoted(delimiter)}}}")
    lines += [
        "  holdout: {fraction: 0.2}   # sealed: nothing is trained or chosen on these rows",
    ]
    if text:
        return "\n".join([*lines, *_rest(task)]) + "\n", guessed
    lines += [
        "  # types as they were read; take a line in to change it: numeric, categorical, boolean, text, datetime,",
        "  # or ignore for a column that is known only after the answer, such as an id",
        "  # types:",
    ]
    lines += [f"  #   {_quoted(name)}: {kinds[name].value}" for name in names if name != chosen]
    return "\n".join([*lines, *_rest(task)]) + "\n", guessed


def _from_images(source: Path, target: str | None, out: Path) -> tuple[str, dict[str, str]]:
    from cloudautoml.data import prepare_images
    from cloudautoml.errors import ConfigError
    from cloudautoml.spec import Dataset, ImageClassification, JobSpec
    from cloudautoml.spec.metrics import DEFAULT_METRICS

    if target is not None:
        message = "the classes of images are their folders or labels, so there is no column to name"
        raise ConfigError(message, where="--target", hint="leave --target out")
    task = ImageClassification()
    dataset = Dataset(train=str(source), holdout=None)  # so that what is sealed is what the data itself keeps apart
    data = prepare_images(JobSpec(name="guess", task=task, data=dataset), strict=False)
    splits, classes = data.profile["splits"], data.profile["target"]["classes"]
    counts = ", ".join(f"{' '.join(name.split())[:20]}: {count:,}" for name, count in list(classes.items())[:4])
    height, width = data.schema.size
    lines = [
        f"# {sum(splits.values()):,} images, used as {height} x {width} pixels",
        f"name: {_name(source)}",
        "",
        f"task: {{type: {task.type}}}   # {len(classes)} classes ({counts}{', ...' if len(classes) > 4 else ''})",
        "data:",
        f"  train: {_quoted(_relative(source, out))}   # from the folder of this file",
    ]
    if splits["holdout"]:
        lines.append(f"  # {splits['holdout']:,} images are sealed: those that the data keeps as its test")
    else:
        lines.append("  holdout: {fraction: 0.2}   # sealed: nothing is trained or chosen on these images")
    metric = DEFAULT_METRICS[task.type]
    return "\n".join([*lines, *_rest(task.type)]) + "\n", {"task": task.type, "metric": metric}


def _blank(target: str | None) -> str:
    lines = [
        "name: my-job",
        "",
        "# cloudautoml list tasks prints all kinds of tasks",
        f"task: {{type: tabular_classification, target: {_quoted(target or 'target')}}}",
        "data:",
        "  train: data.csv   # from the folder of this file; .csv, .parquet or .jsonl",
        "  holdout: {fraction: 0.2}   # sealed: nothing is trained or chosen on these rows",
        *_rest("tabular_classification"),
    ]
    return "\n".join(lines) + "\n"


def _rest(task: str) -> list[str]:
    from cloudautoml.spec import get_metric
    from cloudautoml.spec.metrics import DEFAULT_METRICS, metrics_for

    metric = get_metric(DEFAULT_METRICS[task])
    others = [other.name for other in metrics_for(task) if other is not metric]  # type: ignore[arg-type]
    return [
        "",
        f"objective: {{metric: {metric.name}}}   # {metric.description}",
        *_wrapped("# or: " + ", ".join(others)),
        "",
        "budget:",
        "  max_time: 5m   # everything, from submission to report",
        "  # max_trials: 40",
        "  # max_cost: 5 USD   # for providers that cost money",
        "",
        "seed: 7",
        "provider: local   # cloudautoml list providers",
    ]


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 110, subsequent_indent="#     ")


def _task(column: "pd.Series", kind: "ColumnType") -> str:
    from cloudautoml.spec import ColumnType

    if kind is not ColumnType.NUMERIC:
        return "tabular_classification"
    numbers = column.dropna().astype("float64")
    whole = bool((numbers % 1 == 0).all())
    return "tabular_classification" if whole and numbers.nunique() <= _FEW else "tabular_regression"


def _about(column: "pd.Series", task: str) -> str:
    known = column.dropna()
    if task == "tabular_regression":
        numbers = known.astype("float64")
        return f"a number from {numbers.min():g} to {numbers.max():g}"
    counts = known.astype("str").value_counts()
    shown = ", ".join(f"{' '.join(str(name).split())[:20]}: {count:,}" for name, count in counts.head(4).items())
    return f"{len(counts)} classes ({shown}{', ...' if len(counts) > 4 else ''})"


def _delimiter(source: Path) -> str:
    """The character that stands most often in the first line, outside of quotes."""
    if source.suffix.lower() not in {".csv", ".tsv", ".txt", ".data"} or not source.is_file():
        return ","
    with source.open(encoding="utf-8-sig", errors="replace") as stream:
        first = re.sub(r'"[^"]*"', "", stream.readline(100_000))
    return max(",;\t|", key=first.count)


def _name(source: Path) -> str:
    stem = source.name.partition(".")[0]
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:20].strip("-") or "my-job"


def _relative(source: Path, out: Path) -> str:
    import os

    try:
        return os.path.relpath(source.absolute(), out.absolute().parent).replace(os.sep, "/")
    except ValueError:  # another drive
        return str(source.absolute())


def _quoted(text: str) -> str:
    """Text as YAML reads it back."""
    if re.fullmatch(r"[A-Za-z_][\w./-]*", text) and text.lower() not in {
        "null",
        "true",
        "false",
        "y",
        "n",
        "yes",
        "no",
    }:
        return text
    return json_text.dumps(text, ensure_ascii=False)
