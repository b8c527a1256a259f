"""What several test modules make their examples of."""

from study.record.claims import Claim, Kind, NegativeControl, around
from study.theory.sources import THIS_STUDY

CLAIM = Claim(
    id="toy-claim",
    kind=Kind.LAW,
    statement="The toy is one.",
    source=THIS_STUDY.at("here"),
    quantity="toy",
    measured_as="The mean of the toy over its units.",
    prediction=1.0,
    band=around(1.0, 0.5),
    reason="Any.",
    remark="None.",
    control=NegativeControl("Break it.", {"x": 1.0}),
)
