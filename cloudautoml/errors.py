"""Every error that the SDK raises, arranged by what the caller should do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.capabilities import Gap


class CloudAutoMLError(Exception):
    """Anything that went wrong in a way the SDK understands.

    Args:
        message: What happened and why, in one or two sentences.
        where: The place to look at: a file with line and column, a field path, a column name.
        hint: What to do next; a command where there is one.
    """

    code: ClassVar[str] = "CAM-0001"
    """Stable identifier for searching and for scripts."""
    exit_code: ClassVar[int] = 1
    """The status that the command line ends with."""
    retryable: ClassVar[bool] = False
    """Whether the same call may succeed later with nothing changed."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(message)

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        # the constructors differ, and an error must be able to cross from one process to another
        return _rebuild, (type(self), self.args, dict(self.__dict__))

    @override
    def __str__(self) -> str:
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.hint:
            parts.append(f"Hint: {self.hint}")
        return "\n".join(parts)


def _rebuild(kind: type[CloudAutoMLError], args: tuple[Any, ...], state: dict[str, Any]) -> CloudAutoMLError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


# Fix what you asked for ----------------------------------------------------------------------------------


class SpecError(CloudAutoMLError, ValueError):
    """The job spec is wrong: correct it and submit again."""

    code = "CAM-1001"
    exit_code = 2


class ConfigError(CloudAutoMLError, ValueError):
    """A setting outside the spec (file, environment, flag, provider block) is wrong."""

    code = "CAM-1002"
    exit_code = 2


class DataError(CloudAutoMLError, ValueError):
    """The data cannot be read, or training on it would be meaningless."""

    code = "CAM-1003"
    exit_code = 2


class UnsupportedError(CloudAutoMLError):
    """The provider cannot honour the spec; each refusal carries its reason.

    Args:
        provider: Registry name of the provider that refused.
        gaps: The refusals, at least one.
    """

    code = "CAM-1004"
    exit_code = 2

    def __init__(self, provider: str, gaps: Sequence[Gap]) -> None:
        self.provider = provider
        self.gaps = tuple(gaps)
        lines = [f"provider {provider!r} cannot honour this spec:"]
        lines += [f"  - {gap}" for gap in self.gaps]
        super().__init__("\n".join(lines), hint=f"cloudautoml plan SPEC -p {provider} shows what it can do")


class MissingExtraError(CloudAutoMLError, ImportError):
    """An optional dependency is not installed."""

    code = "CAM-1005"
    exit_code = 2

    def __init__(self, extra: str, missing: str) -> None:
        self.extra = extra
        super().__init__(
            f"{missing!r} is not installed, and {extra!r} needs it",
            hint=f"pip install 'cloudautoml[{extra}]'",
        )


class UnknownNameError(CloudAutoMLError, LookupError):
    """No provider, strategy, space, estimator or metric has that name."""

    code = "CAM-1006"
    exit_code = 2

    def __init__(self, kind: str, name: str, known: Sequence[str], *, where: str | None = None) -> None:
        import difflib

        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        close = difflib.get_close_matches(name, self.known, n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        super().__init__(
            f"unknown {kind} {name!r}", where=where, hint=f"{guess}known: {', '.join(self.known) or 'none'}"
        )


class ConflictError(CloudAutoMLError):
    """A job of that name exists with another spec."""

    code = "CAM-1007"
    exit_code = 2


class BudgetError(CloudAutoMLError):
    """Running this could cost more than the budget allows, or its cost is unknown."""

    code = "CAM-1008"
    exit_code = 3


# Fix your access -----------------------------------------------------------------------------------------


class AuthenticationError(CloudAutoMLError):
    """The vendor does not know who is asking: credentials are missing, wrong or expired."""

    code = "CAM-2001"
    exit_code = 4


class PermissionDeniedError(CloudAutoMLError):
    """The vendor knows who is asking and says no."""

    code = "CAM-2002"
    exit_code = 4


# Wait, or ask for more -----------------------------------------------------------------------------------


class QuotaExceededError(CloudAutoMLError):
    """An account limit is reached; it has to be raised or something has to end first."""

    code = "CAM-3001"
    exit_code = 5


class ThrottledError(CloudAutoMLError):
    """Too many calls: the same call may succeed later."""

    code = "CAM-3002"
    exit_code = 5
    retryable = True


class ServiceUnavailableError(CloudAutoMLError):
    """The vendor's service or the network between is down: the same call may succeed later."""

    code = "CAM-3003"
    exit_code = 6
    retryable = True


class StorageError(CloudAutoMLError):
    """The local store cannot be read or written (disk full, read-only, newer format)."""

    code = "CAM-3004"
    exit_code = 6


# Look at the job -----------------------------------------------------------------------------------------


class JobFailedError(CloudAutoMLError):
    """The job ended without a usable result."""

    code = "CAM-4000"
    exit_code = 100


class JobNotFinishedError(CloudAutoMLError):
    """What was asked for exists only after the job has ended."""

    code = "CAM-4001"
    exit_code = 101


class JobNotFoundError(CloudAutoMLError, LookupError):
    """No such job."""

    code = "CAM-4002"
    exit_code = 102


class JobCancelledError(CloudAutoMLError):
    """The job was cancelled before it had a result."""

    code = "CAM-4003"
    exit_code = 103


class JobOwnedError(CloudAutoMLError):
    """Another live process is running this job."""

    code = "CAM-4004"
    exit_code = 1
