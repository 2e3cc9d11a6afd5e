"""The emulator of SageMaker Autopilot: its protocol on loopback, its jobs trained by a provider that is handed in.

It tells whether requests, retries, waits and results fit the vendor's protocol. It tells nothing about AWS's models,
times, prices or permissions, and everything that it writes is labelled `emulated`.
"""

from cloudautoml_sagemaker.emulator.emulator import ACCOUNT, BUCKET, ROLE, SagemakerEmulator

__all__ = ["ACCOUNT", "BUCKET", "ROLE", "SagemakerEmulator"]
