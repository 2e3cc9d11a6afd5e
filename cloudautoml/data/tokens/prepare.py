"""Preparation of sentences: from a spec to checked and split sentences in BIO, the same for every provider."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.guardrails import in_order
from cloudautoml.data.split import sealed_rows
from cloudautoml.data.tokens.check import check_sentences, entities_by_type
from cloudautoml.data.tokens.given import tagged_sentences
from cloudautoml.data.tokens.prepared import PreparedTokens
from cloudautoml.data.tokens.profile import profile_sentences
from cloudautoml.data.tokens.schema import TokensSchema
from cloudautoml.data.tokens.schemes import in_bio
from cloudautoml.data.tokens.source import read_cells
from cloudautoml.errors import DataError
from cloudautoml.spec import NamedEntityRecognition

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.tokens.schemes import Scheme
    from cloudautoml.data.tokens.sentences import Sentences
    from cloudautoml.spec import InMemory, JobSpec


def prepare_tokens(spec: JobSpec, *, base: Path | None = None, strict: bool = True) -> PreparedTokens:
    """Read, check and split the sentences of a job that finds entities.

    Args:
        spec: The job.
        base: Folder that relative paths start from; the working directory unless given.
        strict: Refuse data with an error among its findings.

    Raises:
        DataError: The data cannot be read, no sentence is left to learn from, or (when strict) a finding is an error;
            all such findings are named at once.
    """
    task = spec.task
    if not isinstance(task, NamedEntityRecognition):
        raise DataError(f"a {task.type} job has no entities to find", where="task.type")
    where = spec.data.train if isinstance(spec.data.train, str) else "data.train"
    rows, others, scheme, findings = _read(spec, task, spec.data.train, "data.train", base=base)
    _refuse(findings, where, strict=strict, left=len(rows))
    train, holdout, kept = rows, None, others
    if spec.data.test is not None:
        holdout, _, _, found = _read(spec, task, spec.data.test, "data.test", base=base, scheme=scheme)
        findings += found
        _refuse(findings, where, strict=strict, left=len(holdout))
    elif spec.data.holdout is not None:
        sealed = sealed_rows(others, spec.data.holdout)
        train, holdout, kept = rows.take((~sealed).nonzero()[0]), rows.take(sealed.nonzero()[0]), others[~sealed]
    findings += check_sentences(train, holdout, column=task.target)
    _refuse(findings, where, strict=strict, left=len(train))
    schema = TokensSchema(
        types=tuple(entities_by_type(train)),
        tokens=task.tokens,
        target=task.target,
        scheme=scheme,
        reading=spec.data.model_dump(mode="json", include={"csv", "format"}, exclude_unset=True),
    )
    fingerprint = _fingerprint(rows, holdout)
    profile = {**profile_sentences(train, holdout, schema), "fingerprint": fingerprint}
    return PreparedTokens(schema, train, holdout, tuple(in_order(findings)), profile, _groups(kept, spec))


def _read(
    spec: JobSpec,
    task: NamedEntityRecognition,
    source: str | InMemory,
    name: str,
    *,
    base: Path | None,
    scheme: Scheme | None = None,
) -> tuple[Sentences, pd.DataFrame, Scheme, list[Finding]]:
    frame, _ = read_cells(source, spec.data, tokens=task.tokens, target=task.target, base=base)
    sentences, others, findings = tagged_sentences(frame, tokens=task.tokens, target=task.target, where=name)
    sentences, scheme, found = in_bio(sentences, scheme, column=task.target)
    return sentences, _plain(others), scheme, findings + found


def _plain(others: pd.DataFrame) -> pd.DataFrame:
    """The other columns, each of one type again where its values are."""
    return others.infer_objects()


def _groups(kept: pd.DataFrame, spec: JobSpec) -> npt.NDArray[np.int64] | None:
    import numpy as np
    import pandas as pd

    column = spec.data.holdout.group if spec.data.holdout is not None else None
    if column is None or column not in kept.columns:
        return None
    return np.asarray(pd.factorize(kept[column].astype("str"), use_na_sentinel=False)[0], dtype=np.int64)


def _fingerprint(*parts: Sentences | None) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content: list[Any] = [] if part is None else [part.tokens, part.tags]
        digest.update(json.dumps(content).encode())
    return digest.hexdigest()[:16]


def _refuse(findings: list[Finding], where: str, *, strict: bool, left: int) -> None:
    """Stop when nothing is left to go on with, or at an error when strict."""
    errors = [finding for finding in in_order(findings) if finding.severity is Severity.ERROR]
    if left and not (strict and errors):
        return
    count = "a reason" if len(errors) == 1 else f"{len(errors)} reasons"
    lines = [f"{count} not to train on this data:", *(f"  - {finding}" for finding in errors)]
    raise DataError("\n".join(lines) if errors else "no sentence is left to learn from", where=where)
