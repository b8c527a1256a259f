"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from typing import Any

from study.lab.training import OPTIMISERS
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

SECTION = "chapter Why weights start at random, section"
SETTING = (
    "One hidden layer of 100 units on MNIST, in {}, for 600 updates. At quick size fewer units and "
    "updates, and one training for all readings."
)
IN_DOUBLE = SETTING.format("float64")
SOFTMAX = "784 inputs and 10 outputs, on MNIST, for 600 updates."
DESCENT = (
    "Plain descent at a learning rate of 0.03 for ReLU and tanh and 0.3 for sigmoids, set without "
    "a search; standardised images."
)
SOFTMAX_DESCENT = (
    "Plain descent at a learning rate of 0.01, set without a search; standardised images."
)
COURSES = {
    "half": "Plain descent at half of this rate, standardised images.",
    "twice": "Plain descent at twice this rate, standardised images.",
    "unit": "Plain descent at this rate, pixels from 0 to 1.",
    "adam": "Adam at torch's rate, 0.001, standardised images.",
}
"""The ways to train beside the first, by the ends of the keys of their quantities."""
TRIALS = "Trials at quick size with other seeds came before: six trainings in each way."
ROUNDING = "A billionth: in float64 rounding makes less, and a single update of a weight more."
HALF_OF_THE_BIASES = (
    "A tenth to either side: the share of 100 random signs scatters by a twentieth in a draw."
)


def in_each_course(quantity: str, choice: str = DESCENT) -> dict[str, Any]:
    """Return what a claim needs to be read in each course.

    Args:
        quantity: the key of the first reading.
        choice: how that is trained.
    """
    readings = tuple(Reading(words, f"{quantity}_{end}") for end, words in COURSES.items())
    return {"quantity": quantity, "choice": choice, "readings": readings}


def hardly(arm: str) -> dict[str, float]:
    """Return the changed settings by which an arm hardly learns, whatever the optimiser."""
    return {f"arms.{arm}.learning_rates.{optimiser}": 1e-9 for optimiser in OPTIMISERS}


of_equal_units = partial(Claim, kind=Kind.IDENTITY, prediction=0.0)

OF_ZEROS = tuple(
    of_equal_units(
        id=f"zeros-hidden-units-stay-{activation}",
        statement=(
            f"A network with one hidden layer of {name} units that starts with all parameters at "
            "zero never changes a weight or a hidden bias: only the last bias learns."
        ),
        source=THIS_STUDY.at(f"{SECTION} “All zero”"),
        **in_each_course(f"change.zeros_{activation}"),
        measured_as=(
            "The largest change, over all parameters but the last biases, between the start and "
            "the end of a training from zero, averaged over draws."
        ),
        band=around(0.0, 1e-9),
        reason=ROUNDING,
        departure=IN_DOUBLE,
        remark=(
            f"{reason} No number of updates changes it, no learning rate and no optimiser that "
            f"leaves a weight of zero gradient alone; random numbers in an update would. {TRIALS}"
        ),
        control=NegativeControl(
            "Start with random weights.", {f"arms.zeros_{activation}.start": "random"}
        ),
        derivation="derivation-all-zero",
    )
    for activation, name, reason in (
        ("relu", "ReLU", "max(0, 0) = 0, and torch gives the ReLU the slope 0 at 0."),
        ("tanh", "tanh", "tanh(0) = 0; its slope of 1 does not help."),
    )
)

