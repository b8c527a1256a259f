"""Drawings of sums of products: which of them stay."""

from statistics import fmean, pvariance

from study.drawings.canvas import Drawing, Tone, box, number, words

TERMS = 5
CELL = 30
LAYERS = (
    ("images differ", ((2, 0, 1, 0), (0, 1, 0, 2), (1, 2, 0, 0))),
    ("all are alike", ((2, 0, 1, 0), (2, 0, 1, 0), (2, 0, 1, 0))),
)
"""Two layers behind a ReLU, each with a row of activations for each of three images."""


def lit_diagonal() -> Drawing:
    """Of the n × n products of weights only those on the diagonal have a mean that is not zero."""
    left, top = 50, 58
    cells = [
        part
        for row in range(TERMS)
        for column in range(TERMS)
        for part in (
            box(
                (left + CELL * column + 1, top + CELL * row + 1),
                (CELL - 2, CELL - 2),
                tone="signal" if row == column else "faint",
                filled=row == column,
            ),
            words(
                (left + CELL * (column + 0.5), top + CELL * (row + 0.65)),
                "σ²" if row == column else number(0),
                tone="signal" if row == column else "faint",
                bold=row == column,
            ),
        )
    ]
    names = [
        part
        for at in range(TERMS)
        for part in (
            words((left + CELL * (at + 0.5), top - 8), f"w{_below(at + 1)}"),
            words((left - 16, top + CELL * (at + 0.65)), f"w{_below(at + 1)}"),
        )
    ]
    beside = left + CELL * TERMS + 14
    parts = (
        words((8, 22), "means of the products wᵢ wₖ", anchor="start", bold=True),
        *cells,
        *names,
        words((beside, top + 40), f"{number(TERMS**2)} products,", anchor="start"),
        words((beside, top + 60), f"{number(TERMS)} with a mean", anchor="start", bold=True),
        words((beside, top + 80), "that is not zero:", anchor="start"),
        words((beside, top + 112), "n σ², not n² σ²", anchor="start", tone="signal", bold=True),
    )
    return Drawing(
        title="Only the diagonal counts",
        text=f"A table of the means of all products of {number(TERMS)} independent weights. On the "
        f"diagonal stands σ², everywhere else {number(0)}: of {number(TERMS**2)} products "
        f"{number(TERMS)} count.",
        height=top + CELL * TERMS + 8,
        parts=parts,
        numbers={"n": TERMS, "products": TERMS**2, "off the diagonal": 0},
    )


def three_images_four_units() -> Drawing:
    """Two layers of one mean square and one variance over units; only one tells images apart."""
    side, top = 28, 46
    parts: list[str] = []
    numbers: dict[str, float] = {"image 1": 1, "image 2": 2, "image 3": 3}
    for at, (name, layer) in enumerate(LAYERS):
        left = 60 + 160 * at
        middle, foot = left + 2 * side, top + 3 * side
        columns = tuple(zip(*layer, strict=True))
        square = fmean(x * x for row in layer for x in row)
        units, images = fmean(map(pvariance, layer)), fmean(map(pvariance, columns))
        numbers |= {f"mean square {at}": square, f"units {at}": units, f"images {at}": images}
        numbers |= {
            f"{at} {row} {unit}": x for row, r in enumerate(layer) for unit, x in enumerate(r)
        }
        parts.append(words((middle, 26), name, bold=True))
        for row, activations in enumerate(layer):
            for unit, x in enumerate(activations):
                corner = (left + side * unit + 1, top + side * row + 1)
                tone: Tone = "signal" if x else "faint"
                parts += [
                    box(corner, (side - 2, side - 2), tone=tone, filled=bool(x)),
                    words(
                        (corner[0] + side / 2 - 1, corner[1] + side * 0.65), number(x), tone=tone
                    ),
                ]
        parts += [
            words((middle, foot + 24), f"mean square: {number(square)}", size=13),
            words((middle, foot + 44), f"over units: {number(units)}", size=13),
            words((middle, foot + 64), f"across images: {number(images)}", size=13, bold=True),
        ]
    parts += [
        words((54, top + side * (row + 0.7)), f"image {number(row + 1)}", anchor="end", size=13)
        for row in range(3)
    ]
    return Drawing(
        title="One size, two layers",
        text="Two tables of activations, with a row for each of three images. In both the mean "
        f"square is {number(numbers['mean square 0'])} and the variance over units "
        f"{number(numbers['units 0'])}. Where the images differ, the variance across images is "
        f"{number(numbers['images 0'])}; where all rows are alike, it is "
        f"{number(numbers['images 1'])}.",
        height=top + 3 * side + 74,
        parts=tuple(parts),
        numbers=numbers,
    )


def shape_of_w() -> Drawing:
    """W has a row for each output and a column for each input: its shape is (fan_out, fan_in)."""
    outputs, inputs, cell = 3, 4, 28
    top = 60

    def grid(left: float, rows: int, columns: int, lit: int | None = None) -> list[str]:
        return [
            box(
                (left + cell * column + 1, top + cell * row + 1),
                (cell - 2, cell - 2),
                tone="signal" if row == lit else "faint",
                filled=row == lit,
            )
            for row in range(rows)
            for column in range(columns)
        ]

    parts = (
        *grid(24, outputs, 1, lit=0),
        words((68, top + 47), "=", size=18),
        *grid(100, outputs, inputs, lit=0),
        *grid(246, inputs, 1),
        words((38, 44), "z", bold=True),
        words((156, 44), "W", bold=True),
        words((260, 44), "x", bold=True),
        words((156, 190), f"fan_in = {number(inputs)} columns", tone="signal", bold=True),
        words((156, 212), f"fan_out = {number(outputs)} rows", bold=True),
        words((330, top + 47), "z = W x"),
        words((8, 22), "one row of W makes one output", anchor="start"),
    )
    return Drawing(
        title="The shape of W",
        text=f"A column z of {number(outputs)} numbers is W times a column x of {number(inputs)} "
        f"numbers. W has {number(outputs)} rows, its fan_out, and {number(inputs)} columns, its "
        "fan_in.",
        height=224,
        parts=parts,
        numbers={"fan_in": inputs, "fan_out": outputs},
    )


def _below(index: int) -> str:
    """Return an index in the small figures below the line."""
    return str(index).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
