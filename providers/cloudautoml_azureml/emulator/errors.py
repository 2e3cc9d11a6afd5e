"""Errors: what the emulator answers in place of a result, in the vendor's words."""

from __future__ import annotations


class VendorError(Exception):
    """A call that is refused.

    Args:
        status: HTTP status.
        code: Azure's word for it.
        message: For people.
        inner: A more telling code inside, where Azure has one.
    """

    def __init__(self, status: int, code: str, message: str, *, inner: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner


def invalid(message: str, *, inner: str = "BadArgument") -> VendorError:
    """A request that makes no sense."""
    return VendorError(400, "UserError", message, inner=inner)


def not_found(what: str) -> VendorError:
    """A resource that there is not."""
    return VendorError(404, "UserError", f"{what} was not found", inner="NotFoundError")
