from dataclasses import asdict
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.notes.pixels import Affine, standardiser
from study.experiments.notes.validation_statistics import figures, method
from study.lab import networks
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.training import error_rate, sgd
from study.record.results import read_run, write_run
from tests.by_hand import Updates
from tests.configs import small_config

NAME = "validation_statistics"
BY_TRAINING = standardiser(0.13, 0.31)


PREDICTIONS = pytest.approx(
    {
        "s000-use-training-stats": None,
        "own-statistics-harmless-when-alike": 0,
        "own-statistics-of-one-image": None,
        "raw-validation-images-do-harm": None,
    }
)


small = partial(small_config, NAME, draws=2, images=640, updates=10)


def brought(statistics: str, split: Split, blank_share: float = 0.0) -> torch.Tensor:
    way = configuring.checked(method.Way, {"statistics": statistics, "blank_share": blank_share})
    layer = method.affine_of(way, split, BY_TRAINING)
    images: torch.Tensor = layer(split.images)
    return images


def training_images(mnist: Mnist) -> Split:
    split = mnist.train.first(640)
    return Split(BY_TRAINING(split.images), split.labels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": 63}, "batch=64, images=63: the images do not fill one minibatch"),
        ({"batch": 641}, "batch=641, images=640: the images do not fill one minibatch"),
    ],
)
def test_images_that_do_not_fill_a_minibatch_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == f"experiment.{message}"


def test_ways_without_the_one_they_are_compared_with_are_refused() -> None:
    settings = configuring.plain_settings(NAME, "quick")
    del settings["ways"]["training"], settings["ways"]["own_digit"], settings["ways"]["own_image"]
    with pytest.raises(StudyError) as refusal:
        configuring.checked(method.Config, settings)
    names = "own, own_half_blank, own_mostly_blank, raw"
    assert str(refusal.value) == f"experiment.ways={names}: training must be among them"


def test_more_images_than_there_are_are_refused(embedded: Mnist) -> None:
    with pytest.raises(StudyError) as refusal:
        method.prepare(small(images=4001), embedded)
    assert str(refusal.value) == "experiment.images=4001: there are only 4000"


@pytest.mark.parametrize("statistics", ["training", "set", "digit", "image", "none"])
def test_a_network_trains_on_images_brought_to_it_in_any_way(
    embedded: Mnist, statistics: str
) -> None:
    config = small(**{"trained_with.statistics": statistics})
    inputs = method.prepare(config, embedded)
    mean_squares = inputs.training.images.square().mean(dim=1)
    assert (float(mean_squares.mean()) == pytest.approx(1, abs=0.05)) == (statistics != "none")
    assert 0 < method.measure(config, inputs, 0).values["error.training"] < 1


