"""Drawings of sums of products: which of them stay."""

from study.drawings.canvas import Drawing, box, number, words

TERMS = 5
CELL = 30


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
