"""`emulate`, and `run --rehearse`: whose emulator is started, who reaches it, and what is left when it has gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cloudautoml import registry
from cloudautoml.cli.rehearsal import emulating, rehearsing
from cloudautoml.emulation import Emulator
from cloudautoml.errors import UnknownNameError
from cloudautoml.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]


@pytest.mark.parametrize("name", registry.names("emulators"))
def test_emulators_are_of_providers_of_the_same_name(name: str) -> None:
    assert issubclass(registry.emulator_type(name), Emulator)
    assert registry.provider_plugin(name).name == name


def test_a_provider_that_nobody_emulates(cli: Cli) -> None:
    with pytest.raises(UnknownNameError, match="no-such-vendor"), emulating("no-such-vendor"):
        pass
    ended = cli("emulate", "no-such-vendor")
    assert ended.status == 2
    assert f"known: {', '.join(registry.names('emulators'))}" in ended.err


def test_a_rehearsal_cannot_be_left_behind(cli: Cli, write_spec: Callable[..., Path]) -> None:
    ended = cli("run", write_spec(), "--rehearse", "--detach")
    assert ended.status == 2
    assert "ends with the command" in ended.err
    assert Store().jobs() == []


def test_a_rehearsal_of_what_has_no_emulator(cli: Cli, write_spec: Callable[..., Path]) -> None:
    ended = cli("run", write_spec(), "--rehearse")
    assert ended.status == 2
    assert "unknown emulator 'fake'" in ended.err
    assert Store().jobs() == []


def test_a_rehearsal_is_reached_by_its_own_provider_and_leaves_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key-of-the-users")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    before = dict(os.environ)
    plugin = registry.provider_plugin("sagemaker")
    store = Store()
    with rehearsing(plugin.provider(plugin.config(), store=store)) as backend:
        assert backend.store is store
        assert backend.config.endpoint_url.startswith("http://127.0.0.1:")
        client = boto3.client("sagemaker")
        assert client.meta.endpoint_url == backend.config.endpoint_url
        assert client.list_auto_ml_jobs()["AutoMLJobSummaries"] == []
        client.close()
        s3 = boto3.client("s3")
        assert backend.config.bucket in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        s3.close()
    assert dict(os.environ) == before
