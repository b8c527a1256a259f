"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log

from study.experiments.notes.first_losses import expected_loss, second_order_loss
from study.record.claims import (
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Reading,
    Rival,
    around,
    at_least,
    at_most,
    within,
)
from study.theory.sources import THIS_STUDY

CLASSES = 10
SECTION = "chapter The first loss, section"
SCALE = "derivation-gaussian-logits"
SHARES = "derivation-share-bias"
TRAINING = (
    "One hidden layer of 128 ReLU units on MNIST, 200 updates in minibatches of 64. Adam has its "
    "usual settings but for the rate. At quick size smaller, and at one rate, or the better of two "
    "by plain descent on standardised images."
)
OWN_RATE = (
    "Each start has the learning rate with the smallest loss at the end in trainings with other "
    "weights, of a grid with steps of two."
)
TRIALS = "Trials with another seed came before: three trainings at each rate."
DESCENT = "Plain descent, standardised images"
COURSES = {
    "descent_unit": "Plain descent, pixels from 0 to 1",
    "adam": "Adam, standardised images",
    "adam_unit": "Adam, pixels from 0 to 1",
}
"""The other courses, in words."""
BEGINNINGS = {
    "descent": {"": "0.01", "_half": "0.005", "_twice": "0.02"},
    "adam": {"": "0.001", "_half": "0.0005", "_twice": "0.002"},
}
"""The given learning rates of first updates, by optimiser and by how the key of a quantity ends."""


def at_own_rates(quantity: str) -> tuple[Reading, ...]:
    """Return the readings by the other courses.

    Args:
        quantity: the key of the value, of plain descent on standardised images.
    """
    return tuple(Reading(f"{words}.", f"{quantity}_{name}") for name, words in COURSES.items())


def at_all_rates(quantity: str) -> tuple[Reading, ...]:
    """Return the readings by all courses, at given learning rates and at own ones.

    Args:
        quantity: the key of the value, of plain descent on standardised images at a rate of 0.01.
    """
    readings: list[Reading] = []
    for name, words in {"descent": DESCENT, **COURSES}.items():
        course = "" if name == "descent" else f"_{name}"
        rates = BEGINNINGS[name.removesuffix("_unit")]
        readings += [
            Reading(f"{words}, at a rate of {rate}.", f"{quantity}{course}{rate_name}")
            for rate_name, rate in rates.items()
        ]
        readings.append(
            Reading(f"{words}, each start at its own best rate.", f"{quantity}{course}_own")
        )
    return tuple(reading for reading in readings if reading.quantity != quantity)


def excess(variance: float) -> float:
    """Return what Gaussian logits of a variance add to the loss of a guess."""
    return expected_loss(variance, CLASSES) - log(CLASSES)


def second_order_over_law(variance: float) -> float:
    """Return the excess to second order over the excess."""
    return (second_order_loss(variance, CLASSES) - log(CLASSES)) / excess(variance)


of_scale = partial(
    Claim,
    kind=Kind.LAW,
    measured_as=(
        "What the first cross-entropy has beyond ln 10, a mean over images and networks, over the "
        "mean of the same for independent Gaussian logits of each image's variance, averaged over "
        "draws; a ratio."
    ),
    prediction=1.0,
    band=within(1.0, 0.05),
    reason=(
        "Five per cent: logits are Gaussian over draws of the last layer at any width, so only the "
        "draws stray, by two or three per cent; the nearest rival is farther off."
    ),
    departure="One hidden layer of ReLUs on MNIST, before training; Gaussian weights, no biases.",
    derivation=SCALE,
)

