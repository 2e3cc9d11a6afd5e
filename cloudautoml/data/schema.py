"""Schema: the columns that a model was trained on, which travels with it and reads new rows the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.data.coerce import coerce
from cloudautoml.data.names import short
from cloudautoml.errors import DataError
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_KINDS = {
    ColumnType.NUMERIC: "a number",
    ColumnType.DATETIME: "a date or a time",
    ColumnType.BOOLEAN: "true or false",
}


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One feature.

    Attributes:
        name: The column's name, exactly as the user wrote it.
        type: How it is understood; never `IGNORE`.
        nullable: Whether it had missing values in training.
    """

    name: str
    type: ColumnType
    nullable: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table and their roles.

    Attributes:
        features: The features, in the order in which a model sees them.
        target: Column of the target; None for tables without one.
        target_type: `CATEGORICAL` for classification, `NUMERIC` for regression.
        classes: The class labels as text, sorted; None unless it is a classification.
        weight: Column of the row weights.
    """

    features: tuple[ColumnInfo, ...]
    target: str | None = None
    target_type: ColumnType | None = None
    classes: tuple[str, ...] | None = None
    weight: str | None = None

    @property
    def names(self) -> list[str]:
        """Names of the features, in order."""
        return [feature.name for feature in self.features]

    def conform(self, frame: object, *, where: str) -> pd.DataFrame:
        """Read new rows the way the training rows were read.

        Args:
            frame: A table: pandas, or anything with `__arrow_c_stream__`. It is not changed.
            where: What the rows are, for messages: a file, or "rows".

        Returns:
            The features alone, in order, coerced to their types, with a `RangeIndex`.

        Raises:
            DataError: A feature is missing, or a value cannot be read as its column's type.
        """
        import pandas as pd

        from cloudautoml.data.arrow import raw_frame

        raw = raw_frame(frame, where=where, only=self.names)
        columns: dict[str, pd.Series[Any]] = {}
        for feature in self.features:
            coerced = coerce(raw[feature.name], feature.type)
            if coerced.bad.any():
                row = int(coerced.bad.argmax())
                raise DataError(
                    f"column {short(feature.name)}, row {row + 1}: {short(raw[feature.name].iloc[row])} "
                    f"is not {_KINDS[feature.type]}",
                    where=where,
                    hint=f"{int(coerced.bad.sum())} rows are like this; the model was trained on a "
                    f"{feature.type.value} column",
                )
            columns[feature.name] = coerced.values
        return pd.DataFrame(columns, index=raw.index)

    def to_dict(self) -> dict[str, Any]:
        """The schema as a JSON object."""
        return {
            "features": [
                {"name": feature.name, "type": feature.type.value, "nullable": feature.nullable}
                for feature in self.features
            ],
            "target": self.target,
            "target_type": self.target_type.value if self.target_type else None,
            "classes": list(self.classes) if self.classes is not None else None,
            "weight": self.weight,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Schema:
        """Read what `to_dict` wrote."""
        return cls(
            features=tuple(
                ColumnInfo(name=item["name"], type=ColumnType(item["type"]), nullable=bool(item["nullable"]))
                for item in value["features"]
            ),
            target=value["target"],
            target_type=ColumnType(value["target_type"]) if value["target_type"] else None,
            classes=tuple(value["classes"]) if value["classes"] is not None else None,
            weight=value["weight"],
        )
