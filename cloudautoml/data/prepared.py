"""Prepared data: typed, checked and split rows with their schema, and how they are kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.data.findings import Finding
from cloudautoml.data.frames import read_frame, write_frame
from cloudautoml.data.schema import Schema

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class PreparedData:
    """What every provider starts from.

    Attributes:
        schema: The columns and their roles.
        train: Rows to learn from: features in the schema's order, then the target, then the weight. Numbers are
            float64, times datetime64[us], everything else `str`; the target is `str` for classification and
            float64 for regression, and never missing.
        holdout: Sealed rows, alike; None when nothing is sealed.
        findings: What the guardrails saw, errors first.
        profile: `profile_table` of `train`, and `fingerprint`: a digest of what was read.
        groups: For each row to learn from the number of its group, where `data.holdout.group` names one: rows of a
            group belong on one side of any further split too. None otherwise.
    """

    schema: Schema
    train: pd.DataFrame
    holdout: pd.DataFrame | None
    findings: tuple[Finding, ...]
    profile: dict[str, Any]
    groups: npt.NDArray[np.int64] | None = None

    @property
    def fingerprint(self) -> str:
        """Digest of what was read, equal for equal data."""
        return str(self.profile["fingerprint"])

    def save(self, directory: Path) -> None:
        """Write everything into a folder; each file is either old or new, never torn.

        The schema is written last, so that a folder with a schema is whole.

        Raises:
            StorageError: The disk is full or the folder cannot be written.
        """
        from cloudautoml.store.files import write_json

        if self.groups is None:
            (directory / "groups.npy").unlink(missing_ok=True)
        else:
            write_array(directory / "groups.npy", self.groups)
        write_frame(self.train, directory / "train.parquet")
        if self.holdout is None:
            (directory / "holdout.parquet").unlink(missing_ok=True)
        else:
            write_frame(self.holdout, directory / "holdout.parquet")
        write_json(directory / "profile.json", self.profile)
        write_json(directory / "findings.json", [finding.to_dict() for finding in self.findings])
        write_json(directory / "schema.json", self.schema.to_dict())

    @classmethod
    def load(cls, directory: Path) -> PreparedData:
        """Read what `save` wrote.

        Raises:
            StorageError: A file is missing or damaged.
        """
        from cloudautoml.store.files import read_json

        schema = Schema.from_dict(read_json(directory / "schema.json"))
        sealed, groups = directory / "holdout.parquet", directory / "groups.npy"
        return cls(
            schema=schema,
            train=read_frame(directory / "train.parquet"),
            holdout=read_frame(sealed) if sealed.exists() else None,
            findings=tuple(Finding.from_dict(item) for item in read_json(directory / "findings.json")),
            profile=read_json(directory / "profile.json"),
            groups=read_array(groups) if groups.exists() else None,
        )
