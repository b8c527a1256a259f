"""What is claimed, what it predicts, and what must not agree."""

from math import sqrt

from study.experiments.notes.gradients_by_hand.method import PRECISIONS
from study.record.claims import Band, Cause, Claim, Kind, NegativeControl, Untested, around
from study.theory.sources import FROM_SCRATCH_COPY, THIS_STUDY

ROUND_OFF = {"float32": 2.0**-24, "float64": 2.0**-53}
"""The largest relative error of one rounding."""
IMAGES, STEPS = 2_000, 100


def roundings(count: float, precision: str) -> Band:
    """Return the band of relative differences that so many equal roundings explain."""
    return around(0.0, count * ROUND_OFF[precision])


SUM = (
    "√2000 roundings: a sum over 2,000 images that is made in another order strays like a random "
    "walk of that many steps. Any mistake in a formula is larger by many powers of ten."
)
MEASURED = THIS_STUDY.at("chapter From functions to modules, section “All stages agree”")
ANNOUNCED = "announced by the copy of the from-scratch note, section 4"
WRONG_WEIGHTS = NegativeControl(
    "Multiply the gradients of the weights by 1.01.", {"planted.weight_factor": 1.01}
)

CLAIMS = (
    Claim(
        id="s001-promise-backward-linear",
        kind=Kind.IDENTITY,
        statement=(
            "Going back through a linear layer, ∂x = ∂z wᵀ, ∂w = xᵀ ∂z, and ∂b sums ∂z over images."
        ),
        source=THIS_STUDY.at(f"chapter The backward pass, section “The linear layer”; {ANNOUNCED}"),
        quantity="gradient_difference.mse_float64",
        measured_as=(
            "The largest relative difference between the five gradients by hand and those of "
            "autograd in float64 with the mean squared error, a ratio of norms, averaged over "
            "draws of the weights."
        ),
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason=SUM,
        remark=(
            "The largest relative difference from autograd of the five gradients of the notes' "
            "network, with respect to the images and to both layers' weights and biases."
        ),
        control=WRONG_WEIGHTS,
        derivation="derivation-linear-backward",
    ),
    Claim(
        id="gradients-by-hand-float32",
        kind=Kind.IDENTITY,
        statement="In float32, too, the gradients by hand are those of autograd up to rounding.",
        source=MEASURED,
        quantity="gradient_difference.mse_float32",
        measured_as=(
            "The largest relative difference between the five gradients by hand and those of "
            "autograd in float32 with the mean squared error, a ratio of norms, averaged over "
            "draws of the weights."
        ),
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float32"),
        reason=SUM,
        remark="The precision in which networks are trained here and in the notes.",
        control=WRONG_WEIGHTS,
        derivation="derivation-linear-backward",
    ),
    Claim(
        id="gradients-by-hand-cross-entropy",
        kind=Kind.IDENTITY,
        statement="With ten outputs and the cross-entropy the gradients by hand are autograd's.",
        source=MEASURED,
        quantity="gradient_difference.cross_entropy_float64",
        measured_as=(
            "The largest relative difference between the five gradients by hand and those of "
            "autograd in float64 with ten outputs and the cross-entropy, a ratio of norms, "
            "averaged over draws of the weights."
        ),
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason=SUM,
        remark="The network that the notes name as their aim and never show.",
        control=WRONG_WEIGHTS,
        derivation="derivation-cross-entropy-backward",
    ),
    Claim(
        id="gradients-by-hand-finite-differences",
        kind=Kind.IDENTITY,
        statement=(
            "Central differences of the loss, which need no derivative, agree with the gradients "
            "by hand."
        ),
        source=MEASURED,
        quantity="finite_difference.mse_float64",
        measured_as=(
            "The largest difference between a central difference of the loss and the gradient by "
            "hand, in units of the largest entry of that gradient, over twenty entries of each "
            "parameter, averaged over draws."
        ),
        prediction=0.0,
        band=around(0.0, 1e-3),
        reason=(
            "Two of 2,000 images: the loss is a quadratic of each entry, for which central "
            "differences are exact, unless the step takes an image across the kink of a unit. "
            "Rounding adds 1e-8."
        ),
        remark="In units of the largest entry of each gradient; twenty entries of each draw.",
        control=NegativeControl(
            "Double the gradients of the weights.", {"planted.weight_factor": 2.0}
        ),
        derivation="derivation-linear-backward",
    ),
    Claim(
        id="s001-promise-backward-relu",
        kind=Kind.IDENTITY,
        statement=(
            "Going back through the ReLU, the gradient passes where z > 0; the −0.5 of the shifted "
            "ReLU changes nothing."
        ),
        source=THIS_STUDY.at(f"chapter The backward pass, section “The ReLU”; {ANNOUNCED}"),
        quantity="preactivation_gradient_difference.mse_float64",
        measured_as=(
            "The relative difference between the gradients with respect to the preactivations by "
            "hand and by autograd, in float64, a ratio of norms, averaged over draws."
        ),
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason=(
            "√2000 roundings, as many as the gradients of the linear layer are allowed, which are "
            "sums of these over 2,000 images."
        ),
        remark=(
            "True where there is a derivative. At exactly 0 the notes' own clamp_min has the "
            "gradient 1 (relu-derivative-at-zero-clamp-min), which here would show as a difference."
        ),
        control=NegativeControl(
            "Let the shift move the place where the gradient opens.", {"planted.opens_above": 0.5}
        ),
        derivation="derivation-relu-backward",
    ),
    *(
        Claim(
            id=f"relu-derivative-at-zero-{id_}",
            kind=kind,
            statement=f"At exactly 0 the derivative of the ReLU {words} is {value:.0f}.",
            source=MEASURED,
            quantity=f"derivative_at_zero.{arm}",
            measured_as=f"The derivative that is obtained {words} at the input 0.",
            prediction=value,
            band=around(value, 0.25),
            reason="A quarter, since the subgradients that programs choose are 0, 1/2 and 1.",
            departure="None: one number, put in.",
            remark="Any number from 0 to 1 is a subgradient; programs differ in which they take.",
            control=NegativeControl(f"Read it at {kink:+.0f} instead.", {"kink": kink}),
            derivation="derivation-relu-backward",
        )
        for id_, kind, arm, words, value, kink in (
            ("by-hand", Kind.IDENTITY, "by_hand", "by hand, with z > 0,", 0.0, 1.0),
            ("torch-relu", Kind.SOFTWARE, "torch_relu", "by torch.relu", 0.0, 1.0),
            (
                "clamp-min",
                Kind.SOFTWARE,
                "clamp_min",
                "by clamp_min(0), as in the notes,",
                1.0,
                -1.0,
            ),
        )
    ),
    Claim(
        id="s001-promise-backward-loss",
        kind=Kind.IDENTITY,
        statement="The gradient of the mean squared error is 2 (outputs − targets) / n.",
        source=THIS_STUDY.at(f"chapter The loss, section “The mean squared error”; {ANNOUNCED}"),
        quantity="loss_gradient_difference.mse_float64",
        measured_as=(
            "The relative difference between the gradient of the mean squared error by hand and by "
            "autograd, in float64, a ratio of norms, averaged over draws."
        ),
        prediction=0.0,
        band=roundings(6, "float64"),
        reason="Six roundings: three operations by hand and three by autograd.",
        remark="Against autograd through torch's own loss.",
        control=NegativeControl("Forget the 2 of the square.", {"planted.loss_factor": 0.5}),
        derivation="derivation-mse-backward",
    ),
    Claim(
        id="cross-entropy-gradient-by-hand",
        kind=Kind.IDENTITY,
        statement="The gradient of the cross-entropy is (softmax − one-hot label) / n.",
        source=MEASURED,
        quantity="loss_gradient_difference.cross_entropy_float64",
        measured_as=(
            "The relative difference between the gradient of the cross-entropy by hand and by "
            "autograd, in float64, a ratio of norms, averaged over draws."
        ),
        prediction=0.0,
        band=roundings(40, "float64"),
        reason=(
            "Forty roundings: on either side a sum of ten, and about ten more for a difference, "
            "two exponentials, a logarithm and a quotient."
        ),
        remark="The loss to which the notes want to change later.",
        control=NegativeControl("Halve the gradient of the loss.", {"planted.loss_factor": 0.5}),
        derivation="derivation-cross-entropy-backward",
    ),
    Claim(
        id="s001-promise-refactor",
        kind=Kind.IDENTITY,
        statement="Refactoring functions into layers and layers into modules changes no gradient.",
        source=THIS_STUDY.at(
            f"chapter From functions to modules, section “Stage 4: a chain”; {ANNOUNCED}"
        ),
        quantity="stage_difference.mse_float64",
        measured_as=(
            "The largest relative difference between the gradients of a later stage of the program "
            "and those of the first, in float64, a ratio of norms, averaged over draws."
        ),
        prediction=0.0,
        band=roundings(sqrt(IMAGES), "float64"),
        reason=SUM,
        remark=(
            "Stages 2 to 5 against stage 1. Stages 2 to 4 do the same operations in the same order "
            "and give the same bits; torch.nn in stage 5 rounds otherwise."
        ),
        control=NegativeControl(
            "Show the chain other images before it goes down, so that it remembers those.",
            {"planted.stale": True},
        ),
        derivation="from-functions-to-modules",
    ),
    *(
        Claim(
            id=f"training-by-hand-{precision}",
            kind=Kind.IDENTITY,
            statement=f"Trained by hand in {precision}, the network equals that of torch.nn.",
            source=MEASURED,
            quantity=f"training_parameter_difference.mse_{precision}",
            measured_as=(
                "The largest relative difference of a parameter between training by hand and by "
                f"torch.nn at any step, in {precision}, a ratio of norms, averaged over draws."
            ),
            prediction=0.0,
            band=roundings(STEPS, precision),
            reason=(
                "One hundred roundings, one for each step: at these learning rates a step does not "
                "enlarge what is already there."
            ),
            remark="The largest relative difference of a parameter at any of the steps.",
            control=WRONG_WEIGHTS,
            derivation="from-functions-to-modules",
        )
        for precision in PRECISIONS
    ),
)

UNTESTED = (
    Untested(
        id="s001-section-promises",
        cause=Cause.WORDS,
        statement=(
            "The note has four sections: what “from foundations” means, what is inside an operator "
            "of PyTorch, the forward and backward pass, and backward, chain rule and refactoring."
        ),
        source=FROM_SCRATCH_COPY.at("“This note is divided into 4 section”"),
        reason="A table of contents; whether its sections are there is read, not measured.",
        remark=(
            "The note ends after the forward pass: of the third section one half is there, of the "
            "others nothing. Here, chapter From functions to modules has the inside of the "
            "operator and the refactoring, chapters The loss and The backward pass the rest of "
            "three and four. The first section is about a course and has no place here."
        ),
        derivation="from-functions-to-modules",
    ),
)
