"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Band, Claim, NegativeControl
from study.theory.sources import GLOROT_2010, THIS_STUDY

PLATEAUS = "section 4.1, on figure 5, “clearly more severe plateaus with the quadratic cost”"
NETWORK = (
    "One tanh unit, a sigmoid output, standard normal inputs and random classes; the paper gives "
    "neither the number of examples nor a measure of flatness."
)
NEAR = f"{NETWORK} Weights from −4 to 4."
FAR = f"{NETWORK} Weights from −16 to 16."
MORE = (
    "A quarter more at the least. The quadratic cost has half the derivative of the other where "
    "p is one half, and less elsewhere: along a line of slope 0, twice as many flat places."
)
EXCHANGE = NegativeControl(
    "Exchange the two costs.", {"costs.first": "quadratic", "costs.second": "cross_entropy"}
)

more_plateaus = partial(
    Claim,
    prediction=2.0,
    band=Band(1.25, 100.0),
    reason=MORE,
    control=EXCHANGE,
    derivation="glorot-two-costs",
)

CLAIMS = (
    more_plateaus(
        id="gb-fig5-cost-surface",
        statement="The quadratic cost has more severe plateaus than the cross-entropy.",
        source=GLOROT_2010.at(PLATEAUS),
        quantity="flat_ratio_absolute.near",
        departure=f"{NEAR} Flat is where the slope is below a limit, the same for both costs.",
        remark="Measured by its own range it is not so: fig5-relative-flatness.",
    ),
    Claim(
        id="fig5-slopes",
        statement=(
            "The median slope of the quadratic cost is less than half of that of the cross-entropy."
        ),
        source=THIS_STUDY.at("chapter Glorot's law, section “Two costs”"),
        quantity="median_slope_ratio_absolute.near",
        prediction=0.25,
        band=Band(0.0, 0.5),
        reason="The factor 2p(1 − p) is between 0 and one half.",
        departure=f"None: {NEAR}",
        remark="The ratio of the medians of the gradients' lengths.",
        control=EXCHANGE,
        derivation="glorot-two-costs",
    ),
    more_plateaus(
        id="fig5-relative-flatness",
        statement=(
            "The quadratic cost has more severe plateaus than the cross-entropy, each cost "
            "measured by its range."
        ),
        source=GLOROT_2010.at(PLATEAUS),
        quantity="flat_ratio_relative.near",
        departure=f"{NEAR} Flat is where the slope is below a share of the surface's range.",
        remark=(
            "Scaling a cost changes its absolute flatness and, with the learning rate scaled "
            "along, nothing of the training; this measure does not see the scale."
        ),
    ),
    more_plateaus(
        id="fig5-far-plateaus",
        statement=(
            "Far from 0 the quadratic cost has more flat places than the cross-entropy, each cost "
            "measured by its range."
        ),
        source=THIS_STUDY.at("chapter Glorot's law, section “Two costs”"),
        quantity="flat_ratio_relative.far",
        departure=f"None: {FAR}",
        remark="Where outputs saturate on the wrong side the quadratic cost has no slope left.",
    ),
)
