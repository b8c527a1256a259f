"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, Kind, NegativeControl, Verdict, Withdrawn, at_least, at_most
from study.theory.sources import GLOROT_2010, THIS_STUDY

HERE = THIS_STUDY.at(
    "chapter Cross-entropy or squared error, section “One factor is the whole difference”"
)
NETWORK = "One tanh unit, a sigmoid output, standard normal inputs and random classes"
UNSAID = "the paper gives neither the number of examples nor a measure of flatness."
NEAR = "weights from −4 to 4"
FAR = "weights from −16 to 16"
FLAT = (
    "The share of the places of the quadratic cost's surface that are flat over that of the "
    "cross-entropy's, of one network and its random data; the mean over draws. Flat is where the "
    "slope is below a "
)
LIMIT = "limit, the same for both costs"
SHARE = "share of the surface's range, its highest cost less its lowest"
A_QUARTER = (
    "A quarter more at the least. The quadratic cost has half the derivative of the other where "
    "p is one half, and less elsewhere: along a line of slope 0, twice as many flat places."
)
EXCHANGE = NegativeControl(
    "Exchange the two costs.", {"costs.first": "quadratic", "costs.second": "cross_entropy"}
)

more_plateaus = partial(
    Claim,
    kind=Kind.FINDING,
    band=at_least(1.25),
    reason=A_QUARTER,
    control=EXCHANGE,
    derivation="glorot-two-costs",
)

CLAIMS = (
    more_plateaus(
        id="gb-fig5-cost-surface",
        statement="The quadratic cost has more severe plateaus than the cross-entropy.",
        source=GLOROT_2010.at(
            "section 4.1, on figure 5, “There are clearly more severe plateaus with the quadratic "
            "cost.”"
        ),
        quantity="flat_ratio_absolute.near",
        measured_as=f"{FLAT}{LIMIT}, for {NEAR}.",
        departure=f"{NETWORK}; {UNSAID} {NEAR.capitalize()}.",
        remark=(
            "Plateaus are read as the figure shows them, on the surfaces as they are. Near 0 that "
            "is the smaller scale of the quadratic cost (fig5-relative-flatness), far from it the "
            "shape (fig5-far-plateaus)."
        ),
        control=NegativeControl(
            "Take cross-entropy both times.", {"costs.second": "cross_entropy"}
        ),
    ),
    Claim(
        id="fig5-slopes",
        kind=Kind.LAW,
        statement=(
            "The median slope of the quadratic cost is less than half of that of the cross-entropy."
        ),
        source=HERE,
        quantity="median_slope_ratio_absolute.near",
        measured_as=(
            "The median over the surface of the gradient's length, of the quadratic cost over the "
            f"cross-entropy, for {NEAR}; the mean over draws, no unit."
        ),
        band=at_most(0.5),
        reason="The factor 2p(1 − p) is between 0 and one half.",
        departure=f"None: {NETWORK.lower()}, {NEAR}.",
        remark="A bound: the median hangs on the data and the square of weights.",
        control=NegativeControl(
            "Take the quadratic cost both times.", {"costs.first": "quadratic"}
        ),
        derivation="glorot-two-costs",
    ),
    more_plateaus(
        id="fig5-relative-flatness",
        statement=(
            "The quadratic cost has more severe plateaus than the cross-entropy, each cost "
            "measured by its range."
        ),
        source=HERE,
        quantity="flat_ratio_relative.near",
        measured_as=f"{FLAT}{SHARE}, for {NEAR}.",
        departure=f"None: {NETWORK.lower()}, {NEAR}.",
        remark=(
            "Asked by this study, to see how far the paper's statement carries. Scaling a cost "
            "changes nothing of the training if the learning rate is scaled along, and this "
            "measure does not see the scale. But the range of the cross-entropy grows with the "
            "weights and that of the quadratic cost is bounded, so it makes the first look flat; "
            "by the medians of the slopes the two differ by median_slope_ratio_relative.near only."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "flat_ratio_relative.near",
            at_least(1.25),
            "It was charged to Glorot and Bengio, who measure no plateau by the range of its "
            "surface. The numbers stand, as an answer to a question of this study.",
        ),
    ),
    more_plateaus(
        id="fig5-far-plateaus",
        statement=(
            "Far from 0 the quadratic cost has more flat places than the cross-entropy, each cost "
            "measured by its range."
        ),
        source=HERE,
        quantity="flat_ratio_relative.far",
        measured_as=f"{FLAT}{SHARE}, for {FAR}.",
        departure=f"None: {NETWORK.lower()}, {FAR}.",
        remark="Where outputs saturate on the wrong side the quadratic cost has no slope left.",
        control=NegativeControl("Stay near 0.", {"squares.far": 4.0}),
    ),
)
