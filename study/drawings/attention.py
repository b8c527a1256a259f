"""A drawing of attention: what the scale of the scores does to its weights."""

from math import exp, sqrt

from study.drawings.canvas import Drawing, axis, bar, number, words

WIDTH = 4
SCORES = (4.0, 2.0, 0.0)


def weights_of_three_tokens() -> Drawing:
    """Three scores of a head of width 4: as they are one token gets most, over 2 each some."""
    rows = (("as they are", 1.0), ("over √4", sqrt(WIDTH)))
    floor, scale = 168.0, 110.0
    parts = [words((8, 24), "weights of three tokens", anchor="start", bold=True)]
    numbers: dict[str, float] = {"width": WIDTH}
    for at, (name, divisor) in enumerate(rows):
        left = 14 + 176 * at
        parts += [
            axis((left, floor), (left + 156, floor)),
            words((left, floor + 46), f"scores {name}", anchor="start"),
        ]
        powers = [exp(score / divisor) for score in SCORES]
        for place, (score, power) in enumerate(zip(SCORES, powers, strict=True)):
            x, weight = left + 30 + 48 * place, power / sum(powers)
            parts += [
                bar((x, floor), scale * weight, width=32, key=f"{name} {place}", pale=True),
                words((x, floor - scale * weight - 6), number(weight), tone="signal", bold=True),
                words((x, floor + 20), number(score / divisor)),
            ]
            numbers |= {f"{name} {place}": weight, f"{name} score {place}": score / divisor}
    listed = {
        name: ", ".join(number(numbers[f"{name} {place}"]) for place in range(len(SCORES)))
        for name, _ in rows
    }
    return Drawing(
        title="What the scale of scores does to attention",
        text=f"Six bars. The scores 4, 2 and 0 of a head of width {WIDTH} give three tokens the "
        f"weights {listed['as they are']}; divided by 2 they are 2, 1 and 0, with the weights "
        f"{listed['over √4']}.",
        height=floor + 58,
        parts=tuple(parts),
        numbers=numbers,
    )
