from functools import partial
from math import isnan, log2, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.glorot.glorot_histograms import method
from study.experiments.glorot.layer_by_layer import unit_weights
from study.lab.mnist import Mnist
from study.theory.activations import activation
from study.theory.glorot import levels
from tests.configs import small_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NAME = "glorot_histograms"


def mean_under_a_gaussian(function: "Callable[[Array], Array]", variance: float) -> float:
    """Integrate on a grid, of the variable itself."""
    u = np.linspace(-12, 12, 4801)
    weight = np.exp(-(u**2) / 2)
    return float((function(sqrt(variance) * u) * weight).sum() / weight.sum())


def sigmoid(z: "Array") -> "Array":
    return 1 / (1 + np.exp(-z))


def powers_of_two_per_layer() -> tuple[float, float]:
    """Follow gradients and weight gradients down sigmoid layers of 1/(3n), from pixels."""
    variance = 0.108 / 3  # a third of the mean square of the first images' pixels
    slopes, signals = [], []
    for _ in range(5):
        slopes.append(mean_under_a_gaussian(lambda z: (sigmoid(z) * sigmoid(-z)) ** 2, variance))
        signals.append(mean_under_a_gaussian(lambda z: sigmoid(z) ** 2, variance))
        variance = signals[-1] / 3
    gradient = sum(log2(slope / 3) for slope in slopes[:4])
    weights = sum(log2(slope / 3) for slope in slopes[1:4]) - log2(signals[3] / signals[0])
    return gradient / 2 / 4, weights / 2 / 3


PREDICTIONS = pytest.approx(
    {
        "gb-eq4-linear-regime": 1,
        "slope-of-each-image": 1,
        "gb-fig6-activation-histograms": 1 / 9,
        "gb-fig6-normalised": 1,
        "activations-by-recursion": 1,
        "gb-fig7-backprop-histograms": 1 / 9,
        "gb-fig7-normalised": 1,
        "gradients-by-recursion": 1,
        "gb-fig8-weight-gradients-equal": 1,
        "gb-fig8-normalised": 1,
        "sigmoid-gradients-vanish": powers_of_two_per_layer()[0],
        "sigmoid-weight-gradients-vanish": powers_of_two_per_layer()[1],
    },
    abs=1e-4,
)


small = partial(small_config, NAME, width=20, images=12, draws=2)


def test_the_quantities_are_those_of_a_network_of_torch(embedded: Mnist) -> None:
    config = small()
    batch = embedded.train.first(12)
    units = unit_weights([784, *[20] * 5, 10], "uniform", config.seed, 0)
    s, preactivations, signals = batch.images, [], []
    weights = [(w / sqrt(3 * w.shape[1])).requires_grad_() for w in units]
    for matrix in weights[:-1]:
        preactivations.append(s @ matrix.T)
        s = torch.tanh(preactivations[-1])
        signals.append(s)
    loss = functional.cross_entropy(s @ weights[-1].T, batch.labels)
    gradients = torch.autograd.grad(loss, [*preactivations, *weights])
    sizes = [tensor.square().mean().sqrt().item() for tensor in gradients]
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    arm = "standard_pixels"
    levels = [tensor.square().mean().sqrt().item() for tensor in signals]
    assert samples[f"last_over_first_activation.{arm}"] == pytest.approx(
        [levels[4] / levels[0]], rel=1e-4
    )
    assert samples[f"first_over_last_gradient.{arm}"] == pytest.approx(
        [sizes[0] / sizes[4]], rel=1e-4
    )
    assert samples[f"first_over_last_weight_gradient.{arm}"] == pytest.approx(
        [sizes[5] / sizes[9]], rel=1e-4
    )
    slope = (1 - signals[0] ** 2).square().mean().item()
    assert samples[f"mean_squared_slope.{arm}"] == pytest.approx([slope], rel=1e-4)


def test_the_sigmoid_network_is_one_of_torch(embedded: Mnist) -> None:
    config = small()
    batch = embedded.train.first(12)
    units = unit_weights([784, *[20] * 5, 10], "uniform", config.seed, 0)
    layers: list[nn.Module] = []
    for w in units:
        linear = nn.Linear(w.shape[1], w.shape[0], bias=False, device="meta").to_empty(device="cpu")
        with torch.no_grad():
            linear.weight.copy_(w / sqrt(3 * w.shape[1]))
        layers += [linear, nn.Sigmoid()]
    network = nn.Sequential(*layers[:-1])
    by_image = []
    for index in range(12):
        outputs = network(batch.images[index : index + 1])
        loss = functional.cross_entropy(outputs, batch.labels[index : index + 1])
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        by_image.append([gradient.square().mean().item() for gradient in gradients])
    means = np.mean(by_image, axis=0)
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert samples["log2_weight_gradient_per_layer.unsymmetric"] == pytest.approx(
        [log2(means[1] / means[4]) / 2 / 3], rel=1e-4
    )


def test_a_histogram_counts_all_activations(embedded: Mnist) -> None:
    rows = catalogue.load(NAME).run(small(), embedded, [0]).tables["densities"]
    densities = [
        float(row["mean"])
        for row in rows
        if (row["arm"], row["quantity"], row["layer"]) == ("normalised_pixels", "activation", 2)
    ]
    assert sum(densities) * 2 / len(densities) == pytest.approx(1, rel=1e-6)


def test_the_recursion_follows_each_image(embedded: Mnist) -> None:
    config = small()
    images = embedded.standardised(embedded.train.first(3).images)
    laws = method.recursion(config, images)
    lengths = [2 / 804 * float(image.double() @ image.double()) for image in images]
    expected = levels(activation("tanh"), lengths, 1.0, config.hidden)
    # Processors add up in other orders.
    for name, numbers in vars(expected).items():
        assert getattr(laws, name) == pytest.approx(numbers, rel=1e-12), name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"hidden": 40},
            (
                "experiment.hidden=40, unsymmetric=sigmoid, initialisations.standard."
                "squared_bound=1: float32 has room for 39 such layers"
            ),
        ),
        (
            {"hidden": 12, "initialisations.normalised.squared_bound": 1e6},
            (
                "experiment.hidden=12, symmetric=tanh, initialisations.normalised."
                "squared_bound=1e+06: float32 has room for 11 such layers"
            ),
        ),
    ],
)
def test_more_layers_than_float32_has_room_for_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message


def test_as_many_sigmoids_as_are_allowed_keep_to_their_law(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(hidden=39, width=100), embedded, [0]).samples
    for name in ("gradient", "weight_gradient"):
        assert samples[f"log2_{name}_per_layer.unsymmetric"] == pytest.approx(
            [-log2(48) / 2], abs=0.1
        )


def test_a_network_without_a_gradient_has_no_ratios(embedded: Mnist) -> None:
    # So saturated that the one image is told for sure, and rightly, by some draws.
    changes = {"width": 2, "images": 1, "initialisations.standard.squared_bound": 1e6}
    result = catalogue.load(NAME).run(small(**changes), embedded, range(40))
    ratios = result.samples["first_over_last_gradient.standard_pixels"]
    assert any(map(isnan, ratios))
    assert not all(map(isnan, ratios))
