"""Settings: the job spec from all the places that may say something, and the provider it names."""

from cloudautoml.config.layers import Origin, Origins
from cloudautoml.config.providers import connect, provider_for
from cloudautoml.config.resolution import Resolved, Settings, gather, load_spec, resolve
from cloudautoml.config.secrecy import masked

__all__ = [
    "Origin",
    "Origins",
    "Resolved",
    "Settings",
    "connect",
    "gather",
    "load_spec",
    "masked",
    "provider_for",
    "resolve",
]
