from functools import partial
from math import e, log

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.experiments.variance.residual_blocks import method
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "residual_blocks"


PREDICTIONS = pytest.approx(
    {
        "resnet-unscaled-doubles": 2,
        "resnet-scaled-branches": 1.02**50,
    }
)


small = partial(small_config, NAME, draws=2, blocks=4, width=12, images=3)


@pytest.mark.parametrize(("name", "factor"), [("unscaled", 1.0), ("scaled", 0.5)])
def test_the_blocks_are_those_of_torch(embedded: Mnist, name: str, factor: float) -> None:
    config = small()
    inputs = embedded.standardised(embedded.train.first(3).images)
    moments = method.block_moments(config, inputs, 0)[name]
    layers = RandomLayers((784, *[12] * 9), config.seed, 0)

    def linear(layer: int, weight_variance: float) -> nn.Linear:
        weights = layers.weights(layer)
        module = nn.Linear(weights.shape[1], weights.shape[0], bias=False, device="meta").to_empty(
            device="cpu"
        )
        with torch.no_grad():
            module.weight.copy_(weights * (weight_variance / weights.shape[1]) ** 0.5)
        return module

    with torch.no_grad():
        x = linear(1, 1.0)(inputs)
        sizes = [x.square().mean().item()]
        for block in range(4):
            inner, outer = linear(2 * block + 2, 2.0), linear(2 * block + 3, 1.0)
            x = x + factor * outer(inner(x).relu())
            sizes.append(x.square().mean().item())
    assert moments.tolist() == pytest.approx(sizes, rel=1e-5)


def test_quantities_are_the_factors_they_are_named_after() -> None:
    moments = {"unscaled": torch.tensor([1.0, 2.0, 4.0]), "scaled": torch.tensor([2.0, 3.0, 4.5])}
    assert method.quantities(moments) == pytest.approx(
        {
            "block_factor.unscaled": 2,
            "block_factor.scaled": 1.5,
            "all_blocks.unscaled": 4,
            "all_blocks.scaled": 2.25,
        }
    )


def test_the_curves_begin_before_the_first_block(embedded: Mnist) -> None:
    rows = catalogue.load(NAME).run(small(), embedded, [0, 1]).tables["blocks"]
    assert [row["block"] for row in rows] == [0, 1, 2, 3, 4] * 2


@pytest.mark.parametrize("scale", ["quick", "reference"])
def test_the_claims_are_about_fifty_blocks(scale: str) -> None:
    assert configuring.plain_settings(NAME, scale)["blocks"] == 50


def test_scaled_blocks_stay_below_e() -> None:
    totals = [(1 + 1 / blocks) ** blocks for blocks in (1, 2, 50, 10_000)]
    assert totals == sorted(totals)
    assert totals[-1] < e
    assert log(totals[-1]) == pytest.approx(1, abs=1e-4)
