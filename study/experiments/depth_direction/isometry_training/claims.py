"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Band, Claim, NegativeControl
from study.theory.sources import PENNINGTON_2017, SAXE_2013, THIS_STUDY

CHAPTER = "chapter Orthogonal weights and the time to learn"
SWAPPED = NegativeControl(
    "Swap the two laws of the weights.",
    {"arms.orthogonal": "gaussian", "arms.gaussian": "orthogonal"},
)
LINEAR = (
    "Fully connected networks without an activation, 128 wide, 4 to 128 layers, on MNIST scaled "
    "by 0.3; plain descent with minibatches on the cross-entropy, down to a loss of 0.6, with the "
    "best learning rate of each network; the theory has the squared error and all images at once. "
    "At quick size fewer, narrower layers and a higher target."
)
TANH = (
    "Networks of 100 and 200 layers, 128 wide, on MNIST scaled by 0.3; plain descent down to a "
    "training loss of 1, with the best learning rate of each network; the paper's networks are "
    "trained to the end, on other data. At quick size 32 and 54 narrower layers."
)
TWICE = "the prediction is twice the least that counts"
AGAIN = (
    "A first run of four draws, with another seed, left some of these claims open; in it ratios "
    "were judged and not their logarithms, which scatter more evenly."
)
CENSORED = (
    "A network that is not down at the target after all updates allowed, whatever the rate, "
    "counts with their number, so that the ratio is a lower bound where that happens."
)

linear_networks = partial(
    Claim,
    departure=LINEAR,
    control=SWAPPED,
)
tanh_networks = partial(
    Claim,
    departure=TANH,
    control=SWAPPED,
    derivation="derivation-tanh-learning-time",
)

CLAIMS = (
    linear_networks(
        id="saxe-depth-independent",
        statement=(
            "Deep linear networks that start from random orthogonal weights learn in a time that "
            "does not depend on their depth, but for a finite delay relative to shallow ones."
        ),
        source=SAXE_2013.at("abstract, “depth independent learning times”"),
        quantity="log2_slowdown.linear_orthogonal",
        prediction=0.0,
        band=Band(-1.0, 1.0),
        reason=(
            "A factor of 2 over a range of depths of 32. The exact course of one mode from half of "
            "its strength to nine tenths has a delay of less than a quarter from 4 layers to "
            "infinitely many; the grid of learning rates allows another factor in between."
        ),
        remark=(
            "The logarithm to base two of the ratio of updates, of the deepest network to the "
            f"shallowest, within a draw. {AGAIN}"
        ),
        derivation="derivation-learning-time",
    ),
    linear_networks(
        id="gaussian-linear-slows",
        statement="From scaled Gaussian weights deep linear networks learn ever more slowly.",
        source=SAXE_2013.at("abstract, “scaled random Gaussian initializations cannot”"),
        quantity="log2_slowdown.linear_gaussian",
        prediction=3.0,
        band=Band(2.0, 14.0),
        reason=(
            "A factor of 4 at least, twice what counts as none for orthogonal weights. The paper "
            f"gives no number; {TWICE}."
        ),
        remark=(
            "The logarithm to base two of the ratio of updates, of the deepest network to the "
            f"shallowest. {CENSORED} {AGAIN}"
        ),
        derivation="derivation-gaussian-learning-time",
    ),
    linear_networks(
        id="isometry-speeds-up-linear",
        statement="In deep linear networks orthogonal weights dramatically speed up learning.",
        source=PENNINGTON_2017.at("abstract, “dramatically speed up learning”"),
        quantity="log2_gaussian_over_orthogonal.linear_deepest",
        prediction=3.0,
        band=Band(2.0, 14.0),
        reason=(
            "Four times as fast at least is taken to be dramatic; the paper gives no number, and "
            f"{TWICE}."
        ),
        remark=(
            "The logarithm to base two of the ratio of updates, from Gaussian weights to "
            f"orthogonal ones. {CENSORED} {AGAIN}"
        ),
        derivation="derivation-gaussian-learning-time",
    ),
    tanh_networks(
        id="orthogonal-vs-gaussian-tanh",
        statement=(
            "Deep tanh networks with orthogonal weights learn much faster than with Gaussian ones, "
            "though both are critical."
        ),
        source=PENNINGTON_2017.at("abstract, “learn orders of magnitude faster”"),
        quantity="log2_gaussian_over_orthogonal.tanh_shallowest",
        prediction=2.0,
        band=Band(1.0, 14.0),
        reason=f"Twice as fast is the least that counts; {TWICE}.",
        remark=(
            "The logarithm to base two of the ratio of updates. Both laws have a variance of 1 "
            f"over the width. Here at 100 layers. {CENSORED} So it does not decide between a "
            f"factor of some units and orders of magnitude. {AGAIN}"
        ),
    ),
    tanh_networks(
        id="orthogonal-vs-gaussian-tanh-deeper",
        statement=(
            "Tanh networks of 200 layers learn much faster with orthogonal weights than with "
            "Gaussian ones, though both are critical."
        ),
        source=PENNINGTON_2017.at("abstract, “learn orders of magnitude faster”"),
        quantity="log2_gaussian_over_orthogonal.tanh_deepest",
        prediction=2.0,
        band=Band(1.0, 14.0),
        reason=f"Twice as fast is the least that counts; {TWICE}.",
        remark=f"As orthogonal-vs-gaussian-tanh, here at 200 layers. {CENSORED} {AGAIN}",
    ),
    tanh_networks(
        id="orthogonal-tanh-slows",
        statement=(
            "Tanh networks of unit gain do need more updates the deeper they are, also from "
            "orthogonal weights."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “With tanh”"),
        quantity="log2_slowdown.tanh_orthogonal",
        prediction=0.5,
        band=Band(0.25, 3.0),
        reason=(
            "Below a quarter, a fifth more updates, there would be no slowing worth the name. The "
            "prediction is what the argument for one mode gives, the root of the ratio of the "
            "depths; it leaves out what a finite width adds, and trial runs with other seeds "
            "needed more, so the band is wide above."
        ),
        remark=(
            "The logarithm to base two of the ratio of updates, of the deeper network to the "
            "other, within a draw. A tanh network of unit gain has no full isometry: all its "
            f"singular values fall together. {AGAIN}"
        ),
    ),
)
