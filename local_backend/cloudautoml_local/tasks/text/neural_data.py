"""Examples of texts for networks alone: numbers of words, split into those to learn from and those to choose by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.search import Signature
from cloudautoml.store.files import write_json
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.split import set_apart
from cloudautoml_local.tasks.text.data import groups_of, problem_of, several_labels, targets
from cloudautoml_local.tasks.text.vocabulary import Vocabulary
from cloudautoml_local.tasks.text.wording import readable

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.data import PreparedData
    from cloudautoml.spec import JobSpec
    from cloudautoml_local.tasks.neural.problem import Problem


def write_text_examples(data: PreparedData, spec: JobSpec, directory: Path) -> Problem:
    """Learn the words of the texts to learn from, and write examples and problem.

    Args:
        data: The job's data.
        spec: The job.
        directory: The task's folder.
    """
    column = data.schema.names[0]
    texts = readable(data.train[column])
    groups = groups_of(texts, data) if data.groups is not None else None
    several = several_labels(spec)
    target = targets(data.train, data, several=several)
    learned, chosen_by = set_apart(target, classes=len(data.schema.classes or ()), groups=groups, seed=spec.seed)
    vocabulary = Vocabulary.learn([texts[row] for row in learned])
    vocabulary.save(directory)
    write_json(directory / "schema.json", data.schema.to_dict())
    whole = Examples(vocabulary.read(texts), target)
    whole.take(learned).save(directory, "train")
    whole.take(chosen_by).save(directory, "valid")
    if data.holdout is not None:
        sealed = vocabulary.read(readable(data.holdout[column]))
        Examples(sealed, targets(data.holdout, data, several=several)).save(directory, "holdout")
    signature = Signature("sequence", (vocabulary.length,), vocabulary=vocabulary.ids)
    problem, _ = problem_of(data, spec, signature)
    problem.save(directory)
    return problem
