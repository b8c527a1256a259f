"""What is claimed, what it predicts, and what must not agree."""

from typing import Any

from study.experiments.depth_direction.phase_training.method import COURSES
from study.record.claims import (
    Band,
    Cause,
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Reading,
    Untested,
    Verdict,
    Withdrawn,
    at_least,
    at_most,
)
from study.theory.sources import SCHOENHOLZ_2017, THIS_STUDY

SHORT_TRAINING = (
    "Short trainings of narrow networks on a part of MNIST; the paper trains longer and wider "
    "ones. At quick size the learning rates are larger."
)
OTHER_COURSES = {
    "slower": "Half that learning rate.",
    "faster": "Twice that learning rate.",
    "unit": "Pixels from 0 to 1, at that learning rate.",
    "adam": "Adam at torch's learning rate, 0.001.",
    "adam_slower": "Adam at half of torch's learning rate.",
    "adam_faster": "Adam at twice torch's learning rate.",
}
SECTION = "chapter How far information travels, section "
NO_TRAINING = NegativeControl(
    "Do not train.", {f"courses.{name}.learning_rate": 0.0 for name in COURSES}
)


def in_each_course(quantity: str) -> dict[str, Any]:
    """Return what a claim needs to be read in each course."""
    return {
        "quantity": quantity,
        "choice": "Plain descent at a learning rate of 0.01, standardised images.",
        "readings": tuple(
            Reading(words, f"{quantity}_{name}") for name, words in OTHER_COURSES.items()
        ),
        "constant_factors": (Factor.IMAGES, Factor.WIDTH),
    }


CLAIMS = (
    Claim(
        id="depth-scale-trainability",
        kind=Kind.FINDING,
        statement=(
            "How much a random tanh network learns falls with its depth in depth scales, so "
            "that this one number orders networks of different depths and weights."
        ),
        source=SCHOENHOLZ_2017.at(
            "abstract, “random networks may be trained precisely when information can "
            "travel through them”"
        ),
        **in_each_course("median.rank_correlation.tanh"),
        measured_as=(
            "Minus Spearman's rank correlation between the share of the loss of a guess that "
            "is gone after a hundred updates and the depth in depth scales, over all networks "
            "of a draw; the median over draws."
        ),
        band=at_least(0.8),
        reason=(
            "From 0.8 on one number tells nearly all of the order; below the threshold what is "
            "learnt depends on the learning rate as well."
        ),
        departure=f"{SHORT_TRAINING} The source says “precisely when”; an order is less than that.",
        remark=(
            "The correlation of a draw is bounded by 1, so that its median is judged. Every image "
            "has the mean square 1 in the end, whatever its pixels were. By Adam the order is less "
            "clear for two reasons: ordered networks of more than nine scales learn, and of 80 "
            "layers hardly any does in a hundred updates, not even on the edge."
        ),
        control=NO_TRAINING,
        derivation="derivation-trainability",
    ),
    Claim(
        id="nothing-is-learnt-beyond",
        kind=Kind.FINDING,
        statement=(
            "Tanh networks of more than nine depth scales learn nothing in a hundred updates."
        ),
        source=THIS_STUDY.at(f"{SECTION}“What training sees”"),
        **in_each_course("median.learnt.far"),
        measured_as=(
            "The share of the loss of a guess that is gone after a hundred updates, the mean "
            "over all networks of more than nine depth scales; the median over draws."
        ),
        band=at_most(0.02),
        reason=(
            "Two hundredths of the loss of chance; in an earlier run by plain descent networks on "
            "the edge learnt a tenth and more."
        ),
        remark=(
            "All networks of more than nine scales, ordered and chaotic. What is learnt is 0 at "
            "least, so that the median is judged."
        ),
        control=NegativeControl("Count networks from a tenth of a scale on.", {"far": 0.1}),
        derivation="derivation-trainability",
    ),
)

UNTESTED = (
    Untested(
        id="trainable-six-scales",
        cause=Cause.BUDGET,
        statement="Tanh networks can be trained up to a depth of about six depth scales.",
        source=SCHOENHOLZ_2017.at("section 6, the comparison with multiples of the depth scale"),
        reason=(
            "Where the threshold lies depends on the length of the training, on its optimiser and "
            "learning rate, and on what counts as having begun. Here the trainings have a hundred "
            "updates, and one share counts as having begun; the paper trains much longer."
        ),
        remark=(
            "In seven trainings it was between four and seven scales. Whether the depth in scales "
            "orders what is learnt, whatever the factor, is depth-scale-trainability."
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.REPRODUCED,
            quantity="threshold.tanh",
            band=Band(3.0, 9.0),
            why=(
                "Four and eight would have passed as well as six, and another learning rate or "
                "another number of updates would have given another threshold."
            ),
        ),
        derivation="derivation-trainability",
    ),
)
