from decimal import Decimal


def powers_of_a_factor() -> dict[str, float]:
    """By multiplying ninety-nine times, in decimals."""
    found: dict[str, float] = {"first layer": 1, "last layer": 100}
    for c in ("4.0", "2.4", "2.0", "1.6", "1.0"):
        value = Decimal(1)
        for _ in range(99):
            value *= Decimal(c) / 2
        found |= {f"c {c}": float(c), f"after {c}": float(value)}
    return found
