"""Saved models of networks on texts: texts become numbers of the words that were learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml_local.tasks.neural.model import NeuralModel

if TYPE_CHECKING:
    import numpy.typing as npt


class NeuralTextModel(NeuralModel):
    """A model of texts."""

    shared_files = ("schema.json", "vocabulary.json")

    @override
    def read(self, rows: Any) -> tuple[Any, Any]:
        from cloudautoml_local.tasks.text.reading import read_texts

        return read_texts(rows, self.shared, self.recipe.reading)

    @override
    def inputs(self, read: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        from cloudautoml_local.tasks.text.vocabulary import Vocabulary

        return Vocabulary.load(self.shared).read(read)
