"""`deploy`, `jobs sweep`, `clean` and `download`: nothing is deleted or paid for that was not agreed to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]
    Spec = Callable[..., Path]


@pytest.fixture
def ended(cli: Cli, write_spec: Spec) -> str:
    """A job that has succeeded."""
    return str(cli("run", write_spec(), "--json").json["job"])


def test_a_sweep_deletes_nothing_unless_told(cli: Cli, ended: str) -> None:
    shown = cli("jobs", "sweep", "-p", "fake")
    assert shown.status == 0
    assert [line.split()[0] for line in shown.out.splitlines()[1:]] == ["endpoint", "endpoint", "files"]
    assert "until 2999-01-01" in shown.out
    assert "--delete" in shown.err
    asked = cli("jobs", "sweep", "-p", "fake", "--delete")
    assert asked.status == 2, "nobody is there to agree"
    assert len(cli("jobs", "sweep", "-p", "fake", "--json").json["leftovers"]) == 3


def test_what_is_over_is_swept_and_the_rest_stays(cli: Cli, ended: str) -> None:
    swept = cli("jobs", "sweep", "-p", "fake", "--expired", "--delete", "-y", "--json").json
    assert [item["name"] for item in swept["leftovers"]] == ["old"]
    assert swept["deleted"]
    left = cli("jobs", "sweep", "-p", "fake", "--json").json["leftovers"]
    assert [item["name"] for item in left] == ["new", "vendor://a"]
    assert [item["name"] for item in cli("jobs", "sweep", "-p", "fake", "--job", "b", "--json").json["leftovers"]] == [
        "new"
    ]


def test_clean_and_deploy_ask(cli: Cli, ended: str) -> None:
    assert cli("jobs", "clean", ended).status == 2
    assert cli("jobs", "clean", ended, "-y", "--json").json["leftovers"][0]["name"] == "m"
    assert cli("deploy", ended, "--max-hours", "2").status == 2
    deployed = cli("deploy", ended, "--max-hours", "2", "-y")
    assert deployed.out == "served\n"
    assert "until 2030-01-01 02:00 UTC" in deployed.err
    assert "more than 0" in cli("deploy", ended, "--max-hours", "0", "-y").err


def test_nothing_is_left_by_a_provider_of_this_machine(cli: Cli, ended: str) -> None:
    assert "nothing is left" in cli("jobs", "sweep", "-p", "local").err


def test_artifacts_are_copied_with_their_checksums(
    cli: Cli, ended: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cloudautoml.config import provider_for

    record = Store().job(ended)
    job = provider_for(record.spec, "fake", store=Store()).attach(ended)
    model = tmp_path / "kept" / "model"
    (model / "parts").mkdir(parents=True)
    (model / "parts" / "a.bin").write_bytes(b"abc")
    (tmp_path / "kept" / "r.html").write_text("<html>")
    places = {"report": tmp_path / "kept" / "r.html", "model": model, "none": tmp_path / "not there"}
    monkeypatch.setattr(type(job), "artifacts", lambda _: places)
    found = job.download(tmp_path / "out")
    assert found == {"report": tmp_path / "out" / "report.html", "model": tmp_path / "out" / "model"}
    assert (tmp_path / "out" / "model" / "parts" / "a.bin").read_bytes() == b"abc"
    assert hashlib.sha256(b"abc").hexdigest() in (tmp_path / "out" / "checksums.json").read_text()
    assert list(job.download(tmp_path / "one", names=["report"])) == ["report"]
    assert "known: model, none, report" in cli("jobs", "download", ended, "nothing", "-o", tmp_path / "x").err
