from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.notes.loss_training import figures, method
from study.experiments.notes.losses import broadcast_error, squared_error
from study.lab.classification import Splits
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import classifier
from study.lab.training import sgd
from study.record.draws import Draw
from study.record.results import read_run, write_run
from tests.by_hand import Updates
from tests.configs import small_config

NAME = "loss_training"
LABELS = torch.arange(10).repeat(4)


PREDICTIONS = pytest.approx(
    {
        "digit-as-number-misreads": None,
        "s004-mse-squeeze": None,
        "broadcast-training-reported-loss": 1,
        "broadcast-training-by-batch": 1,
    }
)


small = partial(small_config, NAME, images=128, validation=40, hidden=6, checkpoints=3, courses={})


def trained(outputs: torch.Tensor, losses: list[float] | None = None) -> method.Trained:
    return method.Trained(outputs.double(), {}, losses or [0.0], 8)


# Training ----------------------------------------------------------------------------------------


def test_arms_of_one_loss_and_one_batch_are_one_network(embedded: Mnist) -> None:
    arms = configuring.plain_settings(NAME, "quick")["arms"]
    config = small(arms=arms | {"forgotten": arms["digit"]})
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    for key, numbers in samples.items():
        if key.endswith(".forgotten"):
            assert numbers == samples[key.replace(".forgotten", ".digit")]


def test_the_right_loss_is_the_one_that_learns(embedded: Mnist) -> None:
    config = small(images=2000, validation=200, hidden=20)
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert samples["explained.digit"][0] > 0.4
    assert abs(samples["explained.forgotten"][0]) < 0.2


@pytest.mark.parametrize("optimiser", ["descent", "adam"])
@pytest.mark.parametrize("pixels", ["standardised", "unit"])
def test_a_course_trains_by_its_optimiser_on_its_pixels(
    embedded: Mnist, optimiser: str, pixels: str
) -> None:
    rate = 0.002
    course = {"optimiser": optimiser, "pixels": pixels, "learning_rates": {"digit": rate}}
    config = small(courses={"mine": course}, **{"arms.digit.epochs": 1})
    values = method.measure(config, method.prepare(config, embedded), 0).values

    pixels_of_all = embedded.train.images.double()
    shift, scale = (
        (pixels_of_all.mean(), pixels_of_all.std())
        if pixels == "standardised"
        else (0.0, pixels_of_all.max())
    )
    images, held_out = (
        ((split.images.double() - shift) / scale)[:count]
        for split, count in ((embedded.train, 128), (embedded.validation, 40))
    )
    network = classifier(
        images, [6], over_fan_in(2.0), nn.ReLU, seed=config.seed, draw=0, outputs=1
    ).double()
    updates = Updates(network.parameters(), optimiser, rate)
    order = random_generator(config.seed, 0, 0).permutation(128)
    for batch in np.split(order, 2):
        residuals = network(images[batch]).squeeze(-1) - embedded.train.labels[batch]
        updates.make(residuals.square().mean())
    outputs = network(held_out).squeeze(-1).detach()
    slope, _ = np.polyfit(embedded.validation.labels[:40], outputs, 1)
    assert values["slope.digit_mine"] == pytest.approx(slope, rel=1e-3)


def test_the_network_is_looked_at_before_and_after_all_its_updates(embedded: Mnist) -> None:
    config = small()
    rows = catalogue.load(NAME).run(config, embedded, [0]).tables["curves"]
    for name, arm in config.arms.items():
        updates = [row["update"] for row in rows if row["arm"] == name]
        assert updates[0] == 0
        assert updates[-1] == 128 // arm.batch * arm.epochs
        assert len(updates) <= config.checkpoints + 1


def test_ten_outputs_start_from_the_hidden_layer_of_one() -> None:
    images = torch.zeros(1, 784)
    narrow, wide = (
        classifier(images, [8], over_fan_in(2.0), nn.ReLU, seed=1, draw=0, outputs=outputs)
        for outputs in (1, 10)
    )
    first, second = narrow[0], wide[0]
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    assert torch.equal(first.weight, second.weight)


