"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import (
    Band,
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Reading,
    Verdict,
    Withdrawn,
    around,
)
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

SCALE = "chapter Batch normalisation, section “The scale of the weights becomes a learning rate”"
NOTE = "section Batch normalization, "
SHORT = (
    "Short training of small fully connected networks; the note describes no network and no "
    "training."
)
OWN_RATE = (
    "A rate of its own is the one that did best in trainings with other weights, of a grid with "
    "steps of 2, and serves all parameters. Trials with another seed came before, in order to find "
    "where the grids should lie."
)
COURSES = {
    "unit": "Plain descent at one rate, 0.05, pixels from 0 to 1.",
    "adam": "Adam at one rate, torch's 0.001, standardised images.",
    "own_descent": "Plain descent at a rate of its own for each network, standardised images.",
    "own_descent_unit": "Plain descent at a rate of its own for each network, pixels from 0 to 1.",
    "own_adam": "Adam at a rate of its own for each network, standardised images.",
}
"""The ways to train beside the first, by the ends of the keys of their quantities."""


def readings(quantity: str) -> tuple[Reading, ...]:
    """Return the readings of the other ways to train.

    Args:
        quantity: the key of the first reading.
    """
    return tuple(Reading(words, f"{quantity}_{course}") for course, words in COURSES.items())


CLAIMS = (
    Claim(
        id="s003-bn-replaces-init",
        kind=Kind.FINDING,
        statement=(
            "With batch normalisation the weights need not be normalised at initialisation: a "
            "network trains as well from weights ten times too large."
        ),
        source=NORMALISATION_NOTE.at(
            "section Batch normalization, “provides a mechanism so that you don't have "
            "to normalize your weights at initialization but instead normalize them "
            "through the training cycle”"
        ),
        quantity="last_loss_over_one.ten",
        measured_as=(
            "The loss after training over that of the same network from weights of the usual "
            "size, trained in the same way; a ratio, the mean over draws."
        ),
        prediction=1.0,
        band=Band(1 / 1.25, 1.25),
        reason=(
            "A quarter either way: a difference of that size would not make one take care with "
            "the initialisation."
        ),
        departure=SHORT,
        remark=(
            "The note does not say how the learning rate is chosen, and the verdict depends on it: "
            "the scale a of the weights divides the learning rate by a² "
            "(bn-effective-learning-rate), so that a search makes up for it. Ioffe and Szegedy "
            "(2015), whose concept the note reports, write that the normalisation allows one to "
            "“be less careful about initialization”. Weights of a tenth train better than the "
            "usual ones at one rate, not worse. There is no network without normalisation beside "
            "these. What is normalised in training are the preactivations and not the weights. "
            f"{OWN_RATE}"
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Make the large weights a thousand times too large, for which no rate here makes up, "
            "and give none that does to those ten times too large.",
            {"arms.ten.scale": 1000.0, "arms.ten_matched.rate": 1.0},
        ),
        choice="Plain descent at one rate, 0.05, standardised images.",
        readings=(
            Reading(
                "Plain descent at a hundred times the rate, for the large weights alone.",
                "last_loss_over_one.ten_matched",
            ),
            *readings("last_loss_over_one.ten"),
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.CONTRADICTED,
            quantity="last_loss_over_one.ten",
            band=Band(1 / 1.25, 1.25),
            why=(
                "It was read at one learning rate for all sizes, where the note leaves open "
                "how the rate is chosen."
            ),
        ),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-first-loss-ignores-scale",
        kind=Kind.IDENTITY,
        statement=(
            "With batch normalisation the loss before training does not depend on the scale of the "
            "hidden weights."
        ),
        source=THIS_STUDY.at(SCALE),
        quantity="first_loss_over_one.tenth",
        measured_as=(
            "The loss before training from weights a tenth as large over that from the usual "
            "ones; a ratio, the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: exact but for ε over the variance of the preactivations.",
        remark="The loss with weights a tenth as large over that with the usual ones.",
        control=NegativeControl(
            "Leave the normalisation out of the network of small weights.",
            {"arms.tenth.placement": "none"},
        ),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-effective-learning-rate",
        kind=Kind.IDENTITY,
        statement=(
            "With batch normalisation, weights ten times as large with a learning rate a hundred "
            "times as large train alike."
        ),
        source=THIS_STUDY.at(SCALE),
        quantity="last_loss_over_one.ten_matched",
        measured_as=(
            "The loss after training over that of the same network from weights of the usual "
            "size, at a hundred times the learning rate; a ratio, the mean over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: exact but for ε over the variance, which training amplifies.",
        remark=(
            "The learning rate is that of the hidden weights only. Weights of a tenth, with a "
            "hundredth of the learning rate, are the other arm, tenth_matched."
        ),
        control=NegativeControl(
            "Scale the learning rate as the weights, not as their square.",
            {"arms.ten_matched.rate": 10.0},
        ),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-weights-only-grow",
        kind=Kind.IDENTITY,
        statement=(
            "With batch normalisation, each update of plain descent adds its own squared norm to "
            "that of the hidden weights."
        ),
        source=THIS_STUDY.at(SCALE),
        quantity="growth_over_squared_steps.one",
        measured_as=(
            "The growth of the squared norm of the hidden weights over the training, over the "
            "sum of the squared norms of their updates; a ratio, the mean over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.02),
        reason=(
            "Two per cent: Pythagoras, exact but for ε over the variance, which gives the gradient "
            "a part along the weights."
        ),
        remark=(
            "So a learning rate that is too large for the weights lengthens them until it is not; "
            "weights that are too long have no such way back."
        ),
        control=NegativeControl("Leave the normalisation out.", {"arms.one.placement": "none"}),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="s003-bn-before-or-after",
        kind=Kind.FINDING,
        statement="Batch normalisation may stand before or after the activation.",
        source=NORMALISATION_NOTE.at(
            "section Batch normalization, “You apply batch normalization on any layers "
            "of your choosing before or after the activation functions have been "
            "calculated”"
        ),
        quantity="error_minus_one.after",
        measured_as=(
            "The share of validation images misclassified after training with the normalisation "
            "after the ReLU, less that with it before, in pairs; a difference between -1 and 1, "
            "the mean over draws."
        ),
        prediction=0.0,
        band=around(0.0, 0.05),
        reason=(
            "Five points of the ninety that training can win: the statement fails if one place "
            "is clearly the wrong one, not if it makes some difference."
        ),
        departure=SHORT,
        remark=(
            "The error after training with the normalisation after the ReLU, less that with it "
            "before, in pairs. The note gives no direction. Before the ReLU is the place in the "
            f"paper of Ioffe and Szegedy. {OWN_RATE}"
        ),
        choice="Plain descent at one rate, 0.05, standardised images.",
        readings=readings("error_minus_one.after"),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Leave it out of the second network, and shrink that one's weights to a hundredth.",
            {"arms.after.placement": "none", "arms.after.scale": 0.01},
        ),
        derivation="derivation-after-the-activation",
    ),
)
