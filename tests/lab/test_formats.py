from dataclasses import dataclass, replace

import pytest
import torch

from study.lab import formats
from study.lab.activations import activation
from study.lab.faithful import first_zero_layer, propagate_faithfully
from study.lab.inits import RandomLayers
from study.lab.propagation import Scheme


@dataclass(frozen=True)
class Networks:
    format: str = "float32"
    weight_variance: float = 1.0
    width: int = 16
    depth: int = 400
    networks: int = 3


def signal(width: int = 16) -> torch.Tensor:
    return torch.ones(width)


@pytest.mark.parametrize(
    ("name", "smallest", "beyond"),
    [("float32", 149, 128), ("bfloat16", 133, 128), ("float16", 24, 16)],
)
def test_a_format_ends_where_its_numbers_do(name: str, smallest: int, beyond: int) -> None:
    values = torch.tensor(
        [2.0**-smallest, 2.0 ** -(smallest + 1), 1.5 * 2.0 ** -(smallest + 1), 2.0**beyond],
        dtype=torch.float64,
    )
    found = formats.rounded(values, Networks(format=name)).tolist()
    assert found == [2.0**-smallest, 0.0, 2.0**-smallest, float("inf")]


@pytest.mark.parametrize("name", ["float32", "float16"])
def test_a_signal_ends_where_it_does_in_a_single_network_of_torch(name: str) -> None:
    kind = Networks(format=name, networks=1)
    ascent = formats.send_up(signal(), kind, seed=1, draw=0)
    (found,) = ascent.ending_layers().tolist()
    layers = RandomLayers((16,) * 401, seed=1, draw=0)
    scheme = Scheme(activation("relu"), 1.0)
    dtype = formats.FORMATS[name]
    expected = first_zero_layer(propagate_faithfully(signal()[None], layers, scheme, dtype=dtype))
    # The processor adds up in an order and with roundings of its own.
    assert found == pytest.approx(expected, abs=3)
    assert ascent.largest.shape == (1, found)


def test_squares_end_before_the_signal() -> None:
    ascent = formats.send_up(signal(), Networks(), seed=1, draw=0)
    assert (ascent.square_ending_layers() < 0.6 * ascent.ending_layers()).all()


def test_a_signal_that_outlives_the_layers_ends_one_after_them() -> None:
    kind = Networks(weight_variance=2.0, depth=5)
    assert formats.send_up(signal(), kind, seed=1, draw=0).ending_layers().tolist() == [6.0] * 3


def test_a_signal_that_is_too_large_ends() -> None:
    kind = Networks(format="float16", weight_variance=8.0)
    ascent = formats.send_up(signal(), kind, seed=1, draw=0)
    for largest, last in zip(ascent.largest, ascent.ending_layers().int().tolist(), strict=True):
        assert largest[: last - 1].isfinite().all()
        assert largest[last - 1].isinf()


def test_a_gradient_reaches_the_layers_that_one_by_one_multiplication_gives() -> None:
    kind = Networks(format="float16", depth=60, networks=2)
    found = formats.gradient_layers(signal(), kind, seed=1, draw=0).tolist()
    matrices = [weights.double() / 4 for weights in formats.layers(kind, seed=1, draw=0)]
    for network in range(2):
        h, gates = signal().double(), []
        for matrix in matrices:
            z = matrix[network] @ h
            gates.append(z > 0)
            h = z.relu() / z.relu().square().mean().sqrt()
        gradient = formats.cotangent(kind, seed=1, draw=0)[network]
        reached = 0
        for matrix, gate in zip(reversed(matrices), reversed(gates), strict=True):
            gradient = gradient * gate
            reached += bool(gradient.any())
            rounded = matrix[network].half().double()
            gradient = (rounded.T @ gradient).half().double()
        assert found[network] == reached


def test_nothing_is_left_of_a_dead_network_and_something_of_another() -> None:
    kind = Networks(format="float16", depth=120, networks=1)
    assert formats.nothing_left(signal(), kind, seed=1, draw=0)
    alive = replace(kind, weight_variance=2.0, depth=20)
    assert not formats.nothing_left(signal(), alive, seed=1, draw=0)
