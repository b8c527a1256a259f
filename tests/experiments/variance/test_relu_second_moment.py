from dataclasses import asdict
from functools import partial
from itertools import product
from math import pi, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from study import catalogue
from study.experiments.variance.relu_second_moment import claims, figures, method
from study.lab.mnist import Mnist
from study.lab.statistics import NATURAL, LayerStatistics
from study.record.results import read_run, write_run
from study.theory import gaussian
from tests.configs import small_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAME = "relu_second_moment"
DEPTH, WIDTH, IMAGES = 4, 16, 5


PREDICTIONS = pytest.approx(
    {
        "relu-variance-ratio": 1 / 2 - 1 / (2 * pi),
        "he-half-of-previous-variance": 1 / 2,
        "he-eq7-second-moment": pi / (pi - 1),
        "he-eq8-eq9": 1 / 2,
        "s002-he-factor-two": 1,
        "s002-variance-halves-8-layers": 1 / 256,
        "he-first-layer": 2,
        "relu-first-layer-mean": 1 / sqrt(pi),
        "relu-first-layer-deviation": sqrt(1 - 1 / pi),
        "he-relu-derivative-half": 1 / 2,
        "he-eq12-eq13": 1 / 2,
        "he-eq14-condition": 1,
        "he-eq15-slope": 17 / 32,
        "he-eq16-slope": 17 / 32,
        "he-a-one-is-linear": 1,
        "s004-glorot-ignores-relu": 1 / 2,
        "s004-why-two": 1,
    }
)


small = partial(small_config, NAME, draws=2, depth=DEPTH, width=WIDTH, images=IMAGES)


def geometric(depth: int) -> LayerStatistics:
    """Make statistics that a layer multiplies by 3 on the way up and by 5 on the way down."""
    growth = 3.0 ** torch.arange(depth, dtype=torch.float64)
    backward_growth = 5.0 ** torch.arange(depth, dtype=torch.float64).flip(0)
    return LayerStatistics(
        log2_preactivation_second_moment=(4 * growth).log2(),
        log2_activation_second_moment=growth.log2(),
        log2_activation_gradient_second_moment=(8 * backward_growth).log2(),
        log2_preactivation_gradient_second_moment=(2 * backward_growth).log2(),
        log2_weight_gradient_second_moment=0 * growth,
        relative_preactivation_mean=0 * growth,
        relative_preactivation_variance=0 * growth + 1 / 2,
        relative_activation_mean=0 * growth + 7,
        relative_activation_variance=0 * growth + 1 / 4,
        activation_gap=0 * growth,
        activation_image_variance=0 * growth,
    )


def test_quantities_are_the_factors_and_ratios_they_are_named_after() -> None:
    images = torch.tensor([[1.0, 1.0], [3.0, 3.0]])  # of sizes 1 and 3, of mean square 5
    assert method.quantities(geometric(9), images) == pytest.approx(
        {
            "forward_factor": 3,
            "backward_factor": 5,
            "activation_over_preactivation": 1 / 4,
            "activation_variance_over_preactivation_variance": 1 / 8,
            "activation_squared_mean_over_preactivation": 3 / 16,
            "activation_second_moment_over_variance": 4,
            "gradient_through_activation": 1 / 4,
            "first_layer_factor": 4 / 5,
            "first_layer_mean": 7 / 2,
            "first_layer_deviation": sqrt(1 / 4 / 5),
            "left_after_8_layers": 3**8,
        }
    )


def test_eight_layers_need_nine_preactivations() -> None:
    images = torch.ones(1, 2)
    assert "left_after_8_layers" not in method.quantities(geometric(8), images)
    assert "left_after_8_layers" in method.quantities(geometric(9), images)


def test_arms_share_their_random_numbers(embedded: Mnist) -> None:
    twins = {name: {"weight_variance": 2.0, "slope": 0.25} for name in ("one", "two")}
    samples = catalogue.load(NAME).run(small(arms=twins), embedded, [0, 1]).samples
    for key in samples:
        if key.endswith(".one"):
            assert samples[key] == samples[key.replace(".one", ".two")]


def test_the_factor_of_an_arm_is_proportional_to_its_weight_variance(embedded: Mnist) -> None:
    arms = {str(c): {"weight_variance": c, "slope": 0.0} for c in (1.0, 4.0)}
    samples = catalogue.load(NAME).run(small(arms=arms), embedded, [0]).samples
    for quantity in ("forward_factor", "backward_factor", "first_layer_factor"):
        (factor,), (factor_of_four,) = samples[f"{quantity}.1.0"], samples[f"{quantity}.4.0"]
        assert factor_of_four == pytest.approx(4 * factor, rel=1e-5)  # exact but for float32


def test_the_curves_are_one_row_per_arm_quantity_and_layer(
    embedded: Mnist,
) -> None:
    config = small()
    rows = catalogue.load(NAME).run(config, embedded, [0, 1]).tables["layers"]
    keys = [(row["arm"], row["quantity"], row["layer"]) for row in rows]
    quantities = {str(quantity) for _, quantity, _ in keys}
    assert set(NATURAL) < quantities
    assert sorted(keys) == sorted(product(config.arms, quantities, range(1, DEPTH + 1)))


def test_the_halving_slope_halves_the_variance() -> None:
    assert gaussian.leaky_relu_variance(claims.HALVING_SLOPE) == pytest.approx(1 / 2)


def test_the_second_moment_splits_into_variance_and_squared_mean(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    samples = three_draws(NAME).result().samples
    shares = np.array(samples["activation_over_preactivation.two_over_n"])
    squared_mean = np.array(samples["activation_squared_mean_over_preactivation.two_over_n"])
    over_variance = np.array(samples["activation_second_moment_over_variance.two_over_n"])
    # Not of the means over layers, but each layer has second moment = variance + squared mean,
    # and the layers of one network differ by a few per cent.
    assert squared_mean / shares == pytest.approx(1 - 1 / over_variance, rel=0.05)


def test_a_figure_leaves_out_an_arm_that_was_not_measured(embedded: Mnist, tmp_path: Path) -> None:
    config = small(arms={"two_over_n": {"weight_variance": 2.0, "slope": 0.0}})
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    figure = figures.second_moment_by_layer(read_run(tmp_path / "run"))
    plt.close(figure)
    labels = {text.get_text() for text in figure.axes[0].texts}
    assert labels == {"2/n"}


@pytest.mark.filterwarnings("ignore")  # of matplotlib, where nothing finite is left
def test_figures_are_drawn_with_any_arms_and_beyond_the_largest_float(
    embedded: Mnist, tmp_path: Path
) -> None:
    arms = {"four_over_n": {"weight_variance": 1000.0, "slope": 0.0}}
    another = {"mine": {"weight_variance": 1.0, "slope": 0.5}}
    config = small(arms=arms | another, depth=130, width=4, images=2)
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
