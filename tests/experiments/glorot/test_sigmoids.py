from dataclasses import replace
from math import isnan, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from study.errors import StudyError
from study.experiments.glorot import sigmoids
from study.experiments.glorot.sigmoids import Kind
from study.lab.checkpoints import kept_in
from study.lab.mnist import Mnist, Split
from study.lab.training import History

PLAIN = Kind(
    depth=2,
    learning_rate=0.1,
    updates=20,
    activation="sigmoid",
    output_bias="zero",
    minibatch="plain",
    stop=False,
)
FROZEN = replace(PLAIN, output_bias="frozen")


def history(
    kind: Kind, data: Mnist, width: int = 20, evaluate_at: tuple[int, ...] = (0, 5)
) -> History:
    inputs = sigmoids.inputs_for(
        {"test": kind}, data, images=1000, probe=50, validation=50, batch=10
    )
    return sigmoids.train(
        kind,
        width,
        inputs,
        batch=10,
        evaluate_at=evaluate_at,
        seed=3,
        draw=0,
        name="test",
    )


def test_the_weights_are_those_of_equation_1(embedded: Mnist) -> None:
    network = sigmoids.make_network(PLAIN, 300, embedded.train, seed=3, draw=0)
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in layers] == [784, 300, 300]
    for layer in layers:
        bound = 1 / sqrt(layer.in_features)
        assert layer.weight.abs().max().item() == pytest.approx(bound, rel=0.01)
        assert layer.weight.abs().max().item() <= bound * (1 + 1e-6)
        assert layer.weight.std().item() == pytest.approx(bound / sqrt(3), rel=0.05)
        assert not layer.bias.any()


def test_a_frozen_bias_is_the_logarithm_of_the_shares_and_stays_it(embedded: Mnist) -> None:
    split = embedded.train.first(1000)
    network = sigmoids.make_network(FROZEN, 20, split, seed=3, draw=0)
    bias = sigmoids.last_bias(network)
    shares = [(split.labels == digit).float().mean() for digit in range(10)]
    torch.testing.assert_close(bias.exp(), torch.stack(shares))
    assert not bias.requires_grad
    assert history(FROZEN, embedded).metrics[20]["by_bias"] == 0.0


def test_tens_hold_one_image_of_each_class(embedded: Mnist) -> None:
    split = embedded.train.first(1000)
    tens = sigmoids.in_tens(split, seed=3, draw=0)
    rarest = int(torch.bincount(split.labels).min())
    assert tens.images.shape == (rarest, 10, 784)
    assert bool((tens.labels == torch.arange(10)).all())
    label_of = {
        tuple(image[200:500].tolist()): int(label)
        for image, label in zip(split.images, split.labels, strict=True)
    }
    for image, label in zip(tens.images[3], tens.labels[3], strict=True):
        assert label_of[tuple(image[200:500].tolist())] == int(label)


def test_centred_is_tanh_of_a_half() -> None:
    z = torch.linspace(-4, 4, 9)
    torch.testing.assert_close(sigmoids.Centred()(z), torch.tanh(z / 2))


@torch.no_grad()
def test_what_is_measured_of_a_layer() -> None:
    network = nn.Sequential(nn.Linear(1, 2), nn.Sigmoid(), nn.Linear(2, 10))
    first, output = network[0], network[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(output, nn.Linear)
    first.weight.copy_(torch.tensor([[0.0], [4.0]]))
    first.bias.zero_()
    images, labels = torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1])
    values = sigmoids.measured(network, network, probe=images, validation=Split(images, labels))
    high = 1 / (1 + np.exp(-4.0))
    activations = np.array([[0.5, 1 - high], [0.5, high]])
    assert values["mean.1"] == pytest.approx(0.5, rel=1e-5)
    assert values["deviation.1"] == pytest.approx(activations.std(ddof=1), rel=1e-5)
    assert values["spread.1"] == pytest.approx(activations.std(axis=0, ddof=1).mean(), rel=1e-5)
    assert values["at_the_ends.1"] == 0.5
    assert values["by_bias"] == 0.0


def test_the_first_update_gives_the_bias_its_share(embedded: Mnist) -> None:
    """One against one and the squared length of h, which is a quarter of the width."""
    kind = replace(PLAIN, updates=1, depth=3, learning_rate=0.01)
    course = history(kind, embedded, width=100)
    assert course.metrics[1]["by_bias"] == pytest.approx(1 / (1 + 100 / 4), rel=0.1)


def test_layers_are_measured_at_the_evaluations_and_at_the_end(embedded: Mnist) -> None:
    assert sorted(history(PLAIN, embedded).metrics) == [0, 5, 20]


def test_a_training_that_stops_ends_where_the_plateau_is_left(embedded: Mnist) -> None:
    kind = replace(PLAIN, depth=1, learning_rate=0.5, updates=400)
    whole, beginning = (history(replace(kind, stop=stop), embedded) for stop in (False, True))
    update = sigmoids.updates_until(whole)
    assert update == sigmoids.updates_until(beginning)
    assert update <= len(beginning.losses) < update + 10
    assert beginning.losses == whole.losses[: len(beginning.losses)]


