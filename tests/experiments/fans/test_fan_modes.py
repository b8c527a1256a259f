from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from math import prod, sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.text import Text
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.fans.fan_modes import figures, method
from study.experiments.fans.fan_modes.method import FanName
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.lab.propagation import propagate
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "fan_modes"
MODES: tuple[FanName, ...] = ("fan_in", "average", "geometric", "fan_out")
WIDTHS = (4, 8, 2, 8)
FUNNEL = (784, 512, 100, 30, 10)


PREDICTIONS = pytest.approx(
    {
        "he-sufficiency": 32 / 512,
        "he-sufficiency-backward": 512 / 32,
        "he-sufficiency-telescopes": 1,
        "sufficiency-of-the-ends": 1024 / 64,
        "no-variance-keeps-both": 1,
        "average-loses-both-ways": 4 * 16 / (1 + 16) ** 2,
        "fan-in-weight-gradients": 1,
        "fan-out-weight-gradients": 1,
        "geometric-mean-weight-gradients": 1,
        "torch-fan-doc-note": 2,
    }
)


small = partial(small_config, NAME, draws=2)


def mode(fan: FanName) -> method.Mode:
    return method.Mode(fan=fan, weight_variance=2.0, activation="relu")


def lawful(widths: Sequence[int], fan: FanName) -> method.Curves:
    return {name: torch.tensor(curve) for name, curve in method.law(widths, fan).items()}


# The law -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fan", "signal", "gradient", "weight_gradient"),
    [
        ("fan_in", [1, 1, 1], [1, 4, 1], [1, 4, 1]),
        ("average", [1, 8 / 5, 16 / 25], [16 / 25, 8 / 5, 1], [1, 5 / 3, 5 / 3]),
        ("geometric", [1, 2, 1], [1, 2, 1], [1, sqrt(2), sqrt(2)]),
        ("fan_out", [1, 4, 1], [1, 1, 1], [1, 1 / 2, 2]),
    ],
)
def test_the_example_worked_by_hand(
    fan: FanName, signal: list[float], gradient: list[float], weight_gradient: list[float]
) -> None:
    curves = method.law(WIDTHS, fan)
    assert curves["signal"] == pytest.approx(signal)
    assert curves["gradient"] == pytest.approx(gradient)
    assert curves["weight_gradient"] == pytest.approx(weight_gradient)


@pytest.mark.parametrize("fan", MODES)
def test_signal_over_gradient_is_the_ratio_of_the_ends(fan: FanName) -> None:
    curves = method.law(FUNNEL, fan)
    assert curves["signal"][-1] / curves["gradient"][0] == pytest.approx(512 / 10)


def test_either_fan_keeps_its_direction_and_the_geometric_mean_shares() -> None:
    by_mode = {fan: method.law(FUNNEL, fan) for fan in MODES}
    ends = {fan: (curves["signal"][-1], curves["gradient"][0]) for fan, curves in by_mode.items()}
    assert ends["fan_in"] == pytest.approx((1, 10 / 512))
    assert ends["fan_out"] == pytest.approx((512 / 10, 1))
    assert ends["geometric"] == pytest.approx((sqrt(512 / 10), sqrt(10 / 512)))
    assert prod(ends["average"]) < 1


def test_the_average_fades_in_pairs_of_layers() -> None:
    curves = method.law([784, *[64, 4] * 5, 64], "average")
    assert curves["signal"][-1] == pytest.approx((64 / 289) ** 5)
    assert curves["gradient"][0] == pytest.approx((64 / 289) ** 5)


def test_weight_gradients_are_inverse_to_the_other_fan() -> None:
    fans_in, fans_out = FUNNEL[:-1], FUNNEL[1:]
    of_fan_in = method.law(FUNNEL, "fan_in")["weight_gradient"]
    of_fan_out = method.law(FUNNEL, "fan_out")["weight_gradient"]
    assert [g * m for g, m in zip(of_fan_in, fans_out, strict=True)] == pytest.approx([512] * 4)
    assert [g * m for g, m in zip(of_fan_out, fans_in, strict=True)] == pytest.approx([784] * 4)


def test_the_geometric_mean_keeps_weight_gradients_over_variances() -> None:
    curve = method.law(FUNNEL, "geometric")["weight_gradient"]
    fans = [sqrt(fan_in * fan_out) for fan_in, fan_out in pairwise(FUNNEL)]
    assert [g * phi for g, phi in zip(curve, fans, strict=True)] == pytest.approx([fans[0]] * 4)


def test_where_the_law_holds_quantities_over_widths_are_one() -> None:
    def over_widths(fan: FanName) -> dict[str, float]:
        return method.over_widths(lawful(FUNNEL, fan), FUNNEL, fan)

    assert over_widths("fan_out")["forward_over_ends"] == pytest.approx(1)
    assert over_widths("average")["directions_over_ends"] == pytest.approx(1)
    assert over_widths("fan_in")["weight_gradient_times_fan_out"] == pytest.approx(1)
    assert over_widths("fan_out")["weight_gradient_times_fan_in"] == pytest.approx(1)
    assert over_widths("geometric")["weight_gradient_over_variance"] == pytest.approx(1)


