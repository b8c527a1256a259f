"""What is claimed, what it predicts, and what must not agree."""

from math import log

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
    at_least,
)
from study.theory.sources import HE_2015, THIS_STUDY

DEPARTURE = (
    "Fully connected networks on MNIST, four epochs with a fixed learning rate, chosen in other "
    "draws by validation images; the paper trains convolutions on ImageNet to the end, some "
    "eighty epochs with the rate lowered twice, one network of each kind. At quick size the "
    "networks have fewer layers."
)

CLAIMS = (
    Claim(
        id="he-no-accuracy-advantage",
        kind=Kind.FINDING,
        statement=(
            "With 14 ReLU layers no clear superiority in accuracy of Xavier's or He's "
            "initialisation is observed."
        ),
        source=HE_2015.at(
            "section 2.2, of 33.90/13.44 and 33.82/13.34 per cent, “We have not observed "
            "clear superiority of one to the other on accuracy”"
        ),
        quantity="log_test_error_ratio.xavier_over_he",
        measured_as=(
            "The logarithm of a ratio: of the test error from Xavier's weights to that from "
            "He's in the same draw, each the mean over the last half epoch of four and at the "
            "learning rate that validation images chose in other draws; averaged over draws."
        ),
        prediction=log(33.90 / 33.82),
        band=around(0.0, log(38.56 / 33.82)),
        reason=(
            "The paper calls 38.56 “clearly worse” than 33.82, of 30 layers against 14; "
            "no clear superiority is taken to be a ratio nearer to 1. The prediction is "
            "the paper's ratio. An earlier band, half as many errors again either way, "
            "was wider than any difference the paper speaks of; a run with another seed, "
            "and the error after the last update, was known by then."
        ),
        departure=DEPARTURE,
        choice="Images are standardised, and each start has the learning rate that suits it.",
        readings=(
            Reading(
                "Both have the learning rate that suits He's.",
                "log_test_error_ratio.xavier_over_he_same_rate",
            ),
            Reading("Pixels are in [0, 1].", "log_test_error_ratio.xavier_over_he_pixels"),
        ),
        remark=(
            "An interval inside the band says that a difference is small, not that there "
            "is none. It may hang on the budget: after four epochs neither training is at "
            "its end."
        ),
        constant_factors=(Factor.OPTIMISER, Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Give Xavier's weights a tenth of their variance.",
            {"arms.fourteen_xavier.weight_variance": 0.1},
        ),
    ),
    Claim(
        id="he-deeper-not-better",
        kind=Kind.FINDING,
        statement=(
            "After four epochs a dense ReLU network of 30 layers has a larger test error "
            "on MNIST than one of 14, though both converge."
        ),
        source=THIS_STUDY.at(
            "chapter He et al., figure by figure, section “The text on 30 layers: deeper "
            "is not better”"
        ),
        quantity="test_error_more.thirty_than_fourteen",
        measured_as=(
            "The test error of 30 layers minus that of 14, in percentage points, both "
            "from He's weights and in the same draw, each at the learning rate that "
            "validation images chose in other draws; averaged over draws."
        ),
        band=at_least(0.0),
        reason=(
            "Any difference of this sign that the interval separates from 0; its size "
            "belongs to the task."
        ),
        departure="Images are standardised. At quick size the networks have fewer layers.",
        choice="Each depth has the learning rate that suits it.",
        readings=(
            Reading(
                "Both have the learning rate that suits 30 layers.",
                "test_error_more.thirty_than_fourteen_slow",
            ),
        ),
        remark=(
            "In an earlier run more than half of it was the learning rate. It may be that the "
            "deeper network is only later. The paper says "
            "“clearly worse” of its two networks, trained to the end on ImageNet, and "
            "guesses that “perhaps … the method of increasing depth is not appropriate, "
            "or the recognition task is not enough complex”, which MNIST is not either."
        ),
        withdrawn=Withdrawn(
            Verdict.REPRODUCED,
            "test_error_more.thirty_than_fourteen",
            Band(0.0, 90.0),
            (
                "It was charged to the paper, of networks trained to their end. After four "
                "epochs the deeper network may only be later, and at a common learning rate "
                "less than half of the difference is left."
            ),
        ),
        constant_factors=(Factor.OPTIMISER, Factor.PIXELS, Factor.WIDTH),
        control=NegativeControl("Give the deepest network three layers.", {"arms.thirty.depth": 3}),
    ),
)
