from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from study.experiments.depth_size import formats
from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.propagation import Scheme
from tests.lab.faithful import first_zero_layer, propagate_faithfully


def ensemble(**changes: Any) -> formats.FormatEnsemble:  # noqa: ANN401 - of settings
    sizes = {"width": 16, "depth": 400, "networks": 3}
    settings: dict[str, Any] = {**sizes, "format": "float32", "weight_variance": 1.0}
    return formats.FormatEnsemble(**(settings | changes))


def signal(width: int = 16) -> torch.Tensor:
    return torch.ones(width)


@pytest.mark.parametrize(
    ("name", "smallest", "overflow"),
    [("float32", 149, 128), ("bfloat16", 133, 128), ("float16", 24, 16)],
)
def test_a_format_ends_where_its_numbers_do(name: str, smallest: int, overflow: int) -> None:
    values = torch.tensor(
        [2.0**-smallest, 2.0 ** -(smallest + 1), 1.5 * 2.0 ** -(smallest + 1), 2.0**overflow],
        dtype=torch.float64,
    )
    rounded_values = formats.round_to_format(values, ensemble(format=name)).tolist()
    assert rounded_values == [2.0**-smallest, 0.0, 2.0**-smallest, float("inf")]


@pytest.mark.parametrize("name", ["float32", "float16"])
def test_a_signal_ends_where_it_does_in_a_single_network_of_torch(name: str) -> None:
    kind = ensemble(format=name, networks=1)
    sizes = formats.layer_sizes(signal(), kind, seed=1, draw=0)
    (last_layer,) = sizes.ending_layers().tolist()
    layers = RandomLayers((16,) * 401, seed=1, draw=0)
    scheme = Scheme(activation("relu"), 1.0)
    dtype = formats.FORMATS[name]
    expected = first_zero_layer(propagate_faithfully(signal()[None], layers, scheme, dtype=dtype))
    # The processor adds up in an order and with roundings of its own.
    assert last_layer == pytest.approx(expected, abs=3)
    assert sizes.largest.shape == (1, last_layer)


def test_squares_end_before_the_signal() -> None:
    sizes = formats.layer_sizes(signal(), ensemble(), seed=1, draw=0)
    assert (sizes.square_ending_layers() < 0.6 * sizes.ending_layers()).all()


def test_a_signal_that_outlives_the_layers_ends_one_after_them() -> None:
    kind = ensemble(weight_variance=2.0, depth=5)
    assert formats.layer_sizes(signal(), kind, seed=1, draw=0).ending_layers().tolist() == [6.0] * 3


# The largest number of each format, written down and not asked of torch.
LARGEST = {"float32": (2 - 2.0**-23) * 2.0**127, "bfloat16": 255 * 2.0**120, "float16": 65504.0}


def weights_of(draw: int, layer: int, networks: int, width: int) -> np.ndarray[Any, Any]:
    """Draw the standard normal weights of a layer as the method page says it is done."""
    sequence = np.random.SeedSequence(1, spawn_key=(draw, layer))
    generator = np.random.Generator(np.random.SFC64(sequence))
    return generator.standard_normal((networks, width, width), dtype=np.float32)


