"""What is claimed, what it predicts, and what must not agree."""

from study.experiments.notes.losses import rounding_error_rate
from study.record.claims import Band, Claim, NegativeControl, Untested, around
from study.theory.sources import FROM_SCRATCH_NOTE, SHORT_NOTE, THIS_STUDY

FORGOTTEN = "chapter The loss, section “The forgotten squeeze”"
PUT_IT_IN = NegativeControl("Put the squeeze in.", {"arms.forgotten.loss": "squared_error"})
OF_TEN_OUTPUTS = 0.05
"""An error rate that ten outputs may be expected to have."""
MORE_OF_ONE_OUTPUT = rounding_error_rate(1.0) - OF_TEN_OUTPUTS

CLAIMS = (
    Claim(
        id="digit-as-number-misreads",
        statement=(
            "One output, rounded to the nearest digit, misreads over five points more of the "
            "images than ten outputs do."
        ),
        source=THIS_STUDY.at("chapter The loss, section “A digit as a number”"),
        quantity="error_difference.digit_minus_classes",
        prediction=MORE_OF_ONE_OUTPUT,
        band=Band(OF_TEN_OUTPUTS, 1.0),
        reason=(
            "From five points on, since so much one might give up for a simpler loss: it is about "
            "as much as ten outputs make errors in all."
        ),
        departure=(
            "None. The prediction is for Gaussian residuals with a deviation of one digit, less "
            "five points for the errors of ten outputs."
        ),
        remark=(
            "The number makes 7 resemble 8 and puts 4 between 3 and 5; rounding is right only if "
            "the residual is below one half."
        ),
        control=NegativeControl(
            "Give the arm ten outputs and the cross-entropy.",
            {"arms.digit.loss": "cross_entropy", "arms.digit.learning_rate": 0.09},
        ),
        derivation="derivation-mse-classification",
    ),
    Claim(
        id="s004-mse-squeeze",
        statement=(
            "The unit axis of the outputs must be removed in the squared error: left in, with "
            "targets of shape (n,), the network learns nothing."
        ),
        source=FROM_SCRATCH_NOTE.at("section 2.2, bullet “so we remove unit axis”"),
        quantity="explained.forgotten",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason=(
            "A tenth of the variance: outputs that have not yet forgotten where they began err by "
            "some hundredths either way; the right loss explains more than half."
        ),
        departure=(
            "The note removes the axis; here it is left in, and the network trained. The quantity "
            "is the share of the digits' variance that the outputs then explain."
        ),
        remark=(
            "A vector, not a unit vector, and no vector as such: both shapes must be the same "
            "(mse-shapes-must-match). Without that, torch computes another loss and says nothing. "
            "It is nothing but for a trace that small minibatches let through "
            "(broadcast-training-by-batch)."
        ),
        control=PUT_IT_IN,
        derivation="derivation-broadcasting",
    ),
    Claim(
        id="broadcast-training-reported-loss",
        statement=(
            "Without squeeze, the squared error that a training reports comes to rest at the "
            "variance of the targets."
        ),
        source=THIS_STUDY.at(FORGOTTEN),
        quantity="reported_loss_over_variance.forgotten",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="Ten per cent: what is left of the first outputs adds its variance to the loss.",
        departure="The last quarter of a training of few epochs, not its end.",
        remark="So a loss that falls, and stays at 8.3 for digits, is the sign of this slip.",
        control=PUT_IT_IN,
        derivation="derivation-broadcasting",
    ),
    Claim(
        id="broadcast-training-by-batch",
        statement=(
            "Without squeeze, minibatches of B teach 1/B of what the right squared error does."
        ),
        source=THIS_STUDY.at(FORGOTTEN),
        quantity="slope_times_batch.forgotten_over_digit",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=(
            "A half: networks are not linear, so the law is not exact for them; the rivals are 0, "
            "if nothing were learnt at all, and B, if all were."
        ),
        departure="Minibatches of 8, where 1/B is large enough to be seen above the noise.",
        remark=(
            "The mean target of a minibatch contains each image's own, with weight 1/B. The "
            "quantity is B times the ratio of the slopes of outputs on targets."
        ),
        control=NegativeControl(
            "Put the squeeze in.", {"arms.forgotten_by_eight.loss": "squared_error"}
        ),
        derivation="derivation-broadcasting",
    ),
)

UNTESTED = (
    Untested(
        id="s000-mse-for-classification",
        statement="For the time being, the squared error of the digit will do for a loss.",
        source=SHORT_NOTE.at("text “For simplification we will use MSE for the time being”"),
        reason="A choice for the time being, not a statement about how well it does.",
        remark=(
            "How far it carries is digit-as-number-misreads: read off by rounding, one output "
            "misreads many more digits than ten outputs do."
        ),
        derivation="derivation-mse-classification",
    ),
)
