"""Settings of the local provider."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cloudautoml.provider import ProviderConfig


class LocalConfig(ProviderConfig):
    """How trials run on this machine."""

    executor: Literal["auto", "process", "inline"] = "auto"
    """`process`: each trial in a fresh process, the default; `inline`: in the submitting process, one after
    the other, for debugging and for tiny data."""
    workers: Annotated[int, Field(ge=1)] | None = None
    """Trials at the same time; one a CPU core, at most eight, unless given."""
    threads: Annotated[int, Field(ge=1)] | None = None
    """CPU threads a trial; the cores divided by the workers unless given."""
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    """Arithmetic of networks; `auto` computes in bfloat16 on GPUs that do so natively, and in float32 elsewhere."""
    task: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    """A task of your own (a `LocalTask`) in place of the built-in one, as `package.module:Class`."""
