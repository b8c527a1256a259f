"""Drawings of what normalisation does: to the shares of blocks, and to the scale of weights."""

from study.drawings.canvas import Drawing, arrow, axis, bar, disc, line, number, words

BLOCKS = 3


def shares_of_a_stream() -> Drawing:
    """Three blocks have equal shares with pre-norm; with post-norm each takes a half."""
    equal = [1 / (BLOCKS + 1)] * (BLOCKS + 1)
    halves = [0.5**BLOCKS, *(0.5 ** (BLOCKS - block) for block in range(BLOCKS))]
    floor, scale, step = 176.0, 220.0, 38.0
    parts = [words((8, 24), "shares in the last stream", anchor="start", bold=True)]
    numbers: dict[str, float] = {}
    for at, (name, shares) in enumerate((("pre-norm", equal), ("post-norm", halves))):
        left = 14 + 180 * at
        parts += [
            axis((left, floor), (left + 4 * step, floor)),
            words((left, floor + 42), name, anchor="start", bold=True, tone="gradient"),
        ]
        for place, share in enumerate(shares):
            x = left + step * (place + 0.5)
            key = f"{name} {place}"
            label = "input" if place == 0 else "abc"[place - 1]
            parts += [
                bar((x, floor), scale * share, width=26, key=key, pale=place == 0),
                words((x, floor - scale * share - 6), number(share), tone="signal", size=13),
                words((x, floor + 18), label, size=13),
            ]
            numbers[key] = share
    return Drawing(
        title="Who has which share in a stream",
        text=f"Two groups of four bars, for the input and for three blocks. With pre-norm "
        f"each has {number(equal[0])} of the last stream. With post-norm the input and the first "
        f"block have {number(halves[0])} each, the second block {number(halves[2])} and the last "
        f"{number(halves[3])}.",
        height=floor + 56,
        parts=tuple(parts),
        numbers=numbers,
    )


def same_loss_along_a_ray() -> Drawing:
    """Weights twice as long have the same loss, half the gradient and a quarter of the turn."""
    origin, unit = (30.0, 170.0), 130.0
    parts = [
        words((8, 24), "the same loss along a ray", anchor="start", bold=True),
        line(origin, (origin[0] + 2.3 * unit, origin[1])),
        disc(origin, 3),
    ]
    numbers: dict[str, float] = {}
    for scale in (1.0, 2.0):
        gradient = 1 / scale
        turn = gradient / scale
        x = origin[0] + scale * unit
        parts += [
            disc((x, origin[1]), 4),
            arrow((x, origin[1]), (x, origin[1] - 80 * gradient), tone="gradient"),
            words((x, origin[1] + 22), f"length {number(scale)}", tone="signal", bold=True),
            words(
                (x + 8, origin[1] - 80 * gradient - 6),
                f"gradient {number(gradient)}",
                tone="gradient",
                size=13,
            ),
            words((x, origin[1] + 44), f"turns by {number(turn)}", size=13),
        ]
        numbers |= {
            f"length {number(scale)}": scale,
            f"gradient at {number(scale)}": gradient,
            f"turn at {number(scale)}": turn,
        }
    return Drawing(
        title="The scale of weights before a normalisation",
        text="A ray from the origin with two points on it, weights of length "
        f"{number(numbers['length 1'])} and of length {number(numbers['length 2'])}, which have "
        "the same loss. The gradient is at right angles to the ray, "
        f"{number(numbers['gradient at 1'])} at the first point and "
        f"{number(numbers['gradient at 2'])} at the second. A step by it turns the first by "
        f"{number(numbers['turn at 1'])} and the second by {number(numbers['turn at 2'])}.",
        height=226,
        parts=tuple(parts),
        numbers=numbers,
    )
