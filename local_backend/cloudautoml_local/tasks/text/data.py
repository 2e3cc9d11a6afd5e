"""The texts as trials see them: counted, embedded, numbered and dealt into folds, as files to map."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.data.frames import read_frame, write_frame
from cloudautoml.data.labels import label_matrix, rarest_labels
from cloudautoml.search import Signature
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.tabular.plan import Plan
from cloudautoml_local.tasks.text.embedder import adopt
from cloudautoml_local.tasks.text.model import EMBEDDED, EMBEDDER
from cloudautoml_local.tasks.text.ngrams import Counts
from cloudautoml_local.tasks.text.plan import deal, plan_trials
from cloudautoml_local.tasks.text.vocabulary import Vocabulary
from cloudautoml_local.tasks.text.wording import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cloudautoml.data import PreparedData
    from cloudautoml.spec import JobSpec
    from cloudautoml_local.tasks.text.ngrams import Unit

_CHARACTERS: Final = {"words": 30_000_000, "chars": 4_000_000}
"""Characters of all texts that n-grams are counted in: as many as take some seconds."""
_SHORTEST_CUT: Final = 100
_EMBEDDING_SHARE = 0.35
_COLUMN = "text"


@dataclass(frozen=True, slots=True, eq=False)
class TextData:
    """The files of a job's texts.

    Attributes:
        directory: Their folder.
        problem: What is to be learned.
        plan: Folds and time.
        longest: For each unit, the characters of a text that its n-grams are counted in.
        target: n class codes.
        fold: Which fold each text is validated in.
    """

    directory: Path
    problem: Problem
    plan: Plan
    longest: dict[Unit, int]
    target: npt.NDArray[Any]
    fold: npt.NDArray[np.int8]

    @classmethod
    def open(cls, directory: Path) -> TextData:
        """Map the files that `write_texts` wrote."""
        saved = read_json(directory / "text.json")
        return cls(
            directory,
            Problem.load(directory),
            Plan(**saved["plan"]),
            saved["longest"],
            np.asarray(read_array(directory / "target.npy")),
            np.asarray(read_array(directory / "folds.npy")),
        )

    @property
    def labels(self) -> bool:
        """Whether a text may have any number of labels."""
        return self.problem.signature.target == "labels"

    def counts(self, units: Sequence[Unit]) -> dict[Unit, Counts]:
        """N-grams of the texts to learn from."""
        return {unit: Counts.open(self.directory, unit) for unit in units}

    def embeddings(self, part: str) -> npt.NDArray[np.float32]:
        """Sentence embeddings of the texts of `train` or `holdout`."""
        return read_array(self.directory / f"{part}_embeddings.npy", mmap_mode="r")

    def tokens(self, part: str) -> npt.NDArray[np.int32]:
        """Numbers of the words, of `train` or `holdout`."""
        return read_array(self.directory / f"{part}_tokens.npy")

    def texts(self, part: str) -> list[str]:
        """The texts of `train` or `holdout`."""
        return [str(text) for text in read_frame(self.directory / f"{part}_texts.parquet")[_COLUMN]]

    @property
    def sealed(self) -> bool:
        """Whether there are sealed texts."""
        return (self.directory / "holdout_texts.parquet").exists()

    def wanted(self, target: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Whether each row is of each class: n x classes."""
        return wanted(target, len(self.problem.classes))


def wanted(target: npt.NDArray[Any], classes: int) -> npt.NDArray[np.bool_]:
    """Whether each row is of each class: n x classes.

    Args:
        target: n codes, or n x classes labels.
        classes: How many there are.
    """
    return np.asarray(target > 0) if target.ndim == 2 else np.asarray(target[:, None] == np.arange(classes))


