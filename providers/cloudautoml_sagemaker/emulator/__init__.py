"""The emulator of SageMaker Autopilot: its protocol on loopback, its jobs trained by a provider that is handed in.

It tells whether requests, retries, waits and results fit the vendor's protocol. It tells nothing about AWS's models,
times, prices or permissions, and everything that it writes is labelled `emulated`. What it takes and does not act on:
the validation channel and fraction (the provider validates in its own way), roles, keys, VPCs, instance types, and the
modes, beyond how many candidates each trains. What it forgets when it ends: all but what is in S3.
"""

from cloudautoml_sagemaker.emulator.emulator import ACCOUNT, BUCKET, ROLE, SagemakerEmulator

__all__ = ["ACCOUNT", "BUCKET", "ROLE", "SagemakerEmulator"]