def times(matrix: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Multiply in torch's own numbers; bfloat16 is summed up in float32, as accelerators do."""
    if vector.dtype != torch.bfloat16:
        return matrix @ vector
    return (matrix.float() @ vector.float()).bfloat16()


def sizes_in_torch(
    dtype: torch.dtype, variance: float, networks: int, width: int
) -> list[list[float]]:
    """Send ones through networks that torch computes in the format; list each layer's largest."""
    largest: list[list[float]] = [[] for _ in range(networks)]
    signals = [torch.ones(width, dtype=dtype)] * networks
    for layer in range(1, 400):
        weights = torch.from_numpy(weights_of(0, layer, networks, width))
        for network in range(networks):
            matrix = (weights[network] * (variance / width) ** 0.5).to(dtype)
            signals[network] = torch.relu(times(matrix, signals[network]))
            largest[network].append(max(map(float, signals[network])))
    return largest


@pytest.mark.parametrize(
    ("name", "variance"),
    # At the lower end of float32 torch rounds each product by itself, and may end a layer off.
    [("float32", 8.0), ("float32", 4.0)]
    + [(name, variance) for name in ("bfloat16", "float16") for variance in (8.0, 4.0, 0.25)],
)
def test_a_signal_ends_at_the_layer_at_which_it_does_in_torchs_own_numbers(
    name: str, variance: float
) -> None:
    networks, width = 3, 16
    kind = ensemble(format=name, weight_variance=variance, width=width, networks=networks)
    sizes = formats.layer_sizes(signal(width), kind, seed=1, draw=0)
    largest = sizes_in_torch(getattr(torch, name), variance, networks, width)
    for network, layer in enumerate(sizes.ending_layers().int().tolist()):
        strays = [size for size in largest[network][: layer - 1] if not 0 < size <= LARGEST[name]]
        assert strays == []  # while it lives, torch's is a number of the format
        assert (
            not 0 < largest[network][layer - 1] <= LARGEST[name]
        )  # and where it ends, torch's ends too
        assert 1 < layer < len(largest[network])


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
def test_no_size_is_kept_that_the_format_cannot_hold(name: str) -> None:
    sizes = formats.layer_sizes(
        signal(), ensemble(format=name, weight_variance=8.0), seed=1, draw=0
    )
    for largest, last in zip(sizes.largest, sizes.ending_layers().int().tolist(), strict=True):
        assert (largest[: last - 1] <= LARGEST[name]).all()
        assert largest[last - 1 :].isinf().all()


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_a_gradient_that_is_too_large_reaches_no_further(name: str) -> None:
    kind = ensemble(format=name, weight_variance=64.0, depth=200, networks=2)
    layer_counts = formats.gradient_layers(signal(), kind, seed=1, draw=0).tolist()
    std, dtype = (64.0 / 16) ** 0.5, getattr(torch, name)
    matrices = [torch.from_numpy(weights_of(0, layer, 2, 16)) for layer in range(1, 201)]
    sequence = np.random.SeedSequence(1, spawn_key=(0, 201))
    cotangents = np.random.Generator(np.random.SFC64(sequence)).standard_normal((2, 16), np.float32)
    for network in range(2):
        h, gates = torch.ones(16).double(), []
        for weights in matrices:
            z = weights[network].double() @ h
            gates.append(z > 0)
            h = torch.relu(z) / torch.relu(z).norm()
        gradient, count = torch.from_numpy(cotangents[network]).to(dtype), 0
        for weights, gate in zip(reversed(matrices), reversed(gates), strict=True):
            gradient = torch.where(gate, gradient, 0)
            if not all(abs(float(g)) <= LARGEST[name] for g in gradient):
                break
            count += 1
            gradient = (weights[network] * std).to(dtype).T @ gradient
        assert layer_counts[network] == count < 200


def test_a_gradient_reaches_the_layers_that_one_by_one_multiplication_gives() -> None:
    kind = ensemble(format="float16", depth=60, networks=2)
    layer_counts = formats.gradient_layers(signal(), kind, seed=1, draw=0).tolist()
    matrices = [weights.double() / 4 for weights in formats.layer_weights(kind, seed=1, draw=0)]
    for network in range(2):
        h, gates = signal().double(), []
        for matrix in matrices:
            z = matrix[network] @ h
            gates.append(z > 0)
            h = z.relu() / z.relu().square().mean().sqrt()
        gradient = formats.cotangent(kind, seed=1, draw=0)[network]
        count = 0
        for matrix, gate in zip(reversed(matrices), reversed(gates), strict=True):
            gradient = gradient * gate
            count += bool(gradient.any())
            half_matrix = matrix[network].half().double()
            gradient = (half_matrix.T @ gradient).half().double()
        assert layer_counts[network] == count


def test_nothing_is_left_of_a_dead_network_and_something_of_another() -> None:
    kind = ensemble(format="float16", depth=120, networks=1)
    assert formats.cannot_learn(signal(), kind, seed=1, draw=0)
    alive = replace(kind, weight_variance=2.0, depth=20)
    assert not formats.cannot_learn(signal(), alive, seed=1, draw=0)
