"""Secrecy: values whose names say that they are secret are never shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

MASK = "****"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET = frozenset(
    ["password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "credential", "credentials"]
)
_PAIRS = frozenset(
    {"access key", "api key", "account key", "private key", "shared key", "connection string", "sas url"}
)
_JOINED = frozenset(pair.replace(" ", "") for pair in _PAIRS)
_USER = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_SIGNED = re.compile(r"(?i)([?&](?:sig|token|signature|x-(?:amz|goog)-(?:signature|credential))=)[^&\s]+")


def masked(value: Any) -> Any:
    """A copy in which secrets are masked: by the names of their keys, in addresses with a user, in signed links."""
    if isinstance(value, Mapping):
        return {name: MASK if is_secret(str(name)) and inner else masked(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner) for inner in value]
    if isinstance(value, str) and "://" in value:
        return _SIGNED.sub(rf"\1{MASK}", _USER.sub(MASK, value))
    return value


def is_secret(name: str) -> bool:
    """Whether a name says that its value is secret: `clientSecret`, `api_key`, `password`."""
    words = [word.lower() for word in _WORDS.findall(name)]
    pairs = {f"{first} {second}" for first, second in pairwise(words)}
    return not (_SECRET.isdisjoint(words) and _PAIRS.isdisjoint(pairs)) or "".join(words) in _JOINED
