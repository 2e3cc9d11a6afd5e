"""An emulator of SageMaker whose jobs a fake provider trains, and unmodified boto3 clients of it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from autopilot_calls import rows

from cloudautoml.emulation import SettableClock
from cloudautoml.testing import FakeProvider
from cloudautoml_sagemaker.emulator import BUCKET, SagemakerEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """Address of an S3 that all tests of a file share."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def emulator(s3_url: str, provider: FakeProvider) -> Iterator[SagemakerEmulator]:
    """An emulator whose clock stands still; each phase takes ten seconds of it."""
    clock = SettableClock(datetime(2026, 1, 1, tzinfo=UTC), rate=0)
    emulator = SagemakerEmulator(provider, s3_endpoint=s3_url, clock=clock, phase_seconds=10)
    with emulator:
        yield emulator


@pytest.fixture
def client(emulator: SagemakerEmulator) -> Iterator[Any]:
    client = emulator.client("sagemaker")
    yield client
    client.close()


@pytest.fixture
def data(emulator: SagemakerEmulator) -> Iterator[Any]:
    """S3, with a table of 600 rows in it."""
    s3 = emulator.client("s3")
    s3.upload_fileobj(io.BytesIO(rows(600)), BUCKET, "data/train.csv")
    yield s3
    s3.close()
