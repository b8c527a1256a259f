"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log2

from study.lab.inits import weight_std
from study.record.claims import Cause, Claim, Kind, NegativeControl, Rival, Untested, around
from study.theory.finite_width import log2_rms
from study.theory.rounding import (
    SIGNIFICANT_BITS,
    error_after,
    gradient_error_after,
    lost_updates,
    relative_rounding,
)
from study.theory.sources import THIS_STUDY

CHAPTER = "chapter Where a number format ends, section"
WIDTH, DEPTH, SCALE, UPDATE = 256, 10, 1024.0, 0.001
BITS = SIGNIFICANT_BITS["bfloat16"]
STD = weight_std(WIDTH, 2.0)
PARTS = relative_rounding(STD, BITS), relative_rounding(2.0**0.5, BITS)
SIGNAL = log2(error_after(DEPTH, *PARTS)) / 2
GRADIENT = log2(gradient_error_after(DEPTH, *PARTS)) / 2
GAINED = log2(SCALE) / -log2_rms(1.0, width=WIDTH)[0]
LOST = lost_updates(STD, UPDATE * STD, BITS)
NETWORK = (
    "Plain ReLU layers of width 256 and variance 2/n before training, on MNIST images, in numbers "
    "that are rounded after each product, which is added up exactly."
)

law = partial(Claim, kind=Kind.LAW, departure=NETWORK)
of_errors = partial(
    law,
    source=THIS_STUDY.at(f"{CHAPTER} “Eight bits, layer by layer”"),
    derivation="derivation-rounding-error",
)
of_scales = partial(
    law,
    source=THIS_STUDY.at(f"{CHAPTER} “What a loss scale shifts”"),
    derivation="derivation-loss-scale",
)

CLAIMS = (
    of_errors(
        id="bfloat16-error-grows-by-root",
        statement=(
            "The relative error of a ReLU signal in bfloat16 is 0.2 % times the root of the number "
            "of layers, whatever the width."
        ),
        quantity="log2_signal_error.bfloat16",
        measured_as=(
            "The binary logarithm of the relative error of the preactivations after ten layers, "
            "over units and images, averaged over networks."
        ),
        prediction=SIGNAL,
        band=around(SIGNAL, 0.15),
        reason="A tenth: at this width the size of an error strays in each layer.",
        remark=(
            "Eight significant bits; float16 has eleven and an eighth of the error. A quick run of "
            "30 layers scattered too much to decide."
        ),
        control=NegativeControl("Compute in float16.", {"arms.bfloat16.format": "float16"}),
        rival=Rival(
            "The errors add up layer by layer, and not their squares.", SIGNAL + log2(DEPTH) / 2
        ),
    ),
    of_scales(
        id="loss-scale-is-exact",
        kind=Kind.IDENTITY,
        statement=(
            "A loss scale that is a power of two changes no bit of a gradient in bfloat16, once it "
            "is divided out, as long as no number leaves the format."
        ),
        quantity="scaled_alike.bfloat16",
        measured_as=(
            "The share of the entries of the gradient that are the same after ten layers, bit by "
            "bit, with a loss scale of 1024 that is divided out and without, averaged over "
            "networks."
        ),
        prediction=1.0,
        band=around(1.0, 1e-9),
        reason="Not one entry may differ.",
        remark="Its digits stay and its exponent moves. Other scales round anew in each layer.",
        control=NegativeControl("Take a scale of 1000.", {"scale": 1000.0}),
    ),
    of_scales(
        id="loss-scale-buys-layers",
        statement=(
            "With weights of variance 1/n a loss scale of 1024 carries a float16 gradient 20 "
            "layers farther, two for each power of two."
        ),
        quantity="layers.gained",
        measured_as=(
            "How many more layers a gradient of unit entries reaches in float16 before it is all 0 "
            "with the scale than without, over images, averaged over networks."
        ),
        prediction=GAINED,
        band=around(GAINED, 1.0),
        reason="One layer, since the layers are counted whole and each network is another.",
        departure=(
            "Plain ReLU layers of width 256 and variance 1/n before training, on MNIST images; "
            "only the gradient is rounded to the format, and not the signal."
        ),
        remark="It does nothing for the signal, which ends where it did.",
        control=NegativeControl("Take a scale of 32.", {"scale": 32.0}),
        rival=Rival("One layer for each power of two.", log2(SCALE)),
    ),
    law(
        id="bfloat16-loses-updates",
        statement=(
            "An update of a thousandth of the weights' size changes no bit of three weights in "
            "four in bfloat16."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Updates that vanish”"),
        derivation="derivation-lost-updates",
        quantity="lost.bfloat16",
        measured_as=(
            "The share of Gaussian weights of variance 2/256 that are the same after a Gaussian "
            "update of a thousandth of their standard deviation, averaged over matrices."
        ),
        prediction=LOST,
        band=around(LOST, 0.01),
        reason="A hundredth, which a matrix of sixty thousand weights has within it.",
        departure="One matrix of weights and one random update, rounded to nearest.",
        remark="Updates that are lost one by one do not add up, however many there are.",
        control=NegativeControl("Take float16.", {"arms.bfloat16.format": "float16"}),
        rival=Rival("No update is lost.", 0.0),
    ),
)

UNTESTED = (
    Untested(
        id="bfloat16-gradient-errs-by-gates",
        cause=Cause.BUDGET,
        statement=(
            "After ten ReLU layers a gradient in bfloat16 is off by about 18 % of its size, since "
            "rounding opens and shuts units."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Eight bits, layer by layer”"),
        reason=(
            "A reference of 80 networks left it open: the binary logarithm was -2.60 ± 0.11, and "
            f"{GRADIENT:.3f} ± 0.2 was claimed. A quick run decides even less."
        ),
        remark=(
            "So few units are parted in ten layers that a typical network has less than the mean "
            "of many. The measured error stands beside the law in the chapter."
        ),
        derivation="derivation-rounding-error",
    ),
)
