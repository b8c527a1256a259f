from functools import partial
from math import comb, exp, isnan, log, pi, sqrt
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_direction.singular_values import claims, method
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "singular_values"
WIDTH = 12


PREDICTIONS = pytest.approx(
    {
        "saxe-gaussian-product": 0.600159,
        "gaussian-product-keeps-the-mean-square": 1.0,
        "gaussian-product-geometric-mean": 0.603095,
        "gaussian-product-spread": 1.0,
        "orthogonal-product-isometry": 1.0,
        "relu-no-isometry": 1.0,
        "relu-loses-half-of-the-directions": 0.548048,
        "orthogonal-tanh-isometry": None,
        "gaussian-tanh-no-isometry": 1.121855,
        "orthogonal-tanh-fades-together": 0.713697,
    },
    rel=1e-5,
)


small = partial(small_config, NAME, draws=2, width=WIDTH, depth=3, depths=[1, 3], ranks=4)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"depth": 2}, "depth=2, depths=[1, 3]: depth must be one of depths"),
        ({"depths": [1, 2]}, "depth=3, depths=[1, 2]: depth must be one of depths"),
        ({"depths": [3, 1]}, "depths=[3, 1]: must ascend"),
        ({"depths": [3, 3]}, "depths=[3, 3]: must ascend"),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def test_a_product_that_overflows_or_dies_out_is_no_crash(embedded: Mnist) -> None:
    arms = {
        "huge": {"activation": "linear", "distribution": "orthogonal", "weight_variance": 1000.0},
        "dead": {"activation": "relu", "distribution": "gaussian", "weight_variance": 1.0},
    }
    config = small(arms=arms, width=2, depths=[1, 3, 300])
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert result.samples["mean_square.huge"] == pytest.approx([1e9, 1e9])
    assert isnan(float(result.tables["spreads"][2]["mean"]))
    assert isnan(float(result.tables["spreads"][5]["mean"]))


def layers(law: str = "gaussian") -> RandomLayers:
    widths = (5, *[WIDTH] * 5)
    return RandomLayers(widths, 1, 0, distribution=law, dtype=torch.float64)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "module"), [("linear", nn.Identity()), ("relu", nn.ReLU()), ("tanh", nn.Tanh())]
)
def test_the_singular_values_are_those_of_the_derivative_by_autograd(
    name: str, module: nn.Module
) -> None:
    image = torch.arange(5.0, dtype=torch.float64) + 1
    arm = method.Arm(name, "gaussian", 1.7, 0.3)  # type: ignore[arg-type]
    (spectrum,) = method.spectra(image, layers(), arm, [4]).values()

    signal = layers().weights(1) @ image
    signal *= (0.3 / signal.square().mean()).sqrt()

    def network(h: torch.Tensor) -> torch.Tensor:
        for layer in range(2, 6):
            h = module(layers().weights(layer) @ h * sqrt(1.7 / WIDTH))
        return h

    jacobian = torch.func.jacrev(network)(signal)
    values = torch.linalg.svdvals(jacobian)
    torch.testing.assert_close(spectrum.values, values, atol=1e-12, rtol=1e-9)
    if name == "relu":
        zero = float((values < 1e-12).double().mean())
        assert 1 - spectrum.smallest_active_share == pytest.approx(zero)
        assert spectrum.mean_log == -np.inf
    else:
        assert spectrum.mean_log == pytest.approx(float(values.log().mean()))
        assert spectrum.smallest_active_share == 1


def test_quantities_are_those_they_are_named_after() -> None:
    values = torch.tensor([2.0, 1.0, 0.05, 0.0], dtype=torch.float64)
    spectrum = method.Spectrum(values, mean_log=-6.0, smallest_active_share=0.75)
    quantities = method.quantities(small(), {"arm": {3: spectrum}})
    mean = (4 + 1 + 0.0025) / 4
    relative = (16 + 1 + 0.05**4) / 4 / mean**2 - 1
    assert quantities == pytest.approx(
        {
            "mean_square.arm": mean,
            "mean_square_times_depth.arm": 3 * mean,
            "relative_variance.arm": relative,
            "relative_variance_over_depth.arm": relative / 3,
            "share_below.arm": 0.5,
            "largest.arm": 2.0,
            "smallest_over_largest.arm": 0.0,
            "lost_share.arm": 0.25,
            "geometric_mean_per_layer.arm": exp(-2.0),
        }
    )


def test_the_curve_goes_through_the_middles_of_equal_parts() -> None:
    spectrum = method.Spectrum(torch.arange(12.0).flip(0), 0.0, 1.0)
    rows = method.sorted_values(small(), {"arm": {3: spectrum}})
    assert [row["rank"] for row in rows] == pytest.approx([0.875, 0.625, 0.375, 0.125])
    assert [row["sample"] for row in rows] == [10.0, 7.0, 4.0, 1.0]


def test_a_draw_has_an_image_of_its_own(embedded: Mnist) -> None:
    config = small(
        arms={"tanh": {"activation": "tanh", "distribution": "gaussian", "weight_variance": 1.0}}
    )
    mean_squares = catalogue.load(NAME).run(config, embedded, [1]).samples["mean_square.tanh"]
    image = embedded.standardised(embedded.train.images)[1]
    quantities = method.quantities(config, method.spectra_by_arm(config, image, 1))
    assert mean_squares == [quantities["mean_square.tanh"]]


