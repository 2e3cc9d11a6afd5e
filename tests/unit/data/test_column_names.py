"""Column names in messages: what is missing, what was probably meant, what to write."""

from __future__ import annotations

import pytest

from cloudautoml.data.names import declare, did_you_mean, listed, require_columns, short
from cloudautoml.errors import DataError


def test_all_missing_columns_are_named_at_once() -> None:
    require_columns([("a", "")], ["a", "b"], where="t.csv")
    with pytest.raises(DataError) as caught:
        require_columns([("a", ""), ("Adress", "task.target"), ("zz", "")], ["a", "Address"], where="t.csv")
    assert caught.value.message == "no columns 'Adress' (task.target), 'zz'"
    assert caught.value.where == "t.csv"
    assert caught.value.hint == "did you mean 'Address'? the columns are 'a', 'Address'"


def test_guesses_look_past_case_and_spaces() -> None:
    assert did_you_mean("churn", ["Churn ", "other"]) == "did you mean 'Churn '? "
    assert did_you_mean("churn", ["x", "y"]) == ""


def test_long_lists_and_long_names_are_cut() -> None:
    assert listed(range(20)).endswith(", 11 and 8 more")
    assert len(short("x" * 1000)) == 80
    assert short("x") == "'x'"


@pytest.mark.parametrize(
    ("name", "text"),
    [("age", "data.types: {age: text}"), ("a b", 'data.types: {"a b": text}'), ('"', 'data.types: {"\\"": text}')],
)
def test_what_to_write_is_yaml(name: str, text: str) -> None:
    from ruamel.yaml import YAML

    assert declare(name, "text") == text
    assert YAML(typ="safe").load(text) == {"data.types": {name: "text"}}
