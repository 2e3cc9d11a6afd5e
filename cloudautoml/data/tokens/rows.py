"""New sentences: token lists or texts from a file, a table or a list, with the place of every token in its text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.tokens.source import PLACE, read_cells, strings_in
from cloudautoml.data.tokens.text import tokenise
from cloudautoml.errors import DataError
from cloudautoml.spec import Dataset, InMemory

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data.tokens.schema import TokensSchema


@dataclass(frozen=True, slots=True, eq=False)
class TokenRows:
    """Sentences to find entities in.

    Attributes:
        tokens: The tokens of each.
        offsets: For each sentence that was given as text, the first character and the one after the last of each of
            its tokens; None for one that was given as a list.
        table: All columns of the rows, as they were given.
    """

    tokens: tuple[tuple[str, ...], ...]
    offsets: tuple[tuple[tuple[int, int], ...] | None, ...]
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.tokens)


def read_token_rows(rows: object, schema: TokensSchema) -> TokenRows:
    """Read sentences the way those to learn from were read.

    Args:
        rows: A path; a table (pandas, polars, Arrow) with the column of tokens; or a list whose elements are lists of
            tokens, or texts. A text is cut into tokens by a simple rule.
        schema: What the model was trained on.

    Raises:
        DataError: The column is missing, or a row holds neither.
    """
    import pandas as pd

    index: Any = None
    if isinstance(rows, (str, Path)):
        frame, where = read_cells(
            str(rows), schema.dataset(str(rows)), tokens=schema.tokens, target=schema.target, tagged=False
        )
    elif isinstance(rows, (list, tuple)):
        where = "rows"
        cells = pd.Series(cast("list[Any]", list(rows)), dtype=object)
        frame = pd.DataFrame({schema.tokens: cells, PLACE: [f"row {i + 1}" for i in range(len(cells))]})
    else:
        where = "rows"
        index = rows.index if isinstance(rows, pd.DataFrame) else None
        table = InMemory(rows)
        dataset = Dataset(train=table)
        frame, _ = read_cells(table, dataset, tokens=schema.tokens, target=schema.target, tagged=False)
    tokens: list[tuple[str, ...]] = []
    offsets: list[tuple[tuple[int, int], ...] | None] = []
    for cell, place in zip(frame[schema.tokens], frame[PLACE], strict=True):
        words, spots = _sentence(cell)
        if words is None:
            raise DataError(
                f"column {schema.tokens!r}, {place}: {type(cell).__name__} is neither a list of tokens nor a text",
                where=where,
                hint="give lists of strings, or texts to be cut into tokens",
            )
        tokens.append(words)
        offsets.append(spots)
    table = frame.drop(columns=[PLACE])
    if index is not None:
        table.index = index
    return TokenRows(tuple(tokens), tuple(offsets), table)


def _sentence(cell: object) -> tuple[tuple[str, ...] | None, tuple[tuple[int, int], ...] | None]:
    found = strings_in(cell)
    if found is not None:
        return tuple(found), None
    return tokenise(cell) if isinstance(cell, str) else (None, None)
