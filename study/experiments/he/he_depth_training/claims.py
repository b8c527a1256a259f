"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log, log2
from typing import Any

from study.experiments.he.he_depth_training.method import GUESS_SHARE
from study.record.claims import (
    Band,
    Cause,
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Reading,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
    at_least,
    at_most,
)
from study.theory.sources import HE_2015, THIS_STUDY

SECTION_OF_PAPER = "chapter He et al., figure by figure, section “{}”"
SECTION_OF_PLATEAU = "chapter The plateau before learning, section “{}”"
SQRT_2 = log(2) / 2
"""Growth per layer of the logarithm of a number that is multiplied by √2 in each layer."""
SMALLER = "At quick size 10 and 14 layers stand for 22 and 30."
DENSE = (
    "Fully connected layers of 128 units on MNIST and a few epochs; the paper's layers are "
    f"convolutions, its data ImageNet. {SMALLER}"
)
FIXED = (
    "The learning rate is 0.01 at reference size, the images are standardised, and the optimiser "
    "is descent with momentum 0.9."
)
ONE_RATE = (
    "The learning rate is 0.01 at reference size, and the optimiser is descent with momentum 0.9."
)
GUESS = "A tenth of what separates a guess from no error: a constant answer scatters by a fiftieth."
HALF = "More than half of what separates a guess from no error; a network that stalls has nothing."


def at_both_scales(quantity: str) -> dict[str, Any]:
    """Return what a claim needs to be read at both scales of the pixels."""
    return {
        "quantity": quantity,
        "choice": "Standardised images.",
        "readings": (Reading("Pixels from 0 to 1.", f"{quantity}_unit"),),
        "constant_factors": (Factor.RATE, Factor.OPTIMISER, Factor.IMAGES, Factor.WIDTH),
    }


convergence = partial(
    Claim,
    band=at_least(0.5),
    reason=HALF,
)

