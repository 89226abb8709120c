"""Numbers as Go writes them: the shortest digits that mean the same double."""

from decimal import Decimal

PLAIN = range(-4, 6)  # decimal exponents of floats that Go's package fmt, %v, writes without one


def shortest(value: float, *, exponents: range, width: int) -> str:
    """A finite number: plain if its decimal exponent is in the range, else with an exponent.

    That has a sign, and `width` digits at least.
    """
    number = Decimal(repr(float(value))).normalize()
    exponent = number.adjusted()
    if exponent in exponents:
        return f"{number:f}"
    return f"{number.scaleb(-exponent):f}e{exponent:+0{width + 1}}"
