"""A drawing of recurrences: what two steps of one matrix add up to."""

from math import comb

from study.drawings.canvas import Drawing, axis, bar, number, words

STEPS = 2


def one_matrix_twice() -> Drawing:
    """Two steps of an identity and a matrix: alike terms add up before they are squared."""
    columns = (
        ("one matrix", [float(comb(STEPS, k) ** 2) for k in range(STEPS + 1)]),
        ("fresh matrices", [float(comb(STEPS, k)) for k in range(STEPS + 1)]),
    )
    names = (("1", "2W", "W²"), ("1", "V + W", "VW"))
    floor, scale = 150.0, 22.0
    parts = [words((8, 24), "two steps of 1 + W, squared", anchor="start", bold=True)]
    numbers: dict[str, float] = {}
    for at, (name, squares) in enumerate(columns):
        left = 14 + 176 * at
        total = sum(squares)
        parts += [
            axis((left, floor), (left + 156, floor)),
            words((left, floor + 46), name, anchor="start"),
            words(
                (left, floor + 70),
                f"mean square {number(total)}",
                anchor="start",
                bold=True,
                tone="gradient",
            ),
        ]
        for place, square in enumerate(squares):
            x = left + 28 + 50 * place
            parts += [
                bar((x, floor), scale * square, width=34, key=f"{name} {place}", pale=True),
                words((x, floor - scale * square - 6), number(square), tone="signal", bold=True),
                words((x, floor + 20), names[at][place], size=13),
            ]
            numbers[f"{name} {place}"] = square
        numbers[f"{name} total"] = total
    alike, fresh = (squares for _, squares in columns)
    return Drawing(
        title="One matrix twice, and two matrices",
        text="Six bars: what each term of two steps adds to the mean square. With one matrix W the "
        f"terms 1, 2W and W squared add {number(alike[0])}, {number(alike[1])} and "
        f"{number(alike[2])}, together {number(sum(alike))}. With fresh matrices the terms "
        "1, V plus W, and VW add "
        f"{number(fresh[0])}, {number(fresh[1])} and {number(fresh[2])}, together "
        f"{number(sum(fresh))}.",
        height=floor + 84,
        parts=tuple(parts),
        numbers=numbers,
    )
