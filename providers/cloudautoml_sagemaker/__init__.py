"""Amazon SageMaker Autopilot: jobs in the user's own AWS account."""

from __future__ import annotations

from cloudautoml.provider import ProviderPlugin
from cloudautoml_sagemaker.config import SagemakerConfig
from cloudautoml_sagemaker.provider import SagemakerProvider

plugin = ProviderPlugin(
    name="sagemaker",
    description="Amazon SageMaker Autopilot, in your AWS account",
    provider=SagemakerProvider,
    config=SagemakerConfig,
)
"""What the entry point `sagemaker` names."""

__all__ = ["SagemakerConfig", "SagemakerProvider", "plugin"]
