from functools import partial
from math import inf, log, sqrt
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue
from study.errors import StudyError
from study.experiments.depth_direction.phase_training import method
from study.lab.inits import RandomLayers, random_generator
from study.lab.mnist import Mnist
from study.lab.training import minibatches
from tests.configs import small_config

NAME = "phase_training"


PREDICTIONS = {
    "depth-scale-trainability": None,
    "nothing-is-learnt-beyond": None,
}


small = partial(
    small_config,
    NAME,
    draws=2,
    images=40,
    evaluated=20,
    width=5,
    batch=4,
    updates=3,
    depths=[1, 2],
    weight_variances=[0.5, 1.7609546396067, 3.0],
)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"batch": 41}, "batch=41, images=40: the images do not fill one minibatch"),
        ({"evaluated": 41}, "evaluated=41, images=40: evaluated must be no more than images"),
        ({"depths": [2, 1]}, "depths=[2, 1]: must ascend"),
        (
            {"weight_variances": [1.0, 1.0]},
            "weight_variances=[1.0, 1.0]: must ascend",
        ),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def one_network(config: method.Config, layers: RandomLayers, c: float) -> nn.Sequential:
    """Return a network of torch's own layers with the weights of one of those side by side."""
    modules: list[nn.Module] = []
    for layer in range(1, len(layers.widths)):
        weights = layers.weights(layer)
        last = layer == len(layers.widths) - 1
        linear = nn.Linear(weights.shape[1], weights.shape[0], bias=not last).double()
        scale = 1.0 if last else c
        with torch.no_grad():
            linear.weight.copy_(weights * sqrt(scale / weights.shape[1]))
            if not last:
                linear.bias.copy_(layers.biases(layer) * sqrt(config.bias_variance))
        modules += [linear] if last else [linear, nn.Tanh()]
    return nn.Sequential(*modules)


def test_networks_side_by_side_are_those_one_by_one(embedded: Mnist) -> None:
    config = small()
    layers = RandomLayers((784, 5, 5, 10), 1, 0, dtype=torch.float64)
    images, labels = embedded.train.images[:6].double(), embedded.train.labels[:6]
    networks = method.Networks(config, layers)
    outputs = networks(images)
    losses = method.losses(outputs, labels)
    gradients = torch.autograd.grad(losses.sum(), networks.weights[1])[0]
    for index, c in enumerate(config.weight_variances):
        network = one_network(config, layers, c)
        expected = nn.functional.cross_entropy(network(images), labels)
        torch.testing.assert_close(outputs[index], network(images))
        assert losses[index].item() == pytest.approx(expected.item())
        (gradient,) = torch.autograd.grad(expected, [network.get_parameter("2.weight")])
        torch.testing.assert_close(gradients[index], gradient.T)


def trained(config: method.Config, mnist: Mnist, course: str) -> torch.Tensor:
    training = method.prepare(config, mnist)[config.courses[course].pixels]
    return method.train(config, course, training, 0, depth=2)


@pytest.mark.parametrize("course", ["plain", "unit", "adam"])
def test_a_network_learns_and_an_untrained_one_does_not(embedded: Mnist, course: str) -> None:
    config = small(width=32, depths=[2], updates=60, images=500, batch=32)
    learnt = trained(config, embedded, course)
    assert learnt.shape == (3,)
    assert learnt.min() > 0.1
    config = small(width=32, **{f"courses.{course}.learning_rate": 0.0})
    learnt_untrained = trained(config, embedded, course)
    assert learnt_untrained.max() < 0.05


OPTIMISERS = {"plain": torch.optim.SGD, "adam": torch.optim.Adam}


