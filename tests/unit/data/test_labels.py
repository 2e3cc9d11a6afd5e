"""Label sets: however labels are written, they mean the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data import read_table
from cloudautoml.data.label_checks import check_labels
from cloudautoml.data.labels import (
    label_counts,
    label_matrix,
    label_set,
    label_sets,
    label_sets_of_matrix,
    labels_of,
    rarest_labels,
)
from cloudautoml.errors import DataError
from cloudautoml.spec import Dataset, InMemory

if TYPE_CHECKING:
    from pathlib import Path

WANTED = [("a", "b"), (), ("b",), ("a",)]


def sets(column: Any, separator: str = ",") -> list[tuple[str, ...]]:
    return [labels_of(text) for text in label_sets(pd.Series(column), separator=separator)]


@given(st.lists(st.text(alphabet='ab ,[]"é1', max_size=4)))
def test_a_set_is_read_back(labels: list[str]) -> None:
    assert labels_of(label_set(labels)) == tuple(sorted({label.strip() for label in labels} - {""}))


def test_joined_text_and_lists_are_read_alike() -> None:
    assert sets(["b, a", None, "b,", "a,a"]) == WANTED
    assert sets(["b | a", "", "b", "a"], "|") == WANTED
    assert sets([["b", "a"], None, ["b"], ("a", "a")]) == WANTED
    assert sets(['["b", "a"]', "[]", '["b"]', '["a"]']) == WANTED
    assert sets([1.0, 2.0, np.nan]) == [("1",), ("2",), ()]
    assert sets(["[x, y"]) == [("[x", "y")]  # no list, only labels that look odd


def test_lists_in_files_are_taken_as_they_are(tmp_path: Path) -> None:
    lines = tmp_path / "rows.jsonl"
    rows = [{"x": "1", "y": ["b", "a"]}, {"x": "2"}, {"x": "3", "y": ["b"]}, {"x": "4", "y": ["a"]}]
    lines.write_text("\n".join(map(json.dumps, rows)))
    parquet = tmp_path / "rows.parquet"
    frame = pd.DataFrame(rows)
    frame.to_parquet(parquet)
    for source in (str(lines), str(parquet), InMemory(frame)):
        raw = read_table(source, Dataset(train=source), lists=["y"])
        assert [labels_of(text) for text in label_sets(raw["y"], separator=",")] == WANTED
        with pytest.raises(DataError, match="y"):
            read_table(source, Dataset(train=source))
    lines.write_text('{"y": [["a"]]}')
    with pytest.raises(DataError, match="nested"):
        read_table(str(lines), Dataset(train=str(lines)), lists=["y"])


def test_a_matrix_has_a_column_a_label() -> None:
    matrix = np.array([[1, 1], [0, 0], [0, 1], [1, 0]])
    column = pd.Series(label_sets_of_matrix(matrix, ["a", "b"], where="here"))
    assert [labels_of(text) for text in column] == WANTED
    assert (label_matrix(column, ("a", "b")) == matrix).all()
    assert (label_matrix(column, ("b",))[:, 0] == matrix[:, 1]).all()  # of the others nothing is known
    assert label_counts(column) == {"a": 2, "b": 2}
    with pytest.raises(DataError, match="0 or 1"):
        label_sets_of_matrix(matrix * 2, None, where="here")
    with pytest.raises(DataError, match="3 classes for 2"):
        label_sets_of_matrix(matrix, ["a", "b", "c"], where="here")


def test_rows_are_drawn_by_their_rarest_label() -> None:
    matrix = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]], np.uint8)
    assert rarest_labels(matrix).tolist() == [1, 0, 3, 2]


def codes(labels: list[list[str]]) -> set[str]:
    return {finding.code for finding in check_labels(pd.Series(map(label_set, labels)), target="y", what="texts")}


def test_what_cannot_be_learned_is_told() -> None:
    assert codes([[]] * 20) == {"target.no_labels"}
    assert codes([["a"]] * 20) == {"target.one_class"}
    assert codes([[str(number)] for number in range(20)]) == {"target.too_many_classes"}
    assert codes([["a"], ["b"]] * 20) == set()
    assert codes([["a"], ["a", "b"]] * 20) == {"target.constant_label"}
    assert codes([["a"], ["b"]] * 20 + [["c"]]) == {"target.single_row_class"}
    assert codes([["a"], ["b"]] * 200 + [["c"]] * 2) == {"target.imbalanced"}
    assert codes([["a"], ["A"], []] * 20) == {"target.similar_labels", "target.unlabelled"}
    assert codes([["a;b"], ["c"]] * 20) == {"target.unsplit_labels"}
