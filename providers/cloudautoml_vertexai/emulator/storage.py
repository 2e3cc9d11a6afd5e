"""Storage: the objects in Cloud Storage that jobs read and write."""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudautoml_vertexai._names import split_uri
from cloudautoml_vertexai.emulator.errors import invalid

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cloudautoml.emulation import SettableClock


@dataclass(frozen=True, slots=True)
class Stored:
    """One object.

    Attributes:
        place: File with its content.
        size: Bytes.
        md5: Digest of its content, base64.
        crc32c: Checksum of its content, base64.
        content_type: What it is said to be.
        generation: Number of this version of it.
        updated: When it was written, by the emulator's clock.
    """

    place: Path
    size: int
    md5: str
    crc32c: str
    content_type: str
    generation: int
    updated: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket.

    Attributes:
        location: Region or continent.
        owner: Number of the project that it belongs to.
        created: When.
    """

    location: str
    owner: str
    created: datetime


class Storage:
    """Cloud Storage, as the service itself sees it.

    Args:
        folder: Where contents are kept.
        clock: The emulator's time of day.
    """

    def __init__(self, folder: Path, clock: SettableClock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self.buckets: dict[str, Bucket] = {}
        self._objects: dict[tuple[str, str], Stored] = {}

    def add_bucket(self, name: str, *, location: str, owner: str) -> Bucket:
        """Make a bucket."""
        with self._lock:
            self.buckets[name] = Bucket(location, owner, self._clock.now())
            return self.buckets[name]

    def find(self, bucket: str, name: str) -> Stored | None:
        """An object; None where there is none."""
        with self._lock:
            return self._objects.get((bucket, name))

    def names(self, bucket: str, prefix: str) -> list[str]:
        """Names of the objects that start so, sorted."""
        with self._lock:
            return sorted(name for of, name in self._objects if of == bucket and name.startswith(prefix))

    def put(
        self, bucket: str, name: str, content: bytes, *, content_type: str, only_new: bool = False
    ) -> Stored | None:
        """Write an object.

        Args:
            bucket: Where.
            name: Its name there.
            content: Its bytes.
            content_type: What it is said to be.
            only_new: Write nothing over what is there.

        Returns:
            The object; None where it was there already and only a new one was wanted.
        """
        import google_crc32c

        sums = google_crc32c.value(content).to_bytes(4, "big")
        digest = hashlib.md5(content, usedforsecurity=False).digest()
        with self._lock:
            if only_new and (bucket, name) in self._objects:
                return None
            self._count += 1
            place = self._folder / f"{self._count}"
            place.write_bytes(content)
            stored = Stored(
                place, len(content), base64.b64encode(digest).decode(), base64.b64encode(sums).decode(), content_type,
                1_700_000_000_000_000 + self._count, self._clock.now(),
            )  # fmt: skip
            self._objects[bucket, name] = stored
        return stored

    def remove(self, bucket: str, name: str) -> bool:
        """Forget an object; whether there was one."""
        with self._lock:
            return self._objects.pop((bucket, name), None) is not None

    # by address, for the services that read and write there

    def read(self, address: str) -> bytes:
        """The content of an object.

        Raises:
            VendorError: There is none.
        """
        found = self.find(*split_uri(address))
        if found is None:
            raise invalid(f"{address} cannot be read: there is no such object, or no permission to see it.")
        return found.place.read_bytes()

    def write(self, address: str, content: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Write an object.

        Raises:
            VendorError: There is no such bucket.
        """
        bucket, name = split_uri(address)
        if bucket not in self.buckets:
            raise invalid(f"there is no bucket {bucket}, or no permission to write to it.")
        self.put(bucket, name, content, content_type=content_type)
