"""Emulator: the whole of it, SageMaker and S3 beside each other, as one thing to start and to close."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from cloudautoml.emulation import EmulationServer, Emulator, SettableClock
from cloudautoml.errors import MissingExtraError
from cloudautoml_sagemaker._preflight import FEWEST_ROWS
from cloudautoml_sagemaker.emulator.hosting import Hosting
from cloudautoml_sagemaker.emulator.jobs import Jobs
from cloudautoml_sagemaker.emulator.service import SagemakerService
from cloudautoml_sagemaker.emulator.storage import Storage
from cloudautoml_sagemaker.emulator.tags import Tags
from cloudautoml_sagemaker.emulator.transforms import Transforms

if TYPE_CHECKING:
    from cloudautoml.emulation import FaultScript
    from cloudautoml.provider import Provider

ACCOUNT = "123456789012"
"""The account that everything is in; AWS keeps it for examples."""
BUCKET = "cloudautoml-emulated"
"""A bucket that is there from the start."""
ROLE = f"arn:aws:iam::{ACCOUNT}:role/cloudautoml-emulated"
"""A role to name; it grants nothing and nothing is checked against it."""
_KEY, _SECRET = "AKIAEMULATEDEMULATED", "emulated-emulated-emulated-emulated-abcd"
# Autopilot jobs at the same time by region, as its quotas have them: one elsewhere
_CONCURRENT = {
    **dict.fromkeys(("us-east-1", "us-east-2", "us-west-2", "ap-northeast-1", "eu-west-1", "eu-central-1"), 4),
    **dict.fromkeys(("ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "eu-west-2"), 2),
}


class SagemakerEmulator(Emulator):
    """SageMaker Autopilot on this machine. Use it as a context manager, or call `start` and `close`.

    Args:
        provider: Who trains; its own store keeps what it trains.
        region: The region that it stands for.
        port: Port of SageMaker; 0 takes a free one.
        s3_endpoint: Address of an S3 that is there already; one of its own is started unless given.
        faults: What goes wrong.
        clock: The emulator's time of day.
        phase_seconds: The least that each phase of a job takes, by that clock.
        fewest_rows: Rows below which a table is refused, as Autopilot refuses it.
    """

    def __init__(
        self,
        provider: Provider[Any],
        *,
        region: str = "us-east-1",
        port: int = 0,
        s3_endpoint: str | None = None,
        faults: FaultScript | None = None,
        clock: SettableClock | None = None,
        phase_seconds: float = 0.0,
        fewest_rows: int = FEWEST_ROWS,
    ) -> None:
        self.region = region
        self.clock = clock or SettableClock()
        self._s3 = _start_s3() if s3_endpoint is None else None
        self.s3_url = s3_endpoint or ""
        if self._s3 is not None:
            self.s3_url = "http://{}:{}".format(*self._s3.get_host_and_port())
        self._folder = tempfile.TemporaryDirectory(prefix="cloudautoml-emulator-")
        storage = Storage(self.client("s3"))
        tags = Tags()
        prefix = f"arn:aws:sagemaker:{region}:{ACCOUNT}:"
        self._jobs = jobs = Jobs(
            provider,
            storage=storage,
            folder=Path(self._folder.name),
            clock=self.clock,
            tags=tags,
            prefix=prefix,
            concurrent=_CONCURRENT.get(region, 1),
            phase_seconds=phase_seconds,
            fewest_rows=fewest_rows,
        )
        hosting = Hosting(jobs.servable, clock=self.clock, tags=tags, prefix=prefix, start_seconds=phase_seconds)
        transforms = Transforms(hosting, storage=storage, clock=self.clock, tags=tags, prefix=prefix)
        handlers = {
            "CreateAutoMLJobV2": jobs.create,
            "DescribeAutoMLJobV2": jobs.describe,
            "StopAutoMLJob": jobs.stop,
            "ListAutoMLJobs": jobs.list_jobs,
            "ListCandidatesForAutoMLJob": jobs.list_candidates,
            "AddTags": tags.add,
            "DeleteTags": tags.delete,
            "ListTags": tags.list_tags,
            **hosting.handlers(),
            **transforms.handlers(),
        }
        service = SagemakerService(
            handlers, invoke=hosting.invoke, secrets={_KEY: _SECRET}, region=region, url=lambda: self.url
        )
        self._server = EmulationServer(service, port=port, faults=faults, clock=self.clock)
        self.faults = self._server.faults

    @property
    def url(self) -> str:
        """Address of SageMaker and of its runtime."""
        return self._server.url

    @override
    def start(self) -> Self:
        """Serve; returns when calls are answered."""
        client = self.client("s3")
        where: dict[str, Any] = {}
        if self.region != "us-east-1":  # the one region that must not be named
            where = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=BUCKET, **where)
        self._server.start()
        return self

    @override
    def close(self) -> None:
        """Stop serving, and have what is still being trained stopped."""
        self._jobs.close()
        self._server.close()
        if self._s3 is not None:
            self._s3.stop()
        self._folder.cleanup()

    @override
    def environment(self) -> dict[str, str]:
        """What a process sets so that boto3 calls the emulator, and nobody else."""
        return {
            "AWS_ENDPOINT_URL_SAGEMAKER": self.url,
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": self.url,
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": self.s3_url,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        }

    @override
    def settings(self) -> dict[str, Any]:
        """What the provider `sagemaker` is configured with so that its jobs run here."""
        return {
            "region": self.region,
            "role": ROLE,
            "bucket": BUCKET,
            "endpoint_url": self.url,
            "runtime_endpoint_url": self.url,
            "s3_endpoint_url": self.s3_url,
            "logs_endpoint_url": self.s3_url,
            "profile": None,
            "bucket_owner": None,
            "poll_seconds": 0.5,
        }

    def client(self, service: str, **settings: Any) -> Any:
        """An unmodified boto3 client of the emulator.

        Args:
            service: `sagemaker`, `sagemaker-runtime` or `s3`.
            settings: What else `boto3.client` takes.
        """
        import boto3

        usual = {
            "endpoint_url": self.s3_url if service in {"s3", "logs"} else self.url,
            "region_name": self.region,
            "aws_access_key_id": _KEY,
            "aws_secret_access_key": _SECRET,
        }
        return boto3.client(service, **{**usual, **settings})


def _start_s3() -> Any:
    try:
        from moto.server import ThreadedMotoServer
    except ModuleNotFoundError as exc:
        raise MissingExtraError("emulators", "moto") from exc
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line a call would fill the console
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    return server
