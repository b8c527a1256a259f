from dataclasses import replace
from functools import partial
from math import exp, isnan, log, sqrt
from typing import Any

import numpy as np
import pytest
import torch

from study import configuring
from study.errors import StudyError
from study.experiments.depth_direction.phase_maps import claims, method
from study.experiments.depth_direction.phase_maps.method import Arm, NetworkStatistics
from study.lab.mnist import Mnist
from study.theory import mean_field, phases
from study.theory.moments import fourth_moment_ratio, moments
from tests.configs import small_config

NAME = "phase_maps"
TANH = claims.TANH


PREDICTIONS = pytest.approx(
    {
        "length-settles-in-each-network": 1.0,
        "order-and-chaos-by-chi": 1.0,
        "gap-grows-by-chi-in-each-network": 1.0,
        "gradient-grows-by-chi-in-each-network": 1.0,
        "depth-scale-chaotic": 1.0,
        "edge-of-chaos-tanh": 1.760955,
        "chaotic-fixed-cosine": 0.454784,
        "depth-scale-ordered": 0.916985,
        "chaotic-difference-follows-the-map": 0.566037,
        "relu-edge-ignores-biases": 1.0,
        "relu-is-never-chaotic": 0.506269,
        "torch-default-tanh-ordered": 0.332685,
    },
    rel=1e-5,
)


small = partial(small_config, NAME, draws=2, width=16, images=3)


ROWS = "tanh_low, tanh_edge, tanh_middle, tanh_high, relu_none, relu_some"
OF_TANH = ["tanh_low", "tanh_edge", "tanh_middle", "tanh_high"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"depth": 27}, "ranges.gradient=[10, 28], depth=27: must be within the depth"),
        ({"ranges.settled": 33}, "ranges.settled=33, depth=32: must be within the depth"),
        (
            {"ranges.near": [1, 14]},
            "ranges.near=[1, 14]: must be two layers from 2 on, the lower one first",
        ),
        (
            {"ranges.gradient": [8, 8]},
            "ranges.gradient=[8, 8]: must be two layers from 1 on, the lower one first",
        ),
        (
            {"fixed_starts.layers": [4, 4]},
            "fixed_starts.layers=[4, 4]: must be two layers, the lower one first",
        ),
        ({"starts.middle": 1.0}, "starts.middle=1.0, apart=1.0: must differ"),
        ({"edge": "mine"}, f"edge=mine: choose from {ROWS}"),
        (
            {"rows.tanh_edge.weight_variances": [1.7]},
            "edge=tanh_edge, rows.tanh_edge.weight_variances=[1.7]: must be two or more",
        ),
        (
            {"rows.tanh_low.weight_variances": [1.0, 1.0]},
            "rows.tanh_low.weight_variances=[1.0, 1.0]: must all differ",
        ),
        (
            {f"rows.{name}.activation": "relu" for name in OF_TANH},
            f"rows={ROWS}: one of them must be of tanh",
        ),
        (
            {"arms.tanh_low": {"activation": "tanh", "weight_variance": 1, "bias_variance": 0}},
            "arms=tanh_low, rows=tanh_low: a row and an arm must not share a name",
        ),
    ],
    ids=lambda settings: next(iter(settings)) if isinstance(settings, dict) else "",
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def test_an_edge_that_no_number_tells_is_no_crash() -> None:
    assert isnan(method.zero_crossing(np.array([0.0, 1.0]), np.array([1.0, np.nan])))
    assert method.zero_crossing(np.array([0.0, 1.0]), np.array([-1.0, 3.0])) == pytest.approx(0.25)


def made_up(arm: Arm, depth: int = 32) -> NetworkStatistics:
    """Return a network that keeps to the maps exactly."""
    tanh = claims.TANH
    q, chi = method.theory_length(arm), method.theory_factor(arm)
    layers = torch.arange(depth, dtype=torch.float64)
    slope = phases.correlation_slope(tanh, arm.weight_variance, arm.bias_variance)
    settled_gap = 1 - mean_field.correlation_fixed_point(
        tanh, arm.weight_variance, arm.bias_variance
    )
    return NetworkStatistics(
        arm=arm,
        lengths=q * torch.ones(depth, dtype=torch.float64),
        gradients=chi**-layers,
        gaps={
            "near": 1e-5 * chi**layers,
            "apart": settled_gap + 0.3 * slope**layers,
            "middle": settled_gap - 0.2 * slope**layers,
        },
    )


def test_networks_that_keep_to_the_maps_give_the_predictions() -> None:
    config = small()
    rows = {name: [made_up(arm) for arm in row.arms] for name, row in config.rows.items()}
    arms = {name: [made_up(arm)] for name, arm in config.arms.items()}
    values = method.quantities(config, rows | arms)
    for key in ("length_slope", "near_slope", "gradient_slope", "phase_share"):
        assert values[f"{key}.tanh"] == pytest.approx(1), key
    assert values["edge.tanh"] == pytest.approx(claims.EDGE_AT, rel=2e-3)
    assert values["distance_kept.chaotic"] == pytest.approx(claims.KEPT_SHARE)
    assert values["near_factor.ordered"] == pytest.approx(claims.ORDERED)
    assert values["gradient_factor.torch_default"] == pytest.approx(claims.DEFAULT)


