from functools import partial
from math import exp, isnan, nan
from typing import Any

import pytest
import torch
from scipy.stats import spearmanr
from torch import nn
from torch.nn import functional

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.he.prelu_training import claims, method
from study.lab.mnist import Mnist
from study.lab.training import History
from tests.configs import small_config

NAME = "prelu_training"


def settings(scale: str = "reference", **changes: Any) -> method.Config:  # noqa: ANN401
    settings = configuring.plain_settings(NAME, scale)
    return configuring.checked(method.Config, configuring.with_overrides(settings, changes))


small = partial(
    small_config,
    NAME,
    updates=5,
    evaluate_at=[0, 5],
    longer={"arms": ["channel", "channel_pixels"], "updates": 7},
    channels=[4] * 5,
)


def first_images(mnist: Mnist, count: int = 16) -> torch.Tensor:
    return mnist.standardised(mnist.train.first(count).images).view(-1, 1, 28, 28)


def test_a_network_has_five_convolutions_and_two_linear_layers(embedded: Mnist) -> None:
    config = settings()
    for name, arm in config.arms.items():
        network = method.make_network(config, arm, 0)
        kinds = [type(module) for module in network]
        assert kinds.count(nn.Conv2d) == 5
        assert kinds.count(nn.Linear) == 2
        assert kinds.count(nn.MaxPool2d) == (0 if name == "strided" else 2)
        assert network(first_images(embedded)).shape == (16, 10)
        assert len(method.slopes_of(network)) == (6 if arm.learned else 0)


def test_weights_have_the_variance_of_equation_15() -> None:
    config = settings(channels=[64] * 5)
    for name, factor in (("channel", 32 / 17), ("leaky", 32 / 17), ("relu", 2.0)):
        for module in method.make_network(config, config.arms[name], 0):
            if isinstance(module, nn.Conv2d):
                fan_in = module.weight[0].numel()
                mean_square = module.weight.square().mean().item()
                assert fan_in * mean_square == pytest.approx(factor, rel=0.12)


def test_networks_of_one_shape_share_their_random_numbers() -> None:
    config = settings()
    relu, channel = (
        method.make_network(config, config.arms[name], 3) for name in ("relu", "channel")
    )
    for relu_layer, channel_layer in zip(relu, channel, strict=True):
        if isinstance(relu_layer, nn.Conv2d) and isinstance(channel_layer, nn.Conv2d):
            torch.testing.assert_close(relu_layer.weight * (16 / 17) ** 0.5, channel_layer.weight)


def test_decay_acts_on_slopes_alone() -> None:
    config = small(slope_rate=0.5)
    network = method.make_network(config, config.arms["decayed"], 0)
    rule = method.optimiser(config, config.arms["decayed"], 0.04)(network)
    parameters, slopes = rule.param_groups
    assert parameters["weight_decay"] == 0
    assert parameters["lr"] == 0.04
    assert slopes["weight_decay"] == config.arms["decayed"].slope_decay
    assert slopes["lr"] == 0.02
    assert len(slopes["params"]) == 6
    assert len(parameters["params"]) == 14


def test_arms_are_trained_at_other_rates_too() -> None:
    config = small(
        trained=["relu", "channel", "decayed"],
        other_rates={"half": 0.5, "twice": 2.0},
        at_all_rates=["channel"],
    )
    assert config.trainings == {
        "relu": ("relu", 1.0),
        "channel": ("channel", 1.0),
        "decayed": ("decayed", 1.0),
        "channel_half": ("channel", 0.5),
        "channel_twice": ("channel", 2.0),
    }
    assert config.evaluations("channel") == (0, 5, 7)
    assert config.evaluations("decayed") == (0, 5)
    assert config.evaluations("relu") == config.evaluations("channel_half") == (5,)


def test_another_rate_is_a_multiple_of_the_rate_of_the_settings(embedded: Mnist) -> None:
    config = small(other_rates={"half": 0.5}, at_all_rates=["strided"])
    slower = small(learning_rate=config.learning_rate / 2)
    inputs = method.prepare(config, embedded)
    expected = method.train(slower, inputs, 0, "strided")
    assert method.train(config, inputs, 0, "strided_half") == expected


def test_trainings_that_are_alike_are_made_once(embedded: Mnist) -> None:
    config = small(
        **{
            "arms.channel_pixels.images": "standardised",
            "trained": ["channel", "channel_pixels", "decayed"],
            "other_rates": {"half": 1.0, "twice": 2.0},
            "at_all_rates": ["channel"],
        }
    )
    histories = method.train_all(config, method.prepare(config, embedded), 0)
    assert histories["channel_half"] is histories["channel_pixels"] is histories["channel"]
    assert histories["channel_twice"] is not histories["channel"] is not histories["decayed"]


