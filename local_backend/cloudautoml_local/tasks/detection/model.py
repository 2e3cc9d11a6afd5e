"""Saved detectors: a Keras file and a JSON file; images of any size become lists of boxes in their own pixels."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import StorageError
from cloudautoml.leaderboard import Candidate
from cloudautoml.model import Model
from cloudautoml.store.files import read_json, storage_error, write_json

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
KIND = "detector"
KERAS_FILE = "model.keras"
MODEL_FILE = "model.json"
_EDGES = ("xmin", "ymin", "xmax", "ymax")


class DetectorModel(Model):
    """A detector on disk; it is read when it first predicts.

    Args:
        candidate: Its row of the leaderboard.
        folder: Where its files are.
        saved: What its `model.json` says.
    """

    def __init__(self, candidate: Candidate, *, folder: Path, saved: dict[str, Any]) -> None:
        super().__init__(candidate)
        self.folder, self.saved = folder, saved
        self._network: Any = None

    @override
    def predict(self, rows: Any) -> pd.Series:
        """Find boxes.

        Args:
            rows: A folder, a zip archive, files, a table of paths, or arrays.

        Returns:
            For each image the list of its boxes, the surest first: `label`, `score`, and `xmin`, `ymin`, `xmax`, `ymax`
            in pixels of the image as it is given.
        """
        import pandas as pd

        from cloudautoml.data import ImageSchema, read_images
        from cloudautoml.data.boxes import squares

        schema = ImageSchema((), (self.saved["side"],) * 2, 3, image=self.saved["image"])
        found = read_images(rows, schema)
        pixels, sizes = squares(found.images, side=int(self.saved["side"]))
        boxes = self._boxes(pixels)
        told = [self._told(each, size) for each, size in zip(boxes, sizes.tolist(), strict=True)]
        return pd.Series(told, index=found.index, name="prediction", dtype="object")

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        from cloudautoml.capabilities import Feature, Gap, unsupported
        from cloudautoml.errors import UnsupportedError

        refusal = unsupported("a detector predicts boxes, each with a score", "use predict")
        raise UnsupportedError("local", [Gap(Feature.PREDICT_PROBA, refusal)])

    @override
    def save(self, path: Path) -> Path:
        path = Path(path)
        if path.exists():
            raise StorageError("exists already", where=str(path), hint="give another name, or remove it first")
        try:
            path.mkdir(parents=True)
            shutil.copyfile(self.folder / KERAS_FILE, path / KERAS_FILE)
            write_json(path / "candidate.json", self.candidate.to_dict())
            write_json(path / MODEL_FILE, self.saved)  # last: a folder with it is whole
        except OSError as exc:
            raise storage_error(exc, path) from exc
        return path

    def _boxes(self, pixels: Any) -> list[Any]:
        import numpy as np
        import tensorflow as tf

        from cloudautoml_local.tasks.detection.decode import decoded, lists
        from cloudautoml_local.tasks.detection.windows import whole

        network, seen = self._read(), int(self.saved["seen"])
        grids = [
            network(whole(tf.constant(pixels[start : start + 32]), seen), training=False).numpy()
            for start in range(0, len(pixels), 32)
        ]
        return lists(decoded(np.concatenate(grids), classes=len(self.saved["classes"])))

    def _told(self, boxes: Any, size: list[float]) -> list[dict[str, Any]]:
        height, width = size
        longest, most = max(size), (width, height, width, height)
        told: list[dict[str, Any]] = []
        for box in boxes.tolist():
            edges = [min(limit, round(edge * longest, 2)) for edge, limit in zip(box[:4], most, strict=True)]
            if edges[2] > edges[0] and edges[3] > edges[1]:
                label = self.saved["classes"][int(box[4])]
                told.append({"label": label, "score": round(box[5], 5), **dict(zip(_EDGES, edges, strict=True))})
        return told

    def _read(self) -> Any:
        if self._network is None:
            import keras

            try:
                self._network = keras.models.load_model(self.folder / KERAS_FILE, compile=False, safe_mode=True)
            except (OSError, ValueError, TypeError, KeyError) as exc:
                raise StorageError(f"the network cannot be read: {exc!s:.200}", where=str(self.folder)) from exc
        return self._network


def open_detector(candidate: Candidate, folder: Path) -> DetectorModel:
    """The detector in a folder.

    Raises:
        StorageError: It is not there, or damaged.
    """
    file = folder / MODEL_FILE
    saved = read_json(file)
    wanted = {"side": int, "seen": int, "classes": list, "image": str}
    whole = isinstance(saved, dict) and saved.get("kind") == KIND and saved.get("format") == FORMAT
    if not whole or not all(isinstance(saved.get(name), kind) for name, kind in wanted.items()):
        raise StorageError("this is not a saved detector of a known format", where=str(file))
    return DetectorModel(candidate, folder=folder, saved=dict(saved))


def load_detector(path: Path) -> DetectorModel:
    """Read a model that `DetectorModel.save` wrote, from any machine.

    Raises:
        StorageError: It is not a saved model, or is damaged.
    """
    return open_detector(Candidate.from_dict(read_json(path / "candidate.json")), path)
