"""Drawings of convolutions: a patch of an image becomes a row of a matrix."""

from study.drawings.canvas import Drawing, arrow, box, number, words

SIDE, KERNEL = 3, (1.0, 0.0, 0.0, -1.0)
CELL, TOP = 30, 40
IMAGE, ROWS, WEIGHTS, RESULTS = 4, 124, 262, 322


def patches_become_rows() -> Drawing:
    """What a kernel covers at a place is a row of a matrix, and the kernel is a column."""
    image = [[float(1 + column + SIDE * row) for column in range(SIDE)] for row in range(SIDE)]
    places = [(row, column) for row in range(SIDE - 1) for column in range(SIDE - 1)]
    patches = [
        [image[row + i][column + j] for i in (0, 1) for j in (0, 1)] for row, column in places
    ]
    results = [sum(x * w for x, w in zip(patch, KERNEL, strict=True)) for patch in patches]
    parts = [
        box((IMAGE, TOP), (2 * CELL, 2 * CELL), tone="lit", filled=True),
        box((ROWS, TOP), (4 * CELL, CELL), tone="lit", filled=True),
        box((RESULTS, TOP), (CELL + 4, CELL), tone="lit", filled=True),
        arrow((IMAGE + 3 * CELL + 6, TOP + CELL / 2), (ROWS - 4, TOP + CELL / 2)),
        words((IMAGE + 1.5 * CELL, 26), "image", bold=True),
        words((ROWS + 2 * CELL, 26), "its patches", bold=True),
        words((WEIGHTS + CELL / 2, 26), "kernel", bold=True, size=13),
        words((WEIGHTS - 9, TOP + 2 * CELL + 5), "×", size=16),
        words((RESULTS - 15, TOP + 2 * CELL + 5), "=", size=16),
    ]
    grids = (
        (IMAGE, image, CELL),
        (ROWS, patches, CELL),
        (WEIGHTS, [[weight] for weight in KERNEL], CELL),
        (RESULTS, [[result] for result in results], CELL + 4),
    )
    for left, grid, width in grids:
        for row, entries in enumerate(grid):
            for column, entry in enumerate(entries):
                corner = (left + width * column, TOP + CELL * row)
                parts += [
                    box(corner, (width, CELL), tone="faint"),
                    words((corner[0] + width / 2, corner[1] + 20), number(entry)),
                ]
    parts.append(
        words((ROWS, TOP + 4 * CELL + 24), f"{number(4)} places, one row each", anchor="start")
    )
    parts.append(
        words((ROWS, TOP + 4 * CELL + 44), f"fan_in = {number(4)} columns", anchor="start")
    )
    return Drawing(
        title="A convolution is a matrix product",
        text="A kernel of two by two lies on an image of three by three. What it covers at each "
        f"of {number(4)} places is a row of a matrix; times the kernel as a column, each row "
        f"gives {number(results[0])}.",
        height=TOP + 4 * CELL + 54,
        parts=tuple(parts),
        numbers={
            **{f"pixel {at}": float(at) for at in range(1, 10)},
            **{f"weight {at}": weight for at, weight in enumerate(KERNEL)},
            **{f"result {at}": result for at, result in enumerate(results)},
            "fan_in": 4,
        },
    )
