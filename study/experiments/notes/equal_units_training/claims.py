"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import (
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Rival,
    around,
    at_least,
    at_most,
    within,
)
from study.theory.sources import THIS_STUDY

SECTION = "chapter Why weights start at random, section"
SETTING = (
    "One hidden layer of 100 units on standardised images of MNIST, in float64, for 600 updates of "
    "plain gradient descent. The learning rate, 0.03 for ReLU and tanh and 0.3 for sigmoids, was "
    "set without a search. At quick size fewer units and updates."
)
ROUNDING = "A billionth: in float64 rounding makes less, and a single update of a weight more."
HALF_OF_THE_BIASES = (
    "A tenth to either side: the share of 100 random signs scatters by a twentieth in a draw."
)

of_equal_units = partial(Claim, kind=Kind.IDENTITY, prediction=0.0)

OF_ZEROS = tuple(
    of_equal_units(
        id=f"zeros-hidden-units-stay-{activation}",
        statement=(
            f"A network with one hidden layer of {name} units that starts with all parameters at "
            "zero never changes a weight or a hidden bias: only the last bias learns."
        ),
        source=THIS_STUDY.at(f"{SECTION} “All zero”"),
        quantity=f"change.zeros_{activation}",
        measured_as=(
            "The largest change, over all parameters but the last biases, between the start and "
            "the end of a training from zero, averaged over draws."
        ),
        band=around(0.0, 1e-9),
        reason=ROUNDING,
        departure=SETTING,
        remark=(
            f"{reason} No number of updates changes it, no learning rate and no optimiser that "
            "leaves a weight of zero gradient alone; random numbers in an update would."
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
        measured_as=(
            "The largest difference between two hidden units, in the gradient of any one weight or "
            "bias, at a start with equal weights, averaged over draws."
        ),
        band=around(0.0, 1e-12),
        reason="In float64 gradients of about a hundredth are rounded far below this.",
        departure="One hidden layer of 100 units, on 2,000 images of MNIST. At quick size fewer.",
        remark=(
            "In exact arithmetic units stay equal for ever. A computer may add up the terms of two "
            "units in different orders, and what this makes can grow: rounding-parts-equal-units."
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
        quantity="loss_over_entropy.zeros_relu",
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
        departure=SETTING,
        remark=(
            "MNIST's classes are nearly equally frequent, so this is close to ln 10, the loss of a "
            "guess, which the band does not tell from it."
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
        quantity="loss_over_entropy.zeros_sigmoid",
        measured_as=(
            "The cross-entropy on validation images after training from zero, over the entropy of "
            "their class shares, averaged over draws."
        ),
        band=at_most(0.9),
        reason="A tenth below what a constant can have; biases alone come no lower than 1.",
        departure=SETTING,
        remark=(
            "sigmoid(0) is one half and not zero, so the last weights get a gradient in the first "
            "update, and the first weights in the second."
        ),
        constant_factors=tuple(Factor),
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
            quantity=f"error_over_random.constant_{activation}",
            measured_as=(
                "The error rate on validation images after training from equal weights, over that "
                "after training from random ones, averaged over draws; a ratio."
            ),
            band=at_least(3.0),
            reason=(
                "Three times: far beyond what a learning rate or a few updates make, and below "
                "what one unit that has to tell ten classes apart seems likely to have."
            ),
            departure=SETTING,
            remark=(
                "All images and updates are the same. It is a fact about this budget: a single "
                "unit would learn more in a longer training."
            ),
            constant_factors=tuple(Factor),
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
        quantity="log10_unit_difference.constant_sigmoid",
        measured_as=(
            "The decimal logarithm of the largest difference between two hidden units, in any one "
            "weight or bias, after a training from equal weights in float64; -12 where it is "
            "smaller; averaged over draws."
        ),
        band=at_least(-9.0),
        reason="Ten million times what rounding makes in one update of a weight of order 1.",
        departure=SETTING,
        remark=(
            "Found in a trial at quick size, in which the difference was a tenth on average. That "
            "equal units cannot part is true of numbers, and not of a computer's; as an "
            "initialisation rounding is late and depends on the machine."
        ),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Let the network hardly learn.", {"arms.constant_sigmoid.learning_rate": 1e-4}
        ),
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
        quantity="directions.constant_sigmoid_single",
        measured_as=(
            "The sum of the squared singular values of the hidden activations less their mean, "
            "over the largest of these squares, on validation images, averaged over draws."
        ),
        band=at_least(1.05),
        reason="A twentieth; equal units have exactly 1.",
        departure=SETTING,
        remark="Float32 rounds a billion times more coarsely, so its units part earlier.",
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Let the network hardly learn.", {"arms.constant_sigmoid_single.learning_rate": 1e-4}
        ),
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
        quantity="unmoved_of_shut.biases_relu",
        measured_as=(
            "Among the hidden units whose bias is not above zero at the start, the share of which "
            "no weight and no bias has changed after training, averaged over draws."
        ),
        prediction=1.0,
        band=around(1.0, 1e-9),
        reason="A count: a single unit that moves is a hundredth or more.",
        departure=SETTING,
        remark=(
            "Such a unit is shut for every image: no gradient passes it, and it sends nothing up "
            "that could change what leads out of it."
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
        quantity="unmoved.biases_relu",
        measured_as=(
            "The share of the hidden units of which no weight and no bias has changed after "
            "training, averaged over draws."
        ),
        prediction=0.5,
        band=around(0.5, 0.1),
        reason=HALF_OF_THE_BIASES,
        departure=SETTING,
        remark="Of biases that are drawn symmetrically about zero; all others learn.",
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
        quantity="directions.biases_relu",
        measured_as=(
            "The sum of the squared singular values of the hidden activations less their mean, "
            "over the largest of these squares, on validation images, averaged over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth, since rounding errors may grow in a training.",
        departure=SETTING,
        remark=(
            "Derived after a trial at quick size had shown it. Random biases break no tie of ReLUs "
            "in one hidden layer, since they are homogeneous; two hidden layers were not tried."
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
        quantity="directions.biases_tanh",
        measured_as=(
            "The sum of the squared singular values of the hidden activations less their mean, "
            "over the largest of these squares, on validation images, averaged over draws."
        ),
        band=at_least(1.05),
        reason="A twentieth; equal units have exactly 1.",
        departure=SETTING,
        remark=(
            "At the first updates all units still learn the same direction, each at its own rate; "
            "the bends of tanh then let them part."
        ),
        constant_factors=tuple(Factor),
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
        quantity="error_over_random.biases_tanh",
        measured_as=(
            "The error rate on validation images after training from random biases, over that "
            "after training from random weights, averaged over draws; a ratio."
        ),
        band=at_least(1.5),
        reason="Half as often again, more than the choice of a learning rate would make here.",
        departure=SETTING,
        remark="A fact about this budget: it may shrink in a longer training.",
        constant_factors=tuple(Factor),
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
        quantity="error_less_random.zeros_none",
        measured_as=(
            "The error rate on validation images after training from zero, less that after "
            "training from random weights of variance 1/n, averaged over draws."
        ),
        band=at_most(0.01),
        reason=(
            "A hundredth of the images: the loss is convex, so both tend to the same minimum, and "
            "random weights are still on their way."
        ),
        departure=(
            "784 inputs, 10 outputs, 600 updates of plain gradient descent on standardised images "
            "of MNIST, at a learning rate of 0.01 that was set without a search."
        ),
        remark="Zeros may be better here, and are not worse: the classes tell the outputs apart.",
        control=NegativeControl(
            "Let the first hardly learn.", {"arms.zeros_none.learning_rate": 1e-9}
        ),
        derivation="derivation-no-hidden-layer",
    ),
)
