"""Streams, signals and pipes: what only a process of its own can show."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from cloudautoml.cli.output import Output
from cloudautoml.job import JobState
from cloudautoml.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Start = Callable[..., subprocess.Popen[str]]

PATIENCE = 60.0


class Terminal:
    """A command that runs on a terminal of its own: stderr, and stdin, are it."""

    def __init__(self, arguments: list[str], *, folder: Path, environ: dict[str, str], stdout: Any = None) -> None:
        self.master, slave = pty.openpty()
        command = [sys.executable, "-m", "cloudautoml.cli.main", *arguments]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=slave, stderr=slave, stdout=stdout or slave, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def wait_for(self, text: str) -> None:
        """Read until a text has been seen."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} was not printed, but {self.seen!r}"
            ready, _, _ = select.select([self.master], [], [], 0.5)
            if ready:
                try:
                    self.seen += os.read(self.master, 4096).decode()
                except OSError:  # the other end has gone
                    assert text in self.seen, self.seen
                    return

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it to the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait for the end."""
        try:
            while True:
                self.seen += os.read(self.master, 4096).decode()
        except OSError:
            pass
        os.close(self.master)
        return self.process.wait(PATIENCE)


def test_ctrl_c_before_the_job_exists_leaves_nothing(
    work: Path, write_spec: Callable[..., Path], environ: dict[str, str], tmp_path: Path
) -> None:
    path = write_spec(slow=str(tmp_path / "never"))
    terminal = Terminal(["run", str(path)], folder=work, environ=environ)

    terminal.wait_for("preparing")
    terminal.interrupt()

    assert terminal.end() == 130
    assert "interrupted" in terminal.seen
    assert "Traceback" not in terminal.seen
    assert Store().jobs() == []


def test_ctrl_c_while_the_job_is_being_submitted_waits_and_detaches(
    work: Path, write_spec: Callable[..., Path], environ: dict[str, str], tmp_path: Path
) -> None:
    path = write_spec(hold=str(tmp_path / "hold"), gate=str(tmp_path / "never"))
    terminal = Terminal(["run", str(path)], folder=work, environ=environ)

    terminal.wait_for("submitting")
    terminal.interrupt()
    terminal.wait_for("finishing the submission")
    (tmp_path / "hold").touch()

    assert terminal.end() == 101
    (record,) = Store().jobs()
    assert record.state is JobState.RUNNING
    assert record.vendor_ref == f"vendor:{record.id}"
    assert f"cloudautoml jobs watch {record.id}" in terminal.seen


def test_a_second_ctrl_c_quits_at_once(
    work: Path, write_spec: Callable[..., Path], environ: dict[str, str], tmp_path: Path
) -> None:
    path = write_spec(hold=str(tmp_path / "never"))
    terminal = Terminal(["run", str(path)], folder=work, environ=environ)

    terminal.wait_for("submitting")
    terminal.interrupt()
    terminal.wait_for("finishing the submission")
    terminal.interrupt()

    assert terminal.end() in {-signal.SIGINT, 130}


def test_ctrl_c_while_watching_detaches_and_the_job_goes_on(
    work: Path, write_spec: Callable[..., Path], environ: dict[str, str], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    terminal = Terminal(["run", str(write_spec(gate=str(gate)))], folder=work, environ=environ)

    terminal.wait_for("searching")
    terminal.interrupt()

    assert terminal.end() == 101
    (record,) = Store().jobs()
    assert f"cloudautoml jobs watch {record.id}" in terminal.seen
    assert f"cloudautoml jobs cancel {record.id}" in terminal.seen
    assert record.state is JobState.RUNNING

    gate.touch()
    terminal = Terminal(["jobs", "watch"], folder=work, environ=environ)
    assert terminal.end() == 0
    assert Store().job(record.id).state is JobState.SUCCEEDED


def test_a_live_board_is_drawn_on_a_terminal_and_json_stays_pure(
    work: Path, write_spec: Callable[..., Path], environ: dict[str, str], tmp_path: Path
) -> None:
    gate, out = tmp_path / "gate", tmp_path / "out.json"
    with out.open("w") as stdout:
        arguments = ["run", str(write_spec(gate=str(gate))), "--json"]
        terminal = Terminal(arguments, folder=work, environ=environ, stdout=stdout)
        terminal.wait_for("━")
        gate.touch()
        assert terminal.end() == 0

    assert "\x1b[" in terminal.seen
    assert json.loads(out.read_text())["state"] == "succeeded"


def test_no_colour_where_none_is_wanted(work: Path, write_spec: Callable[..., Path], environ: dict[str, str]) -> None:
    colours = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")
    path = write_spec()

    terminal = Terminal(["run", str(path)], folder=work, environ=environ)
    assert terminal.end() == 0
    assert colours.search(terminal.seen)

    terminal = Terminal(["run", str(path)], folder=work, environ={**environ, "NO_COLOR": "1"})
    assert terminal.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7][0-9;]*m", terminal.seen)


def test_a_reader_that_leaves_is_no_error(start: Start) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    process = start("schema", stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (0, "")


def test_exit_statuses_of_a_process(start: Start, write_spec: Callable[..., Path]) -> None:
    for status, arguments in {
        0: ["--version"],
        2: ["run", "nowhere.yaml"],
        100: ["run", str(write_spec(outcome="failed"))],
        102: ["jobs", "show", "nobody"],
    }.items():
        process = start(*arguments)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == status


def test_json_holds_only_what_json_can_hold(capsys: pytest.CaptureFixture[str]) -> None:
    Output().result({"a": float("nan"), "b": [float("inf"), 1.5], "c": {"d": "ü"}})

    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "a": None, "b": [None, 1.5], "c": {"d": "ü"}}


def test_the_output_is_utf8_whatever_the_locale(
    write_spec: Callable[..., Path], start: Start, environ: dict[str, str]
) -> None:
    environ |= {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}

    process = start("run", write_spec(), encoding="utf-8")
    out, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, err
    assert "roc_auc ↑" in out
    assert "judged by roc_auc ↑" in err


def test_questions_are_answered_on_the_terminal(
    work: Path, write_spec: Callable[..., Path], environ: dict[str, str], tmp_path: Path
) -> None:
    path = write_spec(gate=str(tmp_path / "never"), price="3")
    terminal = Terminal(["run", str(path), "-d"], folder=work, environ=environ)
    terminal.wait_for("Start it?")
    os.write(terminal.master, b"n\n")
    assert terminal.end() == 2
    assert Store().jobs() == []

    terminal = Terminal(["run", str(path), "-d"], folder=work, environ=environ)
    terminal.wait_for("Start it?")
    os.write(terminal.master, b"y\n")
    assert terminal.end() == 0
    assert len(Store().jobs()) == 1
