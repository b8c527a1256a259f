import re
from functools import partial
from typing import Any

import pytest
import torch

from study.errors import StudyError
from study.experiments.batch_normalisation.running_averages import method
from study.lab.by_hand.normalisation import running_statistics
from tests.configs import small_config

NAME = "running_averages"


PREDICTIONS = {
    "s003-bn-running-average": 1,
    "bn-running-mean-rate": 1,
    "bn-running-variance-unbiased": 1,
    "bn-running-mean-noise": 1,
}


small = partial(small_config, NAME, units=3, batch=4, updates=60)


def batches(config: method.Config) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (config.updates, config.batch, config.units)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_torch_keeps_the_averages_that_are_coded_by_hand() -> None:
    config = small()
    data = batches(config)
    means, variances = method.running_averages(config, data, 0.1)
    mean, variance = data.new_zeros(config.units), data.new_ones(config.units)
    for step, batch in enumerate(data):
        mean, variance = running_statistics(mean, variance, batch, 0.1)
        torch.testing.assert_close(means[step], mean)
        torch.testing.assert_close(variances[step], variance)


def test_the_cumulative_rule_gives_the_plain_mean() -> None:
    config = small(rule="cumulative")
    data = batches(config)
    means, variances = method.running_averages(config, data, 0.1)
    torch.testing.assert_close(means[-1], data.mean(dim=(0, 1)))
    torch.testing.assert_close(variances[-1], data.var(dim=1).mean(dim=0))


def test_the_share_left_is_1_at_the_start_and_0_at_the_data() -> None:
    config = small(mean=5.0)
    means = torch.tensor([[0.0, 0.0], [5.0, 5.0], [4.0, 5.0]])
    assert method.share_left(config, means).tolist() == pytest.approx([1, 0, 0.1])


def test_quantities_follow_the_law_where_the_averages_do() -> None:
    config = small(momenta={"tenth": 0.1})
    steps = torch.arange(1, config.updates + 1, dtype=torch.float64)[:, None]
    means = config.mean * (1 - 0.9**steps)
    variances = torch.full_like(means, config.deviation**2)
    values = method.quantities(config, {"tenth": (means, variances)})
    assert values["mean_left.tenth"] == pytest.approx(1)
    assert values["variance_reached.tenth"] == pytest.approx(1)
    late = config.mean**2 * (0.9 ** (2 * steps[config.updates // 2 :])).mean().item()
    noise = config.deviation**2 / config.batch * 0.1 / 1.9
    assert values["mean_noise.tenth"] == pytest.approx(late / noise)


def test_a_momentum_too_small_to_be_read_is_read_at_the_last_step() -> None:
    config = small(momenta={"tenth": 0.001})
    averages = method.running_averages(config, batches(config), 0.001)
    assert method.quantities(config, {"tenth": averages})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"momenta": {"mine": 0.000001}},
            "experiment.momenta.mine=1e-06: input should be greater than or equal to 0.00001",
        ),
        (
            {"deviation": 1e200},
            "experiment.deviation=1e+200: input should be less than or equal to 1000000",
        ),
    ],
)
def test_numbers_whose_squares_or_inverses_there_are_not_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError, match=f"^{re.escape(message)}$"):
        small(**changes)


@pytest.mark.parametrize("gain", [1.0, 2.0, 3.0])
def test_inference_uses_the_last_gain(gain: float) -> None:
    ratio = method.gain_over_rolling_average(small(new_gain=gain))
    assert ratio == pytest.approx(gain / (0.9 + 0.1 * gain))


def test_the_example_worked_by_hand() -> None:
    batch = torch.tensor([[0.0], [3.0], [6.0]])
    mean, variance = running_statistics(torch.zeros(1), torch.ones(1), batch, 0.1)
    assert mean.item() == pytest.approx(0.3)
    assert variance.item() == pytest.approx(1.8)
    assert round((2 - 0.1) / 0.1, 9) == 19
