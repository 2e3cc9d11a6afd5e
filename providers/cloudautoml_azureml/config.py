"""Settings of the Azure provider: the workspace, the machines, and where files are."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from cloudautoml.provider import ProviderConfig


class AzuremlConfig(ProviderConfig):
    """Where jobs run. Credentials are found the way DefaultAzureCredential finds them, and never stand here."""

    subscription: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")] | None = None
    """Id of the Azure subscription."""
    resource_group: Annotated[str, Field(pattern=r"^[\w().-]{1,90}$")] | None = None
    """Resource group of the workspace."""
    workspace: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$")] | None = None
    """Name of the workspace."""
    compute: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9-]{1,23}$")] | None = None
    """Name of a compute cluster; Azure's serverless compute unless given."""
    instance_type: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")] | None = None
    """Size of a serverless machine, such as `Standard_DS3_v2`; Azure's choice unless given."""
    instances: Annotated[int, Field(ge=1)] = 1
    """Serverless machines of a job."""
    spot: bool = False
    """Take serverless machines that are cheaper and can be taken away."""
    datastore: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_]+$")] = "workspaceblobstore"
    """Blob datastore for data and predictions."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]*$")] = "cloudautoml"
    """Folder in the datastore that everything goes into."""
    experiment: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}$")] = "cloudautoml"
    """Experiment that jobs are listed under."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags on every job."""
    hourly_rate: Annotated[Decimal, Field(gt=0)] | None = None
    """USD an hour of one machine, to bound a job's cost and to price what it has used."""
    scoring_environment: str = "azureml://registries/azureml/environments/ai-ml-automl/labels/latest"
    """Environment that models predict in: the one that Azure AutoML trains in."""
    poll_seconds: Annotated[float, Field(gt=0)] = 30.0
    """Seconds between the first two looks at a job; later ones are rarer."""
    endpoint_url: str = "https://management.azure.com"
    """Address of Azure Resource Manager."""
    storage_url: str | None = None
    """Another address of the datastores' storage account."""
