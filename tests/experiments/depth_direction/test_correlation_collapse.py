from functools import partial
from itertools import combinations
from math import acos, cos, isnan, pi, sin, sqrt
from typing import Any

import numpy as np
import pytest
import torch

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_direction.correlation_collapse import method
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.theory.activations import activation
from study.theory.direction import activation_gaps, inverse_angle_growth, inverse_gap_growth
from study.theory.mean_field import gap_map
from study.theory.phases import critical_weight_variance, phase
from tests.configs import small_config

NAME = "correlation_collapse"
TANH = activation("tanh")


PREDICTIONS = pytest.approx(
    {
        "correlation-map-relu": 1.0,
        "correlation-collapse-rate": 1.0,
        "collapse-reaches-its-power-law": 1.0,
        "collapse-leaky-slope": 9 / 17,
        "shift-same-correlation-map": 1.0,
        "variance-across-images-vanishes": 0.02373,
        "variance-across-images-is-the-gap": 1.0,
        "linear-keeps-the-cosine": 1.0,
        "tanh-gain-one-keeps-the-cosine": 1.0,
        "tanh-edge-collapse": 1.0,
        "tanh-ordered-collapse": 0.759032,
        "tanh-gain-five-thirds-chaotic": 1.209831,
        "tanh-chaotic-forgets": 0.02731,
    },
    rel=1e-5,
)


small = partial(
    small_config,
    NAME,
    draws=2,
    **{
        "wide.width": 20,
        "wide.depth": 4,
        "wide.first_layers": 2,
        "wide.early": [1, 3],
        "wide.late": [2, 4],
        "deep": {"seed": 7, "width": 20, "layers": [2, 4], "images": 3, "slope": 0.0},
    },
)


def test_the_images_are_one_of_each_digit_of_one_length(embedded: Mnist) -> None:
    images = method.one_of_each(embedded)
    assert images.shape == (10, 784)
    assert images.square().mean(dim=1).tolist() == pytest.approx([1.0] * 10)
    all_images = embedded.standardised(embedded.train.images).double()
    directions = all_images / all_images.norm(dim=1, keepdim=True)
    nearest_images = (directions @ images.T).argmax(dim=0)
    assert embedded.train.labels[nearest_images].tolist() == list(range(10))


def test_the_gap_of_a_pair_is_one_minus_its_cosine(embedded: Mnist) -> None:
    images = method.one_of_each(embedded)
    cosines = [float(images[i] @ images[k]) / 784 for i, k in combinations(range(10), 2)]
    assert method.pair_gaps(images) == pytest.approx([1 - cosine for cosine in cosines])


def test_the_near_pair_has_the_gap_asked_for(embedded: Mnist) -> None:
    pair = method.near_pair(method.one_of_each(embedded), 1e-6)
    assert method.pair_gaps(pair) == pytest.approx([1e-6])
    assert pair.square().mean(dim=1).tolist() == pytest.approx([1.0, 1.0])


TWO = "must be two layers of the network, the lower one first"
ARMS = "linear, relu, leaky, shifted, tanh_one, tanh_ordered, tanh_critical, tanh_chaotic"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        (
            {"wide.first_layers": 5},
            "wide.first_layers=5, depth=4: first_layers must be no more than depth",
        ),
        ({"wide.early": [1, 5]}, f"wide.early=[1, 5], depth=4: {TWO}"),
        ({"wide.late": [3, 3]}, f"wide.late=[3, 3], depth=4: {TWO}"),
        (
            {"deep.layers": [4, 4]},
            "deep.layers=[4, 4]: must be two layers, the lower one first",
        ),
        ({"near.arm": "mine"}, f"near.arm=mine: choose from {ARMS}"),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def test_networks_whose_signal_dies_are_no_crash(embedded: Mnist) -> None:
    config = small(**{"wide.width": 2, "wide.depth": 12, "wide.late": [2, 12], "near.arm": "relu"})
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert samples["last_second_moment.relu"] == [0.0]
    assert isnan(samples["gap_kept.relu"][0])
    assert isnan(samples["near_gap_factor.relu"][0])
    assert samples["gap_kept.linear"][0] > 0


def by_hand(arm: method.Arm, z: torch.Tensor) -> torch.Tensor:
    if arm.activation == "tanh":
        return torch.tanh(z)
    slope = {"linear": 1.0, "relu": 0.0, "leaky_relu": arm.slope}[arm.activation]
    return torch.where(z > 0, z, slope * z) - arm.shift


def test_what_is_measured_is_what_a_plain_loop_measures(embedded: Mnist) -> None:
    config = small()
    inputs = method.one_of_each(embedded)
    by_arm, _ = method.layer_statistics(config, inputs, 1)
    layers = RandomLayers((784, *[20] * 4), config.seed, 1, dtype=torch.float64)
    for name, arm in config.arms.items():
        signal = inputs
        for layer in range(1, 5):
            matrix = layers.weights(layer) * sqrt(arm.weight_variance / signal.shape[1])
            z = signal @ matrix.T + layers.biases(layer) * sqrt(arm.bias_variance)
            signal = by_hand(arm, z)
            gap = np.mean(method.pair_gaps(signal))
            share = signal.var(dim=0, unbiased=False).mean() / signal.square().mean()
            statistics = by_arm[name]
            assert float(statistics.activation_gap[layer - 1]) == pytest.approx(gap, rel=1e-6)
            measured_share = float(statistics.activation_image_variance[layer - 1])
            assert measured_share == pytest.approx(float(share), rel=1e-6)