def write_texts(
    data: PreparedData,
    spec: JobSpec,
    directory: Path,
    *,
    embedder: Path | None,
    threads: int,
    progress: Callable[[str], None],
) -> TextData:
    """Write what trials need; of the sealed rows only the texts.

    Args:
        data: The job's data.
        spec: The job.
        directory: The task's folder.
        embedder: Folder of a sentence-embedding model; None for none.
        threads: CPU threads for embedding.
        progress: Told what is going on.
    """
    column = data.schema.names[0]
    texts = readable(data.train[column])
    write_frame(_frame(texts), directory / "train_texts.parquet")
    write_json(directory / "schema.json", data.schema.to_dict())
    longest = {unit: int(np.clip(most / max(1, len(texts)), 1, 20_000)) for unit, most in _CHARACTERS.items()}
    units: list[Unit] = ["words", "chars"]
    if longest["chars"] < _SHORTEST_CUT:  # of so many texts the words tell enough
        units.remove("chars")
    occurrences = 0
    for unit in units:
        counts = Counts.of([text[: longest[unit]] for text in texts], unit)
        counts.save(directory)
        occurrences += int(counts.matrix.nnz)
        progress(f"{len(counts.names):,} n-grams of {unit}")
    vocabulary = Vocabulary.learn(texts)
    vocabulary.save(directory)
    write_array(directory / "train_tokens.npy", vocabulary.read(texts))
    if data.holdout is not None:
        sealed = readable(data.holdout[column])
        write_frame(_frame(sealed), directory / "holdout_texts.parquet")
        write_array(directory / "holdout_tokens.npy", vocabulary.read(sealed))
    problem, target = problem_of(data, spec, Signature("sequence", (vocabulary.length,), vocabulary=vocabulary.ids))
    problem.save(directory)
    write_array(directory / "target.npy", target)
    seconds = spec.budget.max_time.total_seconds() if spec.budget.max_time else None
    outputs = 1 if problem.kind == "binary" else len(problem.classes)
    plan = plan_trials(rows=len(texts), occurrences=occurrences, outputs=outputs, seconds=seconds)
    write_array(directory / "folds.npy", deal(strata_of(target), groups_of(texts, data), plan, seed=spec.seed))
    if embedder is not None:
        progress(f"embedding {len(texts):,} texts")
        share = None if seconds is None else _EMBEDDING_SHARE * seconds
        every = [*texts, *(readable(data.holdout[column]) if data.holdout is not None else ())]
        model = adopt(embedder, directory / EMBEDDER, every, threads=threads, seconds=share)
        try:
            found = model.embed(every, progress=progress, seconds=None if share is None else 1.3 * share)
        except TimeoutError as exc:  # the machine is busier than it was when it was asked
            progress(f"{exc}: the search goes on without them")
        else:
            write_array(directory / "holdout_embeddings.npy", found[len(texts) :])
            write_array(directory / EMBEDDED, found[: len(texts)])
    write_json(directory / "text.json", {"plan": asdict(plan), "longest": {unit: longest[unit] for unit in units}})
    return TextData.open(directory)


def problem_of(data: PreparedData, spec: JobSpec, signature: Signature) -> tuple[Problem, npt.NDArray[Any]]:
    """What is to be learned of texts, and the target of the rows to learn from."""
    classes = data.schema.classes or ()
    several = several_labels(spec)
    target = targets(data.train, data, several=several)
    # of two classes, metrics are about the rarer one
    single = len(classes) == 2 and not several
    positive = int(np.argmin(np.bincount(target, minlength=2))) if single else 0
    signature = replace(signature, outputs=len(classes), target="labels" if several else "classes")
    return Problem(signature, spec.metric.name, classes, positive), target


def several_labels(spec: JobSpec) -> bool:
    """Whether a text may have any number of labels."""
    return bool(getattr(spec.task, "multi_label", False))


def targets(frame: Any, data: PreparedData, *, several: bool) -> npt.NDArray[Any]:
    """The target of training or sealed rows: n codes, -1 for an unknown class; or n x classes labels."""
    if several:
        return label_matrix(frame[data.schema.target], data.schema.classes or ())
    codes = {label: code for code, label in enumerate(data.schema.classes or ())}
    return np.asarray(frame[data.schema.target].map(codes).fillna(-1), np.int64)


def strata_of(target: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The stratum of each row: its class, or the rarest of its labels."""
    return target if target.ndim == 1 else rarest_labels(target)


def groups_of(texts: Sequence[str], data: PreparedData) -> npt.NDArray[np.int64]:
    """The group of each row: the user's, or else the rows of equal text."""
    if data.groups is not None:
        return np.unique(data.groups, return_inverse=True)[1]
    import pandas as pd

    return np.asarray(pd.factorize(pd.Series([" ".join(text.lower().split()) for text in texts]))[0], np.int64)


def _frame(texts: Sequence[str]) -> Any:
    import pandas as pd

    return pd.DataFrame({_COLUMN: pd.Series(list(texts), dtype="str")})
