"""Tables and messages fit the terminal; files and pipes get whole lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.cli import output
from cloudautoml.cli.output import clean, columns, folded, shortened, table

if TYPE_CHECKING:
    import pytest

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def narrow(monkeypatch: pytest.MonkeyPatch, limit: int | None) -> None:
    monkeypatch.setattr(output, "width", lambda _: limit)


def test_a_table_in_a_pipe_has_a_line_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, None)

    assert table(["a", "long"], [["x", "y " * 100], ["xyz", "z"]]).splitlines() == [
        "a    long", "x    " + ("y " * 100).rstrip(), "xyz  z",
    ]  # fmt: skip


def test_the_last_column_goes_on_in_the_next_line(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, 40)

    assert table(["a", "b"], [["one", "some words that are too many for a line"]]).splitlines() == [
        "a    b", "one  some words that are too many for a", "     line",
    ]  # fmt: skip


def test_the_last_column_has_lines_of_its_own_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, 40)

    assert table(["a", "b", "c"], [["x" * 15, "y" * 15, "words for the third column"]]).splitlines() == [
        "a                b                c", f"{'x' * 15}  {'y' * 15}", "    words for the third column",
    ]  # fmt: skip


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=5))
def test_no_cell_moves_the_cursor(rows: list[tuple[str, str, str]]) -> None:
    text = table(["a", "b", "c"], rows)

    assert len(text.split("\n")) == len(rows) + 1
    assert all(char.isprintable() or char in "\n\u2028\u2029" or char.isspace() for char in text)


@given(st.text("ab日本\u0301"), st.integers(2, 20))
def test_shortened_text_fits(text: str, limit: int) -> None:
    short = shortened(text, limit)

    assert columns(short) <= limit
    assert short == text or short.endswith("…")


def test_folded_lines_keep_their_words_whole() -> None:
    assert folded("  one two three four", 12) == "  one two\n    three\n    four"
    assert folded("one two", None) == "one two"
    assert folded("a-very-long-path/that/is/not/cut", 12) == "a-very-long-path/that/is/not/cut"


def test_wide_and_combining_characters_count_as_they_show() -> None:
    assert columns("日本") == 4
    assert columns("e\u0301") == 1
    assert clean("a\x1b[31mb\u202ec") == "a [31mb c"