def test_each_network_that_keeps_to_the_maps_is_at_1() -> None:
    config = small()
    networks = {name: [made_up(arm) for arm in row.arms] for name, row in config.rows.items()}
    kept = {
        name: exp(-8 / phases.correlation_depth_scale(TANH, arm.weight_variance, arm.bias_variance))
        for name, arm in method.chaotic_networks(config).items()
    }
    values = method.network_by_network(config, networks, kept)
    assert len(values) == 3 * 23 + 10
    assert list(values.values()) == pytest.approx([1] * len(values))
    twice = method.network_by_network(config, networks, {name: 2 * x for name, x in kept.items()})
    assert twice["kept_over_scale.tanh_high_6"] == pytest.approx(2)


def test_the_claims_name_the_networks_that_are_set() -> None:
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, "reference"))
    assert method.tanh_networks(config) == claims.NETWORKS
    assert list(method.chaotic_networks(config)) == claims.CHAOTIC
    assert config.fixed_starts.layers == (2, 10)


def test_the_scale_is_that_of_the_slope_at_the_fixed_cosine(embedded: Mnist) -> None:
    config = small()
    numbers = method.exact(config, method.prepare(config, embedded))
    arm = config.rows["tanh_high"].arms[5]
    scale = phases.correlation_depth_scale(TANH, arm.weight_variance, arm.bias_variance)
    assert numbers["depth_scale.tanh_high_6"] == pytest.approx(scale)
    q = mean_field.length_fixed_point(TANH, arm.weight_variance, arm.bias_variance)
    factor = arm.weight_variance * moments(TANH, q).derivative_second_moment
    assert numbers["chi.tanh_high_6"] == pytest.approx(factor)


