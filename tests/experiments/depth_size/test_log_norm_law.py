import re
from functools import partial
from math import e, erf, exp, log, sqrt
from typing import Any

import pytest
import torch
from scipy.special import digamma, ndtr

from study import configuring
from study.errors import StudyError
from study.experiments.depth_size.ensembles import embed, log_norms
from study.experiments.depth_size.log_norm_law import claims, method
from study.lab.mnist import Mnist
from study.record.draws import Draw
from study.theory import finite_width
from tests.configs import small_config

NAME = "log_norm_law"


PREDICTIONS = pytest.approx(
    {
        "log-norm-drift": 1.0,
        "log-norm-variance": 1.0,
        "log-norm-two-deviations": erf(sqrt(2)),
        "log-norm-mean-unobservable": 1.0,
        "gradient-log-norm": 1.0,
        "gradient-log-norm-drift": 1.0,
        "sum-of-reciprocal-widths": 1.0,
        "resnet-no-failure-mode-2": 4.035 / 1.005**2 / (4.7 / 1.1**2),
        "dying-net-probability": 1 - (63 / 64) ** 50,
        "linear-log-norm-drift": 1.0,
        "linear-log-norm-variance": 1.0,
    }
)


small = partial(small_config, NAME)


@pytest.fixture(scope="module")
def config() -> method.Config:
    settings: method.Config = small(draws=2)
    return settings


def logs_of(config: method.Config, mean: float = -1.0) -> method.Logs:
    """Give every network the same mean and a spread of 1 to either side."""
    pair = torch.tensor([mean - 1, mean + 1], dtype=torch.float64)
    layers = torch.stack([0 * pair, pair], dim=1)
    return method.Logs(
        ensembles=dict.fromkeys(config.ensembles, layers),
        ladder=dict.fromkeys(config.ladder, layers),
        unobservable=layers,
        dying=layers,
        residual=dict.fromkeys(config.residual, pair),
        forward=pair,
        backward=pair,
    )


def test_quantities_are_those_they_are_named_after(config: method.Config) -> None:
    dying_logs = torch.tensor([[0.0, -torch.inf], [0.0, -1.0]])
    values = method.quantities(config, logs_of(config)._replace(dying=dying_logs))
    relu = finite_width.log_norm(config.laws["relu"].width).after(config.ensembles["relu"].depth)
    linear = finite_width.log_norm(config.laws["linear"].width, 1.0)
    depth = config.ensembles["linear"].depth
    assert values["drift_over_law.relu"] == pytest.approx(-1 / relu.drift)
    assert values["variance_over_law.relu"] == pytest.approx(2 / relu.variance)
    assert values["drift_over_law.linear"] == pytest.approx(-1 / (depth * linear.drift))
    assert values["residual_mean.many"] == pytest.approx(-1)
    assert values["residual_variance_times_width.many"] == pytest.approx(
        2 * config.residual["many"].width
    )
    assert values["residual_variance_ratio.many_over_few"] == pytest.approx(1)
    assert values["above_expectation_share.relu"] == 0
    assert values["dead_share.dying"] == 0.5
    small_mean = (exp(-2) + exp(0)) / 2 < config.small_mean
    assert values["rate.mean_is_small.unobservable"] == small_mean == 0
    middle = method.quantities(config, logs_of(config, mean=0.0))
    assert middle["above_expectation_share.relu"] == 0.5
    low = method.quantities(config, logs_of(config, mean=-9.0))
    assert low["rate.mean_is_small.unobservable"] == 1


def test_the_share_inside_counts_two_deviations(config: method.Config) -> None:
    ladder = {}
    for name, kind in config.ladder.items():
        exact = finite_width.log_norm(kind.width).after(kind.depth)
        logs = [exact.drift + deviations * sqrt(exact.variance) for deviations in (1.9, -2.1)]
        ladder[name] = torch.tensor(logs, dtype=torch.float64)[:, None]
    assert method.inside_share(config, ladder) == 0.5


def test_the_correlation_of_equal_logs_is_their_spread(config: method.Config) -> None:
    exact = finite_width.log_norm(config.gradient.width).after(config.gradient.depth)
    logs = [exact.drift + sign * sqrt(exact.variance) for sign in (-1, 1)]
    log_norms = torch.tensor(logs, dtype=torch.float64)
    assert method.correlation(config, log_norms, log_norms) == pytest.approx(1)
    assert method.correlation(config, log_norms, log_norms.flip(0)) == pytest.approx(-1)


def test_an_ensemble_is_measured_from_the_image_of_its_draw(
    embedded: Mnist, config: method.Config
) -> None:
    images = method.prepare(config, embedded)
    logs = method.all_log_norms(config, images[1], draw=1).ensembles
    kind = config.ensembles["alternating"]
    signal = embed(images[1], kind.width, config.seed, 1)
    expected = log_norms(signal, kind, config.seed, 1)
    torch.testing.assert_close(logs["alternating"], expected, rtol=0, atol=0)
    assert logs["alternating"].shape == (kind.networks, kind.depth)


