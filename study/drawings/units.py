"""Drawings of units: of two that start equal, and of two of which one is dropped."""

from study.drawings.canvas import Drawing, arrow, axis, bar, disc, number, words

INPUTS = (1.0, 2.0)
WEIGHT = 0.5
BACK = 1.0
"""What comes back to the output."""
LEFT, MIDDLE, RIGHT = 46, 180, 312
ROWS = (78, 158)


def two_equal_units() -> Drawing:
    """Two units of equal weights say the same, get the same gradient, and take the same step."""
    hidden = sum(WEIGHT * x for x in INPUTS)
    output = len(ROWS) * WEIGHT * hidden
    returned = BACK * WEIGHT
    steps = [returned * x for x in INPUTS]
    centre = sum(ROWS) / len(ROWS)
    parts = [words((8, 24), f"all weights are {number(WEIGHT)}", anchor="start", bold=True)]
    for x, y in zip(INPUTS, ROWS, strict=True):
        parts += [
            words((LEFT - 18, y + 5), number(x), bold=True),
            *(arrow((LEFT, y), (MIDDLE - 24, height), tone="signal") for height in ROWS),
        ]
    for y in ROWS:
        parts += [
            disc((MIDDLE, y), 21, filled=False),
            words((MIDDLE, y + 5), number(hidden), tone="signal", bold=True),
            arrow((MIDDLE + 23, y), (RIGHT - 23, centre), tone="signal"),
        ]
    gradient = f"gradient {number(returned)}"
    parts += [
        words((MIDDLE, ROWS[0] - 28), gradient, tone="gradient", size=13),
        words((MIDDLE, ROWS[1] + 38), gradient, tone="gradient", size=13),
        disc((RIGHT, centre), 21, filled=False),
        words((RIGHT, centre + 5), number(output), tone="signal", bold=True),
        words((RIGHT, centre + 40), f"gradient {number(BACK)}", tone="gradient", size=13),
        words(
            (8, 226),
            f"both units: step {number(steps[0])} and {number(steps[1])}, so equal again",
            anchor="start",
            tone="gradient",
        ),
    ]
    return Drawing(
        title="Units that start equal stay equal",
        text=f"Two inputs, {number(INPUTS[0])} and {number(INPUTS[1])}, lead to two units, and "
        f"these to one output; all weights are {number(WEIGHT)}. Both units say {number(hidden)}, "
        f"the output {number(output)}. A gradient of {number(BACK)} comes back to the output and "
        f"{number(returned)} to each unit, so the weights of both take the same steps, "
        f"{number(steps[0])} and {number(steps[1])}.",
        height=238,
        parts=tuple(parts),
        numbers={
            "weight": WEIGHT,
            "first input": INPUTS[0],
            "second input": INPUTS[1],
            "hidden": hidden,
            "output": output,
            "back": BACK,
            "returned": returned,
            "first step": steps[0],
            "second step": steps[1],
        },
    )


def one_dropped_of_two() -> Drawing:
    """Dropout of one half keeps the mean of two units, and doubles their mean square."""
    rows = (("evaluation", (1.0, 1.0)), ("training", (0.0, 2.0)))
    floor, scale = 140.0, 40.0
    parts = [words((8, 24), "two units, half of them dropped", anchor="start", bold=True)]
    numbers: dict[str, float] = {}
    for at, (name, units) in enumerate(rows):
        left = 14 + 176 * at
        mean = sum(units) / len(units)
        square = sum(unit**2 for unit in units) / len(units)
        parts += [
            axis((left, floor), (left + 156, floor)),
            words((left, floor + 66), f"mean {number(mean)}", anchor="start"),
            words(
                (left, floor + 88),
                f"mean square {number(square)}",
                anchor="start",
                bold=True,
                tone="gradient",
            ),
            words((left, floor + 44), f"in {name}", anchor="start"),
        ]
        for place, unit in enumerate(units):
            x = left + 46 + 64 * place
            parts += [
                bar((x, floor), scale * unit, width=40, key=f"{name} {place}", pale=True),
                words((x, floor - scale * unit - 6), number(unit), tone="signal", bold=True),
            ]
            numbers[f"{name} {place}"] = unit
        numbers |= {f"{name} mean": mean, f"{name} mean square": square}
    return Drawing(
        title="What dropout does to a mean square",
        text="Four bars. In evaluation two units are "
        f"{number(rows[0][1][0])} and {number(rows[0][1][1])}, of mean "
        f"{number(numbers['evaluation mean'])} and mean square "
        f"{number(numbers['evaluation mean square'])}. In training one is dropped and the other "
        f"doubled, {number(rows[1][1][0])} and {number(rows[1][1][1])}: the mean is "
        f"{number(numbers['training mean'])} as before, the mean square "
        f"{number(numbers['training mean square'])}.",
        height=floor + 100,
        parts=tuple(parts),
        numbers=numbers,
    )
