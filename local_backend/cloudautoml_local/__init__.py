"""The local backend: searches, trains and predicts on this machine."""

from cloudautoml.provider import ProviderPlugin
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.provider import LocalProvider

plugin = ProviderPlugin(
    name="local",
    description="this machine: free, offline, resumable",
    provider=LocalProvider,
    config=LocalConfig,
)
"""What the entry point `local` names."""

__all__ = ["LocalConfig", "LocalProvider", "plugin"]
