import numpy as np

from study.record.claims import Band
from study.record.estimates import estimate


def four_verdicts() -> dict[str, float]:
    """As the study itself makes an interval of draws, and judges it by a band."""
    band = Band(0.98, 1.02)
    offsets = np.array([-7, -4, -2, -1, 1, 2, 4, 7])
    intervals = [
        estimate((centre + 0.0011 * offsets).tolist()) for centre in (1.002, 1.013, 1.019, 1.034)
    ]
    inside = [band.low <= one.low and one.high <= band.high for one in intervals]
    outside = [one.high < band.low or band.high < one.low for one in intervals]
    assert inside == [True, True, False, False]
    assert outside == [False, False, False, True]
    return (
        {"law": 1, "low": band.low, "high": band.high, "confidence": 99}
        | {f"from {at}": one.low for at, one in enumerate(intervals)}
        | {f"to {at}": one.high for at, one in enumerate(intervals)}
    )
