"""New sentences: token lists or texts from a file, a table or a list, with the place of every token in its text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.data.tokens.source import PLACE, read_cells, strings_in
from cloudautoml.data.tokens.text import tokenise
from cloudautoml.errors import DataError
from cloudautoml.scoring_entities import spans
from cloudautoml.spec import Dataset, InMemory

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    def entities(
        self, number: int, tags: Sequence[str], probabilities: Sequence[float] | None = None
    ) -> list[dict[str, Any]]:
        """The entities that tags make of a sentence.

        Args:
            number: Position of the sentence.
            tags: BIO tags of its tokens.
            probabilities: That of each tag.

        Returns:
            JSON objects: `text`, `type`, `start` and `end` (the first token, and the one after the last), `probability`
            (of the least certain tag) where those are given, and `from` and `to` (the first character, and the one
            after the last) where the sentence was given as text.
        """
        tokens, offsets = self.tokens[number], self.offsets[number]
        made: list[dict[str, Any]] = []
        for start, end, kind in spans(tags):
            entity: dict[str, Any] = {"text": " ".join(tokens[start:end]), "type": kind, "start": start, "end": end}
            if probabilities is not None:
                entity["probability"] = round(min(probabilities[start:end]), 6)
            if offsets is not None:
                entity |= {"from": offsets[start][0], "to": offsets[end - 1][1]}
            made.append(entity)
        return made


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
        cells = pd.Series(list(rows), dtype=object)
        frame = pd.DataFrame({schema.tokens: cells, PLACE: [f"row {i + 1}" for i in range(len(cells))]})
    else:
        where = "rows"
        index = rows.index if isinstance(rows, pd.DataFrame) else None
        held = InMemory(rows)
        frame, _ = read_cells(held, Dataset(train=held), tokens=schema.tokens, target=schema.target, tagged=False)
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
