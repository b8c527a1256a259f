from functools import partial
from math import isnan, log2, sqrt
from statistics import NormalDist
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.he.he_conditions import claims, method
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "he_conditions"


PREDICTIONS = pytest.approx(
    {
        "he-input-range-overflow": 0.97371,
        "he-input-range-remedy": 0,
        "he-xavier-sqrt2-to-l": 1,
        "he-30-layer-gradients-diminish": None,
        "xavier-gradient-per-layer": -1 / 2,
        "xavier-one-image-gradient": -14.5,
        "xavier-gradients-small-in-every-layer": 0,
        "he-loss-gradient-through-relu": 1 / 2,
        "he-loss-gradient-through-weights": 1,
        "loss-gradient-grows-along-activations": 1,
    },
    rel=1e-4,
)


small = partial(
    small_config,
    NAME,
    draws=2,
    width=16,
    images=12,
    depths={"ten": 3, "twenty_two": 4, "thirty": 6, "fifty": 8},
)


def test_the_gradients_are_those_of_a_network_of_torch(embedded: Mnist) -> None:
    batch = embedded.train.first(12)
    inputs = embedded.standardised(batch.images)
    weights = method.scaled(method.draw_weights(16, 4, 1, 0), 2.0)
    outputs, gradient_sizes = method.gradients(weights, inputs, batch.labels, torch.relu)
    layers: list[nn.Module] = []
    for matrix in weights:
        linear = nn.Linear(matrix.shape[1], matrix.shape[0], bias=False, device="meta").to_empty(
            device="cpu"
        )
        with torch.no_grad():
            linear.weight.copy_(matrix)
        layers += [linear, nn.ReLU()]
    network = nn.Sequential(*layers[:-1])
    logits = network(inputs)
    loss = functional.cross_entropy(logits, batch.labels)
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    assert outputs == pytest.approx(logits.square().mean().sqrt().item(), rel=1e-5)
    sizes = [gradient.square().mean().sqrt().item() for gradient in gradients]
    assert gradient_sizes == pytest.approx(sizes, rel=1e-5)


def test_weights_have_the_variance_asked_for() -> None:
    weights = method.scaled(method.draw_weights(400, 3, 1, 0), 2.0)
    assert [matrix.shape for matrix in weights] == [(400, 784), (400, 400), (10, 400)]
    for matrix in weights:
        fan_in = matrix.shape[1]
        assert fan_in * matrix.square().mean().item() == pytest.approx(2, rel=0.1)


