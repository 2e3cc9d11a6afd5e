"""Secrets are masked wherever settings are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.config import masked
from cloudautoml.config.secrecy import is_secret

NAMES = [
    "password", "db_password", "DB_PASSWORD", "clientSecret", "client-secret", "apiKey", "API_KEY", "apikey",
    "AWSSecretAccessKey", "aws_session_token", "private_key", "connectionString", "credentials", "sasUrl",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["tokens", "max_tokens", "KmsKeyId", "key", "author", "compass", "secretary", "tokenizer", "passengers", ""]
)
def test_other_names(name: str) -> None:
    assert not is_secret(name)


@given(st.sampled_from(NAMES), st.text("0123456789abcdef", min_size=20))
def test_no_secret_is_left_at_any_depth(name: str, secret: str) -> None:
    value = {
        "raw": [{"a": {name: secret}}, {name: {"inner": [secret]}}],
        "url": f"s3://me:{secret}@bucket/x?sig={secret}",
    }

    assert secret not in repr(masked(value))


def test_everything_else_stays() -> None:
    value = {"a": [1, None, "x"], "b": {"c": "s3://bucket/key?x=1"}, "password": None}

    assert masked(value) == value
