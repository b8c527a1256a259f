"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Cause, Claim, Factor, Kind, NegativeControl, Untested, at_least
from study.theory.sources import THIS_STUDY

TRAINING = (
    "Two hidden ReLU layers of width 32 to 512 without biases, on MNIST averaged down to 4 by 4 "
    "pixels, for 60 updates by Adam; learning rates in steps of 2 by the best mean loss on two "
    "other draws. At quick size the widths are 16 and 256, and one other draw chooses."
)
TWO_DRAWS = (
    "A best rate is chosen by two draws on a grid with steps of 2, and the whole change over the "
    "widths is one such step: no interval can be given."
)
PRICE = (
    "The binary logarithm of the loss of the widest network, a mean of its last updates, at the "
    "best rate of the narrowest one over that at its own, averaged over draws."
)
SIXTEEN = "The wide network has sixteen times as many units in a hidden layer."
TO_MAXIMAL = NegativeControl("Take the maximal rule.", {"arms.standard_adam.rule": "maximal"})
PLACE = THIS_STUDY.at("chapter Width and learning rate, section “Does the best rate carry over?”")
LABEL = "derivation-rate-transfer"

of_transfer = partial(
    Claim,
    kind=Kind.FINDING,
    source=PLACE,
    departure=TRAINING,
    derivation=LABEL,
)

CLAIMS = (
    of_transfer(
        id="standard-adam-transfer-costs",
        statement=(
            "With weight variances over fan_in and one learning rate for all layers, the best rate "
            "of a narrow network by Adam costs a wide one at least a seventh more loss."
        ),
        quantity="log2_cost.standard_adam",
        measured_as=PRICE,
        band=at_least(0.2),
        reason="A seventh, set after a trial at quick size had shown a quarter.",
        remark=SIXTEEN,
        constant_factors=(Factor.PIXELS, Factor.IMAGES),
        control=TO_MAXIMAL,
    ),
)

UNTESTED = (
    Untested(
        id="standard-adam-rate-falls",
        cause=Cause.BUDGET,
        statement=(
            "With weight variances over fan_in and one learning rate for all layers, the best rate "
            "by Adam falls with the width, at least like one over its root."
        ),
        source=PLACE,
        reason=TWO_DRAWS,
        remark="On these two draws it fell by one step from width 32 to 512.",
        derivation=LABEL,
    ),
    Untested(
        id="maximal-adam-rate-stays",
        cause=Cause.BUDGET,
        statement=(
            "With the rates and last weights of the maximal update parametrisation the best rate "
            "by Adam stays within a factor of 2 from a narrow network to a wide one."
        ),
        source=PLACE,
        reason=TWO_DRAWS,
        remark="On these two draws it rose by one step from width 32 to 512.",
        derivation=LABEL,
    ),
)
