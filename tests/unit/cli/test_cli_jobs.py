"""`jobs`: list, show, watch, cancel, resume, attach, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml.job import JobState
from cloudautoml.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]
    Spec = Callable[..., Path]


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The job runs until this file exists."""
    return tmp_path / "gate"


@pytest.fixture
def running(cli: Cli, write_spec: Spec, gate: Path) -> str:
    """A job that is running."""
    return str(cli("run", write_spec(gate=str(gate), raw={"api_key": "hunter2"}), "-d").out.strip())


def test_ls(cli: Cli, running: str) -> None:
    ended = cli("jobs", "ls")
    assert ended.status == 0
    assert ended.out.splitlines()[1].split()[:3] == [running, "running", "fake"]

    (row,) = cli("jobs", "ls", "--json").json["jobs"]
    assert (row["id"], row["state"]) == (running, "running")
    assert cli("jobs", "ls", "-p", "local", "--json").json["jobs"] == []


def test_ls_without_jobs(cli: Cli) -> None:
    ended = cli("jobs", "ls")

    assert (ended.status, ended.out) == (0, "")
    assert "cloudautoml run SPEC" in ended.err


@pytest.mark.parametrize("ref", ["{id}", "{start}", "demo", "last", "vendor:{id}"])
def test_a_job_is_meant_in_many_ways(cli: Cli, running: str, ref: str) -> None:
    shown = cli("jobs", "show", ref.format(id=running, start=running[:8]), "--json").json

    assert shown["id"] == running


def test_show_tells_who_works_on_it_and_no_secret(cli: Cli, running: str) -> None:
    store = Store()
    lease = store.leases.take(running)

    ended = cli("jobs", "show")
    assert ended.status == 0
    assert f"process {lease.pid}" in ended.out
    assert "type: tabular_classification" in ended.out
    assert "hunter2" not in ended.out + ended.err

    shown = cli("jobs", "show", "--json")
    assert shown.json["owner"]["pid"] == lease.pid
    assert shown.json["spec"]["providers"]["fake"]["raw"] == {"api_key": "****"}
    assert "hunter2" not in shown.out
    store.leases.release(lease)
    assert "nobody" in cli("jobs", "show").out


def test_logs(cli: Cli, running: str) -> None:
    assert cli("jobs", "logs").out == "first line\nsecond line, follow=False\n"
    assert cli("jobs", "logs", running, "-f").out.endswith("follow=True\n")
    assert cli("jobs", "logs", "--json").json["lines"] == ["first line", "second line, follow=False"]
    assert cli("jobs", "logs", "--json", "-f").status == 2


def test_watch_ends_as_the_job_ends(cli: Cli, running: str, gate: Path) -> None:
    ended = cli("jobs", "watch", "--timeout", "0.05")
    assert ended.status == 101
    assert ended.out == f"{running}\n"

    gate.touch()
    ended = cli("jobs", "watch", "--json")
    assert (ended.status, ended.json["state"]) == (0, "succeeded")


def test_a_job_that_nobody_works_on_is_not_waited_for(cli: Cli, running: str) -> None:
    (Store().job_dir(running) / "died").touch()

    ended = cli("jobs", "watch", "--json")

    assert ended.status == 101
    assert (ended.json["state"], ended.json["phase"]) == ("running", "interrupted")
    assert "was interrupted: its worker has died" in ended.err


def test_ls_tells_of_a_job_whose_worker_has_died(cli: Cli, running: str) -> None:
    store = Store()
    lease = store.leases.take(running)
    store.leases.renew(lease, active_seconds=2.0)
    assert cli("jobs", "ls", "--json").json["jobs"][0]["phase"] == "searching"

    store.leases.release(lease)
    assert cli("jobs", "ls", "--json").json["jobs"][0]["phase"] == "interrupted"


def test_cancel_asks_and_is_told_twice_without_harm(cli: Cli, running: str) -> None:
    ended = cli("jobs", "cancel", running)
    assert ended.status == 2
    assert "add -y" in ended.err
    assert Store().job(running).state is JobState.RUNNING

    assert cli("jobs", "cancel", running, "-y", "--json").json == {
        "schema_version": 1, "job": running, "state": "cancelled", "changed": True,
    }  # fmt: skip
    ended = cli("jobs", "cancel", running)
    assert ended.status == 0
    assert "had ended already: cancelled" in ended.err
    assert cli("jobs", "watch", running).status == 103


def test_resume_lets_a_cancelled_job_go_on(cli: Cli, running: str, gate: Path) -> None:
    cli("jobs", "cancel", "-y")
    gate.touch()

    ended = cli("jobs", "resume", "--max-trials", 7, "--max-time", "90s", "--json")

    assert (ended.status, ended.json["state"]) == (0, "succeeded")
    assert "resumed with 7 trials and 0:01:30" in [event.message for event in Store().events(running)]


def test_resume_of_a_job_that_somebody_works_on_only_watches(cli: Cli, running: str, gate: Path) -> None:
    lease = Store().leases.take(running)
    gate.touch()

    ended = cli("jobs", "resume")

    assert ended.status == 0
    assert f"is still running: process {lease.pid}" in ended.err
    assert not [event for event in Store().events(running) if "resumed" in event.message]


def test_a_job_that_cannot_be_resumed(cli: Cli, running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import fake_provider

    from cloudautoml.capabilities import Feature, unsupported

    monkeypatch.delattr(fake_provider.FakeJob, "resume")
    table = dict(fake_provider.FakeProvider.capabilities.items())
    table[Feature.RESUME] = unsupported("the vendor forgets", "start it again")
    monkeypatch.setattr(
        fake_provider.FakeProvider, "capabilities", type(fake_provider.FakeProvider.capabilities)(table)
    )

    ended = cli("jobs", "resume")

    assert ended.status == 2
    assert "the vendor forgets; start it again" in ended.err


def test_attach_finds_a_job_by_the_vendors_name(cli: Cli, running: str, gate: Path) -> None:
    gate.touch()

    assert cli("jobs", "attach", f"vendor:{running}", "--json").json["job"] == running
    assert cli("jobs", "attach", running, "-p", "fake").status == 0
    assert cli("jobs", "attach", "arn:nobody").status == 102


def test_rm_asks_and_forgets(cli: Cli, running: str, gate: Path) -> None:
    gate.touch()
    cli("jobs", "watch")
    folder = Store().job_dir(running)
    assert folder.exists()

    assert cli("jobs", "rm", running).status == 2
    assert folder.exists()
    assert cli("jobs", "rm", running, "-y", "--json").json["removed"] is True
    assert not folder.exists()
    assert cli("jobs", "show", running).status == 102


def test_rm_leaves_a_job_that_somebody_works_on(cli: Cli, running: str) -> None:
    Store().leases.take(running)

    ended = cli("jobs", "rm", running, "-y")

    assert ended.status == 1
    assert "is being run by process" in ended.err
    assert Store().job(running).id == running
