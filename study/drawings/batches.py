"""Drawings of batches: the same number in two of them."""

from collections.abc import Sequence
from math import sqrt

from study.drawings.canvas import Drawing, arrow, axis, disc, number, words

SAME, NEIGHBOURS = 3.0, ((0.0, 6.0), (0.0, 0.0))
LEFT, UNIT, RIGHT, UNIT_AFTER = 20, 22, 262, 30


def two_batches() -> Drawing:
    """A number is normalised by its batch, so in another batch it becomes another number."""
    parts, numbers = [], {"same": SAME}
    for at, neighbours in enumerate(NEIGHBOURS):
        y = 62 + 92 * at
        batch = (*neighbours, SAME)
        after = _normalised(batch)
        numbers |= {f"other {at} {index}": value for index, value in enumerate(neighbours)}
        numbers[f"after {at}"] = after[-1]
        parts += [
            axis((LEFT - 8, y), (LEFT + 6 * UNIT + 8, y)),
            axis((RIGHT - 2 * UNIT_AFTER, y), (RIGHT + 2.4 * UNIT_AFTER, y), [(RIGHT, "0")]),
            *_dots(LEFT, UNIT, y, neighbours),
            disc((LEFT + UNIT * SAME, y), 6, tone="gradient"),
            words((LEFT + UNIT * SAME, y - 13), number(SAME), tone="gradient", bold=True),
            *_dots(RIGHT, UNIT_AFTER, y, after[:-1]),
            disc((RIGHT + UNIT_AFTER * after[-1], y), 6, tone="gradient"),
            words(
                (RIGHT + UNIT_AFTER * after[-1], y - 13),
                number(after[-1]),
                tone="gradient",
                bold=True,
            ),
            arrow((LEFT + 6 * UNIT + 14, y), (RIGHT - 2 * UNIT_AFTER - 6, y)),
        ]
        parts += [
            words((LEFT + UNIT * x, y + 22), number(x), size=13) for x in sorted(set(neighbours))
        ]
    parts += [
        words((LEFT, 20), "one image, two batches", anchor="start", bold=True),
        words((RIGHT - 20, 20), "normalised", bold=True),
    ]
    numbers["zero"] = 0
    return Drawing(
        title="The same number in two batches",
        text=f"The number {number(SAME)} stands in two batches of three. Normalised by the one it "
        f"becomes {number(numbers['after 0'])}, by the other {number(numbers['after 1'])}.",
        height=190,
        parts=tuple(parts),
        numbers=numbers,
    )


def _dots(zero: float, unit: float, y: float, values: Sequence[float]) -> list[str]:
    """Return a dot for each value, equal ones on top of each other."""
    return [
        disc((zero + unit * x, y - 11 * values[:at].count(x)), 5, tone="faint")
        for at, x in enumerate(values)
    ]


def _normalised(batch: Sequence[float]) -> list[float]:
    mean = sum(batch) / len(batch)
    deviation = sqrt(sum((x - mean) ** 2 for x in batch) / len(batch))
    return [(x - mean) / deviation for x in batch]