def test_frozen_slopes_stay_where_they_started(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(slope_rate=0.0, slope_start=0.5), embedded, [0])
    for name in method.layers(small()):
        assert result.samples[f"slope.channel_{name}"] == [0.5]
    assert result.samples["rank_correlation.channel"] == [0.0]
    assert result.samples["size_lost.decayed"] == [0.0]


def test_the_rank_correlation_is_that_of_scipy() -> None:
    for slopes in ([0.3, 0.1, 0.2, 0.25, -0.4], [0.1, 0.1, 0.3], TABLE):
        expected = spearmanr(range(len(slopes)), slopes).statistic
        assert method.rank_correlation(slopes) == pytest.approx(expected)
    assert method.rank_correlation([0.2, 0.2]) == 0
    assert isnan(method.rank_correlation([nan, 0.2]))


def metrics(slopes: list[float], error: float) -> dict[str, float]:
    values = {"error": error}
    for layer, slope in enumerate(slopes, start=1):
        values |= {
            f"mean_{layer}": slope,
            f"size_{layer}": abs(slope),
            f"largest_{layer}": 2 * abs(slope),
        }
    return values


def test_what_is_read_of_slopes() -> None:
    config = small(other_rates={"half": 0.5, "twice": 2.0}, at_all_rates=["relu"])

    def history(loss: float, slopes: list[float], error: float) -> History:
        late = metrics([slope / 2 for slope in slopes], error / 2)
        return History([loss] * 5 + [0.0] * 2, {5: metrics(slopes, error), 7: late})

    values = method.quantities(
        config,
        {
            "relu": history(1.0, [], 0.2),
            "relu_half": history(0.8, [], 0.2),
            "relu_twice": history(nan, [], nan),
            "channel": history(0.75, [0.5, 0.2, 0.6, 0.4, -0.3, 0.4], 0.15),
            "decayed": history(0.8, [0.2] * 6, 0.1),
        },
    )
    assert values["first_over_others.channel"] == pytest.approx(0.5 - 0.9 / 4)
    assert values["middle_over_neighbours.channel"] == pytest.approx(0.3)
    assert values["last_over_convolutions.channel"] == pytest.approx(0.4 - 1.4 / 5)
    assert values["size.channel"] == pytest.approx(0.4)
    assert values["largest.channel"] == pytest.approx(1.2)
    assert values["size_lost.decayed"] == pytest.approx(0.5)
    assert values["loss_saved.over_relu"] == pytest.approx(0.25)
    assert values["loss_saved.over_relu_at_best"] == pytest.approx(1 - 0.75 / 0.8)
    assert values["error_saved.over_relu"] == pytest.approx(0.05)
    assert "loss_saved.over_relu_half" not in values
    assert "loss_saved.over_leaky" not in values
    # (2 (−0.3 − 0.5) + (0.4 − 0.2)) / 10
    assert values["change_per_layer.channel"] == pytest.approx(-0.14)
    assert values["late_change_per_layer.channel"] == pytest.approx(-0.07)
    assert "late_size.decayed" not in values


def test_a_draw_measures_all_that_is_claimed(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(trained=[*settings().arms]), embedded, [0])
    assert {key for claim in claims.CLAIMS for key in claim.quantities} <= set(result.samples)
    assert {"loss_saved.over_leaky", "slope.shared_fc1"} <= set(result.samples)
    assert {row["arm"] for row in result.tables["slopes"]} == {
        "channel",
        "channel_half",
        "channel_twice",
        "channel_pixels",
        "shared",
        "decayed",
        "strided",
        "strided_half",
        "strided_twice",
    }
    updates = {(row["arm"], row["update"]) for row in result.tables["course"]}
    assert {("channel", 7), ("decayed", 5)} <= updates
    assert ("decayed", 7) not in updates


