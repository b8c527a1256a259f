from collections.abc import Callable
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from torch import nn

from study.errors import StudyError
from study.lab.inits import (
    Distribution,
    Fan,
    Initialisation,
    RandomLayers,
    fan_for,
    normal_to,
    random_generator,
    standard_normal,
    standard_normal_layers,
    weight_std,
)

CPU = torch.device("cpu")
PINNED_INTEGERS = [
    751629937852912052,
    6232758702188783613,
    2119577239393055723,
    5645706889244996865,
]
PINNED_NORMALS = [-0.6041930913925171, 0.20040538907051086, -2.328629493713379, 0.3293936848640442]


def first_numbers(seed: int, draw: int, layer: int, count: int = 4) -> list[int]:
    return [int(x) for x in random_generator(seed, draw, layer).integers(2**63, size=count)]


def test_no_two_streams_are_equal() -> None:
    triples = list(product([0, 1, 2, 2015, 2**31, 2**32], range(12), range(12)))
    assert len({tuple(first_numbers(*triple)) for triple in triples}) == len(triples)


def test_a_stream_is_the_same_whenever_it_is_asked_for() -> None:
    once = first_numbers(2015, 7, 3)
    first_numbers(2015, 8, 3)
    assert first_numbers(2015, 7, 3) == once


def test_swapped_indices_give_another_stream() -> None:
    assert first_numbers(1, 2, 3) != first_numbers(1, 3, 2) != first_numbers(2, 1, 3)


def test_the_numbers_are_those_of_the_record() -> None:
    # Committed results hang on these: a change here changes every number of the study.
    drawn = standard_normal((4,), random_generator(2015, 0, 1), CPU)
    assert first_numbers(2015, 0, 1) == PINNED_INTEGERS
    torch.testing.assert_close(drawn, torch.tensor(PINNED_NORMALS), rtol=1e-6, atol=0)


def test_the_numbers_are_standard_normal() -> None:
    drawn = standard_normal((100, 1_000), random_generator(1, 2, 3), CPU)
    assert drawn.shape == (100, 1_000)
    assert drawn.dtype == torch.float32
    # Fails once in a million seeds; this one is fixed.
    assert kstest(drawn.numpy().ravel(), "norm").pvalue > 1e-6


def test_each_layer_has_the_stream_of_its_index() -> None:
    shapes = [(2, 3), (4,), (1, 1), (5, 2)]
    layers = standard_normal_layers(shapes, seed=1, draw=2, device=CPU)
    for at, (shape, drawn) in enumerate(zip(shapes, layers, strict=True), start=1):
        assert torch.equal(drawn, standard_normal(shape, random_generator(1, 2, at), CPU))


def test_streams_of_neighbours_are_uncorrelated() -> None:
    triples = [(1, 0, 1), (1, 0, 2), (1, 1, 1), (2, 0, 1)]
    drawn = [random_generator(*triple).standard_normal(100_000) for triple in triples]
    off_diagonal = np.asarray(np.corrcoef(drawn))[~np.eye(len(drawn), dtype=bool)]
    assert np.abs(off_diagonal).max() < 5 / sqrt(100_000)  # five standard errors


@given(st.integers(1, 10_000), st.floats(-3, 3))
def test_weight_std_is_the_gain_of_torch_over_the_root_of_the_fan(fan: int, slope: float) -> None:
    gain = nn.init.calculate_gain("leaky_relu", slope)
    assert weight_std(fan, 2 / (1 + slope**2)) == pytest.approx(gain / sqrt(fan))


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
def test_weight_std_is_what_kaiming_normal_produces(mode: str, slope: float) -> None:
    fan_out, fan_in = 300, 700
    weights = nn.init.kaiming_normal_(
        torch.empty(fan_out, fan_in, dtype=torch.float64),
        a=slope,
        mode=mode,  # type: ignore[arg-type]
        nonlinearity="leaky_relu",
        generator=torch.Generator().manual_seed(4),
    )
    law = weight_std({"fan_in": fan_in, "fan_out": fan_out}[mode], 2 / (1 + slope**2))
    # A deviation from N numbers has a relative standard error of 1/sqrt(2N); five of them.
    assert weights.std().item() == pytest.approx(law, rel=5 / sqrt(2 * weights.numel()))


