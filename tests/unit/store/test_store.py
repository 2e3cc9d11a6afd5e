"""The store: one record a job, histories without holes, and a file that survives what happens to files."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cloudautoml.errors import JobNotFoundError, StorageError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.spec import JobSpec, TabularRegression
from cloudautoml.store import Store, atomic_path, read_json, write_bytes, write_json
from cloudautoml.store.database import MIGRATIONS

SPEC = JobSpec(name="job", task=TabularRegression(target="y"), data="a.csv")  # type: ignore[arg-type]

WRITER = """
import pathlib, sys
from cloudautoml.store import Store
store = Store(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while number < int(sys.argv[3]):
    number += 1
    store.add_event(sys.argv[2], "note", f"{sys.argv[4]} {number}", {"number": number})
    print(number, flush=True)
"""


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home)


def writer(store: Store, job: str, count: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(store.home), job, str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_nothing_is_made_before_it_is_needed(home: Path) -> None:
    Store(home)
    assert not home.exists()


def test_job_is_found_by_each_of_its_names(store: Store) -> None:
    first, second = store.create(SPEC, "local"), store.create(SPEC, "local")
    store.set_vendor_ref(first.id, "arn:of:first")
    assert store.find(first.id).id == first.id
    assert store.find(first.id[:-1]).id == first.id
    assert store.find("arn:of:first").id == first.id
    assert store.find("job").id == second.id
    assert store.find("last").id == second.id
    assert [record.id for record in store.jobs()] == [second.id, first.id]
    with pytest.raises(JobNotFoundError, match="start of 2 jobs"):
        store.find("jo")
    with pytest.raises(JobNotFoundError, match="no job"):
        store.find("other")


def test_empty_reference_is_not_the_only_job(store: Store) -> None:
    store.create(SPEC, "local")
    with pytest.raises(JobNotFoundError, match="empty"):
        store.find("")


def test_writing_about_a_removed_job_says_so(store: Store) -> None:
    job = store.create(SPEC, "local").id
    store.job_dir(job).mkdir(parents=True)
    store.remove(job)
    assert not store.job_dir(job).exists()
    with pytest.raises(JobNotFoundError):
        store.add_event(job, "note", "late")
    with pytest.raises(JobNotFoundError):
        store.observe(job, JobStatus(JobState.RUNNING))
    with pytest.raises(JobNotFoundError):
        store.set_vendor_ref(job, "x")
    assert store.events(job) == []


def test_stored_spec_asks_for_no_more_than_it_did(store: Store) -> None:
    from cloudautoml.provider import required_features

    record = store.create(SPEC, "local")
    assert record.spec == SPEC
    assert list(required_features(record.spec)) == list(required_features(SPEC))


class Machine(RuleBasedStateMachine):
    """Statuses come in any order; the record follows the machine, and its history tells every step."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name))
        self.job = self.store.create(SPEC, "local").id
        self.state = JobState.CREATED
        self.history = [JobState.CREATED]

    @rule(state=st.sampled_from(JobState), phase=st.sampled_from(["", "a", "b"]))
    def observe(self, state: JobState, phase: str) -> None:
        record = self.store.observe(self.job, JobStatus(state, phase=phase))
        if state is not JobState.UNKNOWN and self.state.can_become(state):
            if state is not self.state:
                self.history.append(state)
            self.state = state
        assert record.state is self.state

    @rule()
    def reopen(self) -> None:
        if self.state.is_terminal:
            self.store.reopen(self.job)
            self.state = JobState.QUEUED
            self.history.append(JobState.QUEUED)

    @rule()
    def look_from_elsewhere(self) -> None:
        other = Store(Path(self.folder.name))
        assert other.job(self.job).state is self.state
        other.close()

    @invariant()
    def history_tells_every_step(self) -> None:
        events = self.store.events(self.job)
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        assert [event.data["state"] for event in events if event.kind == "state"] == self.history
        assert (self.store.job(self.job).ended is not None) == self.state.is_terminal

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


def test_threads_share_one_history(store: Store) -> None:
    job = store.create(SPEC, "local").id
    threads = [
        threading.Thread(target=lambda: [store.add_event(job, "note", "x") for _ in range(20)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.number for event in store.events(job)] == list(range(1, 82))


def test_processes_share_one_history_while_somebody_reads(store: Store) -> None:
    job = store.create(SPEC, "local").id
    processes = [writer(store, job, 40, name) for name in ("one", "two")]
    seen = 0
    while any(process.poll() is None for process in processes):
        seen = max(seen, len(Store(store.home).events(job)))
    assert [process.communicate()[0].split()[-1] for process in processes] == ["40", "40"]
    events = store.events(job)
    assert [event.number for event in events] == list(range(1, 82))
    assert seen <= 81


def test_many_open_a_new_store_at_once(home: Path) -> None:
    code = "import sys, pathlib; from cloudautoml.store import Store; Store(pathlib.Path(sys.argv[1])).jobs()"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stderr=subprocess.PIPE, text=True) for _ in range(5)
    ]
    assert [process.communicate()[1] for process in processes] == [""] * 5
    assert [process.returncode for process in processes] == [0] * 5


@pytest.mark.parametrize("after", [1, 5, 17])
def test_what_was_reported_survives_a_kill(store: Store, after: int) -> None:
    job = store.create(SPEC, "local").id
    process = writer(store, job, 100_000, "writer")
    assert process.stdout is not None
    reported = 0
    for line in process.stdout:
        if line.strip().isdigit():
            reported = int(line)
        if reported >= after:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    numbers = [event.data["number"] for event in Store(store.home).events(job) if event.kind == "note"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= reported
    store.add_event(job, "note", "goes on")


def test_reading_is_not_blocked_by_a_writer(store: Store) -> None:
    job = store.create(SPEC, "local").id
    other = sqlite3.connect(store.home / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE jobs SET phase = 'half done'")
    assert store.job(job).phase == ""
    other.execute("COMMIT")
    other.close()
    assert store.job(job).phase == "half done"


def add_events(store: Store, job: str, count: int) -> None:
    for _ in range(count):
        store.add_event(job, "note", "x" * 4000)


def test_full_disk_loses_nothing_and_can_be_gone_on_from(store: Store) -> None:
    job = store.create(SPEC, "local").id
    with store._database.write() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
    store._database._connect().execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StorageError, match="full") as caught:
        add_events(store, job, 100)
    assert "free some space" in str(caught.value)
    before = len(store.events(job))
    store._database._connect().execute("PRAGMA max_page_count=100000")
    store.add_event(job, "note", "there is room again")
    events = store.events(job)
    assert [event.number for event in events] == list(range(1, before + 2))


def test_newer_version_is_refused_and_left_as_it_is(store: Store) -> None:
    job = store.create(SPEC, "local").id
    path = store.home / "store.db"
    store.close()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    other.close()
    with pytest.raises(StorageError, match="version") as caught:
        Store(store.home).job(job)
    assert "upgrade" in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"this is not a database, whatever it is called", os.urandom(4096)])
