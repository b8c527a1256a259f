"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, Factor, Kind, NegativeControl, Reading, around, at_least
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

CHAPTER = "chapter Standardising the input, section “{}”"
IN_MOST_DRAWS = "In more than half of the draws."
PIXELS = "Pixels stand for the note's miles: one half of them a thousandfold, as 100,000 to 100."
DESCENT = "Plain descent."
ADAM = "Adam."
SEARCHED = (
    "either at the learning rate, of a grid in steps of 2, with the smallest error in trainings "
    "with other weights"
)
TRIALS = (
    "Trials with other seeds came before: two trainings at rates of the grids, which were set with "
    "them in view. In an earlier run each draw had the best of eight rates in steps of 3."
)
EQUAL = NegativeControl("Leave all pixels in one range.", {"inputs.mixed.upper_factor": 1.0})

CLAIMS = (
    Claim(
        id="s003-input-scale",
        kind=Kind.FINDING,
        statement=(
            "Inputs of 100 beside others of 100,000 could have large impacts on the gradients."
        ),
        source=NORMALISATION_NOTE.at(
            "section Inputs, “if some users drove 100 miles and others drove 100,000 that creates "
            "a significantly large data set that could have large imapcts on the gradients”"
        ),
        quantity="gradient_ratio_over_standardised.mixed",
        measured_as=(
            "How many times larger the gradient of the first weights of the enlarged half is, over "
            "that of the other half, than with standardised pixels: a ratio of norms before "
            "training, averaged over draws."
        ),
        band=at_least(500.0),
        reason=(
            "From half of the thousandfold on, since the signal that the gradient meets changes as "
            "well."
        ),
        departure=(
            "Pixels stand for the note's miles, one half of them a thousandfold; the note's range "
            "is between users, within one input."
        ),
        remark=(
            "The gradient of a weight is proportional to the input that it multiplies: of a "
            "thousandfold input it is a thousandfold, as long as the rest of the signal is the "
            "same."
        ),
        control=NegativeControl("Multiply by 300 only.", {"inputs.mixed.upper_factor": 300.0}),
        derivation="derivation-input-scale",
    ),
    Claim(
        id="mixed-scale-trains-worse",
        kind=Kind.FINDING,
        statement=(
            "With half of the pixels a thousandfold, the error is more than ten points above that "
            "of standardised pixels, each at the learning rate that is best for it on average."
        ),
        source=THIS_STUDY.at(CHAPTER.format("The first layer passes the mean square on")),
        quantity="rate.far_worse.mixed",
        measured_as=(
            "The share of draws, from 0 to 1, in which the validation error with half of the "
            "pixels a thousandfold is more than ten percentage points above that with standardised "
            f"pixels, {SEARCHED}."
        ),
        band=at_least(0.5),
        reason=IN_MOST_DRAWS,
        departure=PIXELS,
        remark=(
            "A rate that is small enough for the thousandfold half is a million times too small "
            "for the other in plain descent, and with Adam, whose steps leave out the size of the "
            "gradient, a thousand times; the first signal is too large as well, and the two causes "
            f"are not separated here. {TRIALS}"
        ),
        choice=DESCENT,
        readings=(Reading(ADAM, "rate.far_worse.mixed_adam"),),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=EQUAL,
        derivation="derivation-input-scale",
    ),
    Claim(
        id="large-scale-trains-worse",
        kind=Kind.FINDING,
        statement=(
            "Pixels from 0 to 255 have a common range, yet the error is more than ten points above "
            "that of standardised pixels, each at the learning rate that is best for it on average."
        ),
        source=THIS_STUDY.at(CHAPTER.format("The first layer passes the mean square on")),
        quantity="rate.far_worse.bytes",
        measured_as=(
            "The share of draws, from 0 to 1, in which the validation error with pixels from 0 to "
            "255 is more than ten percentage points above that with standardised pixels, "
            f"{SEARCHED}."
        ),
        band=at_least(0.5),
        reason=IN_MOST_DRAWS,
        departure=(
            "None but for the search: learning rates are tried on a grid, and the weights are "
            "drawn with the variance that suits standardised pixels."
        ),
        remark=(
            "The law of the weights' variance takes the input to have a second moment of 1. "
            f"{TRIALS}"
        ),
        choice=DESCENT,
        readings=(Reading(ADAM, "rate.far_worse.bytes_adam"),),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Divide the pixels by 255.", {"inputs.bytes.factor": 1.0}),
        derivation="derivation-input-scale",
    ),
    Claim(
        id="largest-step",
        kind=Kind.IDENTITY,
        statement=(
            "On least squares, gradient descent does not diverge with steps up to two over λ, and "
            "diverges with larger ones."
        ),
        source=THIS_STUDY.at(CHAPTER.format("The first layer passes the mean square on")),
        quantity="largest_step_times_curvature.standardised",
        measured_as=(
            "The largest of the tried step sizes with which gradient descent on least squares does "
            "not diverge, times the largest eigenvalue λ, on standardised pixels."
        ),
        prediction=2.0,
        band=around(2.0, 0.1),
        reason="Five per cent, the distance of the steps that are tried.",
        remark=(
            "λ is the largest eigenvalue of the inputs' second-moment matrix. The loss of a "
            "network is not quadratic, and for it this is no bound."
        ),
        control=NegativeControl(
            "Leave the factor 1/2 out of the loss.", {"curvature.loss_factor": 1.0}
        ),
        derivation="derivation-input-scale",
    ),
    Claim(
        id="range-enters-curvature-squared",
        kind=Kind.IDENTITY,
        statement="A thousandfold range of half of the pixels is a millionfold curvature.",
        source=THIS_STUDY.at(CHAPTER.format("The first layer passes the mean square on")),
        quantity="curvature_contrast_over_standardised.mixed",
        measured_as=(
            "The largest eigenvalue of the enlarged half of the pixels over that of the other "
            "half, as a multiple of what it is with standardised pixels."
        ),
        prediction=1e6,
        band=around(1e6, 1e4),
        reason="One per cent; it is an identity, and only rounding could move it.",
        remark=(
            "A second derivative contains two inputs as factors, a gradient one: the range enters "
            "the curvature squared, the gradient once."
        ),
        control=NegativeControl("Multiply by 100 only.", {"inputs.mixed.upper_factor": 100.0}),
        derivation="derivation-input-scale",
    ),
)