OF_CONSTANTS = tuple(
    of_equal_units(
        id=f"equal-units-equal-gradients-{activation}",
        statement=(
            f"Hidden {name} units with equal weights in and out have equal gradients, and so stay "
            "equal in every update."
        ),
        source=THIS_STUDY.at(f"{SECTION} “All alike”"),
        quantity=f"gradient_difference.constant_{activation}",
        choice="Standardised images.",
        readings=(
            Reading("Pixels from 0 to 1.", f"gradient_difference.constant_{activation}_unit"),
        ),
        measured_as=(
            "The largest difference between two hidden units, in the gradient of any one weight or "
            "bias, at a start with equal weights, averaged over draws."
        ),
        band=around(0.0, 1e-12),
        reason="In float64 gradients of about a hundredth are rounded far below this.",
        departure="One hidden layer of 100 units, on 2,000 images of MNIST. At quick size fewer.",
        remark=(
            "In exact arithmetic units stay equal for ever. A computer may add up the terms of two "
            "units in different orders, and what this makes can grow: rounding-parts-equal-units. "
            f"{TRIALS}"
        ),
        control=NegativeControl(
            "Start with random weights.", {f"arms.constant_{activation}.start": "random"}
        ),
        derivation="derivation-all-alike",
    )
    for activation, name in (("relu", "ReLU"), ("tanh", "tanh"), ("sigmoid", "sigmoid"))
)

