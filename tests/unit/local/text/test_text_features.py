"""What models read of texts: words, n-grams, vocabularies, folds and calibrated probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from cloudautoml_local.tasks.tabular.plan import Plan
from cloudautoml_local.tasks.text.blocks import Blocks, Wanted
from cloudautoml_local.tasks.text.calibration import calibrate
from cloudautoml_local.tasks.text.linear import Choice, Weights, fit
from cloudautoml_local.tasks.text.ngrams import Counter, Counts
from cloudautoml_local.tasks.text.plan import deal, plan_trials
from cloudautoml_local.tasks.text.vocabulary import Vocabulary
from cloudautoml_local.tasks.text.wording import WORD, readable

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.text.ngrams import Unit

TEXTS = ["The cat sat.", "the dog sat on the mat!", "a cat & a dog", "dogs, cats", "it's £5 for a mat", "sat sat sat"]


@given(st.text())
def test_anything_becomes_readable(text: str) -> None:
    found = readable([text])[0]
    assert found.isascii() or not any("\x00" <= sign < "\x09" or "\ud800" <= sign <= "\udfff" for sign in found)
    assert readable([found]) == [found]
    assert len(found) <= 20_000


@pytest.mark.parametrize(("unit", "analyzer", "longest"), [("words", "word", 2), ("chars", "char_wb", 5)])
def test_features_are_those_of_tf_idf(unit: Unit, analyzer: str, longest: int, tmp_path: Path) -> None:
    texts = TEXTS * 2
    counts = Counts.of(texts, unit)
    counts.save(tmp_path)
    counts = Counts.open(tmp_path, unit)
    rows = np.arange(8)
    blocks, _ = Blocks.learn({unit: counts}, rows, Wanted({unit: longest}, fewest=2))
    usual = TfidfVectorizer(
        analyzer=analyzer,
        token_pattern=WORD if unit == "words" else None,
        ngram_range=(1 if unit == "words" else 2, longest),
        min_df=2,
        sublinear_tf=True,
    )
    usual.fit([texts[row] for row in rows])
    names = blocks.units[unit].names
    assert sorted(names) == sorted(usual.get_feature_names_out())
    order = [usual.vocabulary_[name] for name in names]
    assert np.allclose(blocks.read(TEXTS, None).toarray(), usual.transform(TEXTS).toarray()[:, order], atol=1e-5)
    (tmp_path / "saved").mkdir()
    blocks.save(tmp_path / "saved")
    assert np.array_equal(
        Blocks.load(tmp_path / "saved").read(TEXTS, None).toarray(), blocks.read(TEXTS, None).toarray()
    )


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab é", max_size=12), min_size=1, max_size=6))
def test_texts_together_are_counted_as_each_alone(texts: list[str]) -> None:
    counter = Counter("chars", [" a", "a ", "ab", "ab ", "éa", " b "])
    together = counter.count(texts).toarray()
    assert np.array_equal(together, np.vstack([counter.count([text]).toarray() for text in texts]))


def test_scripts_without_blanks_are_cut_into_characters() -> None:
    vocabulary = Vocabulary.learn(["我喜欢茶", "我喜欢书", "tea tea"])
    assert set(vocabulary.words) == {"我", "喜", "欢", "tea"}
    numbers = vocabulary.read(["我喜欢酒", "", "TEA " * 500])
    assert (numbers[0, :4] > 0).all()
    assert numbers[0, 3] == 1  # not known
    assert not numbers[1].any()
    assert numbers.shape == (3, vocabulary.length)


@pytest.mark.parametrize("method", ["svm", "logistic", "bayes"])
@pytest.mark.parametrize("log_counts", [False, True])
def test_linear_models_tell_classes_apart(method: str, log_counts: bool, tmp_path: Path) -> None:
    texts = [f"{word} {number}" for number in range(20) for word in ("tea", "tin", "tar")]
    counts = Counts.of(texts, "words")
    blocks, places = Blocks.learn({"words": counts}, np.arange(60), Wanted({"words": 1}))
    features = blocks.joined({"words": counts.matrix[:, places["words"]]}, None)
    wanted = np.arange(60)[:, None] % 3 == np.arange(3)
    choice = Choice(method, 1.0, log_counts)  # type: ignore[arg-type]
    weights = fit(features, wanted, choice, seed=0)
    weights.save(tmp_path)
    scores = Weights.load(tmp_path).scores(features, labels=False)
    assert np.array_equal(scores.argmax(axis=1), np.arange(60) % 3)
    alone = fit(features, np.zeros((60, 3), np.bool_) | [True, False, False], choice, seed=0)
    assert (alone.scores(features, labels=False).argmax(axis=1) == 0).all()


def test_calibration_finds_the_line_behind_the_labels() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(0, 2, 4000)
    positive = rng.random(4000) < 1 / (1 + np.exp(-(1.5 * margin - 1)))
    scores = np.stack([-margin, margin], axis=1) * 10
    found = calibrate(scores, np.stack([~positive, positive], axis=1), labels=False)
    probabilities = found.probabilities(scores, labels=False)
    assert abs(probabilities[:, 1].mean() - positive.mean()) < 0.01
    assert abs(20 * found.slope - 1.5) < 0.15
    assert abs(found.start + 1) < 0.15


def test_folds_keep_groups_together_and_classes_even() -> None:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 300, 1000)
    strata = (groups % 10 == 0).astype(np.int64)
    fold = deal(strata, groups, Plan(5, 5, None), seed=3)
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    shares = [strata[fold == number].mean() for number in range(5)]
    assert max(shares) - min(shares) < 0.08
    assert (deal(strata, groups, Plan(5, 2, None), seed=3) == -1).any()


def test_more_work_means_fewer_folds() -> None:
    small = plan_trials(rows=5_000, occurrences=2_000_000, outputs=1, seconds=180)
    large = plan_trials(rows=500_000, occurrences=200_000_000, outputs=77, seconds=180)
    assert (small.folds, large.folds) == (5, 1)
    assert plan_trials(rows=100, occurrences=1000, outputs=1, seconds=None).trial_seconds is None
