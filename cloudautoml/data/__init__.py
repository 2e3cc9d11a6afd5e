"""Data: read tables without loss, type them, seal a holdout and check them before anything is spent."""

from cloudautoml.data.boxes import BoxSchema, PreparedBoxes, prepare_boxes
from cloudautoml.data.coerce import label_text
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.guardrails import check_table
from cloudautoml.data.images import ImageRows, ImageSchema, PreparedImages, prepare_images, read_images
from cloudautoml.data.kinds import Prepared, load_prepared, prepare_for
from cloudautoml.data.prepare import PreparedData, dataset_fingerprint, prepare
from cloudautoml.data.profile import profile_table
from cloudautoml.data.read import read_table
from cloudautoml.data.schema import ColumnInfo, Schema
from cloudautoml.data.series import PreparedSeries, SeriesSchema, prepare_series
from cloudautoml.data.split import seal_holdout
from cloudautoml.data.target import match_label, positive_code
from cloudautoml.data.tokens import PreparedTokens, Sentences, TokensSchema, prepare_tokens, read_token_rows

__all__ = [
    "BoxSchema",
    "ColumnInfo",
    "Finding",
    "ImageRows",
    "ImageSchema",
    "Prepared",
    "PreparedBoxes",
    "PreparedData",
    "PreparedImages",
    "PreparedSeries",
    "PreparedTokens",
    "Schema",
    "Sentences",
    "SeriesSchema",
    "Severity",
    "TokensSchema",
    "check_table",
    "dataset_fingerprint",
    "label_text",
    "load_prepared",
    "match_label",
    "positive_code",
    "prepare",
    "prepare_boxes",
    "prepare_for",
    "prepare_images",
    "prepare_series",
    "prepare_tokens",
    "profile_table",
    "read_images",
    "read_table",
    "read_token_rows",
    "seal_holdout",
]
