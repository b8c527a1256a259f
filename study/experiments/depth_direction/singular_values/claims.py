"""What is claimed, what it predicts, and what must not agree."""

from math import exp

from study.record.claims import (
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Verdict,
    Withdrawn,
    around,
    at_most,
    within,
)
from study.theory.activations import activation as smooth
from study.theory.mean_field import lengths
from study.theory.products import lost_share, mean_log, share_below
from study.theory.quadrature import line
from study.theory.sources import PENNINGTON_2017, THIS_STUDY

TANH = smooth("tanh")


def tanh_law(depth: int, length: float = 1.0) -> tuple[float, float]:
    r"""Return what tanh layers of gain 1 do to the squared singular values, for wide layers.

    .. math::
        \prod_l \mu_1(q_l), \qquad \sum_l \Big( \frac{\mu_2(q_l)}{\mu_1(q_l)^2} - 1 \Big), \qquad
        \mu_k(q) = E[\cosh^{-4k}(\sqrt q\, u)]

    Args:
        depth: how many layers.
        length: mean square of the signal below them.

    Returns:
        The mean of the squares, and what the activations add to their relative variance.

    **Source**: chapter *Depth 1000, direction*, section “Many singular values, one mean”.
    """
    mean, relative_variance = 1.0, 0.0
    for q in lengths(TANH, length, 1.0, 0.0, depth).tolist():
        z, weights = line(TANH, q)
        first, second = (float(weights @ TANH.derivative(z) ** power) for power in (2, 4))
        mean *= first
        relative_variance += second / first**2 - 1
    return mean, relative_variance


DEPTH = 10
SECTION = THIS_STUDY.at(
    "chapter The shape of the derivative, section “Many singular values, one mean”"
)
DERIVATION = "derivation-singular-values"
GAUSSIAN_INSTEAD = "Draw Gaussian weights instead."
ORTHOGONAL_INSTEAD = "Draw orthogonal weights instead."
MIXED = (
    "Fifteen per cent: the law is for wide layers; a finite width and few draws add their parts. "
    "The neighbouring laws are 0, 1 and 2."
)
WIDTH = 256
SMALL_VALUE = 0.1
SMALL_SHARE = share_below(SMALL_VALUE, DEPTH)
LOST_SHARE = lost_share(WIDTH, DEPTH)
GEOMETRIC_MEAN = exp(mean_log(WIDTH))
AFTER_THE_NUMBER = "The prediction and the band were set after the number was known."
TANH_MEAN, TANH_SPREAD = tanh_law(DEPTH)
FAINT = 0.01
FAINT_SPREAD = tanh_law(DEPTH, FAINT)[1]

