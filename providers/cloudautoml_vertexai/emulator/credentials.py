"""Credentials: a key that Google's libraries take for one, and that opens nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cloudautoml.errors import MissingExtraError
from cloudautoml_vertexai.emulator.resources import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def key_file(folder: Path, url: str) -> Path:
    """The key file of a service account that there is not.

    With it Google's libraries neither ask the machine for an account of its own nor send one anywhere.

    Args:
        folder: Where it is written, once.
        url: Address that it asks for tokens, which has none.

    Raises:
        MissingExtraError: cryptography is not installed.
    """
    path = folder / "credentials.json"
    if path.exists():
        return path
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ModuleNotFoundError as exc:
        raise MissingExtraError("vertexai", "cryptography") from exc
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = f"emulated@{PROJECT}.iam.gserviceaccount.com"
    told = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "emulated",
        "private_key": key.decode(),
        "client_email": account,
        "client_id": "0",
        "token_uri": f"{url}/token",
    }
    path.write_text(json.dumps(told), encoding="utf-8")
    path.chmod(0o600)
    return path