def test_a_ratio_of_outputs_is_a_power_of_two_in_every_draw(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    for name in ("ten", "twenty_two", "thirty", "fifty"):
        assert samples[f"output_ratio_over_law.{name}"] == pytest.approx([1, 1], rel=1e-5)


def test_with_one_gradient_at_the_top_all_layers_have_one_ratio() -> None:
    generator = torch.Generator().manual_seed(0)
    matrices = [
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((6, 5), (6, 6), (6, 6), (3, 6))
    ]
    inputs = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    top = torch.randn(4, 3, generator=generator, dtype=torch.float64)

    def of(weight_variance: float) -> list[float]:
        parameters = [w.requires_grad_() for w in method.scaled(matrices, weight_variance)]
        gradients = torch.autograd.grad(method.outputs_of(parameters, inputs), parameters, top)
        return [method.root_mean_square(gradient) for gradient in gradients]

    ratios = [x / h for x, h in zip(of(1.0), of(2.0), strict=True)]
    assert ratios == pytest.approx([2.0**-1.5] * 4)


def test_the_places_are_the_layers_they_are_named_after(embedded: Mnist) -> None:
    config = small()
    batch = embedded.train.first(12)
    inputs = embedded.standardised(batch.images)
    places, values = method.two_initialisations(config, inputs, batch.labels, 0)
    weights = method.draw_weights(16, 6, config.seed, 0)
    he, xavier = (
        method.gradients(method.scaled(weights, c), inputs, batch.labels, torch.relu)[1]
        for c in (2.0, 1.0)
    )
    logs = [log2(x / h) for x, h in zip(xavier, he, strict=True)]
    expected = {"first": logs[0], "middle": logs[3], "last": logs[5]}
    assert places["thirty"] == pytest.approx(expected)
    mean = sum(logs) / 6
    assert values["log2_gradient_ratio.thirty"] == pytest.approx(mean)
    assert values["first_layers_share.thirty"] == pytest.approx((logs[0] - logs[5]) / mean)


def test_the_factor_of_the_remedy_is_one_on_the_outputs(embedded: Mnist) -> None:
    batch = embedded.train.first(12)
    values = method.unnormalised_quantities(small(), batch.images, batch.labels, 0)
    raw_deviation, remedied_deviation = (
        values["output_deviation.raw"],
        values["output_deviation.remedied"],
    )
    assert remedied_deviation / raw_deviation == pytest.approx(1 / 128, rel=1e-4)


def test_a_softmax_overflows_where_a_power_does(embedded: Mnist) -> None:
    batch = embedded.train.first(12)
    config = small(**{"unnormalised.depth": 2})
    values = method.unnormalised_quantities(config, batch.images, batch.labels, 0)
    weights = method.scaled(method.draw_weights(256, 2, config.seed, 0), 2.0)
    outputs = method.outputs_of(weights, 256 * batch.images - 128)
    share = (outputs.amax(dim=1) > claims.LARGEST_POWER).double().mean().item()
    assert values["share_overflowing.raw"] == pytest.approx(share)


def test_a_network_that_is_dead_has_no_ratio(embedded: Mnist) -> None:
    config = small(width=2, images=1, **{"depths.thirty": 20})
    samples = catalogue.load(NAME).run(config, embedded, range(4)).samples
    assert any(map(isnan, samples["log2_gradient_ratio.thirty"]))


def test_equal_initialisations_differ_in_no_layer(embedded: Mnist) -> None:
    config = small(**{"weight_variance.xavier": 2.0})
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert samples["log2_gradient_ratio.thirty"] == [0.0]
    assert isnan(samples["first_layers_share.thirty"][0])


def test_a_loss_is_that_of_the_class_or_of_the_image(embedded: Mnist) -> None:
    config = small(**{"loss_gradients.reconstruction.depth": 3})
    inputs = method.prepare(config, embedded)
    values = method.loss_quantities(config, inputs, 0)
    images = inputs.standardised_images
    weights = method.scaled(method.draw_weights(16, 3, config.seed, 0, outputs=784), 2.0)
    assert weights[-1].shape == (784, 16)
    first = torch.relu(images @ weights[0].T).requires_grad_()
    last = torch.relu(first @ weights[1].T)
    loss = (last @ weights[2].T - images).square().sum() / 2
    by_first, by_last = torch.autograd.grad(loss, [first, last])
    growth = (by_first.square().sum() / by_last.square().sum()).item()
    assert values["loss_gradient_growth.reconstruction"] == pytest.approx(growth, rel=1e-4)
    along = (last * by_last).sum(dim=1).square() / last.square().sum(dim=1)
    alignment = 16 * (along.sum() / by_last.square().sum()).item()
    assert values["loss_gradient_alignment.reconstruction"] == pytest.approx(alignment, rel=1e-4)
    law = 1 + (alignment - 1) / 8
    assert values["loss_gradient_growth_over_law.reconstruction"] == pytest.approx(
        growth / law, rel=1e-4
    )


def test_pixels_are_those_between_0_and_1(embedded: Mnist) -> None:
    config = small(**{"loss_gradients.pixels.images": "standardised"})
    inputs = method.prepare(config, embedded)
    same = method.loss_quantities(config, inputs, 0)
    other = method.loss_quantities(small(), inputs, 0)
    key = "loss_gradient_alignment.{}"
    assert same[key.format("pixels")] == same[key.format("cross_entropy")]
    assert other[key.format("pixels")] != other[key.format("cross_entropy")]


def test_the_share_of_a_gradient_that_independence_would_leave() -> None:
    assert pytest.approx(110.0, abs=0.1) == claims.ALIGNED
    assert pytest.approx(0.86, abs=5e-4) == claims.ALIGNED / claims.LAST_WIDTH
    assert pytest.approx(1 / 13.9, rel=1e-2) == claims.INDEPENDENT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"depths.fifty": 3},
            "experiment.depths.ten=3, fifty=3: must differ",
        ),
        (
            {"depths.twenty_two": 6},
            "experiment.depths.twenty_two=6, thirty=6: must differ",
        ),
    ],
)
def test_settings_that_are_not_possible_together(changes: Any, message: str) -> None:  # noqa: ANN401 - of settings
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == message


def test_no_more_images_than_there_are(embedded: Mnist) -> None:
    with pytest.raises(StudyError, match=r"experiment\.images=4001: there are only 4000"):
        method.prepare(small(images=4001), embedded)


@pytest.mark.mnist
def test_the_deviation_of_pixels_on_the_range(data_set: Any) -> None:  # noqa: ANN401 - a fixture
    pixels = data_set("mnist").train.images * 256 - 128
    assert pixels.square().mean().sqrt().item() == pytest.approx(claims.PIXEL_DEVIATION, abs=0.5)


def test_the_chapters_probability_of_an_overflow() -> None:
    share = 1 - NormalDist(0, sqrt(2) * 123).cdf(88.7)
    assert share == pytest.approx(0.305, abs=5e-4)
    assert 1 - (1 - share) ** 10 == pytest.approx(claims.OVERFLOWING_SHARE, abs=5e-4)
    assert sqrt(2) * 123 == pytest.approx(174, abs=0.5)
    assert pytest.approx(88.7, abs=0.03) == claims.LARGEST_POWER
    assert pytest.approx(23_000, rel=0.01) == 2**14.5
