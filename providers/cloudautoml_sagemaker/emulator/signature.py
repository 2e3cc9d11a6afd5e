"""Signature: SigV4, recomputed with botocore's own signer from what was sent."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any

from cloudautoml_sagemaker.emulator.errors import VendorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.emulation import Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def check_signature(request: Request, *, url: str, secrets: Mapping[str, str], region: str) -> None:
    """Refuse a call that is not signed by somebody known, for this service and region.

    Args:
        request: The call.
        url: The address of the server, as the client knows it.
        secrets: Secret keys by access key.
        region: The region that the emulator stands for.

    Raises:
        VendorError: It is not.
    """
    given = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if given is None:
        raise VendorError("MissingAuthenticationToken", "the request is not signed", status=403)
    if given["key"] not in secrets:
        raise VendorError("UnrecognizedClientException", "the security token in the request is invalid")
    if (given["region"], given["service"]) != (region, "sagemaker"):
        scope = f"{given['region']}/{given['service']}"
        raise VendorError(
            "InvalidSignatureException", f"credential scope {scope} is not {region}/sagemaker", status=403
        )
    expected = _signature(request, given, url=url, secret=secrets[given["key"]])
    if not hmac.compare_digest(expected, given["signature"]):
        raise VendorError("InvalidSignatureException", "the signature does not match", status=403)


def _signature(request: Request, given: re.Match[str], *, url: str, secret: str) -> str:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signed = given["headers"].split(";")
    sent = AWSRequest(
        method=request.method,
        url=f"{url}{request.target}",
        headers={name: request.headers.get(name, "") for name in signed},
        data=request.body,
    )
    sent.context["timestamp"] = request.headers.get("x-amz-date", "")
    signer: Any = SigV4Auth(Credentials(given["key"], secret), given["service"], given["region"])
    return str(signer.signature(signer.string_to_sign(sent, signer.canonical_request(sent)), sent))