def test_weights_and_order_of_a_draw_come_from_streams_of_their_own(
    embedded: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams: list[tuple[int, int, int]] = []

    def noted(seed: int, draw: int, layer: int) -> np.random.Generator:
        streams.append((seed, draw, layer))
        return random_generator(seed, draw, layer)

    for module in (method, networks):
        monkeypatch.setattr(module, "random_generator", noted)
    config = small(courses={})
    method.measure(config, method.prepare(config, embedded), 3)
    assert sorted(streams) == [(config.seed, 3, layer) for layer in (0, 1, 2)]


def test_a_way_of_the_readers_own_is_measured_and_shown(embedded: Mnist, tmp_path: Path) -> None:
    config = small(**{"ways.mine": {"statistics": "set", "blank_share": 0.25}})
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    figure = figures.error_by_way(read_run(tmp_path / "run"))
    plt.close(figure)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [*figures.WAY_LABELS.values(), "mine"]


def test_the_statistics_of_the_set_make_it_mean_0_and_deviation_1(embedded: Mnist) -> None:
    after = brought("set", embedded.validation)
    assert float(after.mean()) == pytest.approx(0, abs=1e-9)
    assert float(after.std(correction=0)) == pytest.approx(1)


def test_the_statistics_of_an_image_do_so_for_each_image(embedded: Mnist) -> None:
    after = brought("image", embedded.validation)
    torch.testing.assert_close(after.mean(dim=1), torch.zeros(500, dtype=torch.float64))
    torch.testing.assert_close(after.std(dim=1, correction=0), torch.ones(500, dtype=torch.float64))


def test_the_statistics_of_a_digit_do_so_for_its_images(embedded: Mnist) -> None:
    after = brought("digit", embedded.validation)
    for digit in range(10):
        of_digit = after[embedded.validation.labels == digit]
        assert float(of_digit.mean()) == pytest.approx(0, abs=1e-9)
        assert float(of_digit.std(correction=0)) == pytest.approx(1)


def test_blank_frames_count_in_the_statistics(embedded: Mnist) -> None:
    split = embedded.validation.first(50)
    with_blanks = torch.cat([split.images, torch.zeros(150, 784)]).double()
    deviation, mean = torch.std_mean(with_blanks, correction=0)
    torch.testing.assert_close(
        brought("set", split, blank_share=0.75), (split.images.double() - mean) / deviation
    )


def test_the_other_ways_are_the_training_statistics_and_nothing(embedded: Mnist) -> None:
    split = embedded.validation.first(5)
    torch.testing.assert_close(brought("training", split), BY_TRAINING(split.images))
    torch.testing.assert_close(brought("none", split), split.images.double())


def test_a_stretch_and_an_offset_lead_from_one_way_to_the_other() -> None:
    own_layer, raw_layer = standardiser(0.1, 0.2), Affine(1.0, 0.0)
    values = method.stretches({"own": own_layer, "raw": raw_layer}, BY_TRAINING)
    images = torch.rand(3, 4, generator=torch.Generator().manual_seed(0))
    for name, layer in (("own", own_layer), ("raw", raw_layer)):
        torch.testing.assert_close(
            layer(images),
            values[f"stretch.{name}"] * BY_TRAINING(images) + values[f"offset.{name}"],
        )
        assert values[f"stretch_deviation.{name}"] == 0
    assert values["stretch.raw"] == pytest.approx(0.31)
    assert values["offset.raw"] == pytest.approx(0.13)


def test_the_example_of_the_chapter_of_a_blank_set() -> None:
    # Mean 2 and mean square 10 of the digit's pixels; three frames of four blank.
    split = Split(torch.tensor([[0.0, 0.0, 2.0, 6.0]]), torch.tensor([0]))
    after = brought("set", split, blank_share=0.75)
    mean, deviation = 1 / 2, 3 / 2
    assert deviation == sqrt(10 / 4 - mean**2)
    expected = torch.tensor([[-1 / 3, -1 / 3, 1.0, 11 / 3]], dtype=torch.float64)
    torch.testing.assert_close(after, expected)


def test_errors_and_losses_are_those_of_the_whole_network(embedded: Mnist) -> None:
    config, split = small(), embedded.validation.first(100)
    body = method.make_body(config, training_images(embedded), 0)
    ways = {name: method.affine_of(way, split, BY_TRAINING) for name, way in config.ways.items()}
    values = method.compare(body, split, ways)
    for name, layer in ways.items():
        network = nn.Sequential(layer, body)
        error = error_rate(network, split.images, split.labels)
        assert values[f"error.{name}"] == pytest.approx(error)
        loss = nn.functional.cross_entropy(network(split.images), split.labels)
        assert values[f"loss.{name}"] == pytest.approx(loss.item())
        above = values[f"rate.loss_above_training.{name}"]
        assert above == (values[f"loss.{name}"] > values["loss.training"])
        assert above + values[f"rate.loss_not_above_training.{name}"] == 1


def test_training_lowers_the_loss(embedded: Mnist) -> None:
    ways = {"training": BY_TRAINING}
    inputs = method.Inputs(training_images(embedded), embedded.validation, ways, BY_TRAINING)
    losses = [
        method.train_and_compare(small(updates=steps), inputs, sgd(0.05), 0, name="")[
            "loss.training"
        ]
        for steps in (1, 50)
    ]
    assert losses[1] < losses[0] / 2


@pytest.mark.parametrize("optimiser", ["descent", "adam"])
def test_a_course_trains_by_its_optimiser(embedded: Mnist, optimiser: str) -> None:
    rate = 0.002
    config = small(courses={"mine": {"optimiser": optimiser, "learning_rate": rate}}, updates=2)
    inputs = method.prepare(config, embedded)
    values = method.measure(config, inputs, 0).values
    body = method.make_body(config, inputs.training, 0)
    updates = Updates(body.parameters(), optimiser, rate)
    order = random_generator(config.seed, 0, 0).permutation(640)
    for batch in order[:128].reshape(2, 64):
        logits, labels = body(inputs.training.images[batch]), inputs.training.labels[batch]
        updates.make((logits.logsumexp(dim=1) - logits[range(64), labels]).mean())
    with torch.no_grad():
        raw = body(embedded.validation.images.double())
    wrong = np.mean(raw.numpy().argmax(axis=1) != embedded.validation.labels.numpy())
    assert values["error.raw_mine"] == pytest.approx(wrong)
    loss = (raw.logsumexp(dim=1) - raw[range(500), embedded.validation.labels]).mean()
    assert values["loss.raw_mine"] == pytest.approx(loss.item())
