import re
from functools import partial
from math import exp, inf, log, log2, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_size.ensembles import embed
from study.experiments.depth_size.formats import FormatEnsemble, LayerSizes, layer_sizes
from study.experiments.depth_size.number_format_limits import claims, figures, method
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.results import read_run
from study.theory import finite_width
from tests.configs import small_config

REFERENCE = Path(catalogue.__file__).parents[1] / "outputs" / "reference"
NAME = "number_format_limits"
QUICK = ("one_float16", "third_float16", "four_float16")


LAYERS = {
    "float32-dies-at-width-32": 271,
    "bfloat16-last-layer": 243,
    "float16-last-layer": 48,
    "third-variance-last-layer": 113,
    "he-beta-to-l": 288,
    "float16-overflow": 33,
    "float32-square-underflow": 135,
    "gradient-last-layer": 270,
}
PREDICTIONS = {
    **{id_: pytest.approx(layer, abs=0.5) for id_, layer in LAYERS.items()},
    "pencil-two-deviations": pytest.approx(0.9545, abs=1e-4),
    "xavier-relu-thousand": 1,
    "he-ends-by-the-recipe": 1,
}


small = partial(small_config, NAME)


def arm(**changes: Any) -> FormatEnsemble:  # noqa: ANN401 - of settings
    settings: dict[str, Any] = {"format": "float32", "weight_variance": 1.0, "width": 256}
    return FormatEnsemble(**(settings | {"depth": 2, "networks": 1} | changes))


def in_closed_form(
    *, width: float, weight_variance: float, end: float, start: float, drift: float = 1.80
) -> tuple[float, float]:
    """Follow the recipe of the chapter, to the digits that it gives."""
    rate = log2(weight_variance / 2) / 2 - drift / width
    layer = (end - start) / rate
    return layer, 1.61 * sqrt(layer / width) / abs(rate)


@pytest.mark.parametrize(
    ("width", "weight_variance", "name", "end", "start", "expected", "deviation"),
    [
        (256, 1.0, "float32", -150, 2.0, 300, 3.4),
        (256, 1.0, "float16", -25, 2.0, 53, 1.4),
        (32, 1.0, "float32", -150, 1.5, 272, 8.4),
        (256, 4.0, "float32", 128, 2.0, 256, 3.3),
    ],
)
def test_the_examples_worked_by_hand(  # noqa: PLR0913, PLR0917 - one row of the chapter
    width: int,
    weight_variance: float,
    name: str,
    end: float,
    start: float,
    expected: float,
    deviation: float,
) -> None:
    layer, spread = in_closed_form(
        width=width, weight_variance=weight_variance, end=end, start=start
    )
    assert layer == pytest.approx(expected, abs=0.7)
    assert spread == pytest.approx(deviation, abs=0.15)
    exact = method.predicted_crossing(
        arm(format=name, weight_variance=weight_variance, width=width)
    )
    assert exact.layer == pytest.approx(layer, abs=2)
    assert (exact.late - exact.early) / 4 == pytest.approx(spread, rel=0.1)


def test_the_slope_and_the_unequal_widths_of_the_recipe() -> None:
    slope = 1 / 4
    terms = 6 * (1 + slope**4) / (1 + slope**2) ** 2 - 1
    assert terms == pytest.approx(4.34, abs=5e-3)
    assert terms == pytest.approx(finite_width.asymptotic_log_norm(1.0, slope).variance)
    assert terms / (4 * log(2)) == pytest.approx(1.56, abs=6e-3)
    leaky, _ = in_closed_form(
        width=64, weight_variance=1 + slope**2, end=-150, start=1.7, drift=1.56
    )
    assert leaky == pytest.approx(316, abs=0.6)
    harmonic = 2 / (1 / 32 + 1 / 128)
    assert harmonic == pytest.approx(51.2)
    alternating, _ = in_closed_form(width=harmonic, weight_variance=1.0, end=-150, start=1.6)
    assert alternating == pytest.approx(283, abs=0.6)
    assert log2(sqrt(2) * method.median_largest(51)) == pytest.approx(1.6, abs=0.06)


@pytest.mark.parametrize(("weight_variance", "end"), [(2.05, -150), (2.2, 128)])
def test_the_sign_of_the_rate_decides_at_which_end_a_signal_leaves(
    weight_variance: float, end: int
) -> None:
    kind = arm(weight_variance=weight_variance, width=32)
    crossing = method.predicted_crossing(kind)
    start = log2(sqrt(2) * method.median_largest(32))
    rate, _ = finite_width.log2_rms(weight_variance, width=32)
    assert (rate < 0) == (end < 0) == (weight_variance < 2 * 2 ** (3.6 / 32))
    assert crossing.layer == pytest.approx((end - start) / rate)


def test_where_rounding_begins_to_feed_the_signal() -> None:
    rate = 1 / 6  # where the balance 1/(24 rate) is a mean square of a quarter
    assert 1 / (24 * rate) == pytest.approx(1 / 4)
    assert 2 * exp(-rate) == pytest.approx(1.69, abs=5e-3)


