"""Embedder: a sentence-embedding model of the user's, from local files, run by ONNX Runtime."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cloudautoml.errors import MissingExtraError, SpecError, StorageError
from cloudautoml.store.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
_SETTINGS_FILE: Final = "embedder.json"
FILES: Final = (MODEL_FILE, TOKENIZER_FILE, _SETTINGS_FILE)
FOLDER: Final = "sentence_embeddings"
"""Name of the folder in the folder that `CLOUDAUTOML_WEIGHTS` names."""

_WHERE = "search.space.embeddings"
_TOKENS = (256, 128, 64, 32)
_BATCH_TOKENS = 2048
_PROBE = 64


def find_embedder(given: str | None) -> Path | None:
    """The folder of a sentence-embedding model; None where the user has none.

    Args:
        given: The folder that the spec names, if any; otherwise the one that `CLOUDAUTOML_WEIGHTS` leads to.

    Raises:
        SpecError: The folder that the spec names lacks a file.
    """
    if given is None:
        weights = os.environ.get("CLOUDAUTOML_WEIGHTS")
        folder = Path(weights).expanduser() / FOLDER if weights else None
        return folder if folder is not None and not _missing(folder) else None
    folder = Path(given).expanduser().resolve()
    if missing := _missing(folder):
        raise SpecError(
            f"{folder} holds no {missing[0]}",
            where=_WHERE,
            hint=f"put a sentence-embedding model there: {MODEL_FILE} (ONNX: input_ids and attention_mask to the "
            f"vectors of the tokens) and its {TOKENIZER_FILE} (Hugging Face tokenizers); nothing is downloaded",
        )
    return folder


def _missing(folder: Path) -> list[str]:
    return [name for name in (MODEL_FILE, TOKENIZER_FILE) if not (folder / name).is_file()]


def adopt(folder: Path, place: Path, texts: Sequence[str], *, threads: int, seconds: float | None) -> Embedder:
    """Copy a model to a job's folder, and decide how much of a text it reads.

    Args:
        folder: Where it is.
        place: Where to copy it.
        texts: The texts of the job.
        threads: CPU threads.
        seconds: Time that embedding all of them may take; None for no limit, which reads the most.
    """
    place.mkdir(parents=True, exist_ok=True)
    for name in (MODEL_FILE, TOKENIZER_FILE):
        shutil.copyfile(folder / name, place / name)
    tokens = _TOKENS[0]
    if seconds is not None and len(texts) > _PROBE:
        probe = list(texts[:: len(texts) // _PROBE][:_PROBE])
        for tokens in _TOKENS:
            write_json(place / _SETTINGS_FILE, {"tokens": tokens})
            embedder = Embedder(place, threads=threads)
            embedder.embed(probe[:2])
            begin = time.perf_counter()
            embedder.embed(probe)
            if (time.perf_counter() - begin) * len(texts) / _PROBE <= seconds:
                break
    write_json(place / _SETTINGS_FILE, {"tokens": tokens})
    return Embedder(place, threads=threads)


class Embedder:
    """Turns texts into vectors.

    Args:
        place: Folder of `model.onnx`, `tokenizer.json` and `embedder.json`.
        threads: CPU threads.

    Raises:
        MissingExtraError: ONNX Runtime or tokenizers are not installed.
        StorageError: A file is missing or damaged.
    """

    def __init__(self, place: Path, *, threads: int = 1) -> None:
        try:
            import onnxruntime  # type: ignore[import-untyped]
            from tokenizers import Tokenizer
        except ImportError as exc:
            raise MissingExtraError("embeddings", str(exc.name or "onnxruntime")) from exc
        tokens = int(read_json(place / _SETTINGS_FILE)["tokens"])
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(place / TOKENIZER_FILE))
            self._session: Any = onnxruntime.InferenceSession(
                str(place / MODEL_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # both raise types of their own
            raise StorageError(f"the sentence embeddings cannot be read: {str(exc)[:300]}", where=str(place)) from exc
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(tokens)
        self._inputs = {one.name for one in self._session.get_inputs()}

    def embed(
        self,
        texts: Sequence[str],
        *,
        progress: Callable[[str], None] | None = None,
        seconds: float | None = None,
    ) -> npt.NDArray[np.float32]:
        """Vectors of length 1, one a text: the mean over its tokens.

        Args:
            texts: The texts.
            progress: Told now and then how far it has come.
            seconds: Time to give up after; None for never.

        Raises:
            TimeoutError: It took longer.
        """
        encoded = [found.ids for found in self._tokenizer.encode_batch(list(texts))]
        order = np.argsort([len(ids) for ids in encoded], kind="stable")  # texts of like length fill up little
        found: npt.NDArray[np.float32] | None = None
        done, told, begin = 0, 0, time.monotonic()
        while done < len(order):
            size = max(1, _BATCH_TOKENS // max(1, len(encoded[order[min(done + 31, len(order) - 1)]])))
            rows = order[done : done + size]
            vectors = self._vectors([encoded[row] for row in rows])
            if found is None:
                found = np.zeros((len(texts), vectors.shape[1]), np.float32)
            found[rows] = vectors
            done += len(rows)
            if seconds is not None and time.monotonic() - begin > seconds:
                message = f"{done:,} of {len(texts):,} texts were embedded when the time was over"
                raise TimeoutError(message)
            if progress is not None and done - told >= 1000:
                told = done
                progress(f"{done:,} of {len(texts):,} texts embedded")
        return np.zeros((0, 1), np.float32) if found is None else found

    def _vectors(self, encoded: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        longest = max(1, *map(len, encoded)) if len(encoded) > 1 else max(1, len(encoded[0]))
        ids, mask = (np.zeros((len(encoded), longest), np.int64) for _ in range(2))
        for row, numbers in enumerate(encoded):
            ids[row, : len(numbers)], mask[row, : len(numbers)] = numbers, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        found = np.asarray(self._session.run(None, {name: given[name] for name in self._inputs & given.keys()})[0])
        if found.ndim == 3:
            found = (found * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), np.float32)
