from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt

from study import catalogue
from study.experiments.depth_size.rounding_through_depth import figures, method
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "rounding_through_depth"

PREDICTIONS = pytest.approx(
    {
        # log2 of 0.0023419 √10; ten over 0.5071.
        "bfloat16-error-grows-by-root": -7.07712,
        "loss-scale-is-exact": 1,
        "loss-scale-buys-layers": 19.7204,
        "bfloat16-loses-updates": 0.775683,
    },
    rel=1e-4,
)

small = partial(small_config, NAME, draws=2, images=2, width=16, depth=3, layers=4)


def network(config: method.Config) -> tuple[torch.Tensor, list[torch.Tensor], torch.Tensor]:
    weights = [method.normal(config, (16, 16), 0, layer) / 8**0.5 for layer in (1, 2, 3)]
    start, cotangent = (method.normal(config, (2, 16), 0, layer) for layer in (7, 8))
    return start, weights, cotangent


def test_both_passes_are_those_of_torch() -> None:
    start, weights, cotangent = network(small())
    start.requires_grad_()
    signal, expected = start, []
    for weight in weights:
        expected.append(torch.nn.functional.linear(signal, weight))
        signal = expected[-1].relu()
    (gradient,) = torch.autograd.grad(signal, start, cotangent)
    exact = method.forward(start.detach(), weights, None)
    for ours, of_torch in zip(exact.preactivations, expected, strict=True):
        torch.testing.assert_close(ours, of_torch.detach())
    torch.testing.assert_close(method.backward(exact, cotangent, None)[-1], gradient)


def test_a_rounded_network_holds_numbers_of_its_format_only() -> None:
    start, weights, cotangent = network(small())
    near = method.forward(start, weights, "bfloat16")
    kept = [*near.weights, *near.preactivations, *method.backward(near, cotangent, "bfloat16")]
    for numbers in kept:
        assert torch.equal(numbers, numbers.bfloat16().double())
    assert not torch.equal(near.weights[0], weights[0])


def test_a_power_of_two_is_taken_out_again_and_another_number_is_not() -> None:
    for scale, alike in ((1024.0, True), (1000.0, False)):
        config = small(scale=scale)
        start, weights, cotangent = network(config)
        arm = config.arms["bfloat16"]
        errors = method.of_errors(config, arm, start, weights, cotangent)
        assert (errors.alike == 1) is alike
        assert len(errors.signal) == len(errors.gradient) == 3
        assert 0 < errors.signal[0] < 1e-4


def test_updates_below_half_a_step_are_lost_however_often() -> None:
    # Between 1 and 2 bfloat16 has steps of 1/128; 0.003 is less than half of one, and 0.005 more.
    weights, update = torch.ones(1, 4).double(), torch.tensor([[0.003, 0.005, 0.0, 0.1]]).double()
    arm = small().arms["bfloat16"]
    assert method.of_updates(arm, weights, update) == {"lost": 0.5, "lost_after_twenty": 0.5}
    half = small().arms["float16"]
    assert method.of_updates(half, weights, update) == {"lost": 0.25, "lost_after_twenty": 0.25}


def test_a_fading_gradient_is_counted_to_its_last_layer() -> None:
    # Halves leave 2^-24 of 2^-20 after four layers, and half of that is rounded to 0.
    config = small(width=16, layers=14, scale=4.0)
    weights = [2**-0.5 * torch.eye(16).double()] * 14
    start, cotangent = torch.ones(2, 16).double(), torch.full((2, 16), 2.0**-20).double()
    reached = method.of_fading(config, start, weights, cotangent)
    assert reached == {"layers.alone": 4.0, "layers.scaled": 6.0, "layers.gained": 2.0}


def test_a_depth_beyond_the_last_layer_is_refused() -> None:
    with pytest.raises(Exception, match="depth=5: layers=4: at most that"):
        small(depth=5)


def test_a_format_of_ones_own_choice_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    config = small(arms={"mine": {"format": "float32"}})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "signal_error.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
