"""Google Vertex AI AutoML: jobs in the user's own Google Cloud project."""

from __future__ import annotations

from cloudautoml.provider import ProviderPlugin
from cloudautoml_vertexai.config import VertexaiConfig
from cloudautoml_vertexai.provider import VertexaiProvider

plugin = ProviderPlugin(
    name="vertexai",
    description="Google Vertex AI AutoML, in your Google Cloud project",
    provider=VertexaiProvider,
    config=VertexaiConfig,
)
"""What the entry point `vertexai` names."""

__all__ = ["VertexaiConfig", "VertexaiProvider", "plugin"]
