"""Texts learned by networks: numbers of words in order, for spaces of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.data import PreparedData
from cloudautoml.errors import DataError
from cloudautoml.search import Signature
from cloudautoml.spec import Part
from cloudautoml_local.tasks.neural.task import NeuralTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.data import Prepared


class NeuralTextTask(NeuralTask):
    """Classifies texts by networks of a space that the spec names."""

    types: ClassVar[frozenset[str]] = frozenset({"text_classification"})
    model_kind: ClassVar[str] = "text"
    default_space: ClassVar[Part] = Part(type="chain")

    @property
    @override
    def expected(self) -> Signature:
        return Signature("sequence")

    @override
    def prepare(self, data: Prepared, *, progress: Callable[[str], None]) -> None:
        from cloudautoml_local.tasks.text.neural_data import write_text_examples

        if not isinstance(data, PreparedData):  # a spec of this task is prepared as a table
            raise DataError("these are not texts", where=str(self.directory / "data"))
        progress(f"preparing {len(data.train):,} texts")
        problem = write_text_examples(data, self.spec, self.directory / "task")
        progress(f"{problem.signature.vocabulary:,} words, {problem.signature.shape[0]} a text")