def test_inside_reads_every_pair_of_layers() -> None:
    widths = [784, *[64, 4] * 3, 64]
    by_fan = {fan: method.alternating_quantities(lawful(widths, fan)) for fan in MODES}
    assert by_fan["fan_out"]["swing"] == pytest.approx(16)
    assert by_fan["geometric"]["swing"] == pytest.approx(4)
    assert by_fan["average"]["two_layers"] == pytest.approx(64 / 289)
    assert by_fan["fan_out"]["two_layers_down"] == pytest.approx(1)


# The measurement ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fan", MODES)
def test_a_mode_is_what_torch_computes_with_its_weights(fan: FanName) -> None:
    widths, images = (6, 5, 9, 3), 4
    layers = RandomLayers(widths, seed=1, draw=0, dtype=torch.float64)
    inputs = RandomLayers((images, 6), seed=2, draw=0, dtype=torch.float64).weights(1).T
    cotangent = layers.cotangent(images)
    schemes = [method.scheme(mode(name)) for name in (*MODES, fan)]
    *_, statistics = propagate(inputs, layers, schemes, cotangent=cotangent)
    weights = []
    for layer, (m, k) in enumerate(pairwise(widths), start=1):
        fans = {"fan_in": m, "fan_out": k, "average": (m + k) / 2, "geometric": sqrt(m * k)}
        weights.append((layers.weights(layer) * sqrt(2 / fans[fan])).requires_grad_())
    signal, preactivations = inputs, []
    for weight in weights:
        preactivations.append(signal @ weight.T)
        signal = preactivations[-1].relu()
    downward = torch.autograd.grad(
        (signal * cotangent).sum(), [*preactivations, *weights], allow_unused=True
    )

    def moments(tensors: Any) -> torch.Tensor:  # noqa: ANN401 - a list of tensors
        return torch.stack([tensor.detach().square().mean() for tensor in tensors])

    signals, gradients, of_weights = (
        moments(preactivations),
        moments(downward[:3]),
        moments(downward[3:]),
    )
    curves = method.relative(statistics, widths, fan)
    torch.testing.assert_close(curves["signal"], signals / signals[0])
    torch.testing.assert_close(curves["gradient"], gradients / gradients[-1])
    torch.testing.assert_close(curves["weight_gradient"], of_weights / of_weights[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"modes": {"mine": {"fan": "geometric", "weight_variance": 1.0, "activation": "tanh"}}},
            (
                "experiment.modes.mine.fan=geometric, activation=tanh: the geometric mean is read "
                "off fan_in, for which the activation must be relu or linear"
            ),
        ),
        (
            {"networks": {"head": {"hidden": [4], "times": 1, "last": 10}}},
            "experiment.networks=head: alternating must be among them",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError) as refusal:
        small(**changes)
    assert str(refusal.value) == message


@pytest.mark.filterwarnings("ignore")  # of matplotlib, where nothing finite is left
def test_networks_and_modes_of_the_readers_own_are_drawn(embedded: Mnist, tmp_path: Path) -> None:
    networks = {
        "head": {"hidden": [4], "times": 1, "last": 10},
        "alternating": {"hidden": [64, 2], "times": 400, "last": 64},
        "mine": {"hidden": [3], "times": 2, "last": 5},
    }
    modes = {
        "mine": {"fan": "average", "weight_variance": 1e-12, "activation": "linear"},
        "fan_out": {"fan": "fan_out", "weight_variance": 2.0, "activation": "relu"},
    }
    config = small(networks=networks, modes=modes, images=2)
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for draw in figures.FIGURES:
        figure = draw(read_run(tmp_path / "run"))
        plt.close(figure)
        assert {"fan_out", "mine"} <= {text.get_text() for text in figure.findobj(Text)}


def test_every_network_is_measured_in_every_mode(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(), embedded, [0])
    networks, modes = list(small().networks), list(small().modes)
    for network in networks:
        for mode in modes:
            assert f"forward.{network}_{mode}" in result.samples
    layers = sum(len(method.sizes(network, 784)) - 1 for network in small().networks.values())
    assert len(result.tables["layers"]) == layers * len(modes) * 3


@pytest.mark.parametrize(("transposed", "fan"), [(True, 784), (False, 50)])
def test_torch_divides_by_the_second_axis(*, transposed: bool, fan: int) -> None:
    config = small(matrix={"rows": 784, "columns": 50, "transposed": transposed})
    inputs = method.torch_quantities(config, draw=0)["inputs_times_variance.matrix"]
    assert inputs == pytest.approx(784 * 2 / fan, rel=0.05)


def test_handing_over_the_transpose_fills_the_matrix_itself() -> None:
    matrix = torch.zeros(3, 2)
    nn.init.kaiming_normal_(matrix.T, generator=torch.Generator().manual_seed(0))
    assert matrix.count_nonzero() == 6


# Predictions -------------------------------------------------------------------------------------


def test_the_widths_alternate_as_the_claims_say() -> None:
    for scale in ("reference", "quick"):
        networks = configuring.plain_settings(NAME, scale)["networks"]
        wide, narrow = networks["alternating"]["hidden"]
        assert wide / narrow == 16
        assert networks["alternating"]["last"] == wide
