from dataclasses import asdict
from functools import partial
from math import nan
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional

from study import catalogue, configuring
from study.experiments.variance.residual_stream import claims, figures, method
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "residual_stream"
PREDICTIONS = pytest.approx(
    {
        "resnet-gradient-doubles": 2,
        "resnet-scaled-gradient": (33 / 32) ** 32,
        "pre-norm-stream-grows-linearly": 33,
        "pre-norm-equal-shares": 1,
        "pre-norm-gradient-as-stream": 33,
        "pre-norm-scaled-projections": 2,
        "pre-norm-small-stream": 101,
        "post-norm-halves-shares": 1,
        "post-norm-keeps-gradient": 1,
        "post-layer-norm-keeps-gradient": 1,
        "zero-branch-passes-gradient": 1,
        "zero-branch-first-layer-waits": 0,
    }
)

small = partial(small_config, NAME, draws=2, blocks=3, width=6, images=2)


@pytest.mark.parametrize("scale", ["quick", "reference"])
def test_the_claims_are_about_so_many_blocks(scale: str) -> None:
    assert configuring.plain_settings(NAME, scale)["blocks"] == claims.BLOCKS


@pytest.mark.parametrize("arm", ["plain_scaled", "pre_layer", "post", "post_layer", "pre_small"])
def test_a_pass_is_that_of_torch(arm: str) -> None:
    config = small()
    settings = config.arms[arm]
    images = torch.tensor([[1.0, 2.0, 0.0, -1.0], [0.5, 0.0, 3.0, 1.0]])
    first, pairs, _ = method.random_numbers(config, images, 0)
    place = [*config.arms].index(arm)
    signals = method.forward(config, images @ first.T, pairs)

    def norm(signal: torch.Tensor) -> torch.Tensor:
        function = functional.layer_norm if settings.norm == "layer" else functional.rms_norm
        return function(signal, (6,), eps=0.0)

    linear = nn.functional.linear
    x = settings.first_variance**0.5 * linear(images, first)
    for block, (inner, outer) in enumerate(pairs, start=1):
        given = norm(x) if settings.placement == "pre" else x
        hidden = linear(given, inner * (2 / 6) ** 0.5).relu()
        x = x + 3**-settings.power * linear(hidden, outer / 6**0.5)
        x = norm(x) if settings.placement == "post" else x
        torch.testing.assert_close(signals.streams[block][place].detach(), x)


def test_shares_are_those_of_the_sum() -> None:
    # Two images of one unit: the first block adds 2 to 1 and divides by 3, the second adds 3 to 1
    # and divides by 4. So of the last stream, 1, the input has 1/12, the first block 2/12.
    def column(number: float) -> torch.Tensor:
        return torch.full((2, 1), number)

    streams = [column(1.0), column(1.0), column(1.0)]
    signals = method.Pass(streams, [column(2.0), column(3.0)], [column(3.0), column(4.0)], [])
    assert method.of_shares(signals) == pytest.approx(
        {
            "share_of_input": 1 / 144,
            "share_of_first": 4 / 144,
            "share_of_last": 81 / 144,
            "last_share_over_first": 81 / 4,
            "log2_share_growth": 4.33985,
        },
        rel=1e-5,
    )


def test_weights_of_the_first_branch_have_the_gradients_of_torch() -> None:
    # Against autograd by the weights themselves, with the branch written out.
    config = small()
    images = torch.tensor([[1.0, 2.0, 0.0, -1.0], [0.5, 0.0, 3.0, 1.0]])
    first, pairs, cotangent = method.random_numbers(config, images, 0)
    arm, place = config.arms["plain_scaled"], [*config.arms].index("plain_scaled")
    pair = tuple(normal.clone().requires_grad_() for normal in pairs[0])
    signals = method.forward(config, images @ first.T, [pair, *pairs[1:]])
    by_weights = torch.autograd.grad(signals.streams[-1][place], pair, cotangent, retain_graph=True)
    inner, outer = torch.autograd.grad(
        signals.streams[-1][place], [signals.preactivations[0], signals.branches[0]], cotangent
    )
    one_arm = method.Pass(*([tensor[place].detach() for tensor in part] for part in signals))
    ratio = method.of_first_branch(config, arm, one_arm, inner[place], outer[place])
    sizes = [gradient.square().mean().item() for gradient in by_weights]
    assert ratio == pytest.approx(sizes[0] / sizes[1], rel=1e-4)


def test_zero_branches_have_no_share_and_pass_all(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    assert samples["stream.zero"] == samples["gradient.zero"] == [1.0, 1.0]
    assert samples["inner_over_outer_gradient.zero"] == [0.0, 0.0]
    assert samples["share_of_input.zero"] == [1.0, 1.0]
    assert samples["last_share_over_first.zero"] == pytest.approx([nan, nan], nan_ok=True)
    assert min(samples["inner_over_outer_gradient.plain"]) > 0


def test_an_arm_of_ones_own_is_measured_and_drawn(embedded: Mnist, tmp_path: Path) -> None:
    mine = {"placement": "pre", "norm": "rms", "power": 0.3, "first_variance": 1.0, "zero": False}
    config = small(arms={"mine": mine})
    result = catalogue.load(NAME).run(config, embedded, [0, 1])
    assert "gradient.mine" in result.samples
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    for figure in figures.FIGURES:
        plt.close(figure(read_run(tmp_path / "run")))