def test_inputs_begin_at_the_fixed_length_about_the_fixed_gap() -> None:
    arm = Arm("tanh", 4.0, 0.2)
    sets = torch.randn(3, 6, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inputs = method.fixed_inputs(arm, 0.1, sets)
    assert inputs.shape == (2, 3, 5, 40)
    length = method.theory_length(arm)
    assert 4.0 * inputs.square().mean(dim=-1) + 0.2 == pytest.approx(
        torch.full((2, 3, 5), length).numpy()
    )
    for side, share in ((0, 0.9), (1, 1.1)):
        first, second = inputs[side, 2, 1], inputs[side, 2, 4]
        cosine = (4.0 * float(first @ second) / 40 + 0.2) / length
        assert 1 - cosine == pytest.approx(share * method.fixed_gap(arm))


def test_the_mean_gap_is_that_of_all_pairs() -> None:
    signals = torch.randn(2, 4, 9, generator=torch.Generator().manual_seed(1))
    by_hand = [
        np.mean(
            [1 - torch.cosine_similarity(one[i], one[k], dim=0) for i in range(4) for k in range(i)]
        )
        for one in signals
    ]
    assert method.mean_gap(signals).tolist() == pytest.approx(by_hand, rel=1e-5)


def test_a_wide_network_keeps_what_the_map_keeps(embedded: Mnist) -> None:
    row = {"activation": "tanh", "bias_variance": 0.2, "weight_variances": [3.0, 4.0]}
    fixed = {"share": 0.15, "sets": 4, "layers": [2, 4]}
    config = small(width=3000, rows={"row": row}, edge="row", fixed_starts=fixed)
    inputs = method.prepare(config, embedded).fixed
    kept = method.kept_near_fixed(config, inputs, 0)
    assert list(kept) == ["row_1", "row_2"]
    for arm, share in zip(config.rows["row"].arms, kept.values(), strict=True):
        gap, q = method.fixed_gap(arm), method.theory_length(arm)
        below, above = (
            mean_field.gaps(TANH, q, part * gap, arm.weight_variance, 0.2, 4)
            for part in (0.85, 1.15)
        )
        law = (above[3] - below[3]) / (above[1] - below[1])
        assert share == pytest.approx(law, rel=0.08)
        assert law == pytest.approx(method.theory_slope(arm) ** 2, rel=0.02)


def test_quantities_of_an_arm_are_those_they_are_named_after() -> None:
    config = small()
    ranges = replace(config.ranges, near=(3, 4), gradient=(2, 3), scale=(2, 4), settled=3, growth=3)
    point = NetworkStatistics(
        arm=Arm("tanh", 1.0, 0.0),
        lengths=torch.tensor([1.0, 2.0, 4.0, 7.0]),
        gradients=torch.tensor([5.0, 6.0, 2.0, 1.0]),
        gaps={
            "near": torch.tensor([9.0, 2.0, 5.0]),  # of the layers 2, 3 and 4
            "apart": torch.tensor([0.9, 0.8, 0.6]),
            "middle": torch.tensor([0.1, 0.2, 0.4]),
        },
    )
    assert method.reduce(replace(config, ranges=ranges), point) == pytest.approx(
        {
            "near_factor": 2.5,
            "gradient_factor": 3.0,
            "length": 4.0,
            "late_cosine": 0.5,
            "distance_kept": 0.25,
            "growth_per_layer": 1.5,
            "gap_left": 0.9,
        }
    )


def test_a_wide_network_keeps_to_the_maps(embedded: Mnist) -> None:
    arms = {"one": {"activation": "tanh", "weight_variance": 1.5, "bias_variance": 0.2}}
    ranges = {"near": [4, 6], "gradient": [1, 6], "scale": [2, 6], "settled": 6, "growth": 6}
    sizes = {"width": 4096, "images": 4, "depth": 6, "ranges": ranges}
    config = small(**sizes, arms=arms, rows={"row": dict(ROW)}, edge="row")
    (point,) = method.layer_statistics(config, method.prepare(config, embedded), 0)["one"]
    lengths = mean_field.lengths(claims.TANH, 1.7, 1.5, 0.2, 6)
    assert point.lengths.tolist() == pytest.approx(lengths.tolist(), rel=0.05)
    for start, gap in vars(config.starts).items():
        law = mean_field.gaps(claims.TANH, 1.7, gap * 1.5 / 1.7, 1.5, 0.2, 7)
        assert point.gaps[start].tolist() == pytest.approx(law[1:].tolist(), rel=0.15)
    factors = (point.gradients[:-1] / point.gradients[1:]).tolist()
    chi = [mean_field.gradient_factor(claims.TANH, q, 1.5) for q in lengths[:-1]]
    assert factors == pytest.approx(chi, rel=0.1)


ROW = {"activation": "tanh", "bias_variance": 0.2, "weight_variances": [1.0, 3.0]}


def test_the_example_worked_by_hand() -> None:
    # One layer of two units above two signals, with weights of variance c / 2 and biases.
    first, second = (1.0, 0.0), (0.6, 0.8)
    cosine = first[0] * second[0] + first[1] * second[1]
    assert cosine == pytest.approx(0.6)
    c, bias, moment = 2.0, 0.5, 0.5
    length = c * moment + bias
    assert length == 1.5
    assert (c * moment * cosine + bias) / length == pytest.approx(0.7333, abs=5e-5)


def test_the_point_of_the_edge_worked_by_hand() -> None:
    tanh_moments = moments(claims.TANH, 1.0)
    assert tanh_moments.second_moment == pytest.approx(0.3943, abs=5e-5)
    assert tanh_moments.derivative_second_moment == pytest.approx(0.4644, abs=5e-5)
    c, bias = 1 / 0.4644, 1 - 0.3943 / 0.4644
    assert c == pytest.approx(2.153, abs=5e-4)
    assert bias == pytest.approx(0.151, abs=5e-4)
    assert phases.critical_weight_variance(claims.TANH, bias) == pytest.approx(c, rel=1e-3)


def test_the_scale_and_the_spread_worked_by_hand() -> None:
    assert -1 / log(0.9) == pytest.approx(9.5, abs=0.05)
    assert pytest.approx(2.7e-5, rel=0.02) == 0.9**100
    q = mean_field.length_fixed_point(claims.TANH, 25 / 9, 0.0)
    assert phases.length_slope(claims.TANH, 25 / 9, 0.0) == pytest.approx(0.431, abs=5e-4)
    assert fourth_moment_ratio(claims.TANH, q) - 1 == pytest.approx(0.578, abs=5e-4)
    assert sqrt(0.578 / 512 / (1 - 0.431**2)) == pytest.approx(0.037, abs=5e-4)


def test_the_settings_that_are_rounded_are_those_of_the_theory() -> None:
    config = configuring.checked(method.Config, configuring.plain_settings(NAME, "reference"))
    assert config.arms["critical"].weight_variance == pytest.approx(claims.EDGE_AT, rel=1e-12)
    assert config.arms["five_thirds"].weight_variance == pytest.approx((5 / 3) ** 2)
    assert config.arms["torch_default"].bias_variance == pytest.approx(1 / (3 * config.width))
    for claim, name in (("ordered", "ordered"), ("chaotic", "chaotic")):
        assert config.arms[name].bias_variance == 0.05, claim


def test_the_maps_of_the_predictions_are_read_between_the_layers_of_the_settings() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    ranges, starts = settings["ranges"], settings["starts"]
    assert (ranges["scale"], ranges["near"], ranges["settled"]) == ([3, 10], [4, 14], 28)
    assert settings["depth"] == 32
    assert starts == {"near": 1.0e-5, "middle": 0.2, "apart": 1.0}
