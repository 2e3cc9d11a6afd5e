"""Images: read them from folders, tables and arrays, check them, and hand out their pixels."""

from cloudautoml.data.images.collection import ArrayImages, EncodedImages, Images
from cloudautoml.data.images.prepare import prepare_images
from cloudautoml.data.images.prepared import PreparedImages, Split
from cloudautoml.data.images.rows import ImageRows, read_images
from cloudautoml.data.images.schema import ImageSchema

__all__ = [
    "ArrayImages",
    "EncodedImages",
    "ImageRows",
    "ImageSchema",
    "Images",
    "PreparedImages",
    "Split",
    "prepare_images",
    "read_images",
]
