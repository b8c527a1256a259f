"""Drawings of losses: every output beside every target, and two losses of one output."""

from math import exp, log

from study.drawings.canvas import Drawing, axis, bar, box, curve, disc, number, words

OUTPUTS, TARGETS = (1.0, 2.0, 6.0), (0.0, 4.0, 5.0)
LEFT, TOP, CELL = 128, 60, (62, 38)


def outputs_against_targets() -> Drawing:
    """A loss compares each output with its own target; a broadcast one with every target."""
    squares = [[(output - target) ** 2 for target in TARGETS] for output in OUTPUTS]
    size = len(OUTPUTS)
    diagonal_mean = sum(squares[at][at] for at in range(size)) / size
    table_mean = sum(map(sum, squares)) / size**2
    columns = [LEFT + CELL[0] * at for at in range(size)]
    rows = [TOP + CELL[1] * at for at in range(size)]
    parts = [words((LEFT + 1.5 * CELL[0], 16), "targets", bold=True)]
    for at in range(size):
        x, y = columns[at] + CELL[0] / 2, rows[at] + CELL[1] / 2 + 5
        parts += [
            words((x, TOP - 14), number(TARGETS[at]), tone="signal"),
            words((LEFT - 14, y), number(OUTPUTS[at]), anchor="end", tone="signal"),
            box((columns[at], rows[at]), CELL, tone="lit", filled=True),
        ]
    parts += [
        words((16, TOP + 1.5 * CELL[1] + 5), "outputs", anchor="start", bold=True),
        *(box((x, y), CELL, tone="faint") for x in columns for y in rows),
        *(
            words(
                (columns[column] + CELL[0] / 2, rows[row] + CELL[1] / 2 + 5),
                number(squares[row][column]),
                bold=row == column,
            )
            for row in range(size)
            for column in range(size)
        ),
        words((LEFT, 202), f"diagonal: mean {number(diagonal_mean)}", anchor="start", bold=True),
        words((LEFT, 224), f"all nine: mean {number(table_mean)}", anchor="start"),
    ]
    return Drawing(
        title="Every output minus every target, squared",
        text="A table of three outputs and three targets with the squares of their differences. "
        f"The mean of the diagonal is {number(diagonal_mean)}, that of the whole table "
        f"{number(table_mean)}.",
        height=234,
        parts=tuple(parts),
        numbers={
            **{f"output {at}": output for at, output in enumerate(OUTPUTS)},
            **{f"target {at}": target for at, target in enumerate(TARGETS)},
            **{
                f"square {row} {column}": squares[row][column]
                for row in range(size)
                for column in range(size)
            },
            "mean of the diagonal": diagonal_mean,
            "mean of all": table_mean,
        },
    )


def two_costs_of_one_output() -> Drawing:
    """Where the output is wrong and sure of itself, one cost is steep and the other flat."""
    wrong = -5.0
    floor, height, middle, unit = 190.0, 26.0, 232.0, 34.0

    def sigmoid(a: float) -> float:
        return 1 / (1 + exp(-a))

    def entropy(a: float) -> tuple[float, float]:
        return middle + unit * a, floor - height * log(1 + exp(-a))

    def square(a: float) -> tuple[float, float]:
        return middle + unit * a, floor - height * (1 - sigmoid(a)) ** 2

    steep = 1 - sigmoid(wrong)
    flat = 2 * sigmoid(wrong) * (1 - sigmoid(wrong)) ** 2
    places = [-6 + step / 10 for step in range(91)]
    parts = (
        axis(
            (middle - 6 * unit, floor),
            (middle + 3 * unit, floor),
            [(middle + unit * a, number(a)) for a in (wrong, 0)],
            "output before the sigmoid; the target is 1",
        ),
        curve(map(entropy, places), tone="signal", width=2.4),
        curve(map(square, places), tone="gradient", width=2.4),
        disc(entropy(wrong), 4, tone="signal"),
        disc(square(wrong), 4, tone="gradient"),
        words((352, 22), "cross-entropy:", tone="signal", anchor="end", bold=True),
        words((352, 42), f"gradient {number(steep)}", tone="signal", anchor="end"),
        words((44, floor - 54), "squared error:", tone="gradient", anchor="start", bold=True),
        words((44, floor - 36), f"gradient {number(flat)}", tone="gradient", anchor="start"),
    )
    return Drawing(
        title="A wrong output under two costs",
        text=f"Two costs of one output, for the target {number(1)}. At {number(wrong)} before the "
        f"sigmoid the cross-entropy is a steep line, with a gradient of size {number(steep)}; the "
        f"squared error is flat, with {number(flat)}.",
        height=floor + 48,
        parts=parts,
        numbers={"wrong": wrong, "zero": 0, "target": 1, "steep": steep, "flat": flat},
    )


def loss_of_three_logits() -> Drawing:
    """Three logits that say nothing of the class: the farther apart, the larger the mean loss."""
    sizes = (0.0, 1.0, 4.0)
    losses = [log(sum(exp(size * side) for side in (-1, 0, 1))) for size in sizes]
    floor, scale = 184.0, 30.0
    parts = [
        words((8, 24), "mean loss over the three classes", anchor="start", bold=True),
        axis((8, floor), (352, floor)),
        words((8, floor + 44), "logits", anchor="start"),
    ]
    for at, (size, loss) in enumerate(zip(sizes, losses, strict=True)):
        x = 100 + 96 * at
        logits = f"{number(-size)}, 0, {number(size)}" if size else "0, 0, 0"
        parts += [
            bar((x, floor), scale * loss, width=44, key=f"loss {at}", pale=True),
            words((x, floor - scale * loss - 8), number(loss), tone="signal", bold=True),
            words((x, floor + 22), logits),
        ]
    return Drawing(
        title="Logits that know nothing cost the more the larger they are",
        text="Three bars, the mean cross-entropy over three classes: "
        f"{number(losses[0])} for logits of {number(0)}, {number(losses[1])} for logits from "
        f"{number(-sizes[1])} to {number(sizes[1])}, and {number(losses[2])} for logits from "
        f"{number(-sizes[2])} to {number(sizes[2])}.",
        height=floor + 56,
        parts=tuple(parts),
        numbers={f"loss {at}": loss for at, loss in enumerate(losses)}
        | {f"size {at}": size for at, size in enumerate(sizes)}
        | {f"minus size {at}": -size for at, size in enumerate(sizes) if size},
    )
