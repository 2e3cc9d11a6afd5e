"""Identity: tokens for whoever knows the emulator's secret, by the protocol of a managed identity."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from cloudautoml_azureml.emulator.errors import VendorError

if TYPE_CHECKING:
    from cloudautoml.emulation import Request

PATH = "/identity/token"
_SECONDS = 24 * 3600
_NOBODY = "00000000-0000-0000-0000-000000000000"


class Identity:
    """Gives tokens out, and knows them again; nobody else would take them."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(24)
        """What `IDENTITY_HEADER` is set to."""
        self._signature = secrets.token_urlsafe(24)

    def token(self, request: Request) -> dict[str, Any]:
        """Answer a call for a token.

        Raises:
            VendorError: The caller does not know the secret.
        """
        if request.headers.get("x-identity-header") != self.secret:
            raise VendorError(401, "unauthorized_client", "the identity header is not the emulator's")
        resource = request.query.get("resource", [""])[0]
        expires = int(time.time()) + _SECONDS
        claims = {"aud": resource, "exp": expires, "tid": _NOBODY, "oid": _NOBODY, "appid": _NOBODY, "emulated": True}
        parts = [_encoded({"alg": "none", "typ": "JWT"}), _encoded(claims), self._signature]
        return {
            "access_token": ".".join(parts),
            "expires_on": str(expires),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": _NOBODY,
        }

    def check(self, request: Request) -> None:
        """Refuse a call without one of our tokens.

        Raises:
            VendorError: It has none.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not secrets.compare_digest(token.rpartition(".")[2], self._signature):
            raise VendorError(
                401, "AuthenticationFailed", "Authentication failed: the token is missing or not one of the emulator's."
            )


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