def tables_of(config: method.Config, *logs: method.Logs) -> dict[str, list[dict[str, Any]]]:
    """Pool made up draws."""
    draws = {
        draw: Draw({}, method.figure_rows(config, of_draw)) for draw, of_draw in enumerate(logs)
    }
    tables = method.tables(config, draws)
    return {name: [dict(row) for row in rows] for name, rows in tables.items()}


def test_the_tables_hold_what_was_measured() -> None:
    config = small(draws=2, **{"ensembles.relu.depth": 2, "ladder.w32.depth": 2})
    tables = tables_of(config, logs_of(config), logs_of(config, mean=-3.0))
    assert len(tables["ladder"]) == 4 * len(config.ladder)
    assert tables["ladder"][0] == {"width": 32, "depth": 2, "log10_norm": -2 / log(10)}
    assert tables["ladder"][2]["log10_norm"] == pytest.approx(-4 / log(10))  # of the second draw
    spread = {(row["kind"], row["layers"]): row["mean"] for row in tables["spread"]}
    widths = {row["layers"]: row["width"] for row in tables["spread"] if row["kind"] == "plain"}
    assert widths == {2: config.ensembles["relu"].width}  # and none of the ladder, two layers deep
    assert spread["residual", 2 * config.residual["many"].blocks] == pytest.approx(2)
    width = tables["distribution"][0]["high"] - tables["distribution"][0]["low"]
    assert sum(row["density"] for row in tables["distribution"]) * width == pytest.approx(1)


def test_dead_networks_are_in_no_distribution() -> None:
    config = small(**{"ensembles.relu.depth": 2, "ladder.w32.depth": 2})
    logs = logs_of(config, mean=0.0)
    alive = logs.ensembles["relu"]
    dead_logs = torch.full_like(alive, -torch.inf)
    with_dead = logs._replace(ensembles={"relu": torch.cat([alive, dead_logs])})
    rows = tables_of(config, with_dead)["distribution"]
    assert (rows[0]["low"], rows[-1]["high"]) == (-1, 1)
    all_dead = tables_of(config, logs._replace(ensembles={"relu": dead_logs}))
    assert "distribution" not in all_dead


def test_residual_networks_of_one_size_are_not_mixed_up() -> None:
    of_power_one = {"width": 20, "blocks": 10, "networks": 60, "power": 1.0}
    short_depths = {"ensembles.relu.depth": 2, "ladder.w32.depth": 2}
    config = small(**short_depths, **{"residual.mine": of_power_one})
    logs = logs_of(config)
    residual = {**logs.residual, "mine": 2 * logs.residual["few"]}
    rows = tables_of(config, logs._replace(residual=residual))["spread"]
    of_few, of_mine = [row["mean"] for row in rows if row["layers"] == 20 and row["width"] == 20]
    assert (of_few, of_mine) == (pytest.approx(2), pytest.approx(8))


def test_the_coin_of_the_chapter() -> None:
    assert (1 / 2 + 3 / 2) / 2 == 1
    assert (log(1 / 2) + log(3 / 2)) / 2 == pytest.approx(-0.144, abs=5e-4)
    assert 100 * log(3 / 4) / 2 == pytest.approx(-14.4, abs=0.05)


def test_the_two_units_of_the_chapter() -> None:
    log_of_one_unit, log_of_two_units = digamma(1 / 2) + log(2), digamma(1.0) + log(2)
    assert (log_of_one_unit, log_of_two_units) == pytest.approx((-1.270, 0.116), abs=6e-4)
    drift = 2 / 3 * log_of_one_unit + 1 / 3 * log_of_two_units
    assert drift == pytest.approx(-0.808, abs=5e-4)
    assert finite_width.log_norm_drift(2) == pytest.approx(drift)
    assert exp(drift) == pytest.approx(0.45, abs=5e-3)


def test_the_numbers_of_the_chapter() -> None:
    assert finite_width.log_norm_drift(100) == pytest.approx(-0.02542, abs=5e-6)
    assert finite_width.log_norm_drift(32) / (-5 / 64) == pytest.approx(1.06, abs=5e-3)
    for width in (400, 2000):  # the next term of the drift
        remainder = finite_width.log_norm_drift(width) + 5 / (2 * width)
        assert remainder * width**2 == pytest.approx(-4.1, abs=0.07)
    assert sqrt(50) == pytest.approx(7.1, abs=0.05)
    assert [round((-25 + sign * 2 * sqrt(50)) / log(10)) for sign in (-1, 0, 1)] == [-17, -11, -5]
    assert 5 / (2 * log(2)) == pytest.approx(3.6, abs=0.01)
    assert 2 * log(200) == pytest.approx(10.6, abs=0.01)
    assert 100 * 2 * log(200) / 5 == pytest.approx(212, abs=0.5)
    assert finite_width.dead_network_probability(6, 50) == pytest.approx(0.545, abs=5e-4)
    assert finite_width.dead_network_probability(20, 1000) == pytest.approx(0.001, abs=1e-4)
    assert e > (1 + 1 / 200) ** 200