def test_damaged_file_is_named(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "store.db").write_bytes(content)
    with pytest.raises(StorageError) as caught:
        Store(home).jobs()
    assert "store.db" in str(caught.value)
    assert "move the file away" in str(caught.value)
    assert (home / "store.db").read_bytes() == content


def test_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        Store(tmp_path / "file" / "home").jobs()
    assert str(tmp_path / "file") in str(caught.value)


def test_home_without_permission_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StorageError, match="not writable") as caught:
        Store(home).jobs()
    assert "CLOUDAUTOML_HOME" in str(caught.value)


def test_closed_store_says_so(store: Store) -> None:
    store.create(SPEC, "local")
    store.close()
    with pytest.raises(StorageError, match="closed"):
        store.jobs()


# files


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"
    write_json(path, {"x": [1, "ü"]})
    write_json(path, {"x": 2})
    assert read_json(path) == {"x": 2}
    assert [child.name for child in path.parent.iterdir()] == ["b.json"]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_failure_at_any_step_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    owner = os if step == "fsync" else Path
    monkeypatch.setattr(owner, "write_bytes" if step == "write" else step, fail)
    with pytest.raises(StorageError) as caught:
        write_bytes(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [child.name for child in tmp_path.iterdir() if child.is_file()] == ["file"]
    assert str(path) in str(caught.value)
    assert ("full" in str(caught.value)) == (code == errno.ENOSPC)


def test_exception_in_the_block_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as beside:
        beside.write_bytes(b"x" * (1 // 0))
    assert path.read_bytes() == b"old"
    assert len([child for child in tmp_path.iterdir() if child.is_file()]) == 1


def test_json_without_numbers_it_cannot_say(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"x": float("nan")})
    (tmp_path / "y.json").write_text("{torn")
    with pytest.raises(StorageError, match="not JSON"):
        read_json(tmp_path / "y.json")
