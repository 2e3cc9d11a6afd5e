"""Grid: the rows of each series at equal steps, with what is irregular named or put right where that is safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.series.frequency import Frequency, infer_frequency
from cloudautoml.data.series.long import LongRows, name_of, place, shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Whole = npt.NDArray[np.int64]

_JITTER: Final = 0.05
"""Share of a step that a stamp may be off and still be put on it."""
_MOSTLY: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One series on its grid.

    Attributes:
        key: Its key.
        rows: For each of n steps the place of its row, or -1 where none stands.
        stamps: Its n stamps, datetime64[us].
    """

    key: tuple[str, ...]
    rows: Whole
    stamps: npt.NDArray[np.datetime64]


def single(rows: LongRows, *, wall: bool) -> tuple[LongRows, list[Finding]]:
    """The rows sorted by series and stamp, one a stamp.

    A row that repeats another is dropped; two that contradict each other are an error.
    """
    import numpy as np

    times = rows.wall if wall else rows.utc
    # of equal stamps, those that are known and not sealed come first
    second = np.zeros(len(rows), np.bool_) if rows.sealed is None else rows.sealed
    order = np.lexsort((second, np.isnan(rows.target), times, rows.code))
    unsorted = bool((np.diff(times)[np.diff(rows.code) == 0] < np.timedelta64(0)).any())
    rows, times = rows.take(order), times[order]
    findings: list[Finding] = []
    if unsorted:
        findings.append(Finding("time.unsorted", Severity.INFO, "rows were not in order of time, and have been sorted"))
    same = np.concatenate(([False], (np.diff(rows.code) == 0) & (np.diff(times) == np.timedelta64(0))))
    if not same.any():
        return rows, findings
    again = np.flatnonzero(same)
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(rows))))[again]
    differ = again[~((rows.target[again] == rows.target[first]) | np.isnan(rows.target[again]))]
    if len(differ):
        message = f"{len(differ):,} stamps stand twice with different values: {shown(_places(rows, differ, wall=wall))}"
        hint = "name the columns that tell series apart in task.series, or add the values up first"
        findings.append(Finding("time.duplicate", Severity.ERROR, message, hint=hint))
    elif rows.sealed is None or not rows.sealed[again].all():
        message = f"{len(again):,} rows repeat another and are left out: {shown(_places(rows, again, wall=wall))}"
        findings.append(Finding("time.duplicate", Severity.WARNING, message))
    return rows.take(np.flatnonzero(~same)), findings


def slices(rows: LongRows) -> list[tuple[int, int]]:
    """Where the rows of each key begin and end."""
    import numpy as np

    ends = np.cumsum(np.bincount(rows.code, minlength=len(rows.keys)))
    return list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))


def frequency_of(rows: LongRows, *, wall: bool) -> Frequency | None:
    """The step of rows that `single` has sorted."""
    times = rows.wall if wall else rows.utc
    return infer_frequency([times[begin:end] for begin, end in slices(rows)])


def lines(rows: LongRows, frequency: Frequency, *, wall: bool) -> tuple[list[Line], list[Finding]]:
    """Put every series on its grid.

    Args:
        rows: Rows that `single` has sorted.
        frequency: The step.
        wall: Whether stamps are those of the clock on the wall.

    Returns:
        The series in the order of their keys, and findings: errors name series, stamp and row.
    """
    import numpy as np

    times = rows.wall if wall else rows.utc
    found: list[Line] = []
    moved: list[str] = []
    irregular: list[str] = []
    mixed: list[str] = []
    sparse: list[str] = []
    for key, (begin, end) in zip(rows.keys, slices(rows), strict=True):
        if begin == end:
            continue
        units = frequency.units(times[begin:end])
        ordinal, off, collides = _ordinals(units, frequency)
        if (
            end - begin > 3
            and abs((typical := _typical(units)) - frequency.step) > _JITTER * frequency.step
            and typical
        ):
            mixed.append(f"{place(rows, begin, wall=wall)}: a step of {_steps(typical, frequency)}")
            continue
        if frequency.unit == "business":
            off |= ~np.is_busday(times[begin:end].astype("datetime64[D]"))
        if off.any() or collides.any():
            irregular += _places(rows, begin + np.flatnonzero(off | collides), wall=wall)
            continue
        grid = np.arange(ordinal[0], ordinal[-1] + 1)
        stamps = frequency.stamps(_phase(units, frequency) + grid * frequency.step)
        if len(grid) > (end - begin) / (1 - _MOSTLY):
            sparse.append(f"{place(rows, begin, wall=wall)}: {end - begin:,} of {len(grid):,} steps")
            continue
        at = np.full(len(grid), -1, np.int64)
        at[ordinal - ordinal[0]] = np.arange(begin, end)
        shifted = np.flatnonzero(stamps[ordinal - ordinal[0]] != times[begin:end])
        moved += _places(rows, begin + shifted, wall=wall)
        found.append(Line(key, at, stamps))
    return found, _findings(frequency, moved, irregular, mixed, sparse)


def _findings(
    frequency: Frequency, moved: list[str], irregular: list[str], mixed: list[str], sparse: list[str]
) -> list[Finding]:
    every = f"one every {frequency.name}"
    findings: list[Finding] = []
    if moved:
        message = f"{len(moved):,} stamps are a little off ({every}) and were put on the grid: {shown(moved)}"
        findings.append(Finding("time.snapped", Severity.INFO, message))
    if irregular:
        message = f"{len(irregular):,} stamps are not at equal steps ({every}): {shown(irregular)}"
        hint = "set task.frequency, or bring the values to equal steps first"
        findings.append(Finding("time.irregular", Severity.ERROR, message, hint=hint))
    if mixed:
        message = f"{len(mixed):,} series advance by another step than the rest ({every}): {shown(mixed)}"
        findings.append(
            Finding("time.frequencies", Severity.ERROR, message, hint="forecast them in a job of their own")
        )
    if sparse:
        message = f"{len(sparse):,} series are mostly gaps ({every}): {shown(sparse)}"
        findings.append(Finding("time.gaps", Severity.ERROR, message, hint="set task.frequency to a longer step"))
    return findings


def _ordinals(units: Whole, frequency: Frequency) -> tuple[Whole, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Steps from the phase of a series, which stamps are too far from one, and which share theirs with another."""
    import numpy as np

    rest = units - _phase(units, frequency)
    ordinal = np.rint(rest / frequency.step).astype(np.int64)
    off = np.abs(rest - ordinal * frequency.step) > (_JITTER * frequency.step if frequency.unit == "time" else 0)
    return ordinal, off, np.concatenate(([False], np.diff(ordinal) == 0))


def _phase(units: Whole, frequency: Frequency) -> int:
    import numpy as np

    values, counts = np.unique(units % frequency.step, return_counts=True)
    return int(values[counts.argmax()])


def _typical(units: Whole) -> int:
    """The step that most neighbours are apart."""
    import numpy as np

    values, counts = np.unique(np.diff(units), return_counts=True)
    best = int(values[counts.argmax()])
    return best if counts.max() * 2 > counts.sum() else 0


def _steps(step: int, frequency: Frequency) -> str:
    if frequency.unit != "time":
        return f"{step} {frequency.unit}s"
    import pandas as pd

    return str(pd.Timedelta(step, unit="us"))


def _places(rows: LongRows, which: Any, *, wall: bool) -> list[str]:
    few = [place(rows, int(at), wall=wall) for at in which[:5]]
    return few + [""] * (len(which) - len(few))


def names(found: list[tuple[str, ...]]) -> str:
    """Series for a message."""
    return shown([name_of(key).strip() or "the series" for key in found])
