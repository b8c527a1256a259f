"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log2, sqrt

from study.record.claims import Claim, Kind, NegativeControl, Rival, around, at_least, within
from study.theory.activations import activation
from study.theory.mean_field import gradient_factor, length_fixed_point
from study.theory.recurrence import (
    DEFAULT_WEIGHT_VARIANCE,
    fresh_mixture,
    largest_stretch,
    power_second_moment,
    repeated_mixture,
)
from study.theory.sources import THIS_STUDY

CHAPTER = "chapter The same matrix at each step, section"
EARLY, WIDTH, ROWS, POWER = 8, 256, 28, 8
NETWORK = "Recurrent networks of width 256 without biases before training, from MNIST images."
AT_REST = 0.25 * sqrt(DEFAULT_WEIGHT_VARIANCE)
"""What is beside half an identity in torch's gated cells at rest: its size."""
TANH = activation("tanh")
SETTLED = length_fixed_point(TANH, 2.25, 0.0)
STATE = (
    "The binary logarithm of the factor by which the state's root mean square grows in a step, a "
    "mean over 28 steps, averaged over matrices."
)
BACK = (
    "The binary logarithm of the factor by which the gradient's root mean square grows in a step "
    "back, a mean over {} steps, averaged over matrices."
)


def per_step(second_moment: float) -> float:
    """Return the power of two by which a size grows per row, if its mean square grows so in all."""
    return log2(second_moment) / 2 / ROWS


REPEATED = per_step(repeated_mixture(ROWS, 0.5, AT_REST, WIDTH))
FRESH = per_step(fresh_mixture(ROWS, 0.5, AT_REST))

law = partial(Claim, kind=Kind.LAW, departure=NETWORK)
of_linear = partial(
    law, source=THIS_STUDY.at(f"{CHAPTER} “A linear network”"), derivation="derivation-powers"
)
of_mixture = partial(
    law,
    source=THIS_STUDY.at(f"{CHAPTER} “An identity beside the matrix”"),
    derivation="derivation-identity-beside",
)
ACTIVATIONS = THIS_STUDY.at(f"{CHAPTER} “ReLU and tanh”")
DEFAULTS = THIS_STUDY.at(f"{CHAPTER} “What torch starts with”")

