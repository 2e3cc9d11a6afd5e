"""Starting a runner: a process of its own session that outlives whoever asked for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from cloudautoml.errors import JobFailedError, JobOwnedError

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.store import Store

LOG = "runner.log"
"""File in the job's folder that the runner writes its log to."""


def start(store: Store, job: str, *, executor: str) -> None:
    """Set a runner to work on a job; returns when it has taken the job over.

    Args:
        store: The store.
        job: The job's id.
        executor: `inline` to run it in this process, to its end; else in a detached one.

    Raises:
        JobOwnedError: Another process is running it.
        JobFailedError: The runner did not start; its log says why.
    """
    if executor == "inline":
        from cloudautoml_local.runner import run_here

        run_here(store, job)
        return
    path = store.job_dir(job) / LOG
    with path.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
            # -P: a file in the working directory must not stand in for a library
            [sys.executable, "-P", "-m", "cloudautoml_local.runner", job],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "CLOUDAUTOML_HOME": str(store.home)},
            start_new_session=True,
        )
    # a child that has ended and is not waited for would still look alive
    threading.Thread(target=process.wait, daemon=True, name=f"wait for {job}").start()
    assert process.stdout is not None
    with process.stdout as answers:
        line = answers.readline()
    answer = json.loads(line) if line else {"error": f"the runner ended with status {process.wait()}: {_tail(path)}"}
    if answer.get("owned"):
        raise JobOwnedError(answer["error"], hint=answer["hint"])
    if "error" in answer:
        raise JobFailedError(answer["error"], hint=f"cloudautoml jobs logs {job}")


def _tail(path: Path) -> str:
    lines = path.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"
