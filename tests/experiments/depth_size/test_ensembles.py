from math import inf, log
from typing import Any

import pytest
import torch

from study.errors import StudyError
from study.experiments.depth_size import ensembles
from study.lab.activations import activation
from study.lab.inits import RandomLayers, random_generator, standard_normal
from study.lab.propagation import Scheme, propagate
from study.theory.finite_width import dead_network_probability


def ensemble(**changes: Any) -> ensembles.Ensemble:  # noqa: ANN401 - of settings
    sizes = {"width": 6, "other_width": 9, "depth": 5, "networks": 3}
    settings: dict[str, Any] = {**sizes, "activation": "relu", "weight_variance": 2.0}
    return ensembles.Ensemble(**(settings | changes))


def signal(width: int = 6) -> torch.Tensor:
    return torch.linspace(-1, 2, width)


@pytest.mark.parametrize("name", ["relu", "linear", "tanh"])
def test_a_single_network_is_that_of_the_propagation(name: str) -> None:
    networks = ensemble(networks=1, activation=name, weight_variance=1.5)
    inputs = signal()
    (logs,) = ensembles.log_norms(inputs, networks, seed=4, draw=2)
    layers = RandomLayers((6, 9, 6, 9, 6, 9), seed=4, draw=2)
    (expected,) = propagate(inputs[None], layers, [Scheme(activation(name), 1.5)])
    assert logs.tolist() == pytest.approx(
        (expected.log2_activation_second_moment * log(2)).tolist(), abs=1e-5
    )


def test_the_networks_of_an_ensemble_are_those_computed_one_by_one() -> None:
    networks, inputs = ensemble(), signal()
    expected = []
    layers = list(ensembles.random_layers((6, 9), 5, 3, seed=0, draw=1))
    assert [tuple(weights.shape) for weights in layers[:2]] == [(3, 9, 6), (3, 6, 9)]
    for network in range(3):
        h, logs = inputs.double(), []
        for weights in layers:
            matrix = weights[network].double()
            h = (matrix @ h * (2 / matrix.shape[1]) ** 0.5).relu()
            logs.append(h.square().mean().log().item())
        expected.append(logs)
    log_norms = ensembles.log_norms(inputs, networks, seed=0, draw=1)
    # The size of the input is part of the first layer's.
    assert log_norms.tolist() == [pytest.approx(logs, abs=1e-5) for logs in expected]


@pytest.mark.parametrize(("name", "share"), [("relu", 0.5), ("linear", 1.0)])
def test_both_ways_are_those_of_autograd(name: str, share: float) -> None:
    networks, inputs = ensemble(other_width=6, activation=name), signal()
    f = activation(name).function
    forward, backward = ensembles.log_norms_both_ways(inputs, networks, seed=0, draw=1)
    assert forward.tolist() == pytest.approx(
        ensembles.log_norms(inputs, networks, seed=0, draw=1)[:, -1].tolist(), abs=1e-5
    )
    generator = random_generator(0, 1, 6)
    cotangent = standard_normal((3, 6), generator, torch.device("cpu"))
    layers = list(ensembles.random_layers((6, 6), 5, 3, seed=0, draw=1))
    for network in range(3):
        first = (layers[0][network] @ inputs * (2 / 6) ** 0.5).requires_grad_()
        h = f(first)
        for weights in layers[1:]:
            h = f(weights[network] @ h * (2 / 6) ** 0.5)
        (gradient,) = torch.autograd.grad(h, first, cotangent[network])
        assert backward[network].item() == pytest.approx(
            log(gradient.square().mean().item() / share), abs=1e-4
        )


def test_only_what_has_a_law_goes_both_ways() -> None:
    with pytest.raises(StudyError, match="other_width: 9 is not the width, 6"):
        ensembles.log_norms_both_ways(signal(), ensemble(), seed=0, draw=0)
    networks = ensemble(other_width=6, activation="tanh")
    with pytest.raises(StudyError, match="activation tanh: it is not two straight lines"):
        ensembles.log_norms_both_ways(signal(), networks, seed=0, draw=0)


def test_a_black_image_cannot_be_embedded() -> None:
    with pytest.raises(StudyError, match="image: all pixels are 0"):
        ensembles.embed(torch.zeros(10), 7, seed=0, draw=0)


def test_a_residual_network_adds_its_branch() -> None:
    inputs = signal(4)
    first, second = ensembles.random_layers((4, 4), 2, 1, seed=3, draw=0)
    branch = second[0] @ (first[0] @ inputs * 0.5**0.5).relu() * 0.5
    (log_norm,) = ensembles.residual_log_norms(
        inputs, blocks=1, networks=1, branch_scale=0.3, seed=3, draw=0
    )
    expected = (inputs + 0.3 * branch).square().mean().log()
    assert log_norm.item() == pytest.approx(expected.item(), abs=1e-5)


def test_a_dead_network_stays_dead_and_the_others_do_not_mind() -> None:
    logs = ensembles.log_norms(
        signal(2), ensemble(width=2, other_width=2, networks=400), seed=0, draw=0
    )
    dead_networks = logs[:, -1] == -inf
    share = dead_network_probability(2, 5)
    reach = 4 * (share * (1 - share) / 400) ** 0.5
    assert dead_networks.double().mean().item() == pytest.approx(share, abs=reach)
    assert not logs[~dead_networks].isinf().any()
    for row in logs[dead_networks]:
        assert row.isinf().tolist() == sorted(row.isinf().tolist())


def test_no_depth_is_too_much() -> None:
    networks = ensemble(depth=600, activation="linear", weight_variance=0.25, networks=1)
    last = ensembles.log_norms(signal(), networks, seed=0, draw=0)[0, -1]
    assert -inf < last < 600 * log(0.25)


def test_an_embedded_image_has_mean_square_one_and_depends_on_the_image() -> None:
    image = torch.linspace(0, 1, 10)
    inputs = ensembles.embed(image, 7, seed=1, draw=2)
    assert inputs.shape == (7,)
    assert inputs.square().mean() == pytest.approx(1)
    assert not torch.equal(inputs, ensembles.embed(image.flip(0), 7, seed=1, draw=2))
