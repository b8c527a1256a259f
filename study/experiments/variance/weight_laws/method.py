"""Whether the law of the weights matters beside their variance, and when the variance matters.

Gaussian weights, uniform ones and ones of two values, and weights ten times too small and too
large, in shallow and in deep networks. Short training on MNIST, in float64; all arms of one draw
share the order of the images.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.inits import RandomLayers, of_law, random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.propagation import Scheme, propagate
from study.lab.training import error_rate, minibatches, train
from study.record.claims import Band, Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import FROM_SCRATCH_NOTE, NORMALISATION_NOTE, SHORT_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
CHANCE = 1 - 1 / CLASSES
"""The error of a guess."""
OF_WRONG_SIZE = ("shallow", "deep")
"""What the names of the arms begin with that compare sizes of weights."""

Law: TypeAlias = Literal["gaussian", "uniform", "signs"]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network, with weights of one law and ``scale`` times the usual deviation."""

    law: Law
    activation: Literal["relu", "tanh"]
    hidden_layers: Annotated[int, Ge(1), Le(1000)]
    width: Annotated[int, Ge(2), Le(4096)]
    scale: Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Factor:
    """The ReLU networks in which the factor per layer is measured, and each law's variance."""

    depth: Annotated[int, Ge(2), Le(1000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    weight_variances: dict[Law, Annotated[float, Gt(0)]]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how the networks are trained, those of the factor per layer, and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    validation: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    steps: Annotated[int, Ge(1), Le(100_000)]
    learning_rate: Annotated[float, Gt(0)]
    factor: Factor
    arms: Annotated[dict[str, Arm], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure the factor of each law and train every arm, for each draw.

    Args:
        config: the settings.
        mnist: the data; the first images of its training and of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read.
    """
    training, validation = (
        Split(mnist.standardised(part.images), part.labels)
        for part in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    few = training.first(config.factor.images).images
    samples: dict[int, dict[str, float]] = {}
    for draw in draws:
        factors = {
            f"forward_factor.{law}": factor(config, few, draw, law)
            for law in config.factor.weight_variances
        }
        trained = train_arms(config, training, validation, draw)
        samples[draw] = factors | over_gaussian(factors) | trained | compared(trained)
    return Result.of(samples, tables={})


# Laws --------------------------------------------------------------------------------------------


def factor(config: Config, inputs: Tensor, draw: int, law: Law) -> float:
    """Return the mean factor per layer of the second moment, in a ReLU network.

    Args:
        config: depth, width and variances.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.
        law: of the weights.
    """
    widths = (inputs.shape[1], *[config.factor.width] * config.factor.depth)
    layers = RandomLayers(widths, config.seed, draw, law, device=inputs.device)
    scheme = Scheme(activation("relu"), config.factor.weight_variances[law])
    (measured,) = propagate(inputs, layers, [scheme])
    moments = measured.preactivation_second_moment
    return float((moments[1:] / moments[:-1]).mean())


def over_gaussian(factors: Mapping[str, float]) -> dict[str, float]:
    """Return the factor of each other law over that of Gaussian weights."""
    return {
        f"factor_over_gaussian.{law}": factors[f"forward_factor.{law}"]
        / factors["forward_factor.gaussian"]
        for law in ("uniform", "signs")
    }


# Training ----------------------------------------------------------------------------------------


def train_arms(config: Config, training: Split, validation: Split, draw: int) -> dict[str, float]:
    """Train a network of each arm.

    Args:
        config: the settings.
        training: the standardised images to train on.
        validation: the standardised images for loss and error.
        draw: index of the draw.

    Returns:
        The validation loss and error of each arm; no loss where weights of the wrong size may make
        it overflow.
    """
    inputs, held_out = training.images.double(), validation.images.double()

    def one(arm: Arm) -> tuple[float, float]:
        network = draw_network(config, arm, draw, inputs)
        order = random_generator(config.seed, draw, 0)
        batches = minibatches(len(inputs), config.batch, config.steps, order)
        train(
            network,
            F.cross_entropy,
            inputs,
            training.labels,
            batches,
            learning_rate=config.learning_rate,
        )
        with torch.no_grad():
            loss = F.cross_entropy(network(held_out), validation.labels)
        return float(loss), error_rate(network, held_out, validation.labels)

    outcomes = dict(zip(config.arms, side_by_side(one, config.arms.values()), strict=True))
    losses = {
        f"loss.{name}": loss
        for name, (loss, _) in outcomes.items()
        if not name.startswith(OF_WRONG_SIZE)
    }
    return losses | {f"error.{name}": error for name, (_, error) in outcomes.items()}


def draw_network(config: Config, arm: Arm, draw: int, inputs: Tensor) -> nn.Sequential:
    """Draw a network with weights of the arm's law.

    Args:
        config: the settings.
        arm: what kind of network.
        draw: index of the draw.
        inputs: images, of shape (images, pixels).

    Returns:
        The network, in float64.
    """
    sizes = [inputs.shape[1], *[arm.width] * arm.hidden_layers, CLASSES]
    stds = [
        arm.scale
        * (weight_std(fan_in, 2.0) if arm.activation == "relu" else sqrt(2 / (fan_in + fan_out)))
        for fan_in, fan_out in pairwise(sizes)
    ]
    activation = nn.ReLU if arm.activation == "relu" else nn.Tanh
    network = dense(
        sizes, stds, lambda _: activation(), seed=config.seed, draw=draw, device=inputs.device
    )
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    for at, (layer, std) in enumerate(zip(linear, stds, strict=True), start=1):
        generator = random_generator(config.seed, draw, at)
        shape = (layer.out_features, layer.in_features)
        with torch.no_grad():
            normal = standard_normal(shape, generator, inputs.device)
            layer.weight.copy_(std * of_law(arm.law, normal))
    return network.double()


def compared(trained: Mapping[str, float]) -> dict[str, float]:
    """Compare arms of one draw in pairs.

    Args:
        trained: losses and errors.

    Returns:
        The ratios of losses between laws; and what share of what weights of the right size learn
        is lost with weights of the wrong size: for the deep networks in the better of the two
        cases, for the shallow ones in the worse.
    """
    lost = {}
    for kind, choose in (("deep", min), ("shallow", max)):
        right = trained[f"error.{kind}_one"]
        wrong = choose(trained[f"error.{kind}_tenth"], trained[f"error.{kind}_ten"])
        lost[kind] = (wrong - right) / (CHANCE - right)
    return {
        "loss_over_gaussian.relu_signs": trained["loss.relu_signs"] / trained["loss.relu_gaussian"],
        "loss_over_uniform.tanh_gaussian": trained["loss.tanh_gaussian"]
        / trained["loss.tanh_uniform"],
        "lost_share.deep": lost["deep"],
        "lost_share.shallow": lost["shallow"],
    }


# Claims ------------------------------------------------------------------------------------------

SECTION = "chapter The gain of tanh, section “The law of the weights”"
SHORT = "Some hundred steps of training for small networks at one learning rate, on MNIST."
WORSE = Band(1.1, 100.0)
WORSE_REASON = (
    "At least a tenth more loss: the source gives no number, and less would not be worth a choice. "
    "The prediction is the least that counts."
)
MOST = Band(0.5, 1.5)
MOST_REASON = (
    "More than half of what is learnt: the source gives no number, and what is key should decide "
    "about that. More than all is lost where a network does worse than a guess."
)
DERIVED = "derivation-weight-law"
TOO_SMALL = 0.1

CLAIMS = (
    Claim(
        id="s003-gaussian-fair-chance",
        statement=(
            "Weights should be Gaussian at the beginning, so that everything has a fair chance of "
            "training: weights of ±1 times the same deviation train worse."
        ),
        source=NORMALISATION_NOTE.at(
            "section normalization, “You essentially want them to be gaussian”"
        ),
        quantity="loss_over_gaussian.relu_signs",
        prediction=WORSE.low,
        band=WORSE,
        reason=WORSE_REASON,
        departure=(
            f"{SHORT} The note names no network and no other law; ±1 is as far from Gaussian as a "
            "symmetric law can be. The note speaks of the neurons' values and we read it of the "
            "weights; the preactivations of a wide layer are nearly Gaussian in any case."
        ),
        remark=(
            "The validation loss with weights of ±1 over that with Gaussian ones, at equal "
            "variance. What the recursion of the second moment needs is mean 0, the variance and "
            "symmetry (weight-law-does-not-matter)."
        ),
        fault=Fault(
            "Give the weights of ±1 a tenth of the deviation.", {"arms.relu_signs.scale": TOO_SMALL}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="weight-law-does-not-matter",
        statement=(
            "The second moment passes ReLU layers alike with weights of ±1 and Gaussian ones."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="factor_over_gaussian.signs",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=(
            "Five per cent: the law is exact in expectation, but images resemble each other, so a "
            "draw has few independent values."
        ),
        departure="None: it is a statement of this study about these networks.",
        remark="The mean factor per layer with weights of ±1 over that with Gaussian ones.",
        fault=Fault(
            "Halve the variance of the weights of ±1.", {"factor.weight_variances.signs": 1.0}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="s004-gaussian-not-trained-well",
        statement="Networks with Gaussian weights do not train as well as with uniform ones.",
        source=FROM_SCRATCH_NOTE.at(
            "section 2.1.2, bullet “Gaussian(, bell shaped, normal distributions)”"
        ),
        quantity="loss_over_uniform.tanh_gaussian",
        prediction=WORSE.low,
        band=WORSE,
        reason=WORSE_REASON,
        departure=(
            f"{SHORT} Networks of tanh units with the variance of Glorot and Bengio, whose paper "
            "the note reports; that paper draws its weights uniformly and compares no laws."
        ),
        remark=(
            "The validation loss with Gaussian weights over that with uniform ones, at equal "
            "variance. A difference of a hundredth is not excluded; the band asks for a "
            "tenth. The paper's point is the variance, which the note leaves out here."
        ),
        fault=Fault(
            "Give the Gaussian weights a tenth of the deviation.",
            {"arms.tanh_gaussian.scale": TOO_SMALL},
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="s000-careful-init-is-key",
        statement="Careful initialisation is key for good performance.",
        source=SHORT_NOTE.at("“Careful initialization is key for good NN performance”"),
        quantity="lost_share.deep",
        prediction=1.0,
        band=MOST,
        reason=MOST_REASON,
        departure=(
            f"{SHORT} A deep network; the note names none for this sentence, and its own has one "
            "hidden layer."
        ),
        remark=(
            "The share that weights of a tenth or of ten times the usual deviation, whichever "
            "costs less, lose of what the usual ones learn. For the note's own network of one "
            "hidden layer the statement holds in part only: there the worse of the two costs "
            "much, but less than half (careful-init-matters-little-when-shallow). Depth raises the "
            "error of scale to a power."
        ),
        fault=Fault(
            "Take one hidden layer.",
            {
                "arms.deep_tenth.hidden_layers": 1,
                "arms.deep_one.hidden_layers": 1,
                "arms.deep_ten.hidden_layers": 1,
            },
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="careful-init-matters-little-when-shallow",
        statement=(
            "With one hidden layer of 50 units the scale of the weights decides about less than "
            "half of what is learnt."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="lost_share.shallow",
        prediction=0.0,
        band=around(0.0, MOST.low),
        reason="The same half as for the deep network, from the other side.",
        departure="None: it is a statement of this study about these networks.",
        remark=(
            "The same share as for s000-careful-init-is-key, in the worse of the two cases. The "
            "output is a hundredth or a hundred times the usual one here."
        ),
        fault=Fault(
            "Take twelve hidden layers.",
            {
                "arms.shallow_tenth.hidden_layers": 12,
                "arms.shallow_one.hidden_layers": 12,
                "arms.shallow_ten.hidden_layers": 12,
            },
        ),
        derivation=DERIVED,
    ),
)


# Figures -----------------------------------------------------------------------------------------


def error_by_scale_and_depth(run: Run) -> "Figure":
    """Error by weight scale: × 10 costs one hidden layer a part, × 10 or × 1/10 many nearly all."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    scales = ("tenth", "one", "ten")
    for kind, marker in (("shallow", "o"), ("deep", "s")):
        values = [run.values[f"error.{kind}_{scale}"] for scale in scales]
        layers = arms[f"{kind}_one"]["hidden_layers"]
        axes.errorbar(
            [arms[f"{kind}_{scale}"]["scale"] for scale in scales],
            [value.mean for value in values],
            [value.half_width for value in values],
            fmt=f"{marker}-",
            capsize=3,
            label=f"{layers} hidden layer{'s' if layers > 1 else ''}",
        )
    axes.set_xscale("log")
    axes.set(xlabel="weights over the usual ones", ylabel="validation error", ylim=(0, 1.05))
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(error_by_scale_and_depth,),
)
