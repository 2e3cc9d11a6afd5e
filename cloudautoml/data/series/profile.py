"""Profile of series: how many, how long, how far they reach, and the columns beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data.series.schema import SeriesSchema


def profile_series(train: pd.DataFrame, schema: SeriesSchema) -> dict[str, Any]:
    """Describe rows to learn from.

    Args:
        train: Rows as `PreparedSeries` has them.
        schema: Their columns.

    Returns:
        JSON-ready: what `profile_table` gives of the covariates and the target, and `series`: `count`, `shortest`,
        `longest`, `frequency`, `season`, `first`, `last`.
    """
    from cloudautoml.data.profile import profile_table
    from cloudautoml.data.schema import ColumnInfo, Schema

    features = tuple(ColumnInfo(c.name, c.type, bool(train[c.name].isna().any())) for c in schema.covariates)
    table = Schema(features=features, target=schema.target, target_type=ColumnType.NUMERIC, classes=None, weight=None)
    lengths = (
        train.groupby(list(schema.series), sort=False).size()
        if schema.series
        else train.iloc[:, 0].to_frame().agg("count")
    )
    times = train[schema.time]
    return {
        **profile_table(train, table),
        "series": {
            "count": len(lengths),
            "shortest": int(lengths.min()),
            "longest": int(lengths.max()),
            "frequency": schema.frequency.name,
            "season": schema.frequency.season,
            "first": times.min().isoformat(),
            "last": times.max().isoformat(),
        },
    }
