from functools import partial
from math import log2, sqrt
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.he.he_convolution_training import claims, method
from study.lab.mnist import Mnist, Split
from study.lab.training import History
from tests.configs import small_config

NAME = "he_convolution_training"
CPU = torch.device("cpu")


SHORT = {
    "convolutions": 2,
    "learning_rate": 0.01,
    "updates": {"he": 4, "xavier": 6},
    "evaluate_at": [0, 3, 5],
}
small = partial(
    small_config,
    NAME,
    draws=2,
    channels=4,
    units=8,
    networks={"twenty_two": SHORT, "thirty": SHORT},
)


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [parameter for parameter in network.parameters() if parameter.dim() > 1]


def test_the_layers_follow_one_another(embedded: Mnist) -> None:
    config = small()
    network = method.make_network(config, 2, 2.0, 0, device=CPU)
    kinds = [type(layer).__name__ for layer in network]
    assert kinds == [
        *["Conv2d", "ReLU"] * 2,
        *["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"],
    ]
    split = method.pooled(config, embedded.train.first(5))
    assert network[:4](split.images).shape == (5, 4, 7, 7)
    assert network(split.images).shape == (5, 10)


def test_the_variance_is_that_over_the_inputs_of_a_unit() -> None:
    config = small(channels=32, units=128)
    matrices = weights(method.make_network(config, 3, 2.0, 0, device=CPU))
    fans = [9, 9 * 32, 9 * 32, 32 * 49, 128, 128]
    assert [weight[0].numel() for weight in matrices] == fans
    for weight, fan in zip(matrices, fans, strict=True):
        assert fan * weight.square().mean().item() == pytest.approx(2.0, rel=0.15)


def test_both_starts_share_their_random_numbers() -> None:
    he, xavier = (
        method.make_network(small(), 3, variance, 0, device=CPU) for variance in (2.0, 1.0)
    )
    for he_parameter, xavier_parameter in zip(he.parameters(), xavier.parameters(), strict=True):
        torch.testing.assert_close(he_parameter, sqrt(2) * xavier_parameter, rtol=1e-6, atol=0)


def test_pooling_is_a_mean_over_squares() -> None:
    images = torch.arange(784.0).view(1, 784)
    pictures = method.pooled(small(), Split(images, torch.zeros(1, dtype=torch.int64))).images
    square = [row * 28 + column for row in range(4, 8) for column in range(8, 12)]
    assert pictures.shape == (1, 1, 7, 7)
    assert pictures[0, 0, 1, 2].item() == sum(square) / 16


def test_each_arm_is_looked_at_to_its_own_end(embedded: Mnist) -> None:
    config = small()
    assert config.networks["thirty"].evaluations("he") == (0, 3, 4)
    assert config.networks["thirty"].evaluations("xavier") == (0, 3, 5, 6)
    rows = catalogue.load(NAME).run(config, embedded, [0]).tables["errors"]
    updates = [row["update"] for row in rows if (row["network"], row["arm"]) == ("thirty", "he")]
    assert updates == [0, 3, 4]


def test_what_is_read_of_the_trainings() -> None:
    config = small(window=1)
    histories = {
        (name, arm): History(
            [3.0] * (2 if arm == "he" else 9) + [1.0],
            {network.updates[arm]: {"error": 0.45 if arm == "he" else 0.9}},
        )
        for name, network in config.networks.items()
        for arm in ("he", "xavier")
    }
    values = method.quantities(config, histories)
    assert values["updates.he_thirty"] == 3
    assert values["learnt.he_thirty"] == pytest.approx(0.5)
    assert values["learnt_by_worse.thirty"] == pytest.approx(0.0)
    assert (values["rate.stalled.he_thirty"], values["rate.stalled.xavier_thirty"]) == (0, 1)
    assert values["log2_xavier_over_he.thirty"] == pytest.approx(log2(10 / 3))


def test_a_target_that_is_missed_counts_as_all_updates() -> None:
    config = small(window=1)
    histories = {
        (name, arm): History([3.0] * end, {end: {"error": 0.9}})
        for name, network in config.networks.items()
        for arm, end in network.updates.items()
    }
    values = method.quantities(config, histories)
    assert (values["updates.he_thirty"], values["updates.xavier_thirty"]) == (4, 6)


def test_an_arm_of_ones_own_is_trained_with_the_others(embedded: Mnist) -> None:
    changes = {"weight_variance.mine": 3.0} | {
        f"networks.{name}.updates.mine": 3 for name in ("twenty_two", "thirty")
    }
    result = catalogue.load(NAME).run(changed(changes), embedded, [0])
    assert {"learnt.mine_thirty", "updates.mine_twenty_two"} <= set(result.samples)
    assert [row["update"] for row in result.tables["errors"] if row["arm"] == "mine"] == [0, 3] * 2


QUICK = configuring.plain_settings(NAME, "quick", "brief")


def changed(changes: dict[str, Any]) -> method.Config:
    return configuring.checked(method.Config, configuring.with_overrides(QUICK, changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"images": 31},
            "experiment.batch=32, images=31: the images do not fill one minibatch",
        ),
        (
            {"networks.thirty.evaluate_at": [3, 0]},
            "experiment.networks.thirty.evaluate_at=[3, 0]: must ascend",
        ),
        (
            {"weight_variance.mine": 3.0},
            (
                "experiment.networks.twenty_two.updates=he, xavier, "
                "weight_variance=he, xavier, mine: must have the same arms"
            ),
        ),
        (
            {"networks.thirty.updates.mine": 3},
            (
                "experiment.networks.thirty.updates=he, xavier, mine, "
                "weight_variance=he, xavier: must have the same arms"
            ),
        ),
    ],
)
def test_settings_that_are_not_possible_together(changes: Any, message: str) -> None:  # noqa: ANN401 - of settings
    with pytest.raises(StudyError) as error:
        changed(changes)
    assert str(error.value) == message


def test_arms_that_are_compared_are_there() -> None:
    with pytest.raises(StudyError) as error:
        configuring.checked(method.Config, QUICK | {"weight_variance": {"he": 2.0}})
    assert str(error.value) == "experiment.weight_variance=he: xavier must be among them"


PREDICTIONS = pytest.approx(
    {
        "conv-22-layers-both-converge": None,
        "conv-22-layers-he-earlier": None,
        "conv-30-layers-xavier-stalls": None,
        "conv-30-layers-he-converges": None,
    },
    rel=1e-9,
)


def test_the_statements_say_how_many_layers_there_are() -> None:
    layers = [
        network["convolutions"] + 3
        for scale in ("reference", "quick")
        for network in configuring.plain_settings(NAME, scale)["networks"].values()
    ]
    assert layers[:2] == [22, 30]
    assert f"{layers[2]} and {layers[3]} layers" in claims.DEPARTURE