CLAIMS = (
    Claim(
        id="first-loss-small-last-layer",
        kind=Kind.LAW,
        statement=(
            "With last weights of a tenth of the usual size, standard deviation 0.1/√n, a "
            "classifier of ten classes starts at a loss of ln 10 and half a hundredth."
        ),
        source=THIS_STUDY.at(f"{SECTION} “What ln K leaves”"),
        quantity="first_loss.tenth",
        measured_as=(
            "The first cross-entropy, a mean over images and over a hundred networks, averaged "
            "over draws."
        ),
        prediction=expected_loss(0.01, CLASSES),
        band=around(expected_loss(0.01, CLASSES), 0.01),
        reason=(
            "A hundredth, twice what the logits add: the loss of a single network strays by about "
            "as much, since one class is favoured."
        ),
        departure="One hidden layer of ReLUs on MNIST, before training.",
        remark="ln 10 is 2.3026; the law adds 0.0045.",
        control=NegativeControl(
            "Take weights of the usual size.", {"starts.tenth.last_variance": 1.0}
        ),
        derivation=SCALE,
    ),
    of_scale(
        id="first-loss-unit-last-layer",
        statement=(
            "Last weights of variance 1/n raise the first loss of ten classes by what independent "
            "Gaussian logits do, about 0.43."
        ),
        source=THIS_STUDY.at(f"{SECTION} “How large logits raise it”"),
        quantity="excess_over_law.unit",
        remark="0.43 where the hidden activations have mean square 1; the ratio is taken by image.",
        control=NegativeControl("Take logits of nearly zero.", {"starts.unit.last_variance": 1e-6}),
        rival=Rival(
            "All of the logits' variance counts, v/2, and not what is about their mean.",
            0.5 / excess(1.0),
        ),
    ),
    of_scale(
        id="first-loss-four-times",
        statement=(
            "Last weights four times as large as 1/√n raise the first loss of ten classes by what "
            "independent Gaussian logits do, about 4.2."
        ),
        source=THIS_STUDY.at(f"{SECTION} “How large logits raise it”"),
        quantity="excess_over_law.four",
        remark="The second order alone, v(1 − 1/K)/2, would give 7.2.",
        control=NegativeControl("Take logits of nearly zero.", {"starts.four.last_variance": 1e-6}),
        rival=Rival(
            "The second order alone, v(1 − 1/K)/2, at any variance.", second_order_over_law(16.0)
        ),
    ),
    of_scale(
        id="first-loss-unscaled",
        statement=(
            "Last weights of variance 1 on 128 units, as randn draws them, start ten classes at a "
            "loss of about 17."
        ),
        source=THIS_STUDY.at(f"{SECTION} “How large logits raise it”"),
        quantity="excess_over_law.randn",
        remark=(
            "The ratio is to the law; 17.5 where the hidden activations have mean square 1. Of so "
            "large logits the largest counts alone, 1.54 standard deviations above their mean."
        ),
        control=NegativeControl(
            "Take logits of nearly zero.", {"starts.randn.last_variance": 1e-6}
        ),
        rival=Rival(
            "The second order alone, v(1 − 1/K)/2, at any variance.", second_order_over_law(128.0)
        ),
    ),
    Claim(
        id="share-bias-first-loss",
        kind=Kind.LAW,
        statement=(
            "With the logarithms of the class shares as last biases, and small last weights, a "
            "classifier starts at the entropy of the shares."
        ),
        source=THIS_STUDY.at(f"{SECTION} “A bias from class shares”"),
        quantity="first_loss_over_entropy.skewed_shares",
        measured_as=(
            "The first cross-entropy on images of which ten elevenths show the same digit, over "
            "the entropy of these shares, averaged over draws; a ratio."
        ),
        prediction=1.0,
        band=within(1.0, 0.02),
        reason="Two per cent: the small weights add about two thousandths to half a nat.",
        departure="One hidden layer of ReLUs; 90.9 % of the images show a 0, 1 % each other digit.",
        remark="Without the bias it starts at ln 10, four and a half times as high.",
        control=NegativeControl(
            "Leave the biases at zero.", {"starts.skewed_shares.bias": "zeros"}
        ),
        rival=Rival("The loss is ln K whatever the shares.", log(10) / 0.5),
        derivation=SHARES,
    ),
    Claim(
        id="share-bias-spares-first-updates",
        kind=Kind.FINDING,
        statement=(
            "Where one class has ten elevenths of the images, a bias of the class shares spares "
            "the first ten updates at least a third of a nat on average."
        ),
        source=THIS_STUDY.at(f"{SECTION} “A bias from class shares”"),
        quantity="early_loss_difference.skewed_zeros_less_skewed_shares",
        measured_as=(
            "The mean loss of the first ten updates from biases of zero, less that from the "
            "logarithms of the shares, averaged over draws; in nats."
        ),
        band=at_least(0.33),
        reason="A third of a nat; the two starts are 1.8 nats apart.",
        departure=TRAINING,
        remark=(
            "At a higher rate the shares are learnt in fewer updates. The best rates are those of "
            f"the loss at the end. {OWN_RATE} {TRIALS}"
        ),
        choice=f"{DESCENT}, at a rate of 0.01.",
        readings=at_all_rates("early_loss_difference.skewed_zeros_less_skewed_shares"),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Leave the biases at zero.", {"starts.skewed_shares.bias": "zeros"}
        ),
        derivation=SHARES,
    ),
    Claim(
        id="share-bias-no-end",
        kind=Kind.FINDING,
        statement=(
            "Two hundred updates later a bias of the class shares has won less than a fifth: from "
            "biases of zero the loss is at most so much larger."
        ),
        source=THIS_STUDY.at(f"{SECTION} “A bias from class shares”"),
        quantity="log_last_loss.skewed_zeros_over_skewed_shares",
        measured_as=(
            "The logarithm of the mean loss of the last updates from biases of zero over that from "
            "the logarithms of the shares, averaged over draws."
        ),
        band=at_most(log(1.2)),
        reason="A fifth, less than a step of the grid of learning rates makes.",
        departure=TRAINING,
        remark=(
            "These images are seen several times, and the loss is that of training. "
            f"{OWN_RATE} {TRIALS}"
        ),
        choice=f"{DESCENT}.",
        readings=at_own_rates("log_last_loss.skewed_zeros_over_skewed_shares"),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Give both starts the bias of the shares.", {"starts.skewed_zeros.bias": "shares"}
        ),
        derivation=SHARES,
    ),
    Claim(
        id="unscaled-last-layer-costs",
        kind=Kind.FINDING,
        statement=(
            "Last weights as randn draws them, without a factor, cost more than the first updates: "
            "200 updates later the loss is still half as large again as from variance 1/n."
        ),
        source=THIS_STUDY.at(f"{SECTION} “What the last layer's size does in training”"),
        quantity="log_last_loss.randn_over_unit",
        measured_as=(
            "The logarithm of the mean loss of the last updates from last weights of variance 1 "
            "over that from 1/n, averaged over draws."
        ),
        band=at_least(log(1.5)),
        reason="Half as large again, more than the grid of learning rates makes.",
        departure=TRAINING,
        remark=(
            "Every update sees images that no update has seen before. A training that diverges "
            f"counts as a guess. {OWN_RATE} {TRIALS}"
        ),
        choice=f"{DESCENT}.",
        readings=at_own_rates("log_last_loss.randn_over_unit"),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Take the variance 1/n for both.", {"starts.randn.last_variance": 1.0}
        ),
        derivation="last-layer-in-training",
    ),
    Claim(
        id="zero-last-layer-costs-nothing",
        kind=Kind.FINDING,
        statement=(
            "A last layer of zeros costs nothing that lasts: 200 updates later the loss is at most "
            "a tenth above that from variance 1/n."
        ),
        source=THIS_STUDY.at(f"{SECTION} “What the last layer's size does in training”"),
        quantity="log_last_loss.none_over_unit",
        measured_as=(
            "The logarithm of the mean loss of the last updates from last weights of zero over "
            "that from variance 1/n, averaged over draws."
        ),
        band=at_most(log(1.1)),
        reason="A tenth, less than a step of the grid of learning rates makes.",
        departure=TRAINING,
        remark=(
            "The hidden units are random, so they differ; the last weights learn in the first "
            f"update, and the first weights from the second on. {OWN_RATE} {TRIALS}"
        ),
        choice=f"{DESCENT}.",
        readings=at_own_rates("log_last_loss.none_over_unit"),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Take randn in its place.", {"starts.none.last_variance": 128.0}),
        derivation="last-layer-in-training",
    ),
)
