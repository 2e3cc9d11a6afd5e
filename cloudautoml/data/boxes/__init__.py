"""Boxes: read images with marked objects from COCO, Pascal VOC and JSON lines, check them, and hand out both."""

from cloudautoml.data.boxes.draw import drawn
from cloudautoml.data.boxes.letterbox import squares
from cloudautoml.data.boxes.prepare import prepare_boxes
from cloudautoml.data.boxes.prepared import PreparedBoxes
from cloudautoml.data.boxes.schema import BoxSchema

__all__ = ["BoxSchema", "PreparedBoxes", "drawn", "prepare_boxes", "squares"]
