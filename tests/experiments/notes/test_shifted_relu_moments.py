from functools import partial
from math import comb, isnan, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from study.errors import StudyError
from study.experiments.notes.first_layer import image_statistics
from study.experiments.notes.shifted_relu_moments import claims, method
from study.lab.by_hand.functions import linear, relu, shifted_relu
from study.lab.mnist import Mnist
from tests.configs import small_config
from tests.theory.expectation import expectation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import ThreeDraws

NAME = "shifted_relu_moments"


PREDICTIONS = pytest.approx(
    {
        "s004-relu-half": 1 / 2,
        "s004-relu-half-deviation": 1 / 2,
        "first-layer-relu-mean": 1 / sqrt(2 * pi),
        "first-layer-relu-deviation": sqrt(1 / 2 - 1 / (2 * pi)),
        "first-layer-relu-second-moment": 1 / 2,
        "s000-kaiming-solves-mean-and-std": 1,
        "s000-kaiming-solves-mean-and-std-mean": 0,
        "kaiming-keeps-second-moment": 1,
        "s004-not-nice-mean": None,
        "s002-std-improved-mean-half": 1 / 2,
        "s002-std-improved-mean-half-deviation": None,
        "s002-std-improved-mean-half-shift": 0,
        "s004-sampled-100-times-paired": 0.0813,
        "shift-keeps-deviation": 0,
        "shift-next-layer": 1 - 0.98154 / (0.98496 * sqrt(pi)) + 1 / (4 * 0.98496),
        "shift-lottery-is-fair": 1 / 2,
        "shift-mean-nearer-zero": None,
    }
)


small = partial(small_config, NAME, draws=2, images=40, pairs=3)


def test_the_same_weights_are_compared_as_the_notes_code_does_it(embedded: Mnist) -> None:
    config, zeros = small(), torch.zeros(50)
    images = image_statistics(embedded.standardised(embedded.validation.images[:40]))
    randn, behind, *_ = method.draw_layers(config, images.inputs, 0)
    values = method.same_weights(config.arms, images, randn, behind)
    x, w1 = images.inputs.double(), randn.double() * sqrt(2 / 784)
    plain, with_shift = relu(linear(x, w1, zeros)), shifted_relu(linear(x, w1, zeros))
    half = relu(linear(x, randn.double() / sqrt(784), zeros))
    next_weights = behind.double() * sqrt(2 / 50)
    ratio = (with_shift @ next_weights).square().mean() / (plain @ next_weights).square().mean()
    for key, number in {
        "mean.he_relu": plain.mean(),
        "deviation.he_relu": plain.std(),
        "mean.he_shifted": with_shift.mean(),
        "deviation.he_shifted": with_shift.std(),
        "mean.simplified_relu": half.mean(),
        "deviation.simplified_relu": half.std(),
        "second_moment_over_input.he_relu": plain.square().mean() / x.square().mean(),
        "step_towards_one.he": (1 - half.std()).abs() - (1 - plain.std()).abs(),
        "next_layer_ratio.he": ratio,
    }.items():
        assert values[key] == pytest.approx(number.item(), rel=1e-5, abs=1e-6), key
    assert values["deviation_change.he"] == 0


@pytest.mark.parametrize(("pairs", "hidden"), [(1000, 1001), (100, 16_384)])
def test_more_weights_than_memory_holds_are_refused(pairs: int, hidden: int) -> None:
    with pytest.raises(StudyError) as refusal:
        small(pairs=pairs, hidden=hidden)
    message = f"pairs={pairs}, hidden={hidden}: their product must be at most 1000000"
    assert str(refusal.value) == f"experiment.{message}"


def test_behind_relus_that_are_all_off_there_is_no_ratio() -> None:
    images = image_statistics(torch.ones(3, 4))
    values = method.same_weights(small().arms, images, -torch.ones(4, 2), torch.ones(2, 2))
    assert values["mean.he_relu"] == 0
    assert isnan(values["next_layer_ratio.he"])