def test_the_numbers_of_the_recipe() -> None:
    assert 5 / (4 * log(2)) == pytest.approx(1.80, abs=5e-3)
    assert sqrt(5) / (2 * log(2)) == pytest.approx(1.61, abs=5e-3)
    for width, start in {32: 1.5, 64: 1.7, 128: 1.8, 256: 2.0, 512: 2.1}.items():
        largest = method.median_largest(width)
        assert ndtr(largest) ** width == pytest.approx(0.5)
        assert log2(sqrt(2) * largest) == pytest.approx(start, abs=0.06)
    layer, _ = in_closed_form(width=64, weight_variance=2.0, end=-150, start=1.7)
    assert layer == pytest.approx(5400, abs=50)
    assert pytest.approx(5300, abs=50) == 149 * 64 / 1.80
    assert sqrt(32 / 60) == pytest.approx(0.73, abs=5e-3)


def ends_in_numpy(weight_variance: float, *, in_half: bool) -> float:
    """Average the layer at which networks of width 32 leave float16, rounded to it or not."""
    generator, layer, networks = np.random.default_rng(1), 0, 3000
    signal = np.ones((networks, 32))
    last = np.zeros(networks)
    while not last.all():
        layer += 1
        # Given the signal below, preactivations are independent and Gaussian.
        std = np.sqrt(weight_variance * np.square(signal).mean(axis=1))
        z = std[:, None] * generator.standard_normal(signal.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            z = z.astype(np.float16).astype(np.float64) if in_half else z
            signal = np.maximum(z, 0)
        largest = signal.max(axis=1)
        ends = (largest <= 2.0**-25) | ~(largest < 2.0**16)
        last[ends & (last == 0)] = layer
        signal[ends] = 1.0
    return float(last.mean())


@pytest.mark.parametrize(
    ("weight_variance", "in_half", "distance"),
    [(1.0, False, 0.5), (1.0, True, 2.0), (1 / 3, True, 0.7), (4.0, False, 0.5), (4.0, True, 0.5)],
)
def test_by_how_much_the_first_whole_layer_lies_beyond_the_recipe(
    weight_variance: float, distance: float, *, in_half: bool
) -> None:
    kind = arm(format="float16", weight_variance=weight_variance, width=32)
    layer = ends_in_numpy(weight_variance, in_half=in_half)
    assert layer - method.predicted_crossing(kind).layer == pytest.approx(distance, abs=0.3)


def test_a_committed_size_is_one_that_its_format_holds() -> None:
    largest = {"float32": 128, "bfloat16": 128, "float16": 16}
    run = read_run(REFERENCE / catalogue.place(NAME))
    for row in run.tables["sizes"]:
        kind = run.settings["experiment"]["arms"][row["arm"]]
        held_in = "float32" if row["quantity"] == "mean_square" else kind["format"]
        assert float(row["mean"]) + float(row["half_width"]) < largest[held_in], row


@pytest.mark.parametrize(("width", "expected"), [(256, 148), (32, 135)])
def test_squares_end_where_the_chapter_says(width: int, expected: int) -> None:
    assert 150 / (1 + 3.61 / width) == pytest.approx(expected, abs=0.6)
    exact = finite_width.vanishing_layer(1.0, 0.0, -75, width=width).layer
    assert exact == pytest.approx(expected, abs=1)


def test_rounding_a_gaussian_adds_a_twelfth() -> None:
    places = torch.arange(-12000, 12001).double() / 1000
    for deviation in (0.8, 1.0, 2.0):
        density = torch.exp(-0.5 * (places / deviation) ** 2)
        share = density / density.sum()
        added_variance = float((share * places.round() ** 2).sum()) - deviation**2
        assert added_variance == pytest.approx(1 / 12, abs=0.01)


def is_largest(row: Row, arm: str) -> bool:
    return (row["arm"], row["quantity"]) == (arm, "largest")


def test_quantities_are_those_they_are_named_after(embedded: Mnist) -> None:
    changes = {f"arms.{name}.depth": 3 for name in small().arms if name not in QUICK}
    changes |= {f"arms.{name}.networks": 2 for name in QUICK}
    changes |= {"two.depth": 4, "near.depth": 4, "gradient.depth": 5, "thousand.depth": 6}
    config = small(**changes)
    images = method.prepare(config, embedded)
    measured_draw = method.measure(config, images, draw=0)
    values, ends = measured_draw.values, {}
    for name, kind in config.arms.items():
        expected = layer_sizes(embed(images[0], kind.width, config.seed, 0), kind, config.seed, 0)
        ends[name] = expected.ending_layers()
        sizes = [row["sample"] for row in measured_draw.tables["sizes"] if is_largest(row, name)]
        alive = expected.largest.isfinite() & (expected.largest > 0)
        exponents = expected.largest[:, alive.all(dim=0)].log2()
        assert sizes == exponents.T.flatten().tolist()
        assert values[f"last_layer.{name}"] == ends[name].mean()
    assert values["last_layer.one_float32"] == 4  # one more than there are
    assert values["last_square.one_float32"] == 4
    assert values["gradient_layers.one_float32"] == 5  # it reaches them all
    assert values["rate.nothing_left.thousand"] == 0
    for name, kind in (("two", config.two), ("near", config.near)):
        assert values[f"over_pencil.{name}"] == 5 / (method.predicted_crossing(kind).layer + 0.5)
    inside_band = [
        method.inside_interval(ends[name], method.predicted_crossing(kind))
        for name, kind in config.arms.items()
    ]
    assert values["inside_share.all"] == torch.cat(inside_band).double().mean()


def test_an_interval_reaches_to_the_next_whole_layer() -> None:
    crossing = finite_width.Crossing(10.2, 8.5, 12.5)
    last = torch.tensor([8.0, 9.0, 13.0, 14.0])
    assert method.inside_interval(last, crossing).tolist() == [False, True, True, False]


def pooled(config: method.Config, *per_draw: LayerSizes) -> dict[str, list[dict[str, Any]]]:
    """Pool draws in which the networks of all arms have the same sizes."""
    draws = {}
    for draw, layer_sizes_of_arm in enumerate(per_draw):
        of_arms = dict.fromkeys(config.arms, layer_sizes_of_arm)
        sizes, layers = method.size_rows(config, of_arms), method.endings(config, of_arms)
        draws[draw] = Draw({}, {"sizes": sizes, "layers": layers})
    tables = method.tables(config, draws)
    return {name: [dict(row) for row in rows] for name, rows in tables.items()}


def test_tables_go_as_far_as_all_networks_are_alive() -> None:
    config = small()
    layer_sizes_of_arm = LayerSizes(
        torch.tensor([[4.0, 2.0, 0.0], [4.0, 8.0, inf]]), torch.tensor([[1.0, 0.0, 0.0]] * 2)
    )
    rows = [
        row for row in pooled(config, layer_sizes_of_arm)["sizes"] if row["arm"] == "one_float32"
    ]
    assert [(row["quantity"], row["layer"], row["mean"]) for row in rows] == [
        ("largest", 1, 2.0),
        ("largest", 2, 2.0),
        ("mean_square", 1, 0.0),
    ]
    layers = pooled(config, layer_sizes_of_arm, layer_sizes_of_arm)["layers"]
    assert {(row["mean"], row["deviation"]) for row in layers} == {(3.0, 0.0)}


def test_a_curve_is_cut_at_the_draw_that_ends_first() -> None:
    falling_sizes = torch.exp2(-torch.arange(95.0))[None]
    long_draw, short_draw = (
        LayerSizes(falling_sizes, falling_sizes),
        LayerSizes(falling_sizes[:, :61], falling_sizes[:, :61]),
    )
    rows = pooled(small(), long_draw, short_draw)["sizes"]
    layers = [row["layer"] for row in rows if is_largest(row, "one_float32")]
    assert layers == list(range(1, 62, 2))
    dead_sizes = LayerSizes(torch.zeros(1, 1), torch.zeros(1, 1))
    assert "sizes" not in pooled(small(), long_draw, dead_sizes)


def test_a_network_of_its_own_keeps_its_name() -> None:
    two_units = {"format": "float32", "weight_variance": 1.0, "width": 2, "depth": 2, "networks": 1}
    message = f"experiment.arms.two={two_units}: other networks have this name"
    with pytest.raises(StudyError, match=f"^{re.escape(message)}$"):
        small(**{"arms.two": two_units})


def test_the_arm_of_the_squares_must_be_there() -> None:
    settings = configuring.plain_settings(NAME, "quick")
    settings["arms"] = {"one_float16": settings["arms"]["one_float16"]}
    message = "experiment.arms=one_float16: one_float32 must be among them"
    with pytest.raises(StudyError, match=f"^{message}$"):
        configuring.checked(method.Config, settings)


def test_an_arm_is_called_by_its_variance() -> None:
    names = [
        figures._name({"weight_variance": variance, "width": 32, "format": "float16"})
        for variance in (1.0, 1 / 3, 1.9)
    ]
    assert [name.partition(",")[0] for name in names] == ["1/n", "1/(3n)", "1.9/n"]


@pytest.mark.parametrize("scale", ["quick", "reference"])
def test_the_predicted_widths_are_those_of_the_settings(scale: str) -> None:
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, scale))
    for name in ("one_float32", "one_bfloat16", "one_float16", "third_float32"):
        assert config.arms[name].width == 32
    for name in ("four_float32", "four_float16"):
        assert config.arms[name].width == 32
    assert (config.gradient.width, config.two.width) == (32, 32)
    without_drift = (150 + log2(sqrt(2) * method.median_largest(32))) / 0.5
    assert without_drift + 0.5 - claims.FLOAT32_ENDS == pytest.approx(32, abs=0.6)
    assert without_drift == pytest.approx(303, abs=0.5)
    for kind in config.arms.values():
        assert method.predicted_crossing(kind).late < 0.95 * kind.depth


def test_a_statement_or_its_remark_names_the_layer_that_is_predicted() -> None:
    texts = {claim.id: f"{claim.statement} {claim.remark}" for claim in claims.CLAIMS}
    assert [id_ for id_, layer in LAYERS.items() if str(layer) not in texts[id_]] == []