OF_LINEAR = (
    of_linear(
        id="repeated-gaussian-keeps-size-early",
        statement=(
            "Eight uses of one Gaussian matrix of variance 1/n keep the mean square of a linear "
            "network of width 256 to a few per cent, as eight fresh matrices do."
        ),
        quantity="mean_square_of_power.gaussian_repeated",
        measured_as=(
            "The mean square that the eighth power of the matrix makes of one, over all "
            "directions, averaged over matrices. At quick size the fourth power."
        ),
        prediction=power_second_moment(EARLY, WIDTH),
        band=within(power_second_moment(EARLY, WIDTH), 0.1),
        reason="A tenth: the law is that of complex numbers, and real ones have a little more.",
        remark=(
            "It departs from 1 where the square of the steps comes near the width. For the "
            "sixteenth power a first reference left it open, at 0.998 ± 0.071; a quick run "
            "before had looked at the states of images, which scatter more."
        ),
        control=NegativeControl(
            "Take weights of variance 1.1/n.", {"arms.gaussian_repeated.weight_variance": 1.1}
        ),
        rival=Rival("Each use stretches by the largest singular value, 2.", 4.0**EARLY),
    ),
    of_linear(
        id="repeated-gaussian-late-is-radius",
        statement=(
            "After 300 uses of one Gaussian matrix a linear network grows at each step by the "
            "spectral radius of that very matrix."
        ),
        quantity="late_over_radius.gaussian_repeated",
        measured_as=(
            "The factor by which the root mean square of the state grows in a step, a geometric "
            "mean over the last quarter of 400 steps, over the largest modulus of an eigenvalue, "
            "averaged over matrices; a ratio."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=(
            "A hundredth: pairs of eigenvalues make the size swing by a factor of a few, which a "
            "hundred steps spread out."
        ),
        remark="The matrix decides it, not its law: no average over draws is needed.",
        control=NegativeControl(
            "Stop after 28 steps, when the size has hardly left the start.",
            {"arms.gaussian_repeated.steps": 28},
        ),
    ),
    of_linear(
        id="gaussian-spectral-radius",
        statement=(
            "The spectral radius of a wide Gaussian matrix of variance σ²/n is about σ, half of "
            "its largest singular value."
        ),
        quantity="radius.gaussian_repeated",
        measured_as="The largest modulus of an eigenvalue, averaged over matrices; σ is 1.",
        prediction=1.0,
        band=around(1.0, 0.08),
        reason="At this width the outermost of the eigenvalues lies a few hundredths farther out.",
        remark="The limit follows from the largest stretch of powers, by its root of that order.",
        control=NegativeControl(
            "Take weights of variance 2/n.", {"arms.gaussian_repeated.weight_variance": 2.0}
        ),
        rival=Rival("It is the largest singular value.", 2.0),
    ),
    of_linear(
        id="power-stretches-more-than-radius",
        statement=(
            "The eighth power of a wide Gaussian matrix of variance 1/n stretches one direction by "
            "4.8, though its spectral radius is 1."
        ),
        quantity="stretch.gaussian_repeated",
        measured_as="The largest singular value of the eighth power, averaged over matrices.",
        prediction=largest_stretch(POWER),
        band=within(largest_stretch(POWER), 0.12),
        reason="An eighth, since the law is that of infinite width.",
        remark="In general about √(e (t + 1)) after t steps: it grows, but not by a factor a step.",
        control=NegativeControl(
            "Take weights of variance 1.5/n.", {"arms.gaussian_repeated.weight_variance": 1.5}
        ),
        rival=Rival("Each use stretches by the largest singular value, 2.", 2.0**POWER),
    ),
    law(
        id="repeated-orthogonal-keeps-size",
        kind=Kind.IDENTITY,
        statement="A hundred uses of one orthogonal matrix keep every norm in a linear network.",
        source=THIS_STUDY.at(f"{CHAPTER} “A linear network”"),
        derivation="derivation-powers",
        quantity="factor.orthogonal_repeated",
        measured_as=(
            "The mean square of the state after 100 steps over that before, averaged over matrices."
        ),
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth: float32 rounds off less in a hundred steps.",
        remark="The gradient's norm is kept as well, by the transpose.",
        control=NegativeControl(
            "Shrink the matrix by a twentieth.", {"arms.orthogonal_repeated.weight_variance": 0.9}
        ),
    ),
)

OF_MIXTURES = (
    of_mixture(
        id="identity-beside-repeated-matrix",
        statement=(
            "Half an identity plus one Gaussian matrix of variance 1/(48 n), used 28 times, "
            "shrinks a state by 0.69 powers of two in a step."
        ),
        quantity="growth.mixture_repeated",
        measured_as=STATE,
        prediction=REPEATED,
        band=around(REPEATED, 0.02),
        reason="Two hundredths: the mean of a logarithm is a little less than that of the mean.",
        remark="Ways to take the matrix in k of the steps give the same power, so they add up.",
        control=NegativeControl(
            "Take a fresh matrix in each step.", {"arms.mixture_repeated.repeated": False}
        ),
        rival=Rival("As with fresh matrices.", FRESH),
    ),
    of_mixture(
        id="identity-beside-fresh-matrices",
        statement=(
            "Half an identity plus a fresh Gaussian matrix of variance 1/(48 n) in each of 28 "
            "steps shrinks a state by 0.94 powers of two in a step."
        ),
        quantity="growth.mixture_fresh",
        measured_as=STATE,
        prediction=FRESH,
        band=around(FRESH, 0.02),
        reason="Two hundredths: the mean of a logarithm is a little less than that of the mean.",
        remark="Over 28 steps that is a hundred and forty times less than with one matrix.",
        control=NegativeControl(
            "Take one matrix for all steps.", {"arms.mixture_fresh.repeated": True}
        ),
        rival=Rival("As with one matrix for all steps.", REPEATED),
    ),
)

OF_ACTIVATIONS = (
    law(
        id="relu-identity-holds-state",
        kind=Kind.IDENTITY,
        statement=(
            "A ReLU network whose recurrent matrix is the identity holds its state exactly as long "
            "as nothing is read."
        ),
        source=ACTIVATIONS,
        derivation="derivation-recurrent-activations",
        quantity="change.relu_identity",
        measured_as=(
            "The largest change of a unit between steps 50 and 100, after 28 rows have been read, "
            "averaged over draws."
        ),
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason="A state that is not negative is its own ReLU, and no digit is rounded.",
        remark="A bias below 0 would let it fade, and what is read next changes it.",
        control=NegativeControl(
            "Take nine tenths of the identity.", {"arms.relu_identity.identity": 0.9}
        ),
    ),
    Claim(
        id="repeated-relu-scatters-more",
        kind=Kind.FINDING,
        statement=(
            "From step 50 to step 100 the size of a ReLU network with one matrix of variance 2/n "
            "grows or shrinks far more than with fresh matrices: its logarithm is at least twice "
            "as large."
        ),
        source=ACTIVATIONS,
        derivation="derivation-recurrent-activations",
        departure=NETWORK,
        quantity="scatter.relu_repeated",
        measured_as=(
            "The logarithm of the factor between squared norms, its root mean square over images, "
            "over what the law of the log norm gives for fresh matrices, averaged over matrices; a "
            "ratio."
        ),
        band=at_least(2.0),
        reason="With fresh matrices this is 1 at most on average.",
        remark=(
            "What comes of a step is settled once the direction is, and then comes again at each. "
            "A first quick run took mean squares, which scatter more."
        ),
        control=NegativeControl(
            "Take a fresh matrix in each step.", {"arms.relu_repeated.repeated": False}
        ),
    ),
    law(
        id="repeated-tanh-settles",
        statement=(
            "A tanh network with one Gaussian matrix of variance 2.25/n settles at the mean square "
            "that the length map of fresh matrices has as its fixed point."
        ),
        source=ACTIVATIONS,
        derivation="derivation-recurrent-activations",
        quantity="second_moment.tanh_repeated",
        measured_as=(
            "The mean square of the state after 60 steps, over units and images, averaged over "
            "matrices."
        ),
        prediction=SETTLED / 2.25,
        band=within(SETTLED / 2.25, 0.05),
        reason="A twentieth, since the law is that of infinite width.",
        remark="The state itself does not settle: it wanders at a constant size.",
        control=NegativeControl(
            "Take weights of variance 1.5/n.", {"arms.tanh_repeated.weight_variance": 1.5}
        ),
    ),
    law(
        id="repeated-tanh-gradient",
        statement=(
            "Through a tanh network with one Gaussian matrix of variance 2.25/n the gradient grows "
            "by 0.09 powers of two in each step back, as through fresh ones."
        ),
        source=ACTIVATIONS,
        derivation="derivation-recurrent-activations",
        quantity="gradient_rate.tanh_repeated",
        measured_as=BACK.format(60),
        prediction=log2(gradient_factor(TANH, SETTLED, 2.25)) / 2,
        band=around(log2(gradient_factor(TANH, SETTLED, 2.25)) / 2, 0.04),
        reason="Four hundredths: a typical matrix has a little less than the mean square says.",
        remark="The slopes of the tanh take back most of the factor of 1.5 of the matrix.",
        control=NegativeControl(
            "Take weights of variance 1.5/n.", {"arms.tanh_repeated.weight_variance": 1.5}
        ),
        rival=Rival("As through a linear network.", log2(1.5)),
    ),
)

of_defaults = partial(
    law,
    source=DEFAULTS,
    derivation="derivation-recurrent-defaults",
    measured_as=BACK.format(28),
    control=NegativeControl("Draw all parameters from twice the range.", {"bound": 2.0}),
)

OF_DEFAULTS = (
    of_defaults(
        id="default-rnn-gradient",
        statement=(
            "As torch starts it, a tanh RNN that reads nothing shrinks the gradient by 0.79 powers "
            "of two in each step back, a factor of the root of three."
        ),
        quantity="gradient_rate.silent_rnn",
        prediction=log2(DEFAULT_WEIGHT_VARIANCE) / 2,
        band=around(log2(DEFAULT_WEIGHT_VARIANCE) / 2, 0.05),
        reason="A twentieth: the slopes of the tanh are a little below 1.",
        departure="Cells of torch of width 256, with their biases, and inputs of 0.",
        remark=(
            "Uniform weights within ±1/√n have the variance 1/(3 n). Inputs take the tanh off its "
            "steepest place, so the gradient shrinks faster; the band was first set for inputs "
            "too, and a quick run showed that they cannot be left out."
        ),
        rival=Rival("It is kept, as by a variance of 1/n.", 0.0),
    ),
    *(
        of_defaults(
            id=f"default-{kind}-gradient",
            statement=(
                f"As torch starts it, {name} shrinks the gradient by about 0.69 powers of two in "
                "each step back."
            ),
            quantity=f"gradient_rate.default_{kind}",
            prediction=REPEATED,
            band=around(REPEATED, 0.1),
            reason="A tenth: the law is that of gates at a half, and what is read moves them.",
            departure=(
                "Cells of torch of width 256, which read rows of MNIST images; the law is that of "
                "a state and inputs of 0."
            ),
            remark="At rest the cell is half an identity and a quarter of its matrix.",
            rival=Rival("As with fresh matrices.", FRESH),
        )
        for kind, name in (("gru", "a GRU"), ("lstm", "an LSTM"))
    ),
)

CLAIMS = (*OF_LINEAR, *OF_MIXTURES, *OF_ACTIVATIONS, *OF_DEFAULTS)
