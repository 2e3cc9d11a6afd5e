"""What the emulators of all vendors share: a loopback server, faults, a clock, states, and the way to real training.

An emulator speaks a vendor's own protocol to the vendor's own client, and has its jobs trained by a provider that it is
handed. It knows neither the vendor's SDK (its caller does) nor any backend. Whatever comes out of it is labelled
`emulated`: it says something about the protocol and about the data, and nothing about the vendor's models or prices.
"""

from cloudautoml.emulation.bridge import EMULATED, Training
from cloudautoml.emulation.clock import SettableClock
from cloudautoml.emulation.emulator import Emulator
from cloudautoml.emulation.faults import Fault, FaultKind, FaultScript
from cloudautoml.emulation.server import EmulationServer
from cloudautoml.emulation.service import Reply, Request, Service
from cloudautoml.emulation.states import StateMachine

__all__ = [
    "EMULATED",
    "EmulationServer",
    "Emulator",
    "Fault",
    "FaultKind",
    "FaultScript",
    "Reply",
    "Request",
    "Service",
    "SettableClock",
    "StateMachine",
    "Training",
]
