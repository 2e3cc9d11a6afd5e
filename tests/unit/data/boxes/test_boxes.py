"""Annotated images: what is read, what is refused, and what is left out by name."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from image_files import encoded
from PIL import Image

from cloudautoml.data import PreparedBoxes, load_prepared, prepare_boxes
from cloudautoml.data.boxes.coco import read_coco
from cloudautoml.data.boxes.voc import parsed_xml
from cloudautoml.errors import DataError
from cloudautoml.spec import Dataset, ObjectDetection

if TYPE_CHECKING:
    from pathlib import Path

from cloudautoml.spec import JobSpec

COUNT = 30
XML = """<annotation><filename>{n}.png</filename><size><width>40</width><height>20</height></size>
<object><name>cat</name><bndbox><xmin>3</xmin><ymin>5</ymin><xmax>12</xmax><ymax>14</ymax></bndbox></object>
</annotation>"""


def picture(number: int) -> bytes:
    noise = np.random.default_rng(number).integers(0, 255, (20, 40, 3))
    return encoded(Image.fromarray(noise.astype(np.uint8)))


def coco(**changes: Any) -> dict[str, Any]:
    images = [{"id": n, "file_name": f"images/{n}.png", "width": 40, "height": 20} for n in range(COUNT)]
    marks = [{"id": n, "image_id": n, "category_id": 5, "bbox": [2, 4, 10, 10], "iscrowd": 0} for n in range(COUNT)]
    return {"images": images, "annotations": marks, "categories": [{"id": 5, "name": "cat"}], **changes}


def write(folder: Path, listed: dict[str, Any]) -> Path:
    (folder / "images").mkdir(parents=True)
    for number in range(COUNT):
        (folder / "images" / f"{number}.png").write_bytes(picture(number))
    (folder / "annotations.json").write_text(json.dumps(listed))
    return folder


def prepared(source: Path, *, strict: bool = True, **data: Any) -> PreparedBoxes:
    spec = JobSpec(name="boxes", task=ObjectDetection(), data=Dataset(train=str(source), **data))
    return prepare_boxes(spec, strict=strict)


def codes(data: PreparedBoxes) -> set[str]:
    return {finding.code for finding in data.findings}


def test_a_folder_and_a_zip_of_coco_are_the_same_data(tmp_path: Path) -> None:
    folder = write(tmp_path / "boxes", coco())
    archive = tmp_path / "boxes.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.rglob("*.*")):
            opened.write(path, path.relative_to(folder).as_posix())
    by_folder, by_zip = prepared(folder), prepared(archive)
    by_file = prepared(folder / "annotations.json", format="coco")
    assert by_folder.fingerprint == by_zip.fingerprint == by_file.fingerprint
    assert by_folder.classes == ("cat",)
    assert (by_folder.count("train"), by_folder.count("holdout")) == (24, 6)
    assert by_folder.marks("train")[0].tolist() == [[2, 4, 12, 14, 0, 0]]
    assert by_folder.profile["boxes_per_image"]["0.5"] == 1


def test_pixels_are_fitted_into_squares_and_survive_saving(tmp_path: Path) -> None:
    data = prepared(write(tmp_path / "boxes", coco()))
    data.save(tmp_path / "saved")
    again = load_prepared(tmp_path / "saved")
    assert isinstance(again, PreparedBoxes)
    pixels = again.pixels("holdout", side=40)
    assert pixels.shape == (6, 40, 40, 3)
    assert bool((pixels[:, 20:] == 128).all()), "what lies below a flat image is grey"
    assert np.array_equal(pixels, data.pixels("holdout", side=40))
    assert again.findings == data.findings
    assert again.profile == data.profile


def test_voc_counts_pixels_from_one(tmp_path: Path) -> None:
    for number in range(COUNT):
        (tmp_path / f"{number}.png").write_bytes(picture(number))
        (tmp_path / f"{number}.xml").write_text(XML.format(n=number))
    data = prepared(tmp_path, format="voc")
    assert data.marks("train")[0].tolist() == [[2, 4, 12, 14, 0, 0]]


def test_json_lines(tmp_path: Path) -> None:
    folder = write(tmp_path / "boxes", coco())
    mark = {"label": "cat", "xmin": 2, "ymin": 4, "xmax": 12, "ymax": 14}
    lines = [json.dumps({"image": f"images/{n}.png", "label": [mark] if n else []}) for n in range(COUNT)]
    (folder / "boxes.jsonl").write_text("\n".join(lines))
    data = prepared(folder / "boxes.jsonl")
    assert len(data.boxes) == COUNT - 1
    assert "images.background" in codes(data)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bbox": [35, 4, 30, 10]}, "boxes.clipped"),
        ({"bbox": [2, 4, 0, 10]}, "boxes.no_area"),
        ({"bbox": [50, 4, 10, 10]}, "boxes.outside"),
        ({"bbox": [2, 4, float("nan"), 10]}, "boxes.no_numbers"),
        ({"bbox": [2, 4, 10]}, "boxes.no_numbers"),
        ({"category_id": 6}, "boxes.unknown_class"),
        ({"image_id": 999}, "boxes.unknown_image"),
        ({"iscrowd": 1, "bbox": [1, 1, 5, 5]}, "boxes.crowd"),
        ({}, "boxes.duplicates"),
    ],
)
def test_a_box_that_cannot_be_used_is_named(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    listed = coco()
    listed["annotations"].append({**listed["annotations"][0], "id": 777, **change})
    data = prepared(write(tmp_path / "boxes", listed))
    found = next(finding for finding in data.findings if finding.code == code)
    assert code == "boxes.crowd" or "annotation id 777" in found.message
    assert len(data.boxes) == COUNT + (code in {"boxes.clipped", "boxes.crowd"})


def test_too_many_bad_boxes_are_refused(tmp_path: Path) -> None:
    listed = coco()
    for mark in listed["annotations"][:5]:
        mark["bbox"] = [0, 0, 0, 0]
    with pytest.raises(DataError, match="5 of 30 boxes have no area"):
        prepared(write(tmp_path / "boxes", listed))


def test_paths_do_not_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(99))
    listed = coco()
    listed["images"][0]["file_name"] = "../secret.png"
    listed["images"][1]["file_name"] = str(tmp_path / "secret.png")
    data = prepared(write(tmp_path / "boxes", listed))
    lost = next(finding for finding in data.findings if finding.code == "images.lost")
    assert "2 of 30" in lost.message
    assert "leads out of the folder" in lost.message
    assert len(data.examples) == COUNT - 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "no object"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"images": []}', "no list 'annotations'"),
        ('{"images": [{"id": 1}, {"id": 1}], "annotations": [], "categories": []}', "two of a kind"),
    ],
)
def test_what_is_no_coco_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_coco(text.encode(), where="a.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        ("<a>" * 50 + "</a>" * 50, "nested"),
        ("<a><b></a>", "not XML"),
        ("", "not XML"),
    ],
)
def test_hostile_xml_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parsed_xml(text.encode())


def test_damaged_images_are_left_out_by_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "boxes", coco())
    (folder / "images" / "3.png").write_bytes(b"no image")
    data = prepared(folder)
    found = next(finding for finding in data.findings if finding.code == "images.unreadable")
    assert "images/3.png" in found.message
    assert len(data.boxes) == COUNT - 1


def test_an_empty_folder_says_what_was_wanted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no annotations"):
        prepared(tmp_path)
