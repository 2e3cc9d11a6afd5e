"""Prepared series: rows at equal steps to learn from, sealed ones, and how they are kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding
from cloudautoml.data.frames import read_frame, write_frame
from cloudautoml.data.series.schema import SeriesSchema

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class PreparedSeries:
    """What every provider starts from.

    Attributes:
        schema: The columns, the step and the horizon.
        train: Rows to learn from, sorted by series and stamp, one a step and none missing: the columns that tell
            series apart (`str`), the time (datetime64[us]), the target (float64), covariates (float64 or `str`).
        holdout: Sealed rows, alike, at most `horizon` a series and right after those to learn from; a target may be
            missing. None when nothing is sealed.
        findings: What the checks saw, errors first.
        profile: `profile_series` of `train`, and `fingerprint`: a digest of what was read.
    """

    schema: SeriesSchema
    train: pd.DataFrame
    holdout: pd.DataFrame | None
    findings: tuple[Finding, ...]
    profile: dict[str, Any]

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

        write_frame(self.train, directory / "train.parquet")
        if self.holdout is None:
            (directory / "holdout.parquet").unlink(missing_ok=True)
        else:
            write_frame(self.holdout, directory / "holdout.parquet")
        write_json(directory / "profile.json", self.profile)
        write_json(directory / "findings.json", [finding.to_dict() for finding in self.findings])
        write_json(directory / "schema.json", self.schema.to_dict())

    @classmethod
    def load(cls, directory: Path) -> PreparedSeries:
        """Read what `save` wrote.

        Raises:
            StorageError: A file is missing or damaged.
        """
        from cloudautoml.store.files import read_json

        schema = SeriesSchema.from_dict(read_json(directory / "schema.json"))
        sealed = directory / "holdout.parquet"
        return cls(
            schema=schema,
            train=read_frame(directory / "train.parquet"),
            holdout=read_frame(sealed) if sealed.exists() else None,
            findings=tuple(Finding.from_dict(item) for item in read_json(directory / "findings.json")),
            profile=read_json(directory / "profile.json"),
        )
