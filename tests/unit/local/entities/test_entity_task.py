"""Entities from sentences to saved models: families, decoding, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cloudautoml as ca
from cloudautoml.data import PreparedTokens, prepare_tokens
from cloudautoml.errors import SpecError, UnsupportedError
from cloudautoml.job import JobState
from cloudautoml.scoring_entities import entity_metrics
from cloudautoml.search import FULL
from cloudautoml.store import Store, read_json
from cloudautoml.testing.sentences import tagged_sentences
from cloudautoml_local import LocalConfig, LocalProvider
from cloudautoml_local.spaces.entities import tagger_of
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.entities import EntityTask
from cloudautoml_local.tasks.entities.baseline import dictionary_tags
from cloudautoml_local.tasks.entities.decoding import decode, tune_scale
from cloudautoml_local.tasks.entities.families import FAMILIES
from cloudautoml_local.tasks.entities.families.base import Problem
from cloudautoml_local.tasks.entities.features import Extractor, Template, shape_of
from cloudautoml_local.tasks.entities.lexicon import Lexicon
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from pathlib import Path

TAGS = ("O", "B-a", "I-a", "B-b", "I-b")


def spec_for(**search: Any) -> ca.JobSpec:
    return ca.JobSpec(
        name="names",
        task=ca.NamedEntityRecognition(),
        data=ca.Dataset(train=pd.DataFrame(tagged_sentences(150))),
        budget=ca.Budget(max_trials=2),
        search=ca.Search(**search),
        outputs=ca.Outputs(report=False),
        seed=3,
    )


@pytest.fixture(scope="module")
def data() -> PreparedTokens:
    return prepare_tokens(spec_for())


def best_by_hand(found: np.ndarray[Any, Any]) -> list[str]:
    """The best legal tags of one sentence, by trying all."""
    from itertools import product

    legal = [
        codes
        for codes in product(range(len(TAGS)), repeat=len(found))
        if all(
            TAGS[code][0] != "I" or (place and TAGS[codes[place - 1]][2:] == TAGS[code][2:])
            for place, code in enumerate(codes)
        )
    ]
    logs = np.log(np.maximum(found, 1e-12))
    chosen = max(legal, key=lambda codes: sum(logs[place, code] for place, code in enumerate(codes)))
    return [TAGS[code] for code in chosen]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(0, 10_000))
def test_decoding_gives_the_best_legal_tags(lengths: list[int], seed: int) -> None:
    found = np.random.default_rng(seed).dirichlet(np.full(len(TAGS), 0.4), sum(lengths))
    ends = np.cumsum(lengths)
    wanted = [best_by_hand(found[end - length : end]) for end, length in zip(ends, lengths, strict=True)]
    assert decode(found, lengths, TAGS) == wanted


def test_weighing_o_down_finds_more() -> None:
    rng = np.random.default_rng(0)
    truth = [["B-a"] if rng.random() < 0.5 else ["O"] for _ in range(400)]
    found = np.array([[0.7, 0.3, 0, 0, 0] if tags == ["B-a"] else [0.9, 0.1, 0, 0, 0] for tags in truth])
    scale = tune_scale(found, [1] * 400, TAGS, truth)
    assert scale < 0.43
    assert entity_metrics(truth, decode(found, [1] * 400, TAGS, scale=scale))["entity_f1"] == 1.0


def test_a_known_entity_is_none_where_only_the_sentence_itself_says_so(data: PreparedTokens) -> None:
    once = data.train.take([0]).with_tags([["B-person", *["O"] * (len(data.train.tokens[0]) - 1)]])
    lexicon = Lexicon.of(once)
    assert not any(lexicon.matches(once.tokens[0], once.tags[0]))
    assert lexicon.matches(once.tokens[0])[0] == ["part=person", "name=person|first"]
    twice = Extractor(Template(gazetteer=True, casing=True, words=2), lexicon)
    again = Extractor.from_dict(twice.to_dict())
    assert again.features(once.tokens[0]) == twice.features(once.tokens[0])
    assert shape_of("iPhone-6") == "xXxxxx-d"


@pytest.mark.parametrize("family", ["crf", "network"])
def test_families_learn_and_are_read_back(data: PreparedTokens, tmp_path: Path, family: str) -> None:
    assert data.holdout is not None
    problem = Problem(data.schema.tags, seed=1)
    params = {**FAMILIES[family].DEFAULTS[0], **({"learning_rate": 0.004} if family == "network" else {})}
    fitted = FAMILIES[family].fit(params, data.train, None, problem, deadline=Deadline(None), rounds=30)
    found = fitted.predict(data.holdout.tokens)
    assert found.shape == (sum(data.holdout.lengths), len(data.schema.tags))
    assert np.allclose(found.sum(axis=1), 1, atol=1e-4)
    tags = decode(found, data.holdout.lengths, data.schema.tags)
    assert entity_metrics(data.holdout.tags, tags)["entity_f1"] > 0.9
    fitted.save(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.suffix in {".pkl", ".pickle", ".joblib"}]
    again = FAMILIES[family].load(tmp_path, data.schema.tags)
    assert np.array_equal(again.predict(data.holdout.tokens), found)
    assert again.predict([]).shape == (0, len(data.schema.tags))


def test_a_trial_is_the_same_twice(data: PreparedTokens, tmp_path: Path) -> None:
    scores = []
    for name in "ab":
        task = EntityTask(spec_for(families=("crf",)), tmp_path / name)
        task.prepare(data, progress=lambda _: None)
        found = task.trainer(0, Resources(seed=1)).train(tagger_of("crf", FAMILIES["crf"].DEFAULTS[1]), fidelity=FULL)
        scores.append((found.score, found.metrics, found.curve))
    assert scores[0] == scores[1]
    assert scores[0][0] > 0.8


def test_the_baseline_is_a_dictionary(data: PreparedTokens) -> None:
    assert dictionary_tags(data.train, [("to", "New", "York", "by", "Nobody")]) == [
        ["O", "B-place", "I-place", "O", "O"]
    ]


def test_a_space_without_taggers_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"'chain'.*named_entity_recognition job learns from a tokens"):
        EntityTask(spec_for(space=ca.Part(type="chain")), tmp_path).space()


def test_a_job_from_submission_to_a_saved_model(tmp_path: Path, home: Path) -> None:
    provider = LocalProvider(LocalConfig(executor="inline", workers=1), store=Store(home))
    job = provider.submit(spec_for(families=("crf",)))
    assert job.wait(timeout=120).status().state is JobState.SUCCEEDED
    board = job.leaderboard()
    assert {row.algorithm for row in board} == {"crf", "ensemble", "baseline"}
    assert board.best is not None
    assert (board.best.score_holdout or 0.0) > 0.9
    assert board.best.metrics_by_part["entity person"].keys() == {"f1", "precision", "recall"}
    evaluation = read_json(store_dir(provider, job.id) / "task" / "evaluation.json")
    assert [part["class"] for part in evaluation["per_class"]] == ["person", "place"]
    model = job.model("refit")
    rows = pd.DataFrame({"tokens": ["Yesterday Bob Stone went to Oslo .", ["the", "train"]]}, dtype=object)
    rows["tokens"] = [["Bob", "Stone", "went", "to", "Oslo"], ["the", "train"]]
    assert model.predict(rows).tolist() == [["B-person", "I-person", "O", "O", "B-place"], ["O", "O"]]
    with pytest.raises(UnsupportedError, match="entities"):
        model.predict_proba(rows)
    again: Any = ca.load_model(model.save(tmp_path / "model"))
    (found,) = again.entities(["Eve went to Cape Town yesterday ."])
    assert [(entity["text"], entity["type"], entity["from"], entity["to"]) for entity in found] == [
        ("Eve", "person", 0, 3), ("Cape Town", "place", 12, 21),
    ]  # fmt: skip
    assert all(0 < entity["probability"] <= 1 for entity in found)


def store_dir(provider: LocalProvider, job: str) -> Path:
    return provider.store.job_dir(job)
