"""The sealed holdout: which rows no model may see, drawn the same way on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.coerce import text_values
from cloudautoml.data.names import listed, require_columns, short
from cloudautoml.errors import DataError
from cloudautoml.spec import TabularClassification, TextClassification

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.spec import Holdout, JobSpec

    Mask = npt.NDArray[np.bool_]
    Codes = npt.NDArray[np.int64]


def seal_holdout(frame: pd.DataFrame, spec: JobSpec) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Split off the sealed rows.

    The draw depends on the rows, their order and `holdout.seed`, not on the job's seed. Classes are drawn
    separately, of several labels a row the rarest one; a class with one row stays in training. Rows with equal time
    stamps, and whole groups, stay together. A missing time counts as the oldest; missing groups are one group.

    Args:
        frame: The rows, target and split columns included. It is not changed.
        spec: The job; `data.holdout` says how to split and null seals nothing.

    Returns:
        Rows to learn from and sealed rows, both in their order, each with a `RangeIndex`.

    Raises:
        DataError: A split column is missing, or one side would be empty.
    """
    holdout = spec.data.holdout
    if holdout is None:
        return frame.reset_index(drop=True), None
    task = spec.task
    target = task.target if isinstance(task, (TabularClassification, TextClassification)) else None
    drawn = frame
    if isinstance(task, TextClassification) and task.multi_label:
        from cloudautoml.data.labels import label_counts, label_matrix, rarest_labels

        matrix = label_matrix(frame[task.target], tuple(label_counts(frame[task.target])))
        drawn = frame.assign(**{task.target: rarest_labels(matrix)})
    sealed = sealed_rows(drawn, holdout, stratify=target)
    return frame.loc[~sealed].reset_index(drop=True), frame.loc[sealed].reset_index(drop=True)


def sealed_rows(frame: pd.DataFrame, holdout: Holdout, *, stratify: str | None = None) -> Mask:
    """Which rows are sealed.

    Args:
        frame: The rows.
        holdout: How to split.
        stratify: Column whose values are drawn separately, where rows are drawn at random.

    Raises:
        DataError: A split column is missing, or one side would be empty.
    """
    import pandas as pd

    asked = [(name, f"data.holdout.{how}") for how in ("column", "time", "group") if (name := getattr(holdout, how))]
    asked += [(stratify, "task.target")] if stratify else []
    require_columns(asked, [str(name) for name in frame.columns], where="the data")
    if len(frame) < 2:
        raise DataError(f"{len(frame)} row cannot be split", hint="set data.holdout to null, or give more rows")
    if holdout.column is not None:
        return _by_column(frame[holdout.column], holdout)
    count = min(len(frame) - 1, max(1, round(holdout.fraction * len(frame))))
    if holdout.time is not None:
        return _by_time(frame[holdout.time], holdout.time, count)
    if holdout.group is not None:
        return _by_group(frame[holdout.group], holdout, count)
    codes = pd.factorize(frame[stratify])[0] if stratify else None
    return _at_random(len(frame), codes, holdout, count)


def draw_order(count: int, seed: int) -> Codes:
    """A permutation of `count` rows that is the same under every version of numpy.

    Each row is ranked by a 64-bit mix of its position and the seed (the finaliser of splitmix64).
    """
    import numpy as np

    start = np.uint64((seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % 2**64)
    keys = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    return np.argsort(keys, kind="stable")


def _at_random(rows: int, codes: Codes | None, holdout: Holdout, count: int) -> Mask:
    import numpy as np

    order = draw_order(rows, holdout.seed)
    sealed = np.zeros(rows, dtype=np.bool_)
    if codes is None:
        sealed[order[:count]] = True
        return sealed
    sizes = np.bincount(codes + 1)  # a missing label is a class of its own here
    shares = _shares(sizes, holdout.fraction, count)
    by_class = order[np.argsort(codes[order], kind="stable")]  # within a class still in the order of the draw
    place = np.arange(rows) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    sealed[by_class[place < np.repeat(shares, sizes)]] = True
    if not sealed.any():
        raise DataError(
            "every class has a single row, so none can be sealed",
            hint="give more rows for each class, or set data.holdout to null",
        )
    return sealed


def _shares(sizes: Codes, fraction: float, count: int) -> Codes:
    """Rows to seal of each class: by largest remainder, leaving two of each where that is possible."""
    import numpy as np

    exact = sizes * fraction
    most = np.maximum(sizes - 2, 0)  # a class with a single row left can be learned or validated, not both
    if not most.any():
        most = np.maximum(sizes - 1, 0)
    shares = np.minimum(np.floor(exact).astype(np.int64), most)
    room = most - shares
    neediest = np.lexsort((np.arange(len(sizes)), -sizes, shares - exact))
    open_ = neediest[room[neediest] > 0]
    shares[open_[: max(0, count - int(shares.sum()))]] += 1
    return cast("Codes", shares)


def _by_column(values: pd.Series[Any], holdout: Holdout) -> Mask:
    import numpy as np

    text = text_values(values)
    sealed = text.isin(holdout.values).to_numpy(dtype=np.bool_)
    if not sealed.any() or sealed.all():
        side = "no row is sealed" if not sealed.any() else "every row is sealed"
        raise DataError(
            f"{side}: column {short(holdout.column)} holds {listed(sorted(text.dropna().unique()))} and "
            f"data.holdout.values are {listed(holdout.values)}",
            hint="set data.holdout.values to the values that mark sealed rows",
        )
    return sealed


def _by_time(values: pd.Series[Any], name: str, count: int) -> Mask:
    import numpy as np
    import pandas as pd

    if not (pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype)):
        known = values.dropna()
        raise DataError(
            f"column {short(name)} holds {short(known.iloc[0]) if len(known) else 'nothing'}, which is no time",
            where="data.holdout.time",
            hint="write times as 2024-01-31 or 2024-01-31T12:00:00, or as numbers",
        )
    ranks = values.rank(method="dense", na_option="top").to_numpy(dtype=np.int64)
    steps = np.cumsum(np.bincount(ranks)[::-1])[::-1]  # rows at this step or later
    possible = [step for step in range(int(ranks.min()) + 1, len(steps)) if steps[step]]
    if not possible:
        raise DataError(f"all rows have the same time in column {short(name)}", hint="split by fraction instead")
    start = min(possible, key=lambda step: (abs(int(steps[step]) - count), step))
    return ranks >= start


def _by_group(values: pd.Series[Any], holdout: Holdout, count: int) -> Mask:
    import numpy as np
    import pandas as pd

    codes = pd.factorize(text_values(values), use_na_sentinel=False)[0]
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        raise DataError(f"all rows are of one group in column {short(holdout.group)}", hint="split by fraction instead")
    chosen: list[int] = []
    filled = 0
    for group in draw_order(len(sizes), holdout.seed):
        size = int(sizes[group])
        if abs(filled + size - count) < abs(filled - count) and len(chosen) < len(sizes) - 1:
            chosen.append(int(group))
            filled += size
    if not chosen:  # every group is far larger than the share: the smallest is the nearest
        chosen.append(int(np.argmin(sizes)))
    return np.isin(codes, chosen)