def test_each_layer_of_the_lottery_has_weights_of_its_own(embedded: Mnist) -> None:
    config = small()
    layers = method.draw_layers(config, embedded.validation.images[:40], 0)
    assert len(layers) == 2 + 2 * config.pairs
    assert len({layer.numpy().tobytes() for layer in layers}) == len(layers)


def test_the_lottery_sets_plain_layers_against_shifted_ones() -> None:
    config = small()
    inputs = torch.ones(3, 4)

    def weights(column: float) -> torch.Tensor:  # preactivations are ± 2·column·√2
        return torch.tensor([column, -column]).repeat(4, 1)

    # Large weights are far from deviation 1 and from mean 0, small ones are nearer.
    layers = [weights(9.0), weights(0.5), weights(0.5), weights(9.0)]
    nearer_one, nearer_zero = method.compare_independent_pairs(config.arms, inputs, layers)
    assert nearer_one == [True, False]
    assert nearer_zero == [True, False]


def test_wins_are_counted_by_the_hundred() -> None:
    won = [True] * 60 + [False] * 40 + [True] * 5
    assert [tuple(row.values()) for row in method.counts(won)] == [(1, 100, 60), (2, 5, 5)]


def test_the_law_of_the_next_layer_holds_on_average(
    three_draws: "Callable[[str], ThreeDraws]",
) -> None:
    result = three_draws(NAME).result()
    ratio = np.mean(result.samples["next_layer_ratio.he"])
    assert ratio == pytest.approx(result.exact["next_layer_ratio_law.he"], rel=0.1)


# The chapter's mathematics -----------------------------------------------------------------------


def test_the_mean_of_a_relu_is_the_integral() -> None:
    by_quadrature = expectation(lambda z: max(sqrt(2) * z, 0.0))
    assert by_quadrature == pytest.approx(sqrt(2 / (2 * pi)))


@pytest.mark.mnist
def test_what_is_left_behind_the_shift_is_that_of_the_validation_images(
    data_set: "Callable[[str], Mnist]",
) -> None:
    mnist = data_set("mnist")
    images = image_statistics(mnist.standardised(mnist.validation.images))
    assert images.second_moment == pytest.approx(claims.MEAN_SQUARE, abs=5e-6)
    assert images.size == pytest.approx(claims.SIZE, abs=5e-6)
    expected = method.exact(small(), images)["next_layer_ratio_law.he"]
    assert expected == pytest.approx(claims.SHIFTED_SECOND_MOMENT, abs=1e-5)


def test_the_second_moment_of_a_shifted_relu() -> None:
    by_quadrature = expectation(lambda z: (max(sqrt(2) * z, 0.0) - 0.5) ** 2)
    assert by_quadrature == pytest.approx(2 / 2 - sqrt(2 / (2 * pi)) + 1 / 4)


def test_the_chapters_shift_of_four_numbers() -> None:
    h = torch.tensor([0.0, 0.0, 1.0, 2.0])
    with_shift = h - 0.5
    assert (h.mean().item(), with_shift.mean().item()) == (3 / 4, 1 / 4)
    assert h.var(correction=0).item() == with_shift.var(correction=0).item() == 11 / 16
    assert (h.square().mean().item(), with_shift.square().mean().item()) == (5 / 4, 3 / 4)


def test_the_shift_loses_where_it_is_less_than_twice_the_mean() -> None:
    # E[(h − s)²] − E[h²] = s (s − 2 E[h]), so one half gains below E[h] = 1/4, √q = √(2π)/4.
    threshold = 2 * pi / 16
    for q, loses in ((0.9 * threshold, False), (1.1 * threshold, True)):
        assert (q / 2 - sqrt(q / (2 * pi)) + 1 / 4 < q / 2) == loses
    assert threshold == pytest.approx(pi / 8)


def test_what_a_count_of_a_hundred_shows_by_luck() -> None:
    at_least = {
        count: sum(comb(100, heads) for heads in range(count, 101)) / 2**100
        for count in (51, 55, 60)
    }
    assert round(100 * at_least[51]) == 46
    assert round(100 * at_least[55]) == 18
    assert round(1000 * at_least[60]) == 28
    assert sqrt(100 / 4) == 5
