from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from study import catalogue, configuring
from study.experiments.notes.first_layer import image_statistics
from study.experiments.notes.first_layer_scale import claims, method
from study.lab.by_hand.functions import linear, relu, shifted_relu
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.record.results import PERCENTILE
from tests.configs import small_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAME = "first_layer_scale"
CPU = torch.device("cpu")


PREDICTIONS = pytest.approx(
    {
        "s000-w1-scaling": 1 / 28,
        "s000-w1-scaling-mean": 0,
        "first-layer-second-moment": 1,
        "first-layer-mean-spread": 1,
        **{claim.id: 1 / 2 for claim in claims.PRINTED_NUMBERS},
    }
)


small = partial(small_config, NAME, draws=2, images=40)


def test_the_layer_is_the_notes_code_line_by_line(embedded: Mnist) -> None:
    config = small()
    x_valid = embedded.standardised(embedded.validation.images[: config.images]).double()
    (randn,) = standard_normal_layers([(784, 50)], config.seed, 0, CPU)
    m, b1, quantities = (
        784,
        torch.zeros(50),
        method.arm_quantities(config, image_statistics(x_valid.float()), randn),
    )
    for arm, w1, f in (
        ("unscaled_linear", randn.double(), lambda z: z),
        ("simplified_linear", randn.double() / sqrt(m), lambda z: z),
        ("simplified_relu", randn.double() / sqrt(m), relu),
        ("he_relu", randn.double() * sqrt(2 / m), relu),
        ("he_shifted", randn.double() * sqrt(2 / m), shifted_relu),
    ):
        t = f(linear(x_valid, w1, b1))
        expected = (w1.mean(), w1.std(), t.mean(), t.std())
        names = ("weight_mean", "weight_deviation", "mean", "deviation")
        for name, number in zip(names, expected, strict=True):
            value = quantities[f"{name}.{arm}"]
            assert value == pytest.approx(number.item(), rel=1e-5, abs=1e-6), (name, arm)


def test_the_printed_numbers_are_those_of_the_settings(embedded: Mnist) -> None:
    (mean,) = catalogue.load(NAME).run(small(), embedded, [0]).samples["mean.he_relu"]
    for printout, below in ((mean + 0.01, 1.0), (mean - 0.01, 0.0)):
        config = small(**{"printed.mean.he_relu": printout})
        samples = catalogue.load(NAME).run(config, embedded, [0]).samples
        assert samples[f"{PERCENTILE}mean.he_relu"] == [below]


def test_every_printed_number_is_that_of_its_statement() -> None:
    printouts = configuring.plain_settings(NAME, "reference")["printed"]
    for claim in claims.PRINTED_NUMBERS:
        quantity, arm = claim.quantity.removeprefix(PERCENTILE).split(".")
        number = claim.statement.rstrip(".").split()[-1].replace("−", "-")
        assert float(number) == printouts[quantity][arm], claim.id
    assert len(claims.PRINTED_NUMBERS) == sum(map(len, printouts.values()))


def test_the_weight_scale_multiplies_weights_and_outputs(embedded: Mnist) -> None:
    usual, large = (
        catalogue.load(NAME).run(small(weight_scale=scale), embedded, [0, 1]).samples
        for scale in (1.0, 3.0)
    )
    for key in ("weight_deviation.he_relu", "mean.he_relu", "deviation.unscaled_linear"):
        assert np.array(large[key]) == pytest.approx(3 * np.array(usual[key]))


def test_a_number_printed_twice_is_placed_in_one_layer(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    samples = three_draws(NAME).result().samples
    for quantity in ("mean", "deviation"):
        again = samples[f"{quantity}.simplified_linear_again"]
        assert samples[f"{quantity}.simplified_linear"] == again


def test_the_pairs_are_those_of_the_samples(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    result = three_draws(NAME).result()
    rows = [row for row in result.tables["pairs"] if row["arm"] == "he_relu"]
    assert [row["mean"] for row in rows] == list(result.samples["mean.he_relu"])
    assert [row["deviation"] for row in rows] == list(result.samples["deviation.he_relu"])


# The chapter's worked examples -------------------------------------------------------------------


def test_the_chapters_forward_pass() -> None:
    x = torch.tensor([[1.0, 2.0], [0.0, 1.0], [-1.0, 1.0]])
    w = torch.tensor([[1.0, -1.0], [2.0, 0.5]])
    z = linear(x, w, torch.tensor([-2.0, -1.0]))
    assert z.tolist() == [[3.0, -1.0], [0.0, -0.5], [-1.0, 0.5]]
    h = relu(z)
    assert h.tolist() == [[3.0, 0.0], [0.0, 0.0], [0.0, 0.5]]
    o = linear(h, torch.tensor([[1.0], [-2.0]]), torch.tensor([0.5]))
    assert o.tolist() == [[3.5], [0.5], [-0.5]]


def test_the_chapters_three_averages() -> None:
    h = torch.tensor([[3.0, 0.0], [0.0, 0.0], [0.0, 0.5]])
    assert h.mean(dim=1).tolist() == [1.5, 0.0, 0.25]
    assert h.mean(dim=0).tolist() == pytest.approx([1.0, 1 / 6])
    assert h.mean().item() == pytest.approx(7 / 12)
    assert h.square().mean().item() == pytest.approx(37 / 24)
    assert h.var(correction=0).item() == pytest.approx(37 / 24 - 49 / 144)
    assert h.var().item() == pytest.approx(6 / 5 * (37 / 24 - 49 / 144))


def test_the_chapters_spread_of_a_layer_mean() -> None:
    # Two images that share the mean image (1, 1): all four signs of two weights of one unit.
    x = torch.tensor([[2.0, 1.0], [0.0, 1.0]])
    signs = torch.tensor([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])
    means = (x @ signs / sqrt(2)).mean(dim=0)  # one number per choice of the signs
    assert (means * sqrt(2)).tolist() == pytest.approx([2.0, 0.0, 0.0, -2.0])
    assert means.square().mean().item() == pytest.approx(1.0)  # ‖x̄‖²/m = (1 + 1)/2
    moments = (x @ signs / sqrt(2)).square().mean().item()
    assert moments == pytest.approx(x.square().mean().item())