@pytest.mark.parametrize("course", OPTIMISERS)
def test_networks_trained_side_by_side_are_those_trained_one_by_one(
    embedded: Mnist, course: str
) -> None:
    config = small(width=16, updates=20)
    learnt = trained(config, embedded, course)
    assert learnt.max() > 0.01
    raw = embedded.train.images[: config.images].double()
    images = (raw - embedded.train.images.double().mean()) * 7.0  # of any scale
    images /= images.square().mean(dim=1, keepdim=True).sqrt()
    labels = embedded.train.labels[: config.images]
    layers = RandomLayers((784, 16, 16, 10), config.seed, 0, dtype=torch.float64)
    generator = random_generator(config.seed, 0, 0)
    batches = [*minibatches(config.images, config.batch, config.updates, generator)]
    for index, c in enumerate(config.weight_variances):
        network = one_network(config, layers, c)
        rule = OPTIMISERS[course](network.parameters(), config.courses[course].learning_rate)
        for batch in batches:
            rule.zero_grad()
            torch.autograd.backward(
                nn.functional.cross_entropy(network(images[batch]), labels[batch])
            )
            rule.step()
        count = config.evaluated
        loss = nn.functional.cross_entropy(network(images[:count]), labels[:count]).item()
        assert learnt[index].item() == pytest.approx(max(0.0, 1 - loss / log(10)), abs=1e-5)


def test_what_is_no_number_counts_as_nothing_learnt(embedded: Mnist) -> None:
    config = small(activation="linear", depths=[30], weight_variances=[400.0, 500.0])
    rows = catalogue.load(NAME).run(config, embedded, [0]).tables["networks"]
    assert {row["mean"] for row in rows} == {0.0}


def test_a_network_without_a_finite_loss_leaves_the_others_alone() -> None:
    outputs = torch.randn(3, 4, 10, dtype=torch.float64)
    outputs[1] = torch.inf
    outputs.requires_grad_()
    labels = torch.tensor([1, 2, 3, 4])
    torch.autograd.backward(method.sum_of_losses(outputs, labels))
    assert outputs.grad is not None
    for index in (0, 2):
        alone = outputs.detach()[index].clone().requires_grad_()
        torch.autograd.backward(nn.functional.cross_entropy(alone, labels))
        torch.testing.assert_close(outputs.grad[index], alone.grad)


def test_depths_are_counted_in_scales() -> None:
    scales = method.depths_in_scales(small(depths=[10, 20], weight_variances=[0.5, 1.0]))
    assert scales[0, 1].item() == pytest.approx(10 / method.tanh_scale(1.0, 0.05))
    assert scales[1].tolist() == pytest.approx((2 * scales[0]).tolist())
    assert method.tanh_scale(1.7609546396067, 0.05) == inf


def test_quantities_are_those_they_are_named_after() -> None:
    config = small(depths=[10, 40], weight_variances=[0.5, 1.0, 1.7609546396067, 3.0])
    scales = method.depths_in_scales(config)
    assert scales[:, 1].tolist() == pytest.approx([2.757, 11.028], abs=5e-3)
    learnt = torch.tensor([[0.0, 0.3, 0.5, 0.4], [0.001, 0.003, 0.2, 0.1]])
    values = method.quantities(config, learnt)
    assert values["learnt.far"] == pytest.approx(0.002)  # beyond 9: c = 0.5 and 1 at depth 40
    assert values["median.learnt.far"] == values["learnt.far"]
    assert values["learnt.edge"] == pytest.approx(0.2)
    assert values["learnt.ordered"] == pytest.approx(0.001)  # of the lower half below the edge
    # Five have begun; the fifth and the sixth in order are at 4.4 and 8.4 scales.
    assert values["threshold.tanh"] == pytest.approx(sqrt(4.419 * 8.394), rel=1e-3)
    assert values["rank_correlation.tanh"] > 0.8
    assert method.quantities(config, 0 * learnt)["rank_correlation.tanh"] == 0


@pytest.mark.parametrize(("count", "place"), [(0, 1.0), (1, 2.0), (3, 9.0)])
def test_a_threshold_lies_between_those_that_did_and_did_not(count: int, place: float) -> None:
    places, outcomes = torch.tensor([9.0, 1.0, 4.0]), torch.arange(3) < count
    assert method.threshold(places, outcomes) == pytest.approx(place)


def test_the_example_worked_by_hand() -> None:
    assert log(10) == pytest.approx(2.303, abs=5e-4)
    scale = method.tanh_scale(1.0, 0.05)
    assert scale == pytest.approx(3.6, abs=0.05)
    assert 6 * scale == pytest.approx(22, abs=0.5)
    assert -20 / scale == pytest.approx(20 * log(0.759), rel=2e-3)
    assert pytest.approx(0.002, abs=5e-4) == 0.759**22