@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_the_growth_far_down_is_that_of_a_plain_loop_over_one_third_of_pi(
    embedded: Mnist, slope: float
) -> None:
    config = small(**{"deep.slope": slope})
    inputs = method.prepare(config, embedded)
    layers = RandomLayers((784, *[20] * 4), 7, 1)
    signal, angles = inputs.deep, {}
    assert signal.shape == (3, 784)
    for layer in range(1, 5):
        z = signal @ layers.weights(layer).T
        signal = torch.where(z > 0, z, slope * z)
        angles[layer] = acos(1 - np.mean(method.pair_gaps(signal)))
    expected = 3 * pi * (1 / angles[4] - 1 / angles[2]) / 2
    growth = method.deep_growth(config.deep, inputs.deep, 1)["inverse_angle_growth_over_law.deep"]
    assert growth == pytest.approx(expected, rel=1e-3)


def test_between_the_layers_of_the_law_the_map_has_come_to_it() -> None:
    first, last = configuring.plain_settings(NAME, "reference")["deep"]["layers"]
    assert (first, last) == (30, 60)
    angles = [pi / 2]
    for _ in range(last):
        theta = angles[-1]  # the arc-cosine kernel, written out
        angles.append(acos((sin(theta) + (pi - theta) * cos(theta)) / pi))
    growth = (1 / angles[last] - 1 / angles[first]) / (last - first)
    assert 3 * pi * growth == pytest.approx(1.03, abs=0.01)
    assert 1 - cos(angles[last]) == pytest.approx(0.7 * 9 * pi**2 / (2 * last**2), rel=0.03)


def test_quantities_are_those_they_are_named_after(embedded: Mnist) -> None:
    config = small()
    relu, edge = [0.7, 0.6, 0.5, 0.4, 0.3], [0.7, 0.5, 0.4, 0.3, 0.2]
    inputs = method.Inputs(method.one_of_each(embedded), relu, edge, torch.empty(0))
    by_arm, near_statistics = method.layer_statistics(config, inputs.images, 0)
    values = method.quantities(config, inputs, by_arm, near_statistics)
    gaps = [0.7, *by_arm["relu"].activation_gap.tolist()]
    angles = [acos(1 - gap) for gap in gaps]
    leaky = by_arm["leaky"].activation_gap.tolist()
    near_gaps = near_statistics.activation_gap.tolist()
    share = by_arm["relu"].activation_image_variance.tolist()
    moments = by_arm["relu"].activation_second_moment.tolist()
    expected = {
        "gap_over_map.relu": gaps[2] / 0.5,
        "first_fall.relu": 0.7 - gaps[1],
        "first_fall_over_relu.leaky": (0.7 - leaky[0]) / (0.7 - gaps[1]),
        "inverse_angle_growth.relu": (1 / angles[3] - 1 / angles[1]) / 2,
        "inverse_angle_growth_over_map.relu": (1 / angles[3] - 1 / angles[1])
        / (1 / acos(0.6) - 1 / acos(0.4)),
        "inverse_gap_growth.relu": (1 / gaps[4] - 1 / gaps[2]) / 2,
        "inverse_gap_growth_over_map.relu": (1 / gaps[4] - 1 / gaps[2]) / (5 - 2.5),
        "gap_kept.relu": gaps[4] / gaps[2],
        "gap_factor.relu": sqrt(gaps[4] / gaps[2]),
        "last_cosine.relu": 1 - gaps[4],
        "last_second_moment.relu": moments[3] / moments[0],
        "image_share.relu": share[3],
        "direction_share.relu": 0.9 * gaps[4],
        "image_share_over_gap.relu": share[3] / 0.9 / gaps[4],
        "near_gap_factor.tanh_chaotic": sqrt(near_gaps[3] / near_gaps[1]),
    }
    assert {key: values[key] for key in expected} == pytest.approx(expected)


def test_the_map_is_applied_to_each_pair() -> None:
    gaps = [gap_map(activation("relu"), 1.0, gap) for gap in (0.2, 0.9)]
    means = method.mean_gaps(activation("relu"), [0.2, 0.9], 2.0, 0.0, layers=1)
    assert means == pytest.approx([0.55, np.mean(gaps)])


