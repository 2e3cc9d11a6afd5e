"""Preparation of texts: which rows count, what is said about them, and what stays sealed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cloudautoml.data import PreparedData, load_prepared, prepare_for
from cloudautoml.errors import DataError
from cloudautoml.spec import ColumnType, JobSpec, TextClassification

if TYPE_CHECKING:
    from pathlib import Path


def rows(count: int = 60) -> list[dict[str, str]]:
    kinds = ("good", "bad")
    return [{"text": f"a {kinds[i % 2]} story, number {i}", "label": kinds[i % 2]} for i in range(count)]


def prepared(data: Any, *, strict: bool = True, task: dict[str, Any] | None = None, **dataset: Any) -> PreparedData:
    spec = JobSpec(name="test", task=TextClassification(**(task or {})), data={"train": data, **dataset})
    found = prepare_for(spec, strict=strict)
    assert isinstance(found, PreparedData)
    return found


def codes(data: PreparedData) -> dict[str, str]:
    return {finding.code: finding.message for finding in data.findings}


def test_the_text_is_the_only_feature(tmp_path: Path) -> None:
    frame = pd.DataFrame(rows()).assign(author=range(60), when="2024-01-01")
    data = prepared(frame)
    assert [(feature.name, feature.type) for feature in data.schema.features] == [("text", ColumnType.TEXT)]
    assert data.schema.classes == ("bad", "good")
    assert list(data.train.columns) == ["text", "label"]
    assert data.holdout is not None
    assert data.holdout["label"].value_counts().to_dict() == {"good": 6, "bad": 6}
    data.save(tmp_path / "data")
    again = load_prepared(tmp_path / "data")
    assert isinstance(again, PreparedData)
    assert again.train.equals(data.train)


def test_sealed_texts_by_a_column_a_time_or_a_group() -> None:
    frame = pd.DataFrame(rows()).assign(
        split=["test" if i < 10 else "train" for i in range(60)],
        day=pd.Timestamp("2024-01-01") + pd.to_timedelta(range(60), unit="D"),
        author=[f"author {i // 6}" for i in range(60)],
    )
    for holdout, sealed in (({"column": "split"}, 10), ({"time": "day"}, 12), ({"group": "author"}, 12)):
        data = prepared(frame, holdout=holdout)
        assert data.schema.names == ["text"]
        assert data.holdout is not None
        assert len(data.holdout) == sealed
        assert (data.groups is not None) == ("group" in holdout)


def test_rows_without_a_text_are_left_out_and_counted() -> None:
    given = [*rows(), {"text": "", "label": "good"}, {"text": " \n\t ", "label": "bad"}, {"text": None, "label": "bad"}]
    data = prepared(pd.DataFrame(given), holdout=None)
    assert len(data.train) == 60
    assert codes(data)["text.missing"].startswith("3 of 63 rows of data.train have no text")
    with pytest.raises(DataError, match=r"40 of 60 rows of data\.train have no text"):
        prepared(pd.DataFrame([{**row, "text": row["text"] if i < 20 else " "} for i, row in enumerate(rows())]))


@pytest.mark.parametrize(
    ("code", "texts", "said"),
    [
        ("text.contradictions", {0: "the same", 1: "the same "}, "1 text in 2 rows"),
        ("text.too_long", {0: "word " * 600_000}, "1 text longer than 20,000 characters, the longest 3,000,000"),
        ("text.markup", {i: f"<p>paragraph <b>{i}</b></p>" for i in range(6)}, "HTML tags"),
        ("text.control_characters", {0: "a\x00b"}, "control characters"),
        ("text.script", {i: f"{i} 语言处理很有趣" for i in range(30)}, "no Latin letter"),
        ("text.no_letters", {i: f"{i} 🙂" for i in range(60)}, "none of the texts holds a letter"),
        ("rows.duplicates", {0: "twice", 2: "twice"}, "repeat"),
    ],
)
def test_what_is_odd_is_told(code: str, texts: dict[int, str], said: str) -> None:
    given = [{**row, "text": texts.get(i, row["text"])} for i, row in enumerate(rows())]
    found = codes(prepared(pd.DataFrame(given), holdout=None))
    assert said in found[code]
    assert code not in codes(prepared(pd.DataFrame(rows()), holdout=None))


@pytest.mark.parametrize(
    ("data", "task", "message"),
    [
        (rows(), {"text": "words"}, r"no column 'words' \(task\.text\)"),
        (rows(), {"target": "text"}, "cannot be both"),
        ([{**row, "label": "good"} for row in rows()], {}, "nothing to tell apart"),
        (rows(6), {}, "at least 10 are needed"),
    ],
)
def test_what_cannot_be_learned_is_refused(data: Any, task: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepared(pd.DataFrame(data), task=task)


def test_lone_surrogates_in_json_are_refused_or_read(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    lines = [json.dumps(row) for row in rows()]
    path.write_text("\n".join([*lines, '{"text": "half a sign \\ud83d", "label": "bad"}']))
    with pytest.raises(DataError, match=r"texts\.jsonl"):
        prepared(str(path))


def test_any_number_of_labels_is_sealed_by_the_rarest() -> None:
    several = [["good", "long"], ["bad"], [], ["good"], ["bad", "rare"]]
    given = [{**row, "label": several[i % 5]} for i, row in enumerate(rows(100))]
    data = prepared(pd.DataFrame(given), task={"multi_label": True})
    assert data.schema.classes == ("bad", "good", "long", "rare")
    assert data.holdout is not None
    assert data.holdout["label"].value_counts().to_dict() == {
        '["good", "long"]': 4, '["bad"]': 4, "[]": 4, '["good"]': 4, '["bad", "rare"]': 4,
    }  # fmt: skip
    assert data.profile["target"]["classes"] == {"bad": 32, "good": 32, "long": 16, "rare": 16}
    joined = [{**row, "label": ";".join(several[i % 5])} for i, row in enumerate(rows(100))]
    same = prepared(pd.DataFrame(joined), task={"multi_label": True, "separator": ";"})
    assert same.train.equals(data.train)
