"""Sentences are read from every format, turned into BIO, checked and split."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cloudautoml.data import PreparedTokens, TokensSchema, load_prepared, prepare_for, prepare_tokens, read_token_rows
from cloudautoml.data.tokens.schemes import scheme_of, to_bio
from cloudautoml.data.tokens.text import tokenise
from cloudautoml.errors import DataError
from cloudautoml.spec import Dataset, Holdout, JobSpec, NamedEntityRecognition
from cloudautoml.testing.sentences import tagged_sentences

if TYPE_CHECKING:
    from pathlib import Path


def spec_of(source: Any, **data: Any) -> JobSpec:
    return JobSpec(name="a", task=NamedEntityRecognition(), data=Dataset(train=source, **data))


def written(folder: Path, rows: list[dict[str, Any]], form: str) -> Path:
    path = folder / f"rows.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif form == "parquet":
        pd.DataFrame(rows).to_parquet(path)
    elif form == "csv":
        pd.DataFrame([{name: json.dumps(cell) for name, cell in row.items()} for row in rows]).to_csv(path, index=False)
    else:
        sentences = ("".join(f"{a} x {b}\n" for a, b in zip(r["tokens"], r["tags"], strict=True)) for r in rows)
        path.write_text("-DOCSTART- x O\n\n" + "\n".join(sentences))
    return path


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "conll", "memory"])
def test_every_format_gives_the_same(tmp_path: Path, form: str) -> None:
    rows = tagged_sentences(40)
    source = pd.DataFrame(rows) if form == "memory" else str(written(tmp_path, rows, form))
    data = prepare_tokens(spec_of(source))
    assert data.schema.types == ("person", "place")
    assert data.schema.tags == ("O", "B-person", "I-person", "B-place", "I-place")
    assert data.holdout is not None
    assert (len(data.train), len(data.holdout)) == (32, 8)
    both = {
        (tokens, tags)
        for part in (data.train, data.holdout)
        for tokens, tags in zip(part.tokens, part.tags, strict=True)
    }
    assert both == {(tuple(row["tokens"]), tuple(row["tags"])) for row in rows}
    assert data.profile["target"]["classes"].keys() == {"person", "place"}


def test_a_split_column_seals(tmp_path: Path) -> None:
    rows = [{**row, "split": "test" if n < 7 else "dev"} for n, row in enumerate(tagged_sentences(40))]
    spec = spec_of(str(written(tmp_path, rows, "jsonl")), holdout=Holdout(column="split"))
    data = prepare_for(spec)
    assert isinstance(data, PreparedTokens)
    assert data.holdout is not None
    assert data.holdout.tokens == tuple(tuple(row["tokens"]) for row in rows[:7])
    assert data.holdout.places[0] == "line 1"
    data.save(tmp_path / "data")
    again = load_prepared(tmp_path / "data")
    assert isinstance(again, PreparedTokens)
    assert (again.train, again.holdout, again.findings, again.profile) == (
        data.train, data.holdout, data.findings, data.profile,
    )  # fmt: skip
    assert again.schema.to_dict() == data.schema.to_dict()


def test_groups_stay_together() -> None:
    rows = [{**row, "doc": n // 4} for n, row in enumerate(tagged_sentences(40))]
    data = prepare_tokens(spec_of(pd.DataFrame(rows), holdout=Holdout(group="doc")))
    assert data.groups is not None
    assert len(data.groups) == len(data.train) == 32
    assert len(set(data.groups.tolist())) == 8


@pytest.mark.parametrize(
    ("tags", "scheme", "bio"),
    [
        ("O I-a I-a O", "iob1", "O B-a I-a O"),
        ("I-a B-a I-a I-b", "iob1", "B-a B-a I-a B-b"),
        ("S-a B-b I-b E-b O S-a", "bioes", "B-a B-b I-b I-b O B-a"),
        ("U-a B-b L-b", "bioes", "B-a B-b I-b"),
        ("B-a I-a B-a O", "bio", "B-a I-a B-a O"),
    ],
)
def test_schemes_are_told_and_turned(tags: str, scheme: Any, bio: str) -> None:
    assert scheme_of([tags.split()]) == scheme
    assert to_bio(tags.split(), scheme) == bio.split()


def changed(number: int, **cells: Any) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [dict(row) for row in tagged_sentences(40)]
    rows[number] = {**rows[number], **cells}
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"tags": ["O"]}, r"tags.length.*row 4 \(.* tokens, 1 tags\)"),
        ({"tokens": ["a"], "tags": ["person"]}, r"tags.unknown.*'person' in row 4"),
    ],
)
def test_what_cannot_be_learned_is_named(cells: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        prepare_tokens(spec_of(changed(3, **cells)))


@pytest.mark.parametrize(
    ("cells", "code", "said"),
    [
        ({"tokens": ["a", "b"], "tags": ["O", "I-person"]}, "tags.impossible", "I-person after O at token 2 of row 4"),
        ({"tokens": [], "tags": []}, "tokens.empty", "row 4"),
        ({"tokens": None}, "tags.missing", "row 4"),
        ({"tokens": ["a"] * 1500, "tags": ["O"] * 1500}, "tokens.long", "row 4 (1,500)"),
    ],
)
def test_what_is_odd_is_found(cells: dict[str, Any], code: str, said: str) -> None:
    data = prepare_tokens(spec_of(changed(3, **cells)))
    found = {finding.code: finding.message for finding in data.findings}
    assert said in found[code]


def test_tags_that_are_all_o_are_refused() -> None:
    with pytest.raises(DataError, match=r"target\.no_entity"):
        prepare_tokens(spec_of(pd.DataFrame({"tokens": [["a", "b"]] * 20, "tags": [["O", "O"]] * 20})))


def test_broken_files_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("a O\nb\n")
    with pytest.raises(DataError, match=r"a\.conll:2: the line has 1 columns, and 2 before"):
        prepare_tokens(spec_of(str(path)))
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["a"], "tags": ["O"]}\n{oops\n')
    with pytest.raises(DataError, match=r"a\.jsonl:2: the line is not JSON"):
        prepare_tokens(spec_of(str(path)))


def test_texts_are_cut_and_every_token_has_its_place() -> None:
    text = "Ann's in the U.S. (see http://a.b/c, or @bob)…"
    tokens, offsets = tokenise(text)
    assert tokens == ("Ann", "'s", "in", "the", "U.S.", "(", "see", "http://a.b/c", ",", "or", "@bob", ")", "…")
    assert [text[start:end] for start, end in offsets] == list(tokens)


def test_new_rows_are_lists_or_texts() -> None:
    schema = TokensSchema(("a",))
    frame = pd.DataFrame({"tokens": ["Hi Bob", ["x", "y"]], "id": [1, 2]}, index=[7, 9])
    rows = read_token_rows(["Hi Bob", ["x", "y"]], schema)
    assert rows.tokens == (("Hi", "Bob"), ("x", "y"))
    assert rows.offsets == (((0, 2), (3, 6)), None)
    assert rows.entities(0, ["O", "B-a"]) == [{"text": "Bob", "type": "a", "start": 1, "end": 2, "from": 3, "to": 6}]
    with pytest.raises(DataError, match="tokens"):
        read_token_rows(frame[["id"]], schema)