def test_what_the_directions_vary_is_the_variance_across_images_of_one_length(
    embedded: Mnist,
) -> None:
    config = small()
    inputs = method.one_of_each(embedded)
    statistics_of_arms, _ = method.layer_statistics(config, inputs, 0)
    layers = RandomLayers((784, *[20] * 4), config.seed, 0, dtype=torch.float64)
    signal = inputs
    for layer in range(1, 5):
        signal = torch.relu(signal @ layers.weights(layer).T * sqrt(2 / signal.shape[1]))
    rows = signal / signal.norm(dim=1, keepdim=True)
    share = float(rows.var(dim=0, unbiased=False).mean() / rows.square().mean())
    curve = method.figure_curves(statistics_of_arms["relu"], len(inputs))["share_of_directions"]
    assert float(curve[3]) == pytest.approx(share, rel=1e-6)


def test_the_maps_are_still_near_their_limits_between_the_layers_of_the_settings() -> None:
    for scale in ("quick", "reference"):
        config = configuring.checked(method.Config, configuring.plain_settings(NAME, scale))
        relu = method.mean_gaps(activation("relu"), [0.7], 2.0, 0.0, config.wide.depth)
        start, end = config.wide.early
        growth = (1 / acos(1 - relu[end]) - 1 / acos(1 - relu[start])) / (end - start)
        assert growth / inverse_angle_growth() == pytest.approx(1.1, abs=0.05)
        sizes = method.EDGE_WEIGHTS, method.EDGE_BIAS
        edge = method.mean_gaps(TANH, [0.7], *sizes, config.wide.depth)
        start, end = config.wide.late
        growth = (1 / edge[end] - 1 / edge[start]) / (end - start)
        assert growth / inverse_gap_growth(TANH, *sizes) == pytest.approx(0.9, abs=0.05)


def test_the_lengths_of_two_images_part_by_eight_squared_angles_over_the_width() -> None:
    # Variance of max(z1, 0)^2 - max(z2, 0)^2 for a small angle, times 4 for the mean of a half.
    rng = np.random.default_rng(4)
    theta = 0.1
    u, v = rng.standard_normal((2, 400_000))
    first, second = np.maximum(u, 0) ** 2, np.maximum(u * cos(theta) + v * sin(theta), 0) ** 2
    assert 4 * np.mean((first - second) ** 2) == pytest.approx(8 * theta**2, rel=0.05)


# What the page says ------------------------------------------------------------------------------


def test_the_example_worked_by_hand() -> None:
    theta = pi / 3
    cosine = (sin(theta) + (pi - theta) * cos(theta)) / pi
    assert cosine == pytest.approx(0.609, abs=5e-4)
    assert 1 - gap_map(activation("relu"), 1.0, 0.5) == pytest.approx(cosine)
    assert 1 / theta == pytest.approx(0.955, abs=5e-4)
    assert 20 / (3 * pi) == pytest.approx(2.122, abs=5e-4)
    logarithm = np.log(1 + 20 * theta / (3 * pi)) / (2 * pi)
    assert logarithm == pytest.approx(0.186, abs=5e-4)
    estimate = 1 / (1 / theta + 20 / (3 * pi) + logarithm)
    assert estimate == pytest.approx(0.306, abs=5e-4)
    assert 1 - cos(estimate) == pytest.approx(0.0466, abs=1e-4)
    exact = activation_gaps(activation("relu"), 0.5, 2.0, 0.0, layers=20)[-1]
    assert exact == pytest.approx(0.0447, abs=1e-4)


def test_the_variance_across_two_images_worked_by_hand() -> None:
    images = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    (gap,) = method.pair_gaps(images)
    variance = images.var(dim=0, unbiased=False)
    assert gap == pytest.approx(0.4)
    assert variance.tolist() == pytest.approx([0.04, 0.16])
    assert float(variance.mean()) == pytest.approx(0.1)
    second_moment = float(images.square().mean())
    assert float(variance.mean()) == pytest.approx(gap * second_moment / 2)


def test_two_units_that_never_fire_together_show_the_kernel() -> None:
    # At right angles the ReLUs still have the cosine 1/pi, as both are never negative.
    assert 1 - gap_map(activation("relu"), 1.0, 1.0) == pytest.approx(1 / pi)


def test_the_settings_are_what_their_names_say() -> None:
    arms = small().arms
    critical = critical_weight_variance(TANH, arms["tanh_critical"].bias_variance)
    assert arms["tanh_critical"].weight_variance == pytest.approx(critical, rel=1e-10)
    names = {"ordered": "tanh_ordered", "chaotic": "tanh_chaotic", "critical": "tanh_critical"}
    for expected, name in names.items():
        assert phase(TANH, arms[name].weight_variance, arms[name].bias_variance) == expected
    assert arms["shifted"].shift == pytest.approx(2 / sqrt(pi))
    assert arms["leaky"].weight_variance == pytest.approx(2 / (1 + arms["leaky"].slope ** 2))


def test_the_shift_is_that_of_the_notes_at_its_fixed_point() -> None:
    # q = pi/8 at a shift of 1/2 is q = 2 at a shift of 2/sqrt(pi): both grow as the root of q.
    assert 0.5 / sqrt(pi / 8) == pytest.approx(2 / sqrt(pi) / sqrt(2))
    mean = sqrt((pi / 8) / (2 * pi))
    assert 2 * ((pi / 8) / 2 - 2 * 0.5 * mean + 0.5**2) == pytest.approx(pi / 8)