def test_the_law_of_tanh_is_that_of_independent_factors() -> None:
    rng = np.random.default_rng(2)
    mean, spread, q = 1.0, 0.0, 1.0
    for _ in range(3):
        z = rng.standard_normal(400_000) * sqrt(q)
        squares = (1 - np.tanh(z) ** 2) ** 2
        mean *= squares.mean()
        spread += squares.var() / squares.mean() ** 2
        q = float((np.tanh(z) ** 2).mean())
    assert claims.tanh_law(3) == pytest.approx((mean, spread), rel=0.01)


def test_a_small_signal_makes_the_spread_of_tanh_small() -> None:
    spreads = [claims.tanh_law(10, length)[1] for length in (1.0, 0.1, 0.01)]
    assert spreads == pytest.approx([1.22, 0.18, 0.006], rel=0.06)
    variances = [claims.tanh_law(2000, length)[1] for length in (1.0, 0.1, 0.01)]
    assert variances == pytest.approx([1.4, 0.31, 0.04], abs=0.005)
    # The sum of 8 q² over layers with 1/q growing by 2 each: bounded by 8 q² + 4 q.
    for length in (0.1, 0.01):
        assert claims.tanh_law(2000, length)[1] < 8 * length**2 + 4 * length


def test_the_spread_of_tanh_stays_below_what_the_page_says() -> None:
    mean, spread = claims.tanh_law(1000)
    assert spread == pytest.approx(1.395, abs=0.001)
    assert 1000 * mean == pytest.approx(0.71, abs=0.005)


def test_the_example_worked_by_hand() -> None:
    values = torch.tensor([2.0, 0.0])
    rotation = torch.tensor([[1.0, 1.0], [1.0, -1.0]]) / sqrt(2)
    half = torch.diag(torch.tensor([1.0, 0.0])) * sqrt(2)
    product = half @ rotation @ half @ rotation
    singular_values = torch.linalg.svdvals(product)
    torch.testing.assert_close(singular_values.square(), torch.tensor([2.0, 0.0]))
    assert method.squared_moments(values.sqrt())[1] == pytest.approx(1.0)


def test_the_predictions_are_for_the_depth_and_width_of_the_settings() -> None:
    for scale in ("quick", "reference"):
        settings = configuring.plain_settings(NAME, scale)
        assert (settings["depth"], settings["small"]) == (claims.DEPTH, claims.SMALL_VALUE)
        assert settings["width"] == claims.WIDTH
        assert claims.DEPTH in settings["depths"]
        assert settings["arms"]["tanh_orthogonal_faint"]["length"] == claims.FAINT


def share_by_trying(value: float, layers: int) -> float:
    """Return the share below a singular value, by the two formulas of the page on a fine grid."""
    angle = np.linspace(0, np.pi / (layers + 1), 400_001)[1:-1]
    upper_sine, lower_sine = np.sin((layers + 1) * angle), np.sin(layers * angle)
    logarithm = (
        (layers + 1) * np.log(upper_sine) - np.log(np.sin(angle)) - layers * np.log(lower_sine)
    )
    index = int(np.abs(logarithm - 2 * log(value)).argmin())
    share = 1 - (layers + 1) * angle / pi + layers / pi * np.sin(angle) * upper_sine / lower_sine
    return float(share[index])


@pytest.mark.parametrize(
    ("layers", "share", "in_the_long_run"),
    [(1, 0.064, 0.01), (10, 0.600, 0.631), (100, 0.931, 0.955)],
)
def test_the_shares_below_one_tenth_on_the_page(
    layers: int, share: float, in_the_long_run: float
) -> None:
    assert share_by_trying(0.1, layers) == pytest.approx(share, abs=6e-4)
    assert 0.1 ** (2 / layers) == pytest.approx(in_the_long_run, abs=6e-4)


@pytest.mark.parametrize("share", [0.3, 0.81, 0.95])
def test_the_rank_law_leaves_a_root_out(share: float) -> None:
    value = share**200 * sqrt(share / (1 - share))
    assert share_by_trying(value, 400) == pytest.approx(share, abs=1e-4)


def test_the_geometric_mean_of_width_256_on_the_page() -> None:
    # ln|det| of a Gaussian matrix by columns: each is as long as a chi with one degree less.
    rng = np.random.default_rng(7)
    squares = rng.chisquare(np.arange(1, 257), size=(2000, 256)) / 256
    logs = np.log(squares).mean(axis=1) / 2
    assert logs.mean() == pytest.approx(-0.5057, abs=4 * logs.std() / sqrt(2000) + 5e-5)
    assert exp(-0.5057) == pytest.approx(0.6031, abs=5e-5)


def test_one_more_matrix_composes_the_moments() -> None:
    # The coefficients of B up to t³, from B' = B(t B') step by step and from Fuss and Catalan.
    one_layer = np.array([1.0, 1.0, 2.0, 5.0])
    signal = one_layer
    for layers in (2, 3, 4):
        target = np.array([1.0, 0.0, 0.0, 0.0])
        for _ in range(4):
            power, total = np.array([1.0, 0, 0, 0]), np.zeros(4)
            for coefficient in signal:
                total += coefficient * power
                power = np.convolve(power, np.append(0.0, target))[:4]
            target = total
        fuss_catalan = [comb((layers + 1) * k, k) / (layers * k + 1) for k in range(4)]
        assert target == pytest.approx(fuss_catalan)
        signal = target
