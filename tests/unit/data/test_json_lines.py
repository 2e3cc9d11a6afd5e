"""JSON lines: values keep their kind and their digits, and every defect is told with its line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data.json_lines import parse_json_lines
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def parse(data: bytes, na_values: tuple[str, ...] = ("", "NA")) -> pd.DataFrame:
    return parse_json_lines(data, na_values=na_values, where="f.jsonl")


def test_kinds_and_digits() -> None:
    frame = parse(
        b'{"n": 1.50, "t": "x", "b": true}\n\n{"n": 123456789012345678901234567890, "b": false, "late": "y"}\n'
    )
    assert frame["n"].tolist() == ["1.50", "123456789012345678901234567890"]
    assert frame["b"].tolist() == [True, False]
    assert frame["t"].isna().tolist() == [False, True]
    assert frame["late"].isna().tolist() == [True, False]
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "str", "boolean", "str"]


@given(st.lists(st.fixed_dictionaries({"a": st.text(st.characters(exclude_categories=["Cs"]))}), min_size=1))
def test_any_text_survives(rows: list[dict[str, str]]) -> None:
    data = "\n".join(json.dumps(row) for row in rows).encode()
    assert parse(data, na_values=())["a"].tolist() == [row["a"] for row in rows]


def test_keys_and_kinds_across_chunks() -> None:
    lines = [b'{"a": null}'] * 10_000 + [b'{"a": 1, "late": true}'] * 10_000 + [b'{"late": null}']
    frame = parse(b"\n".join(lines))
    assert frame["a"].isna().sum() == 10_001
    assert frame["late"].isna().sum() == 10_001
    assert str(frame["late"].dtype) == "boolean"
    with pytest.raises(DataError) as caught:
        parse(b"\n".join([*lines, b'{"late": "x"}']))
    assert caught.value.where == "f.jsonl:20002"


def test_missing_texts_do_not_make_a_column_mixed() -> None:
    assert parse(b'{"a": 1}\n{"a": "NA"}\n{"a": null}\n')["a"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        (b'{"a": 1}\n{"a": [1]}\n', "f.jsonl:2", "column 'a' holds a nested array"),
        (b'{"a": {"b": 1}}\n', "f.jsonl:1", "column 'a' holds a nested object"),
        (b'{"a": 1}\n\n{"a": "x"}\n', "f.jsonl:3", "column 'a' holds text, and a number before"),
        (b'{"a": true}\n{"a": 1}\n', "f.jsonl:2", "column 'a' holds a number, and a boolean before"),
        (b'{"a": 1}\n{"a": \n', "f.jsonl:2", "not JSON"),
        (b'{"a": 1}\n[1]\n', "f.jsonl:2", "holds list, not an object"),
        (b'{"a": 1, "a": 2}\n', "f.jsonl:1", "the key 'a' occurs twice"),
        (b'{"a": NaN}\n', "f.jsonl:1", "NaN is not a JSON value"),
        (b'{"a": "\xe9"}\n', "f.jsonl:1", "byte 7 of the line is not UTF-8"),
        (b'{"a": "\\ud800"}\n', "f.jsonl:1", "half a character"),
        (b'{"a": ' + b"[" * 100_000 + b"\n", "f.jsonl:1", "nested too deeply"),
        (b"{}\n", "f.jsonl", "no line holds a JSON object with keys"),
    ],
)
def test_defects_are_told_with_their_line(data: bytes, where: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        parse(data)
    assert caught.value.where == where
    assert words in caught.value.message