def test_in_minibatches_the_loss_without_squeeze_aims_at_a_part_of_each_target() -> None:
    # Free outputs, one for each image: with minibatches of B the aim of image i is, on average,
    # the mean target plus (1/B - (1 - 1/B)/(n - 1)) of its own deviation from it.
    images, batch, steps, rate = 12, 3, 20_000, 0.02
    generator = np.random.Generator(np.random.SFC64(3))
    targets = torch.arange(images, dtype=torch.float64)
    outputs = torch.zeros(images, 1, dtype=torch.float64, requires_grad=True)
    average = torch.zeros(images, dtype=torch.float64)
    for step in range(steps):
        indices = torch.from_numpy(generator.permutation(images)[:batch])
        (gradient,) = torch.autograd.grad(
            broadcast_error(outputs[indices], targets[indices]), outputs
        )
        with torch.no_grad():
            outputs -= rate * gradient
            average += outputs.squeeze(-1) * (step >= steps // 2) / (steps / 2)
    slope = np.polyfit(targets, average, 1)[0]
    assert slope == pytest.approx(1 / batch - (1 - 1 / batch) / (images - 1), abs=0.03)


# What is measured --------------------------------------------------------------------------------


def test_a_digit_is_the_nearest_one_or_that_of_the_largest_output() -> None:
    single = torch.tensor([[2.4], [2.6], [-3.0], [12.0]])
    assert method.digits(single).tolist() == [2, 3, 0, 9]
    assert method.digits(torch.eye(10)).tolist() == list(range(10))


def test_outputs_that_are_the_digits_explain_all_and_err_nowhere() -> None:
    perfect = trained(LABELS[:, None])
    values = method.as_numbers(perfect, LABELS.double())
    assert values["explained"] == values["slope"] == pytest.approx(1)
    assert values["correlation"] == values["deviation_over_targets"] == pytest.approx(1)
    assert method.error_rate(perfect.outputs, LABELS) == 0
    assert method.error(perfect.outputs, LABELS) == 0


def test_a_constant_at_the_mean_explains_nothing() -> None:
    constant = torch.full((len(LABELS), 1), 4.5)
    constant[0] += 1e-6  # or there would be no correlation to speak of
    values = method.as_numbers(trained(constant, [0, 0, 0, 16.5]), LABELS.double())
    assert values["explained"] == pytest.approx(0, abs=1e-6)
    assert values["slope"] == pytest.approx(0, abs=1e-6)
    assert values["reported_loss_over_variance"] == pytest.approx(2)  # the last of four losses
    assert method.error(constant, LABELS) == pytest.approx(8.25)


def test_the_numbers_are_those_of_numpy() -> None:
    generator = np.random.Generator(np.random.SFC64(5))
    targets = LABELS.double()
    outputs = 3 + 0.4 * targets + torch.from_numpy(generator.normal(size=len(LABELS)))
    values = method.as_numbers(trained(outputs[:, None]), targets)
    slope, _ = np.polyfit(targets, outputs, 1)
    assert values["slope"] == pytest.approx(slope)
    assert values["correlation"] == pytest.approx(np.corrcoef(targets, outputs)[0, 1])
    assert values["deviation_over_targets"] == pytest.approx(np.std(outputs.numpy()) / sqrt_8_25())
    residual = squared_error(outputs[:, None], targets).item()
    assert values["explained"] == pytest.approx(1 - residual / 8.25)
    away = (outputs.mean() - targets.mean()).item() / sqrt_8_25()
    by_moments = 2 * values["slope"] - values["deviation_over_targets"] ** 2 - away**2
    assert values["explained"] == pytest.approx(by_moments)  # as the chapter derives


def sqrt_8_25() -> float:
    return float(np.sqrt(8.25))


def test_the_slope_is_compared_batch_by_batch() -> None:
    right, eighth = 0.8 * LABELS[:, None], 0.1 * LABELS[:, None]
    arms = {
        "digit": trained(right),
        "classes": trained(torch.eye(10).repeat(4, 1)),
        "digit_by_eight": trained(right),
        "forgotten_by_eight": trained(eighth),
    }
    values = method.quantities(arms, LABELS)
    assert values["slope_times_batch.forgotten_over_digit"] == pytest.approx(1)
    assert values["error.classes"] == 0
    assert values["error_difference.digit_minus_classes"] == values["error.digit"]


def test_errors_are_compared_course_by_course() -> None:
    of_classes, half_right = torch.eye(10).repeat(4, 1), torch.eye(10).repeat(4, 1)
    half_right[:20] = half_right[:20].flip(1)
    arms = {
        "digit_mine": trained(LABELS[:, None] + 1.0),
        "classes_mine": trained(half_right),
        "classes": trained(of_classes),
    }
    values = method.quantities(arms, LABELS)
    # A 9 cannot be read as a 10, and of ten digits none is its own mirror.
    assert values["error_difference.digit_minus_classes_mine"] == pytest.approx(0.9 - 0.5)
    assert "error_difference.digit_minus_classes" not in values


def test_misses_and_outputs_are_counted_over_all_draws() -> None:
    draws = {}
    for draw, shift in enumerate((0.0, 0.9)):
        arms = {"digit": trained(LABELS[:, None] + shift)._replace(errors={0: 1.0})}
        tables = {
            "curves": method.curves(arms),
            "outputs": method.single_outputs(arms, LABELS),
            "misses": method.misses(arms, LABELS),
        }
        draws[draw] = Draw({}, tables)
    averages = method.tables(small(validation=len(LABELS)), draws)
    shares = {row["distance"]: row["share"] for row in averages["misses"]}
    assert shares[0] == pytest.approx(0.55)  # a 9 cannot be read as a 10
    assert shares[1] == pytest.approx(0.45)
    rows = averages["outputs"]
    assert [row["digit"] for row in rows] == list(range(10))
    assert [row["mean"] for row in rows] == pytest.approx([digit + 0.45 for digit in range(10)])
    assert [row["deviation"] for row in rows] == pytest.approx([0.45] * 10)


def test_the_data_are_standardised_and_cut(embedded: Mnist) -> None:
    config = small()
    result = catalogue.load(NAME).run(config, embedded, [0])
    digits = embedded.validation.labels[: config.validation].double()
    assert result.exact["target_variance.validation"] == pytest.approx(
        digits.var(correction=0).item()
    )
    shares = [row["share"] for row in result.tables["misses"] if row["arm"] == "digit"]
    assert sum(map(float, shares)) == pytest.approx(1)


def test_an_error_while_training_is_that_of_the_outputs(embedded: Mnist) -> None:
    config = small()
    images = embedded.standardised(embedded.train.images[:128])
    split = Split(images, embedded.train.labels[:128])
    splits = Splits(split, split, split)
    network = method.train_arm(config, config.arms["classes"], splits, sgd(0.1), 0)
    last = network.errors[max(network.errors)]
    assert last == method.error_rate(network.outputs, split.labels)


# Settings ----------------------------------------------------------------------------------------


def test_a_minibatch_larger_than_the_data_is_refused() -> None:
    message = "experiment.arms.digit.batch=64, images=63: the images do not fill one minibatch"
    with pytest.raises(StudyError, match=f"^{message}$"):
        small(images=63)


def test_a_course_of_an_arm_that_is_not_is_refused() -> None:
    course = {"optimiser": "adam", "pixels": "unit", "learning_rates": {"mine": 0.1}}
    message = "experiment.courses.one.learning_rates=mine: choose from digit"
    with pytest.raises(StudyError, match=f"^{message}"):
        small(courses={"one": course})


@pytest.mark.parametrize(
    ("images", "problem"),
    [(501, "there are only 500"), (1, "these images are all of one digit")],
)
def test_images_that_there_are_not_or_that_show_one_digit_are_refused(
    embedded: Mnist, images: int, problem: str
) -> None:
    with pytest.raises(StudyError, match=f"^experiment.validation={images}: {problem}$"):
        method.prepare(small(validation=images), embedded)


@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy"])
def test_an_arm_of_ones_own_is_trained_and_drawn(
    embedded: Mnist, tmp_path: Path, loss: str
) -> None:
    settings = {"loss": loss, "batch": 8, "epochs": 1, "learning_rate": 1e-3}
    result = catalogue.load(NAME).run(small(arms={"mine": settings}), embedded, [0, 1])
    assert "error.mine" in result.samples
    assert not [key for key in result.samples if key.startswith(("error_diff", "slope_times"))]
    write_run(tmp_path / "run", {}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))


def test_a_training_that_diverges_reads_no_digits(embedded: Mnist) -> None:
    settings = {"loss": "squared_error", "batch": 8, "epochs": 1, "learning_rate": 1e3}
    result = catalogue.load(NAME).run(small(arms={"mine": settings}), embedded, [0])
    assert result.samples["error.mine"] == [1.0]
    assert {row["share"] for row in result.tables["misses"]} == {0.0}


# Claims ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["reference", "quick"])
def test_the_minibatches_are_those_of_the_chapter_and_the_claims(scale: str) -> None:
    arms = configuring.plain_settings(NAME, scale)["arms"]
    assert (arms["forgotten"]["batch"], arms["forgotten_by_eight"]["batch"]) == (64, 8)
    for arm, counterpart in (("digit", "forgotten"), ("digit_by_eight", "forgotten_by_eight")):
        assert {k: v for k, v in arms[arm].items() if k != "loss"} == {
            k: v for k, v in arms[counterpart].items() if k != "loss"
        }
