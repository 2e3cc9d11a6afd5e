"""Azure AutoML: jobs in the user's own Azure Machine Learning workspace."""

from __future__ import annotations

from cloudautoml.provider import ProviderPlugin
from cloudautoml_azureml.config import AzuremlConfig
from cloudautoml_azureml.provider import AzuremlProvider

plugin = ProviderPlugin(
    name="azureml",
    description="Azure AutoML, in your Azure Machine Learning workspace",
    provider=AzuremlProvider,
    config=AzuremlConfig,
)
"""What the entry point `azureml` names."""

__all__ = ["AzuremlConfig", "AzuremlProvider", "plugin"]
