"""What is claimed, what it predicts, and what must not agree."""

from math import erf, sqrt
from typing import Any

from study.record.claims import (
    Band,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Verdict,
    Withdrawn,
    around,
    at_least,
)
from study.theory import finite_width
from study.theory.sources import HANIN_NICA_2018, HANIN_ROLNICK_2018, THIS_STUDY

CHAPTER = "chapter The size of a signal at depth 1000, section "
LOG_NORM = HANIN_NICA_2018.at(
    "abstract, the main theorem: “the logarithm of the ℓ2 norm of such a product applied to any "
    "fixed vector is asymptotically Gaussian”"
)
GRADIENTS = HANIN_NICA_2018.at(
    "abstract, “the stability of gradients in randomly initialized deep neural networks with ReLU "
    "activations”"
)
WIDE_LAYERS = (
    "The source's law is one of many wide layers; its leading terms have its "
    "constants, and the exact ones at a finite width are digamma sums, as in "
    "Sussillo and Abbott (2014)."
)
DERIVATION = "derivation-log-norm"
TENTH = "A tenth: the law is exact, the band is for the draws, and the rival is a fifth away."
SEVENTH = "Fifteen per cent: the law is exact, so the band need only leave room for the draws."
A_FIFTH = "A fifth: the law is exact, but a variance needs a thousand networks to be known to 8 %."


def identity(kind: str) -> NegativeControl:
    """Return the control with a network without ReLUs, at the weight variance that suits it."""
    return NegativeControl(
        "Replace the ReLU by the identity, with weights of variance 1/n.",
        {f"{kind}.activation": "linear", f"{kind}.weight_variance": 1.0},
    )


def residual_spread(blocks: Any) -> Any:  # noqa: ANN401 - a number or an array
    r"""Return the width times the variance of the log norm of a residual network.

    .. math:: \frac{4 + 7/B}{(1 + 1/B)^2}

    **Source**: derived in the chapter on the size of a signal at depth 1000.

    >>> residual_spread(1)
    2.75
    """
    return (4 + 7 / blocks) / (1 + 1 / blocks) ** 2


FEW_BLOCKS, MANY_BLOCKS = 10, 200
"""Blocks of the residual networks that are compared, at the reference size."""
DEAD_SHARE = finite_width.dead_network_probability(6, 50)
NORMAL_SHARE = erf(sqrt(2.0))
"""Share of a Gaussian within two deviations."""
HALF = "Exactly half of the units of each layer are active: 4 in place of 5."
DRIFT = (
    "The mean change of the log of the squared norm of one signal, over the one "
    "that the width predicts; a ratio, from some networks of each draw."
)
VARIANCE = (
    "The variance, between networks, of the log of the squared norm of one "
    "signal, over the one that the width predicts; a ratio, from some networks of "
    "each draw."
)


