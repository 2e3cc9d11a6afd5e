"""Prepared sentences: checked and split, in BIO, and how they are kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.data.findings import Finding
from cloudautoml.data.tokens.schema import TokensSchema
from cloudautoml.data.tokens.sentences import Sentences

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTokens:
    """What every provider starts from to find entities.

    Attributes:
        schema: The kinds of entities, and the columns.
        train: Sentences to learn from, tagged in BIO.
        holdout: Sealed sentences, alike; None when nothing is sealed.
        findings: What the checks saw, errors first.
        profile: `profile_sentences`, and `fingerprint`: a digest of what was read.
        groups: For each sentence to learn from the number of its group, where `data.holdout.group` names one.
    """

    schema: TokensSchema
    train: Sentences
    holdout: Sentences | None
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
        self.train.save(directory / "train.parquet")
        if self.holdout is None:
            (directory / "holdout.parquet").unlink(missing_ok=True)
        else:
            self.holdout.save(directory / "holdout.parquet")
        write_json(directory / "profile.json", self.profile)
        write_json(directory / "findings.json", [finding.to_dict() for finding in self.findings])
        write_json(directory / "schema.json", self.schema.to_dict())

    @classmethod
    def load(cls, directory: Path) -> PreparedTokens:
        """Read what `save` wrote.

        Raises:
            StorageError: A file is missing or damaged.
        """
        from cloudautoml.store.files import read_json

        sealed, groups = directory / "holdout.parquet", directory / "groups.npy"
        return cls(
            schema=TokensSchema.from_dict(read_json(directory / "schema.json")),
            train=Sentences.load(directory / "train.parquet"),
            holdout=Sentences.load(sealed) if sealed.exists() else None,
            findings=tuple(Finding.from_dict(item) for item in read_json(directory / "findings.json")),
            profile=read_json(directory / "profile.json"),
            groups=read_array(groups) if groups.exists() else None,
        )
