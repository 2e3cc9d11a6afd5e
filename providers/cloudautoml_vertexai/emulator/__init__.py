"""The emulator of Vertex AI AutoML: its protocol on loopback, its jobs trained by a provider that is handed in.

It tells whether requests, retries, waits and results fit Google's protocol. It tells nothing about Google's models,
times, prices or permissions, and everything that it makes is labelled `emulated`. What it takes and does not act on:
how Google splits the rows (the provider validates in its own way), encryption, machine types, early stopping. A budget
of node hours becomes as many hours, and six models at most. What it forgets when it ends: everything.
"""

from cloudautoml_vertexai.emulator.emulator import BUCKET, VertexaiEmulator
from cloudautoml_vertexai.emulator.resources import NUMBER, PROJECT

__all__ = ["BUCKET", "NUMBER", "PROJECT", "VertexaiEmulator"]
