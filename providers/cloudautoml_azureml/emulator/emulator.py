"""Emulator: the whole of it, one server that stands for all of Azure's hosts, as one thing to start and to close."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from cloudautoml.emulation import EmulationServer, Emulator, SettableClock
from cloudautoml.errors import MissingExtraError
from cloudautoml_azureml._names import PROVIDER
from cloudautoml_azureml.emulator import identity
from cloudautoml_azureml.emulator.blobs import Blobs
from cloudautoml_azureml.emulator.certificate import server_context
from cloudautoml_azureml.emulator.children import ARTIFACT_CONTAINER
from cloudautoml_azureml.emulator.jobs import Jobs
from cloudautoml_azureml.emulator.resources import Resources
from cloudautoml_azureml.emulator.schema import models
from cloudautoml_azureml.emulator.service import AzuremlService

if TYPE_CHECKING:
    from cloudautoml.emulation import FaultScript
    from cloudautoml.provider import Provider

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
"""The subscription that everything is in."""
GROUP, WORKSPACE, ACCOUNT = "emulated", "cloudautoml-emulated", "cloudautomlemulated"
"""The resource group, the workspace and its storage account."""
_DATASTORES = {
    "workspaceblobstore": "azureml-blobstore-emulated",
    "workspaceartifactstore": ARTIFACT_CONTAINER,
}


class AzuremlEmulator(Emulator):
    """Azure AutoML on this machine. Use it as a context manager, or call `start` and `close`.

    Args:
        provider: Who trains; its own store keeps what it trains.
        port: Where it listens; 0 takes a free port.
        faults: What goes wrong.
        clock: The emulator's time of day.
        phase_seconds: The least that each phase of a job takes, by that clock.
    """

    def __init__(
        self,
        provider: Provider[Any],
        *,
        port: int = 0,
        faults: FaultScript | None = None,
        clock: SettableClock | None = None,
        phase_seconds: float = 0.0,
    ) -> None:
        self.clock = clock or SettableClock()
        self._folder = tempfile.TemporaryDirectory(prefix="cloudautoml-emulator-")
        folder = Path(self._folder.name)
        try:
            context, self.trusted = server_context(folder)
        except ModuleNotFoundError as exc:
            raise MissingExtraError("azureml", str(exc.name)) from exc
        for name in ("blobs", "jobs"):
            (folder / name).mkdir()
        workspace = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{PROVIDER}/workspaces/{WORKSPACE}"
        self.blobs = Blobs(folder / "blobs", clock=self.clock)
        for container in _DATASTORES.values():
            self.blobs.create(container)
        self._identity = identity.Identity()
        self._jobs = Jobs(
            provider,
            blobs=self.blobs,
            containers=_DATASTORES,
            folder=folder / "jobs",
            clock=self.clock,
            prefix=workspace,
            phase_seconds=phase_seconds,
        )
        service = AzuremlService(
            jobs=self._jobs,
            resources=Resources(workspace=workspace, account=ACCOUNT, containers=_DATASTORES, url=lambda: self.url),
            blobs=self.blobs,
            identity=self._identity,
            account=ACCOUNT,
            workspace=workspace,
            url=lambda: self.url,
        )
        self._server = EmulationServer(service, port=port, faults=faults, clock=self.clock, tls=context)
        self.faults = self._server.faults

    @property
    def url(self) -> str:
        """Address of everything."""
        return self._server.url

    @override
    def start(self) -> Self:
        """Serve; returns when calls are answered."""
        models()  # takes seconds, and better now than within the first call
        self._server.start()
        return self

    @override
    def close(self) -> None:
        """Stop serving, and have what is still being trained stopped."""
        self._jobs.close()
        self._server.close()
        self._folder.cleanup()

    @override
    def environment(self) -> dict[str, str]:
        """What a process sets so that DefaultAzureCredential and MLClient call the emulator, and nobody else."""
        return {
            "IDENTITY_ENDPOINT": f"{self.url}{identity.PATH}",
            "IDENTITY_HEADER": self._identity.secret,
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "REQUESTS_CA_BUNDLE": str(self.trusted),
            "ARM_CLOUD_METADATA_URL": f"{self.url}/metadata/endpoints?api-version=2019-05-01",
            "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        }

    @override
    def settings(self) -> dict[str, Any]:
        """What the provider `azureml` is configured with so that its jobs run here."""
        return {
            "subscription": SUBSCRIPTION,
            "resource_group": GROUP,
            "workspace": WORKSPACE,
            "endpoint_url": self.url,
            "storage_url": f"{self.url}/{ACCOUNT}",
            "datastore": "workspaceblobstore",
            "poll_seconds": 0.5,
        }
