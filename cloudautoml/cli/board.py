"""Board: a running job on a terminal: how far it is, and the best candidates so far."""

from typing import TYPE_CHECKING

from cloudautoml.cli.output import clean
from cloudautoml.render import arrow, format_number, format_numbers, format_seconds, natural

if TYPE_CHECKING:
    from rich.console import RenderableType

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

    def line(self) -> str:
        """Everything in one line."""
        budget = self.spec.budget
        limit = f" of {format_seconds(budget.max_time.total_seconds())}" if budget.max_time else ""
        count = f"{self.trials} of {budget.max_trials}" if budget.max_trials else f"{self.trials}"
        parts = [f"{format_seconds(round(self.elapsed, 1))}{limit}", f"{count} trials"]
        best = self.candidates.best if self.candidates is not None else None
        if best is not None and self.candidates is not None:
            metric = self.candidates.metric
            score = format_number(natural(metric, best.score_val))
            parts.append(f"best {metric} {arrow(metric)} {score} ({clean(best.model)})")
        return ", ".join(parts)

    def phase(self) -> str:
        """What the job is doing, in the provider's words."""
        if self.status is None:
            return "starting"
        return clean(self.status.phase) or self.status.state.value

    def __rich__(self) -> "RenderableType":
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        head = Text.assemble((self.job, "bold"), (f"  {self.provider}  ", "dim"), self.phase(), no_wrap=True)
        share = self.share
        if share is not None:
            done = round(share * _BAR)
            head.append("  ")
            head.append("━" * done, "green").append("━" * (_BAR - done), "dim").append(f" {share:.0%}")
        head.overflow = "ellipsis"
        lines: list[RenderableType] = [head, Text(self.line(), no_wrap=True, overflow="ellipsis")]
        scored = [c for c in self.candidates or () if c.score_val is not None]
        if scored and self.candidates is not None:
            metric = self.candidates.metric
            grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
            grid.add_column("#", justify="right")
            grid.add_column("model", overflow="ellipsis", no_wrap=True, ratio=None)
            grid.add_column("algorithm", overflow="ellipsis", no_wrap=True)
            grid.add_column(f"{metric} {arrow(metric)}", justify="right", no_wrap=True)
            grid.add_column("fit", justify="right", no_wrap=True)
            scores = format_numbers([natural(metric, candidate.score_val) for candidate in scored[:TOP]])
            for rank, (candidate, score) in enumerate(zip(scored, scores, strict=False), 1):
                grid.add_row(
                    str(rank),
                    clean(candidate.model),
                    clean(candidate.algorithm),
                    score,
                    format_seconds(candidate.fit_seconds),
                    style="bold" if rank == 1 else "",
                )
            lines.append(grid)
        return Group(*lines)
