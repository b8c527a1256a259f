"""What one batch normalisation does to a bias, to the rows of its batch and to a scale.

The preactivations of one linear layer on MNIST, normalised as torch normalises them, in float64.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.errors import StudyError
from study.lab.by_hand.normalisation import batch_normalisation
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.claims import Claim, Fault, Untested, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the layer, its batch, what is done to it, and the batches of the comparison."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    units: Annotated[int, Ge(1), Le(4096)]
    batch: Annotated[int, Ge(4), Le(1024)]
    epsilon: Annotated[float, Gt(0)]
    statistics: Literal["batch", "running"]
    bias: Annotated[float, Gt(0)]
    scales: Annotated[dict[str, Annotated[float, Gt(0)]], MinLen(1)]
    watched: Annotated[int, Ge(1), Le(1024)]
    company: Annotated[tuple[Annotated[int, Ge(4), Le(4096)], ...], MinLen(1)]


class Layer:
    """One linear layer of one draw: its weights, its batch, and what all images make of it.

    **Shapes**: ``weights`` (pixels, units); ``batch`` (batch, pixels); ``cotangent`` (batch,
    units), the gradient that arrives at the layer's output; ``everything`` (images, units), the
    preactivations of all images in a random order, the batch first, and ``mean`` and ``variance``
    (units,) over them.
    """

    def __init__(self, config: Config, inputs: Tensor, draw: int) -> None:
        """Draw weights of variance 1 / fan_in, the order of the images and a gradient."""
        order, for_weights, above = (random_generator(config.seed, draw, at) for at in range(3))
        pixels, device = inputs.shape[1], inputs.device
        weights = standard_normal((pixels, config.units), for_weights, device).double()
        self.weights = weight_std(pixels, 1.0) * weights
        shuffled = inputs[torch.from_numpy(order.permutation(len(inputs))).to(device)]
        self.batch = shuffled[: config.batch]
        self.cotangent = standard_normal((config.batch, config.units), above, device).double()
        self.everything = shuffled @ self.weights
        self.variance, self.mean = torch.var_mean(self.everything, dim=0, correction=0)


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure one normalised layer, for each draw of the weights and of the batches.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read.

    Raises:
        StudyError: if the images do not fill two batches of the largest size.
    """
    needed = config.watched + 2 * max(config.company)
    if config.images < needed:
        raise StudyError(f"experiment.images={config.images}: at least {needed} are needed")
    inputs = mnist.standardised(mnist.train.first(config.images).images).double()
    samples = {draw: quantities(config, Layer(config, inputs, draw)) for draw in draws}
    share = mate_share(in_inference, config, Layer(config, inputs, 0))
    exact = {"mate_share.inference": share}  # 0, whatever the weights are
    return Result.of(samples, tables={}, exact=exact)


def quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return all quantities of one draw, by name.

    Args:
        config: the settings.
        layer: the layer.
    """
    return (
        bias_quantities(config, layer)
        | batch_quantities(config, layer)
        | company_quantities(config, layer)
        | scale_quantities(config, layer)
    )


Normalise: TypeAlias = Callable[[Config, Layer, Tensor], Tensor]


# One normalisation -------------------------------------------------------------------------------


def in_training(config: Config, layer: Layer, preactivation: Tensor) -> Tensor:
    """Normalise as in training: by the settings, with the batch's own statistics.

    Args:
        config: the settings.
        layer: whose statistics of all images are taken instead where the settings say so.
        preactivation: of shape (rows, units).

    Returns:
        A tensor of the same shape; the gain is 1 and the shift 0.
    """
    if config.statistics == "running":
        return in_inference(config, layer, preactivation)
    return F.batch_norm(preactivation, None, None, training=True, eps=config.epsilon)


def in_inference(config: Config, layer: Layer, preactivation: Tensor) -> Tensor:
    """Normalise as in inference, with the statistics of all images; the arguments are the same."""
    units = preactivation.shape[1]
    return F.batch_norm(
        preactivation, layer.mean[:units], layer.variance[:units], eps=config.epsilon
    )


def rms(values: Tensor) -> float:
    """Return the root of the mean square."""
    return float(values.square().mean().sqrt())


def gradients(config: Config, layer: Layer, scale: float) -> tuple[Tensor, Tensor]:
    """Return the gradients of the weights and of a bias before a normalisation.

    Args:
        config: the settings.
        layer: its cotangent arrives at the normalised preactivations.
        scale: what the weights are multiplied by.

    Returns:
        The gradients, of shapes (pixels, units) and (units,).
    """
    weights = (scale * layer.weights).requires_grad_()
    bias = torch.zeros_like(layer.mean).requires_grad_()
    outputs = in_training(config, layer, layer.batch @ weights + bias)
    on_weights, on_bias = torch.autograd.grad(outputs, (weights, bias), layer.cotangent)
    return on_weights, on_bias


def bias_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return what a bias before the normalisation does, and the gradient that it receives.

    Args:
        config: the settings; the bias of each unit is some deviations of its preactivation.
        layer: the layer.

    Returns:
        The change of the output, as the root of its mean square, in training and in inference, and
        the norm of the bias's gradient over that of the weights'.
    """
    without = layer.batch @ layer.weights
    biased = without + config.bias * layer.variance.sqrt()
    on_weights, on_bias = gradients(config, layer, 1.0)
    found = {
        f"bias_effect.{mode}": rms(normalise(config, layer, biased) - plain)
        for mode, normalise in (("training", in_training), ("inference", in_inference))
        for plain in [normalise(config, layer, without)]
    }
    return found | {"bias_gradient.training": float(on_bias.norm() / on_weights.norm())}


