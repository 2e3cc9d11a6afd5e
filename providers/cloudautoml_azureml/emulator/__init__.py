"""The emulator of Azure AutoML: its protocol on loopback, its jobs trained by a provider that is handed in.

It tells whether requests, retries, waits and results fit the vendor's protocol. It tells nothing about Azure's models,
times, prices or permissions, and everything that it writes is labelled `emulated`. What it takes and does not act on:
validation and test data, folds, featurization beyond the columns' types, machines, and algorithms that the provider has
not. Of command jobs it runs the one by which rows are predicted. What it forgets when it ends: all.
"""

from cloudautoml_azureml.emulator.emulator import ACCOUNT, GROUP, SUBSCRIPTION, WORKSPACE, AzuremlEmulator

__all__ = ["ACCOUNT", "GROUP", "SUBSCRIPTION", "WORKSPACE", "AzuremlEmulator"]
