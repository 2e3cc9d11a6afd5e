"""Follow: watch a job until it has ended, or until the user has seen enough; the job does not depend on it."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudautoml.cli.board import Board
from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    from types import FrameType

    from cloudautoml.job import Job, JobStatus
    from cloudautoml.store import Store

_LINE_SECONDS = 5.0
"""Between two lines, where nothing can be drawn over."""


@dataclass(frozen=True)
class Sight:
    """How watching ended.

    Attributes:
        status: What was last seen of the job.
        elapsed: Seconds that the job has taken, as far as was seen.
        detached: Whether the user, or a timeout, ended the watching first.
    """

    status: "JobStatus"
    elapsed: float
    detached: bool


def follow(job: "Job", output: Output, *, store: "Store", timeout: float | None = None) -> Sight:
    """Watch a job: a live board on a terminal, a line now and then elsewhere.

    A job whose own process has died is not waited for: nobody works on it.

    Args:
        job: The job.
        output: Where to show it.
        store: Where it is recorded.
        timeout: Seconds to watch at most.
    """
    record = store.job(job.id)
    board = Board(record.spec, job=job.id, provider=record.provider)
    already, begun = record.active_seconds, time.monotonic()
    status = job.status()
    try:
        with _display(board, output) as show:
            while True:
                board.elapsed = already + time.monotonic() - begun
                board.status, board.candidates = status, job.leaderboard()
                show()
                if status.is_over:
                    return Sight(status, board.elapsed, detached=False)
                watched = time.monotonic() - begun
                if timeout is not None and watched >= timeout:
                    return Sight(status, board.elapsed, detached=True)
                # a short job is looked at often, a long one seldom: what asking costs stays small beside the job
                pause = min(0.5 + watched / 60, 15.0)
                time.sleep(pause if timeout is None else min(pause, timeout - watched))
                status = job.status()
    except KeyboardInterrupt:
        return Sight(status, board.elapsed, detached=True)


@contextmanager
def _display(board: Board, output: Output) -> Generator[Callable[[], None]]:
    if output.is_live:
        from rich.live import Live

        with Live(board, console=output.screen, refresh_per_second=4, transient=True) as live:
            yield live.refresh
        return
    told: tuple[float, str] | None = None

    def line() -> None:
        nonlocal told
        now, phase = time.monotonic(), board.phase()
        if told is None or phase != told[1] or now - told[0] >= _LINE_SECONDS:
            output.note(f"{phase}: {board.line()}")
            told = now, phase

    yield line


class Interrupts:
    """What Ctrl-C does while a job is being submitted: before the job exists it stops everything, afterwards it waits.

    Between the moment the intent is written and the moment the provider has answered, stopping would leave a job
    that nobody knows the state of; so the first Ctrl-C is kept until then, and a second one ends at once.
    """

    def __init__(self) -> None:
        self.created = threading.Event()
        self.kept = False

    @contextmanager
    def handled(self) -> Generator[None]:
        """Handle Ctrl-C this way inside the block."""
        old = signal.signal(signal.SIGINT, self._handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, old)

    def _handle(self, number: int, frame: "FrameType | None") -> None:  # noqa: ARG002 - the form of a handler
        if not self.created.is_set():
            raise KeyboardInterrupt
        if self.kept:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        self.kept = True
        print("finishing the submission; press Ctrl-C again to quit at once", file=sys.stderr)  # noqa: T201
