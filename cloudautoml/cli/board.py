"""Board: a running job on a terminal: how far it is, and the best candidates so far."""

from typing import TYPE_CHECKING

from cloudautoml.cli.output import clean
from cloudautoml.render import arrow, format_number, format_numbers, format_seconds, natural

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

    from cloudautoml.job import JobStatus
    from cloudautoml.leaderboard import Leaderboard
    from cloudautoml.spec import JobSpec

TOP = 8
_BAR = 24


class Board:
    """What is known of a running job, and how it is drawn.

    Args:
        spec: What was asked for.
        job: The job's id.
        provider: Who runs it.
    """

    def __init__(self, spec: "JobSpec", *, job: str, provider: str) -> None:
        self.spec = spec
        self.job = job
        self.provider = provider
        self.status: JobStatus | None = None
        self.candidates: Leaderboard | None = None
        self.elapsed = 0.0

    @property
    def trials(self) -> int:
        """Trials that have ended."""
        return len({candidate.trial for candidate in self.candidates or () if candidate.trial is not None})

    @property
    def share(self) -> float | None:
        """Share of the budget that is spent, or what the provider tells; None where there is neither."""
        budget = self.spec.budget
        shares: list[float] = []
        if budget.max_time is not None:
            shares.append(self.elapsed / budget.max_time.total_seconds())
        if budget.max_trials is not None:
            shares.append(self.trials / budget.max_trials)
        if not shares and self.status is not None and self.status.progress is not None:
            shares.append(self.status.progress)
        return min(max(shares), 1.0) if shares else None

    def line(self, *, named: bool = True) -> str:
        """Everything in one line.

        Args:
            named: Say which model is the best.
        """
        budget = self.spec.budget
        limit = f" of {format_seconds(budget.max_time.total_seconds())}" if budget.max_time else ""
        count = f"{self.trials} of {budget.max_trials}" if budget.max_trials else f"{self.trials}"
        parts = [f"{format_seconds(round(self.elapsed, 1))}{limit}", f"{count} trials"]
        best = self.candidates.best if self.candidates is not None else None
        if best is not None and self.candidates is not None:
            metric = self.candidates.metric
            score = format_number(natural(metric, best.score_val))
            model = f" ({clean(best.model)})" if named else ""
            parts.append(f"best {metric} {arrow(metric)} {score}{model}")
        return ", ".join(parts)

    def phase(self) -> str:
        """What the job is doing, in the provider's words."""
        if self.status is None:
            return "starting"
        return clean(self.status.phase) or self.status.state.value

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.text import Text

        head = Text.assemble((self.job, "bold"), (f"  {self.provider}  ", "dim"), self.phase(), "  ")
        room = min(options.max_width - head.cell_len - len(" 100%"), _BAR)
        if self.share is not None and room > 0:
            done = round(self.share * room)
            head.append("━" * done, "green").append("━" * (room - done), "dim").append(f" {self.share:.0%}")
        line = Text(self.line(named=False))
        for text in (head, line):
            text.truncate(options.max_width, overflow="ellipsis")
            yield text
        if self.candidates is not None and self.candidates.best is not None:
            yield self._table(self.candidates)

    @staticmethod
    def _table(candidates: "Leaderboard") -> "Table":
        from rich.table import Table

        metric = candidates.metric
        best = [candidate for candidate in candidates if candidate.score_val is not None][:TOP]
        grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        grid.add_column("#", justify="right")
        grid.add_column("model", overflow="ellipsis", no_wrap=True)
        grid.add_column("algorithm", overflow="ellipsis", no_wrap=True)
        grid.add_column(f"{metric} {arrow(metric)}", justify="right", no_wrap=True)
        grid.add_column("fit", justify="right", no_wrap=True)
        scores = format_numbers([natural(metric, candidate.score_val) for candidate in best])
        for rank, (candidate, score) in enumerate(zip(best, scores, strict=True), 1):
            cells = (clean(candidate.model), clean(candidate.algorithm), score, format_seconds(candidate.fit_seconds))
            grid.add_row(str(rank), *cells, style="bold" if rank == 1 else "")
        return grid