def test_weight_std_is_what_xavier_normal_produces_for_the_mean_of_both_fans() -> None:
    weights = nn.init.xavier_normal_(
        torch.empty(300, 700, dtype=torch.float64), generator=torch.Generator().manual_seed(5)
    )
    law = weight_std((300 + 700) // 2, 1.0)
    assert weights.std().item() == pytest.approx(law, rel=5 / sqrt(2 * weights.numel()))


# Distributions and layers ------------------------------------------------------------------------

UNKNOWN: Any = "cauchy"
DISTRIBUTIONS: tuple[Distribution, ...] = (
    "gaussian",
    "uniform",
    "signs",
    "truncated",
    "orthogonal",
)


def drawn(distribution: Distribution) -> torch.Tensor:
    return RandomLayers((400, 500), 0, 0, distribution).weights(1)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_distribution_has_mean_0_and_variance_1_but_the_truncated_one(
    distribution: Distribution,
) -> None:
    numbers = drawn(distribution)
    assert numbers.dtype == torch.float32
    assert numbers.mean().item() == pytest.approx(0, abs=0.01)
    # Truncated at 2, 1 - 2 * 2 * phi(2) / (Phi(2) - Phi(-2)) = 0.7737 is left.
    expected = 0.7737 if distribution == "truncated" else 1
    assert numbers.var().item() == pytest.approx(expected, abs=0.01)


def test_the_distributions_are_what_they_are_called() -> None:
    uniform, signs = drawn("uniform"), drawn("signs")
    assert uniform.abs().max().item() == pytest.approx(sqrt(3), rel=1e-3)
    assert (uniform < sqrt(3) / 2).double().mean().item() == pytest.approx(3 / 4, abs=0.01)
    assert set(signs.view(-1).tolist()) == {-1.0, 1.0}
    assert drawn("gaussian").pow(4).mean().item() == pytest.approx(3, abs=0.1)
    assert 1.9 < drawn("truncated").abs().max().item() <= 2


def test_the_truncated_distribution_is_that_of_torch() -> None:
    theirs = nn.init.trunc_normal_(
        torch.empty(200_000), a=-2, b=2, generator=torch.Generator().manual_seed(0)
    )
    assert kstest(drawn("truncated").view(-1).numpy(), theirs.numpy()).pvalue > 0.001


def test_the_distributions_share_their_random_numbers() -> None:
    gaussian, uniform, signs, truncated = map(drawn, DISTRIBUTIONS[:4])
    for numbers in (gaussian, uniform, truncated):
        assert torch.equal(numbers.sign(), signs)


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9)])
def test_orthogonal_rows_or_columns_are_orthonormal_times_the_root_of_the_larger_side(
    shape: tuple[int, int],
) -> None:
    matrix = RandomLayers(shape[::-1], 0, 0, "orthogonal", dtype=torch.float64).weights(1)
    assert matrix.shape == shape
    small = matrix.T @ matrix if shape[0] >= shape[1] else matrix @ matrix.T
    expected = max(shape) * torch.eye(min(shape), dtype=torch.float64)
    torch.testing.assert_close(small, expected, rtol=0, atol=1e-5)


def test_orthogonal_matrices_are_uniform() -> None:
    # Of a uniform 2 by 2 rotation or reflection the first column has any angle, so that the mean
    # of each entry is 0; without the signs of the triangle its first entry would have one sign.
    firsts = torch.stack([RandomLayers((2, 2), 0, d, "orthogonal").weights(1) for d in range(400)])
    assert firsts.mean(dim=0).abs().max() < 4 / sqrt(400)


