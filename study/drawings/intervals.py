"""Drawings of how a verdict follows from a band and an interval."""

from math import sqrt
from statistics import fmean, stdev

from scipy.special import stdtrit

from study.drawings.canvas import Drawing, Tone, area, disc, line, number, words

LAW, LOW, HIGH = 1.0, 0.98, 1.02
CENTRES = (1.002, 1.013, 1.019, 1.034)
OFFSETS = (-7, -4, -2, -1, 1, 2, 4, 7)
SPREAD = 0.0011
CASES: tuple[tuple[str, str, Tone], ...] = (
    ("all of it inside", "reproduced", "signal"),
    ("inside, prediction excluded", "reproduced", "signal"),
    ("across an end of the band", "inconclusive", "ink"),
    ("all of it outside", "contradicted", "gradient"),
)
TOP, STEP = 76, 58


def four_verdicts() -> Drawing:
    """Eight draws, their interval, and where it lies beside the band, in four cases."""
    cases = [[centre + SPREAD * offset for offset in OFFSETS] for centre in CENTRES]
    reach = float(stdtrit(len(OFFSETS) - 1, 0.995)) / sqrt(len(OFFSETS))
    half = [reach * stdev(draws) for draws in cases]
    floor = TOP + STEP * len(cases)

    def across(value: float) -> float:
        return 40 + (value - 0.97) * 4000

    strip = [(across(x), y) for x, y in ((LOW, 44), (HIGH, 44), (HIGH, floor), (LOW, floor))]
    parts = [
        words((across(LAW), 18), f"the band about the prediction {number(LAW)}", bold=True),
        area(strip, tone="lit", faint=True),
        line((across(LAW), 44), (across(LAW), floor), tone="faint", dashed=True),
        *(words((across(x), 38), number(x), size=13) for x in (LOW, LAW, HIGH)),
    ]
    for at, (draws, width, (place, verdict, tone)) in enumerate(
        zip(cases, half, CASES, strict=True)
    ):
        y, mean = TOP - 8 + STEP * at, fmean(draws)
        ends = (across(mean - width), across(mean + width))
        parts += [
            *(disc((across(draw), y - 11), 2, tone="faint") for draw in draws),
            line((ends[0], y), (ends[1], y), tone=tone, width=2.6),
            *(line((end, y - 5), (end, y + 5), tone=tone, width=2.6) for end in ends),
            disc((across(mean), y), 4, tone=tone),
            words((8, y + 24), place, anchor="start", size=13),
            words((352, y + 24), verdict, anchor="end", tone=tone, bold=True),
        ]
    parts += [
        disc((14, floor + 14), 2, tone="faint"),
        words((24, floor + 19), "one draw", anchor="start", size=13),
        line((126, floor + 14), (162, floor + 14), width=2.6),
        disc((144, floor + 14), 4),
        words((172, floor + 19), "mean and 99 % interval", anchor="start", size=13),
    ]
    return Drawing(
        title="A verdict from a band and an interval",
        text=f"A band from {number(LOW)} to {number(HIGH)} about the prediction {number(LAW)}. "
        "Four times eight draws, each with the interval of their mean, which holds it with a "
        "confidence of 99 per cent. "
        + "; ".join(
            f"{place}, from {number(fmean(draws) - width)} to {number(fmean(draws) + width)}: "
            f"{verdict}"
            for draws, width, (place, verdict, _) in zip(cases, half, CASES, strict=True)
        )
        + ".",
        height=floor + 30,
        parts=tuple(parts),
        numbers={"law": LAW, "low": LOW, "high": HIGH, "confidence": 99}
        | {f"from {at}": fmean(draws) - half[at] for at, draws in enumerate(cases)}
        | {f"to {at}": fmean(draws) + half[at] for at, draws in enumerate(cases)},
    )
