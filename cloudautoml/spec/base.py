"""The base of every model in a job spec, and the scalar types with units."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema
from typing_extensions import override


class SpecModel(BaseModel):
    """A frozen value that refuses fields it does not know."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True
    )


_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d)")
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def parse_duration(value: object) -> timedelta:
    """Read a length of time.

    Args:
        value: A timedelta, a number of seconds, text such as `90s`, `5m`, `1h30m`, or ISO 8601 such as `PT5M`.

    Raises:
        ValueError: It is none of these, or not above zero.
    """
    try:
        if isinstance(value, timedelta):
            result = value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            result = timedelta(seconds=value)
        elif isinstance(value, str):
            result = _duration_from_text(value.strip())
        else:
            msg = f"a duration is a text such as '5m' or a number of seconds, not {type(value).__name__}"
            raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a validation error
    except OverflowError as exc:
        msg = f"{value!r} is longer than any job can take"
        raise ValueError(msg) from exc
    if result <= timedelta(0):
        msg = "a duration must be above zero"
        raise ValueError(msg)
    return result


def _duration_from_text(text: str) -> timedelta:
    iso = _ISO.fullmatch(text.upper())
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        msg = f"{text!r} is not a duration; write 90s, 5m, 1h30m or PT5M"
        raise ValueError(msg)
    return sum((float(number) * _UNITS[unit] for number, unit in parts), timedelta(0))


def format_duration(value: timedelta) -> str:
    """Write a length of time the way a spec does: `1h30m`, `5m`, `2.5s`; exact to the microsecond."""
    text = ""
    for unit in ("d", "h", "m"):
        count, value = divmod(value, _UNITS[unit])
        if count:
            text += f"{count}{unit}"
    if not value and text:
        return text
    return f"{text}{value.seconds}{f'.{value.microseconds:06}'.rstrip('0').rstrip('.')}s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "string",
                    "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|min|s|m|h|d)\s*)+$|^[Pp][0-9DTHMSdthms.]+$",
                },
                {"type": "number", "exclusiveMinimum": 0},
            ],
            "examples": ["90s", "5m", "1h30m", "PT30M"],
        }
    ),
]
"""A length of time; written `90s`, `5m`, `1h30m`, `PT5M`, or a number of seconds."""


class Money(SpecModel):
    """An amount in a currency, kept exact."""

    amount: Decimal
    currency: str = "USD"

    @override
    def __str__(self) -> str:
        digits = f"{self.amount:f}"
        return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits} {self.currency}"


def parse_money(value: object) -> Money:
    """Read an amount of money.

    Args:
        value: A `Money`, or text such as `5 USD` or `12.50 EUR`; a bare number has no currency and is refused.

    Raises:
        ValueError: It is none of these, or not above zero.
    """
    if isinstance(value, Money):
        return parse_money(str(value))
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]{3})\s*", value) if isinstance(value, str) else None
    if match is None:
        msg = f"{value!r} is not an amount of money; write a number and a currency, such as 5 USD"
        raise ValueError(msg)
    amount = Decimal(match[1])
    if amount <= 0:
        msg = "an amount of money must be above zero"
        raise ValueError(msg)
    return Money(amount=amount, currency=match[2].upper())


MoneyAmount = Annotated[
    Money,
    BeforeValidator(parse_money),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*[A-Za-z]{3}\s*$", "examples": ["5 USD"]}),
]
"""An amount of money; written `5 USD`."""


def string_keyed(value: Any) -> Any:
    """Refuse mappings whose keys are not text, which YAML allows and JSON does not."""
    if isinstance(value, dict) and (bad := [key for key in value if not isinstance(key, str)]):
        msg = f"the key {bad[0]!r} must be text; put it in quotes"
        raise ValueError(msg)
    return value
