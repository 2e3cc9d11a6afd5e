"""Calls in processes of their own, forked by a host and run in one."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
from processes import eventually, is_running, parent_of

from cloudautoml_local.executors.process import MAX_DEATHS, ProcessExecutor
from cloudautoml_local.tasks.base import Preload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudautoml_local.executors import Outcome

PLAIN = Preload("plain", ("json",), {"COLOUR": "green"})
OTHER = Preload("other", ("csv",))


@pytest.fixture(params=[True, False], ids=["forking", "serial"])
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProcessExecutor]:
    made = ProcessExecutor([PLAIN, OTHER], directory=lambda number: tmp_path / str(number), fork=request.param)
    yield made
    made.close()


@pytest.fixture
def forking(tmp_path: Path) -> Iterator[ProcessExecutor]:
    made = ProcessExecutor([PLAIN, OTHER], directory=lambda number: tmp_path / str(number), fork=True)
    yield made
    made.close()


def outcomes(executor: ProcessExecutor, count: int) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}

    def look() -> bool:
        found.update((outcome.number, outcome) for outcome in executor.wait(0.5))
        return len(found) >= count

    eventually(look, seconds=60)
    return found


def test_calls_return_what_they_return_whatever_they_print(executor: ProcessExecutor, tmp_path: Path) -> None:
    for number in range(3):
        executor.start(number, "executor_calls:echo", {"text": f"ü {number}\n"}, group="plain")
    found = outcomes(executor, 3)
    assert [found[number].value["text"] for number in range(3)] == ["ü 0\n", "ü 1\n", "ü 2\n"]  # type: ignore[index]
    assert all(outcome.reason == "" and outcome.seconds >= 0 for outcome in found.values())
    assert "noise on stdout" in (tmp_path / "0" / "log.txt").read_text()


def test_each_forked_call_has_a_process_and_a_group_of_its_own(forking: ProcessExecutor) -> None:
    for number in range(3):
        forking.start(number, "executor_calls:echo", {}, group="plain")
    values = [outcome.value for outcome in outcomes(forking, 3).values()]
    pids = {value["pid"] for value in values if value}
    assert len(pids) == 3
    assert os.getpid() not in pids
    assert all(value["pid"] == value["group"] for value in values if value)


def test_a_serial_host_is_replaced_after_twenty_calls(tmp_path: Path) -> None:
    executor = ProcessExecutor([PLAIN], directory=lambda number: tmp_path / str(number), fork=False)
    pids: list[int] = []
    for number in range(21):
        executor.start(number, "executor_calls:echo", {}, group="plain")
        value = outcomes(executor, 1)[number].value
        assert value is not None
        pids.append(value["pid"])
    executor.close()
    assert len(set(pids[:20])) == 1
    assert pids[20] != pids[19]
    assert not any(is_running(pid) for pid in pids)


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [
        ("trial", "nan", "the loss is not a number"),
        ("memory", "oom", "out of memory"),
        ("bug", "error", 'KeyError: "a library\'s own error"'),
    ],
)
def test_what_a_call_raises_is_told_in_words(executor: ProcessExecutor, kind: str, reason: str, words: str) -> None:
    executor.start(0, "executor_calls:fail", {"kind": kind}, group="plain")
    outcome = outcomes(executor, 1)[0]
    assert (outcome.value, outcome.reason) == (None, reason)
    assert words in outcome.message


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [("exit", "crash", "status 3"), ("abort", "crash", "SIGABRT"), ("kill", "oom", "want of memory")],
)
def test_a_process_that_dies_takes_no_other_with_it(
    forking: ProcessExecutor, kind: str, reason: str, words: str
) -> None:
    forking.start(0, "executor_calls:fail", {"kind": kind}, group="plain")
    forking.start(1, "executor_calls:echo", {"text": "unharmed"}, group="plain")
    found = outcomes(forking, 2)
    assert found[0].reason == reason
    assert words in found[0].message
    assert found[1].value is not None


def test_a_call_that_hangs_is_killed_at_its_limit_with_all_it_has_started(
    executor: ProcessExecutor, tmp_path: Path
) -> None:
    path = tmp_path / "pids.json"
    executor.start(0, "executor_calls:touch_and_hang", {"path": str(path)}, group="plain", seconds=2.0)
    outcome = outcomes(executor, 1)[0]
    assert (outcome.reason, outcome.value) == ("timeout", None)
    assert 2.0 <= outcome.seconds < 10.0
    head, same_group, *_ = json.loads(path.read_text())
    eventually(lambda: not is_running(head) and not is_running(same_group))


def test_a_kill_ends_the_call_and_nothing_else(executor: ProcessExecutor, tmp_path: Path) -> None:
    path = tmp_path / "pids.json"
    executor.start(0, "executor_calls:touch_and_hang", {"path": str(path)}, group="plain")
    eventually(lambda: executor.wait(0.05) or path.exists(), seconds=60)
    executor.kill(0)
    assert outcomes(executor, 1)[0].reason == "cancelled"
    executor.start(1, "executor_calls:echo", {}, group="plain")
    assert outcomes(executor, 1)[1].value is not None


def test_a_forked_call_leaves_no_orphan_not_even_in_a_session_of_its_own(forking: ProcessExecutor) -> None:
    forking.start(0, "executor_calls:leave_children", {}, group="plain")
    value = outcomes(forking, 1)[0].value
    assert value is not None
    eventually(lambda: not any(is_running(pid) for pid in value["pids"]))


def test_closing_ends_what_still_runs(executor: ProcessExecutor, tmp_path: Path) -> None:
    path = tmp_path / "pids.json"
    executor.start(0, "executor_calls:touch_and_hang", {"path": str(path)}, group="plain")
    eventually(lambda: executor.wait(0.05) or path.exists(), seconds=60)
    executor.close()
    head, same_group, *_ = json.loads(path.read_text())
    eventually(lambda: not is_running(head) and not is_running(same_group))


def test_a_host_that_is_killed_loses_its_calls_and_is_replaced(forking: ProcessExecutor, tmp_path: Path) -> None:
    path = tmp_path / "pids.json"
    forking.start(0, "executor_calls:touch_and_hang", {"path": str(path)}, group="plain")
    eventually(lambda: forking.wait(0.05) or path.exists(), seconds=60)
    head = json.loads(path.read_text())[0]
    host = parent_of(head)
    os.kill(host, signal.SIGKILL)
    assert outcomes(forking, 1)[0].reason == "lost"
    eventually(lambda: not is_running(head))
    forking.start(1, "executor_calls:echo", {}, group="plain")
    assert outcomes(forking, 1)[1].value is not None


def test_a_group_that_cannot_be_imported_fails_its_calls_and_no_others(tmp_path: Path) -> None:
    broken = Preload("broken", ("no_such_library",))
    executor = ProcessExecutor([broken, PLAIN], directory=lambda number: tmp_path / str(number))
    executor.start(0, "executor_calls:echo", {}, group="broken")
    executor.start(1, "executor_calls:echo", {}, group="plain")
    found = outcomes(executor, 2)
    assert found[0].reason == "error"
    assert "no_such_library" in found[0].message
    assert found[1].value is not None
    executor.start(2, "executor_calls:echo", {}, group="broken")
    assert "no_such_library" in executor.wait(0.0)[0].message
    executor.close()


def test_a_group_whose_import_ends_the_process_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deadly.py").write_text("import os\nos._exit(1)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    executor = ProcessExecutor(
        [Preload("deadly", ("deadly",))], directory=lambda number: tmp_path / str(number), fork=True
    )
    reasons: list[str] = []
    for number in range(MAX_DEATHS):
        executor.start(number, "executor_calls:echo", {}, group="deadly")
        reasons.append(outcomes(executor, 1)[number].reason)
    executor.close()
    assert reasons == ["lost"] * (MAX_DEATHS - 1) + ["error"]


def test_hosts_start_one_after_the_other_with_their_variables(forking: ProcessExecutor) -> None:
    forking.warm_up()
    assert not forking.is_ready("plain")
    eventually(lambda: forking.wait(0.05) or (forking.is_ready("plain") and forking.is_ready("other")), seconds=60)
    forking.start(0, "executor_calls:environment", {"name": "COLOUR"}, group="plain")
    forking.start(1, "executor_calls:environment", {"name": "OMP_NUM_THREADS"}, group="other")
    found = outcomes(forking, 2)
    assert found[0].value == {"value": "green"}
    assert found[1].value == {"value": "1"}
