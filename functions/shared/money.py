"""Amounts of money in minor units (cents), so that nothing is ever lost to rounding."""

from decimal import ROUND_HALF_UP, Decimal

DECIMALS = {"EUR": 2, "USD": 2, "JPY": 0}


def line_total(quantity: int, unit_price: int) -> int:
    return quantity * unit_price


def included_tax(gross: int, percent: Decimal) -> int:
    """The tax inside a gross amount, rounded half up to a whole minor unit."""
    return int((Decimal(gross) * percent / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))


def show(amount: int, currency: str) -> str:
    """`1234567, "EUR"` becomes `12,345.67 EUR`."""
    decimals = DECIMALS[currency]
    return f"{Decimal(amount).scaleb(-decimals):,.{decimals}f} {currency}"
