"""Drawings of how a direction is learnt, update by update, and of how long it waits."""

from math import inf, sqrt

from study.drawings.canvas import Drawing, axis, curve, line, number, words
from study.theory.learning_time import learning_time

START, END = 0.1, 0.9
STEPS = 40
NAMES = {1: "1 layer", 2: "2", 10: "10", inf: "∞"}
LEFT, RIGHT, TOP, FLOOR = 22, 328, 46, 176


def share_learnt() -> Drawing:
    """What a linear network of some layers has learnt: more layers are later, but not for ever."""
    times = {depth: learning_time(depth, START, END) for depth in NAMES}
    unit = (RIGHT - LEFT) / times[inf]
    level = FLOOR - (FLOOR - TOP) * END
    parts = [
        line((LEFT, level), (RIGHT, level), tone="faint", dashed=True),
        axis(
            (LEFT, FLOOR),
            (RIGHT, FLOOR),
            [(LEFT + unit * time, number(time)) for time in times.values()],
            "updates × learning rate",
        ),
    ]
    for depth, name in NAMES.items():
        shares = [START + (END - START) * step / STEPS for step in range(1, STEPS + 1)]
        points = [(LEFT + 0.0, FLOOR - (FLOOR - TOP) * START)] + [
            (LEFT + unit * learning_time(depth, START, share), FLOOR - (FLOOR - TOP) * share)
            for share in shares
        ]
        limit = depth == inf
        parts += [
            curve(points, tone="gradient" if limit else "signal", width=2.2),
            words(
                (points[-1][0], level - 8),
                name,
                tone="gradient" if limit else "signal",
                bold=limit,
                anchor="middle",
            ),
        ]
    parts.append(words((4, 22), f"until {number(END)} of a direction is learnt", anchor="start"))
    return Drawing(
        title="More layers are later, but not for ever",
        text="Curves that rise, each later than the one before. They reach "
        f"{number(END)} of the strength after "
        + ", ".join(f"{number(time)} with {NAMES[depth]}" for depth, time in times.items())
        + ", in updates times learning rate.",
        height=FLOOR + 46,
        parts=tuple(parts),
        numbers={"end": END, **{f"time {depth}": time for depth, time in times.items()}}
        | {"one": 1, "two": 2, "ten": 10},
    )


def plateaus_by_depth() -> Drawing:
    """A chain of equal weights that start too small: the loss waits, then falls at once."""
    start, depths = sqrt(0.5), (10, 14, 18)

    def time(depth: int, weight: float) -> float:
        # The weight obeys da/dt = a^(depth - 1).
        return float((start ** (2 - depth) - weight ** (2 - depth)) / (depth - 2))

    ends = {depth: time(depth, 1) for depth in depths}
    unit = (RIGHT - LEFT) / ends[depths[-1]]
    parts = [
        words((4, 22), "the loss of 10, 14 and 18 layers", anchor="start", bold=True),
        axis(
            (LEFT, FLOOR),
            (RIGHT, FLOOR),
            [(LEFT + unit * end, number(end)) for end in ends.values()],
            "updates × learning rate",
        ),
    ]
    for depth, end in ends.items():
        weights = [start + (1 - start) * step / STEPS for step in range(STEPS + 1)]
        points = [
            (LEFT + unit * time(depth, weight), TOP + (FLOOR - TOP) * weight**depth)
            for weight in weights
        ]
        parts += [
            curve(points, tone="signal", width=2.4),
            words((LEFT + unit * end - 10, FLOOR - 20), number(depth), anchor="end", tone="signal"),
        ]
    return Drawing(
        title="A loss that waits, and then falls",
        text="Three losses stay level and then fall: that of 10 layers is over after "
        f"{number(ends[10])}, of 14 after {number(ends[14])} and of 18 after {number(ends[18])}, "
        "in updates times learning rate.",
        height=FLOOR + 46,
        parts=tuple(parts),
        numbers={f"layers {depth}": depth for depth in depths}
        | {f"end {depth}": end for depth, end in ends.items()},
    )
