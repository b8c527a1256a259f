from functools import partial
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from study import catalogue, configuring
from study.experiments.notes.first_layer import image_statistics
from study.experiments.notes.output_layer_scale import claims, method
from study.lab.by_hand.functions import linear, relu, shifted_relu
from study.lab.inits import random_generator, standard_normal, standard_normal_layers
from study.lab.mnist import Mnist
from study.record.results import PERCENTILE
from tests.configs import small_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAME = "output_layer_scale"
CPU = torch.device("cpu")


PREDICTIONS = pytest.approx(
    {
        "s000-simplified-keeps-scale": 1,
        "s000-simplified-keeps-scale-mean": 0,
        "s000-post-relu-not-standard": None,
        "s000-post-relu-not-standard-mean": None,
        "s004-unscaled-output": 1 / 2,
        "s004-unscaled-output-mean": 1 / 2,
        "s004-terribly-far": None,
        "unscaled-output-layer-is-large": None,
        "output-second-moment": 1,
        "output-deviation-linear": 1,
    }
)


small = partial(small_config, NAME, draws=2, images=40)


def test_the_network_is_the_notes_code_line_by_line(embedded: Mnist) -> None:
    config = small()
    images = image_statistics(embedded.standardised(embedded.validation.images[:40]))
    x, nh = images.inputs.double(), config.hidden
    layers = standard_normal_layers([(784, nh), (nh, 1)], config.seed, 0, CPU)
    randn1, randn2 = (part.double() for part in layers)
    values = method.network_quantities(config, images, *layers)
    for arm, w1, f, w2 in (
        ("unscaled_linear", randn1, lambda z: z, randn2),
        ("simplified_linear", randn1 / sqrt(784), lambda z: z, randn2 / sqrt(nh)),
        ("simplified_relu", randn1 / sqrt(784), relu, randn2 / sqrt(nh)),
        ("he_relu", randn1 * sqrt(2 / 784), relu, randn2 / sqrt(nh)),
        ("he_shifted", randn1 * sqrt(2 / 784), shifted_relu, randn2),
    ):
        activations = f(linear(x, w1, torch.zeros(nh)))
        output = linear(activations, w2, torch.zeros(1))
        assert output.shape == (40, 1)
        for key, number in {
            "mean": activations.mean(),
            "deviation": activations.std(),
            "output_mean": output.mean(),
            "output_deviation": output.std(),
            "output_factor_over_fan_in": output.square().mean() / activations.square().mean() / nh,
        }.items():
            expected = pytest.approx(number.item(), rel=1e-5, abs=1e-5)
            assert values[f"{key}.{arm}"] == expected, (key, arm)


def test_behind_relus_that_are_all_off_an_output_layer_has_no_factor() -> None:
    images = image_statistics(torch.tensor([[1.0, 2.0], [2.0, 1.0]]))
    config = small(hidden=3)
    values = method.network_quantities(config, images, -torch.ones(2, 3), torch.ones(3, 1))
    assert values["output_deviation.he_relu"] == 0
    assert isnan(values["output_factor_over_fan_in.he_relu"])


def test_every_printed_number_is_that_of_its_statement() -> None:
    printouts = configuring.plain_settings(NAME, "reference")["printed"]
    printed_claims = [claim for claim in claims.CLAIMS if claim.quantity.startswith(PERCENTILE)]
    for claim in printed_claims:
        quantity, arm = claim.quantity.removeprefix(PERCENTILE).split(".")
        number = claim.statement.rstrip(".").split()[-1].replace("−", "-")
        assert float(number) == printouts[quantity][arm], claim.id
    assert len(printed_claims) == sum(map(len, printouts.values()))


def test_the_laws_of_two_linear_layers_hold_over_many_draws() -> None:
    # Of one image pair and two units: the variance over images leaves the mean image out, and the
    # mean over images is the mean image's output.
    x = torch.tensor([[2.0, 1.0], [0.0, 1.0]]).double()
    draws = 200_000
    first = standard_normal((draws, 2, 2), random_generator(3, 0, 1), CPU).double()
    second = standard_normal((draws, 2, 1), random_generator(3, 0, 2), CPU).double()
    outputs = x @ first @ second / 2
    assert outputs.var(dim=1, correction=0).mean().item() == pytest.approx(1.5 - 1, rel=0.03)
    assert outputs.mean(dim=1).square().mean().item() == pytest.approx(1, rel=0.03)


def test_the_table_holds_each_arm_beside_its_law(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    result = three_draws(NAME).result()
    for row in result.tables["arms"]:
        assert row["mean"] == pytest.approx(row["law"], rel=0.3, abs=3.0)
    arms = configuring.plain_settings(NAME, "quick")["arms"]
    assert {row["arm"] for row in result.tables["arms"]} == set(arms)


def test_the_output_scales_with_both_layers(embedded: Mnist) -> None:
    twofold = {
        "arms.unscaled_linear.weight_variance": 4 * 784.0,
        "arms.unscaled_linear.output_variance": 4 * 50.0,
    }
    usual, large = (
        np.array(catalogue.load(NAME).run(small(**changes), embedded, [0, 1]).samples[key])
        for changes, key in (
            ({}, "output_deviation.unscaled_linear"),
            (twofold, "output_deviation.unscaled_linear"),
        )
    )
    assert large == pytest.approx(4 * usual)
