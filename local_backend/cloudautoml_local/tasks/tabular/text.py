"""Text encoder: n-gram weights reduced to a few numbers, the most telling tokens, and the shape of the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from cloudautoml_local.tasks.tabular.columns import Matrix, ViewColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Unit = Literal["word", "char"]
_SHAPE = ("length", "words", "digits", "capitals", "symbols")
_FIT_ROWS = 50_000
_WORDS = r"\b\w+\b"
_MAX_CHARS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """Free text, or codes such as `PC 17599` whose beginnings mean something.

    Attributes:
        unit: N-grams of words (one and two) or of characters (one to three).
        vocabulary: The n-grams, in the order of `idf`.
        idf: Their inverse document frequencies.
        projection: n-grams x d: the singular vectors.
        tokens: Positions in `vocabulary` of the n-grams that are given as columns of their own.
    """

    unit: Unit
    vocabulary: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    projection: npt.NDArray[np.float32]
    tokens: tuple[int, ...]

    @classmethod
    def fit(cls, column: pd.Series[Any], *, unit: Unit, seed: int) -> TextEncoder:
        """Learn from text; missing text is empty."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer

        texts = _texts(column)
        rng = np.random.default_rng(seed)
        if len(texts) > _FIT_ROWS:
            texts = [texts[row] for row in np.sort(rng.choice(len(texts), _FIT_ROWS, replace=False))]
        counter = _counter(unit, None, rows=len(texts))
        try:
            counts = counter.fit_transform(texts)
        except ValueError:  # nothing is left of the text: no n-gram occurs often enough
            return cls(unit, (), np.zeros(0, np.float32), np.zeros((0, 0), np.float32), ())
        vocabulary = tuple(str(name) for name in counter.get_feature_names_out())
        weighting = TfidfTransformer(sublinear_tf=True).fit(counts)
        size = min(24 if unit == "word" else 12, len(vocabulary) - 1, len(texts) - 1)
        if size >= 1:
            svd: Any = TruncatedSVD(size, n_iter=3, random_state=seed % 2**32).fit(weighting.transform(counts))
            projection = svd.components_.T.astype(np.float32)
        else:
            projection = np.zeros((len(vocabulary), 0), np.float32)
        frequency = np.asarray((counts > 0).mean(axis=0)).ravel()
        # a token that is nearly everywhere or nearly nowhere splits nothing
        telling = np.argsort(-frequency * (1 - frequency), kind="stable")[: 40 if unit == "word" else 0]
        return cls(unit, vocabulary, weighting.idf_.astype(np.float32), projection, tuple(int(i) for i in telling))

    def columns(self, source: str) -> list[ViewColumn]:
        """The text's shape, its projection, its tokens."""
        shape = [ViewColumn(source, name) for name in _SHAPE]
        topics = [ViewColumn(source, "topic") for _ in range(self.projection.shape[1])]
        return [*shape, *topics, *(ViewColumn(source, "token") for _ in self.tokens)]

    def transform(self, column: pd.Series[Any]) -> Matrix:
        """N rows; a missing text has NaN for its shape and zeros else."""
        texts = _texts(column)
        shape = _shape(texts)
        shape[column.isna().to_numpy()] = np.nan
        if not self.vocabulary:
            return shape
        from sklearn.preprocessing import normalize

        counts = _counter(self.unit, {name: i for i, name in enumerate(self.vocabulary)}, rows=len(texts))
        found = counts.transform(texts).astype(np.float32).tocsr()
        present = np.asarray((found[:, list(self.tokens)] > 0).todense(), np.float32)
        found.data = 1.0 + np.log(found.data)
        weighted: Any = normalize(found.multiply(self.idf[None, :]).tocsr())
        return np.hstack([shape, np.asarray(weighted @ self.projection, np.float32), present])

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """JSON and arrays."""
        text = {"unit": self.unit, "vocabulary": list(self.vocabulary), "tokens": list(self.tokens)}
        return text, {"idf": self.idf, "projection": self.projection}

    @classmethod
    def restore(cls, state: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> TextEncoder:
        """Read what `state` gave."""
        unit: Unit = "word" if state["unit"] == "word" else "char"
        tokens = tuple(int(i) for i in state["tokens"])
        return cls(unit, tuple(map(str, state["vocabulary"])), arrays["idf"], arrays["projection"], tokens)


def _texts(column: pd.Series[Any]) -> list[str]:
    # the beginning of a text of any length is enough for a table, and bounds the time
    return [text[:_MAX_CHARS] for text in column.fillna("").astype("str")]


def _counter(unit: Unit, vocabulary: dict[str, int] | None, *, rows: int) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    if unit == "word":
        return CountVectorizer(
            ngram_range=(1, 2), token_pattern=_WORDS, vocabulary=vocabulary, max_features=3000, min_df=min(3, rows)
        )
    return CountVectorizer(
        analyzer="char", ngram_range=(1, 3), vocabulary=vocabulary, max_features=1000, min_df=min(3, rows)
    )


def _shape(texts: list[str]) -> Matrix:
    rows = np.zeros((len(texts), len(_SHAPE)), np.float32)
    for i, text in enumerate(texts):
        length = len(text)
        if length:
            digits = sum(map(str.isdigit, text))
            capitals = sum(map(str.isupper, text))
            plain = sum(map(str.isalnum, text)) + sum(map(str.isspace, text))
            rows[i] = (length, len(text.split()), digits / length, capitals / length, (length - plain) / length)
    return rows
