"""Notebooks: stand-ins for those that Autopilot writes, which say that they are such."""

from __future__ import annotations

import json
from typing import Any


def notebook(job: str, about: Any) -> dict[str, Any]:
    """A notebook in nbformat 4 with one text and one cell of data.

    Args:
        job: The job's name.
        about: What it tells, as a JSON value; times as text.
    """
    text = f"# {job}\n\nEmulated: written by the emulator of cloudautoml, not by SageMaker Autopilot."
    data = json.dumps(about, indent=1, default=str)
    return {
        "cells": [
            {"cell_type": "markdown", "id": "about", "metadata": {}, "source": text},
            {
                "cell_type": "code",
                "id": "data",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": f"import json\n\njson.loads({data!r})",
            },
        ],
        "metadata": {"cloudautoml": {"source": "emulated"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
