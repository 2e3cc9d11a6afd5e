"""CSV: what is in the file comes out, and every defect is told with its line."""

from __future__ import annotations

import csv
import io
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data.csv_text import parse_csv
from cloudautoml.errors import DataError
from cloudautoml.spec import CsvDialect


def parse(data: bytes, **dialect: object) -> dict[str, list[str]]:
    frame = parse_csv(data, CsvDialect.model_validate(dialect), where="f.csv")
    return {str(name): column.tolist() for name, column in frame.items()}


def refused(data: bytes, **dialect: object) -> DataError:
    with pytest.raises(DataError) as caught:
        parse(data, **dialect)
    return caught.value


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAME = TEXT.filter(lambda name: bool(name.strip()))


@given(
    names=st.lists(NAME, min_size=2, max_size=4, unique=True),
    data=st.data(),
    dialect=st.builds(CsvDialect, delimiter=st.sampled_from([",", ";", "\t", "|"]), quote=st.sampled_from(['"', "'"])),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_any_text_survives(names: list[str], data: st.DataObject, dialect: CsvDialect, quoting: Literal[0, 1]) -> None:
    rows = data.draw(st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), min_size=1, max_size=5))
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=dialect.delimiter, quotechar=dialect.quote, quoting=quoting)
    writer.writerows([names, *rows])
    frame = parse_csv(file.getvalue().encode(), dialect, where="f.csv")
    assert list(frame.columns) == names
    assert frame.to_numpy().tolist() == rows
    assert {str(dtype) for dtype in frame.dtypes} == {"str"}


def test_digits_are_kept() -> None:
    data = b"a,b\n00501,123456789012345678901234567890\n1e400,9007199254740993\n"
    assert parse(data) == {"a": ["00501", "1e400"], "b": ["123456789012345678901234567890", "9007199254740993"]}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_line_endings(ending: bytes) -> None:
    assert parse(ending.join([b"a,b", b"1,2", b"3,4"])) == {"a": ["1", "3"], "b": ["2", "4"]}


def test_byte_order_mark_is_dropped() -> None:
    assert parse(b"\xef\xbb\xbfa,b\n1,2\n") == {"a": ["1"], "b": ["2"]}


def test_utf16_and_latin1_by_declaration() -> None:
    assert parse("a,b\nü,2\n".encode("utf-16"), encoding="utf-16") == {"a": ["ü"], "b": ["2"]}
    assert parse("a,b\nü,2\n".encode("latin-1"), encoding="latin-1") == {"a": ["ü"], "b": ["2"]}


def test_no_header() -> None:
    assert parse(b"1,2\n3,4\n", header=False) == {"f0": ["1", "3"], "f1": ["2", "4"]}


def test_empty_lines_between_rows() -> None:
    assert parse(b"\n\na,b\n\n1,2\n\n\n3,4\n\n") == {"a": ["1", "3"], "b": ["2", "4"]}


def test_a_field_larger_than_a_block() -> None:
    long = b"x" * 3_000_000
    assert parse(b'a,b\n1,"' + long + b'"\n')["b"] == [long.decode()]


def test_quotes_in_the_middle_of_a_plain_field() -> None:
    assert parse(b'a,b\n1,5" pipe\n2,"say ""hi"""\n') == {"a": ["1", "2"], "b": ['5" pipe', 'say "hi"']}


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        (b"a,b\n1,2\n3\n", "f.csv:3", "1 fields where the first line has 2 (byte 8)"),
        (b"a,b\n1,2\n3,4,5\n", "f.csv:3", "3 fields where the first line has 2 (byte 8)"),
        (b'a,b\n1,"x\ny"\n\n3\n', "f.csv:5", "1 fields"),
        (b'a,b\n1,"2\n3,4\n5,6\n', "f.csv:2", "a quote opens here and never closes (byte 6)"),
        (b'\xef\xbb\xbfa,b\n1,"2\n', "f.csv:2", "never closes (byte 9)"),
        (b'a,b\n1,"x"y\n', "f.csv:2", "text after a closing quote (byte 9)"),
        (b"a,b\n1,\x00\n", "f.csv:2", "byte 6 is NUL"),
        (b"a,b\n1,\xe9\n", "f.csv:2", "byte 6 (b'\\xe9') is not utf-8"),
        (b"\xef\xbb\xbfa,b\n1,\xe9\n", "f.csv:2", "byte 9 (b'\\xe9') is not utf-8"),
        (b"a,b,a\n1,2,3\n", "f.csv:1", "columns 1 and 3 are both named 'a'"),
        (b",b\n1,2\n", "f.csv:1", "column 1 has no name"),
        (b'a," "\n1,2\n', "f.csv:1", "column 2 has no name"),
        (b"\n\n\n", "f.csv", "empty lines only"),
    ],
)
def test_defects_are_told_with_their_place(data: bytes, where: str, words: str) -> None:
    error = refused(data)
    assert error.where == where
    assert words in error.message


def test_wrong_encoding_names_the_setting() -> None:
    assert "data.csv.encoding" in str(refused(b"a,b\n1,\xe9\n"))
    assert "data.csv.encoding" in str(refused("a,b\n1,2\n".encode("utf-16-le")))
    assert "no encoding 'klingon'" in str(refused(b"a,b\n1,2\n", encoding="klingon"))


@pytest.mark.parametrize("other", [";", "\t", "|"])
def test_wrong_delimiter_names_the_setting(other: str) -> None:
    error = refused(f"a{other}b\n1,5{other}2\n".encode())
    assert error.hint == f"set data.csv.delimiter to {other!r}"
    assert parse(f"a{other}b\n1,5{other}2\n".encode(), delimiter=other) == {"a": ["1,5"], "b": ["2"]}


def test_wrong_delimiter_between_quoted_fields_names_the_setting() -> None:
    error = refused(b'"a";"b"\n1;2\n')
    assert error.where == "f.csv:1"
    assert error.hint == "set data.csv.delimiter to ';' if the file is written with it"


@pytest.mark.parametrize("dialect", [{"delimiter": "§"}, {"quote": "\n"}, {"delimiter": '"'}])
def test_impossible_dialects(dialect: dict[str, str]) -> None:
    assert "data.csv." in str(refused(b"a,b\n1,2\n", **dialect))
