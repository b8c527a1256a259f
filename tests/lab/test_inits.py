from itertools import product
from math import sqrt

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from torch import nn

from study.lab.inits import random_generator, standard_normal, standard_normal_layers, weight_std

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