def test_the_spread_of_a_residual_network_is_that_of_its_blocks() -> None:
    for blocks, expected in ((1, 11 / 4), (10**6, 4.0)):
        assert claims.residual_spread(blocks) == pytest.approx(expected, rel=1e-5)
    assert claims.residual_spread(2) == pytest.approx(3.3, abs=0.05)


def test_the_blocks_that_are_compared_are_those_of_the_settings() -> None:
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, "reference"))
    assert (config.residual["few"].blocks, config.residual["many"].blocks) == (10, 200)
    assert (claims.FEW_BLOCKS, claims.MANY_BLOCKS) == (10, 200)


def test_spread_goes_on_where_the_ensemble_ends() -> None:
    short_depths = {"ensembles.relu.depth": 2, "ladder.w32.depth": 5}
    config = small(draws=2, **short_depths, **{"ladder.w64.depth": 5})
    logs = logs_of(config)
    w32 = torch.tensor([[0.0] * 4 + [1.0], [0.0] * 4 + [3.0]], dtype=torch.float64)
    logs = logs._replace(ladder={**logs.ladder, "w32": w32})
    rows = [row for row in tables_of(config, logs, logs)["spread"] if row["kind"] == "plain"]
    assert [(row["width"], row["layers"], row["mean"]) for row in rows] == [
        (config.ensembles["relu"].width, 2, pytest.approx(2)),
        (32, 5, pytest.approx(2)),
    ]
    # One network has no variance.
    single_rung = small(**short_depths, **{"ladder.w32.networks": 1})
    rows = tables_of(single_rung, logs)["spread"]
    assert [row["layers"] for row in rows if row["kind"] == "plain"] == [2]


OF_NONE = {"width": 32, "slope": 0.5}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"laws.mine": OF_NONE},
            "laws=relu, linear, alternating, mine: choose from relu, linear, alternating",
        ),
        (
            {"laws.up": OF_NONE},
            f"laws.up={OF_NONE}: the gradient has this name",
        ),
        (
            {"ensembles.linear.networks": 1},
            "ensembles.linear.networks=1: a variance needs 2 at least",
        ),
        ({"gradient.networks": 1}, "gradient.networks=1: a variance needs 2 at least"),
        (
            {"gradient.other_width": 16},
            "gradient.other_width=16, gradient.width=32: must be equal",
        ),
    ],
)
def test_settings_that_do_not_go_together(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=f"^{re.escape(f'experiment.{message}')}$"):
        small(**changes)


@pytest.mark.parametrize(("field", "name"), [("ensembles", "relu"), ("residual", "many")])
def test_networks_that_others_are_compared_with_must_be_there(field: str, name: str) -> None:
    settings = configuring.plain_settings(NAME, "quick")
    del settings[field][name]
    message = f"experiment.{field}={', '.join(settings[field])}: {name} must be among them"
    with pytest.raises(StudyError, match=f"^{message}$"):
        configuring.checked(method.Config, settings)


def test_alternating_widths_have_the_variance_of_the_harmonic_one() -> None:
    squared_distance = finite_width.log_norm(40).variance + finite_width.log_norm(160).variance
    assert squared_distance / 2 == pytest.approx(finite_width.log_norm(64).variance, rel=0.03)


def test_a_mean_of_few_networks_does_not_show_the_expectation() -> None:
    kind = small().unobservable
    exact = finite_width.log_norm(kind.width).after(kind.depth)
    assert exact.variance == pytest.approx(80, abs=5)  # as the statement of the claim has it
    # Its mean stays below a tenth unless one of its networks is above a tenth.
    share = ndtr((exact.drift - log(0.1)) / sqrt(exact.variance))
    assert (1 - share) ** 20 > 0.99


@pytest.mark.parametrize("scale", ["quick", "reference"])
def test_the_law_of_each_ensemble_is_that_of_its_harmonic_width(scale: str) -> None:
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, scale))
    for name, law in config.laws.items():
        kind = config.ensembles[name]
        assert 2 / law.width == pytest.approx(1 / kind.width + 1 / kind.other_width)
        assert kind.depth % 2 == 0
        assert law.slope == (kind.activation == "linear")
        assert kind.weight_variance * (1 + law.slope**2) / 2 == 1
