"""Where jobs are recorded: one sqlite file in WAL mode and a folder a job, under `CLOUDAUTOML_HOME`."""

from cloudautoml.store.files import atomic_path, read_json, write_bytes, write_json
from cloudautoml.store.leases import Lease, Leases
from cloudautoml.store.records import JobRecord
from cloudautoml.store.store import Store, default_home

__all__ = [
    "JobRecord",
    "Lease",
    "Leases",
    "Store",
    "atomic_path",
    "default_home",
    "read_json",
    "write_bytes",
    "write_json",
]
