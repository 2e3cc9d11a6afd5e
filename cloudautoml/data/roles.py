"""Roles: which column is the target, the weight, the split, and which may be features."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import declare, require_columns, short
from cloudautoml.errors import DataError
from cloudautoml.spec import ColumnType, Holdout, TabularRegression, TextClassification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.spec import JobSpec, TabularTask

    TableTask = TabularTask | TextClassification


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that are not simply features.

    Attributes:
        target: Column of the target.
        weight: Column of the row weights.
        holdout: How sealed rows are drawn; None when none are, or when they are a file of their own.
        declared: Types that the user gave.
        classification: Whether the target holds classes.
        text: The one column that is learned from, where it is a job of texts; None where all columns may be.
        separator: What joins labels in one cell of the target, where a row may have any number of them; None where
            it has one class.
    """

    target: str
    weight: str | None
    holdout: Holdout | None
    declared: Mapping[str, ColumnType]
    classification: bool
    text: str | None = None
    separator: str | None = None

    @classmethod
    def of(cls, spec: JobSpec, task: TableTask) -> Roles:
        """The roles that a spec gives."""
        holdout = spec.data.holdout if spec.data.test is None else None
        if isinstance(task, TextClassification):
            declared = {**spec.data.types, task.text: ColumnType.TEXT}
            separator = task.separator if task.multi_label else None
            return cls(task.target, None, holdout, declared, True, text=task.text, separator=separator)
        return cls(
            target=task.target,
            weight=task.weight,
            holdout=holdout,
            declared=spec.data.types,
            classification=not isinstance(task, TabularRegression),
        )

    @property
    def marker(self) -> str | None:
        """Column that marks sealed rows."""
        return self.holdout.column if self.holdout is not None else None

    @property
    def splitting(self) -> frozenset[str]:
        """Columns that say which rows are sealed."""
        if self.holdout is None:
            return frozenset()
        return frozenset(filter(None, (self.holdout.column, self.holdout.time, self.holdout.group)))

    def check(self, train: Sequence[str], test: Sequence[str] | None, *, where: str) -> None:
        """Check that the columns exist and that none has two roles.

        Args:
            train: Columns of the rows to learn from.
            test: Columns of the sealed rows, when they are a file of their own.
            where: The table to learn from, for messages.

        Raises:
            DataError: A column is missing, or has two roles, or there is none beside the target.
        """
        owned = [(self.target, "task.target")]
        if self.weight is not None:
            owned.append((self.weight, "task.weight"))
        if self.text is not None:
            owned.append((self.text, "task.text"))
        split = [
            (name, f"data.holdout.{how}")
            for how in ("column", "time", "group")
            if self.holdout is not None and (name := getattr(self.holdout, how)) is not None
        ]
        require_columns(
            [*owned, *split, *((name, "data.types") for name in self.declared if name != self.text)], train, where=where
        )
        for name, role in owned:
            if self.declared.get(name) is ColumnType.IGNORE:
                raise DataError(f"column {short(name)} is {role} and data.types ignores it", where=where)
        if test is not None:
            require_columns(owned, test, where="data.test")
        for (name, role), (other, second) in combinations([*owned, *split], 2):
            if name == other:
                raise DataError(f"column {short(name)} cannot be both {role} and {second}", where=where)
        if len(train) < 2:
            raise DataError(
                "the table has one column, the target", where=where, hint="is data.csv.delimiter what the file uses?"
            )

    def features(self, types: Mapping[str, ColumnType]) -> tuple[dict[str, ColumnType], list[Finding]]:
        """The columns that may be features, and what there is to say about those that may not.

        Args:
            types: Type of every column but target and weight.
        """
        if self.text is not None:
            return {self.text: types[self.text]}, []
        kept: dict[str, ColumnType] = {
            name: kind for name, kind in types.items() if kind is not ColumnType.IGNORE and name != self.marker
        }
        group = self.holdout.group if self.holdout is not None else None
        if group is None or group in self.declared:
            return kept, []
        kept.pop(group, None)
        message = "new rows are of new groups, so the group is not a feature"
        hint = f"{declare(group, 'categorical')} makes it one"
        return kept, [Finding("holdout.group_column", Severity.INFO, message, group, hint)]
