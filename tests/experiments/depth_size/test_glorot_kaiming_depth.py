import re
from functools import partial
from math import exp, log

import pytest
import torch

from study import configuring
from study.errors import StudyError
from study.experiments.depth_size.glorot_kaiming_depth import claims, method
from study.lab.mnist import Mnist
from study.record.draws import Draw, means
from study.theory import activations, finite_width, moments
from tests.configs import small_config

NAME = "glorot_kaiming_depth"


PREDICTIONS = pytest.approx(
    {
        "glorot-relu-thousand-layers": -1.0,
        "kaiming-relu-thousand-layers": 0.0,
        "kaiming-linear-thousand-layers": 1.0,
        "kaiming-tanh-thousand-layers": 0.30898,
        "tanh-critical-decay": 1.0,
        "tanh-deeper-than-wide": 1.0,
    },
    rel=1e-4,
)


small = partial(small_config, NAME)


def test_quantities_are_those_they_are_named_after() -> None:
    config = small()
    logs = {
        name: torch.linspace(0, 3, kind.depth, dtype=torch.float64)[None]
        for name, kind in config.schemes.items()
    }
    critical = torch.linspace(0, 3, config.critical.depth, dtype=torch.float64)[None]
    values = method.quantities(config, logs, critical)
    for name in ("kaiming_relu", "glorot_relu"):
        kind = config.schemes[name]
        drift = finite_width.log_norm_drift(kind.width)
        bits = (3 / kind.depth - drift) / log(2)
        assert values[f"bits_per_layer.{name}"] == pytest.approx(bits)
        assert values[f"last_bits.{name}"] == pytest.approx(3 / log(2))
    kind = config.schemes["glorot_linear"]
    drift = finite_width.log_norm_drift(kind.width, 1.0)
    bits = (3 / kind.depth - drift) / log(2)
    assert values["bits_per_layer.glorot_linear"] == pytest.approx(bits)
    upper = logs["kaiming_tanh"][:, config.schemes["kaiming_tanh"].depth // 2 :]
    assert values["settled_second_moment.kaiming_tanh"] == pytest.approx(upper.exp().mean().item())
    scheme = config.schemes["glorot_tanh"]
    power_law = log(1 / (2 * scheme.depth))
    formula = log(1 / (2 * scheme.width * (exp(scheme.depth / scheme.width) - 1)))
    assert values["drift_over_law.glorot_tanh"] == pytest.approx(
        (3 - power_law) / (formula - power_law)
    )
    expected = 2 * config.critical.depth * torch.tensor(3.0).exp().item()
    assert values["second_moment_times_twice_depth.critical"] == pytest.approx(expected)


def test_schemes_of_one_activation_differ_by_their_weights_alone(embedded: Mnist) -> None:
    config = small()
    image = embedded.standardised(embedded.train.first(1).images)[0]
    logs = {
        name: ensemble.log_norms(image, seed=config.seed, draw=0)
        for name, ensemble in config.schemes.items()
    }
    for activation in ("relu", "linear"):
        differences = logs[f"kaiming_{activation}"] - logs[f"glorot_{activation}"]
        layers = torch.arange(1, differences.shape[1] + 1).double()
        torch.testing.assert_close(differences[0], layers * log(2), rtol=1e-4, atol=1e-3)


def test_curves_are_means_over_the_draws() -> None:
    config = small()
    shapes = {name: (kind.networks, kind.depth) for name, kind in config.schemes.items()}
    unit_logs = {name: torch.ones(shape).double() for name, shape in shapes.items()}
    threes = {name: 3 * logs for name, logs in unit_logs.items()}
    draws = [Draw({}, {"layers": method.curves(config, logs)}) for logs in (unit_logs, threes)]
    rows = means(dict(enumerate(draws)), "layers")
    for row in rows:
        assert row["mean"] == pytest.approx(2 / log(2))
    for name, (_, depth) in shapes.items():
        layers = [int(row["layer"]) for row in rows if row["arm"] == name]
        assert (layers[0], layers[-1]) == (1, depth)
        assert layers == sorted(set(layers))


def test_the_image_of_a_draw_goes_round(embedded: Mnist) -> None:
    config = small(images=2)
    images = method.prepare(config, embedded)
    assert images.shape == (2, 784)
    fifth = method.measure(config, images, 5)
    assert fifth.values == method.measure(config, images[[1, 1]], 5).values


def test_a_network_too_deep_for_its_law_is_refused() -> None:
    message = (
        "experiment.schemes.glorot_tanh.depth=1401, schemes.glorot_tanh.width=2: "
        "at most 700 layers for each unit, or nothing is left to compare"
    )
    with pytest.raises(StudyError, match=f"^{re.escape(message)}$"):
        small(**{"schemes.glorot_tanh.width": 2, "schemes.glorot_tanh.depth": 1401})


def test_a_scheme_that_is_measured_in_its_own_way_must_be_there() -> None:
    settings = configuring.plain_settings(NAME, "quick")
    settings["schemes"] = {"glorot_tanh": settings["schemes"]["glorot_tanh"]}
    message = "experiment.schemes=glorot_tanh: kaiming_tanh must be among them"
    with pytest.raises(StudyError, match=f"^{message}$"):
        configuring.checked(method.Config, settings)


def test_tanh_settles_where_twice_the_second_moment_gives_it_again() -> None:
    tanh = activations.activation("tanh")
    assert moments.second_moment(tanh, 2 * claims.SETTLED_MOMENT) == pytest.approx(
        claims.SETTLED_MOMENT
    )


def test_the_formula_of_deep_tanh_networks_solves_its_equation() -> None:
    for width, layers in ((100, 30), (128, 1000)):
        moment = method.second_moment_of_tanh(width, layers)
        fall = log(moment / method.second_moment_of_tanh(width, layers + 1))
        assert fall == pytest.approx(2 * moment + 1 / width, rel=0.02)
    assert method.second_moment_of_tanh(10**6, 50) == pytest.approx(1 / 100, rel=1e-3)


def test_the_deep_tanh_network_of_the_chapter() -> None:
    width, layers = 128, 1000
    assert log(method.second_moment_of_tanh(width, layers)) / log(2) == pytest.approx(
        -19.3, abs=0.05
    )
    assert log(1 / (2 * layers)) / log(2) == pytest.approx(-11.0, abs=0.05)
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, "reference"))
    assert (config.schemes["glorot_tanh"].width, config.schemes["glorot_tanh"].depth) == (128, 1000)
