"""Preparation from end to end: odd tables become good rows or a clear refusal, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudautoml.data import PreparedData, Severity, dataset_fingerprint, prepare
from cloudautoml.errors import DataError, StorageError
from cloudautoml.spec import ColumnType, ImageClassification, InMemory, JobSpec, TabularClassification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Build = "Callable[..., JobSpec]"


def codes(prepared: PreparedData) -> list[str]:
    return [finding.code for finding in prepared.findings]


def refused(spec: JobSpec, base: Path | None = None) -> str:
    with pytest.raises(DataError) as caught:
        prepare(spec, base=base)
    return str(caught.value)


def same(first: PreparedData, second: PreparedData) -> None:
    pd.testing.assert_frame_equal(first.train, second.train)
    assert (first.holdout is None) == (second.holdout is None)
    if first.holdout is not None and second.holdout is not None:
        pd.testing.assert_frame_equal(first.holdout, second.holdout)
    assert (first.schema, first.findings, first.profile) == (second.schema, second.findings, second.profile)


def test_a_plain_table(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path) -> None:
    before = table.copy(deep=True)
    prepared = prepare(classify(table))
    pd.testing.assert_frame_equal(table, before)
    assert prepared.findings == ()
    assert prepared.schema.names == ["income", "age", "city", "plan"]
    assert prepared.schema.classes == ("no", "yes")
    assert list(prepared.train.columns) == ["income", "age", "city", "plan", "y"]
    assert [str(dtype) for dtype in prepared.train.dtypes] == ["float64", "float64", "str", "str", "str"]
    assert prepared.holdout is not None
    assert (len(prepared.train), len(prepared.holdout)) == (160, 40)
    assert list(prepared.holdout.columns) == list(prepared.train.columns)
    assert prepared.profile["rows"] == 160
    prepared.save(tmp_path / "data")
    same(PreparedData.load(tmp_path / "data"), prepared)
    assert sorted(file.name for file in (tmp_path / "data").iterdir()) == [
        "findings.json", "holdout.parquet", "profile.json", "schema.json", "train.parquet",
    ]  # fmt: skip


def test_every_reader_prepares_the_same_rows(
    classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path
) -> None:
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    table.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    expected = prepare(classify(table))
    for source in ("t.csv", "t.parquet", "t.jsonl"):
        got = prepare(classify(source), base=tmp_path)
        pd.testing.assert_frame_equal(got.train, expected.train)
        assert got.schema == expected.schema
    got = prepare(classify(pl.from_pandas(table)))
    pd.testing.assert_frame_equal(got.train, expected.train)


def test_saving_again_without_a_holdout(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path) -> None:
    prepare(classify(table)).save(tmp_path)
    unsealed = prepare(classify(table, data_fields={"holdout": None}))
    unsealed.save(tmp_path)
    assert unsealed.holdout is None
    same(PreparedData.load(tmp_path), unsealed)


def test_a_damaged_folder(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        PreparedData.load(tmp_path)
    prepare(classify(table)).save(tmp_path)
    (tmp_path / "train.parquet").write_bytes((tmp_path / "train.parquet").read_bytes()[:-20])
    with pytest.raises(StorageError, match="cannot be read"):
        PreparedData.load(tmp_path)


ODD_NAMES = [
    "naïve ünïcode 列", 'say "x"', "it's", "a[0]<b>", "a.b", "n" * 300, "🦄", "مرحبا", "__proto__", "Name", "name",
    "tab\there", "new\nline", " lead", "0", "NaN", "$ref", "{x}", "back\\slash", "a,b", "null",
]  # fmt: skip


@pytest.mark.parametrize("reader", ["csv", "parquet", "jsonl", "memory"])
def test_odd_column_names(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path, reader: str) -> None:
    rng = np.random.default_rng(1)
    odd = pd.DataFrame({name: rng.normal(size=200).round(4) for name in ODD_NAMES}).assign(
        **{"the [target].": table["y"]}
    )
    source: Any = odd
    if reader == "csv":
        odd.to_csv(tmp_path / "t.csv", index=False)
    elif reader == "parquet":
        odd.to_parquet(tmp_path / "t.parquet")
    elif reader == "jsonl":
        odd.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    if reader != "memory":
        source = str(tmp_path / f"t.{reader}")
    prepared = prepare(classify(source, target="the [target]."))
    assert prepared.schema.names == ODD_NAMES
    prepared.save(tmp_path / "saved")
    loaded = PreparedData.load(tmp_path / "saved")
    same(loaded, prepared)
    new = odd[ODD_NAMES[::-1]].head(3)
    pd.testing.assert_frame_equal(loaded.schema.conform(new, where="rows"), odd[ODD_NAMES].head(3))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=2, max_size=5, unique=True)
)
def test_any_column_names_survive(names: list[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.normal(size=60) for name in names[1:]})
    frame[names[0]] = ["a", "b"] * 30
    prepared = prepare(JobSpec(name="test", task=TabularClassification(target=names[0]), data=frame))
    prepared.save(tmp_path / "saved")
    loaded = PreparedData.load(tmp_path / "saved")
    same(loaded, prepared)
    assert loaded.schema.names == names[1:]
    pd.testing.assert_frame_equal(loaded.schema.conform(frame, where="rows"), frame[names[1:]])


def test_columns_of_every_kind(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path) -> None:
    rich = table.assign(
        zip=[f"{i % 40:05d}" for i in range(200)],
        flag=[True, False] * 100,
        when=pd.date_range("2024-01-01", periods=200).tz_localize("UTC").repeat(1),
        story=[f"customer {i} called us about the invoice" for i in range(200)],
        level=pd.Categorical([["low", "high"][i % 2] for i in range(200)]),
        same=7,
        nothing=None,
        key=[f"k{i}" for i in range(200)],
        count=pd.array([None, *range(1, 200)], dtype="Int64"),
    )
    prepared = prepare(classify(rich, data_fields={"holdout": {"fraction": 0.1}}))
    assert {feature.name: feature.type.value for feature in prepared.schema.features} == {
        "income": "numeric", "age": "numeric", "city": "categorical", "plan": "categorical", "zip": "categorical",
        "flag": "boolean", "when": "datetime", "story": "text", "level": "categorical",
    }  # fmt: skip
    assert set(codes(prepared)) == {
        "column.leading_zeros", "column.constant", "column.empty", "column.identifier", "holdout.random_over_time",
    }  # fmt: skip
    assert str(prepared.train["when"].dtype) == "datetime64[us]"
    assert set(prepared.train["flag"]) == {"True", "False"}
    prepared.save(tmp_path)
    same(PreparedData.load(tmp_path), prepared)


def test_declared_types_win(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    types = {"age": "categorical", "city": "text", "plan": "ignore", "income": "numeric"}
    prepared = prepare(classify(table, data_fields={"types": types}))
    assert [(feature.name, feature.type) for feature in prepared.schema.features] == [
        ("income", ColumnType.NUMERIC), ("age", ColumnType.CATEGORICAL), ("city", ColumnType.TEXT),
    ]  # fmt: skip
    message = refused(classify(table, data_fields={"types": {"city": "numeric"}}))
    assert "column.unreadable: column 'city': 200 values of data.train" in message
    assert "did you mean 'city'?" in refused(classify(table, data_fields={"types": {"cty": "text"}}))


def test_large_integers_keep_every_digit(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path) -> None:
    numbers = [str(10**29 + i % 50) for i in range(200)]
    table.assign(big=numbers).to_csv(tmp_path / "t.csv", index=False)
    prepared = prepare(classify("t.csv"), base=tmp_path)
    assert "column.large_integers" in codes(prepared)
    assert set(prepared.train["big"]) <= set(numbers)
    memory = prepare(classify(table.assign(big=[2**60 + i % 50 for i in range(200)])))
    assert set(memory.train["big"]) <= {str(2**60 + i) for i in range(50)}


def test_infinities_are_refused_by_name(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path) -> None:
    for value in ("inf", "1e400", "-Infinity"):
        odd = table.assign(income=[value, *table["income"].astype(str)[1:]])
        odd.to_csv(tmp_path / "t.csv", index=False)
        message = refused(classify("t.csv"), tmp_path)
        assert "column.infinite: column 'income'" in message
        assert value in message
    fine = prepare(classify("t.csv", data_fields={"na_values": ("-Infinity",)}), base=tmp_path)
    assert fine.schema.features[0].nullable or fine.train["income"].notna().all()
    assert "column.infinite" in refused(classify(table.assign(income=np.inf)))


def test_missing_targets_are_left_out_and_counted(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    few = table.assign(y=table["y"].where(table.index >= 5))
    prepared = prepare(classify(few))
    assert prepared.holdout is not None
    assert len(prepared.train) + len(prepared.holdout) == 195
    assert [(f.code, f.severity) for f in prepared.findings] == [("target.missing", Severity.WARNING)]
    assert "5 of 200 rows" in prepared.findings[0].message
    assert "101 of 200 rows" in refused(classify(table.assign(y=table["y"].where(table.index > 100))))
    assert "200 of 200 rows" in refused(classify(table.assign(y=None)))


def test_all_reasons_are_told_at_once(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    bad = table.assign(y=["a"] * 199 + ["b"], w=-1.0, income=np.inf)
    message = refused(classify(bad, weight="w", positive="c", data_fields={"types": {"plan": "numeric"}}))
    for code in ("column.infinite", "column.unreadable"):
        assert code in message
    message = refused(classify(bad.drop(columns="income"), weight="w", positive="c"))
    for code in ("weight.negative", "target.single_row_class", "target.unknown_positive"):
        assert code in message
    assert "3 reasons not to train" in message


def test_not_strict_goes_on_and_tells(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    bad = table.assign(y=["a"] * 199 + ["b"], income=[np.inf, *table["income"][1:]])
    prepared = prepare(classify(bad, data_fields={"holdout": None}), strict=False)
    assert {f.code for f in prepared.findings if f.severity is Severity.ERROR} >= {
        "column.infinite",
        "target.single_row_class",
    }
    assert prepared.train["income"].isna().sum() == 1


def test_regression_targets(regress: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    numbers = table.assign(y=table["income"] * 2 + table["age"] % 7)
    prepared = prepare(regress(numbers))
    assert prepared.schema.classes is None
    assert prepared.schema.target_type is ColumnType.NUMERIC
    assert str(prepared.train["y"].dtype) == "float64"
    assert "target.not_numeric: column 'y': 200 values" in refused(regress(table))
    assert "inf in row 1" in refused(regress(numbers.assign(y=[np.inf, *numbers["y"][1:]])))


def test_labels_of_typed_targets(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    yes = table["y"] == "yes"
    assert prepare(classify(table.assign(y=yes.astype(int)))).schema.classes == ("0", "1")
    assert prepare(classify(table.assign(y=yes.astype(float)))).schema.classes == ("0", "1")
    assert prepare(classify(table.assign(y=yes), positive=True)).schema.classes == ("False", "True")


def test_weights_travel_and_are_no_feature(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    prepared = prepare(classify(table.assign(w=[1, 2] * 100), weight="w"))
    assert prepared.schema.weight == "w"
    assert "w" not in prepared.schema.names
    assert list(prepared.train.columns)[-2:] == ["y", "w"]
    assert "weight.not_numeric" in refused(classify(table.assign(w="heavy"), weight="w"))


def test_a_file_of_sealed_rows(classify: Callable[..., JobSpec], table: pd.DataFrame, tmp_path: Path) -> None:
    table[:150].to_csv(tmp_path / "train.csv", index=False)
    table[150:].to_csv(tmp_path / "test.csv", index=False)
    prepared = prepare(classify("train.csv", data_fields={"test": "test.csv"}), base=tmp_path)
    assert prepared.holdout is not None
    assert (len(prepared.train), len(prepared.holdout)) == (150, 50)
    assert prepared.holdout["age"].tolist() == table["age"][150:].astype(float).tolist()
    spec = classify("train.csv", data_fields={"test": InMemory(table.drop(columns="city"))})
    assert "no column 'city'" in refused(spec, tmp_path)
    spec = classify("train.csv", data_fields={"test": InMemory(table.assign(age="old"))})
    assert "200 values of data.test cannot be read as a finite number" in refused(spec, tmp_path)
    spec = classify("train.csv", data_fields={"test": InMemory(table.drop(columns="y"))})
    assert "no column 'y' (task.target)" in refused(spec, tmp_path)


def test_split_columns(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    parted = table.assign(part=["train"] * 150 + ["test"] * 50, who=[f"g{i % 20}" for i in range(200)])
    by_column = prepare(classify(parted, data_fields={"holdout": {"column": "part"}}))
    assert "part" not in by_column.schema.names
    assert by_column.holdout is not None
    assert len(by_column.holdout) == 50
    by_group = prepare(classify(parted, data_fields={"holdout": {"group": "who"}}))
    assert "who" not in by_group.schema.names
    assert "holdout.group_column" in codes(by_group)
    declared = {"holdout": {"group": "who"}, "types": {"who": "categorical"}}
    assert "who" in prepare(classify(parted, data_fields=declared)).schema.names


def test_the_holdout_is_the_same_for_every_job_seed(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    spec = classify(table)
    other = spec.model_copy(update={"seed": 99})
    same(prepare(spec), prepare(other))


def test_missing_roles_get_a_guess(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    churn = table.rename(columns={"y": "Churn"})
    assert "did you mean 'Churn'?" in refused(classify(churn, target="churn"))
    assert "no column 'wt' (task.weight)" in refused(classify(table, weight="wt"))
    message = refused(classify(table, data_fields={"holdout": {"group": "ctiy"}}))
    assert "no column 'ctiy' (data.holdout.group)" in message
    assert "did you mean 'city'?" in message


def test_one_column_with_two_roles(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    assert "cannot be both task.target and task.weight" in refused(classify(table, weight="y"))
    assert "cannot be both" in refused(classify(table, data_fields={"holdout": {"column": "y"}}))
    assert "data.types ignores it" in refused(classify(table, data_fields={"types": {"y": "ignore"}}))


def test_nothing_to_learn_from(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    assert "columns.none" in refused(classify(table[["y"]].assign(k=[f"k{i}" for i in range(200)])))
    assert "one column, the target" in refused(classify(table[["y"]]))


def test_leaks_are_named_also_among_identifiers(classify: Callable[..., JobSpec], table: pd.DataFrame) -> None:
    ordered = table.sort_values("y", ignore_index=True)
    ordered["row_id"] = range(200)
    ordered["refund"] = ordered["income"].where(ordered["y"] == "yes")
    found = [f for f in prepare(classify(ordered)).findings if f.code == "leakage.single_feature"]
    assert {finding.column for finding in found} == {"row_id", "refund"}
    assert all("AUC 1.0000" in finding.message for finding in found)


def test_other_tasks_have_no_table() -> None:
    spec = JobSpec(name="test", task=ImageClassification(), data="images/")
    assert "no single table" in refused(spec)


def test_fingerprints(table: pd.DataFrame) -> None:
    assert dataset_fingerprint(table) == dataset_fingerprint(table.copy())
    for other in (table.assign(age=table["age"] + 1), table.rename(columns={"age": "Age"}), table[::-1], table[:-1]):
        assert dataset_fingerprint(other) != dataset_fingerprint(table)
    assert dataset_fingerprint(table, table) != dataset_fingerprint(table)


def test_fifty_thousand_rows_are_prepared_in_seconds(classify: Callable[..., JobSpec], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=50_000).round(5) for i in range(20)})
    for i in range(10):
        frame[f"c{i}"] = rng.integers(0, 10 ** (i // 2 + 1), 50_000)
    frame["y"] = rng.choice(["a", "b"], 50_000)
    frame.to_csv(tmp_path / "t.csv", index=False)
    start = time.process_time()
    prepare(classify("t.csv"), base=tmp_path)
    assert time.process_time() - start < 8


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = ("pandas", "numpy", "pyarrow", "sklearn")
    code = f"import sys, cloudautoml.data; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