def test_both_scales_of_the_images_train_one_network(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    pixels = inputs.pixels.training.images
    assert pixels.min().item() == 0
    assert pixels.max().item() == pytest.approx(1, abs=0.01)
    assert inputs.standardised.test.images.shape[1:] == pixels.shape[1:] == (1, 28, 28)
    plain, scaled = (
        method.make_network(config, config.arms[arm], 0) for arm in ("channel", "channel_pixels")
    )
    for parameter, other in zip(plain.parameters(), scaled.parameters(), strict=True):
        torch.testing.assert_close(parameter, other)


def test_an_arm_of_ones_own_is_trained_with_the_others(embedded: Mnist) -> None:
    arm = {"images": "pixels", "pooling": False, "slopes": "shared", "slope_decay": 0.1}
    config = small(**{"arms.mine": arm, "trained": ["channel", "decayed", "mine"]})
    result = catalogue.load(NAME).run(config, embedded, [0])
    assert {"error.mine", "slope.mine_fc1"} <= set(result.samples)
    assert "mine" in {row["arm"] for row in result.tables["course"]}


def test_slopes_of_zero_have_no_size_to_lose(embedded: Mnist) -> None:
    config = small(slope_rate=0.0, slope_start=0.0, trained=["channel", "decayed"])
    result = catalogue.load(NAME).run(config, embedded, [0])
    assert isnan(result.samples["size_lost.decayed"][0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"evaluate_at": [5, 0]},
            "experiment.evaluate_at=[5, 0]: must ascend",
        ),
        (
            {"evaluate_at": [0, 6]},
            "experiment.evaluate_at=[0, 6], updates=5: none may be after the last",
        ),
        (
            {"at_all_rates": ["other"]},
            (
                "experiment.at_all_rates=other: choose from relu, relu_pixels, leaky, channel, "
                "channel_pixels, shared, decayed, strided"
            ),
        ),
        (
            {"trained": ["channel", "decayed", "other"]},
            (
                "experiment.trained=channel, decayed, other: "
                "choose from relu, relu_pixels, leaky, channel, channel_pixels, shared, decayed, "
                "strided"
            ),
        ),
        (
            {"longer.updates": 4},
            "experiment.updates=5, longer.updates=4: updates must be no more than longer.updates",
        ),
        (
            {"trained": ["channel", "decayed", "channel"]},
            "experiment.trained=channel, decayed, channel: must all differ",
        ),
        (
            {"trained": ["channel", "relu"]},
            "experiment.trained=channel, relu: decayed must be among them",
        ),
        (
            {"arms.decayed.slopes": "fixed"},
            (
                "experiment.arms.decayed.slopes=fixed: must be learned, one for each channel "
                "or shared"
            ),
        ),
    ],
)
def test_settings_that_are_not_possible_together(changes: Any, message: str) -> None:  # noqa: ANN401 - of settings
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == message


def test_the_images_fill_a_minibatch(embedded: Mnist) -> None:
    with pytest.raises(StudyError, match=r"^experiment\.batch=4001: there are only 4000$"):
        method.prepare(small(batch=4001), embedded)


# What the chapter works out by hand --------------------------------------------------------------


def test_the_worked_example() -> None:
    z = torch.tensor([[2.0, -4.0], [-1.0, 3.0]])
    cotangent = torch.tensor([[1.0, 0.5], [-2.0, 1.0]])
    slopes = torch.tensor([0.25, 0.25], requires_grad=True)
    activations = functional.prelu(z, slopes)
    assert activations.tolist() == [[2.0, -1.0], [-0.25, 3.0]]
    (by_channel,) = torch.autograd.grad((activations * cotangent).sum(), slopes)
    assert by_channel.tolist() == [2.0, -2.0]
    shared_slope = torch.tensor([0.25], requires_grad=True)
    (shared_gradient,) = torch.autograd.grad(
        (functional.prelu(z, shared_slope) * cotangent).sum(), shared_slope
    )
    assert shared_gradient.tolist() == [0.0]
    # One update at learning rate 0.1 with decay 0.4: the decay adds 0.4 · 0.25 to each gradient.
    parameter = nn.Parameter(slopes.detach().clone())
    parameter.grad = by_channel
    torch.optim.SGD([parameter], lr=0.1, momentum=0.9, weight_decay=0.4).step()
    assert parameter.tolist() == pytest.approx([0.04, 0.44])


def test_decay_alone_shrinks_a_slope_as_the_law_says() -> None:
    config = settings()
    decay = config.arms["decayed"].slope_decay
    parameter = nn.Parameter(torch.tensor([0.25], dtype=torch.float64))
    rule = torch.optim.SGD(
        [parameter], lr=config.learning_rate, momentum=config.momentum, weight_decay=decay
    )
    for _ in range(config.updates):
        parameter.grad = torch.zeros(1, dtype=torch.float64)
        rule.step()
    share = parameter.item() / 0.25
    speed = config.learning_rate * decay / (1 - config.momentum)
    assert share == pytest.approx(exp(-speed * config.updates), rel=0.02)
    lost_share = 1 - exp(-speed * config.updates)
    assert lost_share == pytest.approx(claims.DECAY_ALONE, abs=1e-6)


def test_what_the_papers_slopes_change_by() -> None:
    # By the normal equation: the covariance with the depth, over the variance of the depth.
    depths = [depth - 5 for depth in range(11)]
    change = sum(d * a for d, a in zip(depths, TABLE, strict=True)) / sum(d * d for d in depths)
    assert change == pytest.approx(-0.033, abs=5e-4)
    assert method.change_per_layer(TABLE) == pytest.approx(change)


# Claims ------------------------------------------------------------------------------------------

TABLE = settings().printed["channel"]
PREDICTIONS = pytest.approx(
    {
        "he-prelu-init-025": 1 - exp(-0.01 * 0.005 * 2344 / 0.1),
        "prelu-first-slope-without-pooling": None,
        "he-prelu-slopes-decrease": None,
        "he-prelu-deeper-smaller": None,
        "prelu-pooling-lifts-slopes": None,
        "prelu-saves-loss-on-mnist": None,
    },
    abs=1e-6,
)