def jacobian(normalise: Normalise, config: Config, layer: Layer) -> Tensor:
    r"""Return how each normalised value of the first unit depends on each value of the batch.

    .. math:: \partial y_i / \partial x_j

    Args:
        normalise: :func:`in_training` or :func:`in_inference`.
        config: the settings.
        layer: the layer.

    Returns:
        The derivatives, of one unit only, as the units are normalised one by one.

    **Shapes**: (batch, batch), row ``i`` and column ``j``.
    """
    first_unit = (layer.batch @ layer.weights)[:, :1]
    outputs = normalise(config, layer, first_unit.requires_grad_())
    rows = [torch.autograd.grad(y, first_unit, retain_graph=True)[0] for y in outputs]
    return torch.cat(rows, dim=1).T


def mate_share(normalise: Normalise, config: Config, layer: Layer) -> float:
    r"""Return how much of the squared derivative of a row goes to the other rows of its batch.

    .. math:: \frac n2 \sum_{i \ne j} J_{ij}^2 \Big/ \sum_{ij} J_{ij}^2

    Args:
        normalise: :func:`in_training` or :func:`in_inference`.
        config: the settings.
        layer: the layer.

    Returns:
        The share times half of the batch size.
    """
    squares = jacobian(normalise, config, layer).square()
    return float(len(squares) / 2 * (1 - squares.diagonal().sum() / squares.sum()))


def batch_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return how rows of a batch depend on each other, and which statistics normalise them.

    Args:
        config: the settings.
        layer: the layer.

    Returns:
        The quantities by name. The deviation that turns the Jacobian into a projector is that of
        the batch.
    """
    preactivation = layer.batch @ layer.weights
    outputs = in_training(config, layer, preactivation)
    divisor = (preactivation[:, 0].var(correction=0) + config.epsilon).sqrt()
    trace = jacobian(in_training, config, layer).trace()
    ones, zeros = torch.ones_like(layer.mean), torch.zeros_like(layer.mean)
    by_batch = batch_normalisation(preactivation, ones, zeros, config.epsilon)
    by_data = (preactivation - layer.mean) / layer.variance.sqrt()
    return {
        "directions_lost.training": float(config.batch - divisor * trace),
        "mate_share.training": mate_share(in_training, config, layer),
        "formula_error.data_set": rms(outputs - by_data),
        "formula_error.batch": rms(outputs - by_batch),
        "output_variance.training": float(outputs.var(dim=0, correction=0).mean()),
    }


def company_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return how far the outputs of some images move when all others of their batch are exchanged.

    Args:
        config: how many images are watched, and the sizes of the batches.
        layer: the layer.

    Returns:
        For each size of batch, the root of the mean square of the change, and that mean square over
        its law for a Gaussian preactivation, 3 over the size.
    """
    watched, others = layer.everything[: config.watched], layer.everything[config.watched :]
    found = {}
    for size in config.company:
        one, other = (
            torch.stack(
                [in_training(config, layer, torch.vstack([row, mates]))[0] for row in watched]
            )
            for mates in (others[: size - 1], others[size : 2 * size - 1])
        )
        moved = rms(one - other)
        found[f"moved_by_mates.{size}"] = moved
        found[f"moved_squared_over_law.{size}"] = moved**2 * size / 3
    return found


