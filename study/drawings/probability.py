"""Drawings for half an hour of probability: variances that add, and logarithms of products."""

from math import sqrt

from study.drawings.canvas import Drawing, axis, bar, curve, line, number, words

SIDES = (3, 4)
FACTORS = (1.5, 0.5)


def variances_add() -> Drawing:
    """Standard deviations of independent numbers add like the sides of a right triangle."""
    one, other = SIDES
    both = sqrt(one**2 + other**2)
    left, floor, unit = 40.0, 190.0, 40.0
    top, right = (left, floor - unit * one), (left + unit * other, floor)
    beside = right[0] + 24
    parts = (
        words((8, 22), "sides: standard deviations", anchor="start", bold=True),
        curve([(left + 14, floor), (left + 14, floor - 14), (left, floor - 14)], tone="faint"),
        line((left, floor), top, tone="signal", width=3),
        line((left, floor), right, tone="signal", width=3),
        line(top, right, tone="gradient", width=3),
        words((left - 10, floor - unit * one / 2), number(one), tone="signal", anchor="end"),
        words((left + unit * other / 2, floor + 20), number(other), tone="signal"),
        words((left + 92, floor - 72), number(both), tone="gradient", bold=True, anchor="start"),
        words((beside - 40, 84), "variances add:", anchor="start"),
        words(
            (beside - 40, 104),
            f"{number(one**2)} + {number(other**2)} = {number(both**2)}",
            anchor="start",
            bold=True,
        ),
        words((beside, 140), "the sum has", anchor="start"),
        words((beside, 160), f"√{number(both**2)} = {number(both)}", anchor="start", bold=True),
        words((beside, 180), f"and not {number(one + other)}", anchor="start"),
    )
    return Drawing(
        title="Variances add like squares",
        text=f"A right triangle with sides {number(one)} and {number(other)} and a longest side of "
        f"{number(both)}: {number(one**2)} + {number(other**2)} = {number(both**2)}. The standard "
        f"deviation of the sum is {number(both)} and not {number(one + other)}.",
        height=220,
        parts=parts,
        numbers={
            "one": one,
            "other": other,
            "both": both,
            "variance of one": one**2,
            "variance of the other": other**2,
            "variance of both": both**2,
            "sum of deviations": one + other,
        },
    )


def product_of_two_factors() -> Drawing:
    """Two factors of mean 1 multiply to a mean of 1, and three times in four to less than 1."""
    products = [one * other for one in FACTORS for other in FACTORS]
    mean = sum(products) / len(products)
    less = sum(product < 1 for product in products)
    floor, scale = 160.0, 46.0
    up, down = map(number, FACTORS)
    parts = [
        words((8, 22), f"each factor is {up} or {down}, by a coin", anchor="start", bold=True),
    ]
    names = [f"{number(one)} · {number(other)}" for one in FACTORS for other in FACTORS]
    for at, (name, product) in enumerate(zip(names, products, strict=True)):
        x = 56 + 84 * at
        parts += [
            bar((x, floor), scale * product, width=44, of=f"product {at}", pale=True),
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
