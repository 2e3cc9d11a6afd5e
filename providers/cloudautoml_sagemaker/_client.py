"""Client: the calls to AWS, the one place where boto3 is imported; every failure leaves it as an error of ours."""

from __future__ import annotations

import contextlib
import ipaddress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cloudautoml.errors import (
    AuthenticationError,
    CloudAutoMLError,
    ConfigError,
    DataError,
    JobNotFoundError,
    MissingExtraError,
    ServiceUnavailableError,
    SpecError,
)
from cloudautoml_sagemaker._errors import error_of
from cloudautoml_sagemaker._names import bucket_owner, split_uri

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from cloudautoml_sagemaker.config import SagemakerConfig

_ATTEMPTS = 5


class Client:
    """Calls to SageMaker and S3, by the names that AWS gives them.

    Nothing is imported and nobody is asked for credentials before the first call.

    Args:
        config: Where and as whom.
    """

    def __init__(self, config: SagemakerConfig) -> None:
        self._config = config

    @cached_property
    def _session(self) -> Any:
        try:
            import boto3
        except ModuleNotFoundError as exc:
            raise MissingExtraError("sagemaker", "boto3") from exc
        with _translated("session"):
            return boto3.Session(region_name=self._config.region, profile_name=self._config.profile)

    def _service(self, name: str, endpoint: str | None) -> Any:
        session = self._session
        from botocore.config import Config

        settings = Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra="cloudautoml",
        )
        with _translated(name):
            return session.client(name, endpoint_url=endpoint, config=settings)

    @cached_property
    def sagemaker(self) -> Any:
        """boto3's client of SageMaker."""
        return self._service("sagemaker", self._config.endpoint_url)

    @cached_property
    def s3(self) -> Any:
        """boto3's client of S3."""
        return self._service("s3", self._config.s3_endpoint_url)

    @cached_property
    def runtime(self) -> Any:
        """boto3's client of the SageMaker runtime."""
        return self._service("sagemaker-runtime", self._config.runtime_endpoint_url)

    @cached_property
    def cloudwatch(self) -> Any:
        """boto3's client of CloudWatch Logs."""
        return self._service("logs", self._config.logs_endpoint_url)

    @property
    def emulated(self) -> bool:
        """Whether what answers is on this machine, and so is not AWS."""
        host = urlsplit(str(self.sagemaker.meta.endpoint_url)).hostname or ""
        if host == "localhost":
            return True
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
        return False

    def call(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call SageMaker.

        Args:
            operation: Such as `CreateAutoMLJobV2`.
            body: What is sent.

        Raises:
            CloudAutoMLError: The subclass says what went wrong, after botocore's own retries.
        """
        client = self.sagemaker
        from botocore import xform_name

        with _translated(operation):
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**body)
        return answer

    def invoke(self, endpoint: str, body: bytes, content_type: str) -> bytes:
        """What an endpoint answers."""
        with _translated("InvokeEndpoint"):
            answer = self.runtime.invoke_endpoint(
                EndpointName=endpoint, Body=body, ContentType=content_type, Accept="text/csv"
            )
            content: bytes = answer["Body"].read()
        return content

    def machine_log(self, group: str, stream: str) -> Iterator[tuple[int, str]]:
        """Milliseconds since 1970 and text of each line of the streams that start so; nothing where there is none."""
        token: dict[str, str] = {}
        while True:
            try:
                with _translated("FilterLogEvents"):
                    page = self.cloudwatch.filter_log_events(logGroupName=group, logStreamNamePrefix=stream, **token)
            except JobNotFoundError:
                return
            yield from ((int(line["timestamp"]), str(line["message"])) for line in page.get("events", ()))
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}

    def pages(self, operation: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Call SageMaker for a list, page by page."""
        token: dict[str, str] = {}
        while True:
            page = self.call(operation, {**body, **token})
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    # S3

    def _owner(self, bucket: str) -> dict[str, str]:
        owner = bucket_owner(self._config)
        return {"ExpectedBucketOwner": owner} if owner and bucket == self._config.bucket else {}

    def check_bucket(self) -> None:
        """Refuse a bucket that is somebody else's, or in another region than the job.

        Raises:
            ConfigError: It is.
        """
        bucket = str(self._config.bucket)
        try:
            with _translated("HeadBucket"):
                answer = self.s3.head_bucket(Bucket=bucket, **self._owner(bucket))
        except DataError as exc:
            raise ConfigError(f"there is no bucket {bucket!r}", where="providers.sagemaker.bucket") from exc
        found, wanted = answer.get("BucketRegion"), self.sagemaker.meta.region_name
        if found and found != wanted:
            raise ConfigError(
                f"bucket {bucket!r} is in {found}, and the job would run in {wanted}",
                where="providers.sagemaker.bucket",
                hint="Autopilot reads from its own region alone",
            )

    def exists(self, uri: str) -> int | None:
        """The size of an object in bytes; None where there is none."""
        bucket, key = split_uri(uri)
        try:
            with _translated("HeadObject"):
                return int(self.s3.head_object(Bucket=bucket, Key=key, **self._owner(bucket))["ContentLength"])
        except DataError:
            return None

    def listed(self, uri: str) -> Iterator[tuple[str, int]]:
        """Address and bytes of each object under an address."""
        bucket, prefix = split_uri(uri)
        token: dict[str, str] = {}
        while True:
            with _translated("ListObjectsV2"):
                page = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **self._owner(bucket), **token)
            yield from ((f"s3://{bucket}/{item['Key']}", int(item["Size"])) for item in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete_all(self, uri: str) -> None:
        """Delete the objects under an address, a thousand a call."""
        bucket, _ = split_uri(uri)
        keys = [{"Key": split_uri(address)[1]} for address, _ in self.listed(uri)]
        for start in range(0, len(keys), 1000):
            some = {"Objects": keys[start : start + 1000], "Quiet": True}
            with _translated("DeleteObjects"):
                answer = self.s3.delete_objects(Bucket=bucket, Delete=some, **self._owner(bucket))
            for failed in answer.get("Errors", ()):
                raise error_of(str(failed.get("Code")), str(failed.get("Message")), operation="DeleteObjects")

    def stream(self, uri: str) -> Iterator[bytes]:
        """The content of an object, in pieces."""
        bucket, key = split_uri(uri)
        with _translated("GetObject"):
            body = self.s3.get_object(Bucket=bucket, Key=key, **self._owner(bucket))["Body"]
            yield from body.iter_chunks(1 << 20)

    def upload(self, path: Path, uri: str) -> None:
        """Write a file to S3, in parts where it is large."""
        bucket, key = split_uri(uri)
        with _translated("PutObject"):
            self.s3.upload_file(str(path), bucket, key, ExtraArgs=self._owner(bucket) or None)

    def read(self, uri: str) -> bytes:
        """The content of an object."""
        bucket, key = split_uri(uri)
        with _translated("GetObject"):
            content: bytes = self.s3.get_object(Bucket=bucket, Key=key, **self._owner(bucket))["Body"].read()
        return content


@contextlib.contextmanager
def _translated(operation: str) -> Generator[None]:
    """Turn what boto3 raises into errors of ours."""
    from boto3.exceptions import S3UploadFailedError
    from botocore import exceptions as aws

    try:
        yield
    except aws.ClientError as exc:
        raise _refusal(exc, operation) from exc
    except S3UploadFailedError as exc:
        cause = exc.__context__
        raise (
            _refusal(cause, operation) if isinstance(cause, aws.ClientError) else ServiceUnavailableError(str(exc))
        ) from exc
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError, aws.TokenRetrievalError,
            aws.SSOError) as exc:  # fmt: skip
        raise AuthenticationError(str(exc), hint="aws configure, or aws sso login") from exc
    except (aws.NoRegionError, aws.ProfileNotFound, aws.InvalidRegionError) as exc:
        raise ConfigError(str(exc), where="providers.sagemaker.region") from exc
    except aws.ParamValidationError as exc:
        raise SpecError(str(exc), hint="look at `raw`") from exc
    except (aws.ConnectionError, aws.HTTPClientError, aws.IncompleteReadError) as exc:
        raise ServiceUnavailableError(f"AWS cannot be reached: {exc}") from exc
    except aws.BotoCoreError as exc:
        raise CloudAutoMLError(f"{operation}: {exc}") from exc


def _refusal(exc: Any, operation: str) -> CloudAutoMLError:
    error: Mapping[str, Any] = exc.response.get("Error", {})
    status = int(exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    return error_of(str(error.get("Code", "")), str(error.get("Message", "")), operation=operation, http_status=status)
