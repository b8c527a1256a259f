"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Band, Claim, NegativeControl, around
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

CHAPTER = "chapter Standardising the input, section “{}”"
IN_MOST_DRAWS = "In more than half of the draws."
PIXELS = "Pixels stand for the note's miles: one half of them a thousandfold, as 100,000 to 100."
EQUAL = NegativeControl("Leave all pixels in one range.", {"inputs.mixed.upper_factor": 1.0})

CLAIMS = (
    Claim(
        id="s003-input-scale",
        statement="A thousandfold range of some inputs has a large effect on the gradients.",
        source=NORMALISATION_NOTE.at("section Inputs, “100 miles and others drove 100,000”"),
        quantity="gradient_ratio_over_standardised.mixed",
        prediction=1000.0,
        band=Band(500.0, 2000.0),
        reason="Within a factor of two, since the signal that the gradient meets changes as well.",
        departure=PIXELS,
        remark="The gradient of a weight is proportional to the input that it multiplies.",
        control=EQUAL,
        derivation="derivation-input-scale",
    ),
    Claim(
        id="mixed-scale-trains-worse",
        statement=(
            "With half of the pixels a thousandfold, no learning rate comes within ten points of "
            "the error of standardised pixels."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="rate.far_worse.mixed",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=IN_MOST_DRAWS,
        departure=PIXELS,
        remark=(
            "A rate that the thousandfold half bears is a million times too small for the other; "
            "the first signal is too large as well, and the two causes are not separated here."
        ),
        control=EQUAL,
        derivation="derivation-input-scale",
    ),
    Claim(
        id="large-scale-trains-worse",
        statement=(
            "Pixels from 0 to 255 have a common range, yet no learning rate comes within ten "
            "points of the error of standardised pixels."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="rate.far_worse.bytes",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=IN_MOST_DRAWS,
        departure="None; the weights are drawn with the variance that suits standardised pixels.",
        remark="The law of the weights' variance takes the input to have a second moment of 1.",
        control=NegativeControl("Divide the pixels by 255.", {"inputs.bytes.factor": 1.0}),
        derivation="derivation-input-scale",
    ),
    Claim(
        id="largest-step",
        statement="On least squares, gradient descent bears steps up to two over λ, and no larger.",
        source=THIS_STUDY.at(CHAPTER.format("The largest step")),
        quantity="largest_step_times_curvature.standardised",
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
        statement="A thousandfold range of half of the pixels is a millionfold curvature.",
        source=THIS_STUDY.at(CHAPTER.format("The largest step")),
        quantity="curvature_contrast_over_standardised.mixed",
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