CLAIMS = (
    Claim(
        id="log-norm-drift",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n the log of a ReLU network's squared norm drifts down by about 5/(2n) "
            "per layer, although its expectation is kept."
        ),
        source=LOG_NORM,
        quantity="drift_over_law.relu",
        measured_as=DRIFT,
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=SEVENTH,
        departure=WIDE_LAYERS,
        remark=(
            "The mean over the exact one, −5/(2n) − 4.1/n² and so on. The identity's is −1/n. "
            "That the log of a norm drifts though the norm does not, and by how much in a "
            "network of linear units and of ReLUs, is worked out in Sussillo and Abbott "
            "(2014); Roberts, Yaida and Hanin (2022) have the same 5."
        ),
        control=NegativeControl(
            "Make the weight variance 2.04/n.", {"ensembles.relu.weight_variance": 2.04}
        ),
        rival=Rival(HALF, 0.8),
        derivation=DERIVATION,
    ),
    Claim(
        id="log-norm-variance",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n the variance of the log of a ReLU network's squared norm grows by "
            "about 5/n per layer."
        ),
        source=LOG_NORM,
        quantity="variance_over_law.relu",
        measured_as=VARIANCE,
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=WIDE_LAYERS,
        remark=(
            "The variance over the exact one. The identity's is 2/n. The band was a fifth, "
            "which the rival's number met."
        ),
        control=NegativeControl(
            "Replace the ReLU by the identity, with weights of variance 1/n.",
            {"ensembles.relu.activation": "linear", "ensembles.relu.weight_variance": 1.0},
        ),
        rival=Rival(HALF, 0.8),
        derivation=DERIVATION,
    ),
    Claim(
        id="log-norm-two-deviations",
        kind=Kind.LAW,
        statement=(
            "At depth 1000 and any width, nineteen of twenty ReLU networks at variance 2/n lie "
            "within two standard deviations of the law of the log norm."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Many layers”"),
        quantity="inside_share.ladder",
        measured_as=(
            "The share of the networks of a draw, of all widths together, whose log norm is "
            "within two standard deviations of its law."
        ),
        prediction=NORMAL_SHARE,
        band=at_least(0.9),
        reason="At most one in ten outside; of a Gaussian it is one in twenty.",
        remark=(
            "Over the networks of all widths together, and most of them have 32 or 64 units: of "
            "the widest there are few. The quick size has fewer layers."
        ),
        control=NegativeControl(
            "Double the variance at width 32.", {"ladder.w32.weight_variance": 4.0}
        ),
        derivation=DERIVATION,
    ),
    Claim(
        id="log-norm-mean-unobservable",
        kind=Kind.LAW,
        statement=(
            "The mean squared norm of some ReLU networks at variance 2/n shows less than a tenth "
            "of its expectation, which is kept, where the log norm has a variance of 80."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“Who carries the expectation”"),
        quantity="rate.mean_is_small.unobservable",
        measured_as=(
            "The share of draws in which the mean squared norm over some networks is less "
            "than a tenth of its expectation."
        ),
        prediction=1.0,
        band=at_least(0.7),
        reason="Seven draws of ten, as a rate needs many draws to be known; the law expects 99 %.",
        remark=(
            "What keeps the expectation are networks larger than the expectation by as much as "
            "the typical ones are smaller. So sizes at depth 1000 are given as means of logs."
        ),
        control=NegativeControl("Take 10 layers.", {"unobservable.depth": 10}),
        derivation="derivation-unobservable",
    ),
    Claim(
        id="gradient-log-norm",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n the variance of the log of a ReLU network's squared gradient norm "
            "grows by about 5/n per layer."
        ),
        source=GRADIENTS,
        quantity="variance_over_law.down",
        measured_as=VARIANCE.replace(
            "one signal", "a random gradient, sent from the last layer to the first,"
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=f"{WIDE_LAYERS} A random gradient enters at the top.",
        remark=(
            "For such a gradient the law is exactly that of the signal. The band was a fifth, "
            "which the rival's number met."
        ),
        control=identity("gradient"),
        rival=Rival(HALF, 0.8),
        derivation="derivation-log-norm-gradient",
    ),
    Claim(
        id="gradient-log-norm-drift",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n the log of a ReLU network's squared gradient norm drifts down by "
            "about 5/(2n) per layer."
        ),
        source=GRADIENTS,
        quantity="drift_over_law.down",
        measured_as=DRIFT.replace(
            "one signal", "a random gradient, sent from the last layer to the first"
        ),
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=f"{WIDE_LAYERS} A random gradient enters at the top.",
        remark=(
            "From the last layer on, so the gradient of the first layer is the smallest. The "
            "band was fifteen per cent, within reach of the rival's number."
        ),
        control=NegativeControl(
            "Make the weight variance 2.04/n.", {"gradient.weight_variance": 2.04}
        ),
        rival=Rival(HALF, 0.8),
        derivation="derivation-log-norm-gradient",
    ),
    Claim(
        id="sum-of-reciprocal-widths",
        kind=Kind.LAW,
        statement=(
            "Of the widths of a ReLU network, only the sum of their reciprocals matters to how its "
            "norm spreads."
        ),
        source=HANIN_ROLNICK_2018.at(
            "abstract, “for fully connected nets, we prove that this failure mode can "
            "happen and is avoided by keeping constant the sum of the reciprocals of "
            "layer widths”"
        ),
        quantity="variance_over_law.alternating",
        measured_as=(
            "The variance of the log norm where narrow and wide layers alternate, over that "
            "of networks of the equal width with the same sum of reciprocals; a ratio, the "
            "mean over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=f"{A_FIFTH} The mean width instead of the harmonic one gives 0.64.",
        departure="Read as the variance of the log norm; the source bounds moments of the norm.",
        remark=(
            "The variance where narrow and wide layers alternate, over that of the equal width "
            "with the same sum of reciprocals."
        ),
        control=NegativeControl(
            "Give all layers the mean width.",
            {"ensembles.alternating.width": 50, "ensembles.alternating.other_width": 50},
        ),
        rival=Rival("The mean of the widths matters.", 0.64),
        derivation="derivation-many-layers",
    ),
    Claim(
        id="resnet-no-failure-mode-2",
        kind=Kind.LAW,
        statement="The norm of a residual network of scaled branches does not spread with depth.",
        source=HANIN_ROLNICK_2018.at(
            "abstract, “the second failure mode, exponentially large variance of "
            "activation length, never occurs in residual nets once the first failure "
            "mode is avoided”"
        ),
        quantity="residual_variance_ratio.many_over_few",
        measured_as=(
            "The variance of the log norm of networks of 200 residual blocks over that of "
            "networks of ten; a ratio, the mean over draws."
        ),
        prediction=residual_spread(MANY_BLOCKS) / residual_spread(FEW_BLOCKS),
        band=Band(2 / 3, 1.5),
        reason="Half as much again, or two thirds: a plain network would have twenty times more.",
        departure="Branches of one hidden layer, scaled by one over the root of their number.",
        remark=(
            "The variance of the log norm of 200 blocks over that of ten. Times the width it is "
            "2.75 for one block, 3.3 for two and 4 for many."
        ),
        control=NegativeControl(
            "Do not scale the branches.", {"residual.few.power": 0.0, "residual.many.power": 0.0}
        ),
        rival=Rival(
            "The variance grows as that of a plain network, in proportion to the depth.",
            MANY_BLOCKS / FEW_BLOCKS,
        ),
        derivation="derivation-residual-spread",
    ),
    Claim(
        id="dying-net-probability",
        kind=Kind.LAW,
        statement=(
            "A narrow ReLU network dies as it gets deeper: for one input with the probability "
            "1 − (1 − 2⁻ⁿ)ᴸ."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“A narrow network may die”"),
        quantity="dead_share.dying",
        measured_as=(
            "The share of the networks of a draw in which some layer has no active unit for "
            "the one input."
        ),
        prediction=DEAD_SHARE,
        band=around(DEAD_SHARE, 0.06),
        reason="Six points: two thousand networks give three, and one unit more gives 23.",
        remark=(
            "Six units and 50 layers. From 40 units on no network will ever die so. Lu et al. "
            "(2019) prove that a deep ReLU network “will eventually die in probability as the "
            "depth goes to infinite”, of all inputs; the formula for one input is exact."
        ),
        control=NegativeControl("Add a unit.", {"dying.width": 7, "dying.other_width": 7}),
        rival=Rival("The probabilities of the layers add up, L · 2⁻ⁿ.", 50 / 64),
        withdrawn=Withdrawn(
            verdict=Verdict.REPRODUCED,
            quantity="dead_share.dying",
            band=around(DEAD_SHARE, 0.06),
            why=(
                "It was charged to Lu et al. (2019), abstract, who state that such networks "
                "die as the depth grows, and not this probability."
            ),
        ),
        derivation="derivation-dying",
    ),
    Claim(
        id="linear-log-norm-drift",
        kind=Kind.LAW,
        statement=(
            "At variance 1/n the log of a linear network's squared norm drifts down by about 1/n "
            "per layer."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“One layer”"),
        quantity="drift_over_law.linear",
        measured_as=DRIFT,
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=SEVENTH,
        remark="What Glorot and Bengio's variance does where their derivation is exact.",
        control=NegativeControl(
            "Make the weight variance 1.02/n.", {"ensembles.linear.weight_variance": 1.02}
        ),
        rival=Rival("The drift is that of a ReLU network, 5/(2n).", 2.5),
        derivation=DERIVATION,
    ),
    Claim(
        id="linear-log-norm-variance",
        kind=Kind.LAW,
        statement=(
            "At variance 1/n the variance of the log of a linear network's squared norm grows by "
            "about 2/n per layer."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“One layer”"),
        quantity="variance_over_law.linear",
        measured_as=VARIANCE,
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=A_FIFTH,
        remark="Two fifths of what it is with ReLUs.",
        control=NegativeControl("Put ReLUs in.", {"ensembles.linear.activation": "relu"}),
        rival=Rival("The variance is that of a ReLU network, 5/n.", 2.5),
        derivation=DERIVATION,
    ),
)
