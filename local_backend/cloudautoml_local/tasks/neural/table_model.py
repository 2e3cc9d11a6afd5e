"""Saved models of networks on tables: rows become inputs by the schema and the preprocessing of the training rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml_local.tasks.neural.model import NeuralModel

if TYPE_CHECKING:
    import numpy.typing as npt


class NeuralTableModel(NeuralModel):
    """A model of rows of a table."""

    shared_files = ("preprocess.json", "preprocess.npz", "schema.json")

    @override
    def read(self, rows: Any) -> tuple[Any, Any]:
        import pandas as pd

        from cloudautoml.data import Schema, read_table
        from cloudautoml.spec import Dataset
        from cloudautoml.store.files import read_json

        where = "rows"
        index = rows.index if isinstance(rows, pd.DataFrame) else None
        if isinstance(rows, (str, Path)):
            where = str(rows)
            rows = read_table(where, Dataset.model_validate({**self.recipe.reading, "train": where}))
        schema = Schema.from_dict(read_json(self.shared / "schema.json"))
        frame = schema.conform(rows, where=where)
        return frame, frame.index if index is None else index

    @override
    def inputs(self, read: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        from cloudautoml_local.tasks.tabular.views import Preprocessor

        preprocessor = Preprocessor.load(self.shared)
        return preprocessor.dense.transform(preprocessor.tree(read))
