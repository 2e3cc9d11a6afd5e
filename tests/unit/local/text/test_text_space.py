"""The space of text classifiers: its conditional decisions, and which families there are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from cloudautoml.errors import UnknownNameError
from cloudautoml.search import Signature
from cloudautoml_local.spaces.text import FAMILIES, TextOptions, TextSpace
from cloudautoml_local.tasks.text.embedder import FOLDER, find_embedder

if TYPE_CHECKING:
    from pathlib import Path


def test_defaults_are_candidates_and_linear_models_come_first() -> None:
    for families in (("linear", "network"), FAMILIES, ("network",)):
        space = TextSpace(families)
        defaults = space.defaults()
        assert all(architecture in space for architecture in defaults)
        assert len(set(defaults)) == len(defaults)
        assert {str(architecture["family"]) for architecture in defaults} == set(families)
    assert [a["family"] for a in TextSpace(("linear", "network")).defaults()[:2]] == ["linear", "linear"]


def test_size_counts_every_candidate() -> None:
    space = TextSpace(("linear",))
    paths: list[dict[str, object]] = [{}]
    count = 0
    while paths:
        made = paths.pop()
        decision = space.decide(made)  # type: ignore[arg-type]
        if decision is None:
            count += 1
        else:
            paths += [{**made, decision.name: option} for option in decision.options]
    assert count == space.size()


def test_only_what_is_read_is_decided() -> None:
    space = TextSpace(FAMILIES)
    rng = random.Random(0)
    for _ in range(200):
        made = space.sample(rng).as_dict()
        assert ("linear.chars" in made) == (made.get("linear.features") in {"both", "chars"})
        assert ("linear.log_counts" in made) == (made.get("linear.method") in {"svm", "logistic"})


def test_embeddings_are_a_family_where_there_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TextSpace.create(Signature("sequence"), TextOptions()).families == ("linear", "network")
    monkeypatch.setenv("CLOUDAUTOML_WEIGHTS", str(tmp_path))
    assert find_embedder(None) is None
    (tmp_path / FOLDER).mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / FOLDER / name).write_bytes(b"")
    assert TextSpace.create(Signature("sequence"), TextOptions()).families == FAMILIES


def test_unknown_families_are_named() -> None:
    with pytest.raises(UnknownNameError, match="lstm"):
        TextSpace(("lstm",))