def scale_quantities(config: Config, layer: Layer) -> dict[str, float]:
    """Return what a scale of the weights does to their gradient, and where that points.

    Args:
        config: the settings.
        layer: the layer.

    Returns:
        For each scale, the norm of the gradient times the scale, over that at scale 1; and the mean
        over units of the cosine, without its sign, of the angle of weights and gradient.
    """
    plain, _ = gradients(config, layer, 1.0)
    cosines = torch.cosine_similarity(layer.weights, plain, dim=0)
    found = {"gradient_along_weights.training": float(cosines.abs().mean())}
    for name, scale in config.scales.items():
        scaled, _ = gradients(config, layer, scale)
        found[f"gradient_times_scale.{name}"] = float(scale * scaled.norm() / plain.norm())
    return found


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter Batch normalisation, section "
NOTE = "section Batch normalization, "
ONE_LAYER = (
    "One linear layer with random weights, before any training, on MNIST and in float64; the note "
    "describes no network."
)
NONE = "None: it is a statement of this study about this layer."
STORED = Fault(
    "Normalise by the statistics of all images, as inference does.", {"statistics": "running"}
)
IDENTITY = (
    "A millionth: an identity, so only rounding is left, and that is smaller by many orders; the "
    "effect without it is of order 1."
)
COARSE = Fault("Add 1/10 to the variance instead of 1/100,000.", {"epsilon": 0.1})