def test_layers_are_the_same_whenever_they_are_asked_for_and_wherever_they_are_put() -> None:
    for distribution in DISTRIBUTIONS:
        layers = RandomLayers((5, 7, 3), 1, 2, distribution)
        out = torch.empty(3, 7)
        assert layers.weights(2, out) is out
        assert torch.equal(layers.weights(2), out)
        double = layers.weights(2, torch.empty(3, 7, dtype=torch.float64))
        assert torch.equal(double.float(), out)


def test_layers_have_the_numbers_that_draws_of_all_layers_have() -> None:
    layers = RandomLayers((5, 7, 3), 1, 2)
    together = standard_normal_layers([(7, 5), (3, 7), (4, 3)], 1, 2, torch.device("cpu"))
    separate = [layers.weights(1), layers.weights(2), layers.cotangent(4)]
    assert all(map(torch.equal, together, separate))


def test_no_two_parts_of_two_draws_are_equal() -> None:
    parts: list[bytes] = []
    for draw in range(2):
        layers = RandomLayers((6, 6, 6), 0, draw)
        parts += [layers.weights(layer).numpy().tobytes() for layer in (1, 2)]
        parts += [layers.biases(layer).numpy().tobytes() for layer in (1, 2)]
        parts.append(layers.cotangent(6).numpy().tobytes())
        assert not torch.equal(layers.biases(1), layers.weights(1)[0])
    assert len(set(parts)) == len(parts)


def test_the_fans_are_those_of_torch() -> None:
    weight = nn.Linear(7, 3).weight
    for mode in ("fan_in", "fan_out"):
        assert fan_for(mode, 7, 3) == nn.init._calculate_correct_fan(weight, mode)
    assert fan_for("larger", 7, 3) == fan_for("larger", 3, 7) == 7


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9)])
def test_orthogonal_weights_with_the_larger_fan_are_those_of_torch(shape: tuple[int, int]) -> None:
    theirs = nn.init.orthogonal_(
        torch.empty(shape, dtype=torch.float64),
        gain=sqrt(2),
        generator=torch.Generator().manual_seed(6),
    )
    rule = Initialisation("orthogonal", "larger", 2.0, bias_variance=0.0)
    fan_out, fan_in = shape
    layers = RandomLayers((fan_in, fan_out), 0, 0, "orthogonal", dtype=torch.float64)
    ours = rule.std(fan_in, fan_out) * layers.weights(1)
    torch.testing.assert_close(
        torch.linalg.svdvals(ours), torch.linalg.svdvals(theirs), rtol=1e-5, atol=0
    )


@pytest.mark.parametrize("distribution", ["gaussian", "uniform", "signs", "orthogonal"])
@pytest.mark.parametrize(("fan", "divisor"), [("fan_in", 500), ("fan_out", 400), ("average", 450)])
def test_one_rule_gives_every_distribution_its_variance(
    distribution: Distribution, fan: Fan, divisor: int
) -> None:
    std = Initialisation(distribution, fan, 3.0, bias_variance=0.0).std(fan_in=500, fan_out=400)
    weights = std * RandomLayers((500, 400), 0, 0, distribution).weights(1)
    assert divisor * weights.square().mean().item() == pytest.approx(3, rel=0.02)


def test_a_factor_before_the_weights_is_squared_in_their_variance() -> None:
    rule = Initialisation("uniform", "average", 2.0, bias_variance=0.5)
    assert rule.scaled(3.0) == Initialisation("uniform", "average", 18.0, bias_variance=0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: fan_for(UNKNOWN, 1, 1),
            "fan 'cauchy' is unknown; choose from fan_in, fan_out, average, larger",
        ),
        (lambda: RandomLayers((5,), 0, 0), r"widths \(5,\): name the input and a layer"),
        (lambda: RandomLayers((5, 0), 0, 0), r"widths \(5, 0\)"),
        (
            lambda: RandomLayers((5, 4), 0, 0, UNKNOWN),
            "distribution 'cauchy' is unknown; choose from",
        ),
        (
            lambda: normal_to(UNKNOWN, torch.ones(1)),
            "distribution 'cauchy' is unknown; choose from gaussian",
        ),
    ],
)
def test_what_is_unknown_is_refused_by_name(make: Callable[[], object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        make()
