"""`cloudautoml doctor`: whether this machine is fit to run jobs, and what to install where it is not."""

import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output, table

_LOW_DISK_GB = 2.0


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What.
        status: `ok`, `warning`, `missing` or `error`.
        detail: What was seen.
        hint: What to do about it.
    """

    name: str
    status: str
    detail: str
    hint: str = ""


def doctor(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]", help="Also: is all there for it?")] = None,
    *,
    json: options.JsonOption = False,
) -> int:
    """Look whether this machine is fit to run jobs.

    Looks at versions, extras, the store, disk, memory and processors. Needs no network.
    """
    from cloudautoml import registry
    from cloudautoml.errors import StorageError, UnknownNameError

    known = registry.names("providers")
    if provider is not None and provider not in known:
        raise UnknownNameError("provider", provider, known)
    output = Output(as_json=json)
    checks = [*_machine(), _store(), _disk(), *(_extra(name) for name in extras())]
    wrong = [check for check in checks if check.status == "error"]
    lacking = [check for check in checks if check.name == f"extra {provider}" and check.status == "missing"]
    if json:
        output.result({"ok": not wrong and not lacking, "checks": [asdict(check) for check in checks]})
    else:
        rows = [[c.status, c.name, f"{c.detail}{f' → {c.hint}' if c.hint else ''}"] for c in checks]
        output.data(table(["", "what", "found"], rows))
    if wrong:
        return StorageError.exit_code
    return 2 if lacking else 0


def extras() -> list[str]:
    """The extras that install a provider."""
    from cloudautoml import registry

    names = set(registry.names("providers"))
    return [name for name in sorted({*_packages(), *names}) if name in names]


def _packages() -> dict[str, list[str]]:
    """The packages of each extra, as our own metadata lists them."""
    found: dict[str, list[str]] = {}
    for line in requires("cloudautoml") or []:
        package, _, marker = line.partition(";")
        if "extra ==" in marker:
            extra = marker.rpartition("extra ==")[2].strip().strip("'\"")
            name = package.strip()
            for end in "<>=!~[ (":
                name = name.partition(end)[0]
            if name != "cloudautoml":
                found.setdefault(extra, []).append(name)
    return found


def _extra(name: str) -> Check:
    there, missing = list[str](), list[str]()
    for package in _packages().get(name, []):
        try:
            there.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        return Check(
            f"extra {name}", "missing", f"not installed: {', '.join(missing)}", f"pip install 'cloudautoml[{name}]'"
        )
    return Check(f"extra {name}", "ok", ", ".join(there) or "needs nothing more")


def _machine() -> list[Check]:
    from cloudautoml import __version__

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    forks = hasattr(os, "fork") and sys.platform not in {"darwin", "win32"}
    how = "trials fork from a process that is ready" if forks else "trials start from scratch: some seconds each"
    memory = _memory_gb()
    return [
        Check("cloudautoml", "ok", f"{__version__}, Python {platform.python_version()}, {platform.platform()}"),
        Check("processors", "ok", f"{cores} usable"),
        Check(
            "memory",
            "ok" if memory is None or memory >= 2 else "warning",
            "unknown" if memory is None else f"{memory:.1f} GB usable",
        ),
        Check("processes", "ok", how),
    ]


def _memory_gb() -> float | None:
    sizes: list[int] = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    limit = Path("/sys/fs/cgroup/memory.max")  # what a container may use
    if limit.exists() and (text := limit.read_text(encoding="ascii").strip()).isdigit():
        sizes.append(int(text))
    return min(sizes) / 1e9 if sizes else None


def _store() -> Check:
    """Whether jobs can be recorded: sqlite's write-ahead log needs a local, writable disk."""
    import sqlite3
    import tempfile

    from cloudautoml.store import default_home

    home = default_home()
    hint = "set CLOUDAUTOML_HOME to a writable folder on a local disk"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".doctor-") as folder:
            connection = sqlite3.connect(Path(folder) / "try.db")
            try:
                mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
                connection.execute("CREATE TABLE t (x)")
            finally:
                connection.close()
    except (OSError, sqlite3.Error) as exc:
        return Check("store", "error", f"{home}: {exc}", hint)
    if mode != "wal":
        return Check("store", "warning", f"{home}: no write-ahead log here ({mode})", hint)
    return Check("store", "ok", f"{home}: writable, write-ahead log works")


def _disk() -> Check:
    from cloudautoml.store import default_home

    home = default_home()
    while not home.exists():
        home = home.parent
    free = shutil.disk_usage(home).free / 1e9
    low = free < _LOW_DISK_GB
    return Check("disk", "warning" if low else "ok", f"{free:.1f} GB free", "free some space" if low else "")