def test_a_finished_training_makes_no_network(
    embedded: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kept_in(tmp_path):
        expected = history(PLAIN, embedded)
        monkeypatch.setattr(sigmoids, "classifier", None)
        assert history(PLAIN, embedded) == expected


def test_until_the_plateau_is_left() -> None:
    window = sigmoids.WINDOW
    losses = [2.3] * 100 + [1.0] * 100
    update = sigmoids.updates_until(History(losses, {}))
    # The mean is below 2 once the low losses make more than 0.3 / 1.3 of the window.
    assert update == 100 + np.floor(0.3 / 1.3 * window) + 1
    assert sigmoids.updates_until(History([2.3] * 80, {})) == 80
    assert isnan(sigmoids.updates_until(History([2.3, float("nan")], {})))


# The law of the fall -----------------------------------------------------------------------------


def test_the_example_of_the_chapter() -> None:
    """Width 100, rate 0.1, minibatches of ten, all activations at a half."""
    length = 1 + 100 * 0.25
    assert length == 26
    assert 0.1 * length / 10 == pytest.approx(0.26)
    push = 0.9 * 0.1 * 0.5 / (10 * (2 - 0.26))
    assert push == pytest.approx(0.002586, abs=1e-6)
    step = 0.1 * 26 * 0.25 * push
    assert step == pytest.approx(0.001681, abs=1e-6)
    assert sigmoids.lawful_means(0.1, 100, 10, 1)[1] == pytest.approx(0.5 - step / 4, abs=1e-6)
    assert step / 4 == pytest.approx(0.00042, abs=1e-5)


def test_the_wrong_start_pushes_by_a_thousandth() -> None:
    """The mean of the output weights times the first error, for many random output weights."""
    generator = np.random.Generator(np.random.PCG64(1))
    pushes = []
    for _ in range(300):
        weights = generator.uniform(-0.1, 0.1, (100, 10))
        logits = 0.5 * weights.sum(axis=0)
        pushes.append(-0.25 * float((weights @ logits).mean()))
    assert np.mean(pushes) == pytest.approx(-10 / 12 / 200, rel=0.1)
    assert pytest.approx(0.0042, abs=1e-4) == 10 / 12 / 200


def test_the_noise_of_the_output_pushes_as_the_law_says() -> None:
    """A softmax of weights and a bias over constant activations, trained on labels alone."""
    rate, width, batch = 0.1, 100, 10
    generator = np.random.Generator(np.random.PCG64(1))
    h = np.full(width, 0.5)
    weights, bias = np.zeros((width, 10)), np.zeros(10)
    pushes = []
    for update in range(20_000):
        logits = h @ weights + bias
        p = np.exp(logits) / np.exp(logits).sum()
        gradient = p - generator.multinomial(batch, np.full(10, 0.1)) / batch
        if update > 100:
            pushes.append(float(weights[0] @ gradient))
        weights -= rate * np.outer(h, gradient)
        bias -= rate * gradient
    expected = 0.9 * rate * 0.5 / (batch * (2 - rate * 26 / 10))
    assert np.mean(pushes) == pytest.approx(expected, rel=0.15)


def test_the_law_ends_where_the_output_weights_do_not_settle() -> None:
    means = sigmoids.lawful_means(1.0, 100, 10, 3)
    assert means[0] == 0.5
    assert isnan(means[1])
    # The activations at which the rate is just small enough: 1 + n h^2 = 20 / rate.
    assert sqrt((20 / 1.0 - 1) / 100) == pytest.approx(0.436, abs=1e-3)


def test_the_law_falls_to_nothing_where_the_output_weights_hardly_settle() -> None:
    # 2 - rate * (1 + 100 / 4) / 10 is just above 0, and the first step huge.
    assert 0 <= sigmoids.lawful_means(0.76923, 100, 10, 3)[-1] < 1e-300


ARM = Kind(2, 0.1, 10, "sigmoid", "zero", "plain", stop=True)
BALANCED = replace(ARM, minibatch="balanced")


def test_balanced_minibatches_have_as_many_of_each_class(embedded: Mnist) -> None:
    sigmoids.check_arms({"a": ARM}, ["a"], batch=15, images=100)
    with pytest.raises(ValueError, match=r"^batch=15, arms\.b\.minibatch=balanced: batch must"):
        sigmoids.check_arms({"a": ARM, "b": BALANCED}, ["a"], batch=15, images=100)
    few = embedded.train.first(100)
    sigmoids.check_classes({"a": ARM}, few, 100)
    with pytest.raises(StudyError, match=r"^experiment\.batch=100: a balanced minibatch needs 10"):
        sigmoids.check_classes({"b": BALANCED}, few, 100)


def test_the_fall_goes_with_the_square_of_the_rate_and_one_over_the_minibatch() -> None:
    def first(rate: float, batch: int) -> float:
        means = sigmoids.lawful_means(rate, 100, batch, 1)
        return means[0] - means[1]

    assert first(0.002, 10) / first(0.001, 10) == pytest.approx(4, rel=0.01)
    assert first(0.01, 10) / first(0.01, 100) == pytest.approx(10, rel=0.01)
