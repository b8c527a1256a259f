"""Drawings of products of random factors, which have a mean that few of them come near."""

from itertools import product
from math import prod

from study.drawings.canvas import Drawing, bar, line, number, words

FACTORS = (0.5, 1.5)
LAYERS = 4
FLOOR, UNIT, LEFT, STEP = 160, 24, 14, 21.5


def coins_of_four_layers() -> Drawing:
    """All networks of four coins, by size: their mean is 1, and most lie below it."""
    sizes = sorted(prod(factors) for factors in product(FACTORS, repeat=LAYERS))
    mean = sum(sizes) / len(sizes)
    below = sum(size < mean for size in sizes)
    level, last = FLOOR - UNIT * mean, LEFT + STEP * len(sizes)
    parts = [
        bar(
            (LEFT + STEP * (at + 0.5), FLOOR),
            UNIT * size,
            width=15,
            tone="signal" if size < mean else "gradient",
            key=f"size {at}",
        )
        for at, size in enumerate(sizes)
    ]
    middle = LEFT + STEP * below / 2
    parts += [
        line((LEFT, FLOOR), (last, FLOOR), tone="faint"),
        line((LEFT, level), (last, level), dashed=True),
        words((LEFT, level - 8), f"the mean of all: {number(mean)}", anchor="start"),
        words((last, FLOOR - UNIT * sizes[-1] - 7), number(sizes[-1]), anchor="end"),
        words((middle, FLOOR + 22), f"{below} of {len(sizes)} are below", tone="signal"),
        words(
            ((LEFT + STEP * below + last) / 2, FLOOR + 22),
            f"{len(sizes) - below} above",
            tone="gradient",
        ),
    ]
    return Drawing(
        title="A mean that few come near",
        text=f"{len(sizes)} bars by height, from {number(sizes[0])} to {number(sizes[-1])}. Their "
        f"mean is {number(mean)}; {below} are below it and {len(sizes) - below} above.",
        height=FLOOR + 32,
        parts=tuple(parts),
        numbers={f"size {at}": size for at, size in enumerate(sizes)}
        | {
            "mean": mean,
            "networks": len(sizes),
            "below": below,
            "above": len(sizes) - below,
        },
    )
