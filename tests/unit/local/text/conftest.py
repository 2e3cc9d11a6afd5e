"""Texts of three topics, and a prepared task on them with few folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import cloudautoml as ca
from cloudautoml.data import prepare
from cloudautoml.testing.texts import text_rows
from cloudautoml_local.tasks.text import TextTask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def texts(rows: int = 180, *, several: bool = False) -> pd.DataFrame:
    return pd.DataFrame(text_rows(several=several)[:rows])


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Any]:
    """Prepares a task on texts."""

    def make(
        frame: pd.DataFrame | None = None, *, several: bool = False, kind: type[Any] = TextTask, **fields: Any
    ) -> Any:
        given = texts(several=several) if frame is None else frame
        job = ca.JobSpec(
            name="test",
            task=ca.TextClassification(multi_label=several),
            data=ca.Dataset(train=given),
            **{"budget": ca.Budget(max_trials=2), **fields},
        )
        data = prepare(job)
        data.save(tmp_path / "job" / "data")
        task = kind(job.model_copy(update={"data": ca.Dataset(train="texts.csv")}), tmp_path / "job")
        task.prepare(data, progress=lambda _: None)
        return task, data

    return make


def _field(number: int, value: int | bytes | str) -> bytes:
    """A field of a protobuf message: a number, or bytes of known length."""

    def varint(rest: int) -> bytes:
        return bytes([rest]) if rest < 128 else bytes([rest % 128 + 128]) + varint(rest // 128)

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def _tensor_type(name: str, kind: int, axes: tuple[str, ...]) -> bytes:
    shape = b"".join(_field(1, _field(2, axis)) for axis in axes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


@pytest.fixture
def embeddings(tmp_path: Path) -> Path:
    """A folder with a sentence-embedding model: an ONNX graph that looks words up, and their tokenizer."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    folder = tmp_path / "embeddings"
    folder.mkdir()
    words = sorted({word for text in texts()["text"] for word in text.replace("(", " ").split() if word.isalpha()})
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, **{word: i for i, word in enumerate(words, 1)}}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.random.default_rng(0).normal(size=(len(words) + 1, 16)).astype("<f4")
    initializer = _field(1, len(table)) + _field(1, 16) + _field(2, 1) + _field(8, "table") + _field(9, table.tobytes())
    node = _field(1, "table") + _field(1, "input_ids") + _field(2, "last_hidden_state") + _field(4, "Gather")
    graph = _field(1, node) + _field(2, "lookup") + _field(5, initializer)
    graph += b"".join(_field(11, _tensor_type(name, 7, ("n", "s"))) for name in ("input_ids", "attention_mask"))
    graph += _field(12, _tensor_type("last_hidden_state", 1, ("n", "s", "d")))
    (folder / "model.onnx").write_bytes(_field(1, 8) + _field(8, _field(2, 13)) + _field(7, graph))
    return folder