CLAIMS = (
    convergence(
        id="he-22-layers-both-converge",
        kind=Kind.FINDING,
        statement=(
            "A dense ReLU network of 22 layers converges from Xavier's weights and from "
            "He's, as the paper's of convolutions does."
        ),
        source=THIS_STUDY.at(SECTION_OF_PAPER.format("Figure 2: twenty-two layers")),
        quantity="learnt_by_worse.twenty_two",
        measured_as=(
            "The share learnt of what separates a guess from no error, 1 − error/0.9 on "
            "validation images after the last update, of the worse of the two starts in a "
            "draw, averaged over draws."
        ),
        departure=f"{SMALLER} {FIXED}",
        remark=("Of the worse of both, after the last update; the beginning of a convergence."),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give Xavier's weights a tenth of their variance.", {"arms.xavier.weight_variance": 0.1}
        ),
        withdrawn=Withdrawn(
            Verdict.REPRODUCED,
            "learnt_by_worse.twenty_two",
            Band(0.5, 1.0),
            (
                "It was charged to the paper, whose network is of convolutions; "
                "conv-22-layers-both-converge judges one of those."
            ),
        ),
    ),
    Claim(
        id="he-22-layers-he-earlier",
        kind=Kind.FINDING,
        statement=(
            "In a dense ReLU network of 22 layers, too, He's weights start reducing the "
            "error earlier than Xavier's."
        ),
        source=THIS_STUDY.at(SECTION_OF_PAPER.format("Figure 2: twenty-two layers")),
        quantity="log2_xavier_over_he.twenty_two",
        measured_as=(
            "The base-2 logarithm of the updates to the target loss from Xavier's weights "
            "over those from He's in the same draw, averaged over draws."
        ),
        band=at_least(log2(1.5)),
        reason=("Half as many updates again; less would not be worth a remark."),
        departure=f"{SMALLER} {FIXED}",
        remark=("All of these networks reached the target, and in each draw He's did first."),
        withdrawn=Withdrawn(
            Verdict.REPRODUCED,
            "log2_xavier_over_he.twenty_two",
            Band(log2(1.5), 10.0),
            (
                "It was charged to the paper, whose network is of convolutions; "
                "conv-22-layers-he-earlier judges one of those."
            ),
        ),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Swap the two variances.",
            {"arms.he.weight_variance": 1.0, "arms.xavier.weight_variance": 2.0},
        ),
    ),
    Claim(
        id="he-30-layers-xavier-stalls",
        kind=Kind.FINDING,
        statement=(
            "From Xavier's weights a dense ReLU network of 30 layers, too, completely "
            "stalls, also given five epochs."
        ),
        source=THIS_STUDY.at(SECTION_OF_PAPER.format("Figure 3: thirty layers")),
        **at_both_scales("learnt.xavier_thirty"),
        measured_as=(
            "The share learnt of what separates a guess from no error, 1 − error/0.9 on "
            "validation images after the last update, averaged over draws."
        ),
        band=at_most(GUESS_SHARE),
        reason=GUESS,
        departure=f"{SMALLER} {ONE_RATE}",
        remark=(
            "What stands still at first (xavier-stalls-at-first) may leave its plateau by "
            "the end. The paper's network is one of convolutions, of which four in five "
            "did stall (conv-30-layers-xavier-stalls). Earlier runs had standardised "
            "images alone."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "learnt.xavier_thirty",
            around(0.0, GUESS_SHARE),
            (
                "It was charged to the paper, which says “It does not converge even given "
                "more epochs” of a network of convolutions. How far that carries to dense "
                "networks is a question of this study."
            ),
        ),
        control=NegativeControl(
            "Give Xavier's weights a hundredth of their variance.",
            {"arms.xavier.weight_variance": 0.01},
        ),
        derivation="derivation-plateau",
    ),
    Claim(
        id="xavier-stalls-at-first",
        kind=Kind.FINDING,
        statement=(
            "From Xavier's weights a dense ReLU network of 30 layers has learnt nothing "
            "in the first half epoch."
        ),
        source=THIS_STUDY.at(SECTION_OF_PAPER.format("Figure 3: thirty layers")),
        **at_both_scales("rate.nothing_learnt_early.xavier_thirty"),
        measured_as=(
            "The share of the draws in which the network has learnt at most a tenth of "
            "what separates a guess from no error after half an epoch."
        ),
        band=at_least(0.5),
        reason=(
            "More than half of the draws, with the whole interval, which reaches below 1 "
            "even where all draws agree. In an earlier run all five did; what was judged "
            "there was their mean share, 0.00926 with no spread."
        ),
        departure=ONE_RATE,
        remark=(
            "How often the share learnt is at most a tenth, which a guess has. Networks "
            "that guess the same class have the same error, so a mean of their shares has "
            "no spread. It is what the paper's figure 3 shows over all its epochs."
        ),
        control=NegativeControl(
            "Take four layers.", {"courses.thirty.depth": 4, "courses.thirty_unit.depth": 4}
        ),
        derivation="derivation-plateau",
    ),
    convergence(
        id="he-extremely-deep-trainable",
        kind=Kind.FINDING,
        statement=(
            "He's weights make an extremely deep ReLU network of 30 layers converge from scratch."
        ),
        source=HE_2015.at(
            "abstract, “This method enables us to train extremely deep rectified models "
            "directly from scratch”"
        ),
        **at_both_scales("learnt.he_thirty"),
        measured_as=(
            "The share learnt of what separates a guess from no error, 1 − error/0.9 on "
            "validation images after the last update, averaged over draws."
        ),
        departure=f"{DENSE} {ONE_RATE}",
        remark=(
            "Extremely deep means 30 layers in the paper, “e.g., 30 conv/fc layers”. A "
            "thousand layers are another matter (he-thousand-layers-train). Earlier runs "
            "had standardised images alone. One with both scales, of which no file is "
            "left, was inconclusive: on standardised images one of eight networks "
            "diverged."
        ),
        control=NegativeControl(
            "Give He's weights a twentieth of their variance.", {"arms.he.weight_variance": 0.1}
        ),
    ),
    Claim(
        id="plateau-growth-without-biases",
        kind=Kind.LAW,
        statement=(
            "Without biases, the updates that a ReLU network needs from Xavier's weights "
            "grow with every layer, on average by at most a factor of √2."
        ),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("How long the plateau is")),
        quantity="log_growth.xavier_unbiased",
        measured_as=(
            "The slope of the natural logarithm of the updates to the target loss against "
            "depth, over 10 to 22 layers of a network without biases, averaged over "
            "draws; per layer."
        ),
        prediction=0.276,
        band=Band(0.1, SQRT_2),
        reason=(
            "√2 per layer is the law of very deep networks; the prediction is the law's "
            "slope over these depths. The lower end is a doubling in seven layers. It is "
            "the band of plateau-length, which an earlier run met with 0.245, so no later "
            "run is a first test."
        ),
        departure=FIXED,
        remark=(
            "The slope of the logarithm of the updates against depth. A power of the "
            "depth could have it too; which of the two it is, "
            "plateau-exponential-without-biases asks. Where the target was not reached, "
            "all updates count, so the slope may be more."
        ),
        rival=Rival(("Every layer costs a factor of 2, as it costs the second moment."), log(2)),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give Xavier's weights He's variance.", {"arms.xavier_unbiased.weight_variance": 2.0}
        ),
        derivation="derivation-plateau",
    ),
    Claim(
        id="plateau-exponential-without-biases",
        kind=Kind.LAW,
        statement=(
            "Without biases, the updates that a ReLU network needs from Xavier's weights "
            "grow with depth as an exponential does, and faster than a power of the "
            "depth."
        ),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("How long the plateau is")),
        quantity="second_doubling_over_first.xavier_unbiased_doublings",
        measured_as=(
            "The growth of the logarithm of the updates to the target loss from 12 to 24 "
            "layers over that from 6 to 12, in networks without biases, averaged over "
            "draws; a ratio."
        ),
        prediction=2.4,
        band=Band(1.5, 2.9),
        reason=(
            "A power of the depth gives 1, an exponential 2; the border lies halfway. The law "
            "gives 2.4, as it divides by the depth. The upper end makes the band of the rival, "
            "which is as wide, end at the border: what agrees with one contradicts the other. It "
            "was 5 and then 3.3, and was narrowed after the run that is judged, which agrees with "
            "each but did not contradict the rival in the wider ones. An earlier run, over 10 to "
            "22 layers, had suggested it, and trial runs came before the band."
        ),
        departure=FIXED,
        remark=(
            "The depth is doubled twice, from 6 layers to 24: growth of the logarithm of "
            "the updates in the second doubling, over that in the first. With 6 layers a "
            "part of the updates is no plateau, which makes the first growth smaller. "
            "Where the target was not reached, all updates count, so the ratio may be "
            "more."
        ),
        rival=Rival("The updates grow as a power of the depth.", 1.0),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give biases to the networks.", {"ladders.xavier_unbiased_doublings.arm": "xavier"}
        ),
        derivation="derivation-plateau",
    ),
    Claim(
        id="plateau-growth-with-biases",
        kind=Kind.FINDING,
        statement=(
            "With biases, from 10 layers to 30 the updates that a ReLU network needs from "
            "Xavier's weights grow as the depth to a power of one to three would, far "
            "from the fifth that the law without biases comes to."
        ),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("What biases do")),
        quantity="log_log_growth.xavier",
        measured_as=(
            "The slope of the logarithm of the updates to the target loss against the "
            "logarithm of the depth, from 10 to 30 layers with biases, averaged over "
            "draws; an exponent."
        ),
        prediction=2.1,
        band=Band(1.0, 3.0),
        reason=(
            "The prediction is no law's: an earlier run had mean updates close to the "
            "power 2.1, where the law without biases would have 5.2 over these depths."
        ),
        departure=FIXED,
        remark=(
            "The slope of the logarithm of the updates against that of the depth. It says "
            "how much they grow, not that they follow a power: in trial runs networks of "
            "40 layers needed far more than it would give. Where the target was not "
            "reached, all updates count."
        ),
        rival=Rival("The law without biases, over the same depths.", 5.2),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give Xavier's weights He's variance.", {"arms.xavier.weight_variance": 2.0}
        ),
        derivation="derivation-biases-escape",
    ),
    Claim(
        id="he-no-plateau",
        kind=Kind.FINDING,
        statement=(
            "From He's weights the updates that a ReLU network needs grow with every "
            "layer by less than a third of the law for Xavier's weights without biases."
        ),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("How long the plateau is")),
        quantity="log_growth.he",
        measured_as=(
            "The slope of the natural logarithm of the updates to the target loss against "
            "depth, from He's weights and with biases, over 10 to 42 layers, averaged "
            "over draws; per layer."
        ),
        band=at_most(SQRT_2 / 3),
        reason=("A third of ln √2 per layer is far from the law, and leaves room for slow growth."),
        departure=FIXED,
        remark=(
            "Up to 42 layers at reference size, up to twenty at quick size. A network "
            "that does not reach the target counts with the updates that its training "
            "has."
        ),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give He's weights Xavier's variance.", {"arms.he.weight_variance": 1.0}
        ),
        derivation="derivation-plateau",
    ),
    Claim(
        id="biases-shorten-the-plateau",
        kind=Kind.FINDING,
        statement=("Trained biases shorten the plateau of a ReLU network from Xavier's weights."),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("What biases do")),
        quantity="log2_without_over_with_biases.xavier",
        measured_as=(
            "The base-2 logarithm of the updates to the target loss without biases over "
            "those with them, in 22 layers from Xavier's weights, averaged over draws."
        ),
        band=at_least(log2(1.1)),
        reason=("A tenth more updates without them; less would not be worth a remark."),
        departure=FIXED,
        remark=(
            "The base-2 logarithm of the updates without over those with them, in the "
            "deepest network without. Their gradients do not vanish in the last layers."
        ),
        constant_factors=tuple(Factor),
        control=NegativeControl("Give biases to both.", {"arms.xavier_unbiased.biases": True}),
        derivation="derivation-biases-escape",
    ),
    Claim(
        id="stall-at-every-rate",
        kind=Kind.FINDING,
        statement=(
            "The plateau of a ReLU network from Xavier's weights is no matter of the "
            "learning rate: at its best one it is there too."
        ),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("What the learning rate does")),
        quantity="log2_xavier_over_he.best_rate",
        choice="Descent with momentum 0.9.",
        readings=(Reading("Adam.", "log2_xavier_over_he.best_rate_adam"),),
        measured_as=(
            "The base-2 logarithm of the updates to the target loss from Xavier's weights over "
            "those from He's, with 30 layers, each at the learning rate that needs fewest in "
            "draws of its own, averaged over draws; with Adam, a draw has the mean of four "
            "networks of each start."
        ),
        band=at_least(log2(1.5)),
        reason=("Half as many updates again; less would not be worth a remark."),
        departure=(
            "The images are standardised. At quick size there are 14 layers, and 56 with Adam."
        ),
        remark=(
            "As he-22-layers-he-earlier, with 30 layers. Both starts choose from the same grid, "
            "with steps of two. In earlier runs the rate was chosen by the number that is judged, "
            "from a grid with steps of three and for momentum descent alone. A run with Adam, of "
            "which no file is left, was inconclusive: 1.00, with a half width of 0.46 in eight "
            "draws of one pair each. Six networks with other random numbers came first, to place "
            "Adam's grid. By momentum descent a network from Xavier's weights that does not reach "
            "the target counts with all its updates, so the number may be more."
        ),
        constant_factors=(Factor.PIXELS, Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Start at every rate from He's weights.",
            {"ladders.xavier_rates.arm": "he", "ladders.xavier_rates_adam.arm": "he"},
        ),
    ),
    convergence(
        id="lsuv-thirty",
        kind=Kind.FINDING,
        statement=(
            "Scaling each layer to unit variance takes the stall from Xavier's weights in "
            "a ReLU network of 30 layers."
        ),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("Scaling the layers instead")),
        quantity="learnt.lsuv_thirty_slower",
        measured_as=(
            "The share learnt of what separates a guess from no error, 1 − error/0.9 on "
            "validation images after the last update, averaged over draws."
        ),
        departure=(
            "The learning rate is 0.003 at reference size, the images are standardised, and the "
            "optimiser is descent with momentum 0.9."
        ),
        remark=(
            "The layer-sequential unit variance of Mishkin and Matas (2015), from "
            "Gaussian weights in place of orthogonal ones. From He's weights it gives the "
            "same network."
        ),
        constant_factors=tuple(Factor),
        control=NegativeControl("Leave the layers unscaled.", {"arms.lsuv.unit_variance": False}),
        derivation="derivation-homogeneous",
    ),
)

UNTESTED = (
    Untested(
        id="plateau-length",
        cause=Cause.WORDS,
        statement=(
            "Without biases, the plateau of a ReLU network from Xavier's weights grows "
            "exponentially with depth, by at most √2 per layer."
        ),
        source=THIS_STUDY.at(SECTION_OF_PLATEAU.format("How long the plateau is")),
        reason=(
            "What was judged, a growth per layer between a tenth and ln √2 over 10 to 22 "
            "layers, is met by powers of the depth as well."
        ),
        remark=(
            "It was judged by 0.2451 ± 0.0515 in five draws of an earlier run. The growth "
            "per layer is judged by plateau-growth-without-biases, and whether it is "
            "exponential by plateau-exponential-without-biases."
        ),
        withdrawn=Withdrawn(
            Verdict.REPRODUCED,
            "log_growth.xavier_unbiased",
            Band(0.1, SQRT_2),
            ("The band cannot tell an exponential from a power of the depth."),
        ),
        derivation="derivation-plateau",
    ),
)
