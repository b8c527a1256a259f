"""What a norm does, by sums of random numbers' second moments and by finite differences."""

from math import hypot

from study.theory import residual


def shares_of_a_stream() -> dict[str, float]:
    """By the law of the shares of blocks whose branches keep what they are given."""
    return {
        f"{placement}-norm {place}": share
        for placement in ("pre", "post")
        for place, share in enumerate(residual.shares(placement, 1.0, 3))
    }


def same_loss_along_a_ray() -> dict[str, float]:
    """By differences of a loss that depends on the direction of two weights alone."""
    numbers: dict[str, float] = {}
    for length in (1.0, 2.0):
        # The second weight over the length of both, whose slope is 1 beside a first weight of 1.
        step = 1e-6
        gradient = step / hypot(length, step) / step
        numbers |= {
            f"length {length:g}": length,
            f"gradient at {length:g}": gradient,
            f"turn at {length:g}": gradient / length,
        }
    return numbers
