"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Band, Claim, NegativeControl
from study.theory.sources import HANIN_ROLNICK_2018, THIS_STUDY

HERE = "chapter The size of a signal at depth 1000, section “When training starts”"
LABEL = "when-training-starts"
DEPARTURE = (
    "On 10,000 images, for six epochs at most, with the quickest of four learning rates for each "
    "start, depth and draw; the paper's networks share their settings. At quick size the networks "
    "are shallower and one rate is tried."
)
SWAPPED = NegativeControl(
    "Correct the truncated weights, and leave the corrected ones as they are.",
    {"arms.truncated.weight_variance": 2.5849, "arms.corrected.weight_variance": 2.0},
)

CLAIMS = (
    Claim(
        id="hr-fig1b-start-training",
        statement=(
            "In networks of a hundred layers, as wide as they are deep, weights whose variance is "
            "not 2/fan_in start to train later or not at all: truncated ones, and those of "
            "4/fan_in and of 1/fan_in."
        ),
        source=HANIN_ROLNICK_2018.at("figure 1 (b), epochs to 20 % of accuracy on MNIST"),
        quantity="log2_updates.wrong_over_right",
        prediction=1.0,
        band=Band(0.5, 10.0),
        reason=(
            "Some four tenths more updates are the least that counts as later. A training that "
            "does not start counts with all updates allowed, so the ratio is a lower bound; the "
            "prediction, a factor of two, is a round number. Trial runs with other seeds came "
            "before it."
        ),
        departure=DEPARTURE,
        remark=(
            "The logarithm to base two of a ratio of updates: of the quickest of the three wrong "
            "sizes to the geometric mean of He's Gaussian and uniform weights, at the greatest "
            "depth. "
            "Accuracy is that on validation images."
        ),
        control=SWAPPED,
        derivation=LABEL,
    ),
    Claim(
        id="truncated-corrected-starts",
        statement=(
            "In networks of a hundred layers, truncated weights that are divided by their own "
            "standard deviation start to train sooner than those that are not."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="log2_updates.truncated_over_corrected",
        prediction=1.0,
        band=Band(0.5, 10.0),
        reason=(
            "Some four tenths more updates are the least that counts as later; the ratio is a "
            "lower bound."
        ),
        departure=DEPARTURE,
        remark=(
            "The logarithm to base two of the ratio of updates, at the greatest depth. Both have "
            "the same random numbers, but for the factor."
        ),
        control=SWAPPED,
        derivation=LABEL,
    ),
)
