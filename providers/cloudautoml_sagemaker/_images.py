"""Images: a folder by class, or a manifest, as Autopilot reads them, and images to be predicted."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cloudautoml_sagemaker._batch import Batch
from cloudautoml_sagemaker._names import uri
from cloudautoml_sagemaker._request import IMAGES, Input
from cloudautoml_sagemaker._upload import File, digest, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.data import PreparedImages
    from cloudautoml.data.images import Images, Split
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig

MANIFEST = "AugmentedManifestFile"
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 _.+-]{0,99}")  # names that are the same in a key, a URL and a folder


def stage_images(data: PreparedImages, config: SagemakerConfig, folder: Path) -> tuple[Input, tuple[File, ...]]:
    """Write the images to learn from into a folder, those that are sealed left out.

    Classes whose names are no names of folders go into a manifest, which can say any name.

    Args:
        data: The images.
        config: Where they go.
        folder: Where the files are written.

    Returns:
        The request's input, and the files that it needs in S3.
    """
    by_folder = all(_FOLDER.fullmatch(name) and name[-1] not in " ." for name in data.classes)
    channel = _by_class if by_folder else _by_manifest
    train, files = channel(data, "train", config, folder)
    valid: str | None = None
    if data.count("valid"):
        valid, more = channel(data, "valid", config, folder)
        files += more
    kind = "S3Prefix" if by_folder else MANIFEST
    return Input(train, IMAGES, classes=len(data.classes), data_type=kind, validation=valid), tuple(files)


def _each(data: PreparedImages, split: Split) -> list[tuple[int, str]]:
    """Place and class of each image of a split."""
    labels = data.examples["label"]
    return [(int(place), str(labels.iloc[int(place)])) for place in data.positions(split)]


def _by_class(data: PreparedImages, split: Split, config: SagemakerConfig, folder: Path) -> tuple[str, list[File]]:
    written = [(label, _write(data.images, place, folder)) for place, label in _each(data, split)]
    whole = sorted({f"{label}/{path.name}" for label, path in written})
    root = uri(config, "data", hashlib.sha256("\n".join(whole).encode()).hexdigest(), split)
    files = {f"{root}/{label}/{path.name}": path for label, path in written}
    return f"{root}/", [File(path, address) for address, path in files.items()]


def _by_manifest(data: PreparedImages, split: Split, config: SagemakerConfig, folder: Path) -> tuple[str, list[File]]:
    files: dict[str, File] = {}
    lines: list[str] = []
    for place, label in _each(data, split):
        path = _write(data.images, place, folder)
        address = uri(config, "images", path.name)
        files[address] = File(path, address)
        entry = {"source-ref": address, "label-metadata": {"class-name": label}}
        lines.append(json.dumps(entry, ensure_ascii=False))
    manifest = folder / f"{split}.manifest"
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    address = uri(config, "data", digest(manifest), manifest.name)
    return address, [*files.values(), File(manifest, address)]


def _write(images: Images, place: int, folder: Path) -> Path:
    """Write one image under a digest of its content: as it is where Autopilot reads it, else as PNG."""
    content, ending = _encoded(images, place)
    path = folder / "images" / f"{hashlib.sha256(content).hexdigest()}.{ending}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path


def _encoded(images: Images, place: int, *, only: str | None = None) -> tuple[bytes, str]:
    from cloudautoml.data.images import EncodedImages

    if isinstance(images, EncodedImages):
        content = images.contents.read(place)
        if (ending := _kind(content)) and only in {None, ending}:
            return content, ending
    out = io.BytesIO()
    images.picture(place).save(out, format="PNG")
    return out.getvalue(), "png"


def _kind(content: bytes) -> str | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "jpg" if content.startswith(b"\xff\xd8\xff") else None


def send_images(images: Images, client: Client, config: SagemakerConfig, *, job: str) -> Batch:
    """Send images to be predicted; all are written in one way, since a transform takes files of one type.

    Args:
        images: In the order of the answers.
        client: Who sends.
        config: Where they go.
        job: The vendor's name of the job whose model predicts them.
    """
    encoded = _all_of_one_kind(images)
    names = tuple(f"{number:07d}.{ending}" for number, (_, ending) in enumerate(encoded))
    told = hashlib.sha256("".join(hashlib.sha256(content).hexdigest() for content, _ in encoded).encode())
    root = uri(config, "jobs", job, "rows", told.hexdigest())
    with tempfile.TemporaryDirectory() as folder:
        files: list[File] = []
        for name, (content, _) in zip(names, encoded, strict=True):
            path = Path(folder) / name
            path.write_bytes(content)
            files.append(File(path, f"{root}/{name}"))
        send(files, client)
    jpeg = bool(encoded) and encoded[0][1] == "jpg"
    return Batch(f"{root}/", names, "image/jpeg" if jpeg else "image/png", by_line=False)


def _all_of_one_kind(images: Images) -> Sequence[tuple[bytes, str]]:
    encoded = [_encoded(images, place) for place in range(len(images))]
    if len({ending for _, ending in encoded}) > 1:
        encoded = [_encoded(images, place, only="png") for place in range(len(images))]
    return encoded


def one_by_one(images: Images, invoke: Callable[[bytes, str], bytes]) -> list[bytes]:
    """What an endpoint answers to each image.

    Args:
        images: In the order of the answers.
        invoke: Calls the endpoint with a body of a content type.
    """
    bodies = (_encoded(images, place) for place in range(len(images)))
    return [invoke(content, "image/jpeg" if ending == "jpg" else "image/png") for content, ending in bodies]
