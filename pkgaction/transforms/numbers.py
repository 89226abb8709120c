"""Numbers as Go writes them: the shortest digits that mean the same double."""

from decimal import Decimal


def shortest(value: float, *, exponents: range, width: int) -> str:
    """A finite number: plain if its decimal exponent is in the range, else with an exponent.

    That has a sign, and `width` digits at least.
    """
    number = Decimal(repr(float(value))).normalize()
    exponent = number.adjusted()
    if not number or exponent in exponents:
        return f"{number:f}"
    sign, digits, _ = number.as_tuple()
    first, *rest = map(str, digits)
    fraction = "." + "".join(rest) if rest else ""
    return (
        f"{'-' if sign else ''}{first}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):0{width}}"
    )
