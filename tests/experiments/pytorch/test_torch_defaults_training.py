from functools import partial
from math import log, sqrt
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.pytorch.torch_defaults_training import method
from study.experiments.pytorch.torch_defaults_training.method import Network
from study.lab.mnist import Mnist
from study.lab.networks import linear_layers
from tests.configs import small_config

NAME = "torch_defaults_training"
PREDICTIONS = pytest.approx(
    {
        "torch-default-stalls": None,
        "torch-default-shallow-learns": None,
        "he-start-learns-where-default-stalls": None,
    }
)


small = partial(small_config, NAME, images=200, updates=20, width=16)


IMAGES = torch.zeros(1, 784)


def test_the_default_start_is_that_of_torch() -> None:
    config = small(width=400)
    layers = linear_layers(
        method.make_network(config, Network(depth=3, start="default"), 0, IMAGES)
    )
    assert [layer.weight.shape for layer in layers] == [(400, 784), (400, 400), (10, 400)]
    for layer in layers[:2]:
        scale = sqrt(layer.in_features)
        for values in (layer.weight, layer.bias):
            assert values.abs().max().item() * scale == pytest.approx(1, abs=0.02)
            assert values.square().mean().item() * scale**2 == pytest.approx(1 / 3, rel=0.15)


def test_the_other_start_is_that_of_he() -> None:
    layers = linear_layers(
        method.make_network(small(width=400), Network(depth=3, start="he"), 0, IMAGES)
    )
    for layer in layers[:2]:
        assert layer.weight.square().mean().item() * layer.in_features == pytest.approx(2, rel=0.02)
        assert not layer.bias.any()


def test_losses_are_averaged_in_pieces() -> None:
    assert method.pieces([1.0] * 10 + [3.0] * 10 + [9.0]) == [1, 3]


def test_a_run_trains_what_it_says(embedded: Mnist) -> None:
    config = small()
    result = catalogue.load(NAME).run(config, embedded, [1])
    network = config.networks["deep_he"]
    parts = method.prepare(config, embedded)
    assert parts.training.images.dtype == torch.float64
    inputs = parts._replace(validation=parts.training)
    losses, _ = method.train_network(config, network, inputs, 1)
    assert len(losses) == 20
    last = sum(losses[-10:]) / 10 / log(10)
    assert result.samples["last_loss_over_chance.deep_he"] == pytest.approx([last])
    curve = [row for row in result.tables["losses"] if row["network"] == "deep_he"]
    assert [row["step"] for row in curve] == [10, 20]
    assert [row["mean"] for row in curve] == pytest.approx(method.pieces(losses))
    # A network whose output is blind to the image can do no better than guess.
    losses, error = method.train_network(config, config.networks["deep_default"], inputs, 1)
    assert losses[0] == pytest.approx(log(10), rel=0.1)
    assert error > 0.7
    assert torch.get_default_dtype() == torch.float32


def test_a_minibatch_needs_as_many_images() -> None:
    message = r"^experiment\.batch=201, images=200: the images do not fill one minibatch$"
    with pytest.raises(StudyError, match=message):
        small(batch=201)


@pytest.mark.parametrize(
    "optimiser",
    [
        lambda weights: torch.optim.SGD(weights, 0.1, momentum=0.9),
        lambda weights: torch.optim.Adam(weights, 1e-3),
    ],
    ids=["momentum", "adam"],
)
def test_eight_default_layers_begin_to_learn_with_another_optimiser(
    optimiser: Any,  # noqa: ANN401 - makes one
    embedded: Mnist,
) -> None:
    # The chapter says so of the reference's eight layers of 128 units, in as many steps.
    reference = configuring.checked(method.Config, configuring.plain_settings(NAME, "reference"))
    model = method.make_network(reference, reference.networks["deep_default"], 0, IMAGES)
    rule = optimiser(model.parameters())
    images, labels = embedded.standardised(embedded.train.images), embedded.train.labels
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(reference.updates):
        batch = torch.randint(len(images), (reference.batch,), generator=generator)
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        weights = list(model.parameters())
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = gradient
        rule.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) / 10 < 0.75 * log(10)
