"""Devices: which GPUs a job may use, and giving one of them to a trial before any library looks for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from ctypes.util import find_library
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from cloudautoml.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "CLOUDAUTOML_DEVICES"
_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_NONE: Final = "-1"
_LISTING_SECONDS = 10.0
_NAMES = re.compile(r"[\w-]+(?:,[\w-]+)*")


def chosen_devices(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The GPUs to use, as CUDA names them; empty for the processors alone.

    `CLOUDAUTOML_DEVICES` says which: `auto` (the default) for all that this process may see, `cpu` for none, or names
    such as `0` or `0,1`.

    Raises:
        ConfigError: The variable says something else.
    """
    variables = os.environ if environment is None else environment
    wanted = variables.get(VARIABLE, "").strip() or "auto"
    if wanted.lower() == "auto":
        return _found(variables)
    if wanted.lower() == "cpu":
        return ()
    names = re.sub(r"\s*,\s*", ",", wanted)
    if not _NAMES.fullmatch(names):
        raise ConfigError(f"{wanted!r} names no devices", where=VARIABLE, hint="auto, cpu, or such as 0 or 0,1")
    return tuple(dict.fromkeys(names.split(",")))


def _found(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that TensorFlow could use, without asking it: it would take seconds, and hold them."""
    if not usable():
        return ()
    if (visible := variables.get(_VISIBLE)) is not None:
        names = [name.strip() for name in visible.split(",")]
        return tuple(name for name in names if name and not name.startswith("-"))
    return tuple(str(number) for number in range(len(installed())))


def usable() -> bool:
    """Whether the libraries are there that TensorFlow needs to use a GPU."""
    return shutil.which("nvidia-smi") is not None and (
        find_library("cudnn") is not None or (find_spec("nvidia") is not None and find_spec("nvidia.cudnn") is not None)
    )


def installed() -> list[str]:
    """The names of the GPUs of this machine, such as `NVIDIA A100`; empty where none can be listed."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LISTING_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def use_device(device: str | None) -> None:
    """Let this process see one GPU alone; to be called before anything runs on it.

    Args:
        device: Its name; empty for none. None leaves everything as it is.
    """
    if device is not None:
        os.environ[_VISIBLE] = device or _NONE