CLAIMS = (
    Claim(
        id="saxe-gaussian-product",
        kind=Kind.LAW,
        statement=(
            "In a product of Gaussian matrices that keeps the norm on average, most singular "
            "values are close to 0."
        ),
        source=SECTION,
        quantity="share_below.linear_gaussian",
        measured_as=(
            "The share of the singular values of the product of ten matrices that lie below "
            "one tenth, where their root mean square is 1; a number between 0 and 1, the mean "
            "over draws."
        ),
        prediction=SMALL_SHARE,
        band=around(SMALL_SHARE, 0.005),
        reason=(
            "Half a point, for the draws and a finite width; a neighbouring number of layers "
            f"changes the share by more than two. {AFTER_THE_NUMBER}"
        ),
        remark=(
            "That such products have many singular values near 0 and few large ones is an "
            "observation of Saxe et al. (2013); the number is the law of wide layers, Fuss "
            "and Catalan's, for ten of them."
        ),
        control=NegativeControl(
            "Make the variance a twentieth larger.", {"arms.linear_gaussian.weight_variance": 1.05}
        ),
        rival=Rival(
            "The law of many layers holds, a to the power of 2 over the depth.",
            SMALL_VALUE ** (2 / DEPTH),
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.REPRODUCED,
            quantity="share_below.linear_gaussian",
            band=around(SMALL_SHARE, 0.005),
            why=(
                "It was charged to Saxe et al. (2013), who give no share. Before that the "
                "law of many layers, 0.631, was predicted, with a band of eight points that "
                "let it pass."
            ),
        ),
        derivation=DERIVATION,
    ),
    Claim(
        id="gaussian-product-keeps-the-mean-square",
        kind=Kind.LAW,
        statement=(
            "In a product of Gaussian matrices that keeps the norm on average, the mean square of "
            "the singular values is 1."
        ),
        source=SECTION,
        quantity="mean_square.linear_gaussian",
        measured_as=(
            "The mean of the squared singular values of the product of ten matrices; a "
            "number, the mean over draws."
        ),
        prediction=1.0,
        band=within(1.0, 0.1),
        reason="A tenth: the law holds in expectation at any width; the band is for the draws.",
        remark=(
            "So the few large values carry what the many small ones have lost. Saxe et al. "
            "(2013) scale their Gaussian matrices so."
        ),
        control=NegativeControl(
            "Make the variance a tenth larger.", {"arms.linear_gaussian.weight_variance": 1.1}
        ),
        rival=Rival(
            "The mean square falls as the geometric mean does.", GEOMETRIC_MEAN ** (2 * DEPTH)
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.REPRODUCED,
            quantity="mean_square.linear_gaussian",
            band=within(1.0, 0.1),
            why=(
                "It was charged to Saxe et al. (2013), who choose the scale for this and do "
                "not claim it."
            ),
        ),
        derivation=DERIVATION,
    ),
    Claim(
        id="gaussian-product-geometric-mean",
        kind=Kind.LAW,
        statement=(
            "In a product of Gaussian matrices that keeps the norm on average, the geometric mean "
            "of the singular values falls by 1/√e in each layer, and by a little more at a finite "
            "width."
        ),
        source=SECTION,
        quantity="geometric_mean_per_layer.linear_gaussian",
        measured_as=(
            "The geometric mean of the singular values of the product of ten matrices, to the "
            "power of one over their number; a number per layer, the mean over draws."
        ),
        prediction=GEOMETRIC_MEAN,
        band=within(GEOMETRIC_MEAN, 0.003),
        reason=(
            "Three thousandths, for the draws: the sum over the determinant holds at any width, "
            f"here {WIDTH}, and 1/√e, from infinitely wide layers, is outside. {AFTER_THE_NUMBER}"
        ),
        remark=(
            "Measured from the determinants, since a deep product is singular in any format; "
            "the determinant of a product is the product of the determinants."
        ),
        control=NegativeControl(
            "Make the variance a hundredth larger.", {"arms.linear_gaussian.weight_variance": 1.01}
        ),
        rival=Rival("The limit of infinitely wide layers, 1/√e, holds.", exp(-0.5)),
        derivation=DERIVATION,
    ),
    Claim(
        id="gaussian-product-spread",
        kind=Kind.LAW,
        statement=(
            "In a product of Gaussian matrices that keeps the norm on average, the relative "
            "variance of the squared singular values is the depth."
        ),
        source=SECTION,
        quantity="relative_variance_over_depth.linear_gaussian",
        measured_as=(
            "The variance of the squared singular values of the product of ten matrices over "
            "the square of their mean, over their number; a number per layer, the mean over "
            "draws."
        ),
        prediction=1.0,
        band=within(1.0, 0.15),
        reason=MIXED,
        departure="The law is for wide layers, deep as they are wide or less.",
        remark="Each Gaussian layer adds 1.",
        control=NegativeControl(
            ORTHOGONAL_INSTEAD, {"arms.linear_gaussian.distribution": "orthogonal"}
        ),
        rival=Rival("Each layer adds 2, as with a ReLU.", 2.0),
        derivation=DERIVATION,
    ),
    Claim(
        id="orthogonal-product-isometry",
        kind=Kind.IDENTITY,
        statement="In a product of orthogonal matrices all singular values are equal.",
        source=SECTION,
        quantity="smallest_over_largest.linear_orthogonal",
        measured_as=(
            "The smallest singular value of the product of ten matrices over the largest; a "
            "number between 0 and 1, the mean over draws."
        ),
        prediction=1.0,
        band=within(1.0, 0.001),
        reason="A thousandth, far above the rounding of float64 and below any other law.",
        remark=(
            "A product of orthogonal matrices is orthogonal. It is why Saxe et al. (2013) "
            "begin with such weights."
        ),
        control=NegativeControl(
            GAUSSIAN_INSTEAD, {"arms.linear_orthogonal.distribution": "gaussian"}
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.REPRODUCED,
            quantity="smallest_over_largest.linear_orthogonal",
            band=within(1.0, 0.001),
            why=(
                "It is linear algebra, and not a finding of Saxe et al. (2013), to whom it "
                "was charged."
            ),
        ),
    ),
    Claim(
        id="relu-no-isometry",
        kind=Kind.LAW,
        statement="Networks of ReLU units cannot have equal singular values, whatever the weights.",
        source=PENNINGTON_2017.at(
            "abstract, “Intriguingly, we find that ReLU networks are incapable of "
            "dynamical isometry”"
        ),
        quantity="relative_variance_over_depth.relu_orthogonal",
        measured_as=(
            "The variance of the squared singular values of the derivative of the output by "
            "the input over the square of their mean, over the number of layers; a number per "
            "layer, at one image, the mean over draws of the weights."
        ),
        prediction=1.0,
        band=within(1.0, 0.15),
        reason=MIXED,
        departure="One choice of weights, orthogonal ones of variance 2/n, the most favourable.",
        remark=(
            "The relative variance of the squares is the depth, as for Gaussian weights without "
            "an activation; with Gaussian weights and ReLU it is twice that."
        ),
        control=NegativeControl(
            "Take away the ReLU.", {"arms.relu_orthogonal.activation": "linear"}
        ),
        rival=Rival("With orthogonal weights the singular values stay alike.", 0.0),
        derivation=DERIVATION,
    ),
    Claim(
        id="relu-loses-half-of-the-directions",
        kind=Kind.LAW,
        statement="At one image a ReLU network loses half of all directions, and few more.",
        source=SECTION,
        quantity="lost_share.relu_orthogonal",
        measured_as=(
            "The share of the singular values of the derivative of the output by the input "
            "that are 0, at one image; a number between 0 and 1, the mean over draws of the "
            "weights."
        ),
        prediction=LOST_SHARE,
        band=around(LOST_SHARE, 0.02),
        reason=(
            f"Two points, for the draws: the layer with the fewest active units of {DEPTH} counts, "
            f"at width {WIDTH}, and one half, which a single layer loses, is outside. "
            f"{AFTER_THE_NUMBER}"
        ),
        remark=(
            "A direction lost in one layer stays lost; but the next layer mixes what is left, so "
            "the losses of the layers do not add up."
        ),
        control=NegativeControl("Take tanh for ReLU.", {"arms.relu_orthogonal.activation": "tanh"}),
        rival=Rival("A network loses what a single layer loses.", 0.5),
        derivation=DERIVATION,
    ),
    Claim(
        id="orthogonal-tanh-isometry",
        kind=Kind.LAW,
        statement="Networks of sigmoidal units with orthogonal weights can be near an isometry.",
        source=PENNINGTON_2017.at(
            "abstract, “sigmoidal networks can achieve isometry, but only with "
            "orthogonal weight initialization”"
        ),
        quantity="relative_variance.tanh_orthogonal_faint",
        measured_as=(
            "The variance of the squared singular values of the derivative of the output by "
            "the input over the square of their mean; a number, at one image, the mean over "
            "draws of the weights."
        ),
        band=at_most(0.1),
        reason=(
            "A tenth of what one Gaussian matrix has, and a hundredth of what Gaussian weights "
            "have at this depth."
        ),
        departure="Weights of gain 1 without biases, and a signal of mean square 0.01.",
        remark=(
            f"The law of wide layers gives {FAINT_SPREAD:.5f}, and a finite width adds some per "
            f"cent. It "
            "stays bounded at any depth, and is small only if the signal is small at the start: "
            "from a "
            "mean square of 1 it is that of one Gaussian matrix and more, which is no isometry."
        ),
        control=NegativeControl(
            "Start from a signal of mean square 1.", {"arms.tanh_orthogonal_faint.length": 1.0}
        ),
        derivation=DERIVATION,
    ),
    Claim(
        id="gaussian-tanh-no-isometry",
        kind=Kind.LAW,
        statement="A tanh network with Gaussian weights is far from an isometry.",
        source=PENNINGTON_2017.at(
            "abstract, “sigmoidal networks can achieve isometry, but only with "
            "orthogonal weight initialization”"
        ),
        quantity="relative_variance_over_depth.tanh_gaussian",
        measured_as=(
            "The variance of the squared singular values of the derivative of the output by "
            "the input over the square of their mean, over the number of layers; a number per "
            "layer, at one image, the mean over draws of the weights."
        ),
        prediction=1 + TANH_SPREAD / DEPTH,
        band=within(1 + TANH_SPREAD / DEPTH, 0.15),
        reason=MIXED,
        departure="Weights of gain 1 without biases.",
        remark=(
            "The depth from the weights, and from tanh what it adds to orthogonal ones. The "
            "band is too wide to tell it from 1, what the weights add alone; the interval is "
            "not."
        ),
        control=NegativeControl(
            ORTHOGONAL_INSTEAD, {"arms.tanh_gaussian.distribution": "orthogonal"}
        ),
        rival=Rival("Only tanh adds, as with orthogonal weights.", TANH_SPREAD / DEPTH),
        derivation=DERIVATION,
    ),
    Claim(
        id="orthogonal-tanh-fades-together",
        kind=Kind.LAW,
        statement=(
            "With orthogonal weights and tanh, the mean square of a network's singular values "
            "falls as 0.71 over the depth."
        ),
        source=SECTION,
        quantity="mean_square_times_depth.tanh_orthogonal",
        measured_as=(
            "The mean of the squared singular values of the derivative of the output by the "
            "input, times the number of layers; a number, at one image, the mean over draws "
            "of the weights."
        ),
        prediction=TANH_MEAN * DEPTH,
        band=within(TANH_MEAN * DEPTH, 0.1),
        reason="A tenth: the law is for wide layers, and a network has one size of all its values.",
        departure="Weights of gain 1 without biases.",
        remark="So they are not 1: they fade together, as a power of the depth.",
        control=NegativeControl(
            "Take away the tanh.", {"arms.tanh_orthogonal.activation": "linear"}
        ),
        rival=Rival("With orthogonal weights of unit gain the mean square stays 1.", 1.0 * DEPTH),
        derivation=DERIVATION,
    ),
)
