from dataclasses import asdict, replace
from functools import partial
from math import sqrt, tanh
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.text import Text

from study import catalogue
from study.errors import StudyError
from study.experiments.variance.tanh_gain import claims, figures, method
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from study.theory.mean_field import lengths
from study.theory.moments import second_moment
from tests.configs import small_config

NAME = "tanh_gain"
DEPTH, WIDTH, IMAGES = 5, 16, 6


PREDICTIONS = pytest.approx(
    {
        "s003-tanh-amplify": 1.2093,
        "tanh-one-layer-gain-one": 0.62793,
        "tanh-one-layer-five-thirds": 0.75938,
        "tanh-saturated-five-thirds": 0.20934,
        "tanh-decay-gain-one": 1.0,
        "tanh-level-five-thirds": 0.65135,
        "tanh-preactivation-five-thirds": 1.08558,
        "tanh-gradient-five-thirds": 1.20983,
    },
    rel=1e-4,
)


small = partial(small_config, NAME, draws=2, depth=DEPTH, width=WIDTH, images=IMAGES)


def test_the_pass_up_and_down_is_that_of_autograd() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs, *weights, cotangent = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((IMAGES, 7), (7, 4), (4, 3), (IMAGES, 3))
    )
    layers = method.propagate_tanh(inputs, cotangent, weights, gain=1.3, saturation=0.5)

    first = (inputs @ weights[0] * 1.3 / sqrt(7)).requires_grad_()
    second = first.tanh() @ weights[1] * 1.3 / sqrt(4)
    gradients = torch.autograd.grad(second.tanh(), (first, second), cotangent)
    for index, (z, gradient) in enumerate(zip((first, second), gradients, strict=True)):
        assert layers.gradient_second_moment[index] == pytest.approx(
            gradient.square().mean().item()
        )
        assert layers.preactivation_deviation[index] == pytest.approx(
            z.square().mean().sqrt().item()
        )
        assert layers.activation_deviation[index] == pytest.approx(
            z.tanh().square().mean().sqrt().item()
        )
        assert layers.saturated[index] == pytest.approx(
            (z.tanh().abs() > 0.5).double().mean().item()
        )


def test_quantities_are_those_they_are_named_after() -> None:
    unit = torch.ones(4, dtype=torch.float64)
    steady = method.TanhStatistics(
        preactivation_deviation=3 * unit,
        activation_deviation=torch.tensor([0.5, 0.4, 0.3, 0.2], dtype=torch.float64),
        saturated=torch.tensor([0.1, 0.0, 0.0, 0.05], dtype=torch.float64),
        gradient_second_moment=torch.tensor([9.0, 7.0, 6.0, 2.0], dtype=torch.float64),
    )
    larger_activations = replace(steady, activation_deviation=2 * steady.activation_deviation)
    values = method.quantities({"one": steady, "other": larger_activations})
    assert values == pytest.approx(
        {
            "first_deviation.one": 0.5,
            "first_deviation.other": 1.0,
            "first_deviation_over_one.other": 2.0,
            "first_saturated.one": 0.1,
            "first_saturated.other": 0.1,
            "last_deviation.one": 0.2,
            "last_deviation.other": 0.4,
            "last_preactivation_deviation.one": 3.0,
            "last_preactivation_deviation.other": 3.0,
            "last_deviation_over_decay.one": 0.2 * sqrt(8),
            "last_deviation_over_decay.other": 0.4 * sqrt(8),
            "last_saturated.one": 0.05,
            "last_saturated.other": 0.05,
            "gradient_factor.one": 3.0,  # of the upper half of the layers, 6 over 2
            "gradient_factor.other": 3.0,
        }
    )


def test_every_image_enters_with_unit_mean_square(embedded: Mnist) -> None:
    config = small(width=4096, arms={"one": 1.0}, depth=4, images=2)
    deviation = catalogue.load(NAME).run(config, embedded, [0]).samples["first_deviation.one"]
    assert deviation == pytest.approx([claims.one_layer(1.0)], rel=0.03)


def test_figures_show_gains_of_the_readers_own(embedded: Mnist, tmp_path: Path) -> None:
    config = small(arms={"mine": 1.1, "two": 2.0})
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in (figures.deviation_by_layer, figures.gradient_by_layer):
        picture = figure(read_run(tmp_path / "run"))
        plt.close(picture)
        assert {"gain 2", "mine"} <= {text.get_text() for text in picture.findobj(Text)}


def test_a_gain_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(
        StudyError, match=r"^experiment\.arms\.mine=1e-300: input should be greater"
    ):
        small(arms={"mine": 1e-300})


def test_arms_share_their_random_numbers(embedded: Mnist) -> None:
    samples = (
        catalogue.load(NAME).run(small(arms={"one": 1.2, "two": 1.2}), embedded, [0, 1]).samples
    )
    for key in samples:
        if key.endswith(".one"):
            assert samples[key] == samples[key.replace(".one", ".two")]


def test_the_example_worked_by_hand() -> None:
    s, gain = (0 + 1 + 1) / 3, sqrt(3 / 2)
    assert gain**2 * s == pytest.approx(1)
    assert tanh(1.0) ** 2 == pytest.approx(0.580, abs=5e-4)
    assert second_moment(claims.TANH, 1.0) == pytest.approx(0.394, abs=5e-4)
    assert 1 - 0.97**2 < 0.06


def test_the_decay_is_that_of_the_recursion() -> None:
    for layers, short_of in ((20, 0.02), (50, 0.012), (200, 0.005)):
        q = lengths(claims.TANH, 1.0, 1.0, 0.0, layers)[-1]
        deviation = sqrt(second_moment(claims.TANH, q))
        assert deviation * sqrt(2 * layers) == pytest.approx(1, abs=short_of)
