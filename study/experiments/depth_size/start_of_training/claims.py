"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, Factor, Kind, NegativeControl, at_least
from study.theory.sources import HANIN_ROLNICK_2018, THIS_STUDY

SECTION = "chapter Scaling all weights, section “A wrong size delays training”"
LABEL = "when-training-starts"
DEPARTURE = (
    "On 10,000 images, for six epochs at most, with the quickest of four learning rates for each "
    "start, depth and draw; the paper's networks share their settings. At quick size the networks "
    "are shallower and one rate is tried."
)

CLAIMS = (
    Claim(
        id="hr-fig1b-start-training",
        kind=Kind.FINDING,
        statement=(
            "In networks of a hundred layers, as wide as they are deep, truncated weights and "
            "those of variance 1/fan_in start to train later than those of variance 2/fan_in, "
            "or not at all."
        ),
        source=HANIN_ROLNICK_2018.at(
            "figure 1 (b), epochs to 20 % of accuracy on MNIST, and abstract, “We "
            "demonstrate empirically the effectiveness of our theoretical results in "
            "predicting when networks are able to start training”"
        ),
        quantity="median.log2_updates.wrong_over_right",
        measured_as=(
            "The binary logarithm of a ratio of updates to 20 per cent of accuracy on "
            "validation images, at the greatest depth and each start at the quickest of its "
            "learning rates: of the quickest of the wrong sizes to the geometric mean of He's "
            "Gaussian and uniform weights; the median over draws."
        ),
        band=at_least(0.5),
        reason=(
            "Some four tenths more updates are the least that counts as later. A training "
            "that does not start counts with all updates allowed, so the ratio is a lower "
            "bound. Trial runs with other seeds came before it."
        ),
        departure=DEPARTURE,
        remark=(
            "The quickest of the wrong sizes is cut off at all updates allowed in every draw, "
            "so the number says how soon the right size starts. The figure also has twice "
            "He's variance. That arm is among the wrong sizes here and started at no depth, "
            "not even at 20 layers, nor at any of the four learning rates, so it tests their "
            "grid and not the depth; the statement leaves it out."
        ),
        constant_factors=(Factor.OPTIMISER, Factor.PIXELS, Factor.IMAGES),
        control=NegativeControl(
            "Correct the truncated weights.", {"arms.truncated.weight_variance": 2.5849}
        ),
        derivation=LABEL,
    ),
    Claim(
        id="truncated-corrected-starts",
        kind=Kind.FINDING,
        statement=(
            "In networks of a hundred layers, truncated weights that are divided by their own "
            "standard deviation start to train sooner than those that are not."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="median.log2_updates.truncated_over_corrected",
        measured_as=(
            "The binary logarithm of a ratio of updates to 20 per cent of accuracy on "
            "validation images, at the greatest depth and each start at the quickest of its "
            "learning rates: of truncated weights to truncated weights that are divided by "
            "their own standard deviation; the median over draws."
        ),
        band=at_least(0.5),
        reason=(
            "Some four tenths more updates are the least that counts as later; the ratio is a "
            "lower bound."
        ),
        departure=DEPARTURE,
        remark=(
            "The logarithm to base two of the ratio of updates, at the greatest depth. Both have "
            "the same random numbers, but for the factor."
        ),
        constant_factors=(Factor.OPTIMISER, Factor.PIXELS, Factor.IMAGES),
        control=NegativeControl(
            "Leave the corrected weights as they are.", {"arms.corrected.weight_variance": 2.0}
        ),
        derivation=LABEL,
    ),
)
