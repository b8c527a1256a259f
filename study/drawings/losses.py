"""Drawings of losses: every output beside every target."""

from study.drawings.canvas import Drawing, box, number, words

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
