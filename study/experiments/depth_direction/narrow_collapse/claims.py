"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, Kind, NegativeControl, Rival, around
from study.theory.direction import log_sine_drift
from study.theory.sources import THIS_STUDY

WIDTH = 32
SECTION = "chapter Directions in a narrow network, section “{}”"
LINEAR, RELU = (WIDTH * log_sine_drift(WIDTH, slope) for slope in (1.0, 0.0))

CLAIMS = (
    Claim(
        id="linear-finite-width-collapse",
        kind=Kind.LAW,
        statement=(
            "At width n the log of sin² of the angle between two inputs falls by 1/n per layer "
            "even without an activation."
        ),
        source=THIS_STUDY.at(SECTION.format("Without an activation the angle closes all the same")),
        quantity="drift.linear",
        measured_as=(
            "The mean change per layer of the natural logarithm of sin² of the angle between "
            "two inputs, times the width; a number, over layers and pairs, the mean over "
            "draws of the weights."
        ),
        prediction=LINEAR,
        band=around(LINEAR, 0.2),
        reason="A fifth: the law is exact, the band for the draws; a ReLU would double it.",
        remark=(
            "The drift per layer times the width; the exact law, at every angle and every "
            "width, gives a little more than 1. These draws cannot tell it from its leading "
            "term, 1."
        ),
        control=NegativeControl("Put a ReLU in.", {"arms.linear": "relu"}),
        rival=Rival("The drift is that of a ReLU network.", RELU),
        derivation="derivation-finite-width-direction",
    ),
    Claim(
        id="correlation-collapse-finite-width",
        kind=Kind.LAW,
        statement=(
            "Beyond a depth of its width a ReLU network brings two inputs together faster than "
            "wide ones do."
        ),
        source=THIS_STUDY.at(SECTION.format("Behind a ReLU it closes twice as fast")),
        quantity="late_drift.relu",
        measured_as=(
            "The mean change per layer of the natural logarithm of sin² of the angle between "
            "two inputs, times the width, in the layers where the power law has become slow; "
            "a number, the mean over draws of the weights."
        ),
        prediction=RELU,
        band=around(RELU, 0.6),
        reason=(
            "A quarter: for the draws, and for what is left of the power law; without an "
            "activation it is half as much, and in wide networks a tenth of it at these layers."
        ),
        departure="None: the law is exact where the angle is small.",
        remark=(
            "Exponentially: the log of sin² falls by about 2/n per layer. Read from the layer on "
            "where the power law has become slow."
        ),
        control=NegativeControl("Take the activation away.", {"arms.relu": "linear"}),
        rival=Rival("The drift is that of a network without an activation.", LINEAR),
        derivation="derivation-narrow-relu",
    ),
)
