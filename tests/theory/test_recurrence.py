"""One matrix again and again: against counts of pairings, integrals and random matrices."""

import math
from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
import torch
from scipy.integrate import quad
from torch import nn

from study.errors import StudyError
from study.theory import products
from study.theory.recurrence import (
    DEFAULT_WEIGHT_VARIANCE,
    fresh_mixture,
    largest_stretch,
    power_second_moment,
    repeated_mixture,
)

Pairs = list[tuple[int, int]]


def pairings(ends: list[int]) -> Iterator[Pairs]:
    if not ends:
        yield []
        return
    first, *others = ends
    for other in others:
        for rest in pairings([end for end in others if end != other]):
            yield [(first, other), *rest]


def free_indices(steps: int, pairs: Pairs) -> int:
    # tr W..W V..V with V the transpose: factor f leads from index f to f + 1, round a circle, and
    # a transposed one has its row at its end. Factors that are paired share row and column.
    count = 2 * steps
    names = list(range(count))

    def of(index: int) -> int:
        return index if names[index] == index else of(names[index])

    def ends(factor: int) -> tuple[int, int]:
        here, there = factor, (factor + 1) % count
        return (here, there) if factor < steps else (there, here)

    for one, other in pairs:
        for a, b in zip(ends(one), ends(other), strict=True):
            names[of(a)] = of(b)
    return sum(of(index) == index for index in range(count))


def counted(steps: int, width: int, *, real: bool) -> float:
    factors = list(range(2 * steps))
    crossed = (list(zip(factors[:steps], p, strict=True)) for p in permutations(factors[steps:]))
    ways = pairings(factors) if real else crossed
    terms = (float(width) ** (free_indices(steps, pairs) - steps - 1) for pairs in ways)
    return sum(terms)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("width", [1, 2, 5, 64])
def test_the_mean_square_of_a_power_is_a_count_of_pairings(steps: int, width: int) -> None:
    assert power_second_moment(steps, width) == pytest.approx(counted(steps, width, real=False))


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_real_matrices_add_what_their_width_divides_by_its_square(steps: int) -> None:
    for width in (64, 128, 256):
        more = counted(steps, width, real=True) - power_second_moment(steps, width)
        assert 0 <= more * width**2 <= steps**2
    assert counted(1, 64, real=True) == 1


def test_a_power_of_one_number_has_the_moments_of_a_gaussian() -> None:
    # At width 1 a complex Gaussian number has the squared modulus r with density exp(-r), and the
    # mixture is a polynomial of it, averaged over a uniform phase.
    for steps in (1, 3, 5):
        assert power_second_moment(steps, 1) == pytest.approx(math.factorial(steps))

    def averaged(r: float) -> float:
        phases = torch.arange(16, dtype=torch.float64) * (2 * math.pi / 16)
        number = 0.5 + 0.7 * math.sqrt(r) * torch.exp(1j * phases)
        return (number.abs() ** 8).mean().item() * math.exp(-r)

    assert repeated_mixture(4, 0.5, 0.7, width=1) == pytest.approx(quad(averaged, 0, 60)[0])


def test_the_limits_are_those_of_wide_matrices() -> None:
    assert power_second_moment(9) == 1
    assert power_second_moment(9, 10**6) == pytest.approx(1, abs=1e-6)
    x = 21 * 22 / 2 / 2000
    assert power_second_moment(20, 2000) == pytest.approx(math.sinh(x) / x, rel=1e-3)
    assert repeated_mixture(3, 0.5, 0.25) == pytest.approx(
        (0.5**3) ** 2 + (3 * 0.25 * 0.25) ** 2 + (3 * 0.5 * 0.25**2) ** 2 + 0.25**6
    )
    for steps in (1, 4, 30):
        edge = products.singular_value(1 - 1e-9, steps)
        assert largest_stretch(steps) == pytest.approx(edge, rel=1e-4)
    assert largest_stretch(0) == 1
    assert largest_stretch(1000) ** (1 / 1000) == pytest.approx(1, abs=0.005)


def test_random_matrices_follow_the_laws() -> None:
    generator = torch.Generator().manual_seed(5)
    identity = 0.5 * torch.eye(200)
    repeated, fresh = [], []
    for _ in range(12):
        matrices = torch.randn(6, 200, 200, generator=generator) * 0.4 / math.sqrt(200)
        repeated.append(torch.linalg.matrix_power(identity + matrices[0], 6).square().sum() / 200)
        product = torch.linalg.multi_dot([*(identity + matrices)])
        fresh.append(product.square().sum() / 200)
    for sizes, law in (
        (repeated, repeated_mixture(6, 0.5, 0.4, 200)),
        (fresh, fresh_mixture(6, 0.5, 0.4)),
    ):
        assert torch.stack(sizes).mean().item() == pytest.approx(law, rel=0.1)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_the_recurrent_layers_of_torch_start_as_is_said(
    kind: Callable[[int, int], nn.RNNBase],
) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        layer = kind(28, 100)
    for parameter in layer.parameters():
        # All of them, those of the inputs too, whatever the number of inputs is.
        assert 0.08 < parameter.abs().max() <= 0.1
    weights = dict(layer.named_parameters())["weight_hh_l0"]
    assert weights.shape[1] == 100
    assert weights.var().item() * 100 == pytest.approx(DEFAULT_WEIGHT_VARIANCE, rel=0.05)


def test_gated_cells_at_rest_are_half_an_identity_and_a_quarter_of_a_matrix() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        gru, lstm = nn.GRUCell(3, 5), nn.LSTMCell(3, 5)
    for cell in (gru, lstm):
        nn.init.zeros_(cell.bias_ih)
        nn.init.zeros_(cell.bias_hh)
    none, rest = torch.zeros(1, 3), torch.zeros(1, 5)

    def gru_step(state: torch.Tensor) -> torch.Tensor:
        after: torch.Tensor = gru(none, state)
        return after

    def lstm_step(cell_state: torch.Tensor) -> torch.Tensor:
        # At rest the output gate is a half, so the state that goes back in is half the cell's.
        after: torch.Tensor = lstm(none, (0.5 * cell_state.tanh(), cell_state))[1]
        return after

    candidates = gru.weight_hh[10:15], lstm.weight_hh[10:15]
    for step, candidate in zip((gru_step, lstm_step), candidates, strict=True):
        slopes = torch.func.jacrev(step)(rest)[0, :, 0]
        torch.testing.assert_close(slopes, 0.5 * torch.eye(5) + 0.25 * candidate.detach())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power_second_moment(-1), "steps: -1 is negative"),
        (lambda: repeated_mixture(1, 1.0, 1.0, 0), "width: 0 is less than 1"),
        (lambda: largest_stretch(-2), "steps: -2 is negative"),
    ],
)
def test_what_makes_no_sense_is_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(StudyError, match=message):
        call()
