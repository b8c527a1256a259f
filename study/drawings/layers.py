"""Drawings of what single layers do: kernels, batches, two fans, softmax."""

from collections.abc import Sequence
from math import exp, sqrt

from study.drawings.canvas import Drawing, Tone, arrow, axis, bar, box, disc, line, number, words
from study.theory.fans import taps_by_place
from study.theory.glorot import backward_product, compromise, forward_product

BATCH = (2, 4, 4, 4, 5, 5, 7, 9)
LOGITS = (2.0, 1.0, 0.0)


def kernel_fans() -> Drawing:
    """At the edge of a padded image a kernel finds fewer pixels than its fan_in says."""
    side, kernel, cell = 5, 3, 30
    taps = taps_by_place(side, kernel, padding=1)
    left, top = 40, 66
    grid = [
        part
        for row in range(-1, side + 1)
        for column in range(-1, side + 1)
        for inside in [0 <= row < side and 0 <= column < side]
        for part in (
            box(
                (left + cell * column + 1, top + cell * row + 1),
                (cell - 2, cell - 2),
                tone="ink" if inside else "faint",
            ),
            words(
                (left + cell * (column + 0.5), top + cell * (row + 0.66)),
                number(taps[row] * taps[column]) if inside else "0",
                tone="ink" if inside else "faint",
                bold=inside and taps[row] * taps[column] == kernel**2,
            ),
        )
    ]
    corner, middle = taps[0] ** 2, taps[side // 2] ** 2
    beside = left + cell * (side + 1) + 12
    parts = (
        words((8, 22), "pixels that a 3 × 3 kernel finds, by place", anchor="start", bold=True),
        box((left - cell, top - cell), (3 * cell, 3 * cell), tone="signal", filled=True),
        *grid,
        words((beside, top + 30), "fan_in counts", anchor="start"),
        words((beside, top + 50), f"{number(middle)} per channel;", anchor="start", bold=True),
        words((beside, top + 84), "in the corner", anchor="start", tone="signal"),
        words(
            (beside, top + 104),
            f"{number(corner)} are pixels,",
            anchor="start",
            tone="signal",
            bold=True,
        ),
        words((beside, top + 124), "the others", anchor="start", tone="signal"),
        words((beside, top + 144), "are padding", anchor="start", tone="signal"),
    )
    return Drawing(
        title="A kernel at the edge finds less",
        text=f"An image of {number(side)} by {number(side)} pixels with a border of zeros. In the "
        f"middle a kernel of {number(kernel)} by {number(kernel)} finds {number(middle)} pixels, "
        f"at an edge {number(taps[0] * taps[side // 2])}, in a corner {number(corner)}.",
        height=top + cell * (side + 1) + 10,
        parts=parts,
        numbers={
            "side": side,
            "kernel": kernel,
            "middle": middle,
            "edge": taps[0] * taps[side // 2],
            "corner": corner,
            "padding": 0,
        },
    )


def standardised_batch() -> Drawing:
    """Take off the mean, divide by the standard deviation: the same pattern about 0, of size 1."""
    mean = sum(BATCH) / len(BATCH)
    deviation = sqrt(sum((x - mean) ** 2 for x in BATCH) / len(BATCH))

    standard = [(x - mean) / deviation for x in BATCH]
    # Both rows have one scale of places, since the pattern is the same.
    steps: dict[float, int] = {}
    places = []
    for value in standard:
        steps[value] = steps.get(value, 0) + 1
        places.append((165 + 60 * value, 12 * steps[value] - 4))

    def row(floor: float, title: str, ticks: Sequence[tuple[float, float]]) -> list[str]:
        return [
            words((8, floor - 48), title, anchor="start", bold=True),
            *(disc((x, floor - height), 5, tone="signal") for x, height in places),
            axis((8, floor), (352, floor), [(165 + 60 * x, number(mark)) for x, mark in ticks]),
        ]

    marks = (-2, -1, 0, 1, 2)
    before = [mean + deviation * mark for mark in marks]
    title = "mean {}, standard deviation {}".format
    parts = (
        *row(76, title(number(mean), number(deviation)), list(zip(marks, before, strict=True))),
        *row(176, "after: " + title(number(0), number(1)), [(x, x) for x in marks]),
    )
    return Drawing(
        title="A batch before and after it is standardised",
        text=f"Eight numbers with mean {number(mean)} and standard deviation {number(deviation)}. "
        f"After subtracting and dividing they show the same pattern, about {number(0)} and with "
        f"standard deviation {number(1)}.",
        height=206,
        parts=parts,
        numbers={
            "mean": mean,
            "standard deviation": deviation,
            "mean after": sum(standard) / len(standard),
            "standard deviation after": sqrt(sum(x * x for x in standard) / len(standard)),
            **{f"mark {mark}": mark for mark in marks},
            **{f"mark {mark} before": x for mark, x in zip(marks, before, strict=True)},
        },
    )


def glorots_compromise() -> Drawing:
    """No variance keeps both directions of a layer that narrows; Glorot's misses each by less."""
    widths = (400, 100)
    choices = {
        "1/fan_in": 1 / widths[0],
        "Glorot": compromise(widths)[0],
        "1/fan_out": 1 / widths[1],
    }
    floor, scale = 178.0, 30.0
    parts = [
        words(
            (8, 22),
            f"a layer from {number(widths[0])} to {number(widths[1])} units",
            anchor="start",
            bold=True,
        ),
        words((8, 42), "signal", anchor="start", tone="signal", bold=True),
        words((64, 42), "and gradient, times", anchor="start", tone="gradient", bold=True),
    ]
    numbers: dict[str, float] = {"inputs": widths[0], "outputs": widths[1]}
    for at, (name, variance) in enumerate(choices.items()):
        middle = 74 + 110 * at
        sizes: tuple[tuple[Tone, float, float], ...] = (
            ("signal", middle - 20, forward_product(widths, [variance])),
            ("gradient", middle + 20, backward_product(widths, [variance])),
        )
        for tone, x, size in sizes:
            key = f"{tone} {name}"
            numbers[key] = size
            parts += [
                bar((x, floor), scale * size, width=28, tone=tone, key=key),
                words((x, floor - scale * size - 6), number(size), tone=tone, bold=True),
            ]
        parts.append(words((middle, floor + 20), name))
    parts += [
        line((16, floor - scale), (346, floor - scale), tone="faint", dashed=True),
        axis((16, floor), (346, floor)),
    ]
    return Drawing(
        title="Glorot's compromise",
        text=f"By what a layer of {number(widths[0])} inputs and {number(widths[1])} outputs "
        "multiplies the mean squares of signal and gradient: "
        + "; ".join(
            f"{name}: {number(numbers[f'signal {name}'])} and {number(numbers[f'gradient {name}'])}"
            for name in choices
        )
        + ".",
        height=floor + 32,
        parts=tuple(parts),
        numbers=numbers,
    )


def softmax_gradient() -> Drawing:
    """The gradient of the loss is probability less target: down for the wrong, up for the right."""
    right = 1
    powers = [exp(logit) for logit in LOGITS]
    probabilities = [power / sum(powers) for power in powers]
    gradient = [p - (at == right) for at, p in enumerate(probabilities)]
    floor, scale = 170.0, 110.0
    parts = [words((8, 22), "probabilities, and what changes them", anchor="start", bold=True)]
    for at, (p, slope) in enumerate(zip(probabilities, gradient, strict=True)):
        x = 60 + 116 * at
        top = floor - scale * p
        parts += [
            bar((x - 16, floor), scale * p, width=44, key=f"p {at}", pale=True),
            words((x - 16, top - 6), number(p), tone="signal", bold=True),
            arrow((x + 24, top), (x + 24, top + scale * slope), tone="gradient", width=2.4),
            words(
                (x + 32, top + scale * slope / 2 + 5),
                number(slope),
                tone="gradient",
                bold=True,
                anchor="start",
                size=13,
            ),
            words((x - 16, floor + 20), "right" if at == right else "wrong", bold=at == right),
        ]
    parts += [
        axis((8, floor), (352, floor)),
        words((8, floor + 44), "orange: the gradient p − y;", tone="gradient", anchor="start"),
        words((8, floor + 64), "a step goes against it", tone="gradient", anchor="start"),
    ]
    return Drawing(
        title="Softmax and its gradient",
        text="Three bars, the probabilities "
        f"{', '.join(map(number, probabilities))}; the second class is the right one. Arrows show "
        f"the gradient with respect to the logits, {', '.join(map(number, gradient))}: a step "
        "against it lowers the wrong classes and raises the right one.",
        height=floor + 76,
        parts=tuple(parts),
        numbers={
            **{f"p {at}": p for at, p in enumerate(probabilities)},
            **{f"gradient {at}": slope for at, slope in enumerate(gradient)},
            "one": 1,
        },
    )
