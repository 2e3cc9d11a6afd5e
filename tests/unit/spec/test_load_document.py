"""Reading spec files: what a document holds, and what it may not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.errors import SpecError
from cloudautoml.spec.document import MAX_BYTES, parse_document, parse_value, read_document

if TYPE_CHECKING:
    from pathlib import Path


def test_yaml_keeps_text_that_other_versions_take_for_something_else() -> None:
    document = parse_document("a: no\nb: 12:30\nc: 2024-01-01\nd: on\ne: 1_000\nf: 0x1f\ng: ~\nh: 1e3\n", "s.yaml")

    assert document.values == {
        "a": "no", "b": "12:30", "c": "2024-01-01", "d": "on", "e": 1000, "f": 31, "g": None, "h": 1000.0,
    }  # fmt: skip


def test_each_value_knows_its_line_and_column() -> None:
    document = parse_document("a: 1\nb:\n  c: [x, {d: 2}]\n", "s.yaml")

    places = {keys: str(place) for keys, place in document.places.items()}
    assert places["a",] == "s.yaml:1:1"
    assert places["b", "c"] == "s.yaml:3:3"
    assert places["b", "c", 0] == "s.yaml:3:7"
    assert places["b", "c", 1, "d"] == "s.yaml:3:11"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "s.yaml:1:1", "the file is empty"),
        ("# only a remark\n", "s.yaml:1:1", "the file is empty"),
        ("- a\n- b\n", "s.yaml:1:1", "found a list"),
        ("just text\n", "s.yaml:1:1", "found text"),
        ("a: 1\n---\nb: 2\n", "s.yaml:2:1", "second document"),
        ("a:\n\tb: 1\n", "s.yaml:2:1", "'\\t'"),
        ("a: [1, 2\nb: 3\n", "s.yaml:2:2", "not YAML"),
        ("a: \x07\n", "s.yaml:1:4", "not allowed"),
        ("a: *nowhere\n", "s.yaml:1:4", "undefined alias"),
        ("a: &a [*a]\n", "s.yaml:1:4", "nested"),
        ("[" * 5000, "s.yaml", "nested too deeply"),
    ],
)
def test_what_is_no_document_is_refused_with_its_place(text: str, where: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_document(text, "s.yaml")

    assert caught.value.where == where
    assert message in caught.value.message


def test_aliases_that_stand_for_billions_of_values_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]

    with pytest.raises(SpecError, match="once its aliases are expanded"):
        parse_document("\n".join(lines), "s.yaml")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\na: 2\n", "s.yaml:2:1", "duplicate key, first given in line 1"),
        ("a: {b: 1, b: 2}\n", "s.yaml:1:11", "duplicate key"),
        ("a: !!python/object/apply:os.system [x]\n", "s.yaml:1:4", "the tag !!python/object/apply:os.system"),
        ("a: !mine x\n", "s.yaml:1:4", "the tag !mine"),
        ("a: .nan\n", "s.yaml:1:4", "not a finite number"),
        ("a: -.inf\n", "s.yaml:1:4", "not a finite number"),
        ("1: x\n", "s.yaml:1:1", "put it in quotes"),
        (f"a: {'9' * 5000}\n", "s.yaml:1:4", "not a whole number"),
    ],
)
def test_single_values_that_a_spec_may_not_hold(text: str, place: str, message: str) -> None:
    (flaw,) = parse_document(text, "s.yaml").flaws

    assert str(flaw.place) == place
    assert message in flaw.message


def test_json_is_read_as_json() -> None:
    text = '{\n\t"a": "\\ud83d\\ude00\\/",\n\t"b": [1, null, true]\n}'

    assert parse_document(text, "s.json", is_json=True).values == {"a": "😀/", "b": [1, None, True]}


@pytest.mark.parametrize(
    ("text", "where"), [('{"a": 1,}', "s.json:1:9"), ("a: 1", "s.json:1:1"), ('{"a": NaN}', "s.json")]
)
def test_json_files_hold_nothing_but_json(text: str, where: str) -> None:
    with pytest.raises(SpecError, match="JSON") as caught:
        parse_document(text, "s.json", is_json=True)

    assert caught.value.where == where


def test_files_that_cannot_be_specs(tmp_path: Path) -> None:
    large, latin, marked = tmp_path / "large.yaml", tmp_path / "latin.yaml", tmp_path / "marked.yaml"
    large.write_bytes(b"a: " + b"x" * MAX_BYTES)
    latin.write_bytes("a: 1\nname: J\xfcrgen".encode("latin-1"))
    marked.write_bytes(b"\xef\xbb\xbfa: 1")

    with pytest.raises(SpecError, match="larger than 1 MB"):
        read_document(large)
    with pytest.raises(SpecError, match="not UTF-8") as caught:
        read_document(latin)
    assert caught.value.where == f"{latin}:2:8"
    with pytest.raises(SpecError, match="no such file"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="cannot be read"):
        read_document(tmp_path)
    assert read_document(marked).values == {"a": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5m", "5m"), ("10", 10), ("-3", -3), ("1.5", 1.5), ("true", True), ("no", "no"), ("null", None),
        ("[a, b]", ["a", "b"]), ("{a: 1}", {"a": 1}), ("'10'", "10"), ("C:\\data: x", "C:\\data: x"),
        ("[draft].csv", "[draft].csv"), ("5 USD", "5 USD"), ("", ""), ("a #b", "a #b"), ("&x", "&x"), ("- 3", "- 3"),
    ],
)  # fmt: skip
def test_values_of_options_and_variables(text: str, value: object) -> None:
    assert parse_value(text) == value


@given(st.text())
def test_any_text_of_an_option_is_some_value(text: str) -> None:
    value = parse_value(text)

    assert value is None or isinstance(value, (str, int, float, bool, list, dict))


@given(
    st.dictionaries(
        st.text(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=40), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_json_comes_back_as_it_was_written(values: dict[str, object]) -> None:
    text = json.dumps(values, indent="\t")

    assert json.dumps(parse_document(text, "s.json", is_json=True).values) == json.dumps(values)
