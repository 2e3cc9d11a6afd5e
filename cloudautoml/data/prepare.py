"""Preparation: from a spec to typed, checked and split rows, the same for every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.columns import judge_columns
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.guardrails import check_table, check_weight, in_order
from cloudautoml.data.infer import infer_type
from cloudautoml.data.labels import label_counts
from cloudautoml.data.prepared import PreparedData
from cloudautoml.data.profile import profile_table
from cloudautoml.data.read import read_table
from cloudautoml.data.roles import Roles
from cloudautoml.data.rows import typed_rows
from cloudautoml.data.schema import ColumnInfo, Schema
from cloudautoml.data.split import seal_holdout
from cloudautoml.data.texts import check_texts, with_text
from cloudautoml.errors import DataError
from cloudautoml.spec import ColumnType, TabularClassification, TabularRegression, TextClassification

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.spec import JobSpec

__all__ = ["PreparedData", "dataset_fingerprint", "prepare"]


def prepare(spec: JobSpec, *, base: Path | None = None, strict: bool = True) -> PreparedData:
    """Read, type, split and check the data of a job that learns from a table: of columns, or of one column of texts.

    Args:
        spec: The job.
        base: Folder that relative paths start from; the working directory unless given.
        strict: Refuse data with an error among its findings.

    Raises:
        DataError: The data cannot be read, a column is missing, no row is left to learn from, or (when strict) a
            finding is an error; all such findings are named at once.
    """
    task = spec.task
    if not isinstance(task, (TabularClassification, TabularRegression, TextClassification)):
        raise DataError(f"a {task.type} job has no single table to prepare", where="task.type")
    roles = Roles.of(spec, task)
    where = spec.data.train if isinstance(spec.data.train, str) else "data.train"
    lists = (roles.target,) if roles.separator is not None else ()
    raw = read_table(spec.data.train, spec.data, base=base, lists=lists)
    test = read_table(spec.data.test, spec.data, base=base, lists=lists) if spec.data.test is not None else None
    roles.check(_names(raw), None if test is None else _names(test), where=where)
    fingerprint = dataset_fingerprint(raw) if test is None else dataset_fingerprint(raw, test)

    types, findings = _types(raw, roles)
    rows, found = typed_rows(raw, types, roles, where="data.train")
    findings += found
    if roles.text is not None:
        rows, found = with_text(rows, roles.text, where="data.train")
        findings += found
    del raw  # from here on only the typed rows take memory
    if test is None:
        _refuse(findings, where, strict=strict, rows=rows)
        train, holdout = seal_holdout(rows, spec)
    else:
        train, (holdout, found) = rows, typed_rows(test, types, roles, where="data.test")
        findings += found
        if roles.text is not None:
            holdout, found = with_text(holdout, roles.text, where="data.test")
            findings += found
        _refuse(findings, where, strict=strict, rows=holdout)
        _refuse(findings, where, strict=strict, rows=train)

    features, found = roles.features(types)
    findings += found
    kept, found = judge_columns(train, features, declared=frozenset(roles.declared))
    findings += found
    schema = _schema(train, {name: features[name] for name in kept}, roles)
    left_out = {name: kind for name, kind in features.items() if name not in kept}
    findings += check_table(train, holdout, schema, spec, left_out=left_out)
    if roles.text in kept:
        findings += check_texts(train, text=str(roles.text), target=roles.target)
    if roles.weight is not None:
        findings += check_weight(rows[roles.weight])
        findings += check_weight(holdout[roles.weight]) if test is not None and holdout is not None else []
    if strict:
        _refuse(findings, where, strict=strict, rows=rows)
    groups = _groups(train, spec)
    order = [*schema.names, roles.target, *([roles.weight] if roles.weight is not None else [])]
    train = train[order]
    profile: dict[str, Any] = {**profile_table(train, schema), "fingerprint": fingerprint}
    if roles.separator is not None:
        profile["target"]["classes"] = label_counts(train[roles.target])
    sealed = None if holdout is None else holdout[order]
    return PreparedData(schema, train, sealed, tuple(in_order(findings)), profile, groups)


def dataset_fingerprint(*frames: pd.DataFrame) -> str:
    """A digest of tables: 16 hex digits, equal for equal columns, values and order.

    Args:
        frames: Tables as `read_table` gives them.
    """
    import hashlib

    import pandas as pd

    digest = hashlib.sha256()
    for frame in frames:
        digest.update(repr([(str(name), str(dtype)) for name, dtype in frame.dtypes.items()]).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def _groups(train: pd.DataFrame, spec: JobSpec) -> npt.NDArray[np.int64] | None:
    import numpy as np
    import pandas as pd

    column = spec.data.holdout.group if spec.data.holdout is not None else None
    if column is None or column not in train.columns:
        return None
    return np.asarray(pd.factorize(train[column], use_na_sentinel=False)[0], dtype=np.int64)


def _names(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns]


def _types(raw: pd.DataFrame, roles: Roles) -> tuple[dict[str, ColumnType], list[Finding]]:
    types: dict[str, ColumnType] = {}
    findings: list[Finding] = []
    for name in _names(raw):
        if name in {roles.target, roles.weight}:
            continue
        if roles.text is not None and name not in {roles.text, *roles.splitting}:
            types[name] = ColumnType.IGNORE
            continue
        if name in roles.declared:
            types[name] = roles.declared[name]
        elif name == roles.marker:
            types[name] = ColumnType.CATEGORICAL
        else:
            types[name], found = infer_type(raw[name])
            findings += found
    return types, findings


def _schema(train: pd.DataFrame, types: dict[str, ColumnType], roles: Roles) -> Schema:
    classes = None
    if roles.separator is not None:
        classes = tuple(label_counts(train[roles.target]))
    elif roles.classification:
        classes = tuple(sorted(str(label) for label in train[roles.target].unique()))
    return Schema(
        features=tuple(ColumnInfo(name, kind, bool(train[name].isna().any())) for name, kind in types.items()),
        target=roles.target,
        target_type=ColumnType.CATEGORICAL if roles.classification else ColumnType.NUMERIC,
        classes=classes,
        weight=roles.weight,
    )


def _refuse(findings: list[Finding], where: str, *, strict: bool, rows: pd.DataFrame) -> None:
    """Stop when nothing is left to go on with, or at an error when strict."""
    errors = [finding for finding in in_order(findings) if finding.severity is Severity.ERROR]
    if not rows.empty and not (strict and errors):
        return
    count = "a reason" if len(errors) == 1 else f"{len(errors)} reasons"
    lines = [f"{count} not to train on this data:", *(f"  - {finding}" for finding in errors)]
    raise DataError("\n".join(lines), where=where)
