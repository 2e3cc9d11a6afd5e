"""`cloudautoml leaderboard`: the candidates of a job, best first."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    from cloudautoml.leaderboard import Candidate, Leaderboard


class Format(StrEnum):
    """How a leaderboard is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


class Sort(StrEnum):
    """What a leaderboard is sorted by; scores best first, the rest lowest first."""

    SCORE_VAL = "score_val"
    SCORE_HOLDOUT = "score_holdout"
    FIT_SECONDS = "fit_seconds"
    PREDICT_MS_PER_ROW = "predict_ms_per_row"
    SIZE_MB = "size_mb"
    COST_USD = "cost_usd"


def leaderboard(
    job: options.JobArgument = "last",
    *,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
    json: options.JsonOption = False,
    sort: Annotated[Sort, typer.Option("--sort", help="What to sort by.")] = Sort.SCORE_VAL,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Candidates to show at most.")] = None,
    parts: Annotated[
        bool, typer.Option("--parts", help="Show the best model class by class, or step by step ahead.")
    ] = False,
) -> int:
    """Show the candidates of a job with their scores, best first.

    The `holdout` column holds scores on the sealed rows; nothing was chosen by it. In CSV, texts that a
    spreadsheet would run as a formula have an apostrophe in front.
    """
    from cloudautoml.cli.handles import open_job
    from cloudautoml.cli.outcome import fitted
    from cloudautoml.render import leaderboard_csv

    output = Output(as_json=json or form is Format.JSON)
    board = _ordered(open_job(job).leaderboard(), sort, limit)
    if parts and not output.as_json:
        output.data(by_parts(board))
    elif output.as_json:
        output.result(board.to_dict())
    elif form is Format.CSV:
        output.data(leaderboard_csv(board).rstrip("\n"))
    elif form is Format.MD:
        output.data(_markdown(board))
    else:
        output.data(fitted(board))
    return 0


def _ordered(board: "Leaderboard", sort: Sort, limit: int | None) -> "Leaderboard":
    from cloudautoml.leaderboard import Leaderboard

    shown = Leaderboard(board.candidates, metric=board.metric, job=board.job, protocol=board.protocol)
    shown.candidates = tuple(_sorted(board, sort)[:limit])
    return shown


def _sorted(board: "Leaderboard", sort: Sort) -> "list[Candidate]":
    candidates = list(board)
    if sort is Sort.SCORE_VAL:
        return candidates
    sign = -1.0 if sort is Sort.SCORE_HOLDOUT else 1.0

    def key(candidate: "Candidate") -> tuple[bool, float]:
        value = getattr(candidate, sort.value)
        return value is None, 0.0 if value is None else sign * float(value)

    return sorted(candidates, key=key)


def by_parts(board: "Leaderboard") -> str:
    """The metrics of the parts of the best model that has some.

    Raises:
        ConfigError: None has.
    """
    from cloudautoml.cli.output import clean, table
    from cloudautoml.errors import ConfigError
    from cloudautoml.render import format_number

    best = next((candidate for candidate in board if candidate.metrics_by_part), None)
    if best is None:
        raise ConfigError(
            f"the models of {board.job} are not scored part by part", hint=f"cloudautoml leaderboard {board.job}"
        )
    names = list(dict.fromkeys(name for metrics in best.metrics_by_part.values() for name in metrics))
    rows = [
        [clean(part), *(format_number(metrics.get(name)) for name in names)]
        for part, metrics in best.metrics_by_part.items()
    ]
    return table([f"{clean(best.model)}:", *names], rows)


def _markdown(board: "Leaderboard") -> str:
    from cloudautoml.cli.output import clean
    from cloudautoml.render import arrow, format_number, format_seconds, natural

    header = ["#", "model", "algorithm", f"{board.metric} {arrow(board.metric)}", "holdout", "fit", "status"]
    rows = [
        [
            str(rank),
            candidate.model,
            candidate.algorithm,
            format_number(natural(board.metric, candidate.score_val)),
            format_number(natural(board.metric, candidate.score_holdout)),
            format_seconds(candidate.fit_seconds),
            candidate.status,
        ]
        for rank, candidate in enumerate(board, 1)
    ]
    lines = [header, ["---:", "---", "---", "---:", "---:", "---:", "---"], *rows]
    return "\n".join(f"| {' | '.join(clean(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
