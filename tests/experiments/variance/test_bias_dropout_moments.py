from dataclasses import asdict, replace
from functools import partial
from math import sqrt
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue
from study.experiments.variance.bias_dropout_moments import figures, method
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "bias_dropout_moments"
PREDICTIONS = pytest.approx(
    {
        "constant-bias-second-moment": 1,
        "constant-bias-ten-layers": 4.597,
        "constant-bias-gradient": 1.506,
        "constant-bias-opens": 0.5485,
        "negative-bias-shuts": 0.4496,
        "dropout-divides-second-moment": 2,
        "dropout-training-over-evaluation": 1,
        "dropout-corrected-training": 1,
        "dropout-corrected-evaluation": -1,
        "dropout-gradient": 512,
        "dropout-same-image-cosine": 0.21725,
        "dropout-forgets-image": None,
    },
    rel=2e-4,
)

small = partial(small_config, NAME, draws=2, depth=3, width=5, images=2)


def numbers_of(config: method.Config) -> tuple[torch.Tensor, method.Numbers]:
    images = torch.arange(8.0).reshape(2, 4)
    return images, method.random_numbers(config, images, 0)


def test_a_pass_and_its_gradient_are_those_of_torch() -> None:
    config = small(**{"arms.bias_tenth.keep": 0.5})
    arm = config.arms["bias_tenth"]
    images, numbers = numbers_of(config)
    training = method.forward(arm, images, numbers, 0)
    first: torch.Tensor | None = None
    signal = images
    for layer, normal in enumerate(numbers.weights):
        z = nn.functional.linear(signal, normal * sqrt(2 / normal.shape[1]), torch.full((5,), 0.1))
        torch.testing.assert_close(training.preactivations[layer], z.detach())
        if first is None:
            first = z = z.requires_grad_()
        if layer < 2:
            signal = z.relu() * (numbers.uniform[layer][0] < 0.5) * 2
    assert first is not None
    (gradient,) = torch.autograd.grad(z, first, numbers.cotangent)
    factor = (gradient.square().mean() / numbers.cotangent.square().mean()).item()
    assert method.of_gradient(arm, numbers, training)["gradient"] == pytest.approx(factor, rel=1e-5)


def test_dropout_is_that_of_torch_in_mean_and_in_evaluation() -> None:
    # torch keeps units with probability 1 − p, divides them by it, and leaves evaluation alone.
    layer = nn.Dropout(p=0.5)
    with torch.random.fork_rng(devices=[]):
        assert {*layer(torch.ones(1000)).tolist()} == {0.0, 2.0}
    assert layer.eval()(torch.ones(3)).tolist() == [1, 1, 1]
    config = small()
    images, numbers = numbers_of(config)
    half, plain = config.arms["dropout_half"], config.arms["plain"]
    evaluation = method.forward(half, images, numbers, None)
    again = method.forward(plain, images, numbers, 0)
    for one, other in zip(evaluation.preactivations, again.preactivations, strict=True):
        torch.testing.assert_close(one, other)
    gates = method.forward(half, images, numbers, 0).gates[0]
    assert {*gates.flatten().tolist()} <= {0.0, 2.0}


def test_a_signal_is_measured_against_the_law_of_its_own_input() -> None:
    arm = replace(small().arms["plain"], weight_variance=2.0)
    inputs = torch.tensor([[1.0, -1.0]])
    training = method.Pass(
        [torch.tensor([[2.0, -2.0]]), torch.tensor([[3.0, 1.0]])],
        [torch.tensor([[2.0, 0.0]])],
        [torch.tensor([[1.0, 0.0]])],
    )
    # The input's mean square 1 makes q = 2, and half of it is expected; 4/2 is there.
    assert method.of_signal(arm, inputs, training) == {
        "layer_over_bias_law": pytest.approx(2.0),
        "second_moment": 5.0,
        "open": 0.5,
        "dead": 0.5,
    }


def test_masks_are_compared_in_powers_of_two_for_each_dropout() -> None:
    def result(last: list[list[float]]) -> method.Pass:
        z = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
        return method.Pass([z, z, torch.tensor(last)], [z, z], [z, z])

    first, second = result([[4.0, 4.0], [4.0, -4.0]]), result([[4.0, -4.0], [4.0, -4.0]])
    values = method.of_masks(first, second, result([[2.0, 2.0], [2.0, 2.0]]))
    assert values == pytest.approx(
        {
            "log2_training_over_evaluation": 1.0,
            "log2_evaluation_factor": 1.0,
            "same_image_cosine": 0.5,
            "same_less_other_cosine": 0.0,
        }
    )


def test_an_arm_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"weight_variance": 1.5, "bias": 0.2, "keep": 0.9}
    config = small(arms={"mine": mine})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "same_image_cosine.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
