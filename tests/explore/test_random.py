"""The random numbers of the page are NumPy's, bit for bit, and so are its roundings."""

from math import inf, sqrt

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.explore.engine import Engine, with_fault

SEED, NETWORK, LAYERS = 20_240_229, 3, range(20)


def raw(layer: int, count: int) -> NDArray[np.uint64]:
    sequence = np.random.SeedSequence(SEED, spawn_key=(NETWORK, layer))
    return np.random.SFC64(sequence).random_raw(count)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_a_seed_is_spread_as_numpy_spreads_it(js: Engine, seed: int) -> None:
    expected = np.random.SeedSequence(seed, spawn_key=(7, 1000)).generate_state(6)
    assert js("random.seedWords", seed, [7, 1000], 6) == expected.tolist()


def test_twenty_layers_have_the_bits_of_numpy(js: Engine) -> None:
    for layer in LAYERS:
        expected = raw(layer, 500)
        made = np.array(js("random.words", SEED, NETWORK, layer, 1000), dtype=np.uint64)
        assert ((made[::2] << np.uint64(32)) | made[1::2]).tolist() == expected.tolist()


def test_uniform_numbers_are_made_of_the_bits_exactly(js: Engine) -> None:
    bits = raw(5, 300)
    halves = np.stack([bits >> np.uint64(32), bits & np.uint64(2**32 - 1)], axis=1).ravel()
    expected = np.sqrt(12) * ((halves + 0.5) / 2**32 - 0.5)
    assert js("random.standard", "uniform", 600, SEED, NETWORK, 5) == expected.tolist()


def test_gaussian_numbers_are_those_of_box_and_muller(js: Engine) -> None:
    bits = raw(6, 300)
    high, low = bits >> np.uint64(32), bits & np.uint64(2**32 - 1)
    radius, angle = np.sqrt(-2 * np.log((high + 1) / 2**32)), 2 * np.pi * low / 2**32
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()
    made = js("random.standard", "gaussian", 600, SEED, NETWORK, 6)
    assert made == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_an_odd_number_of_weights_leaves_the_last_one_out(js: Engine) -> None:
    three = js("random.standard", "gaussian", 3, SEED, NETWORK, 1)
    assert three == js("random.standard", "gaussian", 4, SEED, NETWORK, 1)[:3]


@pytest.mark.parametrize("distribution", ["gaussian", "uniform", "signs"])
def test_every_distribution_has_mean_0_and_variance_1(js: Engine, distribution: str) -> None:
    made = np.array(js("random.standard", distribution, 100_000, SEED, NETWORK, 1))
    assert abs(made.mean()) < 2.6 / np.sqrt(len(made))
    fourth = {"gaussian": 3.0, "uniform": 9 / 5, "signs": 1.0}[distribution]
    assert abs((made**2).mean() - 1) <= 2.6 * np.sqrt((fourth - 1) / len(made))


def orthogonal(js: Engine, rows: int, columns: int, network: int = 0) -> NDArray[np.float64]:
    numbers = js("random.matrix", "orthogonal", rows, columns, SEED, network, 1)
    made: NDArray[np.float64] = np.array(numbers).reshape(rows, columns)
    return made / sqrt(max(rows, columns))


@pytest.mark.parametrize(("rows", "columns"), [(9, 9), (12, 5), (5, 12), (4, 1), (1, 4)])
def test_orthogonal_weights_are_at_right_angles(js: Engine, rows: int, columns: int) -> None:
    made = orthogonal(js, rows, columns)
    product = made.T @ made if rows >= columns else made @ made.T
    assert product == pytest.approx(np.eye(min(rows, columns)), abs=1e-13)


@pytest.mark.parametrize(("rows", "columns"), [(9, 9), (12, 5)])
def test_the_first_column_is_the_first_of_the_gaussian_numbers(
    js: Engine, rows: int, columns: int
) -> None:
    drawn = np.array(js("random.standard", "gaussian", rows * columns, SEED, 0, 1))
    first = drawn.reshape(rows, columns)[:, 0]
    assert orthogonal(js, rows, columns)[:, 0] == pytest.approx(first / np.linalg.norm(first))


def traces(js: Engine) -> NDArray[np.float64]:
    return np.array([np.trace(orthogonal(js, 6, 6, network)) for network in range(400)])


def test_any_orthogonal_matrix_is_as_likely_as_any_other(js: Engine) -> None:
    # Of such a matrix the trace has mean 0, mean square 1 and mean fourth power 3.
    found = traces(js)
    assert abs(found.mean()) < 2.6 / np.sqrt(len(found))
    assert abs((found**2).mean() - 1) < 2.6 * np.sqrt(2 / len(found))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("let first = columns - 1;", "let first = columns - 2;"),
        ("mirror[first] += sign * norm;", "mirror[first] += 2 * sign * norm;"),
    ],
)
def test_a_reflection_too_few_or_too_far_is_noticed(old: str, new: str) -> None:
    faulty = with_fault(old, new)
    with pytest.raises(AssertionError):
        test_orthogonal_weights_are_at_right_angles(faulty, 9, 9)


def test_reflections_without_their_signs_are_noticed() -> None:
    faulty = with_fault("= -sign * Math.sqrt(rows);", "= -Math.sqrt(rows);")
    with pytest.raises(AssertionError):
        test_any_orthogonal_matrix_is_as_likely_as_any_other(faulty)


def test_a_rotation_by_one_bit_less_is_noticed() -> None:
    faulty = with_fault("(cl << 24) | (ch >>> 8)", "(cl << 23) | (ch >>> 9)")
    made = faulty("random.words", SEED, NETWORK, 0, 40)
    assert made[::2] != (raw(0, 20) >> np.uint64(32)).tolist()


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
def test_numbers_are_rounded_to_a_format_as_torch_rounds_them(js: Engine, name: str) -> None:
    generator = np.random.default_rng(5)
    exponents = generator.uniform(*((-30, 18) if name == "float16" else (-150, 127)), 4000)
    # Numbers of float32, as torch rounds others to it first.
    numbers = (generator.choice([-1, 1], 4000) * 2.0**exponents).astype(np.float32).tolist()
    format_ = getattr(torch, name)
    ties = [1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 2.0**-25, 3 * 2.0**-25]
    numbers += [0.0, 65519.0, 65520.0, 2.0**-149, 2.0**-134, *ties]
    expected = torch.tensor(numbers).to(format_).double().tolist()
    assert js("formats.rounded", name, numbers) == expected


@pytest.mark.parametrize("name", ["float64", "float32", "bfloat16", "float16"])
def test_the_ends_of_a_format_are_where_its_rounding_has_them(js: Engine, name: str) -> None:
    ends = js("formats.FORMATS")[name]
    smallest = 2.0 ** ends["smallest"]
    largest = 2.0 ** (ends["largest"] - 1)
    assert js("formats.rounded", name, [smallest, largest]) == [smallest, largest]
    if name != "float64":
        assert js("formats.rounded", name, [smallest / 2, 2 * largest]) == [0.0, inf]