CLAIMS = (
    Claim(
        id="s003-bn-cancels-bias",
        statement=(
            "Batch normalisation removes any effect of a bias before it, whatever the bias is."
        ),
        source=NORMALISATION_NOTE.at(f"{NOTE}“removes any effect that bias would have”"),
        quantity="bias_effect.training",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason=IDENTITY,
        departure=ONE_LAYER,
        remark=(
            "Exact while the batch's own mean is subtracted. In inference the subtracted mean is "
            "stored, and a bias that changes after it was stored has its full effect "
            "(bn-bias-matters-in-inference)."
        ),
        fault=STORED,
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="s003-bn-bias-keeps-its-value",
        statement="The bias itself is not zeroed; only its effect is taken away.",
        source=NORMALISATION_NOTE.at("sentence “the bias values wouldn't actually be zero”"),
        quantity="bias_gradient.training",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason=IDENTITY,
        departure=NONE,
        remark="Without a gradient it keeps the value it began with (bn-bias-gradient-is-zero).",
        fault=STORED,
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="bn-bias-gradient-is-zero",
        statement="A bias before batch normalisation receives no gradient.",
        source=THIS_STUDY.at(f"{CHAPTER}“A bias before it”"),
        quantity="bias_gradient.training",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason=IDENTITY,
        departure=NONE,
        remark=(
            "The norm of the bias's gradient over that of the weights'. So the bias stays where it "
            "was initialised, which need not be 0; torch initialises it at random."
        ),
        fault=STORED,
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="bn-bias-matters-in-inference",
        statement=(
            "In inference a bias added after the averages were taken moves the output in full, one "
            "of two deviations by two."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“A bias before it”"),
        quantity="bias_effect.inference",
        prediction=2.0,
        band=around(2.0, 0.01),
        reason="A half per cent: it is exact but for ε, which is a hundred-thousandth.",
        departure=NONE,
        remark="The condition under which the bias cancels is that the batch's own mean is taken.",
        fault=COARSE,
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="s003-bn-couples-examples",
        statement=(
            "In training, batch normalisation makes the output of each input depend on the others."
        ),
        source=NORMALISATION_NOTE.at(f"{NOTE}“it's coupling all of the inputs during training”"),
        quantity="mate_share.training",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=(
            "Ten per cent: the share is 1 + (1 − κ)/(2(n − 2)) with the kurtosis κ of the batch, "
            "and a κ of up to 13 in a batch of 64 stays within it. Without coupling it is 0."
        ),
        departure=ONE_LAYER,
        remark=(
            "The quantity is n/2 times the share of the squared derivatives of an output that "
            "belong to the other rows of the batch. The note asks what the coupling means: the "
            "output and the gradient of an image depend on the images it happens to share a batch "
            "with. In inference they do not."
        ),
        fault=STORED,
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="bn-loses-two-directions",
        statement=(
            "The derivative of batch normalisation, times the deviation, projects on what is "
            "orthogonal to two directions: the constant one and the output itself."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“What a row gets from its mates”"),
        quantity="directions_lost.training",
        prediction=2.0,
        band=around(2.0, 0.01),
        reason="A half per cent: the trace of a projector is exact, but for ε over the variance.",
        departure=NONE,
        remark=(
            "The size of the batch minus the trace. The two directions are those in which the "
            "output cannot change: a shift of all rows, and a scale of all rows."
        ),
        fault=STORED,
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="bn-mates-move-an-output",
        statement=(
            "Exchanging all other rows of a batch of n moves an output by √(3/n) deviations, if "
            "the preactivation is Gaussian."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“What a row gets from its mates”"),
        quantity="moved_squared_over_law.64",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: the law for a kurtosis κ is (κ + 3)/6 of that for a Gaussian one, and a κ "
            "from 2 to 4 stays within it."
        ),
        departure="The preactivations of MNIST are not quite Gaussian over images.",
        remark="The mean square of the change, over 3/n; n is 64.",
        fault=STORED,
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="s003-bn-formula",
        statement=(
            "Batch normalisation standardises by the mean and the deviation of the data set, then "
            "multiplies by one parameter and adds another."
        ),
        source=NORMALISATION_NOTE.at(f"{NOTE}the formula, “mean of the data set”"),
        quantity="formula_error.data_set",
        prediction=0.0,
        band=around(0.0, 0.01),
        reason=(
            "A hundredth of a deviation: the formula is an identity or it is not, and a batch of n "
            "has another mean than the data by about 1/√n deviations."
        ),
        departure=ONE_LAYER,
        remark=(
            "In training, mean and variance are those of the minibatch, the variance with n in the "
            "denominator and ε added under the root (bn-uses-the-batch, bn-biased-variance). The "
            "two parameters are not arbitrary: they are learned, from 1 and 0."
        ),
        fault=STORED,
        derivation="derivation-batch-normalisation",
    ),
    Claim(
        id="bn-uses-the-batch",
        statement=(
            "In training torch subtracts the mean of the minibatch and divides by the root of its "
            "biased variance plus ε."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The forward pass”"),
        quantity="formula_error.batch",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason=IDENTITY,
        departure=NONE,
        remark="The precise form of s003-bn-formula: torch against the function coded by hand.",
        fault=STORED,
        derivation="derivation-batch-normalisation",
    ),
    Claim(
        id="bn-biased-variance",
        statement="What leaves batch normalisation has variance 1 over the batch, with n below.",
        source=THIS_STUDY.at(f"{CHAPTER}“The forward pass”"),
        quantity="output_variance.training",
        prediction=1.0,
        band=around(1.0, 0.005),
        reason=(
            "A third of 1/64, by which the variance would be off if n − 1 stood below where the "
            "batch is normalised."
        ),
        departure=NONE,
        remark="Short of 1 by ε over the variance of the preactivation.",
        fault=COARSE,
        derivation="derivation-batch-normalisation",
    ),
    Claim(
        id="bn-gradient-inverse-to-scale",
        statement="Weights a tenth as large receive a gradient ten times as large.",
        source=THIS_STUDY.at(f"{CHAPTER}“The scale of the weights”"),
        quantity="gradient_times_scale.tenth",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=(
            "One per cent: exact but for ε, which is a few thousandths of the variance once the "
            "weights are a tenth as large."
        ),
        departure=NONE,
        remark="The output stays the same, so a step of descent counts 1/a² times as much.",
        fault=STORED,
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-gradient-orthogonal-to-weights",
        statement=(
            "The gradient of a unit's weights before batch normalisation is orthogonal to them."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The scale of the weights”"),
        quantity="gradient_along_weights.training",
        prediction=0.0,
        band=around(0.0, 0.001),
        reason="A thousandth of the cosine: exact but for ε over the variance.",
        departure=NONE,
        remark="The loss does not change along the weights, so plain descent only lengthens them.",
        fault=STORED,
        derivation="derivation-scale-invariance",
    ),
)

UNTESTED = (
    Untested(
        id="s003-bn-most-common-before",
        statement="It is most common to normalise before the activation.",
        source=NORMALISATION_NOTE.at("sentence “it's most common to do before though”"),
        reason="A statement about how often something is done, not about a network.",
        remark="Before it is the place in the paper of Ioffe and Szegedy (2015).",
    ),
    Untested(
        id="s003-missing-heading",
        statement="The squashing by an activation is typically fixed by applying something.",
        source=NORMALISATION_NOTE.at(
            "“This normalization is typically fixed by applying something like”"
        ),
        reason="The sentence breaks off before it names what is applied, so it states nothing.",
        remark=(
            "A heading without text follows and then the section on batch normalisation. Whether "
            "that is the lost word cannot be told, so it is not counted as a statement."
        ),
    ),
)


# Figures -----------------------------------------------------------------------------------------


def moved_by_mates(run: Run) -> "Figure":
    """Change of an output when its batch is exchanged, by batch size: it falls as √(3/n)."""
    figure, axes = plt.subplots()
    sizes = run.settings["experiment"]["company"]
    values = [run.values[f"moved_by_mates.{size}"] for size in sizes]
    axes.errorbar(
        sizes, [value.mean for value in values], [value.half_width for value in values], fmt="o"
    )
    between = np.geomspace(min(sizes), max(sizes))
    axes.plot(between, np.sqrt(3 / between), "--", color="C0")
    axes.set_xscale("log", base=2)
    axes.set(xlabel="batch size n", ylabel="change of the output, in deviations", ylim=(0, None))
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(moved_by_mates,),
    untested=UNTESTED,
)
