"""Tables learned by networks: the dense view of the tabular tasks, for spaces of networks."""

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


class NeuralTableTask(NeuralTask):
    """Classifies rows of a table, or predicts a number for each, by networks of a space that the spec names."""

    types: ClassVar[frozenset[str]] = frozenset({"tabular_classification", "tabular_regression"})
    model_kind: ClassVar[str] = "table"
    default_space: ClassVar[Part] = Part(type="chain")

    @property
    @override
    def expected(self) -> Signature:
        value = self.spec.task.type == "tabular_regression"
        return Signature("table", outputs=1 if value else 0, target="value" if value else "classes")

    @override
    def prepare(self, data: Prepared, *, progress: Callable[[str], None]) -> None:
        from cloudautoml_local.tasks.neural.table_data import write_table_examples

        if not isinstance(data, PreparedData):  # a spec of this task is prepared as a table
            raise DataError("this is not a table", where=str(self.directory / "data"))
        progress(f"preparing {len(data.train):,} rows and {len(data.schema.features)} features")
        problem = write_table_examples(data, self.spec, self.directory / "task")
        progress(f"{problem.signature.shape[0]} inputs")
