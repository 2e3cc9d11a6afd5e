"""Errors: what the emulator answers in place of a result, in the vendor's codes."""

from __future__ import annotations


class VendorError(Exception):
    """A call that is refused.

    Args:
        code: SageMaker's word for it.
        message: For people.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> VendorError:
    """A request that makes no sense."""
    return VendorError("ValidationException", message)


def not_found(what: str) -> VendorError:
    """A resource that there is not; SageMaker says 400 and not 404."""
    return VendorError("ResourceNotFound", f"{what} does not exist")


def in_use(what: str) -> VendorError:
    """A name that is taken."""
    return VendorError("ResourceInUse", f"{what} already exists")
