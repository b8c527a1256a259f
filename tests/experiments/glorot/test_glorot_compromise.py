from functools import partial
from math import atanh, sqrt
from typing import TYPE_CHECKING

import pytest
import torch
from torch.nn import functional

from study import catalogue
from study.errors import StudyError
from study.experiments.glorot.glorot_compromise import method
from study.experiments.glorot.layer_by_layer import unit_weights
from study.lab.mnist import Mnist
from tests.configs import small_config

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "glorot_compromise"


PREDICTIONS = pytest.approx(
    {
        "gb-eq1-standard": 1,
        "gb-eq2-eq3-backprop": 0,
        "gb-eq8-eq10-forward-condition": 1,
        "gb-eq9-eq11-backward-condition": 1,
        "compromise-forward": 1,
        "compromise-backward": 1,
        "gb-eq16-normalised": 1,
        "xavier-uniform-variance": 1,
        "gb-softsign-tails": -2,
        "softsign-slope-tails": -2,
        "gb-softsign-slower": 99 / atanh(0.99),
    }
)


small = partial(
    small_config,
    NAME,
    images=12,
    draws=2,
    funnel={
        "widths": [40, 20, 10],
        "forward": "fan_in",
        "backward": "fan_out",
        "compromise": "average",
    },
)


def test_the_factors_are_those_of_autograd(embedded: Mnist) -> None:
    config = small()
    batch = embedded.train.first(12)
    inputs = embedded.standardised(batch.images)
    sizes = [784, 40, 20, 10, 10]
    units = unit_weights(sizes, "uniform", config.seed, 0)
    # Of variance 1/fan_out.
    weights = [w / w.shape[0] ** 0.5 for w in units]
    s, signals = inputs, []
    for matrix in weights:
        s = s @ matrix.T
        signals.append(s.requires_grad_())
    gradients = torch.autograd.grad(functional.cross_entropy(s, batch.labels), signals)
    gradient_squares = [tensor.square().mean().item() for tensor in gradients]
    signal_squares = [tensor.square().mean().item() for tensor in (inputs, *signals)]
    samples = catalogue.load(NAME).run(config, embedded, [0]).samples
    assert samples["factor_up.backward"] == pytest.approx(
        [
            (
                signal_squares[1] / signal_squares[0]
                + signal_squares[2] / signal_squares[1]
                + signal_squares[3] / signal_squares[2]
            )
            / 3
        ],
        rel=1e-4,
    )
    assert samples["factor_down.backward"] == pytest.approx(
        [
            (gradient_squares[0] / gradient_squares[1] + gradient_squares[1] / gradient_squares[2])
            / 2
        ],
        rel=1e-4,
    )


def test_over_its_law_the_compromise_is_the_forward_network(embedded: Mnist) -> None:
    # In a linear network the same signal at another scale, layer by layer.
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    assert samples["factor_up_over_law.compromise"] == pytest.approx(
        samples["factor_up.forward"], rel=1e-5
    )


def test_the_compromise_misses_both() -> None:
    widths = [784, 40, 20, 10, 10]
    factors = {
        ("compromise", "up"): [2 * 784 / 824, 80 / 60, 40 / 30],
        ("compromise", "down"): [40 / 60, 20 / 30],
    }
    values = method.narrowing_quantities(widths, factors)
    assert values["factor_up_over_law.compromise"] == pytest.approx(1)
    assert values["factor_down_over_law.compromise"] == pytest.approx(1)


def test_without_derivatives_the_chain_rule_fails(embedded: Mnist) -> None:
    right, wrong = (
        catalogue.load(NAME)
        .run(small(**{"chain_rule.derivative": derivative}), embedded, [0])
        .samples
        for derivative in ("own", "one")
    )
    assert right["largest_difference.chain_rule"][0] < 1e-12
    assert wrong["largest_difference.chain_rule"][0] > 1e-3


@pytest.mark.parametrize("function", ["softsign", "algebraic"])
def test_the_tails_of_a_function(function: str) -> None:
    x = 50.0
    value: dict[str, Callable[[float], float]] = {
        "softsign": lambda y: y / (1 + y),
        "algebraic": lambda y: y / sqrt(1 + y * y),
    }
    f = value[function]
    assert method.COMPLEMENT[function](x) == pytest.approx(1 - f(x), rel=1e-9)
    slope = (f(x + 1e-3) - f(x - 1e-3)) / 2e-3
    assert method.SLOPE[function](x) == pytest.approx(slope, rel=1e-5)
    assert f(method.INVERSE[function](0.99)) == pytest.approx(0.99)


def test_two_places_are_needed_to_see_a_tail_fall() -> None:
    with pytest.raises(StudyError) as refusal:
        small(**{"tails.near": 1e5})
    assert str(refusal.value) == "experiment.tails.near=100000, far=100000: must be two places"


@pytest.mark.parametrize("field", ["images", "chain_rule.images"])
def test_more_images_than_there_are_are_refused(field: str, embedded: Mnist) -> None:
    with pytest.raises(StudyError) as refusal:
        method.prepare(small(**{field: 4001}), embedded)
    assert str(refusal.value) == f"experiment.{field}=4001: there are only 4000"


def test_the_chain_rule_has_as_many_images_as_are_asked_for(embedded: Mnist) -> None:
    inputs = method.prepare(small(**{"images": 3, "chain_rule.images": 5}), embedded)
    assert (len(inputs.funnel.images), len(inputs.chain_rule.images)) == (3, 5)
