"""Accuracy of text classifiers on sealed texts, beside one linear SVM on the same texts.

Each data set is one JSON line on stdout. The data is read from the folder that CLOUDAUTOML_BENCH_DATA names
(`text/<name>.parquet`); sealed are the texts that a column `split` marks as `test`, or a fifth, fold by fold.

    python tests/benchmarks/text.py --seconds 180 --embeddings folder-of-a-sentence-embedding-model
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA_SETS = ("sms_spam", "customer_reviews", "trec_questions", "banking77")


def parts(folder: Path, name: str, folds: int) -> Iterator[tuple[Any, Any]]:
    """Texts to learn from and sealed texts: the official ones, or folds of five."""
    import pandas as pd
    from sklearn.model_selection import StratifiedKFold

    frame = pd.read_parquet(folder / f"{name}.parquet")
    frame["label"] = frame["label"].astype(str)
    if "split" in frame:
        sealed = frame["split"] == "test"
        yield frame.loc[~sealed, ["text", "label"]], frame.loc[sealed, ["text", "label"]]
        return
    dealt = StratifiedKFold(5, shuffle=True, random_state=0).split(frame, frame["label"])
    for _, (learned, sealed) in zip(range(folds), dealt, strict=False):
        yield frame.iloc[learned][["text", "label"]], frame.iloc[sealed][["text", "label"]]


def ours(train: Any, test: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """The best model of a job by its validation score, and how it does on the sealed texts."""
    import cloudautoml as ca

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        train.to_csv(place / "train.csv", index=False)
        test.to_csv(place / "test.csv", index=False)
        space: dict[str, Any] = {"type": "text"}
        if arguments.embeddings:
            space["embeddings"] = str(Path(arguments.embeddings).resolve())
        spec = ca.JobSpec(
            name="bench",
            task=ca.TextClassification(),
            data=ca.Dataset(train=str(place / "train.csv"), test=str(place / "test.csv")),
            objective=ca.Objective(metric="accuracy"),
            budget=ca.Budget(max_time=f"{arguments.seconds}s"),
            search=ca.Search(space=ca.Part(**space)),
            seed=arguments.seed,
        )
        os.environ["CLOUDAUTOML_HOME"] = str(place / "home")
        begin = time.perf_counter()
        board = ca.connect("local").submit(spec).wait().leaderboard()
        seconds = time.perf_counter() - begin
        best = board.best
        assert best is not None
        singles = [row.score_val for row in board if row.trial is not None and row.score_val is not None]
        return {
            "best": best.model,
            "accuracy": best.score_holdout,
            "validation": best.score_val,
            "trials": len(singles),
            "ms_per_row": best.predict_ms_per_row,
            "size_mb": best.size_mb,
            "params": {name: value for name, value in best.params.items() if value},
            "seconds": round(seconds, 1),
        }


def peer(train: Any, test: Any) -> float:
    """Accuracy of a linear SVM on words and characters, the usual first choice."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    model: Any = make_pipeline(make_union(words, characters), LinearSVC())
    model.fit(train["text"], train["label"])
    return float((model.predict(test["text"]) == test["label"]).mean())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=",".join(DATA_SETS), help="data sets, separated by commas")
    parser.add_argument("--seconds", type=int, default=180, help="time of a job")
    parser.add_argument("--folds", type=int, default=1, help="folds of a data set that has no official split")
    parser.add_argument("--embeddings", help="folder of a sentence-embedding model: model.onnx and tokenizer.json")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(os.environ.pop("CLOUDAUTOML_BENCH_DATA")) / "text"  # no setting of a job
    for name in arguments.data.split(","):
        for fold, (train, test) in enumerate(parts(folder, name, arguments.folds)):
            found = ours(train, test, arguments)
            line = {"data": name, "fold": fold, **found, "svm": round(peer(train, test), 4)}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
