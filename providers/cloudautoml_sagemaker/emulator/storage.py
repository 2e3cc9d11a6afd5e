"""Storage: the objects in S3 that jobs read and write."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cloudautoml_sagemaker._names import split_uri
from cloudautoml_sagemaker.emulator.errors import invalid

if TYPE_CHECKING:
    from pathlib import Path


class Storage:
    """S3, as the service itself sees it.

    Args:
        client: A boto3 client of S3.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def keys(self, prefix: str) -> list[str]:
        """The addresses of the objects under an address, sorted; folders' empty markers left out.

        Raises:
            VendorError: There is no such bucket, or nothing under it.
        """
        from botocore.exceptions import ClientError

        bucket, start = split_uri(prefix)
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start)
            found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        except ClientError as exc:
            raise invalid(f"{prefix} cannot be read: {exc.response['Error']['Message']}") from exc
        keys = sorted(f"s3://{bucket}/{key}" for key in found if not key.endswith("/"))
        if not keys:
            raise invalid(f"no object was found under {prefix}")
        return keys

    def read(self, address: str, *, most: int | None = None) -> bytes:
        """The bytes of an object, or as many of the first as asked for."""
        bucket, key = split_uri(address)
        some: dict[str, str] = {} if most is None else {"Range": f"bytes=0-{most - 1}"}
        return bytes(self._client.get_object(Bucket=bucket, Key=key, **some)["Body"].read())

    def write(self, address: str, content: bytes) -> None:
        """Write an object."""
        bucket, key = split_uri(address)
        self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def download(self, prefix: str, folder: Path) -> list[Path]:
        """Copy the objects under an address; their names keep what stands after its last slash."""
        _, start = split_uri(prefix)
        root = start.rpartition("/")[0]
        files: list[Path] = []
        for address in self.keys(prefix):
            _, key = split_uri(address)
            parts = PurePosixPath(key[len(root) :].lstrip("/")).parts
            if ".." in parts:
                raise invalid(f"{address} leads out of its folder")
            file = folder.joinpath(*parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.read(address))
            files.append(file)
        return files
