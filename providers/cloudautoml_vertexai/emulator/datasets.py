"""Datasets: tables that are known by where they are in Cloud Storage."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from cloudautoml_vertexai._request import TABLE
from cloudautoml_vertexai.emulator.errors import invalid
from cloudautoml_vertexai.emulator.resources import Shelf, listed, stamp

if TYPE_CHECKING:
    from cloudautoml.emulation import SettableClock
    from cloudautoml_vertexai.emulator.operations import Operations
    from cloudautoml_vertexai.emulator.resources import Query
    from cloudautoml_vertexai.emulator.storage import Storage


class Datasets:
    """The data sets of one project and region.

    Args:
        shelf: Where they are kept.
        storage: Cloud Storage.
        operations: Where work goes on.
        clock: The emulator's time of day.
    """

    def __init__(self, shelf: Shelf, *, storage: Storage, operations: Operations, clock: SettableClock) -> None:
        self._shelf = shelf
        self._storage = storage
        self._operations = operations
        self._clock = clock

    def create(self, name: str, body: dict[str, Any], _: Query) -> dict[str, Any]:
        """`CreateDataset`."""
        self._shelf.check_place(name)
        if body.get("metadataSchemaUri") != TABLE:
            raise invalid(f"the emulator has data sets of {TABLE}, not of {body.get('metadataSchemaUri')}")
        if not body.get("displayName"):
            raise invalid("display_name is required.")
        _sources(body)
        now = stamp(self._clock.now())
        made = self._shelf.add({**body, "createTime": now, "updateTime": now, "etag": "emulated"})
        return self._operations.begin(made["name"], "CreateDatasetOperationMetadata", made, answer="Dataset")

    def get(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`GetDataset`."""
        return self._shelf.get(name)

    def list_all(self, name: str, _: dict[str, Any], query: Query) -> dict[str, Any]:
        """`ListDatasets`."""
        self._shelf.check_place(name)
        return listed("datasets", self._shelf.all(), query)

    def delete(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`DeleteDataset`."""
        self._shelf.remove(name)
        return self._operations.begin(name, "DeleteOperationMetadata", {})

    def table(self, number: str) -> bytes:
        """The rows of a data set: its files one after the other, under the header of the first.

        Raises:
            VendorError: There is no such data set, or a file of it cannot be read.
        """
        found = self._shelf.get(f"{self._shelf.parent}/datasets/{number}")
        joined = b""
        for place, address in enumerate(sorted(_sources(found))):
            content = self._storage.read(address)
            joined += content if place == 0 else content.partition(b"\n")[2]
            if not joined.endswith(b"\n"):
                joined += b"\n"
        return joined


def _sources(dataset: dict[str, Any]) -> list[str]:
    source: dict[str, Any] = (dataset.get("metadata") or {}).get("inputConfig", {})
    uris = source.get("gcsSource", {}).get("uri", [])
    found = [uris] if isinstance(uris, str) else list(uris)
    if not found:
        raise invalid("the emulator reads CSV files in Cloud Storage: metadata.inputConfig.gcsSource.uri is required.")
    return found


def header(table: bytes) -> list[str]:
    """The names in the first line of a CSV file."""
    return next(csv.reader(io.StringIO(table[:65536].decode("utf-8-sig", errors="replace"))), [])
