"""Reading: which file is meant, how it is written, and what counts as missing."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pydantic import ValidationError

from cloudautoml.data import read_table
from cloudautoml.errors import DataError
from cloudautoml.spec import Dataset, InMemory

if TYPE_CHECKING:
    from pathlib import Path


def read(source: str | InMemory, base: Path | None = None, **fields: object) -> pd.DataFrame:
    return read_table(source, Dataset.model_validate({"train": source, **fields}), base=base)


def refused(source: str, base: Path | None = None, **fields: object) -> str:
    with pytest.raises(DataError) as caught:
        read(source, base, **fields)
    return str(caught.value)


def test_the_same_table_from_every_format(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["x", "ü"], "b": ["1", "2"]}, dtype="str")
    frame.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    for name in ("t.csv", "t.csv.gz", "t.parquet", "t.jsonl"):
        pd.testing.assert_frame_equal(read(name, tmp_path), frame)
    pd.testing.assert_frame_equal(read(InMemory(frame)), frame)


def test_format_wins_over_the_ending(tmp_path: Path) -> None:
    (tmp_path / "t.data").write_text('{"a": "x"}\n')
    assert read("t.data", tmp_path, format="jsonl")["a"].tolist() == ["x"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "t.csv")
    assert read("link.csv", tmp_path)["b"].tolist() == ["2"]


def test_missing_texts_are_those_declared(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("country,n\nNA,1\n-,2\n,3\n")
    assert read("t.csv", tmp_path)["country"].isna().tolist() == [True, False, True]
    namibia = read("t.csv", tmp_path, na_values=("", "-"))
    assert namibia["country"].isna().tolist() == [False, True, True]
    assert namibia["country"][0] == "NA"


def test_tables_with_missing_values_of_their_own_keep_their_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": pd.Series(["NA", None, "x"], dtype="str"), "c": pd.Categorical(["NA", "x", "x"])})
    frame.to_parquet(tmp_path / "t.parquet")
    for source in (InMemory(frame), str(tmp_path / "t.parquet")):
        assert read(source)["a"].isna().tolist() == [False, True, False]
        marked = read(source, na_values=("NA",))
        assert marked["a"].isna().tolist() == [True, True, False]
        assert marked["c"].isna().tolist() == [True, False, False]
    assert frame["a"].isna().sum() == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"a,b\n", "columns and no rows"),
        ("t.csv.gz", b"not gzip", "does not unpack as gzip"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 9, mtime=0)[:-6], "does not unpack as gzip"),
        ("t.parquet", b"PAR1 nonsense", "does not read as Parquet"),
        ("t.xlsx", b"PK", "save the sheet as CSV"),
        ("t.json", b"[]", "one JSON object a line"),
        ("t.weird", b"x", "set data.format"),
        ("noending", b"x", "has no ending"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    message = refused(name, tmp_path)
    assert words in message
    assert str(tmp_path / name) in message


def test_a_missing_file_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "churn.csv").write_text("a,b\n1,2\n")
    assert "did you mean churn.csv?" in refused("chrun.csv", tmp_path)
    assert "holds 'churn.csv'" in refused("zzz.parquet", tmp_path)
    assert "no folder" in refused("nowhere/churn.csv", tmp_path)


def test_a_folder_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert "it is empty" in refused("data", tmp_path)
    (tmp_path / "data" / "a.csv").write_text("a,b\n1,2\n")
    assert "name one of its files: 'a.csv'" in refused("data", tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    assert "a device or a pipe" in refused("t.csv", tmp_path)


def test_impossible_paths() -> None:
    assert "cannot hold NUL" in refused("a\0b.csv")
    assert "not a usable path" in refused("x" * 5000 + ".csv")


@pytest.mark.parametrize(
    ("source", "provider"), [("s3://b/t.csv", "sagemaker"), ("gs://b/t.csv", "vertexai"), ("az://b/t.csv", "azureml")]
)
def test_remote_files_name_who_reads_them(source: str, provider: str) -> None:
    message = refused(source)
    assert "only local files" in message
    assert provider in message


@pytest.mark.parametrize("source", ["file:///etc/passwd", "http://169.254.169.254/x.csv", "https://example.org/t.csv"])
def test_other_schemes_are_never_read(source: str) -> None:
    with pytest.raises(ValidationError, match="is not a place data is read from"):
        Dataset(train=source)
    with pytest.raises(DataError, match="only local files"):
        read_table(source, Dataset(train="t.csv"))


@pytest.mark.parametrize("layout", ["image_folder", "coco", "voc"])
def test_image_formats_are_no_tables(tmp_path: Path, layout: str) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert "is not a table" in refused("t.csv", tmp_path, format=layout)


def test_parquet_with_nested_values_names_the_column(tmp_path: Path) -> None:
    pd.DataFrame({"ok": [1], "deep": [[1, 2]]}).to_parquet(tmp_path / "t.parquet")
    assert "column 'deep'" in refused("t.parquet", tmp_path)
