"""Durations and money: what is read, what is refused, and that they come back exactly."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cloudautoml.spec import Budget, Money, format_duration, parse_duration
from cloudautoml.spec.base import parse_money

DURATIONS = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=99_999))
AMOUNTS = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(10) ** 40, allow_nan=False, places=6)


@given(DURATIONS)
def test_duration_comes_back_to_the_microsecond(value: timedelta) -> None:
    assert parse_duration(format_duration(value)) == value


@given(DURATIONS)
def test_budget_comes_back_from_json(value: timedelta) -> None:
    budget = Budget(max_time=value)
    assert Budget.model_validate_json(budget.model_dump_json()) == budget


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("5min", 300), ("1h30m", 5400), ("PT5M", 300), ("P1DT1H", 90_000), ("500ms", 0.5),
     ("1 h 5 m", 3900), (2, 2), (0.25, 0.25), ("1.5h", 5400)],
)  # fmt: skip
def test_duration_is_read(text: object, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text",
    ["", "5", "5x", "m5", "-5m", "0s", 0, -1, True, None, "5m 3", "1.5.5s", "P", "PT", float("inf"), float("nan"),
     1e300, "99999999999999d", "PT99999999999999H", [5]],
)  # fmt: skip
def test_duration_is_refused(text: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Budget.model_validate({"max_time": text} if text is not None else {"max_time": {}})
    assert caught.value.errors()[0]["loc"][0] == "max_time"


@given(AMOUNTS, st.sampled_from(["USD", "EUR", "JPY"]))
def test_money_comes_back_exactly(amount: Decimal, currency: str) -> None:
    money = parse_money(f"{amount:f} {currency}")
    assert money == Money(amount=amount, currency=currency)
    assert Budget.model_validate_json(Budget(max_cost=money).model_dump_json()).max_cost == money


@pytest.mark.parametrize(
    "value", ["5", 5, "USD 5", "-5 USD", "0 USD", "5 dollars", "1e3 USD", "NaN USD", "", None, True]
)
def test_money_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"amount of money"):
        parse_money(value)


@pytest.mark.parametrize(
    "money", [Money(amount=Decimal(-5)), Money(amount=Decimal(0)), Money(amount=Decimal(5), currency="dollars")]
)
def test_money_made_by_hand_is_checked_too(money: Money) -> None:
    with pytest.raises(ValidationError):
        Budget(max_cost=money)


def test_lower_case_currency_is_the_same() -> None:
    assert str(parse_money(" 12.50 eur ")) == "12.5 EUR"
    assert str(parse_money("100 USD")) == "100 USD"
