"""Drawings of how a direction is learnt, update by update."""

from math import inf

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