CLAIMS = (
    *OF_ZEROS,
    Claim(
        id="zeros-learn-class-shares",
        kind=Kind.LAW,
        statement=(
            "A ReLU network that starts with all parameters at zero learns how frequent each "
            "class is, and nothing else: its loss becomes the entropy of the class shares."
        ),
        source=THIS_STUDY.at(f"{SECTION} “All zero”"),
        **in_each_course("loss_over_entropy.zeros_relu"),
        measured_as=(
            "The cross-entropy on validation images after training from zero, over the entropy of "
            "their class shares, averaged over draws."
        ),
        prediction=1.0,
        band=within(1.0, 0.01),
        reason=(
            "A hundredth: the last biases are noisy, since each update sees fifty labels, and the "
            "shares of training and validation images differ a little."
        ),
        departure=IN_DOUBLE,
        remark=(
            "MNIST's classes are nearly equally frequent, so this is close to ln 10, the loss of a "
            f"guess, which the band does not tell from it. {TRIALS}"
        ),
        control=NegativeControl("Start with random weights.", {"arms.zeros_relu.start": "random"}),
        derivation="derivation-all-zero",
    ),
    Claim(
        id="zeros-sigmoid-learns",
        kind=Kind.FINDING,
        statement=(
            "A network with one hidden layer of sigmoid units that starts with all parameters at "
            "zero does learn, as one unit can: it comes below nine tenths of the loss of a guess."
        ),
        source=THIS_STUDY.at(f"{SECTION} “All zero”"),
        **in_each_course("loss_over_entropy.zeros_sigmoid"),
        measured_as=(
            "The cross-entropy on validation images after training from zero, over the entropy of "
            "their class shares, averaged over draws."
        ),
        band=at_most(0.9),
        reason="A tenth below what a constant can have; biases alone come no lower than 1.",
        departure=IN_DOUBLE,
        remark=(
            "sigmoid(0) is one half and not zero, so the last weights get a gradient in the first "
            "update, and the first weights in the second. How low the loss comes in 600 updates "
            f"hangs on how fast it learns. {TRIALS}"
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Take tanh.", {"arms.zeros_sigmoid.activation": "tanh"}),
        derivation="derivation-all-zero",
    ),
    *OF_CONSTANTS,
    *(
        Claim(
            id=f"equal-units-err-more-{activation}",
            kind=Kind.FINDING,
            statement=(
                f"Trained alike, a hundred {name} units that start equal err at least three times "
                "as often as a hundred that start with random weights."
            ),
            source=THIS_STUDY.at(f"{SECTION} “All alike”"),
            **in_each_course(f"error_over_random.constant_{activation}"),
            measured_as=(
                "The error rate on validation images after training from equal weights, over that "
                "after training from random ones, averaged over draws; a ratio."
            ),
            band=at_least(3.0),
            reason=(
                "Three times: far beyond what a learning rate or a few updates make, and below "
                "what one unit that has to tell ten classes apart seems likely to have."
            ),
            departure=IN_DOUBLE,
            remark=(
                "All images and updates are the same. It is a fact about this budget: a single "
                f"unit would learn more in a longer training. {TRIALS}"
            ),
            constant_factors=(Factor.IMAGES, Factor.WIDTH),
            control=NegativeControl(
                "Start with random weights.", {f"arms.constant_{activation}.start": "random"}
            ),
            derivation="derivation-all-alike",
        )
        for activation, name in (("relu", "ReLU"), ("tanh", "tanh"))
    ),
    Claim(
        id="rounding-parts-equal-units",
        kind=Kind.FINDING,
        statement=(
            "Rounding alone parts sigmoid units that start equal, even in float64: after 600 "
            "updates two of them differ by a billionth or more."
        ),
        source=THIS_STUDY.at(f"{SECTION} “All alike”"),
        **in_each_course("log10_unit_difference.constant_sigmoid"),
        measured_as=(
            "The decimal logarithm of the largest difference between two hidden units, in any one "
            "weight or bias, after a training from equal weights in float64; -12 where it is "
            "smaller; averaged over draws."
        ),
        band=at_least(-9.0),
        reason="Ten million times what rounding makes in one update of a weight of order 1.",
        departure=IN_DOUBLE,
        remark=(
            "Found in a trial at quick size, in which the difference was a tenth on average. That "
            "equal units cannot part is true of numbers, and not of a computer's; as an "
            f"initialisation rounding is late and depends on the machine. {TRIALS}"
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Let the network hardly learn.", hardly("constant_sigmoid")),
        derivation="rounding-parts-units",
    ),
    Claim(
        id="rounding-parts-equal-units-float32",
        kind=Kind.FINDING,
        statement=(
            "In float32 rounding parts sigmoid units that start equal so far that their "
            "activations vary in more than one direction after 600 updates."
        ),
        source=THIS_STUDY.at(f"{SECTION} “All alike”"),
        **in_each_course("directions.constant_sigmoid_single"),
        measured_as=(
            "The sum of the squared singular values of the hidden activations less their mean, "
            "over the largest of these squares, on validation images, averaged over draws."
        ),
        band=at_least(1.05),
        reason="A twentieth; equal units have exactly 1.",
        departure=SETTING.format("float32"),
        remark=(
            "Float32 rounds half a billion times more coarsely, so by plain descent its units part "
            f"earlier. {TRIALS}"
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Let the network hardly learn.", hardly("constant_sigmoid_single")),
        derivation="rounding-parts-units",
    ),
    Claim(
        id="random-biases-shut-units-stay",
        kind=Kind.IDENTITY,
        statement=(
            "Where weights are zero and only biases random, ReLU units with a bias below zero "
            "never change."
        ),
        source=THIS_STUDY.at(f"{SECTION} “Only the biases random”"),
        **in_each_course("unmoved_of_shut.biases_relu"),
        measured_as=(
            "Among the hidden units whose bias is not above zero at the start, the share of which "
            "no weight and no bias has changed after training, averaged over draws."
        ),
        prediction=1.0,
        band=around(1.0, 1e-9),
        reason="A count: a single unit that moves is a hundredth or more.",
        departure=IN_DOUBLE,
        remark=(
            "Such a unit is shut for every image: no gradient passes it, and it sends nothing up "
            f"that could change what leads out of it. {TRIALS}"
        ),
        control=NegativeControl("Take tanh.", {"arms.biases_relu.activation": "tanh"}),
        derivation="derivation-only-biases",
    ),
    Claim(
        id="random-biases-half-of-relus",
        kind=Kind.LAW,
        statement=(
            "Where weights are zero and only biases random, half of all ReLU units never change."
        ),
        source=THIS_STUDY.at(f"{SECTION} “Only the biases random”"),
        **in_each_course("unmoved.biases_relu"),
        measured_as=(
            "The share of the hidden units of which no weight and no bias has changed after "
            "training, averaged over draws."
        ),
        prediction=0.5,
        band=around(0.5, 0.1),
        reason=HALF_OF_THE_BIASES,
        departure=IN_DOUBLE,
        remark=f"Of biases that are drawn symmetrically about zero; all others learn. {TRIALS}",
        control=NegativeControl("Take tanh.", {"arms.biases_relu.activation": "tanh"}),
        rival=Rival("All units change.", 0.0),
        derivation="derivation-only-biases",
    ),
    Claim(
        id="random-biases-relus-are-multiples",
        kind=Kind.IDENTITY,
        statement=(
            "Where weights are zero and only biases random, the ReLU units that learn stay "
            "multiples of a single unit."
        ),
        source=THIS_STUDY.at(f"{SECTION} “Only the biases random”"),
        **in_each_course("directions.biases_relu"),
        measured_as=(
            "The sum of the squared singular values of the hidden activations less their mean, "
            "over the largest of these squares, on validation images, averaged over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth, since rounding errors may grow in a training.",
        departure=IN_DOUBLE,
        remark=(
            "Derived for plain descent, after a trial at quick size had shown it: ReLUs are "
            "homogeneous, so a unit with twice the bias has gradients twice as large and takes "
            "steps twice as large. Adam divides a gradient by its size, so that steps are of one "
            "size for all units, and the derivation does not hold. At any rate of plain descent "
            "it holds in exact arithmetic; rounding errors grow from update to update, and at "
            "twice the rate they have parted the units by the end. Two hidden layers were not "
            f"tried. {TRIALS}"
        ),
        control=NegativeControl("Take tanh.", {"arms.biases_relu.activation": "tanh"}),
        derivation="derivation-only-biases",
    ),
    Claim(
        id="random-biases-tell-units-apart",
        kind=Kind.FINDING,
        statement=(
            "Random biases alone let a tanh layer with weights of zero learn in more than one "
            "direction: after 600 updates all directions but the first together have at least a "
            "twentieth of its variance."
        ),
        source=THIS_STUDY.at(f"{SECTION} “Only the biases random”"),
        **in_each_course("directions.biases_tanh"),
        measured_as=(
            "The sum of the squared singular values of the hidden activations less their mean, "
            "over the largest of these squares, on validation images, averaged over draws."
        ),
        band=at_least(1.05),
        reason="A twentieth; equal units have exactly 1.",
        departure=IN_DOUBLE,
        remark=(
            "At the first updates all units still learn the same direction, each at its own rate; "
            f"the bends of tanh then let them part. {TRIALS}"
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Start all alike.", {"arms.biases_tanh.start": "constant"}),
        derivation="derivation-only-biases",
    ),
    Claim(
        id="random-biases-err-more-than-weights",
        kind=Kind.FINDING,
        statement=(
            "Random biases with weights of zero are no substitute for random weights: trained "
            "alike, a tanh network errs at least half as often again."
        ),
        source=THIS_STUDY.at(f"{SECTION} “Only the biases random”"),
        **in_each_course("error_over_random.biases_tanh"),
        measured_as=(
            "The error rate on validation images after training from random biases, over that "
            "after training from random weights, averaged over draws; a ratio."
        ),
        band=at_least(1.5),
        reason="Half as often again, more than the choice of a learning rate would make here.",
        departure=IN_DOUBLE,
        remark=f"A fact about this budget: it may shrink in a longer training. {TRIALS}",
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Draw weights.", {"arms.biases_tanh.start": "random"}),
        derivation="derivation-only-biases",
    ),
    Claim(
        id="zeros-softmax-regression-learns",
        kind=Kind.LAW,
        statement=(
            "Softmax regression, without a hidden layer, learns from zeros as well as from random "
            "weights: it errs no more often, to a hundredth of the images."
        ),
        source=THIS_STUDY.at(f"{SECTION} “Without a hidden layer”"),
        **in_each_course("error_less_random.zeros_none", SOFTMAX_DESCENT),
        measured_as=(
            "The error rate on validation images after training from zero, less that after "
            "training from random weights of variance 1/n, averaged over draws."
        ),
        band=at_most(0.01),
        reason=(
            "A hundredth of the images: the loss is convex, so both tend to the same minimum, and "
            "random weights are still on their way."
        ),
        departure=SOFTMAX,
        remark=f"Zeros may do better, as nothing has to be unlearnt. {TRIALS}",
        constant_factors=(Factor.IMAGES,),
        control=NegativeControl("Let the first hardly learn.", hardly("zeros_none")),
        derivation="derivation-no-hidden-layer",
    ),
)
