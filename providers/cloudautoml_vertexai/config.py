"""Settings of the Vertex AI provider: the project and region that jobs run in, and where their files are."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from cloudautoml.provider import ProviderConfig

Fraction = Annotated[float, Field(ge=0, le=1)]


class VertexaiConfig(ProviderConfig):
    """Where jobs run. Credentials are Google's application default ones, and never stand here."""

    project: Annotated[str, Field(pattern=r"^([a-z][a-z0-9.:-]{4,62}[a-z0-9]|\d+)$")] | None = None
    """Id or number of the Google Cloud project."""
    location: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)+\d+$")] | None = None
    """Region, such as `europe-west4`. The bucket must be there too."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$")] | None = None
    """Cloud Storage bucket for data and results."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9!_.*'()/-]*$")] = "cloudautoml"
    """Folder in the bucket that everything goes into."""
    bucket_project_number: Annotated[str, Field(pattern=r"^\d+$")] | None = None
    """Number of the project that must own the bucket; the job's own project unless given."""
    encryption_key: Annotated[
        str, Field(pattern=r"^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$")
    ] | (None) = None
    """Cloud KMS key that data sets, pipelines and models are encrypted with."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels on everything that is created."""
    fractions: tuple[Fraction, Fraction, Fraction] | None = None
    """Shares of the rows to train, validate and test on, as Google splits them; 0.8, 0.1, 0.1 unless given."""
    early_stopping: bool = True
    """Let training end before the budget does where it gains nothing more."""
    node_hour_prices: dict[str, Annotated[Decimal, Field(gt=0)]] = Field(default_factory=dict)
    """USD a node hour by kind (`tabular`), where yours differ from the published ones."""
    batch_machine_type: str = "n1-standard-4"
    """Machine type for predictions."""
    poll_seconds: Annotated[float, Field(gt=0)] = 30.0
    """Seconds between the first two looks at a job; later ones are rarer."""
    endpoint: str | None = None
    """Another address of the API; one that starts with `http` is called over REST, any other over gRPC."""
    storage_endpoint: str | None = None
    """Another address of Cloud Storage."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.fractions is not None and not math.isclose(sum(self.fractions), 1.0, abs_tol=1e-6):
            msg = f"fractions add up to {sum(self.fractions):g}, not to 1"
            raise ValueError(msg)
        return self
