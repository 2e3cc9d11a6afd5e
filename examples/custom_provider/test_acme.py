"""The whole test of a provider: which one, and data if the suite's own does not suit."""

from acme import plugin

from cloudautoml.testing import ProviderSuite


class TestAcme(ProviderSuite):
    plugin = plugin
