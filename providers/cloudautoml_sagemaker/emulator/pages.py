"""Pages: lists in parts, whose tokens belong to the query that they were given for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

from cloudautoml_sagemaker.emulator.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECRET = secrets.token_bytes(32)  # tokens of another emulator, and made-up ones, are told apart by it
_USUAL = 10  # entries a page where the caller does not say


def page(operation: str, query: Mapping[str, Any], entries: Sequence[dict[str, Any]], field: str) -> dict[str, Any]:
    """One page of an answer.

    Args:
        operation: The vendor's name of it.
        query: The call's parameters, `MaxResults` and `NextToken` among them.
        entries: All of the list, in order.
        field: The answer's name for them.

    Raises:
        VendorError: The token is not one that this query was given.
    """
    start = _position(operation, query)
    end = start + int(query.get("MaxResults", _USUAL))
    answer: dict[str, Any] = {field: list(entries[start:end])}
    if end < len(entries):
        text = str(end).encode()
        answer["NextToken"] = base64.urlsafe_b64encode(text + b"." + _seal(operation, query, text)).decode()
    return answer


def _seal(operation: str, query: Mapping[str, Any], text: bytes) -> bytes:
    rest = {name: value for name, value in query.items() if name not in {"NextToken", "MaxResults"}}
    told = json.dumps([operation, rest], sort_keys=True).encode() + text
    return hmac.new(_SECRET, told, hashlib.sha256).hexdigest().encode()


def _position(operation: str, query: Mapping[str, Any]) -> int:
    token = query.get("NextToken")
    if token is None:
        return 0
    try:
        text, _, seal = base64.urlsafe_b64decode(str(token)).partition(b".")
    except (binascii.Error, ValueError):
        raise invalid("the pagination token is invalid") from None
    if not hmac.compare_digest(seal, _seal(operation, query, text)):
        raise invalid("the pagination token is invalid, or of another query")
    return int(text)
