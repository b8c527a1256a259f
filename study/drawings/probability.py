"""Drawings for half an hour of probability: variances that add, and logarithms of products."""

from math import sqrt

from study.drawings.canvas import Drawing, axis, bar, curve, line, number, words

SIDES = (3, 4)
FACTORS = (1.5, 0.5)


def variances_add() -> Drawing:
    """Standard deviations of independent numbers add like the sides of a right triangle."""
    first, second = SIDES
    total = sqrt(first**2 + second**2)
    left, floor, unit = 40.0, 190.0, 40.0
    top, right = (left, floor - unit * first), (left + unit * second, floor)
    beside = right[0] + 24
    parts = (
        words((8, 22), "sides: standard deviations", anchor="start", bold=True),
        curve([(left + 14, floor), (left + 14, floor - 14), (left, floor - 14)], tone="faint"),
        line((left, floor), top, tone="signal", width=3),
        line((left, floor), right, tone="signal", width=3),
        line(top, right, tone="gradient", width=3),
        words((left - 10, floor - unit * first / 2), number(first), tone="signal", anchor="end"),
        words((left + unit * second / 2, floor + 20), number(second), tone="signal"),
        words((left + 92, floor - 72), number(total), tone="gradient", bold=True, anchor="start"),
        words((beside - 40, 84), "variances add:", anchor="start"),
        words(
            (beside - 40, 104),
            f"{number(first**2)} + {number(second**2)} = {number(total**2)}",
            anchor="start",
            bold=True,
        ),
        words((beside, 140), "the sum has", anchor="start"),
        words((beside, 160), f"√{number(total**2)} = {number(total)}", anchor="start", bold=True),
        words((beside, 180), f"and not {number(first + second)}", anchor="start"),
    )
    return Drawing(
        title="Variances add like squares",
        text=f"A right triangle with sides {number(first)} and {number(second)} and a longest side "
        f"of {number(total)}: {number(first**2)} + {number(second**2)} = {number(total**2)}. The "
        f"standard deviation of the sum is {number(total)} and not {number(first + second)}.",
        height=220,
        parts=parts,
        numbers={
            "one": first,
            "other": second,
            "both": total,
            "variance of one": first**2,
            "variance of the other": second**2,
            "variance of both": total**2,
            "sum of deviations": first + second,
        },
    )


def product_of_two_factors() -> Drawing:
    """Two factors of mean 1 multiply to a mean of 1, and three times in four to less than 1."""
    products = [first * second for first in FACTORS for second in FACTORS]
    mean = sum(products) / len(products)
    less = sum(product < 1 for product in products)
    floor, scale = 160.0, 46.0
    up, down = map(number, FACTORS)
    parts = [
        words((8, 22), f"each factor is {up} or {down}, by a coin", anchor="start", bold=True),
    ]
    names = [f"{number(first)} · {number(second)}" for first in FACTORS for second in FACTORS]
    for at, (name, product) in enumerate(zip(names, products, strict=True)):
        x = 56 + 84 * at
        parts += [
            bar((x, floor), scale * product, width=44, key=f"product {at}", pale=True),
            words((x, floor - 4), number(product), bold=True),
            words((x, floor + 20), name),
        ]
    parts += [
        line((14, floor - scale * mean), (346, floor - scale * mean), tone="gradient", dashed=True),
        words((346, floor - scale * mean - 8), f"mean {number(mean)}", anchor="end"),
        axis((14, floor), (346, floor)),
        words(
            (8, floor + 46),
            f"{number(less)} of {number(len(products))} are less than the mean",
            anchor="start",
        ),
    ]
    return Drawing(
        title="The mean of a product is not typical",
        text=f"Two factors, each {number(FACTORS[0])} or {number(FACTORS[1])}, give the products "
        f"{', '.join(map(number, products))}. Their mean is {number(mean)}, and {number(less)} of "
        f"{number(len(products))} are less.",
        height=floor + 58,
        parts=tuple(parts),
        numbers={
            "up": FACTORS[0],
            "down": FACTORS[1],
            **{f"product {at}": product for at, product in enumerate(products)},
            "mean": mean,
            "less": less,
            "cases": len(products),
        },
    )
